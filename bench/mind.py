"""How quickly a local language model answers here: first word, pace, cancelling, memory, with a cold and a warm prompt.

The model has no weights of use, but Qwen2.5-0.5B's shape unless other sizes are given: time depends on shape only.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

from rich.console import Console
from rich.table import Table

from syrinx.engines.hosts.worker import WorkerSettings, open_in_worker
from syrinx.engines.llm.contract import LanguageModel, Message, ReplyRequest
from syrinx.engines.pool import InWorker
from syrinx.testing.tiny_chat_model import ModelShape, write_tiny_chat_model

REPLY_TOKENS = 40
SAYS = " ".join(f"word{number}" for number in range(2 * REPLY_TOKENS))
SETTINGS = WorkerSettings(provider="syrinx.engines.llm.local:provider")


def request(prompt_tokens: int, *, system: str, turn: int) -> ReplyRequest:
    """One byte is one token: a system's message of nine tenths of the prompt, and a question."""
    instructions = (f"You are {system}. " + "Be kind, and answer briefly. " * prompt_tokens)[: prompt_tokens * 9 // 10]
    question = (f"{turn} And then? " * prompt_tokens)[: prompt_tokens // 10]
    messages = (Message(role="system", text=instructions), Message(role="user", text=question))
    return ReplyRequest(messages=messages, max_tokens=REPLY_TOKENS)


async def timed(llm: LanguageModel, asked: ReplyRequest) -> tuple[float, float]:
    """Seconds to the first delta, and from there to the end."""
    began = time.perf_counter()
    first = 0.0
    async with aclosing(llm.reply(asked)) as reply:
        async for _ in reply:
            first = first or time.perf_counter()
    return first - began, time.perf_counter() - first


async def after_cancelling(llm: LanguageModel, turn: int) -> float:
    """Seconds from the closing of one reply, of which a word was heard, to the first word of the next."""
    reply = llm.reply(request(100, system="Wren", turn=turn))
    await anext(reply, None)
    began = time.perf_counter()
    await reply.aclose()
    closed = time.perf_counter() - began
    first, _ = await timed(llm, request(100, system="Wren", turn=turn))
    return closed + first


def memory_mb(llm: LanguageModel) -> str:
    used = llm.worker.memory_bytes() if isinstance(llm, InWorker) else None
    return "" if used is None else f"{used / 1e6:.0f}"


async def measure(options: dict[str, str], prompts: list[int], repeats: int) -> Table:
    table = Table(title=f"A local mind, {REPLY_TOKENS} tokens a reply, in a worker")
    for column in ("prompt tokens", "its beginning", "first word ms", "tokens/s", "memory MB"):
        table.add_column(column, justify="right")
    began = time.perf_counter()
    async with open_in_worker("llm", "local", options, SETTINGS) as llm:
        table.add_row("", "loading", f"{1000 * (time.perf_counter() - began):.0f}", "", memory_mb(llm))
        await timed(llm, request(100, system="Nobody", turn=0))
        for tokens in prompts:
            # Never the same beginning twice in a row: all are read from the start.
            cold = [request(tokens, system=f"No. {turn} of {tokens}", turn=turn) for turn in range(repeats)]
            report(table, str(tokens), "cold", [await timed(llm, each) for each in cold], memory_mb(llm))
            same = [request(tokens, system=f"Wren of {tokens}", turn=turn) for turn in range(4 + repeats)]
            times = [await timed(llm, each) for each in same]
            report(table, str(tokens), "warm", times[4:], memory_mb(llm))
        again = [await after_cancelling(llm, turn) for turn in range(4 + repeats)]
        median_ms = 1000 * statistics.median(again[4:])
        table.add_row("100", "warm, after a cancelled reply", f"{median_ms:.0f}", "", memory_mb(llm))
    return table


def report(table: Table, tokens: str, beginning: str, times: list[tuple[float, float]], memory: str) -> None:
    first = statistics.median(first for first, _ in times)
    pace = statistics.median((REPLY_TOKENS - 1) / rest for _, rest in times)
    table.add_row(tokens, beginning, f"{1000 * first:.0f}", f"{pace:.1f}", memory)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", type=Path, help="a real model's folder, to be measured instead")
    arguments.add_argument("--layers", type=int, default=24)
    arguments.add_argument("--width", type=int, default=896)
    arguments.add_argument("--inner-width", type=int, default=4_864)
    arguments.add_argument("--heads", type=int, default=14)
    arguments.add_argument("--key-heads", type=int, default=2)
    arguments.add_argument("--vocabulary", type=int, default=151_936)
    arguments.add_argument("--prompts", type=int, nargs="+", default=[250, 500, 1_000], metavar="TOKENS")
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--threads", type=int)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="syrinx-mind-") as folder:
        shape = ModelShape(
            layers=given.layers,
            width=given.width,
            inner_width=given.inner_width,
            heads=given.heads,
            key_heads=given.key_heads,
            vocabulary=given.vocabulary,
        )
        path = given.model or write_tiny_chat_model(Path(folder), says=SAYS, shape=shape)
        options = {"path": str(path), "context_tokens": str(max(given.prompts) + 2 * REPLY_TOKENS + 64)}
        if given.threads:
            options["threads"] = str(given.threads)
        Console().print(f"{path}: {(path / 'model.bin').stat().st_size / 1e6:.0f} MB of weights")
        Console().print(asyncio.run(measure(options, given.prompts, given.repeats)))


if __name__ == "__main__":
    main()
