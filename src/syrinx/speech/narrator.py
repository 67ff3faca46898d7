"""Texts spoken for whoever asks: refused early, made once for all who want the same, kept for who asks again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from syrinx.accounts.caller import current_caller
from syrinx.engines.guards.admission import QueueWaits, noting_waits
from syrinx.engines.tts.contract import TextToSpeech, TtsCapabilities
from syrinx.errors import EngineError, EngineUnavailable, SyrinxError
from syrinx.speech.auto_voice import NamedVoices, Route, VoiceMatch
from syrinx.speech.narrating import narrated
from syrinx.speech.narration import NarratedSound, NarrationEvent, NarrationRequest, NarrationTiming
from syrinx.speech.narration_reel import HELD_BYTES, Reel, ReelReader
from syrinx.speech.narration_text import NarrationText, Speaking, read_text
from syrinx.speech.rules import SynthesisRules
from syrinx.speech.speech_cache import SpeechCache
from syrinx.text.pronunciations import Pronunciation
from syrinx.text.ssml import ssml_language

log = structlog.get_logger()

LeaseVoices = Callable[[str], AbstractAsyncContextManager[NamedVoices]]
"""Opens the engine or model of that name, or with "" all that serve requests which name none; each time with the
voices with which the present caller may speak."""

CACHE_BYTES: Final = 64 * 1024 * 1024
"""Twenty minutes of sound."""
MAKING_BYTES: Final = 64 * 1024 * 1024
"""All narrations under way together keep no more than this for those who join late."""
_LOOKED_UP_CHARS: Final = 1_000_000
"""Text times entries of a dictionary: a millisecond of looking; more is looked for in a thread."""
_LOOKED_UP_ENTRIES: Final = 20
"""A text costs as much as this many entries."""
_NOTICED_BYTES: Final = 1024 * 1024
"""A narration that keeps less than this is not asked to give it up."""

NARRATION_RULES: Final = SynthesisRules(
    concurrent=2,
    waiting_audio_ms=15_000.0,
    # Who loads a file takes it faster than it is heard: work, and what is sent, costs by the piece.
    gathered_ms=1_000.0,
    waiting_segments=2,
    attempts=1,
    # The guards of an engine know better when it hangs; here the time in its queue counts, too.
    first_chunk_timeout_s=300.0,
    next_chunk_timeout_s=60.0,
    busy_patience_s=60.0,
    shares=True,
)
"""Nothing is tried again beyond what the engine's guards do: half a sentence said twice is worse than an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """One request, understood."""

    key: bytes
    text: NarrationText
    speaking: Speaking
    route: Route
    entries: tuple[Pronunciation, ...]
    """Of the dictionary, those that may stand in the text."""


@dataclass(slots=True, kw_only=True)
class _Making:
    """A narration under way; the task makes it for all who read the reel."""

    reel: Reel
    waits: QueueWaits
    voice: str
    is_kept: bool = True
    """Whether it goes into the cache once it is whole."""
    task: asyncio.Task[None] | None = None


@asynccontextmanager
async def open_narrator(
    lease: LeaseVoices,
    *,
    language: str,
    rules: SynthesisRules = NARRATION_RULES,
    cache_bytes: int = CACHE_BYTES,
    held_bytes: int = HELD_BYTES,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncGenerator[Narrator, None]:
    """`language` is spoken where neither the request nor its voice has one. Leaving ends all narrations under way.

    `held_bytes` of one narration are kept for who joins late; the time is the running loop's.
    """
    narrator = Narrator(
        lease, language=language, rules=rules, cache=SpeechCache(cache_bytes), held_bytes=held_bytes, sleep=sleep
    )
    try:
        yield narrator
    finally:
        await narrator.aclose()


class Narrator:
    """Satisfies `Narrate`; made by `open_narrator`."""

    def __init__(
        self,
        lease: LeaseVoices,
        *,
        language: str,
        rules: SynthesisRules,
        cache: SpeechCache,
        held_bytes: int,
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.cache = cache
        self._lease = lease
        self._language = language
        self._rules = rules
        self._most_held_bytes = held_bytes
        self._sleep = sleep
        self._makings: dict[bytes, _Making] = {}
        """Those that can be joined, by what they make."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: set[Reel] = set()
        self._closed = False

    @property
    def held_bytes(self) -> int:
        """What all narrations under way hold for their readers; the cache's own is beside it."""
        return sum(reel.held_bytes for reel in self._under_way)

    async def __call__(self, request: NarrationRequest) -> RunningNarration:
        if self._closed:
            raise EngineUnavailable("no more is spoken: the server is closing")
        begun_s = asyncio.get_running_loop().time()
        async with self._lease(request.engine) as voices:
            language = request.language or _language_of(request, voices) or self._language
            route = voices.route(language=language, voice=request.voice)
            able = _abilities(route)
        speaking = Speaking(request=request, language=language, voice=route.voice, able=able, rules=self._rules)
        text = await read_text(request, language=language)
        entries = await _entries_in_use(request, text, language)
        key = _key(request, route, language, entries)
        order = _Order(key=key, text=text, speaking=speaking, route=route, entries=entries)
        narration = RunningNarration(
            sample_rate_hz=self._rules.output_rate_hz,
            engine=route.engine,
            voice=route.shown,
            voice_match=route.match,
            language=language,
            not_applied=_not_applied(order),
        )
        if (kept := self.cache.get(order.key)) is not None:
            narration.begin_kept(kept, begun_s)
            return narration
        making = self._makings.get(order.key)
        if making is None or not making.reel.is_whole or making.reel.error is not None:
            making = self._begin(order)
        await narration.begin(making, begun_s)
        return narration

    def forget(self, voice: str) -> None:
        """Keep nothing that this voice has spoken; what is under way is heard by who listens, and by nobody else."""
        self.cache.forget(voice)
        for key, making in list(self._makings.items()):
            if making.voice == voice:
                making.reel.let_go()
                making.is_kept = False
                del self._makings[key]

    async def aclose(self) -> None:
        """End all narrations under way; their readers are told."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, order: _Order) -> _Making:
        reel = Reel(held_bytes=self._most_held_bytes)
        with noting_waits() as waits:
            making = _Making(reel=reel, waits=waits, voice=order.route.shown)
            # Begun within: the task inherits where waits are noted, and for whom it works.
            task = making.task = asyncio.create_task(self._make(order, making), name="narration")
        self._makings[order.key] = making
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return making

    async def _make(self, order: _Order, making: _Making) -> None:
        reel = making.reel
        self._under_way.add(reel)
        error: SyrinxError | None = EngineUnavailable("the narration was ended: the server is closing")
        try:
            # Only the engine that speaks is kept open meanwhile.
            async with (
                self._lease(order.route.engine) as voices,
                aclosing(narrated(order.text, _speaker(voices, order), order.speaking, sleep=self._sleep)) as events,
            ):
                async for event in events:
                    reel.put(event)
                    self._mind_memory(reel)
                    await reel.room()
            error = None
        except SyrinxError as failure:
            error = failure
        except Exception as failure:
            log.exception("a narration failed in a way that no contract names")
            error = EngineError(f"the narration failed unexpectedly ({type(failure).__name__})")
        finally:
            self._under_way.discard(reel)
            if self._makings.get(order.key) is making:
                del self._makings[order.key]
            reel.finish(error)
        if error is None and reel.is_whole and making.is_kept:
            self.cache.put(order.key, reel.events(), reel.held_bytes, voice=making.voice)

    def _mind_memory(self, reel: Reel) -> None:
        if reel.is_whole and reel.held_bytes > _NOTICED_BYTES and self.held_bytes > MAKING_BYTES:
            reel.let_go()


@dataclass(slots=True, kw_only=True)
class RunningNarration:
    """Satisfies `Narration`."""

    sample_rate_hz: int
    engine: str
    voice: str
    voice_match: VoiceMatch
    language: str
    not_applied: tuple[str, ...]
    timing: NarrationTiming = field(default=NarrationTiming(queued_ms=0.0, first_sound_ms=0.0, cached=False))
    _kept: tuple[NarrationEvent, ...] = ()
    _making: _Making | None = None
    _reader: ReelReader | None = None

    def begin_kept(self, events: tuple[NarrationEvent, ...], begun_s: float) -> None:
        """Serve what was made for somebody else."""
        self._kept = events
        self._time(begun_s, queued_ms=0.0, cached=True)

    async def begin(self, making: _Making, begun_s: float) -> None:
        """Return when the first sound is there; what comes instead of it is raised, and nothing left behind."""
        reader = making.reel.reader()
        self._making, self._reader = making, reader
        try:
            position = 0
            waited = False
            while not isinstance(reader.peek(position), NarratedSound):
                waited |= reader.peek(position) is None
                if reader.peek(position) is not None:
                    position += 1
                elif not await reader.until(position):
                    break
        except BaseException:
            await self.aclose()
            raise
        self._time(begun_s, queued_ms=making.waits.first_ms or 0.0, cached=not waited)

    def _time(self, begun_s: float, *, queued_ms: float, cached: bool) -> None:
        took_ms = 1000.0 * (asyncio.get_running_loop().time() - begun_s)
        self.timing = NarrationTiming(queued_ms=0.0 if cached else queued_ms, first_sound_ms=took_ms, cached=cached)

    async def events(self) -> AsyncGenerator[NarrationEvent, None]:
        reader = self._reader
        for event in self._kept:
            yield event
        while reader is not None and (event := await reader.next()) is not None:
            yield event

    async def aclose(self) -> None:
        reader, self._reader, self._kept = self._reader, None, ()
        if reader is None or self._making is None:
            return
        reader.close()
        task, reel = self._making.task, self._making.reel
        if task is not None and not reel.is_read and not task.done():
            reel.let_go()  # who asks for the same from now on begins anew
            task.cancel()
            # Who leaves knows that the engine has stopped; who is cancelled meanwhile leaves that to the task itself.
            await asyncio.wait([task])


def _language_of(request: NarrationRequest, voices: NamedVoices) -> str | None:
    if request.ssml and (declared := ssml_language(request.text)):
        return declared
    return voices.language_of(request.voice) if request.voice else None


def _speaker(voices: NamedVoices, order: _Order) -> TextToSpeech:
    """Who was chosen, opened again. Raises EngineError where a person's voice is another by now, UnknownVoice where it
    is gone."""
    route = voices.route(language=order.speaking.language, voice=order.speaking.voice)
    if route.revision != order.route.revision:
        raise EngineError("that voice was changed this very moment: ask again")
    return route.tts


def _abilities(route: Route) -> TtsCapabilities:
    """What the engine can do with that voice."""
    able = route.tts.capabilities
    if any(voice.fixed_pitch for voice in route.tts.voices if voice.id == route.voice):
        return replace(able, pitch_semitones=(0.0, 0.0))
    return able


def _not_applied(order: _Order) -> tuple[str, ...]:
    able, request = order.speaking.able, order.speaking.request
    names = list(order.route.not_applied)
    if request.instructions and not able.describes:
        names.append("instructions")
    if not able.phonemes and (
        any(passage.phonemes for passage in order.text.passages) or any(entry.ipa for entry in order.entries)
    ):
        names.append("phoneme")
    return tuple(names)


async def _entries_in_use(request: NarrationRequest, text: NarrationText, language: str) -> tuple[Pronunciation, ...]:
    """Those pronunciations that may change how the text is read."""
    dictionary = request.pronunciations
    if not dictionary.entries:
        return ()
    # What is read is looked at, not the document: markup may stand in the middle of a word.
    read = "\n".join(passage.text for passage in text.passages)
    if max(_LOOKED_UP_ENTRIES, len(dictionary.entries)) * len(read) <= _LOOKED_UP_CHARS:
        return dictionary.that_may_stand_in(read, language=language)
    return await asyncio.to_thread(dictionary.that_may_stand_in, read, language=language)


def _key(request: NarrationRequest, route: Route, language: str, entries: tuple[Pronunciation, ...]) -> bytes:
    """What makes two narrations the same, however they were asked for."""
    said = repr(
        (
            route.engine,
            route.voice,
            route.revision,
            # Nobody gets what another's voice has spoken, whatever ids and revisions are.
            current_caller().user if route.revision else "",
            route.tts.capabilities.sample_rate_hz,
            language,
            request.ssml,
            float(request.speed),
            float(request.pitch_semitones),
            request.instructions if route.tts.capabilities.describes else "",
            entries,
        )
    )
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=32)
    digest.update(request.text.encode("utf-8", "surrogatepass"))
    return digest.digest()
