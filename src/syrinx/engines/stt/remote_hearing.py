"""One utterance or recording heard by a service elsewhere, which takes sound in finished pieces only.

Silence is taken out before a piece travels; all times still point into what was heard here. While somebody speaks, what
there is is sent at a Pause, and again with what followed; recordings are sent in pieces that are cut in pauses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.engines.remote.shortening import Shortened, quietest_cut, shortened
from syrinx.engines.stt.contract import (
    DETECT,
    HeardAudio,
    RecognizedSegment,
    RecognizedWord,
    SttCapabilities,
    Transcript,
    TranscriptionRequest,
)
from syrinx.engines.stt.remote_answers import LANGUAGES, Understood
from syrinx.errors import BadAudio, BadInput, UnknownLanguage

RATE_HZ: Final = 16_000
PIECE_S: Final = 300.0
"""So much is sent at once at the most: 9.6 MB, where services take 25 MB, and few minutes of work for any of them."""
LAST_S: Final = 60.0
"""In so much of its end a piece is cut, where it is quietest."""
SHORTEST_MS: Final = 100.0
"""Services refuse what is shorter; there are no words in it."""
_PROMPT_CHARS: Final = 200
"""So much of the text before goes along with the next piece, so that names stay spelt alike."""
_HOTWORD_CHARS: Final = 320
"""About half of the 224 tokens that Whisper reads of a prompt (https://platform.openai.com/docs/guides/speech-to-text)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of the service for one piece."""

    language: str | None
    """The primary tag; None to have it found out."""
    translate: bool
    prompt: str
    temperature: float | None


class Send(Protocol):
    def __call__(self, clip: PcmChunk, asked: Asked) -> Awaitable[Understood]:
        """Have one piece understood; times are from its first sample."""
        ...


@dataclass(slots=True, kw_only=True)
class _Heard:
    """Pieces that are done, in times of the whole."""

    text: str = ""
    words: list[RecognizedWord] = field(default_factory=list[RecognizedWord])
    segments: list[RecognizedSegment] = field(default_factory=list[RecognizedSegment])
    confidences: list[float] = field(default_factory=list[float])
    language: str | None = None
    without_words: bool = False
    """Some piece came without word times, or segments: then none are told, rather than half of them."""
    without_segments: bool = False

    def with_piece(self, understood: Understood, sent: Shortened, *, offset_ms: float) -> _Heard:
        if not understood.text:
            return replace(self, language=self.language or understood.language)
        words = [
            RecognizedWord(
                text=word.text,
                start_ms=offset_ms + sent.whole_start_ms(word.start_ms),
                end_ms=offset_ms + sent.whole_end_ms(word.end_ms),
            )
            for word in understood.words
        ]
        segments = [
            replace(
                segment,
                start_ms=offset_ms + sent.whole_start_ms(segment.start_ms),
                end_ms=offset_ms + sent.whole_end_ms(segment.end_ms),
            )
            for segment in understood.segments
        ]
        confidence = [] if understood.confidence is None else [understood.confidence]
        return _Heard(
            text=f"{self.text} {understood.text}".strip(),
            words=[*self.words, *words],
            segments=[*self.segments, *segments],
            confidences=[*self.confidences, *confidence],
            language=self.language or understood.language,
            without_words=self.without_words or not words,
            without_segments=self.without_segments or not segments,
        )


class RemoteHearing:
    """One utterance's or recording's. `language` None is found out by the service."""

    def __init__(self, send: Send, request: TranscriptionRequest, *, language: str | None, piece_s: float = PIECE_S):
        self._send = send
        self._request = request
        self._language = language
        self._piece_bytes = BYTES_PER_SAMPLE * round(piece_s * RATE_HZ)
        self._last_bytes = BYTES_PER_SAMPLE * round(min(LAST_S, piece_s / 2) * RATE_HZ)
        self._audio = bytearray()
        self._done = _Heard()
        """All pieces before `_audio`."""
        self._done_ms = 0.0
        self._latest: tuple[int, _Heard] | None = None
        """Where the last sound of `_audio` ended that was sent, and what came of it."""

    async def transcripts(self, audio: AsyncIterator[HeardAudio]) -> AsyncGenerator[Transcript, None]:
        settled: _Heard | None = self._done
        """All that was heard, understood; None where more has been heard since."""
        async for item in audio:
            if isinstance(item, PcmChunk):
                if item.sample_rate_hz != RATE_HZ:
                    raise BadAudio(f"audio of {item.sample_rate_hz} Hz was given: it has to be {RATE_HZ} Hz")
                if item.sample_count:
                    self._audio += item.pcm
                    settled = None
                while len(self._audio) >= self._piece_bytes:
                    await self._finish_piece()
                    yield self._transcript(self._done, heard_ms=self._done_ms)
                continue
            settled = settled or await self._all()
            yield replace(self._transcript(settled, heard_ms=self._all_ms), settled=True)
        settled = settled or await self._all()
        final = self._transcript(settled, heard_ms=self._all_ms)
        yield replace(final, final=True, stable_chars=len(settled.text))

    @property
    def _all_ms(self) -> float:
        return self._done_ms + 1000.0 * len(self._audio) / BYTES_PER_SAMPLE / RATE_HZ

    async def _finish_piece(self) -> None:
        """Send what is gathered up to a pause near its end, and let it go."""
        gathered = PcmChunk(pcm=bytes(self._audio[: self._piece_bytes]), sample_rate_hz=RATE_HZ)
        from_sample = (self._piece_bytes - self._last_bytes) // BYTES_PER_SAMPLE
        cut = await asyncio.to_thread(quietest_cut, gathered, from_sample=from_sample)
        piece = PcmChunk(pcm=gathered.pcm[: cut * BYTES_PER_SAMPLE], sample_rate_hz=RATE_HZ)
        self._done = await self._with(piece)
        self._done_ms += piece.duration_ms
        del self._audio[: len(piece.pcm)]
        self._latest = None

    async def _all(self) -> _Heard:
        return await self._with(PcmChunk(pcm=bytes(self._audio), sample_rate_hz=RATE_HZ))

    async def _with(self, piece: PcmChunk) -> _Heard:
        sent = await asyncio.to_thread(shortened, piece)
        if sent.audio.duration_ms < SHORTEST_MS:
            return self._done
        if self._latest is not None and sent.sound_end <= self._latest[0]:
            return self._latest[1]  # only silence has followed
        request = self._request
        asked = Asked(
            language=self._language,
            translate=request.task == "translate",
            prompt=" ".join(filter(None, (_likely(request.hotwords), request.prompt, _end_of(self._done.text)))),
            temperature=request.temperature,
        )
        understood = await self._send(sent.audio, asked)
        heard = self._done.with_piece(understood, sent, offset_ms=self._done_ms)
        self._latest = (sent.sound_end, heard)
        return heard

    def _transcript(self, heard: _Heard, *, heard_ms: float) -> Transcript:
        confidences = heard.confidences
        return Transcript(
            text=heard.text,
            language="en" if self._request.task == "translate" else self._language or heard.language or "en",
            confidence=sum(confidences) / len(confidences) if confidences else None,
            words=() if heard.without_words else tuple(heard.words),
            segments=() if heard.without_segments or not self._request.recording else tuple(heard.segments),
            stable_chars=len(self._done.text),
            heard_ms=heard_ms if self._request.recording else None,
        )


def _likely(hotwords: Sequence[str]) -> str:
    """As many of them as leave room for the rest: of a long prompt services read only the end."""
    taken: list[str] = []
    left = _HOTWORD_CHARS
    for word in filter(None, map(str.strip, hotwords)):
        if len(word) + 2 <= left:  # one that is too long does not keep out those after it
            left -= len(word) + 2
            taken.append(word)
    return ", ".join(taken) + "." if taken else ""


def _end_of(text: str) -> str:
    """Its last words."""
    return text if len(text) <= _PROMPT_CHARS else text[-_PROMPT_CHARS:].partition(" ")[2]


def language_asked(request: TranscriptionRequest, capabilities: SttCapabilities) -> str | None:
    """The tag to send; None where it is to be found out. Raises UnknownLanguage, BadInput for a temperature."""
    if request.temperature is not None and not 0 <= request.temperature <= 1:
        raise BadInput(f"a temperature of {request.temperature} cannot be: from 0 to 1 can")
    if request.language == DETECT:
        return None
    primary = request.language.partition("-")[0].lower()
    tag = {"nb": "no", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh", "jv": "jw"}.get(primary, primary)
    if tag not in capabilities.languages:
        raise UnknownLanguage(
            f"{request.language[:20]!r} is not understood here: {DETECT} is, and {', '.join(capabilities.languages)}"
        )
    return tag


def capabilities_of(*, word_times: bool) -> SttCapabilities:
    """What all services that run Whisper, or a model like it, can do."""
    return SttCapabilities(
        sample_rate_hz=RATE_HZ,
        languages=LANGUAGES,
        partials=False,
        word_times=word_times,
        detects_language=True,
        translates=True,
        prompts=True,
        samples=True,
        hotwords=True,
    )
