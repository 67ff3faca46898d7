"""One utterance as Whisper hears it: decoded again and again while somebody speaks, and once for good at each pause."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.engines.stt.contract import HeardAudio, RecognizedWord, Transcript
from syrinx.engines.stt.local_agreement import LocalAgreement, TimedWord
from syrinx.engines.stt.whisper_decoding import DecodeQueue, Rank, Stop, Talker, Work
from syrinx.engines.stt.whisper_doubts import Hypothesis, believed
from syrinx.engines.stt.whisper_model import SAMPLE_RATE_HZ, Audio, Manner, Recognizer
from syrinx.engines.stt.whisper_voice import FRAME_SAMPLES, Speech, Window, speech_of, windows_of
from syrinx.errors import BadAudio

_DETECT_FROM_MS: Final = 1000.0
"""A partial in an unknown language waits for so much speech; a final takes what there is."""
_DETECT_BY_S: Final = 15.0
"""And it waits no longer than this, so that what is kept stays bounded."""
_AHEAD_S: Final = 1.0
"""Audio that comes so much faster than it is spoken can wait for its partial."""
_ENOUGH_AFTER: Final = round(0.2 * SAMPLE_RATE_HZ)
"""With so much silence after the last voice a decoding need not be done again for more silence."""
_IDLE_S: Final = 8.0
_IDLE_REST_S: Final = 1.0
"""Of an open microphone without any voice only the last second is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    """What one decoding works on."""

    audio: bytes
    base_sample: int
    speech: Speech
    language: str | None
    manner: Manner
    final: bool
    earlier: _Decoded | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    base_sample: int
    heard_sample: int
    """Up to where it was listened; counted, like all samples, from the utterance's first."""
    speech: Speech
    language: str | None
    beam_size: int
    windows: tuple[Window, ...] = ()
    words: tuple[TimedWord, ...] = ()
    avg_logprob: float = 0.0
    complete: bool = False
    """False where nothing was decoded, because there was nothing to decode or nobody wanted it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    rank: Rank
    task: asyncio.Task[_Decoded]


class LiveHearing:
    """`language` None is to be detected."""

    def __init__(
        self,
        recognizer: Recognizer,
        queue: DecodeQueue,
        *,
        language: str | None,
        manner: Manner,
        final_beam_size: int,
    ) -> None:
        self._recognizer = recognizer
        self._queue = queue
        self._language = language
        self._manner = manner
        self._final_beam_size = final_beam_size
        self._agreement = LocalAgreement()
        self._audio = bytearray()
        self._base_sample = 0
        self._speech: Speech = np.zeros(0, np.float32)
        self._decoded: _Decoded | None = None
        self._settled_at = 0
        """Up to which sample nothing is still to be decoded."""
        self._until_sample = 0
        """Where the latest pause is."""
        self._taken_until: int | None = None
        """What the decoding under way hears; None while it waits for its turn."""
        self._told = ""
        self._surest: list[float] = []
        """Mean log probability of each part of the utterance that was let go of."""

    async def transcripts(self, audio: AsyncIterator[HeardAudio]) -> AsyncGenerator[Transcript, None]:
        with self._queue.talker() as talker:
            clock = asyncio.get_running_loop().time
            began_s = clock()
            due_sample = 0
            owed: list[int] = []  # pauses that are not answered yet, by their place
            ended = False
            work: _Work | None = None
            heard: asyncio.Future[HeardAudio] | None = None
            try:
                while True:
                    while owed and owed[0] <= self._settled_at:
                        owed.pop(0)
                        yield self._tell(settled=True)
                    if ended and self._settled_at == self._heard_sample:
                        break
                    if work is None and (owed or ended):
                        work = self._begin(talker, Rank.FINAL)
                    elif work is None and self._heard_sample >= due_sample:
                        due_sample = self._heard_sample + round(self._queue.partial_every_s * SAMPLE_RATE_HZ)
                        if self._heard_sample:
                            work = self._begin(talker, Rank.PARTIAL)
                    if heard is None and not ended:
                        heard = asyncio.ensure_future(anext(audio))
                    ahead = self._heard_sample / SAMPLE_RATE_HZ > clock() - began_s + _AHEAD_S
                    waits: list[asyncio.Future[Any]] = [] if work is None else [work.task]
                    if heard is not None and not (waits and ahead):
                        waits.append(heard)
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                    if work is not None and work.task.done():
                        self._take(work)
                        work = None
                        if not owed and not ended and self._agreement.text != self._told:
                            yield self._tell()
                        continue
                    if heard is None or not heard.done():
                        continue
                    item = _item(heard)
                    heard = None
                    talker.goes_on = isinstance(item, PcmChunk)
                    if isinstance(item, PcmChunk):
                        self._hear(item)
                        continue
                    ended = item is None
                    self._until_sample = self._heard_sample
                    if not ended:
                        owed.append(self._heard_sample)
                    if work is not None and self._is_late(work, ended=ended):
                        await _dropped(work.task)
                        work = None
            finally:
                await _dropped(work.task if work is not None else None)
                await _dropped(heard)
        final = self._transcript()
        yield replace(final, final=True, stable_chars=len(final.text))

    @property
    def _heard_sample(self) -> int:
        return self._base_sample + len(self._audio) // BYTES_PER_SAMPLE

    def _hear(self, chunk: PcmChunk) -> None:
        if chunk.sample_rate_hz != SAMPLE_RATE_HZ:
            raise BadAudio(f"Whisper hears {SAMPLE_RATE_HZ} Hz: resample the {chunk.sample_rate_hz} Hz given")
        self._audio += chunk.pcm

    def _begin(self, talker: Talker, rank: Rank) -> _Work:
        self._taken_until = None
        decoding = self._queue.decode(talker, rank, lambda: self._snapshot_work(rank))
        return _Work(rank=rank, task=asyncio.create_task(decoding, name=f"whisper {rank.name.lower()}"))

    def _is_late(self, work: _Work, *, ended: bool) -> bool:
        """Whether a decoding is of no use at a pause, or at the end.

        At a pause that is a partial. What settles an earlier pause is finished, or somebody who hesitates a lot would
        never be shown a word; at the end nobody needs that either. What still waits for its turn is going to hear all.
        """
        if work.rank is Rank.PARTIAL:
            return True
        return ended and self._taken_until is not None and self._taken_until != self._heard_sample

    def _snapshot_work(self, rank: Rank) -> Work[_Decoded]:
        """A partial hears what there is when its turn comes, what settles only what came before the latest pause."""
        final = rank is Rank.FINAL
        self._taken_until = self._until_sample if final else self._heard_sample
        snapshot = _Snapshot(
            audio=bytes(self._audio[: (self._taken_until - self._base_sample) * BYTES_PER_SAMPLE]),
            base_sample=self._base_sample,
            speech=self._speech,
            language=self._language,
            manner=replace(
                self._manner,
                beam_size=self._final_beam_size if final else self._manner.beam_size,
                context=" ".join(filter(None, (self._manner.context, self._agreement.context))),
            ),
            final=final,
            earlier=self._decoded,
        )
        return lambda stop: _decode(self._recognizer, snapshot, stop)

    def _take(self, work: _Work) -> None:
        decoded = work.task.result()
        if decoded.complete:
            self._decoded = decoded
        self._learn(decoded)
        if work.rank is Rank.FINAL:
            self._agreement.settle(decoded.words)
            self._settled_at = decoded.heard_sample
        elif self._language is None:
            return
        else:
            self._agreement.hear(decoded.words)
        if self._agreement.cut(decoded.heard_sample / SAMPLE_RATE_HZ):
            self._surest.append(decoded.avg_logprob)
            self._let_go(int(self._agreement.cut_s * SAMPLE_RATE_HZ))

    def _tell(self, *, settled: bool = False) -> Transcript:
        self._told = self._agreement.text
        return replace(self._transcript(), settled=settled)

    def _learn(self, decoded: _Decoded) -> None:
        self._language = self._language or decoded.language
        if decoded.base_sample != self._base_sample:
            return
        self._speech = decoded.speech
        idle_s = (decoded.heard_sample - self._base_sample) / SAMPLE_RATE_HZ
        if not decoded.windows and not self._agreement.words and idle_s > _IDLE_S:
            self._let_go(decoded.heard_sample - round(_IDLE_REST_S * SAMPLE_RATE_HZ))
            self._agreement.cut_s = self._base_sample / SAMPLE_RATE_HZ

    def _let_go(self, sample: int) -> None:
        frames = max(sample - self._base_sample, 0) // FRAME_SAMPLES
        del self._audio[: frames * FRAME_SAMPLES * BYTES_PER_SAMPLE]
        self._base_sample += frames * FRAME_SAMPLES
        self._speech = self._speech[frames:]
        self._decoded = None

    def _transcript(self) -> Transcript:
        words = self._agreement.words
        parts = [*self._surest, *([self._decoded.avg_logprob] if self._decoded and self._decoded.words else [])]
        return Transcript(
            text=self._agreement.text,
            language=self._language or self._manner.language,
            confidence=confidence_of(parts) if words else None,
            words=recognized(words),
            stable_chars=self._agreement.stable_chars,
        )


def _decode(recognizer: Recognizer, snapshot: _Snapshot, stop: Stop) -> _Decoded:
    """In a thread."""
    audio = samples_of(snapshot.audio)
    base, earlier = snapshot.base_sample, snapshot.earlier
    speech = speech_of(audio, snapshot.speech)
    windows = tuple(windows_of(speech, samples=audio.size))
    decoded = _Decoded(
        base_sample=base,
        heard_sample=base + audio.size,
        speech=speech,
        language=snapshot.language,
        beam_size=snapshot.manner.beam_size,
        windows=windows,
    )
    voiced_ms = sum(window.voiced_ms for window in windows)
    stop.idle = True
    if not windows or stop.asked:
        return decoded
    if earlier is not None and _covers(earlier, decoded):
        return replace(earlier, heard_sample=decoded.heard_sample, speech=speech)
    stop.idle = False
    if snapshot.language is None:
        if not snapshot.final and voiced_ms < _DETECT_FROM_MS and audio.size < _DETECT_BY_S * SAMPLE_RATE_HZ:
            stop.idle = True
            return decoded
        decoded = replace(decoded, language=recognizer.detect(windows[0].of(audio)))
        if stop.asked:
            return decoded
    manner = replace(snapshot.manner, language=decoded.language or snapshot.manner.language)
    found = recognizer.decode([window.of(audio) for window in windows], manner, lambda: stop.asked)
    heard = [
        believed(hypothesis, voiced_ms=window.voiced_ms) for hypothesis, window in zip(found, windows, strict=True)
    ]
    words = [
        word
        for hypothesis, window in zip(heard, windows, strict=True)
        for word in shifted(hypothesis, (base + window.start_sample) / SAMPLE_RATE_HZ)
    ]
    avg_logprob = min(hypothesis.avg_logprob for hypothesis in heard)
    return replace(decoded, words=tuple(words), avg_logprob=avg_logprob, complete=True)


def _covers(earlier: _Decoded, wanted: _Decoded) -> bool:
    """Whether an earlier decoding heard the same voice, and only less of the silence after it."""
    if (earlier.base_sample, earlier.beam_size) != (wanted.base_sample, wanted.beam_size):
        return False
    one, other = earlier.windows, wanted.windows
    last = one[-1]
    enough = last.end_sample == other[-1].end_sample or last.end_sample >= last.voice_end_sample + _ENOUGH_AFTER
    same = [window.voice_end_sample for window in one] == [window.voice_end_sample for window in other]
    return same and one[0].start_sample == other[0].start_sample and enough


def samples_of(pcm: bytes) -> Audio:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) * np.float32(1 / 32768)


def shifted(hypothesis: Hypothesis, by_s: float) -> list[TimedWord]:
    return [replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in hypothesis.words]


def recognized(words: tuple[TimedWord, ...] | list[TimedWord]) -> tuple[RecognizedWord, ...]:
    return tuple(
        RecognizedWord(text=word.text.strip(), start_ms=1000 * word.start_s, end_ms=1000 * word.end_s) for word in words
    )


def confidence_of(avg_logprobs: list[float]) -> float | None:
    """The geometric mean of the probabilities of all tokens, each part of the utterance counting alike."""
    return math.exp(sum(avg_logprobs) / len(avg_logprobs)) if avg_logprobs else None


def _item(heard: asyncio.Future[HeardAudio]) -> HeardAudio | None:
    """None where the audio has ended."""
    try:
        return heard.result()
    except StopAsyncIteration:
        return None


async def _dropped(work: asyncio.Future[_Decoded] | asyncio.Future[HeardAudio] | None) -> None:
    """Cancel it and wait until it has ended, whatever came of it."""
    if work is None:
        return
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        work.cancel()
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if not work.cancelled():
        work.exception()
    if cancelled is not None:
        raise cancelled
