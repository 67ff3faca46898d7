"""One private copy of the espeak-ng library, spoken to through ctypes.

The library keeps its voice, its parameters and its callback in global variables, so two threads in one copy crash.
Whoever holds an `EspeakLibrary` uses it from one thread at a time; different copies know nothing of each other.
Signatures and constants: `speak_lib.h` of espeak-ng 1.52.
"""

from __future__ import annotations

import _ctypes
import ctypes
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syrinx.engines.tts.espeak_memory import remembered
from syrinx.errors import EngineError, EngineUnavailable

CHUNK_MS = 60
"""Not larger: from 240 on the library tells the words of quick speech (3 times) up to 0.2 s late."""

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_PHONEMES = 0x100
_END_PAUSE = 0x1000
_AS_IPA = 0x02
_RATE, _PITCH = 1, 3
_EVENT_LIST_END, _EVENT_WORD = 0, 1
_CONTINUE, _STOP = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WordEvent:
    """A word begins: `start_char` and `length` in characters of the text, `sample` in samples of the speech."""

    start_char: int
    length: int
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVoice:
    """A voice as the library lists it; `identifier` (such as "roa/fr") is what selects exactly this one."""

    identifier: str
    name: str
    language: str


OnAudio = Callable[[bytes, list[WordEvent]], bool]
"""Takes the next stretch of s16le PCM and the words announced with it; False stops the library."""


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class EspeakLibrary:
    """Loads a copy on construction (a few ms, blocks); `close` unloads it. Raises EngineUnavailable if it cannot."""

    def __init__(self, library_path: Path, data_path: Path) -> None:
        self._library = _load_copy(library_path)
        _declare(self._library)
        self.sample_rate_hz: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, CHUNK_MS, str(data_path).encode(), _INITIALIZE_DONT_EXIT
        )
        if self.sample_rate_hz <= 0:
            raise EngineUnavailable(f"espeak-ng finds no data in {data_path}: reinstall espeakng-loader")
        self._memory = remembered(self._library, library_path)
        self._on_audio: OnAudio | None = None
        self._failure: BaseException | None = None
        # Kept for as long as the library may call it.
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def voices(self) -> list[ListedVoice]:
        listed: list[ListedVoice] = []
        pointers = self._library.espeak_ListVoices(None)
        while pointers[len(listed)]:
            voice = pointers[len(listed)].contents
            # Each language stands behind one byte of priority; the first is the voice's own.
            language = ctypes.string_at(voice.languages + 1).decode()
            listed.append(
                ListedVoice(identifier=voice.identifier.decode(), name=voice.name.decode().strip(), language=language)
            )
        return listed

    def speak(
        self,
        text: str,
        *,
        voice: str,
        words_per_minute: int,
        pitch: int,
        on_audio: OnAudio,
        names_sounds: bool = False,
    ) -> None:
        """Speak plain text, calling `on_audio` from this thread as the speech is made; returns when all is said.

        `voice` is an identifier, with "+variant" where wanted; `pitch` is 0 to 100, 50 the voice's own. With
        `names_sounds` what stands in double brackets is taken for the library's names of sounds. The same request gives
        the same samples, whatever was said before. What `on_audio` raises ends the speech and is raised here. Raises
        EngineError when the library refuses.
        """
        library = self._library
        self._begin_anew()
        self.select(voice)
        _succeed(library.espeak_SetParameter(_RATE, words_per_minute, 0), "set the rate")
        _succeed(library.espeak_SetParameter(_PITCH, pitch, 0), "set the pitch")
        self._on_audio, self._failure = on_audio, None
        encoded = text.encode() + b"\0"
        try:
            # Never with the flag for SSML, and with that for phonemes only where the caller has put them there: what a
            # person wrote is words, never instructions.
            flags = _CHARS_UTF8 | _END_PAUSE | (_PHONEMES if names_sounds else 0)
            _succeed(library.espeak_Synth(encoded, len(encoded), 0, 1, 0, flags, None, None), "speak")
        finally:
            failure, self._on_audio, self._failure = self._failure, None, None
        if failure is not None:
            raise failure

    def select(self, voice: str) -> None:
        """The voice for what follows. Raises EngineError when there is none such."""
        _succeed(self._library.espeak_SetVoiceByName(voice.encode()), f"select the voice {voice}")

    def understand_names(self) -> None:
        """From here on, until it speaks again, `pronounced` takes double brackets for names of sounds."""
        self._library.espeak_Synth(b"\0", 1, 0, 1, 0, _CHARS_UTF8 | _PHONEMES, None, None)

    def pronounced(self, text: str) -> str:
        """How the voice that is selected says it, in the International Phonetic Alphabet."""
        rest = ctypes.c_char_p(text.encode())
        clauses: list[str] = []
        # The library takes one clause at a time and moves the pointer behind it; a null one is the end.
        while rest.value is not None:
            said = self._library.espeak_TextToPhonemes(ctypes.byref(rest), _CHARS_UTF8, _AS_IPA)
            clauses.append((said or b"").decode())
        return " ".join(clauses)

    def close(self) -> None:
        self._library.espeak_Terminate()
        if sys.platform != "win32":
            _ctypes.dlclose(self._library._handle)  # noqa: SLF001 - ctypes has no public way to unload

    def _begin_anew(self) -> None:
        for variable, value in self._memory:
            variable.value = value
        if seed := getattr(self._library, "espeak_ng_SetRandSeed", None):
            seed(ctypes.c_long(1))

    def _receive(self, pcm: int | None, sample_count: int, events: Any) -> int:
        # An exception that left a ctypes callback would only be printed, so it waits here for `speak`.
        try:
            words = _word_events(events) if events else []
            if self._on_audio is None or (not sample_count and not words):
                return _CONTINUE
            heard = ctypes.string_at(pcm, 2 * sample_count) if pcm and sample_count else b""
            return _CONTINUE if self._on_audio(heard, words) else _STOP
        except BaseException as error:  # noqa: BLE001
            self._failure = error
            return _STOP


def _word_events(events: Any) -> list[WordEvent]:
    words: list[WordEvent] = []
    index = 0
    while (event := events[index]).type != _EVENT_LIST_END:
        if event.type == _EVENT_WORD:
            # The library counts characters from 1.
            words.append(WordEvent(start_char=event.text_position - 1, length=event.length, sample=event.sample))
        index += 1
    return words


def _load_copy(library_path: Path) -> ctypes.CDLL:
    """Load a copy of the file: the loader would give the same globals for the same file again."""
    with tempfile.TemporaryDirectory(prefix="syrinx-espeak-", ignore_cleanup_errors=True) as folder:
        copied = Path(folder) / library_path.name
        try:
            shutil.copyfile(library_path, copied)
            return ctypes.CDLL(str(copied))
        except OSError as error:
            raise EngineUnavailable(
                f"espeak-ng cannot be loaded from a temporary copy ({error}): "
                "set TMPDIR to a folder that may hold executable files, or reinstall espeakng-loader"
            ) from error


def _declare(library: ctypes.CDLL) -> None:
    int_, uint, text, anything = ctypes.c_int, ctypes.c_uint, ctypes.c_char_p, ctypes.c_void_p
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "espeak_Initialize": (int_, [int_, int_, text, int_]),
        "espeak_SetSynthCallback": (None, [_Callback]),
        "espeak_SetVoiceByName": (int_, [text]),
        "espeak_SetParameter": (int_, [int_, int_, int_]),
        "espeak_Synth": (int_, [text, ctypes.c_size_t, uint, int_, uint, uint, ctypes.POINTER(uint), anything]),
        "espeak_ListVoices": (ctypes.POINTER(ctypes.POINTER(_Voice)), [anything]),
        "espeak_TextToPhonemes": (text, [ctypes.POINTER(text), int_, int_]),
        "espeak_Terminate": (int_, []),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def _succeed(status: int, purpose: str) -> None:
    if status != 0:
        raise EngineError(f"espeak-ng could not {purpose} (its error {status})")
