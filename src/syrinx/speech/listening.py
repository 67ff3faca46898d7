"""One microphone: frames go in, what was heard and when comes out."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from syrinx.audio import SILENCE_DBFS, PcmChunk, rms_dbfs
from syrinx.engines.stt.contract import SpeechToText, Transcript, TranscriptionRequest
from syrinx.engines.vad.contract import FRAME_MS, SAMPLE_RATE_HZ, VadStream
from syrinx.errors import BadAudio, RateLimited, SyrinxError
from syrinx.speech.endpointing import Decision, Endpointer
from syrinx.speech.events import (
    EndReason,
    HearingEvent,
    HearingFailed,
    PartialTranscript,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceEnded,
)
from syrinx.speech.prosody import LOOK_BACK_MS, finality
from syrinx.speech.rules import EndpointingRules
from syrinx.speech.utterance import FRAME_BYTES, Utterance
from syrinx.text import completeness

MAX_WAITING_S = 10
_MAX_WAITING_BYTES = MAX_WAITING_S * SAMPLE_RATE_HZ * 2


async def _no_hotwords() -> tuple[str, ...]:
    return ()


@dataclass(slots=True, eq=False)
class _Hearing:
    """An utterance from its first frame to its last event."""

    utterance: Utterance
    language: str
    """As asked for; as understood, once something was."""
    task: asyncio.Task[None] | None = None
    held: list[HearingEvent] = field(default_factory=list[HearingEvent])
    """Events that wait until the utterance before it is over."""
    over: bool = False
    awaits_settled: bool = False
    told_pause: bool = False
    paused_at_ms: float = 0.0
    ended: tuple[EndReason, float, float, float] | None = None
    """Reason, audio time, end of speech, clock."""


class Listener:
    """Hears one microphone for as long as `events` is read; used from one event loop.

    The caller keeps and closes `vad`; `stt` may carry time-outs of its own, a watchdog here does not rely on them.
    `language` and `hotwords` are asked at the beginning of every utterance; they raise nothing. `clock` gives seconds;
    only `UtteranceEnded.transcript_took_ms` is measured by it.
    """

    def __init__(
        self,
        *,
        vad: VadStream,
        stt: SpeechToText,
        language: Callable[[], str],
        rules: EndpointingRules | None = None,
        hotwords: Callable[[], Awaitable[tuple[str, ...]]] = _no_hotwords,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._vad = vad
        self._stt = stt
        self._language = language
        self._rules = rules or EndpointingRules()
        self._hotwords = hotwords
        self._clock = clock
        self._endpointer = Endpointer(self._rules)
        self._pcm = bytearray()
        """Fed and not yet heard."""
        self._ring: deque[bytes] = deque(maxlen=max(LOOK_BACK_MS, math.ceil(self._rules.preroll_ms)) // FRAME_MS + 4)
        """The last frames heard: pre-roll, and what the voice is judged by."""
        self._quiet: list[bytes] = []
        """Frames of the pause under way, which the ear gets only if the speaker goes on."""
        self._phrase: bytes | None = None
        """The sound before the pause under way, until the voice in it has been judged."""
        self._current: _Hearing | None = None
        self._unfinished: deque[_Hearing] = deque()
        """Utterances whose last event has not been told, oldest first; only the first one's events go out."""
        self._told: deque[HearingEvent] = deque()
        self._adaptation: str | None = None
        self._release_after: int | None = None
        self._epoch = 0
        self._vad_failed = False
        self._wake: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._read = False

    def feed(self, chunk: PcmChunk) -> None:
        """Take microphone audio, 16 kHz, of any length; never blocks.

        Raises BadAudio on another rate, RateLimited (and drops the chunk) when 10 s are waiting already.
        """
        if chunk.sample_rate_hz != SAMPLE_RATE_HZ:
            raise BadAudio(f"microphone audio of {chunk.sample_rate_hz} Hz: {SAMPLE_RATE_HZ} Hz is needed here")
        if len(self._pcm) + len(chunk.pcm) > _MAX_WAITING_BYTES:
            raise RateLimited(
                f"{MAX_WAITING_S} s of microphone audio are waiting already: send it as fast as it sounds"
            )
        self._pcm += chunk.pcm
        if len(self._pcm) >= FRAME_BYTES:
            self._nudge()

    def release(self) -> None:
        """The client has stopped listening: end the utterance under way now; UtteranceEnded("released") answers.

        Audio fed before this is heard first. Without an utterance under way nothing happens.
        """
        self._release_after = len(self._pcm)
        self._nudge()

    def discard(self) -> None:
        """Forget the utterance under way and the audio waiting: no further event about it follows.

        An utterance that has ended and only waits for its final text is still told.
        """
        self._epoch += 1
        self._pcm.clear()
        self._ring.clear()
        self._quiet.clear()
        self._phrase = None
        self._release_after = None
        self._endpointer.reset()
        self._vad.reset()
        hearing, self._current = self._current, None
        if hearing is not None and not hearing.over:
            if hearing.task is not None:
                hearing.task.cancel()
            hearing.held.clear()
            self._finish(hearing)

    async def events(self) -> AsyncGenerator[HearingEvent, None]:
        """What is heard, in order, until closed; may be read once. Closing it ends every transcription under way."""
        if self._read:
            raise RuntimeError("a listener's events can be read once: make another listener")
        self._read = True
        try:
            while True:
                if self._told:
                    yield self._told.popleft()
                elif self._release_after is not None and self._release_after < FRAME_BYTES:
                    self._release()
                elif len(self._pcm) >= FRAME_BYTES:
                    await self._hear_frame()
                else:
                    await self._woken()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # Frames.

    async def _hear_frame(self) -> None:
        frame = bytes(self._pcm[:FRAME_BYTES])
        del self._pcm[:FRAME_BYTES]
        if self._release_after is not None:
            self._release_after -= FRAME_BYTES
        samples = np.frombuffer(frame, "<i2")
        epoch = self._epoch
        try:
            probability = await self._vad.probability(samples)
            self._vad_failed = False
        except SyrinxError as error:
            # Told once; until the detector answers again everything counts as quiet, which ends what was under way.
            if not self._vad_failed:
                self._told.append(HearingFailed(at_ms=self._endpointer.at_ms, error=error))
            self._vad_failed = True
            probability = 0.0
        if epoch != self._epoch:
            return
        self._ring.append(frame)
        endpointer = self._endpointer
        level_dbfs = SILENCE_DBFS
        if endpointer.speaking and probability >= self._rules.stop_probability:
            level_dbfs = rms_dbfs(samples)
        if (
            self._phrase is not None
            and endpointer.at_ms + FRAME_MS - endpointer.speech_until_ms >= self._rules.floor_ms
        ):
            # Only now can it matter, and most pauses are over by now: it costs as much as a hundred frames.
            endpointer.voice(finality(np.frombuffer(self._phrase, "<i2")))
            self._phrase = None
        decision = endpointer.frame(probability, level_dbfs)
        if decision is not None:
            self._decided(decision, frame)
        elif self._current is not None:
            self._within(self._current, frame)

    def _within(self, hearing: _Hearing, frame: bytes) -> None:
        if not self._endpointer.paused:
            hearing.utterance.push(frame)
            return
        self._quiet.append(frame)
        if hearing.awaits_settled and self._endpointer.at_ms - hearing.paused_at_ms >= self._rules.settle_ms:
            self._tell_pause(hearing)

    def _decided(self, decision: Decision, frame: bytes) -> None:
        if decision is Decision.STARTED:
            self._begin()
            return
        hearing = self._current
        if hearing is None:
            return
        match decision:
            case Decision.PAUSED:
                hearing.utterance.push(frame)
                hearing.utterance.pause()
                hearing.awaits_settled = True
                hearing.paused_at_ms = self._endpointer.at_ms
                self._phrase = b"".join(self._ring)
            case Decision.RESUMED:
                for quiet in self._quiet:
                    hearing.utterance.push(quiet)
                self._quiet.clear()
                self._phrase = None
                hearing.utterance.push(frame)
                hearing.awaits_settled = False
                if hearing.told_pause:
                    hearing.told_pause = False
                    self._tell(hearing, SpeechResumed(at_ms=self._endpointer.at_ms))
            case Decision.ENDED:
                self._end(hearing, "silence")
            case _:
                self._end(hearing, "too_long")

    def _release(self) -> None:
        rest = bytes(self._pcm[: self._release_after])
        del self._pcm[: self._release_after]
        self._release_after = None
        hearing = self._current
        if hearing is not None:
            if rest and not self._endpointer.paused:
                hearing.utterance.push(rest)
            self._end(hearing, "released")
        self._endpointer.reset()
        self._ring.clear()

    # Utterances.

    def _begin(self) -> None:
        endpointer, rules = self._endpointer, self._rules
        utterance = Utterance(
            on_text=self._understood,
            on_final=self._finally_understood,
            on_error=self._not_understood,
            final_timeout_s=rules.final_timeout_s,
        )
        hearing = _Hearing(utterance, self._language())
        self._current = hearing
        self._unfinished.append(hearing)
        frames = math.ceil((endpointer.at_ms - endpointer.speech_from_ms + rules.preroll_ms) / FRAME_MS)
        for frame in list(self._ring)[-frames:]:
            utterance.push(frame)
        transcribing = self._transcribe(utterance, hearing.language, self._adaptation)
        hearing.task = asyncio.create_task(transcribing, name="an utterance being heard")
        self._tasks.add(hearing.task)
        hearing.task.add_done_callback(self._tasks.discard)
        self._tell(hearing, SpeechStarted(at_ms=endpointer.at_ms, speech_from_ms=endpointer.speech_from_ms))

    async def _transcribe(self, utterance: Utterance, language: str, adaptation: str | None) -> None:
        hotwords = await self._hotwords()
        request = TranscriptionRequest(language=language, hotwords=hotwords, adaptation=adaptation)
        await utterance.transcribe(self._stt, request)

    def _end(self, hearing: _Hearing, reason: EndReason) -> None:
        endpointer = self._endpointer
        hearing.ended = (reason, endpointer.at_ms, endpointer.speech_until_ms, self._clock())
        hearing.awaits_settled = False
        hearing.utterance.close()
        self._current = None
        # What was said must not be said again by the next utterance's pre-roll; the silence behind it may.
        quiet = list(self._quiet)
        self._quiet.clear()
        self._phrase = None
        self._ring.clear()
        if reason == "silence":
            self._ring.extend(quiet)

    def _hearing_of(self, utterance: Utterance) -> _Hearing | None:
        return next((hearing for hearing in self._unfinished if hearing.utterance is utterance), None)

    def _understood(self, utterance: Utterance, transcript: Transcript) -> None:
        hearing = self._hearing_of(utterance)
        if hearing is None:
            return
        if hearing is self._current:
            self._endpointer.words(transcript.text, completeness(transcript.text, transcript.language))
        hearing.language = transcript.language
        if transcript.settled:
            if hearing.awaits_settled and utterance.settled:
                self._tell_pause(hearing)
        elif hearing.ended is None:
            partial = PartialTranscript(
                at_ms=self._endpointer.at_ms,
                text=transcript.text,
                stable_chars=transcript.stable_chars,
                engine=transcript.engine,
            )
            self._tell(hearing, partial)

    def _tell_pause(self, hearing: _Hearing) -> None:
        hearing.awaits_settled = False
        text = hearing.utterance.text
        if text:
            hearing.told_pause = True
            until_ms = self._endpointer.speech_until_ms
            paused = SpeechPaused(
                at_ms=self._endpointer.at_ms, speech_until_ms=until_ms, text=text, language=hearing.language
            )
            self._tell(hearing, paused)

    def _finally_understood(self, utterance: Utterance, final: Transcript) -> None:
        hearing = self._hearing_of(utterance)
        if hearing is None or hearing.ended is None:
            return
        reason, at_ms, speech_until_ms, decided_s = hearing.ended
        self._adaptation = final.adaptation or self._adaptation
        ended = UtteranceEnded(
            at_ms=at_ms,
            speech_until_ms=speech_until_ms,
            text=final.text,
            reason=reason,
            transcript_took_ms=1000.0 * (self._clock() - decided_s),
            engine=final.engine,
            language=final.language,
        )
        self._tell(hearing, ended)
        self._finish(hearing)

    def _not_understood(self, utterance: Utterance, error: SyrinxError) -> None:
        # The rest of what is being said is let go by: it would fail likewise, and half a sentence helps nobody.
        hearing = self._hearing_of(utterance)
        if hearing is not None:
            self._tell(hearing, HearingFailed(at_ms=self._endpointer.at_ms, error=error))
            self._finish(hearing)

    # Telling.

    def _tell(self, hearing: _Hearing, event: HearingEvent) -> None:
        if hearing.over:
            return
        if hearing is self._unfinished[0]:
            self._told.append(event)
            self._nudge()
        else:
            hearing.held.append(event)

    def _finish(self, hearing: _Hearing) -> None:
        hearing.over = True
        while self._unfinished and self._unfinished[0].over:
            self._told.extend(self._unfinished.popleft().held)
            if self._unfinished:
                following = self._unfinished[0]
                self._told.extend(following.held)
                following.held.clear()
        self._nudge()

    def _nudge(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _woken(self) -> None:
        self._wake = asyncio.get_running_loop().create_future()
        try:
            if self._current is None:
                await self._wake
            else:
                async with asyncio.timeout(self._rules.stall_s):
                    await self._wake
        except TimeoutError:
            # A microphone that falls silent for good in the middle of a word would keep the turn open for ever.
            if self._current is not None:
                self._end(self._current, "silence")
                self._endpointer.reset()
        finally:
            self._wake = None
