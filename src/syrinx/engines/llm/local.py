"""A language model on this machine, without another program: CTranslate2 on the processor or an NVIDIA card, no torch.

Options: `path`, the folder of a model converted to CTranslate2 with its tokenizer and chat template; `model`, the name
shown; `device` (auto, cpu, cuda), `compute_type`, `threads`; `context_tokens` and `max_tokens`, which bound what is
read and what is said.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.llm.contract import LanguageModel, LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.llm.local_folder import read_folder
from syrinx.engines.llm.local_settings import LocalSettings, read_settings
from syrinx.engines.llm.request_check import check_request
from syrinx.engines.threads import stream_from_thread
from syrinx.errors import BadInput, ConfigurationError, EngineError, EngineUnavailable

if TYPE_CHECKING:
    from syrinx.engines.llm.local_mind import LocalMind

_PACKAGES = ("ctranslate2", "tokenizers", "jinja2")
_PULL = "syrinx models pull qwen2.5-0.5b"


class LocalLlm:
    """One reply at a time, in the order in which they were asked for: the library does not join requests that are under
    way, and two that share the processor are both slower than one after the other.

    `request.language` makes no difference: the conversation itself tells a model what to speak. A reply that is closed
    ends within one token; while the conversation is still being read it ends after that.
    """

    def __init__(self, mind: LocalMind, executor: ThreadPoolExecutor, model: str) -> None:
        self._mind = mind
        self._executor = executor
        self._capabilities = LlmCapabilities(model=model, context_tokens=mind.context_tokens)

    @property
    def capabilities(self) -> LlmCapabilities:
        return self._capabilities

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        check_request(request)
        if request.model not in {None, self._capabilities.model}:
            raise BadInput(
                f"this engine has no model '{request.model}': ask for {self._capabilities.model}, or for none"
            )
        # Whoever reads slowly does not hold up the thread: a whole reply is a few kilobytes.
        texts = stream_from_thread(
            partial(self._mind.reply, request), executor=self._executor, max_waiting=self._mind.context_tokens + 1
        )
        try:
            async with aclosing(texts):
                async for text in texts:
                    if text:
                        yield TextDelta(text=text)
            if self._mind.restless:
                self._executor.submit(self._mind.settle)
        except RuntimeError as error:  # the thread has been ended
            raise EngineError("the local model was closed: ask again") from error


class LocalProvider:
    info = EngineInfo(
        name="local",
        kind="llm",
        title="Local language model (CTranslate2)",
        licence="MIT",
        host="worker",
        preference=30,
        max_active=1,
        max_queued=16,
    )

    def check(self, options: Options) -> Availability:
        missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
        if missing:
            return Availability(
                available=False,
                reason=f"the package {missing[0]} is missing",
                remedy=f"pip install {' '.join(missing)}",
            )
        try:
            settings = read_settings(options)
            folder = read_folder(settings.path)
        except ConfigurationError as error:
            return Availability(available=False, reason=error.message, remedy=_PULL)
        return Availability(
            available=True,
            facts={
                "version": importlib.metadata.version("ctranslate2"),
                "model": settings.model,
                "path": str(settings.path),
                "weights": f"{(folder.path / 'model.bin').stat().st_size / 1e6:.0f} MB",
            },
        )

    def open(self, options: Options) -> AbstractAsyncContextManager[LanguageModel]:
        return self._open(options)

    @asynccontextmanager
    async def _open(self, options: Options) -> AsyncGenerator[LanguageModel, None]:
        found = self.check(options)
        if not found.available:
            raise EngineUnavailable(f"{found.reason}. Mend it with: {found.remedy}")
        settings = read_settings(options)
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-llm")
        try:
            mind = await asyncio.get_running_loop().run_in_executor(executor, _load, settings)
            try:
                yield LocalLlm(mind, executor, settings.model)
            finally:
                mind.stop()
                await asyncio.to_thread(executor.shutdown)
                mind.close()
        finally:
            executor.shutdown(wait=False)


def _load(settings: LocalSettings) -> LocalMind:
    # The libraries take half a second to import.
    module: Any = import_module("syrinx.engines.llm.local_mind")
    return module.LocalMind(settings)


provider = LocalProvider()
