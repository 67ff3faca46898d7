"""A finished recording of any length, read in spans of a minute or so that are cut in pauses."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final, TypeVar

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.engines.stt.contract import HeardAudio, RecognizedSegment, RecognizedWord, Transcript
from syrinx.engines.stt.local_agreement import TimedWord, text_of
from syrinx.engines.stt.whisper_decoding import DecodeQueue, Rank, Talker, Work
from syrinx.engines.stt.whisper_doubts import believed
from syrinx.engines.stt.whisper_live import confidence_of, recognized, samples_of, shifted
from syrinx.engines.stt.whisper_model import SAMPLE_RATE_HZ, Audio, Manner, Recognizer
from syrinx.engines.stt.whisper_voice import Window, speech_of, windows_of
from syrinx.errors import BadAudio

SPAN_S: Final = 90.0
"""So much audio is gathered before it is cut: three windows, and all that is held at once but for the words."""
_SPAN_BYTES: Final = int(SPAN_S * SAMPLE_RATE_HZ) * BYTES_PER_SAMPLE
_OPEN_SAMPLES: Final = SAMPLE_RATE_HZ
"""What ends so near the end of a span may go on in the next."""
_SEGMENT_CHARS: Final = 84
"""Two lines of a subtitle (the usual 42 characters each)."""
_SEGMENT_GAP_S: Final = 0.8
_SENTENCE_ENDS: Final = (".", "?", "!", "。", "？", "！", "…")

T = TypeVar("T")


class RecordingHearing:
    """`language` None is found out from the first window with voice in it."""

    def __init__(
        self, recognizer: Recognizer, queue: DecodeQueue, *, language: str | None, manner: Manner, batch_size: int
    ) -> None:
        self._recognizer = recognizer
        self._queue = queue
        self._talker = Talker()
        self._language = language
        self._manner = manner
        self._batch_size = batch_size
        self._audio = bytearray()
        self._base_sample = 0
        self._heard_sample = 0
        self._text = ""
        self._words: list[RecognizedWord] = []
        self._segments: list[RecognizedSegment] = []
        self._logprobs: list[float] = []

    async def transcripts(self, audio: AsyncIterator[HeardAudio]) -> AsyncGenerator[Transcript, None]:
        async for item in audio:
            if isinstance(item, PcmChunk):
                if item.sample_rate_hz != SAMPLE_RATE_HZ:
                    raise BadAudio(f"Whisper hears {SAMPLE_RATE_HZ} Hz: resample the {item.sample_rate_hz} Hz given")
                self._audio += item.pcm
            while len(self._audio) >= _SPAN_BYTES or (self._audio and not isinstance(item, PcmChunk)):
                async with aclosing(self._span(to_the_end=not isinstance(item, PcmChunk))) as transcripts:
                    async for transcript in transcripts:
                        yield transcript
            if not isinstance(item, PcmChunk):
                yield replace(self._transcript(), settled=True)
        if self._audio:
            async with aclosing(self._span(to_the_end=True)) as transcripts:
                async for transcript in transcripts:
                    yield transcript
        yield replace(self._transcript(), final=True)

    async def _span(self, *, to_the_end: bool) -> AsyncGenerator[Transcript, None]:
        """Decode what was gathered, at most one span, and let it go; leave what may go on in the next one."""
        pcm = bytes(self._audio[:_SPAN_BYTES])
        is_end = to_the_end and len(pcm) == len(self._audio)
        samples, windows = await self._run(lambda stop: _listened(pcm))
        used = samples.size
        if not is_end and windows:
            if windows[-1].voice_end_sample > samples.size - _OPEN_SAMPLES and windows[-1].start_sample:
                used = windows.pop().start_sample
            else:
                used = max(samples.size - _OPEN_SAMPLES, windows[-1].end_sample)
        for at in range(0, len(windows), self._batch_size):
            batch = windows[at : at + self._batch_size]
            await self._decode(samples, batch)
            self._heard_sample = self._base_sample + batch[-1].end_sample
            yield self._transcript()
        self._base_sample += used
        self._heard_sample = self._base_sample
        del self._audio[: used * BYTES_PER_SAMPLE]

    async def _decode(self, samples: Audio, windows: Sequence[Window]) -> None:
        pieces = [window.of(samples) for window in windows]
        if self._language is None:
            self._language = await self._run(lambda stop: self._recognizer.detect(pieces[0]))
        manner = replace(self._manner, language=self._language)
        found = await self._run(lambda stop: self._recognizer.decode(pieces, manner, lambda: stop.asked))
        for hypothesis, window in zip(found, windows, strict=True):
            heard = believed(hypothesis, voiced_ms=window.voiced_ms)
            if heard.words:
                words = shifted(heard, (self._base_sample + window.start_sample) / SAMPLE_RATE_HZ)
                self._text = (self._text + "".join(word.text for word in words)).strip()
                self._words += recognized(words)
                self._segments += segments_of(words, confidence=confidence_of([heard.avg_logprob]))
                self._logprobs.append(heard.avg_logprob)

    async def _run(self, work: Work[T]) -> T:
        return await self._queue.decode(self._talker, Rank.RECORDING, lambda: work)

    def _transcript(self) -> Transcript:
        return Transcript(
            text=self._text,
            language=self._language or self._manner.language,
            confidence=confidence_of(self._logprobs),
            words=tuple(self._words),
            segments=tuple(self._segments),
            stable_chars=len(self._text),
            heard_ms=1000.0 * self._heard_sample / SAMPLE_RATE_HZ,
        )


def _listened(pcm: bytes) -> tuple[Audio, list[Window]]:
    samples = samples_of(pcm)
    return samples, windows_of(speech_of(samples), samples=samples.size)


def segments_of(words: Sequence[TimedWord], *, confidence: float | None) -> list[RecognizedSegment]:
    """Divided after sentences, in pauses, and where a subtitle would get too long."""
    parts: list[list[TimedWord]] = []
    for word in words:
        last = parts[-1] if parts else None
        if (
            last is None
            or last[-1].text.endswith(_SENTENCE_ENDS)
            or word.start_s - last[-1].end_s > _SEGMENT_GAP_S
            or len(text_of([*last, word])) > _SEGMENT_CHARS
        ):
            parts.append([word])
        else:
            last.append(word)
    return [
        RecognizedSegment(
            text=text_of(part), start_ms=1000 * part[0].start_s, end_ms=1000 * part[-1].end_s, confidence=confidence
        )
        for part in parts
    ]
