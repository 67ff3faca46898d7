from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from syrinx.engines.hosts.worker import WorkerSettings, open_in_worker
from syrinx.engines.llm.contract import LanguageModel, Message, ReplyRequest
from syrinx.engines.llm.local import LocalLlm, provider
from syrinx.engines.llm.local_mind import LocalMind
from syrinx.engines.llm.local_settings import read_settings
from syrinx.engines.threads import Emit
from syrinx.errors import BadInput, EngineEmpty, EngineError, EngineUnavailable
from syrinx.testing.llm_conformance import LlmConformance, ask, said_by
from syrinx.testing.tiny_chat_model import write_tiny_chat_model

STORY = "Once upon a time there was an owl. She said 你好 to the moon 🌙, and the moon said it too."


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_chat_model(tmp_path_factory.mktemp("models") / "story-teller", says=STORY)


@pytest.fixture(scope="module")
def babble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_chat_model(tmp_path_factory.mktemp("models") / "babble", seed=3)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(story: Path) -> AsyncGenerator[LanguageModel, None]:
    async with provider.open({"path": str(story), "threads": "1"}) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def in_worker(story: Path) -> AsyncGenerator[LanguageModel, None]:
    settings = WorkerSettings(provider="syrinx.engines.llm.local:provider")
    async with open_in_worker("llm", "local", {"path": str(story), "threads": "1"}, settings) as engine:
        yield engine


@pytest.mark.asyncio(loop_scope="module")
class TestLocal(LlmConformance):
    @pytest.fixture
    def llm(self, opened: LanguageModel) -> LanguageModel:
        return opened

    async def test_it_says_what_the_model_says(self, llm: LanguageModel) -> None:
        for temperature in (None, 0.0, 2.0):
            request = ReplyRequest(messages=ask("Hello.").messages, temperature=temperature)
            assert await said_by(llm, request) == STORY

    async def test_it_is_called_by_its_folder_unless_it_has_a_name(self, llm: LanguageModel) -> None:
        assert llm.capabilities.model == "story-teller"
        assert llm.capabilities.is_language_model
        assert llm.capabilities.context_tokens == 1536

    async def test_the_limit_on_tokens_is_kept(self, llm: LanguageModel) -> None:
        request = ReplyRequest(messages=ask("Hello.").messages, max_tokens=3)
        assert await said_by(llm, request) == "Once upon a"

    async def test_another_model_than_its_own_is_refused(self, llm: LanguageModel) -> None:
        assert await said_by(llm, ReplyRequest(messages=ask("Hello.").messages, model="story-teller")) == STORY
        with pytest.raises(BadInput, match="story-teller"):
            await said_by(llm, ReplyRequest(messages=ask("Hello.").messages, model="gpt-6"))

    async def test_a_long_history_is_cut_and_answered(self, llm: LanguageModel) -> None:
        said = [Message(role="user" if turn % 2 == 0 else "assistant", text="word " * 50) for turn in range(101)]
        assert await said_by(llm, ReplyRequest(messages=(Message(role="system", text="Be kind."), *said))) == STORY


@pytest.mark.asyncio(loop_scope="module")
class TestLocalInAWorker(LlmConformance):
    @pytest.fixture
    def llm(self, in_worker: LanguageModel) -> LanguageModel:
        return in_worker

    async def test_whole_characters_cross(self, llm: LanguageModel) -> None:
        async with aclosing(llm.reply(ask("Hello."))) as reply:
            deltas = [delta.text async for delta in reply]
        assert "".join(deltas) == STORY


class Slow:
    """A mind that says a word each time it is allowed to, and counts."""

    context_tokens = 100
    restless = False

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.made = 0
        self.ended = threading.Event()

    def reply(self, request: ReplyRequest, emit: Emit[str]) -> None:
        try:
            while True:
                self.allowed.acquire()
                self.made += 1
                if not emit(f"{self.made} "):
                    return
        finally:
            self.ended.set()


@pytest.fixture
def slow() -> Generator[tuple[Slow, LocalLlm], None, None]:
    from concurrent.futures import ThreadPoolExecutor

    mind: Any = Slow()
    executor = ThreadPoolExecutor(max_workers=1)
    yield mind, LocalLlm(mind, executor, "slow")
    executor.shutdown()


async def test_closing_a_reply_stops_the_model_within_one_token(slow: tuple[Slow, LocalLlm]) -> None:
    mind, llm = slow
    reply = llm.reply(ask("Hello."))
    mind.allowed.release()
    assert (await anext(reply)).text == "1 "
    closing = asyncio.create_task(reply.aclose())
    await asyncio.sleep(0)
    mind.allowed.release()
    await closing
    assert (mind.made, mind.ended.is_set()) == (2, True)


async def test_two_requests_are_served_one_after_the_other(slow: tuple[Slow, LocalLlm]) -> None:
    mind, llm = slow
    first, second = llm.reply(ask("Hello.")), llm.reply(ask("And you?"))
    mind.allowed.release()
    await anext(first)
    later = asyncio.create_task(anext(second))
    await asyncio.sleep(0)
    mind.allowed.release()
    assert (await anext(first)).text == "2 "
    assert not later.done(), "the second waits although there was a token"
    mind.allowed.release(2)
    await first.aclose()
    assert (await later).text == "4 "
    mind.allowed.release()
    await second.aclose()


async def test_who_waits_and_leaves_does_not_wait_for_the_reply_before(slow: tuple[Slow, LocalLlm]) -> None:
    mind, llm = slow
    first = llm.reply(ask("Hello."))
    mind.allowed.release()
    await anext(first)
    waiting = asyncio.create_task(anext(llm.reply(ask("And you?"))))
    for _ in range(5):
        await asyncio.sleep(0)
    waiting.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    left = waiting.done()
    mind.allowed.release()
    await first.aclose()
    assert left, "while the first reply was still under way"


async def test_who_asks_next_does_not_wait_until_the_reply_before_has_been_read(story: Path) -> None:
    async with provider.open({"path": str(story)}) as llm, aclosing(llm.reply(ask("Hello."))) as spoken_slowly:
        await anext(spoken_slowly)
        assert await said_by(llm, ask("And you?")) == STORY


async def test_a_model_that_was_closed_says_so(story: Path) -> None:
    async with provider.open({"path": str(story)}) as llm:
        pass
    with pytest.raises(EngineError, match="closed"):
        await said_by(llm, ask("Hello."))


def test_a_reply_that_nobody_reads_any_more_makes_no_further_token(story: Path) -> None:
    mind = LocalMind(read_settings({"path": str(story)}))
    heard: list[str] = []

    def emit(text: str) -> bool:
        heard.append(text)
        return len(heard) < 2

    mind.reply(ask("Hello."), emit)
    assert heard == ["Once", " upon"]
    heard.clear()
    mind.reply(ask("Hello."), lambda text: heard.append(text) is None)
    assert "".join(heard) == STORY, "and the next one is whole"
    mind.close()


def test_a_model_that_is_closed_while_it_answers_ends_within_one_token(story: Path) -> None:
    mind = LocalMind(read_settings({"path": str(story)}))
    heard: list[str] = []

    def emit(text: str) -> bool:
        heard.append(text)
        mind.stop()
        return True

    with pytest.raises(EngineError, match="closed while it was answering"):
        mind.reply(ask("Hello."), emit)
    mind.close()
    assert heard == ["Once"]


@pytest.mark.parametrize(("text", "reason"), [("<think>hm", "only thoughts"), (" \n ", "answered with nothing")])
async def test_a_model_that_says_nothing_is_an_error(tmp_path: Path, text: str, reason: str) -> None:
    async with provider.open({"path": str(write_tiny_chat_model(tmp_path / "m", says=text))}) as llm:
        with pytest.raises(EngineEmpty, match=reason):
            await said_by(llm, ask("Hello."))


@pytest.mark.parametrize(
    ("template_end", "says"),
    [("assistant\n", "<think>\nShe greets.\n</think>\n\nHello."), ("assistant\n<think>\n", "Hm.\n</think>\n\nHello.")],
)
async def test_thoughts_are_not_said(tmp_path: Path, template_end: str, says: str) -> None:
    folder = write_tiny_chat_model(tmp_path / "m", says=says)
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("assistant\\n", template_end.replace("\n", "\\n")))
    async with provider.open({"path": str(folder)}) as llm:
        assert await said_by(llm, ask("Hello.")) == "Hello."


async def test_random_weights_never_break_a_character_or_show_a_mark(babble: Path) -> None:
    said: list[str] = []
    async with provider.open({"path": str(babble)}) as llm:
        for text in ("one", "two", "three", "four", "five", "six"):
            with suppress(EngineEmpty):
                said.append(await said_by(llm, ask(text)))
    assert "".join(said)
    assert all("\ufffd" not in text and "<|im" not in text for text in said)


async def test_each_of_several_tokens_can_end_a_turn(tmp_path: Path) -> None:
    folder = write_tiny_chat_model(tmp_path / "m", says="One two three four.")
    three = json.loads((folder / "vocabulary.json").read_text()).index("Ġthree")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [9_999, three]}))
    async with provider.open({"path": str(folder)}) as llm:
        assert await said_by(llm, ask("Count.")) == "One two"


async def test_the_same_is_said_with_a_warm_prompt_and_with_a_cold_one(babble: Path) -> None:
    """Greedily; a change of the prompt's beginning, twice in a row, makes the model read itself in again."""
    requests = [
        ReplyRequest(messages=ask("Hello.", system=f"You are {name}. " * 5).messages, temperature=0, max_tokens=30)
        for name in ("Wren", "Wren", "Owl", "Wren", "Owl", "Owl", "Owl", "Owl", "Wren")
    ]
    async with provider.open({"path": str(babble), "threads": "1"}) as llm:
        warm = [await said_by(llm, request) for request in requests]
    cold: list[str] = []
    for request in requests[:3]:
        async with provider.open({"path": str(babble), "threads": "1"}) as llm:
            cold.append(await said_by(llm, request))
    wren, _, owl = cold
    assert wren != owl
    assert warm == [wren, wren, owl, wren, owl, owl, owl, owl, wren]


def greedy(name: str) -> ReplyRequest:
    return ReplyRequest(messages=ask("Hello.", system=f"You are {name}. " * 5).messages, temperature=0, max_tokens=5)


def test_the_model_is_read_in_again_for_a_new_beginning_and_not_for_a_passing_one(babble: Path) -> None:
    mind = LocalMind(read_settings({"path": str(babble)}))
    restless: list[bool] = []
    for name in ("Wren", "Owl", "Wren", "Owl", "Owl"):
        mind.reply(greedy(name), lambda _: True)
        restless.append(mind.restless)
    assert restless == [False, False, False, False, True]
    mind.settle()
    restless.clear()
    for name in ("Owl", "Wren", "Owl", "Owl", "Owl"):
        mind.reply(greedy(name), lambda _: True)
        restless.append(mind.restless)
    assert restless == [False] * 5, "now it is the owl's that is kept"
    mind.close()


def test_a_model_that_went_missing_meanwhile_is_an_error_of_the_next_reply(tmp_path: Path) -> None:
    folder = write_tiny_chat_model(tmp_path / "m", says="Hello.")
    mind = LocalMind(read_settings({"path": str(folder)}))
    for name in ("Wren", "Owl", "Owl"):
        mind.reply(greedy(name), lambda _: True)
    weights = folder / "model.bin"
    away = weights.rename(tmp_path / "away")
    mind.settle()
    with pytest.raises(EngineError, match="failed"):
        mind.reply(greedy("Owl"), lambda _: True)
    away.rename(weights)
    heard: list[str] = []
    mind.reply(greedy("Owl"), lambda text: not heard.append(text))
    assert "".join(heard) == "Hello."
    mind.close()


def without(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def with_content(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return change


def weights_cut(folder: Path) -> None:
    weights = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(weights[: len(weights) // 2])


def tokenizer_of_another(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    numbers = tokenizer["model"]["vocab"]
    marks = len(tokenizer["added_tokens"])
    highest = max(numbers.values())
    others = {token: number if number < marks else highest + marks - number for token, number in numbers.items()}
    tokenizer["model"]["vocab"] = others
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without("model.bin"), "model.bin is missing"),
        (without("tokenizer.json", "vocabulary.json"), "tokenizer.json, vocabulary.json is missing"),
        (without("chat_template.jinja"), "no chat template"),
        (with_content("chat_template.jinja", b"{% for"), "chat template cannot be read"),
        (with_content("chat_template.jinja", b"\xff\xfe"), "no text in UTF-8"),
        (with_content("tokenizer.json", b"{}"), "no tokenizer"),
        (with_content("tokenizer_config.json", b"[1]"), "no JSON object"),
        (with_content("generation_config.json", b"{"), "is no JSON"),
        (with_content("model.bin", b""), "weights do not load"),
        (weights_cut, "weights do not load"),
        (with_content("vocabulary.json", b"nonsense"), "vocabulary in .* cannot be read"),
        (tokenizer_of_another, "different models"),
    ],
)
async def test_a_folder_that_cannot_be_used_is_refused_in_words(
    tmp_path: Path, change: Callable[[Path], None], reason: str
) -> None:
    folder = write_tiny_chat_model(tmp_path / "m", says="Hello.")
    change(folder)
    with pytest.raises(EngineUnavailable, match=reason):
        async with provider.open({"path": str(folder)}):
            pass


async def test_without_a_model_it_says_how_to_get_one() -> None:
    found = provider.check({})
    assert not found.available
    assert (found.reason, found.remedy) == (
        "no local language model is installed",
        "syrinx models pull qwen2.5-0.5b",
    )
    with pytest.raises(EngineUnavailable, match=r"syrinx models pull qwen2\.5-0\.5b"):
        async with provider.open({}):
            pass


def test_what_is_there_is_told_without_loading_it(story: Path) -> None:
    found = provider.check({"path": str(story), "model": "Qwen2.5 0.5B"})
    assert found.available
    assert found.facts["model"] == "Qwen2.5 0.5B"
    assert found.facts["weights"] == "0 MB"
