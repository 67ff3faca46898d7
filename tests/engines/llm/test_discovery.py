from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from syrinx.engines.llm.chat_completions.settings import read_settings
from syrinx.engines.llm.discovery import OPENAI_MODEL, OPENROUTER_MODEL, LlmChoice, discover
from syrinx.errors import ConfigurationError

INSTALLED = LlmChoice(engine="qwen2.5-0.5b", title="Qwen2.5 0.5B (on this machine)", reason="it is installed")
GEMMA = {"name": "gemma3:4b", "details": {"parameter_size": "4.3B", "family": "gemma3"}}


class Neighbourhood:
    """An Ollama that is there or not, and what was asked of it."""

    def __init__(self, models: Sequence[object] | None = None) -> None:
        self.models = models
        self.asked: list[str] = []

    async def __call__(self, url: str) -> Sequence[object] | None:
        self.asked.append(url)
        return self.models


async def chosen(environment: Mapping[str, str], probe: Neighbourhood | None = None) -> LlmChoice:
    choice = await discover(environment, probe or Neighbourhood())
    if choice.engine == "openai":
        read_settings(choice.options)
    return choice


async def test_without_anything_the_companion_answers_and_nothing_leaves_the_machine() -> None:
    probe = Neighbourhood()
    choice = await chosen({"PATH": "/bin", "OPENROUTER_API_KEY": "  "}, probe)
    assert (choice.engine, choice.destination, choice.leaves_machine) == ("companion", "", False)
    assert probe.asked == ["http://127.0.0.1:11434"]


async def test_a_key_of_openrouter_chooses_openrouter_and_says_so() -> None:
    probe = Neighbourhood([GEMMA])
    choice = await chosen({"OPENROUTER_API_KEY": "sk-or-1", "OPENAI_API_KEY": "sk-2"}, probe)
    assert choice.options == {"url": "https://openrouter.ai/api/v1", "key": "sk-or-1", "model": OPENROUTER_MODEL}
    assert (choice.engine, choice.destination) == ("openai", "openrouter.ai")
    assert "OPENROUTER_API_KEY" in choice.reason
    assert probe.asked == [], "nobody is asked where it is not needed"
    assert "sk-or-1" not in repr(choice)


async def test_a_key_of_openai_chooses_openai_without_reasoning() -> None:
    choice = await chosen({"OPENAI_API_KEY": "sk-2", "HTTPS_PROXY": "http://proxy:3128"})
    assert choice.options["model"] == OPENAI_MODEL
    assert choice.options["body"] == '{"reasoning_effort": "none"}'
    assert choice.options["proxy"] == "http://proxy:3128"
    assert choice.destination == "api.openai.com"


async def test_a_model_of_ones_own_is_not_told_how_to_reason() -> None:
    choice = await chosen({"OPENAI_API_KEY": "sk-2", "SYRINX_LLM_MODEL": "other"})
    assert choice.options == {"url": "https://api.openai.com/v1", "key": "sk-2", "model": "other"}


async def test_an_explicit_address_comes_before_every_key() -> None:
    environment = {
        "SYRINX_LLM_URL": "http://127.0.0.1:8080/v1",
        "SYRINX_LLM_MODEL": "qwen",
        "OPENROUTER_API_KEY": "sk-or-1",
    }
    choice = await chosen(environment)
    assert choice.options == {"url": "http://127.0.0.1:8080/v1", "model": "qwen"}, "the key is for another host"
    assert (choice.title, choice.leaves_machine) == ("qwen (on this machine)", False)


async def test_an_address_in_the_house_is_named_as_the_destination() -> None:
    environment = {"SYRINX_LLM_URL": "http://192.168.1.9:8000/v1", "SYRINX_LLM_MODEL": "m", "SYRINX_LLM_KEY": "k"}
    choice = await chosen(environment)
    assert (choice.options["key"], choice.destination) == ("k", "192.168.1.9")


async def test_openrouters_address_takes_openrouters_key_and_model() -> None:
    choice = await chosen({"SYRINX_LLM_URL": "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY": "sk-or-1"})
    assert (choice.options["key"], choice.options["model"]) == ("sk-or-1", OPENROUTER_MODEL)


async def test_a_key_of_openrouter_needs_no_address() -> None:
    assert (await chosen({"SYRINX_LLM_KEY": "sk-or-9"})).destination == "openrouter.ai"


@pytest.mark.parametrize(
    ("environment", "hint"),
    [
        ({"SYRINX_LLM_URL": "http://127.0.0.1:8080/v1"}, "SYRINX_LLM_MODEL"),
        ({"SYRINX_LLM_KEY": "k"}, "SYRINX_LLM_URL"),
        ({"SYRINX_LLM": "openai"}, "no server was found"),
    ],
)
async def test_settings_that_contradict_themselves_are_refused(environment: dict[str, str], hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint):
        await chosen(environment)


async def test_a_proxy_that_cannot_be_used_is_not_taken_from_other_programs() -> None:
    choice = await chosen({"OPENAI_API_KEY": "sk-2", "HTTPS_PROXY": "socks5://proxy"})
    assert "proxy" not in choice.options


async def test_auto_is_the_same_as_unset() -> None:
    assert (await chosen({"SYRINX_LLM": "auto", "OPENAI_API_KEY": "sk-2"})).destination == "api.openai.com"


async def test_the_companion_can_be_insisted_on() -> None:
    probe = Neighbourhood([GEMMA])
    assert (await chosen({"SYRINX_LLM": "companion", "OPENAI_API_KEY": "sk-2"}, probe)).engine == "companion"
    assert probe.asked == []


async def test_an_engine_of_someone_elses_gets_what_is_set() -> None:
    environment = {"SYRINX_LLM": "parrot", "SYRINX_LLM_URL": "http://birds.example/v1", "SYRINX_LLM_MODEL": "grey"}
    choice = await discover(environment, Neighbourhood())
    assert (choice.engine, choice.destination, choice.title) == ("parrot", "birds.example", "grey (parrot)")
    assert choice.options == {"url": "http://birds.example/v1", "model": "grey"}


async def test_an_ollama_on_this_machine_is_found_by_itself() -> None:
    choice = await chosen({}, Neighbourhood([GEMMA]))
    assert choice.options == {"url": "http://127.0.0.1:11434/v1", "model": "gemma3:4b"}
    assert (choice.title, choice.leaves_machine) == ("gemma3:4b (Ollama on this machine)", False)


async def test_an_ollama_elsewhere_is_asked_and_named_as_the_destination() -> None:
    probe = Neighbourhood([GEMMA])
    choice = await chosen({"OLLAMA_HOST": "10.0.0.7"}, probe)
    assert probe.asked == ["http://10.0.0.7:11434"]
    assert choice.destination == "10.0.0.7"


@pytest.mark.parametrize("models", [[], [{"name": "nomic-embed-text"}]])
async def test_an_ollama_without_a_model_to_talk_to_leaves_the_companion(models: list[object]) -> None:
    assert (await chosen({}, Neighbourhood(models))).engine == "companion"


async def test_an_unreadable_ollama_host_leaves_the_companion() -> None:
    probe = Neighbourhood([GEMMA])
    assert (await chosen({"OLLAMA_HOST": "tcp://x:1:2"}, probe)).engine == "companion"
    assert probe.asked == []


async def test_a_model_that_is_installed_here_answers_before_the_companion() -> None:
    choice = await discover({}, Neighbourhood(), local=INSTALLED)
    assert choice == INSTALLED
    assert not choice.leaves_machine


@pytest.mark.parametrize(
    ("environment", "models"),
    [({}, [GEMMA]), ({"OPENROUTER_API_KEY": "sk-or-1"}, []), ({"SYRINX_LLM": "companion"}, [])],
)
async def test_what_was_chosen_or_runs_already_comes_before_an_installed_model(
    environment: dict[str, str], models: list[object]
) -> None:
    assert (await discover(environment, Neighbourhood(models), local=INSTALLED)).engine != INSTALLED.engine


async def test_an_installed_model_can_be_insisted_on() -> None:
    probe = Neighbourhood([GEMMA])
    choice = await discover({"SYRINX_LLM": "local", "OPENAI_API_KEY": "sk-2"}, probe, local=INSTALLED)
    assert (choice.engine, choice.title, choice.reason) == (INSTALLED.engine, INSTALLED.title, "SYRINX_LLM is local")
    assert probe.asked == []


async def test_a_local_model_that_is_insisted_on_and_missing_is_not_replaced() -> None:
    choice = await discover({"SYRINX_LLM": "local", "OPENAI_API_KEY": "sk-2"}, Neighbourhood([GEMMA]))
    assert choice.engine == "local", "the engine itself says how to get a model"
