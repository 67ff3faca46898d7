"""A loaded local language model, used by one thread: CTranslate2's generator, its tokenizer and its chat template."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import ctranslate2
from tokenizers import Tokenizer

from syrinx.engines.llm.chat_template import ChatTemplate
from syrinx.engines.llm.contract import ReplyRequest
from syrinx.engines.llm.local_folder import ModelFolder, Sampling, read_folder
from syrinx.engines.llm.local_prompt import Prompt, PromptMaker
from syrinx.engines.llm.local_settings import CONTEXT_TOKENS, LocalSettings
from syrinx.engines.llm.local_text import TokenText
from syrinx.engines.llm.thinking import ThinkingFilter
from syrinx.engines.llm.warm_prefix import WarmPrefix
from syrinx.engines.machine import usable_cores
from syrinx.engines.threads import Emit
from syrinx.errors import ConfigurationError, EngineEmpty, EngineError, EngineUnavailable

_MOST_THREADS = 8
"""More cores than this wait for the memory, not for each other."""
_ON_CUDA = ("int8_float16", "float16", "int8_float32")
"""The first that the card can do."""
_UNLOAD_TRIES, _UNLOAD_PAUSE_S = 100, 0.01
_SAMPLES = 1_000
"""Tokens that are compared: all of a large vocabulary would take a quarter of a second."""
_FAILURES = (RuntimeError, ValueError, MemoryError)
"""What CTranslate2 raises: for files, for settings, and when there is no room."""


class LocalMind:
    """`reply` and `settle` are called by one thread at a time, `stop` by any, `close` when these have returned."""

    def __init__(self, settings: LocalSettings) -> None:
        """Load everything and have one token made. Raises EngineUnavailable that says what does not fit."""
        self._name = settings.model
        self._max_tokens = settings.max_tokens
        self._stopped = threading.Event()
        self._warm = WarmPrefix()
        try:
            folder = read_folder(settings.path)
            self._tokenizer = _tokenizer(folder.path)
            self._ends = _end_ids(folder, self._tokenizer)
            _check_vocabulary(folder.path, self._tokenizer)
            self._prompts = PromptMaker(ChatTemplate(folder.template, folder.special_tokens), self._tokenizer)
            self._generator, self.device = _loaded(settings, self._tokenizer.id_to_token(self._ends[0]) or "")
        except ConfigurationError as error:
            raise EngineUnavailable(f"{settings.model} cannot be used: {error.message}") from error
        self._sampling = folder.sampling
        self.context_tokens = settings.context_tokens or min(
            CONTEXT_TOKENS[self.device], folder.context_tokens or CONTEXT_TOKENS[self.device]
        )

    def reply(self, request: ReplyRequest, emit: Emit[str]) -> None:
        """Emit the reply's text, and "" for tokens that say nothing; stop within one token when nobody reads.

        Raises EngineEmpty, EngineError and BadInput.
        """
        limit = request.max_tokens or self._max_tokens
        try:
            prompt = self._prompts.make(request.messages, self.context_tokens - min(limit, self.context_tokens // 2))
            self._say(prompt, request, min(limit, self.context_tokens - prompt.length), emit)
        except ConfigurationError as error:
            raise EngineError(
                f"{self._name} does not take this conversation: {error.message}", retryable=False
            ) from error
        except _FAILURES as error:
            raise EngineError(f"{self._name} failed: {error}") from error

    def settle(self) -> None:
        """Between two replies: read in again with the prompt's beginning that is used now, where that has changed."""
        prefix = self._warm.successor
        if not prefix or self._stopped.is_set():
            return
        # The library does nothing while the last request is still being put away, and does not say so.
        for _ in range(_UNLOAD_TRIES):
            self._generator.unload_model()
            if not self._generator.model_is_loaded or self._stopped.wait(_UNLOAD_PAUSE_S):
                break
        if self._generator.model_is_loaded:
            return
        self._warm.forget()
        try:
            self._generator.load_model()
            self._warm.serves(prefix)
            first = self._generator.generate_tokens([prefix[-1]], max_length=1, static_prompt=list(prefix))
            for _ in first:
                pass
        except _FAILURES:
            # The next reply loads it, or says what is wrong.
            self._warm.forget()

    @property
    def restless(self) -> bool:
        """Whether `settle` has something to do."""
        return bool(self._warm.successor)

    def stop(self) -> None:
        """End the reply under way within one token."""
        self._stopped.set()

    def close(self) -> None:
        """Free the weights. A process that ends with a generator at work is aborted: `stop` comes first."""
        del self._generator

    def _say(self, prompt: Prompt, request: ReplyRequest, limit: int, emit: Emit[str]) -> None:
        if not self._generator.model_is_loaded:
            self._generator.load_model()
        thinking, text = ThinkingFilter(), TokenText(self._tokenizer)
        if prompt.thinks:
            thinking.feed("<think>")
        warm = self._warm.serves(prompt.prefix)
        steps = self._generator.generate_tokens(
            list(prompt.rest if warm else (*prompt.prefix, *prompt.rest)),
            static_prompt=list(prompt.prefix) if warm else None,
            max_length=limit,
            end_token=list(self._ends),
            **_drawing(self._sampling, request.temperature),
        )
        said = False
        try:
            for step in steps:
                if self._stopped.is_set():
                    raise EngineError(f"{self._name} was closed while it was answering: ask again")
                new = "" if step.token_id in self._ends else thinking.feed(text.feed(step.token_id))
                said = said or bool(new.strip())
                if not emit(new):
                    return
        finally:
            steps.close()
        rest = thinking.feed(text.finish()) + thinking.finish()
        if not said and not rest.strip():
            only = "only thoughts, no answer: allow it more tokens" if thinking.thought else "nothing"
            raise EngineEmpty(f"{self._name} answered with {only}")
        emit(rest)


def _drawing(sampling: Sampling, temperature: float | None) -> dict[str, Any]:
    heat = sampling.temperature if temperature is None else temperature
    if heat == 0:
        return {"sampling_topk": 1, "repetition_penalty": sampling.repetition_penalty}
    return {
        "sampling_temperature": heat,
        "sampling_topk": sampling.top_k,
        "sampling_topp": sampling.top_p,
        "repetition_penalty": sampling.repetition_penalty,
    }


def _tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path / "tokenizer.json"))
    except Exception as error:
        raise ConfigurationError(f"{path / 'tokenizer.json'} is no tokenizer ({error}): get the model again") from error


def _end_ids(folder: ModelFolder, tokenizer: Tokenizer) -> tuple[int, ...]:
    named = [tokenizer.token_to_id(token) for token in folder.end_tokens]
    numbered = [number for number in folder.end_ids if tokenizer.id_to_token(number) is not None]
    ends = tuple(dict.fromkeys([number for number in named if number is not None] + numbered))
    if not ends:
        raise ConfigurationError(
            f"nothing in {folder.path} says what ends a reply: its generation_config.json should have eos_token_id"
        )
    return ends


def _check_vocabulary(path: Path, tokenizer: Tokenizer) -> None:
    """Raises ConfigurationError when weights and tokenizer are not of the same model: it would talk nonsense."""
    file = path / "vocabulary.json"
    try:
        if file.is_file():
            tokens: list[object] = json.loads(file.read_text(encoding="utf-8"))
        else:
            tokens = list((path / "vocabulary.txt").read_text(encoding="utf-8").split("\n"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the vocabulary in {path} cannot be read: get the model again") from error
    numbers = range(0, len(tokens), max(1, len(tokens) // _SAMPLES))
    pairs = [(tokens[number], tokenizer.id_to_token(number)) for number in numbers]
    # Converters fill numbers that the tokenizer leaves out, and some rename a mark or two.
    strange = sum(theirs is not None and token != theirs for token, theirs in pairs)
    if strange * 100 > len(pairs):
        raise ConfigurationError(f"weights and tokenizer in {path} are of different models: get the model again")


def _loaded(settings: LocalSettings, any_token: str) -> tuple[Any, str]:
    """The generator, tried out, and where it runs. A card that does not work is passed over unless it was asked for."""
    device = settings.device
    if device == "auto":
        try:
            if ctranslate2.get_cuda_device_count() > 0:
                return _tried_out(settings, "cuda", any_token), "cuda"
        except _FAILURES:
            pass  # its driver or libraries do not fit: the processor always does
        device = "cpu"
    try:
        return _tried_out(settings, device, any_token), device
    except _FAILURES as error:
        raise ConfigurationError(f"the weights do not load ({' '.join(str(error).split())[:300]})") from error


def _tried_out(settings: LocalSettings, device: str, any_token: str) -> Any:
    compute_type = settings.compute_type
    if compute_type == "auto":
        able = ctranslate2.get_supported_compute_types(device)
        best = ("int8",) if device == "cpu" else _ON_CUDA
        compute_type = next((each for each in best if each in able), "default")
    generator = ctranslate2.Generator(
        str(settings.path),
        device=device,
        compute_type=compute_type,
        inter_threads=1,
        intra_threads=settings.threads or min(_MOST_THREADS, usable_cores()),
    )
    for _ in generator.generate_tokens([any_token], max_length=1):
        pass
    return generator
