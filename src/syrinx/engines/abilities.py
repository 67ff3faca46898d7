"""How fast an opened engine is on this machine, and whether that is fast enough for a talk."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from syrinx.audio import BYTES_PER_SAMPLE, PcmChunk, resample
from syrinx.engines.contract import Kind
from syrinx.engines.llm.contract import LanguageModel, Message, ReplyRequest
from syrinx.engines.stt.contract import SpeechToText, TranscriptionRequest
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.errors import BadAudio, EngineEmpty

Clock = Callable[[], float]
"""Seconds that only ever grow: `time.perf_counter`, or a test's own."""

PIECE_MS: Final = 100

UTTERANCE_S: Final = 3.0
"""How long people speak at a time in a talk, about."""
FINAL_WITHIN_S: Final = 1.2
FIRST_SOUND_WITHIN_S: Final = 1.0
REAL_TIME_FACTOR_AT_MOST: Final = 0.8
FIRST_TOKEN_WITHIN_S: Final = 2.5
TOKENS_PER_S_AT_LEAST: Final = 6.0

CHARACTERS_PER_TOKEN: Final = 4.0
"""What the makers of tokenizers give for English. Engines send deltas of many sizes; characters count alike for all."""
REPLY_CHARACTERS: Final = 320
REPLY_S: Final = 10.0
"""A reply is left after so many characters, or so long after its first word: the pace is known by then."""
SHORTEST_S: Final = 0.001
"""Less is not told apart from nothing, so that a pace stays a number."""

QUESTION: Final = (
    Message(
        role="system",
        text="You take part in a spoken conversation. Answer in two or three short sentences, in plain words.",
    ),
    Message(role="user", text="I cannot decide between tea and coffee this morning. What would you say for each?"),
)

SENTENCES: Final[Mapping[str, str]] = {
    "en": "The rain had stopped by noon, so we walked down to the harbour and watched the boats come in.",
    "de": "Gegen Mittag hörte der Regen auf, also gingen wir zum Hafen hinunter und sahen den Booten zu.",
    "es": "Al mediodía dejó de llover, así que bajamos al puerto y vimos llegar los barcos.",
    "fr": "Vers midi la pluie a cessé, alors nous sommes descendus au port pour regarder les bateaux.",
    "it": "A mezzogiorno smise di piovere, così scendemmo al porto a guardare le barche.",
    "pt": "Ao meio-dia parou de chover, então descemos até o porto para ver os barcos.",
    "zh": "中午雨停了,我们走到港口,看着船一艘一艘地回来。",
    "ja": "昼には雨がやんだので、私たちは港まで歩いて、船が帰ってくるのを見ました。",
    "hi": "दोपहर तक बारिश रुक गई, इसलिए हम बंदरगाह तक गए और नावों को आते हुए देखा।",
}
NUMBERS: Final = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12."
"""For languages without a sentence: every engine reads digits in its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What was measured; each figure is the best of its runs, for whatever else the machine did only adds time."""

    real_time_factor: float | None
    """Time of the work over the length of the audio heard or spoken; None for language models."""
    first_s: float
    """Time until the listener has something: stt the final transcript, tts the first sound, llm the first words."""
    tokens_per_s: float | None = None
    """Of language models alone; reckoned from characters, see `CHARACTERS_PER_TOKEN`."""
    measured_at: str
    """ISO 8601, UTC."""


async def measure_stt(
    stt: SpeechToText, clip: PcmChunk, *, language: str = "en", runs: int = 2, clock: Clock = time.perf_counter
) -> Ability:
    """Give the first 3 s of the clip at once and wait for the final transcript.

    An engine that works while somebody speaks is quicker than this in a talk, never slower. The clip is brought to the
    engine's rate; a shorter one serves, with a reckoning that is rougher: see `final_after_s`.
    Raises BadAudio for an empty clip, EngineEmpty without a final transcript, and what the engine raises.
    """
    if not clip.sample_count:
        raise BadAudio("an empty clip measures nothing: give a second of speech or more")
    audio = resample(_beginning(clip), stt.capabilities.sample_rate_hz)
    taken_s: list[float] = []
    for _ in range(_checked(runs)):
        final = False
        begun_s = clock()
        request = TranscriptionRequest(language=language)
        async with aclosing(_given_at_once(audio)) as heard, aclosing(stt.transcribe(heard, request)) as transcripts:
            async for transcript in transcripts:
                if transcript.final:
                    final = True
                    taken_s.append(clock() - begun_s)
        if not final:
            raise EngineEmpty("the engine ended without a final transcript")
    best_s = min(taken_s)
    return Ability(real_time_factor=1000 * best_s / audio.duration_ms, first_s=best_s, measured_at=_now())


async def measure_tts(
    tts: TextToSpeech,
    *,
    language: str = "en",
    text: str | None = None,
    voice: str | None = None,
    runs: int = 2,
    clock: Clock = time.perf_counter,
) -> Ability:
    """Have a sentence spoken; without `text` one in the language, or numbers.

    Raises EngineEmpty when no sound comes, and what the engine raises.
    """
    request = SpeechRequest(text=text or sentence(language), language=language, voice=voice)
    first_s: list[float] = []
    factors: list[float] = []
    for _ in range(_checked(runs)):
        heard_ms = 0.0
        begun_s = clock()
        async with aclosing(tts.synthesize(request)) as chunks:
            async for chunk in chunks:
                if not heard_ms and chunk.audio.sample_count:
                    first_s.append(clock() - begun_s)
                heard_ms += chunk.audio.duration_ms
        if not heard_ms:
            raise EngineEmpty("the engine ended without a sound")
        factors.append(1000 * (clock() - begun_s) / heard_ms)
    return Ability(real_time_factor=min(factors), first_s=min(first_s), measured_at=_now())


async def measure_llm(llm: LanguageModel, *, runs: int = 1, clock: Clock = time.perf_counter) -> Ability:
    """Ask a fixed question, in English, as a talk would.

    Raises EngineEmpty when nothing is answered, and what the engine raises.
    """
    first_s: list[float] = []
    paces: list[float] = []
    for _ in range(_checked(runs)):
        begun_s = clock()
        begun_to_speak_s: float | None = None
        # The first delta took its time before the pace began, so it counts for the pace only where it is all there is.
        characters = first_characters = 0
        async with aclosing(llm.reply(ReplyRequest(messages=QUESTION, max_tokens=96))) as deltas:
            async for delta in deltas:
                if not delta.text:
                    continue
                now_s = clock()
                characters += len(delta.text)
                if begun_to_speak_s is None:
                    begun_to_speak_s, first_characters = now_s, characters
                if characters >= REPLY_CHARACTERS or now_s - begun_to_speak_s >= REPLY_S:
                    break
            ended_s = clock()
        if begun_to_speak_s is None:
            raise EngineEmpty("the engine answered nothing")
        first_s.append(begun_to_speak_s - begun_s)
        counted, within_s = characters - first_characters, ended_s - begun_to_speak_s
        if not counted:
            counted, within_s = characters, ended_s - begun_s
        paces.append(counted / CHARACTERS_PER_TOKEN / max(within_s, SHORTEST_S))
    return Ability(real_time_factor=None, first_s=min(first_s), tokens_per_s=max(paces), measured_at=_now())


def fast_enough(kind: Kind, ability: Ability) -> bool:
    """Whether a talk with this engine feels like one: see `shortfall` for the limits."""
    return not shortfall(kind, ability)


Shortfall = Literal["final_late", "first_sound_late", "slower_than_speech", "first_token_late", "tokens_slow"]


def shortfall(kind: Kind, ability: Ability) -> tuple[Shortfall, ...]:
    """In what the engine is too slow for a talk; () when it is fast enough. Voice activity detectors always are.

    - stt: the final transcript within 1.2 s of the end of a 3 s utterance (`final_after_s`). With a reply and its first
      sound on top people wait about three seconds, past which they begin to speak again.
    - tts: the first sound within 1 s, and at most 0.8 s of work for a second of speech: above 1 the voice would falter
      in every longer sentence, and the fifth in between is for the ear and the language model that work beside it.
    - llm: the first words within 2.5 s, and 6 tokens a second: speech takes about 3.5, and sentences are spoken only
      once they are complete.
    """
    found: list[Shortfall] = []
    match kind:
        case "stt":
            if final_after_s(ability) > FINAL_WITHIN_S:
                found.append("final_late")
        case "tts":
            if ability.first_s > FIRST_SOUND_WITHIN_S:
                found.append("first_sound_late")
            if ability.real_time_factor is None or ability.real_time_factor > REAL_TIME_FACTOR_AT_MOST:
                found.append("slower_than_speech")
        case "llm":
            if ability.first_s > FIRST_TOKEN_WITHIN_S:
                found.append("first_token_late")
            if ability.tokens_per_s is None or ability.tokens_per_s < TOKENS_PER_S_AT_LEAST:
                found.append("tokens_slow")
        case "vad":
            pass
    return tuple(found)


def final_after_s(ability: Ability) -> float:
    """At most how long an ear takes for the final transcript of a 3 s utterance that it is given all at once.

    That is what `measure_stt` measured. Where its clip was shorter: some engines take the same time for every clip,
    others time in proportion to its length, and neither takes longer than the larger of both reckonings.
    """
    return max(ability.first_s, UTTERANCE_S * (ability.real_time_factor or 0.0))


def sentence(language: str) -> str:
    """What is spoken to measure a voice in this language (BCP 47)."""
    return SENTENCES.get(language.partition("-")[0].lower(), NUMBERS)


def _beginning(clip: PcmChunk) -> PcmChunk:
    bytes_ = BYTES_PER_SAMPLE * round(UTTERANCE_S * clip.sample_rate_hz)
    return PcmChunk(pcm=clip.pcm[:bytes_], sample_rate_hz=clip.sample_rate_hz)


async def _given_at_once(audio: PcmChunk) -> AsyncGenerator[PcmChunk, None]:
    # In the pieces that a talk gives: a worker's messages are bounded, and some engines stop only between pieces.
    size = BYTES_PER_SAMPLE * (audio.sample_rate_hz * PIECE_MS // 1000)
    for start in range(0, len(audio.pcm), size):
        yield PcmChunk(pcm=audio.pcm[start : start + size], sample_rate_hz=audio.sample_rate_hz)


def _checked(runs: int) -> int:
    if runs < 1:
        raise ValueError(f"{runs} runs measure nothing: give 1 or more")
    return runs


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
