"""What our way to Whisper costs over the library's own call, how many talks share one, and how late words are certain.

The model has whisper-base's shape and weights made by hand: its time is real and its words are not, so nothing is said
here about how well it hears.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from rich.console import Console
from rich.table import Table

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk, silence
from syrinx.audio.resampling import resample
from syrinx.audio.wav import read_wav
from syrinx.engines.stt.contract import HeardAudio, Pause, SpeechToText, Transcript, TranscriptionRequest
from syrinx.engines.stt.whisper import WhisperStt, provider
from syrinx.engines.stt.whisper_decoding import DecodeQueue
from syrinx.engines.stt.whisper_model import load
from syrinx.testing.human_clips import RECORDINGS
from syrinx.testing.stt_conformance import frames_of
from syrinx.testing.tiny_whisper import BASE, write_tiny_whisper

RATE_HZ = 16_000
SAYS = "produced the block books which were not the immediate predecessors of true printed book."
CORES = os.cpu_count() or 1
ROUNDS = 12
TALKS = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    final_after_s: float
    """From the pause."""
    told: list[tuple[float, Transcript]]
    """With seconds from the beginning of the talk."""


def clip() -> PcmChunk:
    speech = resample(read_wav(RECORDINGS / "LJ001-0004.wav"), RATE_HZ)
    rest = silence(duration_ms=300, sample_rate_hz=RATE_HZ)
    return PcmChunk(pcm=rest.pcm + speech.pcm + rest.pcm, sample_rate_hz=RATE_HZ)


def opened(model: Path, *, decoders: int = 1) -> AbstractAsyncContextManager[SpeechToText]:
    return provider.open({"path": str(model), "device": "cpu", "threads": str(CORES), "decoders": str(decoders)})


async def final_of(stt: SpeechToText, audio: PcmChunk, *, recording: bool = False) -> Transcript:
    async def given() -> AsyncIterator[HeardAudio]:
        yield audio

    told = [transcript async for transcript in stt.transcribe(given(), TranscriptionRequest(recording=recording))]
    return told[-1]


async def talk(stt: SpeechToText, audio: PcmChunk, *, begins_s: float) -> Talk:
    """Audio as fast as it is spoken."""
    await asyncio.sleep(begins_s)
    began_s = time.perf_counter()
    paused_s = 0.0

    async def microphone() -> AsyncIterator[HeardAudio]:
        nonlocal paused_s
        heard_s = 0.0
        for frame in frames_of(audio):
            heard_s += frame.duration_ms / 1000
            await asyncio.sleep(max(began_s + heard_s - time.perf_counter(), 0))
            yield frame
        paused_s = time.perf_counter()
        yield Pause()

    told = [
        (time.perf_counter() - began_s, transcript)
        async for transcript in stt.transcribe(microphone(), TranscriptionRequest())
    ]
    return Talk(final_after_s=time.perf_counter() - paused_s, told=told)


async def overhead(model: Path, audio: PcmChunk) -> Table:
    """Processor time, which other programs disturb less; the two take turns."""
    library = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=CORES, local_files_only=True)
    samples = audio.samples().astype(np.float32) / 32768

    def raw() -> None:
        segments, _ = BatchedInferencePipeline(library).transcribe(
            samples,
            language="en",
            beam_size=1,
            temperature=0.0,
            word_timestamps=True,
            vad_filter=True,
            batch_size=1,
        )
        assert "printed book" in "".join(segment.text for segment in segments)

    async with opened(model) as stt:
        taken: dict[str, list[float]] = {"library": [], "ours": []}
        for number in range(ROUNDS + 1):
            before_s = time.process_time()
            await asyncio.to_thread(raw)
            middle_s = time.process_time()
            assert "printed book" in (await final_of(stt, audio)).text
            after_s = time.process_time()
            if number:
                taken["library"].append(middle_s - before_s)
                taken["ours"].append(after_s - middle_s)
    library_s, ours_s = (statistics.median(times) for times in taken.values())
    table = Table(title=f"A final of {audio.duration_ms / 1000:.1f} s, whisper-base's shape, int8, {CORES} cores")
    for column in ("", "processor ms (median)", "over the library", "goal"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row("the library's own call, with its voice filter", f"{1000 * library_s:.0f}", "", "")
    over = f"{100 * (ours_s / library_s - 1):+.1f} %"
    table.add_row("voice gate, decoding, doubts", f"{1000 * ours_s:.0f}", over, "<= 3 %")
    return table


async def sharing(model: Path, audio: PcmChunk) -> tuple[Table, list[Talk]]:
    table = Table(title="Talks at once, each begun a third of a second after the one before")
    for column in ("talks", "final after pause p50 ms", "max ms", "partials a talk", "partials a second"):
        table.add_column(column, justify="right")
    first: list[Talk] = []
    async with opened(model) as stt:
        for count in TALKS:
            talks = await asyncio.gather(*(talk(stt, audio, begins_s=number / 3) for number in range(count)))
            first = first or talks
            waits = sorted(1000 * one.final_after_s for one in talks)
            partials = statistics.mean(sum(not t.final and not t.settled for _, t in one.told) for one in talks)
            table.add_row(
                str(count),
                f"{statistics.median(waits):.0f}",
                f"{waits[-1]:.0f}",
                f"{partials:.1f}",
                f"{partials / (audio.duration_ms / 1000):.2f}",
            )
    return table, first


def agreement(one: Talk) -> Table:
    """How long after a word was said it is shown, and certain."""
    final = one.told[-1][1]
    word_s = statistics.mean((word.end_ms - word.start_ms) / 1000 for word in final.words)

    def late_s(count: Callable[[Transcript], int]) -> list[float]:
        return [
            next(at_s for at_s, transcript in one.told if count(transcript) >= number) - word.end_ms / 1000
            for number, word in enumerate(final.words, 1)
        ]

    table = Table(title=f"Words of one talk ({len(final.words)} words, {1000 * word_s:.0f} ms each)")
    for column in ("", "seconds later", "words later"):
        table.add_column(column, justify="left" if not column else "right")
    for name, count in (
        ("shown", lambda transcript: len(transcript.text.split())),
        ("certain", lambda transcript: len(transcript.text[: transcript.stable_chars].split())),
    ):
        late = late_s(count)
        table.add_row(name, f"{statistics.mean(late):.2f}", f"{statistics.mean(late) / word_s:.1f}")
    return table


async def shapes(model: Path, audio: PcmChunk) -> Table:
    """Which decoders x threads, and how many windows of a recording in one call, do most."""
    table = Table(title="Work done by shape")
    for column in ("decoders x threads", "8 finals at once, s", "the slowest, s"):
        table.add_column(column, justify="right")
    for decoders in (1, 2):
        async with opened(model, decoders=decoders) as stt:
            await final_of(stt, audio)
            began_s = time.perf_counter()

            async def timed(stt: SpeechToText = stt) -> float:
                began_s = time.perf_counter()
                await final_of(stt, audio)
                return time.perf_counter() - began_s

            waits = await asyncio.gather(*(timed() for _ in range(8)))
            table.add_row(
                f"{decoders} x {max(CORES // decoders, 1)}", f"{time.perf_counter() - began_s:.2f}", f"{max(waits):.2f}"
            )
    return table


async def recordings(model: Path, audio: PcmChunk) -> Table:
    pause = bytes(BYTES_PER_SAMPLE * RATE_HZ)
    long = PcmChunk(pcm=(audio.pcm + pause) * 24, sample_rate_hz=RATE_HZ)
    table = Table(title=f"A recording of {long.duration_ms / 1000:.0f} s, beam of 5")
    for column in ("windows in a call", "s", "times faster than it was spoken"):
        table.add_column(column, justify="right")
    with ThreadPoolExecutor(1) as executor:
        recognizer = load(model, device="cpu", compute_type="int8", threads=CORES, decoders=1)
        for batch_size in (1, 2, 4):
            stt = WhisperStt(recognizer, DecodeQueue(executor, decoders=1), batch_size=batch_size)
            began_s = time.perf_counter()
            await final_of(stt, long, recording=True)
            taken_s = time.perf_counter() - began_s
            table.add_row(str(batch_size), f"{taken_s:.1f}", f"{long.duration_ms / 1000 / taken_s:.1f}")
    return table


async def main() -> None:
    console, audio = Console(), clip()
    with tempfile.TemporaryDirectory() as folder:
        model = write_tiny_whisper(Path(folder), says=SAYS, size=BASE)
        console.print(await overhead(model, audio))
        table, alone = await sharing(model, audio)
        console.print(table)
        console.print(agreement(alone[0]))
        console.print(await shapes(model, audio))
        console.print(await recordings(model, audio))


if __name__ == "__main__":
    asyncio.run(main())
