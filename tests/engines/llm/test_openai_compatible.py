from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import pytest

from syrinx.engines.llm.chat_completions.client import open_chat_completions
from syrinx.engines.llm.chat_completions.settings import read_settings
from syrinx.engines.llm.contract import LanguageModel, Message, ReplyRequest
from syrinx.engines.llm.openai_compatible import provider
from syrinx.errors import EngineEmpty, EngineError, EngineTimeout, EngineUnavailable, RemoteRefused
from syrinx.testing.openai_stand_in import Answer, OpenAiStandIn, delta, event, open_stand_in, streaming, whole

ASKED = ReplyRequest(messages=(Message(role="user", text="How are you?"),))
KEY = "open-sesame-4711"


@asynccontextmanager
async def engine_on(server: OpenAiStandIn, **options: str) -> AsyncGenerator[LanguageModel, None]:
    async with provider.open({"url": server.url, "model": "small", "key": KEY, **options}) as engine:
        yield engine


async def said_by(engine: LanguageModel, asked: ReplyRequest = ASKED) -> str:
    return "".join([delta.text async for delta in engine.reply(asked)])


@pytest.fixture
async def server() -> AsyncGenerator[OpenAiStandIn, None]:
    async with open_stand_in() as stand_in:
        yield stand_in


async def test_a_reply_is_streamed_as_it_comes(server: OpenAiStandIn) -> None:
    server.answer_with(Answer(steps=(delta("I am"), "hang")))
    async with engine_on(server) as engine, aclosing(engine.reply(ASKED)) as reply:
        assert (await anext(reply)).text == "I am"


async def test_the_request_is_what_the_service_expects(server: OpenAiStandIn) -> None:
    server.answer_with(streaming(["Fine."]))
    messages = (Message(role="system", text="Be brief."), *ASKED.messages)
    async with engine_on(server, body='{"reasoning_effort": "none"}', headers='{"x-team": "owls"}') as engine:
        asked = ReplyRequest(messages=messages, temperature=0.5, max_tokens=60)
        assert await said_by(engine, asked) == "Fine."
        await said_by(engine, ReplyRequest(messages=messages, model="large"))
    first, second = server.requests
    assert (first.method, first.path) == ("POST", "/v1/chat/completions")
    assert first.json == {
        "model": "small",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How are you?"}],
        "stream": True,
        "temperature": 0.5,
        "max_tokens": 60,
        "reasoning_effort": "none",
    }
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert first.headers["x-team"] == "owls"
    assert not {"http-referer", "x-title"} & set(first.headers), "only OpenRouter is told who asks"
    assert second.json["model"] == "large"
    assert second.connection == first.connection, "a finished reply leaves its connection for the next"


async def test_openrouter_is_told_who_asks() -> None:
    settings = read_settings({"url": "https://openrouter.ai/api/v1", "model": "m", "key": KEY})
    async with open_chat_completions(settings) as engine:
        headers = engine._client.headers
    assert headers["x-openrouter-title"] == headers["x-title"] == "Syrinx"
    assert headers["http-referer"]


async def test_openai_is_given_the_limit_under_its_newer_name() -> None:
    settings = read_settings({"url": "https://api.openai.com/v1", "model": "m", "key": KEY})
    async with open_chat_completions(settings) as engine:
        body = engine._body(ReplyRequest(messages=ASKED.messages, max_tokens=9), "m")
    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body


async def test_closing_the_reply_hangs_up_at_once(server: OpenAiStandIn) -> None:
    server.answer_with(Answer(steps=(delta("I am"), "hang")))
    async with engine_on(server) as engine:
        reply = engine.reply(ASKED)
        await anext(reply)
        await reply.aclose()
        await asyncio.wait_for(server.left.wait(), timeout=1)
    assert server.disconnects == 1


async def test_cancelling_before_the_first_word_hangs_up_too(server: OpenAiStandIn) -> None:
    server.answer_with(Answer(steps=("hang",)))
    async with engine_on(server) as engine:
        reading = asyncio.create_task(said_by(engine))
        async with asyncio.timeout(2):
            while not server.requests:
                await asyncio.wait((reading,), timeout=0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.wait_for(server.left.wait(), timeout=1)


async def test_closing_leaves_no_task_behind(server: OpenAiStandIn) -> None:
    server.answer_with(Answer(steps=(delta("I am"), "hang")))
    before = asyncio.all_tasks()
    async with engine_on(server) as engine:
        reply = engine.reply(ASKED)
        await anext(reply)
        await reply.aclose()
    # The loop may still be finalising the HTTP library's own generators: that takes it one round.
    _, pending = await asyncio.wait(asyncio.all_tasks() - before | {asyncio.create_task(server.left.wait())}, timeout=1)
    assert not pending


@pytest.mark.parametrize(
    "steps",
    [
        (b": OPENROUTER PROCESSING\n\n", delta("Fi"), b": OPENROUTER PROCESSING\n\n", delta("ne."), event("[DONE]")),
        (delta("Fine."), delta("", finish_reason="stop")),
        (delta("Fine."),),
        (delta("Fine.", finish_reason="length"), event("[DONE]")),
        (delta(None, reasoning="hm"), delta(None, reasoning_content="hm"), delta("Fine."), event("[DONE]")),
        (delta("<think>Let me"), delta(" see</th"), delta("ink>\n\nFi"), delta("ne."), event("[DONE]")),
        (delta("Fine."), event({"choices": [], "usage": {"total_tokens": 9}}), event("[DONE]")),
        (delta("Fine.").rstrip(),),
        (delta("Fine.")[:31], delta("Fine.")[31:], event("[DONE]")),
        (delta("Fine.", finish_reason="stop"), "hang"),
    ],
    ids=[
        "comments",
        "no [DONE]",
        "no end",
        "length",
        "reasoning",
        "think",
        "usage",
        "no newline",
        "split",
        "kept open",
    ],
)
async def test_every_way_of_streaming_gives_the_same_reply(server: OpenAiStandIn, steps: tuple[bytes, ...]) -> None:
    server.answer_with(Answer(steps=steps))
    async with engine_on(server) as engine:
        assert await said_by(engine) == "Fine."


async def test_a_server_that_does_not_stream_is_understood(server: OpenAiStandIn) -> None:
    server.answer_with(whole({"choices": [{"message": {"content": "<think>x</think>Fine."}, "finish_reason": "stop"}]}))
    async with engine_on(server) as engine:
        assert await said_by(engine) == "Fine."


async def test_an_error_in_the_middle_comes_after_what_was_said(server: OpenAiStandIn) -> None:
    error = {"error": {"code": 502, "message": "Provider disconnected"}, "choices": [{"finish_reason": "error"}]}
    server.answer_with(Answer(steps=(delta("I am"), event(error))))
    async with engine_on(server) as engine:
        reply = engine.reply(ASKED)
        assert (await anext(reply)).text == "I am"
        with pytest.raises(RemoteRefused, match="Provider disconnected") as refused:
            await anext(reply)
    assert (refused.value.status, refused.value.retryable) == (502, True)


@pytest.mark.parametrize(
    ("answer", "code", "retryable", "retry_after_s"),
    [
        (whole({"error": {"message": f"bad key {KEY}"}}, status=401), "key_refused", False, None),
        (whole({"error": {"message": "no"}}, status=402), "no_credit", False, None),
        (whole({"error": {"message": "no such model"}}, status=404), "unknown_model", False, None),
        (whole({"error": {"message": "slow"}}, status=429, headers={"retry-after": "7"}), "rate_limited", True, 7.0),
        (whole({"error": {"message": "down"}}, status=503), "remote_refused", True, None),
        (whole({"error": {"message": "down", "code": 503}}), "remote_refused", True, None),
        (Answer(steps=(delta(None, finish_reason="content_filter"),)), "content_filtered", False, None),
        (Answer(steps=(delta(None, finish_reason="error"),)), "remote_refused", True, None),
    ],
    ids=["401", "402", "404", "429", "503", "200 with an error", "filter", "finish error"],
)
async def test_a_refusal_says_whether_trying_again_helps(
    server: OpenAiStandIn, answer: Answer, code: str, retryable: bool, retry_after_s: float | None
) -> None:
    server.answer_with(answer)
    async with engine_on(server) as engine:
        with pytest.raises(RemoteRefused) as refused:
            await said_by(engine)
    assert (refused.value.code, refused.value.retryable) == (code, retryable)
    assert refused.value.retry_after_s == retry_after_s
    assert KEY not in refused.value.message


async def test_a_redirect_is_not_followed_with_the_key(server: OpenAiStandIn) -> None:
    async with open_stand_in() as elsewhere:
        elsewhere.answer_with(streaming(["Caught."]))
        server.answer_with(Answer(status=302, headers={"location": f"{elsewhere.url}/chat/completions"}))
        async with engine_on(server) as engine:
            with pytest.raises(RemoteRefused, match="final address"):
                await said_by(engine)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("steps", "hint"),
    [
        ((event("[DONE]"),), "nothing"),
        ((delta(None, reasoning="hm"), delta(None, finish_reason="length")), "only thoughts"),
        ((delta("<think>for ever"),), "only thoughts"),
    ],
)
async def test_an_answer_without_words_is_an_error(server: OpenAiStandIn, steps: tuple[bytes, ...], hint: str) -> None:
    server.answer_with(Answer(steps=steps))
    async with engine_on(server) as engine:
        with pytest.raises(EngineEmpty, match=hint):
            await said_by(engine)


async def test_silence_before_the_first_word_times_out_though_comments_keep_coming(server: OpenAiStandIn) -> None:
    server.answer_with(Answer(steps=(b": PROCESSING\n\n", "hang")))
    async with engine_on(server, first_token_timeout_s="0.05") as engine:
        with pytest.raises(EngineTimeout, match="silent"):
            await said_by(engine)
        await asyncio.wait_for(server.left.wait(), timeout=1)


async def test_silence_between_two_words_times_out(server: OpenAiStandIn) -> None:
    server.answer_with(Answer(steps=(delta("I am"), "hang")))
    async with engine_on(server, token_timeout_s="0.05") as engine:
        reply = engine.reply(ASKED)
        assert (await anext(reply)).text == "I am"
        with pytest.raises(EngineTimeout):
            await anext(reply)


async def test_a_cut_connection_is_an_error_after_what_was_said(server: OpenAiStandIn) -> None:
    server.answer_with(Answer(steps=(delta("I am"), "drop")))
    async with engine_on(server) as engine:
        reply = engine.reply(ASKED)
        assert (await anext(reply)).text == "I am"
        with pytest.raises(EngineError, match="broke") as broken:
            await anext(reply)
    assert broken.value.retryable


async def test_a_server_that_is_not_running_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with provider.open({"url": f"http://127.0.0.1:{port}", "model": "m"}) as engine:
        with pytest.raises(EngineUnavailable, match=rf"127.0.0.1:{port}/v1.*is it running") as unavailable:
            await said_by(engine)
    assert unavailable.value.retryable


async def test_a_web_page_in_place_of_a_model_is_recognised(server: OpenAiStandIn) -> None:
    server.answer_with(Answer(steps=(b"<html></html>",), content_type="text/html"))
    async with engine_on(server) as engine:
        with pytest.raises(EngineError, match="web page"):
            await said_by(engine)


async def test_opening_without_an_address_says_what_to_set() -> None:
    with pytest.raises(EngineUnavailable, match="SYRINX_LLM_URL"):
        async with provider.open({}):
            pass


def test_the_check_tells_the_address_but_never_the_key() -> None:
    availability = provider.check({"url": "http://127.0.0.1:1234", "model": "m", "key": KEY})
    assert availability.available
    assert availability.facts == {"address": "http://127.0.0.1:1234/v1/chat/completions", "model": "m"}
    missing = provider.check({"url": "http://127.0.0.1:1234"})
    assert not missing.available
    assert "SYRINX_LLM_MODEL" in missing.reason


def test_importing_the_engines_is_cheap() -> None:
    rooms = ("openai_compatible", "companion", "discovery")
    imports = "import sys, " + ", ".join(f"syrinx.engines.llm.{room}" for room in rooms)
    heavy = f"{imports}; sys.exit(any(name in sys.modules for name in ('httpx', 'num2words')))"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0


async def test_a_proxy_is_used_where_one_is_set(server: OpenAiStandIn) -> None:
    server.answer_with(streaming(["Fine."]))
    proxy = server.url.removesuffix("/v1")
    async with provider.open({"url": "http://model.invalid/v1", "model": "m", "proxy": proxy}) as engine:
        assert await said_by(engine) == "Fine."
    assert server.requests[0].path == "http://model.invalid/v1/chat/completions"


async def test_a_proxy_meant_for_other_programs_is_not_used(
    server: OpenAiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.answer_with(streaming(["Fine."]))
    async with engine_on(server) as engine:
        assert await said_by(engine) == "Fine."


async def test_texts_and_keys_are_in_no_log(server: OpenAiStandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    server.answer_with(streaming(["My answer."]))
    async with engine_on(server) as engine:
        await said_by(engine)
    assert caplog.records, "the HTTP library does log"
    assert not [r for r in caplog.records for secret in (KEY, "How are you", "My answer") if secret in r.getMessage()]
