from __future__ import annotations

import socket

import pytest

from syrinx.engines.llm.ollama import best_for_talk, list_models, server_url
from syrinx.testing.openai_stand_in import Answer, open_stand_in, whole


def model(name: str, parameter_size: str | None = None, **fields: object) -> dict[str, object]:
    return {"name": name, "details": {"parameter_size": parameter_size, "family": "llama"}, **fields}


@pytest.mark.parametrize(
    ("ollama_host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("[::]:8080", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:11434"),
        ("10.0.0.7", "http://10.0.0.7:11434"),
        ("http://box", "http://box:80"),
        ("https://box/", "https://box:443"),
        (' "box:1" ', "http://box:1"),
    ],
)
def test_the_variable_is_read_as_ollamas_own_clients_read_it(ollama_host: str, url: str) -> None:
    assert server_url(ollama_host) == url


@pytest.mark.parametrize("ollama_host", ["box:port", "ftp://box"])
def test_what_is_no_address_is_refused(ollama_host: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        server_url(ollama_host)


@pytest.mark.parametrize(
    ("models", "best"),
    [
        ([model("llama3.1:8b", "8.0B"), model("gemma3:4b", "4.3B"), model("llama3.3:70b", "70.6B")], "gemma3:4b"),
        ([model("qwen3:0.6b", "751.63M"), model("gemma3:4b", "4.3B")], "gemma3:4b"),
        ([model("a:270m", "268.1M"), model("b:1b", "999.89M")], "b:1b"),
        ([model("deepseek-r1:1.5b", "1.8B"), model("llama3.1:8b", "8.0B")], "llama3.1:8b"),
        ([model("qwen2.5-coder:3b", "3.1B"), model("llama3.1:8b", "8.0B")], "llama3.1:8b"),
        ([model("nomic-embed-text", "137M"), model("llama3.1:8b", "8.0B")], "llama3.1:8b"),
        ([model("x:2b", "2B", capabilities=["embedding"]), model("llama3.1:8b", "8.0B")], "llama3.1:8b"),
        ([model("gpt-oss:120b-cloud", "116.8B", remote_host="https://ollama.com:443")], None),
        ([model("mine", None, size=1_500_000_000), model("llama3.1:8b", "8.0B")], "mine"),
        ([model("b:3b"), model("a:3b")], "a:3b"),
        (["nonsense", {"name": 7}, {}], None),
        ([], None),
    ],
)
def test_the_model_chosen_answers_soon_and_can_talk(models: list[object], best: str | None) -> None:
    assert best_for_talk(models) == best
    assert best_for_talk(models[::-1]) == best


async def test_a_running_server_tells_its_models() -> None:
    async with open_stand_in() as server:
        server.answer_with(whole({"models": [{"name": "gemma3:4b"}]}))
        base = server.url.removesuffix("/v1")
        assert await list_models(base) == [{"name": "gemma3:4b"}]
        assert [(seen.method, seen.path) for seen in server.requests] == [("GET", "/api/tags")]
        assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    "answer",
    [
        Answer(steps=("hang",)),
        Answer(steps=(b"<html>",), content_type="text/html"),
        whole({"error": "no"}, status=404),
        whole({"models": "none"}),
        whole([1]),
        Answer(steps=(b'{"models"', "drop")),
    ],
    ids=["hangs", "a page", "404", "no list", "no object", "cut off"],
)
async def test_another_program_at_that_port_is_no_ollama(answer: Answer) -> None:
    async with open_stand_in() as server:
        server.answer_with(answer)
        assert await list_models(server.url.removesuffix("/v1")) is None


async def test_nothing_at_that_port_is_no_ollama() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert await list_models(f"http://127.0.0.1:{port}") is None
