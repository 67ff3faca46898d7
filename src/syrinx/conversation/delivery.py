"""One reply on its way to the player: kept back until it may be heard, then sent ahead of its playback."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Final

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.conversation.events import (
    AudioOut,
    AudioSent,
    AudioStarted,
    Failed,
    Notice,
    ReplyDelta,
    SentenceOut,
    WordsOut,
)
from syrinx.conversation.heard import HeardReply
from syrinx.conversation.outbox import Outbox
from syrinx.conversation.playback import Playback
from syrinx.conversation.timeline import TurnTimeline
from syrinx.conversation.turn_events import ReplyEnded, ReplyShown
from syrinx.errors import SyrinxError
from syrinx.speech.events import (
    SentenceAudio,
    SentenceEnded,
    SentenceSilent,
    SentenceStarted,
    SentenceWords,
    SynthesisEvent,
    VoiceFellBack,
)

_log = logging.getLogger(__name__)

MAX_FRAME_MS: Final = 200.0
"""docs/protocol.md: sound goes out in frames of about 20 to 200 ms."""

UNREAD_POLL_S: Final = 0.25
"""How often it is looked whether a reader that lags behind has caught up."""


class Delivery:
    """What is known of one reply while it is made, sent and played. Used from one event loop.

    `tell` hands ReplyShown and ReplyEnded to turn-taking, whose answer may begin the audio or end this delivery.
    Cancelling `run` stops the engines at work.
    """

    def __init__(
        self,
        *,
        number: int,
        turn: int,
        speaker: str,
        outbox: Outbox,
        playback: Playback,
        now_ms: Callable[[], float],
        tell: Callable[[ReplyShown | ReplyEnded], None],
        on_sentence: Callable[[str, PcmChunk], None] | None = None,
    ) -> None:
        """`on_sentence` gets (speaker, sound) of every sentence that was spoken to its end; None saves keeping it."""
        self.number = number
        self.turn = turn
        self.speaker = speaker
        """Who speaks at the moment, or is about to."""
        self.playback = playback
        self.heard = HeardReply()
        self.timeline = TurnTimeline()
        self.progress_ms = now_ms()
        """When the reply last moved on, or was found waiting for its player rather than for its engines."""
        self.on_sentence = on_sentence
        self._outbox = outbox
        self._now_ms = now_ms
        self._tell = tell
        self._committed = False
        self._held = False
        self._out = False
        self._waits = False
        self._unsent_text: list[ReplyDelta | Notice] = []
        self._told_failure = False
        self._sounding: int | None = None
        self._sentence_pcm = bytearray()
        self._rate_hz = 0
        self.engine = ""
        """Which voice engine spoke last."""
        self._wake: asyncio.Future[None] | None = None

    @property
    def waits(self) -> bool:
        """Whether the next of the reply is ready and only may not go out yet."""
        return self._waits

    def commit(self) -> None:
        self._committed = True
        self._nudge()

    @property
    def committed(self) -> bool:
        return self._committed

    def hold(self) -> None:
        self._held = True
        self.playback.hold(self._now_ms())

    def resume(self) -> None:
        self._held = False
        self.playback.resume(self._now_ms())
        self._nudge()

    def reported(self, played_ms: float) -> None:
        now_ms = self._now_ms()
        self.playback.reported(played_ms, now_ms)
        if played_ms > 0 and self.playback.sent_ms and self.timeline.reached_ms("first_played") is None:
            self.timeline.mark("first_played", now_ms - self.playback.played_ms(now_ms))
        self._nudge()

    def text(self, speaker: str, delta: str) -> None:
        """The language model wrote more: shown once something of the reply is out, so none thrown away is seen."""
        self.progress_ms = self._now_ms()
        self.timeline.mark("first_token", self.progress_ms)
        self._write(ReplyDelta(turn=self.turn, speaker=speaker, delta=delta))

    def cut_short(self, max_chars: int) -> None:
        """The language model would have written more than a reply may have."""
        message = f"The answer was ended here, at {max_chars:,} characters: ask for the rest, or for less at once."
        self._write(Notice(code="reply_too_long", message=message, turn=self.turn))

    def segment(self) -> None:
        self.timeline.mark("first_sentence", self._now_ms())

    def begin_audio(self, sample_rate_hz: int) -> None:
        """Turn-taking lets the sound begin."""
        started = AudioStarted(turn=self.turn, speaker=self.speaker, sample_rate_hz=sample_rate_hz, engine=self.engine)
        self._outbox.put(started)
        self.timeline.mark("first_audio", self._now_ms())

    async def run(self, events: AsyncGenerator[SynthesisEvent, None]) -> None:
        """Send the reply; tells ReplyEnded when nothing more of it comes, with the error if there was one."""
        error: SyrinxError | None = None
        try:
            async with aclosing(events):
                async for event in events:
                    await self._send(event)
        except SyrinxError as failure:
            error = failure
        except Exception:  # noqa: BLE001 - logged with its trace and told to the person as a fault of ours
            _log.exception("a reply broke off for a reason that no engine is meant to give")
            error = SyrinxError("the reply broke off because of a fault in the server: please ask again")
        now_ms = self._now_ms()
        self.playback.all_sent(now_ms)
        if self.playback.sent_ms:
            self._outbox.put(AudioSent(turn=self.turn, duration_ms=round(self.playback.sent_ms, 1)))
        self._tell(ReplyEnded(reply=self.number, error=error))

    async def _send(self, event: SynthesisEvent) -> None:
        self.progress_ms = self._now_ms()
        match event:
            case SentenceAudio(chunk=chunk):
                for frame in frames_of(chunk):
                    await self._until_allowed()
                    self.playback.sent(frame.duration_ms, self._now_ms())
                    self._outbox.put(AudioOut(turn=self.turn, chunk=frame))
                if self.on_sentence is not None and event.index == self._sounding:
                    self._sentence_pcm += chunk.pcm
                    self._rate_hz = chunk.sample_rate_hz
            case SentenceStarted():
                await self._until_allowed()
                self.speaker = event.speaker
                self.engine = event.engine or self.engine
                self._sounding = event.index
                self._show(audible=True)
                self._sentence(event, spoken=True)
            case SentenceWords():
                self.heard.words(event.index, event.words)
                self._outbox.put(WordsOut(turn=self.turn, index=event.index, words=event.words, exact=event.exact))
            case SentenceEnded():
                self.heard.sentence_ended(event.index, event.at_ms, broke_off=event.error is not None)
                if self.on_sentence is not None and self._sentence_pcm:
                    if event.error is None:
                        self.on_sentence(
                            self.speaker, PcmChunk(pcm=bytes(self._sentence_pcm), sample_rate_hz=self._rate_hz)
                        )
                    self._sentence_pcm.clear()
                self._sounding = None
                self._tell_failure(event.error)
            case SentenceSilent():
                await self._until_allowed()
                self._show(audible=False)
                self._sentence(event, spoken=False)
                self._tell_failure(event.error)
            case VoiceFellBack():
                await self._until_allowed()
                message = f"{event.engine} speaks from here on, for the chosen voice failed: {event.error.message}"
                self._outbox.put(Notice(code="voice_fell_back", message=message, turn=self.turn))

    def _tell_failure(self, error: SyrinxError | None) -> None:
        """A sentence could not be spoken, or not to its end: said once, for the next ones fail likewise."""
        if error is not None and not self._told_failure:
            self._told_failure = True
            self._outbox.put(Failed(error=error, turn=self.turn))

    def _write(self, event: ReplyDelta | Notice) -> None:
        if self._out:
            self._outbox.put(event)
        else:
            self._unsent_text.append(event)

    def _show(self, *, audible: bool) -> None:
        if self._unsent_text:
            for event in self._unsent_text:
                self._outbox.put(event)
            self._unsent_text.clear()
        self._out = True
        self._tell(ReplyShown(reply=self.number, audible=audible))

    def _sentence(self, event: SentenceStarted | SentenceSilent, *, spoken: bool) -> None:
        self.heard.sentence(index=event.index, speaker=event.speaker, text=event.text, at_ms=event.at_ms, spoken=spoken)
        out = SentenceOut(
            turn=self.turn,
            index=event.index,
            speaker=event.speaker,
            text=event.text,
            at_ms=event.at_ms,
            spoken=spoken,
        )
        self._outbox.put(out)

    async def _until_allowed(self) -> None:
        """Wait until this is committed, not held, and the player and the reader have room for more."""
        while True:
            wait_ms = math.inf
            if self._committed and not self._held:
                wait_ms = self.playback.room_in_ms(self._now_ms())
                if wait_ms <= 0 and self._outbox.audio_ms > self.playback.ahead_ms:
                    wait_ms = 1000 * UNREAD_POLL_S
                if wait_ms <= 0:
                    return
            self._waits = True
            try:
                await self._nudged(wait_ms)
            finally:
                self._waits = False
                self.progress_ms = self._now_ms()

    async def _nudged(self, within_ms: float) -> None:
        loop = asyncio.get_running_loop()
        self._wake = loop.create_future()
        timer = None if math.isinf(within_ms) else loop.call_later(within_ms / 1000, self._nudge)
        try:
            await self._wake
        finally:
            self._wake = None
            if timer is not None:
                timer.cancel()

    def _nudge(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


def frames_of(chunk: PcmChunk) -> Iterator[PcmChunk]:
    """The chunk in pieces of MAX_FRAME_MS at the most; itself where it is short enough."""
    longest = BYTES_PER_SAMPLE * round(MAX_FRAME_MS * chunk.sample_rate_hz / 1000)
    if len(chunk.pcm) <= longest:
        yield chunk
        return
    for start in range(0, len(chunk.pcm), longest):
        yield PcmChunk(pcm=chunk.pcm[start : start + longest], sample_rate_hz=chunk.sample_rate_hz)
