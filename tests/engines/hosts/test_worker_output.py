"""What a worker prints is kept in bounds."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from syrinx.engines.hosts.worker_output import LINES_PER_WINDOW, LONGEST_LINE, TAIL_LINES, WorkerOutput


async def read(*pieces: bytes) -> tuple[WorkerOutput, list[str], int]:
    stream = asyncio.StreamReader()
    for piece in pieces:
        stream.feed_data(piece)
    stream.feed_eof()
    with capture_logs() as logs:
        output = WorkerOutput(kind="tts", engine="engine", pid=1)
        await output.read(stream)
    lines = [entry["line"] for entry in logs if entry["event"] == "worker printed"]
    left_out = sum(entry["lines_left_out"] for entry in logs if entry["event"] == "worker printed too much")
    return output, lines, left_out


async def test_lines_are_logged_whole_however_they_arrive():
    output, lines, _ = await read(b"load", b"ing\n\nread", b"y\xff\nno end")
    assert lines == ["loading", "ready\ufffd", "no end"]
    assert output.tail == "loading\nready\ufffd\nno end"


async def test_a_flood_is_counted_and_not_logged():
    output, lines, left_out = await read(b"".join(b"line %d\n" % number for number in range(1000)))
    assert len(lines) == LINES_PER_WINDOW
    assert left_out == 1000 - LINES_PER_WINDOW
    assert output.tail.splitlines()[-1] == "line 999"
    assert len(output.tail.splitlines()) == TAIL_LINES


async def test_a_line_without_an_end_is_cut():
    output, lines, _ = await read(b"x" * 1_000_000)
    assert max(len(line) for line in lines) == LONGEST_LINE
    assert len(output.tail) <= (LONGEST_LINE + 1) * TAIL_LINES
