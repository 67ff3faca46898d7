"""Any server that speaks OpenAI's chat completions: OpenRouter, OpenAI, Ollama, llama.cpp, vLLM and many more.

Options: `url` (http://host:port/v1), `key`, `model`, and where needed `headers` and `body` (JSON objects: further
headers, further fields of the request), `proxy`, `first_token_timeout_s` and `token_timeout_s`.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.llm.chat_completions.settings import read_settings
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.remote.provider import checked, opened


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
        return checked(
            options,
            read_settings,
            lambda settings: {"address": settings.endpoint, "model": settings.model},
            remedy="set SYRINX_LLM_URL and SYRINX_LLM_MODEL, or OPENROUTER_API_KEY, or start Ollama",
        )

    def open(self, options: Options) -> AbstractAsyncContextManager[LanguageModel]:
        return opened(options, read_settings, "syrinx.engines.llm.chat_completions.client:open_chat_completions")


provider = OpenAiCompatibleProvider()
