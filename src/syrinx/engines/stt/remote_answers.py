"""What recognisers elsewhere answer in JSON, read for its text, its times and its doubts.

Sources: https://platform.openai.com/docs/api-reference/audio/verbose-json-object and whisper.cpp's examples/server.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, cast

from syrinx.engines.stt.contract import RecognizedSegment, RecognizedWord
from syrinx.errors import EngineError

_PAIRS: Final = """
english:en chinese:zh german:de spanish:es russian:ru korean:ko french:fr japanese:ja portuguese:pt turkish:tr
polish:pl catalan:ca dutch:nl arabic:ar swedish:sv italian:it indonesian:id hindi:hi finnish:fi vietnamese:vi
hebrew:he ukrainian:uk greek:el malay:ms czech:cs romanian:ro danish:da hungarian:hu tamil:ta norwegian:no
thai:th urdu:ur croatian:hr bulgarian:bg lithuanian:lt latin:la maori:mi malayalam:ml welsh:cy slovak:sk
telugu:te persian:fa latvian:lv bengali:bn serbian:sr azerbaijani:az slovenian:sl kannada:kn estonian:et
macedonian:mk breton:br basque:eu icelandic:is armenian:hy nepali:ne mongolian:mn bosnian:bs kazakh:kk
albanian:sq swahili:sw galician:gl marathi:mr punjabi:pa sinhala:si khmer:km shona:sn yoruba:yo somali:so
afrikaans:af occitan:oc georgian:ka belarusian:be tajik:tg sindhi:sd gujarati:gu amharic:am yiddish:yi lao:lo
uzbek:uz faroese:fo haitian_creole:ht pashto:ps turkmen:tk nynorsk:nn maltese:mt sanskrit:sa luxembourgish:lb myanmar:my
tibetan:bo tagalog:tl malagasy:mg assamese:as tatar:tt hawaiian:haw lingala:ln hausa:ha bashkir:ba javanese:jw
sundanese:su cantonese:yue
"""
LANGUAGE_NAMES: Final[Mapping[str, str]] = {pair.partition(":")[0]: pair.partition(":")[2] for pair in _PAIRS.split()}
"""Whisper's languages: their English names, as verbose answers have them but for the space, and their tags."""
LANGUAGES: Final = tuple(LANGUAGE_NAMES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was sent in one piece, with times from its first sample."""

    text: str
    language: str | None = None
    """As detected; None where the answer does not say."""
    confidence: float | None = None
    words: tuple[RecognizedWord, ...] = ()
    segments: tuple[RecognizedSegment, ...] = ()


def read_answer(body: bytes, *, host: str) -> Understood:
    """Raises EngineError on what is no transcript; fields that are missing or odd count as absent."""
    try:
        content = json.loads(body)
    except ValueError as error:
        raise EngineError(f"{host} sent something that is not JSON where a transcript was expected") from error
    fields = _mapping(content)
    text = fields.get("text")
    if not isinstance(text, str):
        raise EngineError(f"{host} sent JSON without a text where a transcript was expected")
    text = " ".join(text.split())
    parts = [_mapping(part) for part in _list(fields.get("segments"))]
    segments = _segments(parts)
    timed = _timed(_list(fields.get("words")) or [word for part in parts for word in _list(part.get("words"))])
    return Understood(
        text=text,
        language=_tag(fields.get("language")),
        confidence=_confidence(parts),
        words=words_of(text, timed),
        segments=segments if " ".join(part.text for part in segments).split() == text.split() else (),
    )


def words_of(text: str, timed: Sequence[RecognizedWord]) -> tuple[RecognizedWord, ...]:
    """The words of `text` as it is written, with the times of those that the service timed.

    Some services time pieces of words, or words without their punctuation. What has no time of its own lies between its
    neighbours. Empty where too little fits to believe the rest.
    """
    written = text.split()
    joined = _joined(timed)
    if not written or not joined:
        return ()
    ours, theirs = [_bare(word) for word in written], [_bare(word.text) for word in joined]
    times: list[tuple[float, float] | None] = [None] * len(written)
    for block in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            word = joined[block.b + offset]
            times[block.a + offset] = (word.start_ms, word.end_ms)
    if 2 * sum(time is not None for time in times) < len(written):
        return ()
    begin_ms, end_ms = joined[0].start_ms, max(word.end_ms for word in joined)
    filled = _between(times, begin_ms=begin_ms, end_ms=end_ms)
    return tuple(
        RecognizedWord(text=word, start_ms=start_ms, end_ms=end_ms)
        for word, (start_ms, end_ms) in zip(written, _in_order(filled), strict=True)
    )


def _joined(timed: Sequence[RecognizedWord]) -> list[RecognizedWord]:
    """Whole words: where some begin with a space, those that do not are pieces of the word before."""
    if not any(word.text[:1].isspace() for word in timed):
        return [word for word in timed if word.text.strip()]
    joined: list[RecognizedWord] = []
    for word in timed:
        if joined and not word.text[:1].isspace():
            last = joined.pop()
            word = RecognizedWord(text=last.text + word.text, start_ms=last.start_ms, end_ms=word.end_ms)  # noqa: PLW2901 - grown
        joined.append(word)
    return [word for word in joined if word.text.strip()]


def _between(
    times: Sequence[tuple[float, float] | None], *, begin_ms: float, end_ms: float
) -> list[tuple[float, float]]:
    """Each gap divided evenly among the words in it."""
    filled: list[tuple[float, float]] = []
    index = 0
    while index < len(times):
        time = times[index]
        if time is not None:
            filled.append(time)
            index += 1
            continue
        until = next((at for at in range(index, len(times)) if times[at] is not None), len(times))
        after = times[until] if until < len(times) else None
        left_ms = filled[-1][1] if filled else begin_ms
        right_ms = max(left_ms, after[0] if after is not None else end_ms)
        step_ms = (right_ms - left_ms) / (until - index)
        filled += [(left_ms + at * step_ms, left_ms + (at + 1) * step_ms) for at in range(until - index)]
        index = until
    return filled


def _in_order(times: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    ordered: list[tuple[float, float]] = []
    latest_ms = 0.0
    for start_ms, end_ms in times:
        start_ms = max(start_ms, latest_ms)  # noqa: PLW2901 - moved
        latest_ms = max(end_ms, start_ms)
        ordered.append((start_ms, latest_ms))
    return ordered


def _segments(parts: Sequence[dict[str, Any]]) -> tuple[RecognizedSegment, ...]:
    found: list[RecognizedSegment] = []
    latest_ms = 0.0
    for part in parts:
        text, start_s, end_s = part.get("text"), _number(part.get("start")), _number(part.get("end"))
        if not isinstance(text, str) or start_s is None or end_s is None:
            return ()
        if text.strip():
            start_ms = max(latest_ms, 1000 * start_s)
            latest_ms = max(start_ms, 1000 * end_s)
            found.append(
                RecognizedSegment(
                    text=" ".join(text.split()), start_ms=start_ms, end_ms=latest_ms, confidence=_confidence([part])
                )
            )
    return tuple(found)


def _timed(words: Sequence[object]) -> list[RecognizedWord]:
    timed: list[RecognizedWord] = []
    for each in words:
        word = _mapping(each)
        text, start_s, end_s = word.get("word", word.get("text")), _number(word.get("start")), _number(word.get("end"))
        if isinstance(text, str) and start_s is not None and end_s is not None and not text.strip().startswith("[_"):
            timed.append(RecognizedWord(text=text, start_ms=1000 * start_s, end_ms=1000 * max(start_s, end_s)))
    return timed


def _confidence(parts: Sequence[dict[str, Any]]) -> float | None:
    """The mean probability of a token, over the segments that tell theirs."""
    told = [logprob for part in parts if (logprob := _number(part.get("avg_logprob"))) is not None]
    return min(1.0, math.exp(sum(told) / len(told))) if told else None


def _tag(language: object) -> str | None:
    if not isinstance(language, str) or not language.strip():
        return None
    name = language.strip().lower()
    tag = LANGUAGE_NAMES.get(name.replace(" ", "_"), name.partition("-")[0])
    return tag if tag in LANGUAGES else None


def _bare(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold())) or word.strip()


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value > -1e9 else None


def _mapping(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
