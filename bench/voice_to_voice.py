"""Prints how long it takes from the end of a person's speech to the first sound of the answer, by stage.

Everything is real: a server process on the embedded engines, its socket, and a client that plays recordings as a
microphone would. The material is that of endpointing.py: sentences spoken by Flite's voices and human clips, without
and with a pause of 0.2 to 0.8 s in the middle. Goals: p50 <= 450 ms, endpointing included, and at most 3 % of those
who pause cut off. Run with `python bench/voice_to_voice.py [--quick]`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from endpointing import RATE_HZ, Trial, collect
from syrinx.app.settings import silence_telemetry
from syrinx.app.talk_client import Sound, TalkClient, open_talk
from syrinx.audio import chunk_of

ANSWER_S = 8.0
"""What an answer may take before the trial counts as unanswered."""
STAGES = ("endpoint", "transcript", "first_token", "first_sentence", "first_audio")


@dataclass(slots=True)
class Held:
    """What one trial gave; times in ms from the end of the speech."""

    trial: Trial
    answered_ms: float | None = None
    metrics: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def cut_off(self) -> bool:
        return self.answered_ms is not None and self.answered_ms < 0


async def _hold(address: str, trial: Trial) -> Held:
    held = Held(trial)
    async with open_talk(address) as talk:
        await talk.send({"type": "start_listening"})
        began = time.monotonic()
        answered = asyncio.create_task(_first_sound(talk, held))
        speaking = asyncio.create_task(talk.speak(chunk_of(trial.samples, sample_rate_hz=RATE_HZ)))
        await asyncio.wait([answered], timeout=trial.end_ms / 1000 + ANSWER_S)
        if answered.done() and not answered.cancelled():
            held.answered_ms = 1000 * (answered.result() - began) - trial.end_ms
            await talk.send({"type": "tts_interrupt"})
            await asyncio.wait([asyncio.create_task(_metrics(talk, held))], timeout=2)
        for task in (answered, speaking):
            task.cancel()
        await asyncio.wait([answered, speaking])
    return held


async def _first_sound(talk: TalkClient, held: Held) -> float:
    async for received in talk.received():
        if isinstance(received, Sound):
            return time.monotonic()
    raise AssertionError("received() ends with an error only")


async def _metrics(talk: TalkClient, held: Held) -> None:
    async for received in talk.received():
        if not isinstance(received, Sound) and received["type"] == "metrics":
            held.metrics = received["ms"]
            return


def _start(home: str) -> tuple[subprocess.Popen[str], str]:
    plain = {name: value for name, value in os.environ.items() if not re.match(r"SYRINX_|O\w+_API_KEY|OLLAMA", name)}
    server = subprocess.Popen(
        [sys.executable, "-m", "syrinx.app.cli", "serve", "--port", "0", "--home", home],
        env={**plain, "SYRINX_LLM": "companion"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    found = re.search(r"http://[\w.:\[\]]+", server.stdout.readline())
    assert found, "the server printed no address"
    return server, found.group(0).replace("http", "ws", 1) + "/ws"


async def _hold_all(address: str, trials: list[Trial]) -> list[Held]:
    held: list[Held] = []
    await _hold(address, trials[0])  # loads the engines
    with Progress(transient=True) as progress:
        for trial in progress.track(trials, description="Talking"):
            held.append(await _hold(address, trial))  # noqa: PERF401 - one after the other
    return held


def _choose(trials: list[Trial], count: int) -> list[Trial]:
    step = max(1, len(trials) // count)
    return trials[::step][:count]


def _latency_rows(table: Table, name: str, held: list[Held]) -> None:
    answered = [each for each in held if each.answered_ms is not None and not each.cut_off]
    times = sorted(each.answered_ms for each in answered if each.answered_ms is not None)
    stages: list[str] = []
    for stage in STAGES:
        reached = [each.metrics[stage] for each in answered if stage in each.metrics]
        stages.append(f"{statistics.median(reached):.0f}" if reached else "-")
    p90 = times[int(0.9 * (len(times) - 1))] if times else float("nan")
    p50 = statistics.median(times) if times else float("nan")
    unanswered = sum(each.answered_ms is None for each in held)
    table.add_row(name, str(len(held)), str(unanswered), *stages, f"{p50:.0f}", f"{p90:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few of each")
    arguments = parser.parse_args()
    silence_telemetry()
    spoken, human = asyncio.run(collect(half="second", quick=arguments.quick))
    count = 10 if arguments.quick else 36
    plain = _choose([trial for trial in spoken if not trial.pause_ms], count)
    people = [trial for trial in human if not trial.pause_ms]
    paused = _choose([trial for trial in spoken if trial.pause_ms], 2 * count)
    people_paused = _choose([trial for trial in human if trial.pause_ms], count // 2)
    with tempfile.TemporaryDirectory() as home:
        server, address = _start(home)
        try:
            held = asyncio.run(_hold_all(address, plain + people + paused + people_paused))
        finally:
            server.terminate()
            server.wait(20)
    console = Console(width=140)
    table = Table(
        title="From the end of speech, ms: medians of the stages, and the first sound at the client (goal p50 <= 450)"
    )
    for column in ("who", "talks", "no answer", *STAGES, "heard p50", "heard p90"):
        table.add_column(column, justify="right")
    lines: list[str] = []
    rest = iter(held)
    for name, trials in (
        ("Flite's voices", plain),
        ("people", people),
        ("Flite's voices, with a pause", paused),
        ("people, with a pause", people_paused),
    ):
        of_these = [next(rest) for _ in trials]
        _latency_rows(table, name, of_these)
        if trials and trials[0].pause_ms:
            cut = sum(each.cut_off for each in of_these)
            share = 100 * cut / len(of_these)
            lines.append(f"{name} of 0.2 to 0.8 s: {cut} of {len(of_these)} cut off ({share:.1f} %, goal <= 3 %)")
    console.print(table)
    for line in lines:
        console.print(line)


if __name__ == "__main__":
    main()
