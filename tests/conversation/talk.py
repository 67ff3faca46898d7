"""Whole conversations in virtual time: scripted engines, a scripted ear, and a player that keeps its own clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.conversation.player import Player

from syrinx.audio.pcm import PcmChunk
from syrinx.conversation import (
    Conversation,
    ConversationEvent,
    ConversationRules,
    ConversationSettings,
    Engines,
    FallbackVoice,
    Keep,
    Memory,
    TakenOver,
)
from syrinx.conversation.dictionary import ReadPronunciations, no_pronunciations
from syrinx.conversation.events import (
    AudioStopped,
    Failed,
    ReplyDelta,
    StateChanged,
    TranscriptUpdated,
)
from syrinx.errors import EngineError, UnknownVoice
from syrinx.speech import EndpointingRules
from syrinx.speech.events import (
    HearingEvent,
    PartialTranscript,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceEnded,
)
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.virtual_time import virtual_now_s

EventT = TypeVar("EventT")

STORY = (
    "Once upon a time there was a fox. It lived in a wood by the sea. "
    "Every morning it ran along the shore. One day it found a golden shell. The end."
)
PAUSE_MS = 96.0
ENDPOINT_MS = 288.0


class FakeEngines:
    """Engines for one or many conversations; counts its leases."""

    def __init__(
        self,
        *,
        llm: ScriptedLlm | None = None,
        tts: ScriptedTts | None = None,
        fallback: ScriptedTts | None = None,
        stt: ScriptedStt | None = None,
        vad: ScriptedVad | None = None,
    ) -> None:
        self.llm_engine = llm or ScriptedLlm((saying(STORY),), first_token_ms=200, token_ms=25)
        self.tts_engine = tts or ScriptedTts(TtsScript(first_chunk_s=0.25, real_time_factor=0.1))
        self.fallback_engine = fallback
        self.stt_engine = stt or ScriptedStt()
        self.vad_engine = vad or ScriptedVad()
        self.leases = 0
        self.unavailable: dict[str, EngineError] = {}
        """By kind: what opening it raises."""

    @contextmanager
    def _lease(self, kind: str) -> Generator[None, None, None]:
        if kind in self.unavailable:
            raise self.unavailable[kind]
        self.leases += 1
        try:
            yield
        finally:
            self.leases -= 1

    @asynccontextmanager
    async def stt(self, name: str) -> AsyncGenerator[ScriptedStt, None]:
        with self._lease("stt"):
            yield self.stt_engine

    @asynccontextmanager
    async def vad(self) -> AsyncGenerator[ScriptedVad, None]:
        with self._lease("vad"):
            yield self.vad_engine

    @asynccontextmanager
    async def llm(self, name: str) -> AsyncGenerator[ScriptedLlm, None]:
        with self._lease("llm"):
            yield self.llm_engine

    @asynccontextmanager
    async def tts(self, name: str) -> AsyncGenerator[ScriptedTts, None]:
        with self._lease("tts"):
            yield self.tts_engine

    @asynccontextmanager
    async def tts_fallback(self, name: str) -> AsyncGenerator[FallbackVoice | None, None]:
        with self._lease("fallback"):
            yield FallbackVoice(name="basic", tts=self.fallback_engine) if self.fallback_engine else None

    async def check(self, settings: ConversationSettings) -> None:
        known = [voice.id for voice in self.tts_engine.voices]
        if settings.voice is not None and settings.voice not in known:
            raise UnknownVoice(f"no voice '{settings.voice}': there are {', '.join(known)}")

    def assert_nothing_left(self) -> None:
        assert self.leases == 0
        assert self.llm_engine.active == 0
        assert self.tts_engine.active == 0
        assert self.stt_engine.active == 0
        assert self.vad_engine.open_streams == 0
        if self.fallback_engine is not None:
            assert self.fallback_engine.active == 0


class ScriptedEar:
    """Hears what the test says it hears; the last partial is its answer to `release`."""

    def __init__(self) -> None:
        self.fed_ms = 0.0
        self.discards = 0
        self.under_way = False
        self._text = ""
        self._heard: asyncio.Queue[HearingEvent] = asyncio.Queue()

    def feed(self, chunk: PcmChunk) -> None:
        self.fed_ms += chunk.duration_ms

    def release(self) -> None:
        if self.under_way:
            self.hear(ended(self._text, reason="released"))

    def discard(self) -> None:
        self.discards += 1
        self.under_way = False

    def hear(self, event: HearingEvent) -> None:
        match event:
            case SpeechStarted():
                self.under_way, self._text = True, ""
            case PartialTranscript(text=text):
                self._text = text
            case UtteranceEnded():
                self.under_way = False
            case _:
                pass
        self._heard.put_nowait(event)

    def hear_too_long(self, text: str) -> None:
        """The cap on one utterance is reached while its speaker goes on."""
        self.hear(ended(text, reason="too_long"))

    async def events(self) -> AsyncGenerator[HearingEvent, None]:
        while True:
            yield await self._heard.get()


def ended(text: str, *, reason: Any = "silence") -> UtteranceEnded:
    return UtteranceEnded(at_ms=ENDPOINT_MS, speech_until_ms=0.0, text=text, reason=reason, transcript_took_ms=0.0)


@dataclass(frozen=True, slots=True)
class Seen:
    at_ms: float
    event: ConversationEvent


class Talk:
    """One conversation with its reader and player. Made by `open_talk`."""

    def __init__(
        self, conversation: Conversation, engines: FakeEngines, ears: list[ScriptedEar], *, reports: bool
    ) -> None:
        self.conversation = conversation
        self.engines = engines
        self.seen: list[Seen] = []
        self.taken_over = False
        self._ears = ears
        self._reports = reports
        self.player = self._new_player()
        self._changed = asyncio.Event()

    @property
    def ear(self) -> ScriptedEar:
        return self._ears[-1]

    async def read(self) -> None:
        player = self.player = self._new_player()
        try:
            async for event in self.conversation.events():
                self.seen.append(Seen(1000 * virtual_now_s(), event))
                player.take(event)
                self._changed.set()
        except TakenOver:
            self.taken_over = True

    # What is done to it.

    async def passes(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def speaks(self, *partials: str, word_s: float = 0.3) -> None:
        """Someone begins to speak and is understood bit by bit."""
        self.ear.hear(SpeechStarted(at_ms=0, speech_from_ms=0))
        for text in partials:
            await asyncio.sleep(word_s)
            self.ear.hear(PartialTranscript(at_ms=0, text=text))
        await asyncio.sleep(0.01)

    async def falls_silent(self, text: str) -> None:
        await asyncio.sleep(PAUSE_MS / 1000)
        self.ear.hear(SpeechPaused(at_ms=PAUSE_MS, speech_until_ms=0, text=text))
        await asyncio.sleep(0.001)

    async def goes_on(self) -> None:
        self.ear.hear(SpeechResumed(at_ms=0))
        await asyncio.sleep(0.001)

    async def ends(self, text: str) -> None:
        await asyncio.sleep((ENDPOINT_MS - PAUSE_MS) / 1000)
        self.ear.hear(ended(text))
        await asyncio.sleep(0.001)

    async def says(self, text: str) -> None:
        """A whole utterance of a speaker who then is silent."""
        await self.speaks(text)
        await self.falls_silent(text)
        await self.ends(text)

    async def coughs(self) -> None:
        self.ear.hear(SpeechStarted(at_ms=0, speech_from_ms=0))
        await asyncio.sleep(0.2)
        await self.falls_silent("")
        await self.ends("")

    # What is seen of it.

    def all(self, kind: type[EventT]) -> list[EventT]:
        return [seen.event for seen in self.seen if isinstance(seen.event, kind)]

    def when(self, kind: type[Any], *, turn: int | None = None) -> float:
        """When the first such event came, ms."""
        return next(
            seen.at_ms
            for seen in self.seen
            if isinstance(seen.event, kind) and (turn is None or getattr(seen.event, "turn", None) == turn)
        )

    def final_words_ms(self, turn: int) -> float:
        """When the turn's words were final."""
        return next(
            seen.at_ms
            for seen in self.seen
            if isinstance(seen.event, TranscriptUpdated) and seen.event.turn == turn and seen.event.final
        )

    async def until(self, kind: type[EventT], *, count: int = 1, within_s: float = 120.0) -> EventT:
        """Wait for the `count`th event of that kind since the talk began."""
        async with asyncio.timeout(within_s):
            while len(self.all(kind)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.all(kind)[count - 1]

    async def until_state(self, state: str, *, within_s: float = 120.0) -> None:
        async with asyncio.timeout(within_s):
            while self.conversation.state != state or self.last_state != state:
                self._changed.clear()
                await self._changed.wait()

    @property
    def last_state(self) -> str:
        states = self.all(StateChanged)
        return states[-1].state if states else "idle"

    def stops(self) -> list[tuple[int, str]]:
        return [(stopped.turn, stopped.reason) for stopped in self.all(AudioStopped)]

    def errors(self) -> list[str]:
        return [failed.error.code for failed in self.all(Failed)]

    def transcripts(self) -> dict[int, str]:
        """The final words of every turn that was spoken and not withdrawn."""
        texts = {event.turn: event.text for event in self.all(TranscriptUpdated) if event.final}
        return {turn: text for turn, text in texts.items() if text}

    def shown(self, turn: int) -> str:
        return "".join(event.delta for event in self.all(ReplyDelta) if event.turn == turn)

    def remembered(self) -> list[tuple[str, str]]:
        return [(entry.role, entry.heard) for entry in self.conversation.memory.entries]

    def _new_player(self) -> Player:
        return Player(self.conversation.played if self._reports else None)


@asynccontextmanager
async def open_talk(
    engines: FakeEngines | None = None,
    *,
    settings: ConversationSettings | None = None,
    rules: ConversationRules | None = None,
    memory: Memory | None = None,
    barge_in: bool = True,
    listening: bool = True,
    reports: bool = True,
    shared: bool = False,
    pronunciations: ReadPronunciations = no_pronunciations,
    keep: Keep | None = None,
    conversation_id: str | None = None,
) -> AsyncGenerator[Talk, None]:
    """A running conversation; when it is left, nothing of it may remain. `shared`: others use the engines, too."""
    engines = engines or FakeEngines()
    ears: list[ScriptedEar] = []

    @asynccontextmanager
    async def scripted_ear(
        engines: Engines,
        stt_name: str,
        *,
        language: Callable[[], str],
        hotwords: Callable[[], Awaitable[tuple[str, ...]]],
        rules: EndpointingRules,
    ) -> AsyncGenerator[ScriptedEar, None]:
        async with engines.stt(stt_name), engines.vad():
            ears.append(ScriptedEar())
            yield ears[-1]

    conversation = Conversation(
        engines=engines,
        settings=settings or ConversationSettings(barge_in=barge_in),
        rules=rules,
        memory=memory,
        clock=virtual_now_s,
        ear=scripted_ear,
        pronunciations=pronunciations,
        keep=keep,
        conversation_id=conversation_id,
    )
    talk = Talk(conversation, engines, ears, reports=reports)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(conversation.run())
        tasks.create_task(talk.read())
        await asyncio.sleep(0)
        if listening:
            conversation.start_listening()
            await asyncio.sleep(0.001)
        try:
            yield talk
        finally:
            await conversation.aclose()
            await running
    if not shared:
        engines.assert_nothing_left()


def llm_saying(*texts: str, first_token_ms: float = 200, token_ms: float = 25) -> ScriptedLlm:
    return ScriptedLlm(tuple(saying(text) for text in texts), first_token_ms=first_token_ms, token_ms=token_ms)


def llm_playing(*scripts: LlmScript) -> ScriptedLlm:
    return ScriptedLlm(scripts, first_token_ms=200, token_ms=25)
