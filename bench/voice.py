"""What speaking with Kokoro costs beyond the model: our path against the bare library, the first sound, the joins.

Run with `python bench/voice.py [--quick] [--path FOLDER] [--threads N]`. Without the folder of a real model it makes
one of random weights, not much faster than Kokoro, whose sound is tones: times mean something, sound does not.
Goals: our path takes at most 5 % more processor time than the library for the same phonemes; the first sound of a long
sentence comes in at most half the time of the whole; no join has a step above those inside the speech.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from syrinx.engines.tts.contract import SpeechRequest
from syrinx.engines.tts.kokoro import KokoroEngine, provider
from syrinx.engines.tts.kokoro_files import find_files
from syrinx.engines.tts.kokoro_model import KokoroModel, Stop, load_model
from syrinx.engines.tts.kokoro_pieces import cut_sounds, cut_text
from syrinx.engines.tts.kokoro_sounds import Pronouncer
from syrinx.testing.tiny_kokoro import write_tiny_kokoro

SENTENCE = (
    "When the morning came we went down to the river, because the boat was waiting for us there, "
    "and nobody spoke a word of it until the sun had risen over the hills behind the old mill."
)
TEXT = f"{SENTENCE} Then we all sat down in the grass and waited. " * 2
LAYERS = 200
MOST_RATIO = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    first_s: float
    whole_s: float
    audio_s: float
    samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]]


async def spoken(engine: KokoroEngine, text: str) -> Measured:
    began_s = time.perf_counter()
    first_s = 0.0
    parts: list[bytes] = []
    async with aclosing(engine.synthesize(SpeechRequest(text=text))) as chunks:
        async for chunk in chunks:
            first_s = first_s or time.perf_counter() - began_s
            parts.append(chunk.audio.pcm)
    samples = np.frombuffer(b"".join(parts), dtype="<i2")
    whole_s = time.perf_counter() - began_s
    return Measured(first_s=first_s, whole_s=whole_s, audio_s=samples.size / 24_000, samples=samples)


def phonemes_of(model: KokoroModel, text: str) -> list[str]:
    """The same runs of the model as the engine makes."""
    import espeakng_loader  # noqa: PLC0415 - looks for its library when imported

    library, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
    pronouncer = Pronouncer(library, data, known=model.known)
    pieces = [pronouncer.sounds_of(piece.text, language="en-us") for piece in cut_text(text, language="en")]
    pronouncer.close()
    return [part.phonemes for sounds in pieces for part in cut_sounds(sounds)]


def bare_cpu_s(model: KokoroModel, runs: list[str]) -> float:
    """The processor time that the library takes for the same phonemes."""
    style = model.style([(model.voice_ids[0], 1.0)])
    began_s = time.process_time()
    for phonemes in runs:
        model.speak(phonemes, style=style, speed=1.0, stop=Stop())
    return time.process_time() - began_s


async def overhead_table(console: Console, engine: KokoroEngine, model: KokoroModel, *, rounds: int) -> None:
    runs = phonemes_of(model, TEXT)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        # In turns, so that what else the machine does falls on both.
        bare.append(await asyncio.to_thread(bare_cpu_s, model, runs))
        began_s = time.process_time()
        await spoken(engine, TEXT)
        ours.append(time.process_time() - began_s)
    audio_s = (await spoken(engine, TEXT)).audio_s
    ratio = statistics.median(ours) / statistics.median(bare)
    table = Table(title=f"The same {len(runs)} runs of the model, {audio_s:.1f} s of speech, {rounds} times")
    for column in ("path", "median CPU s", "CPU s a second of speech", "over the library"):
        table.add_column(column, justify="right")
    table.add_row("library", f"{statistics.median(bare):.2f}", f"{statistics.median(bare) / audio_s:.3f}", "")
    met = "met" if ratio <= MOST_RATIO else "MISSED"
    table.add_row(
        "engine",
        f"{statistics.median(ours):.2f}",
        f"{statistics.median(ours) / audio_s:.3f}",
        f"{100 * (ratio - 1):+.1f} %, goal <= 5 %: {met}",
    )
    console.print(table)


async def first_sound_line(console: Console, engine: KokoroEngine, *, rounds: int) -> None:
    measured = [await spoken(engine, SENTENCE) for _ in range(rounds)]
    first_s = statistics.median(one.first_s for one in measured)
    whole_s = statistics.median(one.whole_s for one in measured)
    console.print(
        f"A sentence of {len(SENTENCE)} characters: first sound after {1000 * first_s:.0f} ms, all of it after "
        f"{1000 * whole_s:.0f} ms, goal <= half: {'met' if first_s <= whole_s / 2 else 'MISSED'}"
    )


async def joins_line(console: Console, engine: KokoroEngine) -> None:
    samples = (await spoken(engine, TEXT)).samples.astype(np.int32)
    steps = np.abs(np.diff(samples))
    silent = np.concatenate([[0], (samples == 0).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(silent))
    longest = [(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if end - begin > 0.03 * 24_000]
    at_joins = [int(steps[max(0, at - 24) : at + 24].max()) for join in longest for at in join]
    largest = max(at_joins, default=0)
    console.print(
        f"{len(longest)} joins: largest step {largest} at a join, {int(steps.max())} anywhere, "
        f"goal: none larger than elsewhere: {'met' if largest < int(steps.max()) else 'MISSED'}"
    )


async def at_once_table(console: Console, engine: KokoroEngine, *, levels: tuple[int, ...]) -> None:
    table = Table(title="Many at once, the same sentence")
    columns = ("speeches", "first sound, median ms", "last ms", "speech made per second", "CPU s a second of speech")
    for column in columns:
        table.add_column(column, justify="right")
    for level in levels:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(spoken(engine, SENTENCE)) for _ in range(level)]
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        first_ms = sorted(1000 * task.result().first_s for task in tasks)
        made_s = sum(task.result().audio_s for task in tasks)
        table.add_row(
            str(level),
            f"{statistics.median(first_ms):.0f}",
            f"{first_ms[-1]:.0f}",
            f"{made_s / took_s:.1f} s",
            f"{cpu_s / made_s:.3f}",
        )
    console.print(table)


async def measure(console: Console, folder: Path, *, threads: str | None, quick: bool) -> None:
    options = {"path": str(folder)} | ({"threads": threads} if threads else {})
    facts = provider.check(options).facts
    console.print(f"{facts['model']}, {facts['threads']} threads, {facts['streams']} streams")
    session_threads = int(facts["threads"]) - int(facts["streams"]) + 1
    model = load_model(find_files(str(folder)), threads=session_threads, device="cpu")
    async with provider.open(options) as engine:
        await overhead_table(console, engine, model, rounds=2 if quick else 7)
        await first_sound_line(console, engine, rounds=1 if quick else 5)
        await joins_line(console, engine)
        await at_once_table(console, engine, levels=(1, 4) if quick else (1, 2, 4, 8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--path", type=Path, help="the folder of a real Kokoro model")
    parser.add_argument("--threads", help="as the engine's option")
    arguments = parser.parse_args()
    console = Console(width=140)
    with tempfile.TemporaryDirectory(prefix="syrinx-bench-") as made:
        folder = arguments.path or write_tiny_kokoro(Path(made), layers=LAYERS)
        asyncio.run(measure(console, folder, threads=arguments.threads, quick=arguments.quick))


if __name__ == "__main__":
    main()
