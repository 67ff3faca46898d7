"""espeak-ng in this process: speaks a hundred languages at once, on any machine, in a plain mechanical voice."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import queue
import re
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path

import numpy as np

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.threads import Emit
from syrinx.engines.tts.contract import Phonemes, SpeechChunk, SpeechRequest, TtsCapabilities, Voice, WordTime
from syrinx.engines.tts.drawn_noise import same_noise
from syrinx.engines.tts.espeak_library import EspeakLibrary, ListedVoice, WordEvent
from syrinx.engines.tts.espeak_phonemes import NamedText, SoundTable, measure, sound_names, with_names
from syrinx.engines.tts.espeak_voices import EspeakVoices
from syrinx.engines.tts.given_sounds import given_sounds, sounds_in
from syrinx.engines.tts.pieces import PieceSpeaker
from syrinx.engines.tts.requests import TextPiece, check_request, split_text, without_controls
from syrinx.errors import ConfigurationError, EngineUnavailable
from syrinx.text.places import Places

REMEDY = "pip install espeakng-loader"
DEFAULT_COPIES = 2
MAX_COPIES = 16
PIECE_CHARS = 300
MAX_WAITING = 4096
"""Chunks of one piece that may wait unread: several times what the longest has (1,000: nothing but signs that are
spelt out, slowly), for a piece that waits for its reader would hold up the copy, and all others that draw noise."""
JOINED_MS = 240.0
"""A quarter of a millisecond of work."""

SPEED_RANGE = (0.5, 3.0)
PITCH_RANGE = (-5.0, 8.0)

# The library's rate is not proportional to the speed heard, nor its pitch to semitones: measured over a paragraph.
_SPEEDS = (0.473, 0.547, 0.727, 0.843, 1.0, 1.157, 1.477, 1.825, 2.225, 2.633, 2.959, 3.105)
_WORDS_PER_MINUTE = (87, 100, 130, 150, 175, 200, 250, 300, 350, 400, 500, 525)
_SEMITONES = (-5.6, -4.8, -3.0, -1.9, 0.0, 2.0, 4.25, 7.0, 8.9)
_PITCHES = (0, 10, 25, 37, 50, 62, 75, 90, 100)

_WORD = re.compile(r"\w+(?:[-'’]\w+|(?<=\d)[.,](?=\d)\w+)*")
_DICTIONARY = re.compile(r"^dictionary\s+(\S+)", re.MULTILINE)
_TABLE = re.compile(r"^phonemes\s+(\S+)", re.MULTILINE)
_LANGUAGE = re.compile(r"^language\s+([a-z]+)", re.MULTILINE)
_BREATHY = re.compile(r"^klatt\s", re.MULTILINE)
"""Variants of the second way of making sound that the library has (Klatt's)."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts without spaces between words (Thai, Lao, Burmese, Khmer, Japanese, Chinese)."""


class EspeakEngine:
    """Speaks through a few private copies of the library, each used by one thread at a time.

    A long text is spoken in pieces, so that no request holds a copy for longer than one of them takes (tens of ms),
    however slowly it is read. Equal requests give equal samples (but see `espeak_memory` for builds of the library
    where they differ a little).
    """

    def __init__(
        self, libraries: Sequence[EspeakLibrary], voices: EspeakVoices, *, data_path: Path, breathy: Collection[str]
    ) -> None:
        """`breathy` are the variants whose noise is drawn from the C library's random numbers."""
        self._voices = voices
        self._data_path = data_path
        self._breathy = breathy
        self._tables: dict[str, SoundTable] = {}
        self.voices: Sequence[Voice] = voices.voices
        self.capabilities = TtsCapabilities(
            sample_rate_hz=libraries[0].sample_rate_hz,
            languages=voices.languages,
            word_times=True,
            speed=SPEED_RANGE,
            pitch_semitones=PITCH_RANGE,
            phonemes=True,
        )
        self._libraries = libraries
        self._free: queue.SimpleQueue[EspeakLibrary] = queue.SimpleQueue()
        for library in libraries:
            self._free.put(library)
        # As many threads as copies: a thread that works has a copy.
        self._speaker = PieceSpeaker(
            name="espeak", threads=len(libraries), max_waiting=MAX_WAITING, joined_ms=JOINED_MS
        )

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        check_request(request, self.capabilities)
        voice = self._voices.select(request.voice, request.language)
        pieces = split_text(without_controls(request.text), max_chars=PIECE_CHARS)
        speak = partial(self._speak, voice, request, given_sounds(request))
        async with aclosing(
            self._speaker.spoken(pieces, speak, sample_rate_hz=self.capabilities.sample_rate_hz)
        ) as chunks:
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        """Let what is being spoken finish its piece, then unload the library."""
        await self._speaker.aclose()
        for library in self._libraries:
            library.close()

    def _speak(
        self, voice: str, request: SpeechRequest, given: Sequence[Phonemes], piece: TextPiece, emit: Emit[SpeechChunk]
    ) -> None:
        library = self._free.get()
        try:
            sounds = sounds_in(piece, given)
            read = with_names(piece.text, sounds, self._table(library, voice)) if sounds else NamedText.of(piece.text)
            speech = _PieceOfSpeech(piece, read.places, request.text, self.capabilities.sample_rate_hz, emit)
            with same_noise() if voice.partition("+")[2] in self._breathy else nullcontext():
                library.speak(
                    read.text,
                    voice=voice,
                    words_per_minute=round(float(np.interp(request.speed, _SPEEDS, _WORDS_PER_MINUTE))),
                    pitch=round(float(np.interp(request.pitch_semitones, _SEMITONES, _PITCHES))),
                    on_audio=speech.take,
                    names_sounds=bool(sounds),
                )
        finally:
            self._free.put(library)

    def _table(self, library: EspeakLibrary, voice: str) -> SoundTable:
        """The sounds of the voice's language; measured when they are first asked for."""
        identifier = voice.partition("+")[0]
        table = self._tables.get(identifier)
        if table is None:
            library.select(identifier)
            library.understand_names()
            names = sound_names(self._data_path, _table_name(self._data_path, identifier))
            table = self._tables[identifier] = measure(names, library.pronounced)
        return table


class _PieceOfSpeech:
    """Turns what the library says about one piece into chunks, each with the words that begin in it."""

    def __init__(
        self, piece: TextPiece, places: Places, text: str, sample_rate_hz: int, emit: Emit[SpeechChunk]
    ) -> None:
        """`places` tell for the text that the library reads where it stands in the piece."""
        self._piece = piece
        self._places = places
        self._end_char = piece.start_char + len(piece.text)
        self._text = text
        self._sample_rate_hz = sample_rate_hz
        self._emit = emit
        self._samples_given = 0
        self._last_word_end = piece.start_char
        self._announced: list[tuple[int, WordTime]] = []

    def take(self, pcm: bytes, events: list[WordEvent]) -> bool:
        for event in events:
            self._announce(event)
        if not pcm:
            return True
        end = self._samples_given + len(pcm) // BYTES_PER_SAMPLE
        words = tuple(word for sample, word in self._announced if sample < end)
        del self._announced[: len(words)]
        self._samples_given = end
        return self._emit(
            SpeechChunk(audio=PcmChunk(pcm=pcm, sample_rate_hz=self._sample_rate_hz), words=words),
        )

    def _announce(self, event: WordEvent) -> None:
        said = self._piece.start_char + self._places.of(event.start_char)
        length = event.length
        if not self._places.is_kept(event.start_char):
            # Sounds that were given: the next word of those that they stand for.
            said, length = max(said, self._last_word_end), 0
        # After some sentence ends the library points at the space before the word.
        start = next((index for index in range(said, self._end_char) if self._text[index].isalnum()), None)
        if start is not None and not length and start >= self._stretch_end(event):
            return
        # A number is announced once for each word it is read as; only the first is a word of the text.
        if start is None or start < self._last_word_end:
            return
        end = self._last_word_end = max(said + length, _word_end(self._text, start))
        sample = max(event.sample, self._samples_given, self._announced[-1][0] if self._announced else 0)
        start_ms = 1000.0 * sample / self._sample_rate_hz
        word = WordTime(text=self._text[start:end].rstrip(), start_char=start, start_ms=start_ms)
        self._announced.append((sample, word))

    def _stretch_end(self, event: WordEvent) -> int:
        return self._piece.start_char + self._places.span(event.start_char, event.start_char + 1)[1]


def _word_end(text: str, start: int) -> int:
    """Where the written word ends that begins here; compounds and numbers are announced by their first part only."""
    word = None if _UNSPACED.match(text, start) else _WORD.match(text, start)
    return word.end() if word else start + 1


class EspeakProvider:
    """Option `copies`: how many requests are spoken at the same moment (1 to 16); more take turns piece by piece."""

    info = EngineInfo(
        name="espeak",
        kind="tts",
        title="espeak-ng (basic, built in)",
        preference=10,
        licence="GPL-3.0-or-later",
        max_active=64,
        max_queued=256,
    )

    def check(self, options: Options) -> Availability:
        try:
            _copies(options)
        except ConfigurationError as error:
            return Availability(available=False, reason=error.message)
        package = _find_package()
        if package is None:
            return Availability(available=False, reason="the package espeakng-loader is not installed", remedy=REMEDY)
        version = importlib.metadata.version("espeakng-loader")
        return Availability(available=True, facts={"espeakng-loader": version, "library": str(package)})

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[EspeakEngine, None]:
        engine = await asyncio.to_thread(_load, _copies(options))
        try:
            yield engine
        finally:
            await engine.aclose()


provider = EspeakProvider()


def _copies(options: Options) -> int:
    unknown = set(options) - {"copies"}
    if unknown:
        raise ConfigurationError(f"espeak has no option {', '.join(sorted(unknown))}: its only one is 'copies'")
    copies = options.get("copies", str(DEFAULT_COPIES))
    if not copies.isdecimal() or len(copies) > 9 or not 1 <= int(copies) <= MAX_COPIES:
        raise ConfigurationError(
            f"espeak's option 'copies' is {copies[:20]!r}: a number from 1 to {MAX_COPIES} is needed"
        )
    return int(copies)


def _find_package() -> Path | None:
    spec = importlib.util.find_spec("espeakng_loader")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _load(copies: int) -> EspeakEngine:
    if _find_package() is None:
        raise EngineUnavailable(f"espeak-ng needs the package espeakng-loader: {REMEDY}")
    import espeakng_loader  # noqa: PLC0415 - looks for its library when imported

    library_path = Path(espeakng_loader.get_library_path()).resolve()
    data_path = Path(espeakng_loader.get_data_path())
    variants = {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in (data_path / "voices" / "!v").iterdir()
    }
    breathy = [name for name, settings in variants.items() if _BREATHY.search(settings)]
    with ExitStack() as loaded:
        libraries: list[EspeakLibrary] = []
        for _ in range(copies):
            libraries.append(EspeakLibrary(library_path, data_path))
            loaded.callback(libraries[-1].close)
        listed = [voice for voice in libraries[0].voices() if _has_dictionary(data_path, voice)]
        engine = EspeakEngine(libraries, EspeakVoices(listed, variants), data_path=data_path, breathy=breathy)
        loaded.pop_all()  # from here on the engine closes them
        return engine


def _has_dictionary(data_path: Path, voice: ListedVoice) -> bool:
    """Whether the voice says anything: the package lists some whose dictionary was not built, and they stay silent."""
    dictionary = _told(data_path, voice.identifier, _DICTIONARY) or voice.language.partition("-")[0]
    return (data_path / f"{dictionary}_dict").is_file()


def _table_name(data_path: Path, identifier: str) -> str:
    return (
        _told(data_path, identifier, _TABLE)
        or _told(data_path, identifier, _LANGUAGE)
        or identifier.rpartition("/")[2].partition("-")[0]
    )


def _told(data_path: Path, identifier: str, setting: re.Pattern[str]) -> str:
    """What the voice's file says, "" where it says nothing."""
    file = data_path / "lang" / identifier
    told = setting.search(file.read_text(encoding="utf-8", errors="replace")) if file.is_file() else None
    return told.group(1) if told else ""
