from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from syrinx.engines.llm.companion import provider as companion
from syrinx.engines.llm.contract import LanguageModel
from syrinx.engines.llm.openai_compatible import provider as openai
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.llm_conformance import LlmConformance
from syrinx.testing.openai_stand_in import open_stand_in, streaming


class TestScriptedLlm(LlmConformance):
    @pytest.fixture
    def llm(self) -> LanguageModel:
        return ScriptedLlm((saying("Once upon a time there was an owl."),))


class TestCompanion(LlmConformance):
    @pytest.fixture
    async def llm(self) -> AsyncGenerator[LanguageModel, None]:
        async with companion.open({}) as engine:
            yield engine


class TestOpenAiCompatible(LlmConformance):
    @pytest.fixture
    async def llm(self) -> AsyncGenerator[LanguageModel, None]:
        async with open_stand_in() as server:
            server.answer_with(streaming(["Once", " upon", " a time", " there was an owl."]))
            async with openai.open({"url": server.url, "model": "small"}) as engine:
                yield engine
