"""The faster-whisper library as the engine uses it: half a minute of audio at a time, nothing ever downloaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from syrinx.engines.freed_memory import give_back_freed_memory
from syrinx.engines.stt.local_agreement import TimedWord
from syrinx.engines.stt.whisper_doubts import Hypothesis, is_repetitive
from syrinx.engines.stt.whisper_files import is_distilled
from syrinx.errors import EngineUnavailable

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

SAMPLE_RATE_HZ: Final = 16_000
WINDOW_S: Final = 29.0
"""The longest audio of one decoding; the model hears 30 s."""

COMPUTE_TYPES: Final = (
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)
DEVICES: Final = ("auto", "cpu", "cuda")

Audio = npt.NDArray[np.float32]
"""Shape (samples,) at 16 kHz, -1 to 1."""

_HOTWORD_TOKENS: Final = 80
_CONTEXT_TOKENS: Final = 80
_TOKENS_PER_S: Final = 15
"""More than anybody says, in any script; a loop is ended by it."""
_MOST_TOKENS: Final = 220
_WITHOUT_SPACES: Final = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Those whose words the library does not divide at spaces."""
_OTHER_NAMES: Final = {"jw": "jv"}
"""Whisper's own name of a language -> BCP 47."""


Unwanted = Callable[[], bool]
"""Asked in the decoding thread: does nobody wait for this any more?"""


def never() -> bool:
    return False


class Abandoned(Exception):
    """A decoding was given up because nobody waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to decode."""

    language: str
    """A tag of the recogniser's."""
    translate: bool = False
    beam_size: int = 1
    hotwords: tuple[str, ...] = ()
    context: str = ""
    """What was said before."""
    temperature: float = 0.0
    """How freely it chooses among likely words; above 0 it draws, and looks at one hypothesis only."""


class Recognizer(Protocol):
    """Called in threads, by several at once."""

    @property
    def languages(self) -> tuple[str, ...]:
        """BCP 47 primary tags; English first. More than one means that it can find out which is spoken."""
        ...

    @property
    def translates(self) -> bool:
        """Whether it was taught to write in English what is said in other languages."""
        ...

    def decode(self, windows: Sequence[Audio], manner: Manner, unwanted: Unwanted = never) -> list[Hypothesis]:
        """One hypothesis for each window of at most `WINDOW_S`; times are from the window's first sample.

        Raises Abandoned between two steps once `unwanted` says so: a window is heard, then written.
        """
        ...

    def detect(self, audio: Audio) -> str:
        """Which of the languages is spoken."""
        ...


class FasterWhisper:
    def __init__(self, model: WhisperModel, *, translates: bool) -> None:
        """`translates` is what the files say; a model that knows English only does not in any case."""
        self._model = model
        # The library names every language of the newest model; one without a token would be decoded as no language.
        has_token = model.hf_tokenizer.token_to_id
        spoken = [tag for tag in model.supported_languages if tag == "en" or has_token(f"<|{tag}|>") is not None]
        known = sorted(_OTHER_NAMES.get(tag, tag) for tag in spoken)
        self.languages = ("en", *(tag for tag in known if tag != "en"))
        self.translates = translates and len(self.languages) > 1
        self.device = str(model.model.device)
        """cpu or cuda."""

    def close(self) -> None:
        """Free the weights, whoever still holds this; nothing may be decoded any more."""
        self._model.model.unload_model()
        give_back_freed_memory()

    def decode(self, windows: Sequence[Audio], manner: Manner, unwanted: Unwanted = never) -> list[Hypothesis]:
        found = self._pass(windows, manner, unwanted)
        again = [number for number, hypothesis in enumerate(found) if is_repetitive(hypothesis)]
        # The library would try again at up to five temperatures; one more pass that forbids loops costs less than one.
        if again:
            better = self._pass([windows[number] for number in again], manner, unwanted, no_repeat_ngram_size=3)
            for number, hypothesis in zip(again, better, strict=True):
                found[number] = hypothesis
        return found

    def detect(self, audio: Audio) -> str:
        tag = self._model.detect_language(audio=audio)[0]
        return _OTHER_NAMES.get(tag, tag)

    def _pass(
        self, windows: Sequence[Audio], manner: Manner, unwanted: Unwanted, *, no_repeat_ngram_size: int = 0
    ) -> list[Hypothesis]:
        from faster_whisper import BatchedInferencePipeline  # noqa: PLC0415 - heavy, loaded only where an ear is opened

        # The batched pipeline, even for one window: it decodes exactly once, where `WhisperModel.transcribe` begins
        # again behind the last word of a window and finds words in its silence. It keeps state: each call has its own.
        ends = [float(end) / SAMPLE_RATE_HZ for end in np.cumsum([window.size for window in windows])]
        starts = [0.0, *ends[:-1]]
        longest_s = max(window.size for window in windows) / SAMPLE_RATE_HZ
        model = cast("WhisperModel", _Interruptible(self._model, unwanted, draws=manner.temperature > 0))
        segments, _ = BatchedInferencePipeline(model).transcribe(
            windows[0] if len(windows) == 1 else np.concatenate(windows),
            language=next((own for own, tag in _OTHER_NAMES.items() if tag == manner.language), manner.language),
            task="translate" if manner.translate else "transcribe",
            beam_size=1 if manner.temperature else manner.beam_size,
            temperature=manner.temperature,
            word_timestamps=True,
            vad_filter=False,
            # Half a sample more, because the library rounds down.
            clip_timestamps=[
                {
                    "start": (start * SAMPLE_RATE_HZ + 0.5) / SAMPLE_RATE_HZ,
                    "end": (end * SAMPLE_RATE_HZ + 0.5) / SAMPLE_RATE_HZ,
                }
                for start, end in zip(starts, ends, strict=True)
            ],
            batch_size=len(windows),
            max_new_tokens=min(_MOST_TOKENS, 20 + int(_TOKENS_PER_S * longest_s)),
            no_repeat_ngram_size=no_repeat_ngram_size,
            hotwords=self._bounded(manner.hotwords),
            initial_prompt=self._recent(manner.context),
        )
        found = [Hypothesis()] * len(windows)
        for segment in segments:
            number = min(int(np.searchsorted(ends, segment.seek / 100.0 + 0.005, side="right")), len(windows) - 1)
            spaced = manner.translate or manner.language not in _WITHOUT_SPACES
            found[number] = _hypothesis(segment, starts[number], ends[number] - starts[number], spaced=spaced)
        return found

    def _recent(self, context: str) -> str | None:
        """The end of what was said before, likewise bounded."""
        recent = context[-4 * _CONTEXT_TOKENS :]
        while self._tokens(recent) > _CONTEXT_TOKENS:
            recent = recent[len(recent) // 4 + 1 :]
        if recent != context and " " in recent:
            recent = recent.partition(" ")[2]
        return recent or None

    def _tokens(self, text: str) -> int:
        return len(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)

    def _bounded(self, hotwords: Sequence[str]) -> str | None:
        """As many as leave the model room for what is said."""
        taken: list[str] = []
        tokens = 0
        for word in filter(None, map(str.strip, hotwords)):
            more = self._tokens(f", {word}")
            if tokens + more <= _HOTWORD_TOKENS:  # one that is too long does not keep out those after it
                tokens += more
                taken.append(word)
        return ", ".join(taken) or None


class _Interruptible:
    """The model, but that hearing a window, most of the work and one call, is left where the result is unwanted."""

    def __init__(self, model: WhisperModel, unwanted: Unwanted, *, draws: bool) -> None:
        self._whole = model
        self._unwanted = unwanted
        self._draws = draws

    @property
    def model(self) -> Any:
        return _Drawing(self._whole.model) if self._draws else self._whole.model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def encode(self, features: Any) -> Any:
        if self._unwanted():
            raise Abandoned
        encoded = self._whole.encode(features)
        if self._unwanted():
            raise Abandoned
        return encoded


class _Drawing:
    """The decoder, but that it chooses among all words: the batched pipeline names a temperature and leaves it at the
    likeliest one, among which there is nothing to choose."""

    def __init__(self, decoder: Any) -> None:
        self._whole = decoder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def generate(self, *args: Any, **options: Any) -> Any:
        return self._whole.generate(*args, **options, sampling_topk=0)


def _hypothesis(segment: Any, start_s: float, length_s: float, *, spaced: bool) -> Hypothesis:
    words: list[TimedWord] = []
    last_s = 0.0
    for word in segment.words or ():
        begins_s = min(max(float(word.start) - start_s, last_s), length_s)
        last_s = min(max(float(word.end) - start_s, begins_s), length_s)
        if spaced and words and not word.word.startswith(" "):
            # A part of the word before it, such as what follows an apostrophe.
            words[-1] = replace(words[-1], text=words[-1].text + word.word, end_s=last_s)
        else:
            words.append(TimedWord(text=word.word, start_s=begins_s, end_s=last_s))
    return Hypothesis(
        words=tuple(words),
        avg_logprob=min(float(segment.avg_logprob), 0.0),
        no_speech_prob=float(segment.no_speech_prob),
    )


def load(folder: Path, *, device: str, compute_type: str, threads: int, decoders: int) -> FasterWhisper:
    """Load in a thread. Raises EngineUnavailable, with what would have been right."""
    import ctranslate2  # noqa: PLC0415 - as above
    from faster_whisper import WhisperModel  # noqa: PLC0415 - as above

    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    elif device == "cuda" and not ctranslate2.get_cuda_device_count():
        raise EngineUnavailable("Whisper finds no CUDA device here: set `device` to cpu or auto")
    if compute_type == "auto":
        compute_type = "float16" if device == "cuda" else "int8"
    supported = ctranslate2.get_supported_compute_types(device)
    if compute_type not in supported:
        raise EngineUnavailable(
            f"`compute_type` {compute_type} does not work on this {device}: {', '.join(sorted(supported))} do"
        )
    try:
        return FasterWhisper(
            WhisperModel(
                str(folder),
                device=device,
                compute_type=compute_type,
                cpu_threads=threads,
                num_workers=decoders,
                local_files_only=True,
            ),
            translates=not is_distilled(folder / "model.bin"),
        )
    except MemoryError as error:
        raise EngineUnavailable(_TOO_BIG.format(folder)) from error
    except Exception as error:  # the library has no errors of its own: whatever it raises, the model does not load
        if "out of memory" in str(error).lower() or "bad_alloc" in str(error):
            raise EngineUnavailable(_TOO_BIG.format(folder)) from error
        raise EngineUnavailable(
            f"the Whisper model in {folder} does not load: {error}. Fetch it again: syrinx models pull whisper-base"
        ) from error


_TOO_BIG: Final = "the Whisper model in {} is too big for the memory here: take a smaller one, or `compute_type` int8"
