"""A language model's folder: CTranslate2's files, the tokenizer's, and what they say of how the model is to be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from syrinx.errors import ConfigurationError

VOCABULARIES: Final = ("vocabulary.json", "vocabulary.txt")
_LARGEST_JSON_BYTES = 64 << 20
"""The largest tokenizers have about 30 MB."""
_SPECIAL_NAMES = ("bos_token", "eos_token", "pad_token", "unk_token")
_ENDS: Final = (
    *("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|end_of_text|>", "<|endoftext|>"),
    *("<end_of_turn>", "<eos>", "</s>", "<|end_of_turn|>", "<|end▁of▁sentence|>"),
    # A model that begins the next turn itself has ended its own.
    *("<|im_start|>", "<|start_header_id|>", "<start_of_turn>"),
)
"""What ends a turn in the families that CTranslate2 runs; those that are in the vocabulary count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is drawn unless the request says otherwise; the defaults suit small models in a talk."""

    temperature: float = 0.7
    """0: always the likeliest."""
    top_k: int = 40
    """0: any of the vocabulary."""
    top_p: float = 0.95
    repetition_penalty: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    path: Path
    template: str
    special_tokens: Mapping[str, str]
    """By the names that chat templates use: bos_token and so on."""
    end_tokens: tuple[str, ...]
    """That may end a turn, as the files name them; not all need be in the vocabulary."""
    end_ids: tuple[int, ...]
    """Further ones that the files give as numbers."""
    context_tokens: int | None
    """What the model was trained for; None where its files do not say."""
    sampling: Sampling


def read_folder(path: Path) -> ModelFolder:
    """Read all but the weights and the tokenizer. Raises ConfigurationError that names what is missing or wrong."""
    if not path.is_dir():
        raise ConfigurationError(f"{path} is no folder: `path` is the folder that holds a model's files")
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (path / name).is_file()]
    if not any((path / name).is_file() for name in VOCABULARIES):
        missing.append(VOCABULARIES[0])
    if missing:
        raise ConfigurationError(f"{path} is no CTranslate2 language model: {', '.join(missing)} is missing there")
    config = _object(path / "config.json")
    settings = _object(path / "tokenizer_config.json")
    generation = _object(path / "generation_config.json")
    special = {
        name: text for name in _SPECIAL_NAMES if (text := _token(settings.get(name)) or _token(config.get(name)))
    }
    ends = dict.fromkeys([_token(config.get("eos_token")), _token(settings.get("eos_token")), *_ENDS])
    return ModelFolder(
        path=path,
        template=_template(path, settings),
        special_tokens={name: token for name, token in special.items() if token},
        end_tokens=tuple(token for token in ends if token),
        end_ids=_ids(generation.get("eos_token_id")) or _ids(config.get("eos_token_id")),
        context_tokens=_context(settings, config),
        sampling=_sampling(generation),
    )


def _object(file: Path) -> Mapping[str, Any]:
    """The JSON object in a file; an empty one where the file is missing."""
    if not file.exists():
        return {}
    try:
        if file.stat().st_size > _LARGEST_JSON_BYTES:
            raise ConfigurationError(f"{file} is larger than any that belongs to a model")
        value: object = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file} is no JSON: get the model again") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"{file} holds no JSON object: get the model again")
    return cast("dict[str, Any]", value)


def _template(path: Path, settings: Mapping[str, Any]) -> str:
    """The file of its own comes first, then the setting: one template, or the one of several that is the default."""
    file = path / "chat_template.jinja"
    if file.is_file():
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{file} is no text in UTF-8: get the model again") from error
    named: object = settings.get("chat_template")
    if isinstance(named, list):
        entries = [cast("dict[str, object]", entry) for entry in cast("list[object]", named) if isinstance(entry, dict)]
        named = next((entry.get("template") for entry in entries if entry.get("name") == "default"), None)
    if not isinstance(named, str) or not named.strip():
        raise ConfigurationError(
            f"{path} has no chat template, neither chat_template.jinja nor in tokenizer_config.json: "
            "take a model that was made for talks, which are often called instruct or chat"
        )
    return named


def _token(value: object) -> str:
    """A token is written as a text, or as an object with its text as `content`."""
    if isinstance(value, dict):
        value = cast("dict[str, object]", value).get("content")
    return value if isinstance(value, str) else ""


def _ids(value: object) -> tuple[int, ...]:
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, int) and not isinstance(each, bool) and each >= 0)


def _context(settings: Mapping[str, Any], config: Mapping[str, Any]) -> int | None:
    """Some tokenizers give a number with thirty digits for "unknown"."""
    for value in (config.get("max_position_embeddings"), settings.get("model_max_length")):
        if isinstance(value, int | float) and 1 <= value <= 10_000_000:
            return int(value)
    return None


def _sampling(generation: Mapping[str, Any]) -> Sampling:
    usual = Sampling()

    def number(name: str, default: float, least: float, most: float) -> float:
        value: object = generation.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            return default
        return float(value)

    return Sampling(
        temperature=0.0 if generation.get("do_sample") is False else number("temperature", usual.temperature, 0, 2),
        top_k=int(number("top_k", usual.top_k, 0, 1_000)),
        top_p=number("top_p", usual.top_p, 0.01, 1),
        repetition_penalty=number("repetition_penalty", usual.repetition_penalty, 0.5, 2),
    )
