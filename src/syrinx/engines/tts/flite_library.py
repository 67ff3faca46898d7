"""The system's Flite libraries, spoken to through ctypes, one utterance at a time.

An utterance carries its own speed, pitch and callback; the voices, which are shared, are only read. The library ends
the whole process on a feature of another type than it expects, so only features that every voice has are read.
Signatures: `flite.h`, `cst_utterance.h`, `cst_item.h` and `cst_audio.h` of Flite 2.2.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from syrinx.errors import EngineError, EngineUnavailable

LIBRARY = "libflite.so.1"
VOICE_LIBRARY = "libflite_cmu_us_{voice}.so.1"
CHUNK_SAMPLES = 960
SAMPLE_RATE_HZ = 16_000

_CONTINUE, _STOP = 0, -1
_FIRST_SEGMENT_BEGINS = b"R:Token.daughter1.R:SylStructure.daughter1.daughter1.R:Segment.p.end"
_LAST_SEGMENT_ENDS = b"R:Token.daughtern.R:SylStructure.daughtern.daughtern.R:Segment.end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A written word as the library cut it, punctuation taken off; 0 where it has no sound of its own."""

    text: str
    start_s: float
    end_s: float


OnAudio = Callable[[bytes, list[Token]], bool]
"""Takes the next stretch of s16le PCM and, the first time, all tokens of the utterance; False stops the library."""


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(_Wave), ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p
)


class _StreamingInfo(ctypes.Structure):
    _fields_ = (
        ("min_buffsize", ctypes.c_int),
        ("callback", _Callback),
        ("userdata", ctypes.c_void_p),
        ("utterance", ctypes.c_void_p),
        ("item", ctypes.c_void_p),
    )


class _Utterance(ctypes.Structure):
    # Only the first of its fields, which is the one needed.
    _fields_ = (("features", ctypes.c_void_p),)


class FliteLibrary:
    """Loads the library and those of `voices` that are there. They stay loaded: Flite has no way to unload a voice."""

    def __init__(self, voices: tuple[str, ...]) -> None:
        try:
            self._library = ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise EngineUnavailable(f"{LIBRARY} is missing ({error}): apt install libflite1") from error
        _declare(self._library)
        self._library.flite_init()
        self._voices = {voice: pointer for voice in voices if (pointer := _register(voice)) is not None}
        if not self._voices:
            raise EngineUnavailable(f"none of Flite's voices {', '.join(voices)} is there: apt install libflite1")

    @property
    def voices(self) -> tuple[str, ...]:
        return tuple(self._voices)

    def speak(self, text: str, *, voice: str, stretch: float, pitch_factor: float, on_audio: OnAudio) -> None:
        """Speak ASCII text, calling `on_audio` from this thread as the speech is made; returns when all is said.

        `stretch` multiplies the duration of every sound, `pitch_factor` the frequency of the voice. What `on_audio`
        raises ends the speech and is raised here. Safe to call from several threads.
        """
        library = self._library
        utterance = library.new_utterance()
        if not utterance:
            raise EngineError("flite has no memory for another utterance")
        failures: list[BaseException] = []
        tokens: list[Token] | None = None

        def receive(wave: Any, start: int, size: int, _last: int, _info: int) -> int:
            # An exception that left a ctypes callback would only be printed, so it waits for the end of the utterance.
            nonlocal tokens
            try:
                announced = [] if tokens is not None else _tokens(library, utterance)
                tokens = announced if tokens is None else tokens
                pcm = ctypes.string_at(wave.contents.samples + 2 * start, 2 * size)
                return _CONTINUE if on_audio(pcm, announced) else _STOP
            except BaseException as error:  # noqa: BLE001
                failures.append(error)
                return _STOP

        callback = _Callback(receive)
        try:
            library.utt_set_input_text(utterance, text.encode("ascii"))
            library.utt_init(utterance, self._voices[voice])
            features = utterance.contents.features
            library.feat_set_float(features, b"duration_stretch", stretch)
            library.feat_set_float(features, b"f0_shift", pitch_factor)
            streaming = library.new_audio_streaming_info()
            streaming.contents.min_buffsize = CHUNK_SAMPLES
            streaming.contents.callback = callback
            # The utterance owns it from here on.
            library.feat_set(features, b"streaming_info", library.audio_streaming_info_val(streaming))
            if not library.utt_synth(utterance):
                raise EngineError("flite could not speak this text")
        finally:
            library.delete_utterance(utterance)
        if failures:
            raise failures[0]


def _tokens(library: ctypes.CDLL, utterance: Any) -> list[Token]:
    tokens: list[Token] = []
    item = library.relation_head(library.utt_relation(utterance, b"Token"))
    while item:
        tokens.append(
            Token(
                text=library.item_feat_string(item, b"name").decode("ascii", "replace"),
                start_s=library.ffeature_float(item, _FIRST_SEGMENT_BEGINS),
                end_s=library.ffeature_float(item, _LAST_SEGMENT_ENDS),
            )
        )
        item = library.item_next(item)
    return tokens


def _register(voice: str) -> int | None:
    try:
        library = ctypes.CDLL(VOICE_LIBRARY.format(voice=voice))
        register = getattr(library, f"register_cmu_us_{voice}")
    except (OSError, AttributeError):
        return None
    register.restype, register.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    return register(None)


def _declare(library: ctypes.CDLL) -> None:
    anything, text, real = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float
    utterance, streaming = ctypes.POINTER(_Utterance), ctypes.POINTER(_StreamingInfo)
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "flite_init": (ctypes.c_int, []),
        "new_utterance": (utterance, []),
        "utt_set_input_text": (ctypes.c_int, [utterance, text]),
        "utt_init": (anything, [utterance, anything]),
        "utt_synth": (anything, [utterance]),
        "delete_utterance": (None, [utterance]),
        "feat_set_float": (None, [anything, text, real]),
        "feat_set": (None, [anything, text, anything]),
        "new_audio_streaming_info": (streaming, []),
        "audio_streaming_info_val": (anything, [streaming]),
        "utt_relation": (anything, [utterance, text]),
        "relation_head": (anything, [anything]),
        "item_next": (anything, [anything]),
        "item_feat_string": (text, [anything, text]),
        "ffeature_float": (real, [anything, text]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
