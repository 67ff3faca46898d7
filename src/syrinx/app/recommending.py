"""Says which model of each kind suits this machine, and when a better one than that in use is a click away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from syrinx.engines.models import CatalogueModel, ModelKind

KINDS: Final[tuple[ModelKind, ...]] = ("stt", "tts", "llm")
"""In the order in which a better one helps a talk most: who is misheard gains nothing by a finer voice."""

SHARE_OF_MEMORY: Final = 4
"""A model may take one part in so many of the machine's memory: three kinds run at once, and the last part is the
browser's and the system's."""

BYTES_PER_CORE: Final[Mapping[ModelKind, int]] = MappingProxyType(
    {"stt": 90_000_000, "tts": 180_000_000, "llm": 450_000_000}
)
"""How large a model's files may be per core, without CUDA, for it to keep up with a talk.

The figures are of random weights of the models' shapes at int8 (CTranslate2 4.8) on two virtual cores of an AMD EPYC
server; times depend on the shape alone.

- stt: every decode encodes a window of 30 s, however little was said. With ten words tiny (75 MB) takes 0.3 s, base
  (145 MB) 0.65 s, small (484 MB) 2.6 s. A final is wanted within 1.2 s, and partials before it: base needs two cores,
  small six.
- tts: Kokoro in full precision has 354 MB and is left to two cores.
- llm: 0.5 billion parameters (0.6 GB) read a prompt of 500 tokens in 1.0 s and write 15 tokens a second; 1.5 billion
  (1.7 GB) take three times as long: one or two cores, and four.
"""

LEAST_CORES: Final[Mapping[ModelKind, int]] = MappingProxyType({"stt": 1, "tts": 2, "llm": 2})
"""However small the files are. Kokoro's int8 form (116 MB) is smaller and no quicker: its weights are widened again at
every step (github.com/microsoft/onnxruntime/issues/25366, github.com/k2-fsa/sherpa-onnx/issues/575), so it is the
choice where memory is short and not where cores are. A local mind on one core would starve the ear and the voice."""

LARGEST_EAR_WITHOUT_CUDA_BYTES: Final = 1_000_000_000
"""The encoders of medium, large and turbo are too slow for a talk on any usual CPU: turbo's took 16 s for a window
where small's took 2 s."""

AS_GOOD: Final = 2
"""So close in preference, more languages are the better choice: Whisper's English forms hear English a little better
than those of their size that hear everything, and can neither detect a language nor translate."""


def recommend(
    models: Iterable[CatalogueModel],
    *,
    language: str,
    memory_bytes: int,
    cores: int,
    cuda: bool,
    measured: Mapping[str, bool] | None = None,
) -> dict[ModelKind, CatalogueModel]:
    """The best model of each kind that this machine can be expected to run in a talk; a kind for which there is none
    is left out.

    `language` is a talk's (BCP 47); `memory_bytes` all that is installed and `cores` the logical ones; `cuda` whether
    Whisper and the local mind find a GPU (the voices' runtime in the base install uses none). `measured` says by name
    whether a model proved fast enough here: that overrules what is expected of its speed, and an ear or mind that is
    larger than one that proved too slow is not recommended either.
    """
    proved = measured or {}
    offered = tuple(models)
    slow = [model for model in offered if proved.get(model.name) is False]

    def quick_enough(model: CatalogueModel) -> bool:
        if model.name in proved:
            return proved[model.name]
        if model.kind != "tts" and any(
            each.engine == model.engine and each.size_bytes <= model.size_bytes for each in slow
        ):
            return False
        return _expected_quick_enough(model, cores=cores, cuda=cuda)

    found: dict[ModelKind, CatalogueModel] = {}
    for kind in KINDS:
        fitting = [
            model
            for model in offered
            if model.kind == kind
            and serves(model, language)
            and model.memory_bytes * SHARE_OF_MEMORY <= memory_bytes
            and quick_enough(model)
        ]
        if fitting:
            best = max(model.preference for model in fitting)
            found[kind] = max(
                (model for model in fitting if model.preference >= best - AS_GOOD),
                key=lambda each: (len(each.languages), each.preference, -each.size_bytes),
            )
    return found


def serves(model: CatalogueModel, language: str) -> bool:
    """Whether it understands or speaks the language (BCP 47)."""
    return language.lower().partition("-")[0] in model.languages


def _expected_quick_enough(model: CatalogueModel, *, cores: int, cuda: bool) -> bool:
    if cuda and model.kind != "tts":
        return True
    if cores < LEAST_CORES[model.kind]:
        return False
    if model.kind == "stt" and model.size_bytes > LARGEST_EAR_WITHOUT_CUDA_BYTES:
        return False
    return model.size_bytes <= cores * BYTES_PER_CORE[model.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """What serves a kind in a talk that names no engine."""

    engine: str
    basic: bool
    """Built in: needs no model (PocketSphinx, espeak-ng, flite, the companion)."""
    remote: bool = False
    chosen_by_name: bool = False
    """The settings name it, so it was not taken for want of a better one."""
    serves_language: bool = True
    """Whether it understands or speaks the language of the talk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Better:
    """A model that would serve better than what is in use; `says` why, to a person."""

    model: CatalogueModel
    says: str


def better(
    recommended: Mapping[ModelKind, CatalogueModel],
    *,
    in_use: Mapping[ModelKind, InUse],
    installed: Collection[str],
) -> tuple[Better, ...]:
    """What is worth a notice in Talk, the most helpful first. `recommended` is what `recommend` answered.

    Nothing is said of a kind that a model or a remote service already serves, that somebody set to the basic engine
    by name, or whose recommended model is `installed` (by name) and not used for a reason of its own.
    """
    return tuple(
        Better(model=model, says=_says(model, using))
        for kind in KINDS
        if (model := recommended.get(kind)) is not None
        and (using := in_use.get(kind)) is not None
        and model.name not in installed
        and using.basic
        and not using.remote
        and not using.chosen_by_name
    )


def _says(model: CatalogueModel, using: InUse) -> str:
    match model.kind:
        case "stt" if not using.serves_language:
            return f"The basic ear does not understand the language of your talk. {model.title} does."
        case "stt":
            return f"The basic ear mishears much. {model.title} understands you far better."
        case "tts" if not using.serves_language:
            return f"No voice here speaks the language of your talk. {model.title} does."
        case "tts":
            return f"The basic voice sounds like a machine. {model.title} sounds much more like a person."
        case "llm":
            return (
                f"A script answers you, which understands little. {model.title} thinks on this machine, "
                "without an account."
            )
