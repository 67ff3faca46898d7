"""One segment on its way from an engine to the listener: what has been made of it and not yet been taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from syrinx.audio import ClipJoiner, EdgeTrimmer, PcmChunk, StreamResampler
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TextToSpeech, WordTime
from syrinx.errors import BadAudio, SyrinxError
from syrinx.speech.narration_gain import with_gain
from syrinx.speech.people_voices import PeopleVoices

if TYPE_CHECKING:
    from syrinx.audio.tempo import TempoStretch

TAKEN_AT_ONCE_MS = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenSegment:
    """A sentence, or the first clause, of a reply."""

    index: int
    speaker: str
    shown: str
    """Exactly the characters of the reply; joined over all segments they are the reply."""
    spoken: str
    """The words for the engine; "" when nothing of it is spoken."""
    request: SpeechRequest
    """Its text is `spoken`. Whose voice, how fast and with which context is the caller's business."""
    read: str = ""
    """What `spoken` was made of, where a dictionary has words of `shown` read otherwise: its words are placed in it."""
    starts_paragraph: bool = False
    ends_paragraph: bool = False
    tempo: float = 1.0
    """How much faster it is to be than the engine speaks it at `request.speed`; its pitch stays."""
    shift_semitones: float = 0.0
    """How much higher it is to be than the engine speaks it at `request.pitch_semitones`; its length stays."""
    gain_db: float = 0.0
    pause_before_ms: float | None = None
    """Silence between the segment before, or the beginning, and this one; None: as that one's end suggests."""

    @property
    def speed(self) -> float:
        """Against the voice's own speed, whoever brings it about."""
        return self.request.speed * self.tempo


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Some of a segment's audio at the output rate; `words` count from the segment's first sample."""

    chunk: PcmChunk
    words: tuple[WordTime, ...]
    fell_back: bool
    """Whether the fallback engine made it."""
    engine: str = ""
    """`SpeechChunk.engine` of what it was made from."""


class Voicing:
    """A segment and its sound; written by one task, read by another."""

    def __init__(self, segment: SpokenSegment, order: int) -> None:
        self.segment = segment
        self.order = order
        """Its place in the reply, without gaps."""
        self.task: asyncio.Task[None] | None = None
        self.by_fallback = False
        """Whether the fallback engine is making it, or made it."""
        self.taken = False
        """Something of it has gone out and cannot be unsaid."""
        self.done = False
        self.error: SyrinxError | None = None
        """Why it, or its rest, has no sound; once done."""
        self.made_ms = 0.0
        """All audio that was made of it."""
        self.waiting_ms = 0.0
        """Audio made and not yet taken."""
        self.words: list[WordTime] = []
        """All word times that were told, which may be none."""
        self._sounds: deque[Sound] = deque()
        self._reader: asyncio.Future[None] | None = None

    def put(self, sound: Sound | None) -> None:
        """More of it; None changes nothing."""
        if sound is None:
            return
        duration_ms = sound.chunk.duration_ms
        self._sounds.append(sound)
        self.words += sound.words
        self.made_ms += duration_ms
        self.waiting_ms += duration_ms
        self._wake()

    def finish(self, error: SyrinxError | None = None) -> None:
        self.done = True
        self.error = error
        self._wake()

    def restart(self) -> None:
        """Forget what was made; only while nothing of it was taken."""
        self._sounds.clear()
        self.words.clear()
        self.made_ms = self.waiting_ms = 0.0
        self.done = False
        self.error = None

    def take(self) -> Sound | None:
        """The next sound, several small ones as one; None when none is ready."""
        if not self._sounds:
            return None
        sounds = [self._sounds.popleft()]
        length_ms = sounds[0].chunk.duration_ms
        while self._sounds and self._sounds[0].fell_back == sounds[0].fell_back:
            length_ms += self._sounds[0].chunk.duration_ms
            if length_ms > TAKEN_AT_ONCE_MS:
                break
            sounds.append(self._sounds.popleft())
        self.taken = True
        sound = sounds[0] if len(sounds) == 1 else _joined(sounds)
        self.waiting_ms -= sound.chunk.duration_ms
        return sound

    async def changed(self) -> None:
        """Wait until there is more to take or it is done."""
        if self._sounds or self.done:
            return
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


def _joined(sounds: list[Sound]) -> Sound:
    rate_hz = sounds[0].chunk.sample_rate_hz
    return Sound(
        chunk=PcmChunk(pcm=b"".join(sound.chunk.pcm for sound in sounds), sample_rate_hz=rate_hz),
        words=tuple(word for sound in sounds for word in sound.words),
        fell_back=sounds[0].fell_back,
        engine=sounds[0].engine,
    )


class Gathered:
    """An engine's chunks until they are worth working on; true when there are some."""

    def __init__(self) -> None:
        self.ms = 0.0
        self._chunks: list[SpeechChunk] = []

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def add(self, chunk: SpeechChunk) -> None:
        """Raises BadAudio when the engine changes its rate."""
        if self._chunks and chunk.audio.sample_rate_hz != (rate_hz := self._chunks[0].audio.sample_rate_hz):
            raise BadAudio(f"a chunk of {chunk.audio.sample_rate_hz} Hz in a stream of {rate_hz} Hz")
        self._chunks.append(chunk)
        self.ms += chunk.audio.duration_ms

    def taken(self) -> SpeechChunk:
        """All of it as one chunk; there must be some."""
        chunks, self._chunks, self.ms = self._chunks, [], 0.0
        if len(chunks) == 1:
            return chunks[0]
        pcm = b"".join([chunk.audio.pcm for chunk in chunks])
        return SpeechChunk(
            audio=PcmChunk(pcm=pcm, sample_rate_hz=chunks[0].audio.sample_rate_hz),
            words=tuple([word for chunk in chunks for word in chunk.words]),
            engine=chunks[0].engine,
        )


class Finishing:
    """An engine's chunks made ready to follow other clips: at the output rate, edges without silence or click.

    What the engine could not do of the segment's speed, pitch and loudness is done here. `from_ms` and `from_char`
    tell where in the segment this stretch of speech begins.
    """

    def __init__(
        self,
        segment: SpokenSegment,
        *,
        engine_rate_hz: int,
        output_rate_hz: int,
        fell_back: bool,
        from_ms: float,
        from_char: int,
    ) -> None:
        self._resampler = StreamResampler(engine_rate_hz, output_rate_hz)
        self._tempo = segment.tempo
        self._stretch = _stretch_for(segment, output_rate_hz)
        self._gain_db = segment.gain_db
        self._trimmer = EdgeTrimmer(output_rate_hz)
        self._joiner = ClipJoiner(output_rate_hz)
        self._output_rate_hz = output_rate_hz
        self._fell_back = fell_back
        self._from_ms = from_ms
        self._from_char = from_char
        self._words: list[WordTime] = []
        self._engine = ""
        self.sounded = False

    def feed(self, spoken: SpeechChunk) -> Sound | None:
        self._engine = spoken.engine
        self._words += spoken.words
        audio = self._resampler.feed(spoken.audio)
        if self._stretch is not None:
            audio = self._stretch.feed(audio)
        return self._sound(self._trimmer.feed(audio), ended=False)

    def end(self) -> Sound | None:
        """What was held back; the clip is over."""
        audio = self._resampler.flush()
        if self._stretch is not None:
            stretched = self._stretch.feed(audio).pcm + self._stretch.flush().pcm
            audio = PcmChunk(pcm=stretched, sample_rate_hz=self._output_rate_hz)
        return self._sound([*self._trimmer.feed(audio), *self._trimmer.end_clip()], ended=True)

    def _sound(self, trimmed: Iterable[PcmChunk], *, ended: bool) -> Sound | None:
        ready = [chunk.pcm for part in trimmed for chunk in self._joiner.feed(part)]
        if ended:
            ready += [chunk.pcm for chunk in self._joiner.end_clip()]
        pcm = b"".join(ready)
        if not pcm:
            return None
        if self._gain_db:
            pcm = with_gain(pcm, self._gain_db)
        self.sounded = True
        # Where the silence before the first sound ends is known only now.
        removed_ms = self._trimmer.removed_start_ms
        words = tuple(
            replace(
                word,
                start_char=word.start_char + self._from_char,
                start_ms=self._from_ms + max(0.0, word.start_ms / self._tempo - removed_ms),
            )
            for word in self._words
        )
        self._words.clear()
        return Sound(
            chunk=PcmChunk(pcm=pcm, sample_rate_hz=self._output_rate_hz),
            words=words,
            fell_back=self._fell_back,
            engine=self._engine,
        )


def _stretch_for(segment: SpokenSegment, sample_rate_hz: int) -> TempoStretch | None:
    if segment.tempo == 1.0 and segment.shift_semitones == 0.0:
        return None
    # Imported here: it brings a large library, which most speech never needs.
    from syrinx.audio.tempo import TempoStretch  # noqa: PLC0415

    return TempoStretch(sample_rate_hz, segment.tempo, segment.shift_semitones)


def rest_of(request: SpeechRequest, from_char: int) -> SpeechRequest:
    """The request without what stands before `from_char`; a word with sounds given that is cut there is left to the
    engine."""
    if not from_char:
        return request
    phonemes = tuple(
        replace(sounds, start_char=sounds.start_char - from_char, end_char=sounds.end_char - from_char)
        for sounds in request.phonemes
        if sounds.start_char >= from_char
    )
    return replace(request, text=request.text[from_char:], phonemes=phonemes)


def fallback_request(request: SpeechRequest, engine: TextToSpeech, fallback: TextToSpeech) -> SpeechRequest:
    """The request as the fallback engine can serve it: the voice most like the one that failed, speed within range."""
    voice = request.voice
    if voice is not None and all(voice != known.id for known in fallback.voices):
        gender = next((known.gender for known in engine.voices if known.id == voice), None)
        if isinstance(engine, PeopleVoices):
            gender = engine.gender_of(voice) or gender
        primary = request.language.partition("-")[0].lower()
        alike = (
            known.id
            for known in fallback.voices
            if known.gender == gender and known.language.partition("-")[0].lower() == primary
        )
        voice = next(alike, None)
    able = fallback.capabilities
    return replace(
        request,
        voice=voice,
        speed=min(max(request.speed, able.speed[0]), able.speed[1]),
        pitch_semitones=min(max(request.pitch_semitones, able.pitch_semitones[0]), able.pitch_semitones[1]),
        context=(),
    )
