"""Any server that speaks OpenAI's chat completions: OpenRouter, OpenAI, Ollama, llama.cpp, vLLM and many more.

Options: `url` (http://host:port/v1), `key`, `model`, and where needed `headers` and `body` (JSON objects: further
headers, further fields of the request), `proxy`, `first_token_timeout_s` and `token_timeout_s`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module

from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.llm.chat_completions.settings import read_settings
from syrinx.engines.llm.contract import LanguageModel
from syrinx.errors import ConfigurationError, EngineUnavailable


class OpenAiCompatibleProvider:
    info = EngineInfo(
        name="openai",
        kind="llm",
        title="A language model server (OpenAI-compatible)",
        licence="Apache-2.0",
        remote=True,
        max_active=64,
        max_queued=256,
    )

    def check(self, options: Options) -> Availability:
        try:
            settings = read_settings(options)
        except ConfigurationError as error:
            return Availability(
                available=False,
                reason=error.message,
                remedy="set SYRINX_LLM_URL and SYRINX_LLM_MODEL, or OPENROUTER_API_KEY, or start Ollama",
            )
        return Availability(available=True, facts={"address": settings.endpoint, "model": settings.model})

    @asynccontextmanager
    async def _open(self, options: Options) -> AsyncGenerator[LanguageModel, None]:
        try:
            settings = read_settings(options)
        except ConfigurationError as error:
            raise EngineUnavailable(error.message) from error
        # The HTTP library takes 0.2 s to import: not while others are being heard.
        client = await asyncio.to_thread(import_module, "syrinx.engines.llm.chat_completions.client")
        async with client.open_chat_completions(settings) as engine:
            yield engine

    def open(self, options: Options) -> AbstractAsyncContextManager[LanguageModel]:
        return self._open(options)


provider = OpenAiCompatibleProvider()
