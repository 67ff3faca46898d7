"""Flite in this process: English only, on systems that have its library, and far clearer than espeak-ng."""

from __future__ import annotations

import asyncio
import ctypes
import unicodedata
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from functools import partial

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.threads import Emit
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TtsCapabilities, Voice, WordTime
from syrinx.engines.tts.drawn_noise import same_noise
from syrinx.engines.tts.flite_library import LIBRARY, SAMPLE_RATE_HZ, FliteLibrary, Token
from syrinx.engines.tts.pieces import PieceSpeaker
from syrinx.engines.tts.requests import TextPiece, check_request, has_words, split_text, without_controls
from syrinx.errors import BadInput, ConfigurationError, UnknownLanguage, UnknownVoice

REMEDY = "apt install libflite1"
THREADS = 2
PIECE_CHARS = 160
"""Short, because the first sound of a piece comes only when the pitch of all of it is planned."""
MAX_WAITING = 4096
"""Chunks of one piece that may wait unread: several times what the longest has (600: nothing but nines, slowly), for
a piece that waits for its reader would hold up all others that draw the same noise."""
JOINED_MS = 240.0
"""Three or four milliseconds of work."""

SPEED_RANGE = (0.5, 3.0)
PITCH_RANGE = (-6.0, 6.0)

DEFAULT_VOICE = "slt"
NOISELESS_VOICES = frozenset({"kal16"})
"""Joined from recordings: no random numbers in them."""

_VOICES = (
    Voice(
        id="slt",
        name="Slt (American woman)",
        language="en-US",
        gender="female",
        aliases=("default", "alloy", "coral", "marin", "nova", "sage", "shimmer", "af_heart", "af"),
    ),
    Voice(
        id="rms",
        name="Rms (American man, clear)",
        language="en-US",
        gender="male",
        aliases=("ash", "cedar", "onyx", "am"),
        fixed_pitch=True,  # it is part of its recordings' model
    ),
    Voice(id="awb", name="Awb (Scottish man)", language="en-GB", gender="male"),
    Voice(
        id="kal16",
        name="Kal (American man, robotic and quick)",
        language="en-US",
        gender="male",
        aliases=("echo", "verse"),
    ),
)
"""With the names by which clients of OpenAI and Kokoro ask for an American of that gender."""

_SPOKEN_AS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "."})


class FliteEngine:
    """Speaks through utterances that share nothing but the voices.

    A long text is spoken in pieces, so that a slow reader holds no thread. Equal requests give equal samples: voices
    that draw the noise of their consonants from the C library's random numbers are therefore made one at a time.
    """

    def __init__(self, library: FliteLibrary) -> None:
        self.voices: Sequence[Voice] = tuple(voice for voice in _VOICES if voice.id in library.voices)
        self.capabilities = TtsCapabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            languages=("en",),
            word_times=True,
            speed=SPEED_RANGE,
            pitch_semitones=PITCH_RANGE,
        )
        self._library = library
        self._speaker = PieceSpeaker(name="flite", threads=THREADS, max_waiting=MAX_WAITING, joined_ms=JOINED_MS)
        # Whose pieces are made one at a time wait for one thread, where they can be called off, and not in a thread.
        self._one_by_one = PieceSpeaker(name="flite", threads=1, max_waiting=MAX_WAITING, joined_ms=JOINED_MS)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        check_request(request, self.capabilities)
        voice = self._select(request)
        text = as_ascii(request.text)
        if not has_words(text):
            raise BadInput("flite reads English in Latin letters only: send such text, or use espeak")
        pieces = split_text(text, max_chars=PIECE_CHARS)
        speak = partial(self._speak, voice, request)
        speaker = self._speaker if voice in NOISELESS_VOICES else self._one_by_one
        async with aclosing(speaker.spoken(pieces, speak, sample_rate_hz=SAMPLE_RATE_HZ)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        """Let what is being spoken finish its piece, then end the threads."""
        await asyncio.gather(self._speaker.aclose(), self._one_by_one.aclose())

    def _select(self, request: SpeechRequest) -> str:
        if request.language.replace("_", "-").lower().partition("-")[0] != "en":
            raise UnknownLanguage(f"flite speaks English ('en') only, not {request.language!r}: use espeak for that")
        ids = [voice.id for voice in self.voices]
        voice = request.voice if request.voice is not None else DEFAULT_VOICE if DEFAULT_VOICE in ids else ids[0]
        voice = next((known.id for known in self.voices if voice.lower() in known.aliases), voice)
        if voice not in ids:
            raise UnknownVoice(f"flite has no voice {voice!r}: there are {', '.join(ids)}")
        if request.pitch_semitones and any(known.fixed_pitch for known in self.voices if known.id == voice):
            raise BadInput(f"flite's voice {voice!r} cannot change its pitch: leave it at 0 or take another voice")
        return voice

    def _speak(self, voice: str, request: SpeechRequest, piece: TextPiece, emit: Emit[SpeechChunk]) -> None:
        speech = _PieceOfSpeech(piece, request.text, emit)
        with nullcontext() if voice in NOISELESS_VOICES else same_noise():
            self._library.speak(
                piece.text,
                voice=voice,
                stretch=1.0 / request.speed,
                pitch_factor=2.0 ** (request.pitch_semitones / 12.0),
                on_audio=speech.take,
            )


class _PieceOfSpeech:
    """Turns what the library says about one piece into chunks, each with the words that begin in it."""

    def __init__(self, piece: TextPiece, text: str, emit: Emit[SpeechChunk]) -> None:
        self._piece = piece
        self._text = text
        self._emit = emit
        self._samples_given = 0
        self._announced: list[WordTime] = []

    def take(self, pcm: bytes, tokens: list[Token]) -> bool:
        self._announced += word_times(self._piece, tokens, self._text)
        if not pcm:
            return True
        self._samples_given += len(pcm) // BYTES_PER_SAMPLE
        end_ms = 1000.0 * self._samples_given / SAMPLE_RATE_HZ
        words = tuple(word for word in self._announced if word.start_ms < end_ms)
        del self._announced[: len(words)]
        return self._emit(SpeechChunk(audio=PcmChunk(pcm=pcm, sample_rate_hz=SAMPLE_RATE_HZ), words=words))


def word_times(piece: TextPiece, tokens: Sequence[Token], text: str) -> list[WordTime]:
    """The tokens that are words, where they stand in `text`; one without a sound of its own begins where it would."""
    words: list[WordTime] = []
    at_char = 0
    at_s = 0.0
    for token in tokens:
        found = piece.text.find(token.text, at_char)
        if found < 0:
            continue
        at_char = found + len(token.text)
        start_s = max(at_s, token.start_s)
        at_s = max(start_s, token.end_s)
        if has_words(token.text):
            start = piece.start_char + found
            words.append(
                WordTime(text=text[start : start + len(token.text)], start_char=start, start_ms=1000.0 * start_s)
            )
    return words


def as_ascii(text: str) -> str:
    """The same text letter for letter without accents; a space for each character that Flite cannot read."""
    return "".join(map(_ascii_of, without_controls(text).translate(_SPOKEN_AS)))


def _ascii_of(character: str) -> str:
    if character.isascii():
        return character
    plain = unicodedata.normalize("NFKD", character)[0]
    return plain if plain.isascii() else " "


class FliteProvider:
    """Has no options."""

    info = EngineInfo(
        name="flite",
        kind="tts",
        title="Flite (basic, clearer English)",
        languages=("en",),
        preference=20,
        licence="BSD-3-Clause",
        max_active=32,
        max_queued=128,
    )

    def check(self, options: Options) -> Availability:
        try:
            _refuse_options(options)
            ctypes.CDLL(LIBRARY)
        except ConfigurationError as error:
            return Availability(available=False, reason=error.message)
        except OSError:
            return Availability(available=False, reason=f"the system library {LIBRARY} is missing", remedy=REMEDY)
        return Availability(available=True, facts={"library": LIBRARY})

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[FliteEngine, None]:
        _refuse_options(options)
        engine = FliteEngine(await asyncio.to_thread(FliteLibrary, tuple(voice.id for voice in _VOICES)))
        try:
            yield engine
        finally:
            await engine.aclose()


provider = FliteProvider()


def _refuse_options(options: Options) -> None:
    if options:
        raise ConfigurationError(f"flite has no options: remove {', '.join(sorted(options))}")
