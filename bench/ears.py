"""How well and how quickly the embedded ear hears people: word error rate, cost, and time from a pause to the words."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import jiwer
import numpy as np
from pocketsphinx import Decoder, get_model_path
from rich.console import Console
from rich.table import Table

from syrinx.audio.pcm import Samples
from syrinx.audio.resampling import resample
from syrinx.audio.wav import read_wav
from syrinx.engines.stt.conditioning import SAMPLE_RATE_HZ
from syrinx.engines.stt.sphinx_hearing import Hearing
from syrinx.engines.stt.sphinx_pass import SphinxDecoder
from syrinx.engines.stt.sphinx_speaker import STRANGER, Speaker
from syrinx.testing.human_clips import RECORDINGS

STEP = SAMPLE_RATE_HZ // 10


@dataclass(slots=True)
class Score:
    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    settle_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    audio_s: float = 0.0


@dataclass(slots=True)
class Arrival:
    """Work on audio that arrives in real time on one core: how late the ear is, counted in processor time."""

    clock_s: float = 0.0
    cpu_s: float = 0.0

    def work(self, arrived_s: float, do: Callable[[], object]) -> None:
        began = time.process_time()
        do()
        took = time.process_time() - began
        self.cpu_s += took
        self.clock_s = max(self.clock_s, arrived_s) + took


Ear = Callable[[Samples, Arrival], str]


class Hypothesis(Protocol):
    hypstr: str


class StockDecoder(Protocol):
    """What is used of `pocketsphinx.Decoder`, which has no type information."""

    def start_utt(self) -> None: ...
    def end_utt(self) -> None: ...
    def process_raw(self, data: bytes) -> object: ...
    def hyp(self) -> Hypothesis | None: ...


def stock(decoder: StockDecoder) -> Ear:
    """PocketSphinx as its examples use it, its mean carried over from whatever came before."""

    def hear(samples: Samples, arrival: Arrival) -> str:
        decoder.start_utt()
        for at in range(0, samples.size, STEP):
            piece = samples[at : at + STEP]
            arrival.work((at + piece.size) / SAMPLE_RATE_HZ, lambda piece=piece: decoder.process_raw(piece.tobytes()))
        arrival.work(samples.size / SAMPLE_RATE_HZ, decoder.end_utt)
        found = decoder.hyp()
        return "" if found is None else found.hypstr

    return hear


def ours(decoder: SphinxDecoder, *, carry: bool, suppress_noise: bool) -> Ear:
    """The engine's own hearing; `carry` hands what was learnt of the speaker to the next utterance."""
    known: list[Speaker] = [STRANGER]

    def hear(samples: Samples, arrival: Arrival) -> str:
        hearing = Hearing(decoder, known[0], suppress_noise=suppress_noise)
        for at in range(0, samples.size, STEP):
            piece = samples[at : at + STEP]
            arrival.work((at + piece.size) / SAMPLE_RATE_HZ, lambda piece=piece: hearing.feed(piece.tobytes()))
        arrival.work(samples.size / SAMPLE_RATE_HZ, hearing.settle)
        heard, speaker = hearing.finish()
        if carry:
            known[0] = speaker
        return heard.text.lower()

    return hear


def with_noise(samples: Samples) -> Samples:
    level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    hiss = np.random.default_rng(0).standard_normal(samples.size) * level / 10.0
    return np.clip(samples + hiss, -32768, 32767).astype(np.int16)


ROOMS: dict[str, Callable[[Samples], Samples]] = {
    "clean": lambda samples: samples,
    "24 dB quieter": lambda samples: (samples * 0.063).astype(np.int16),
    "noise at 20 dB": with_noise,
}


def recordings() -> list[tuple[str, Samples]]:
    found: list[tuple[str, Samples]] = []
    for path in sorted(RECORDINGS.glob("LJ*.wav")):
        words = "".join(c for c in path.with_suffix(".txt").read_text().lower() if c.isalpha() or c in " '").strip()
        speech = resample(read_wav(path), SAMPLE_RATE_HZ).samples()
        silence = np.zeros(SAMPLE_RATE_HZ // 10, dtype=np.int16)
        found.append((words, np.concatenate([silence, silence, silence, speech, silence])))
    return found


def measure(ear: Ear, clips: list[tuple[str, Samples]], room: Callable[[Samples], Samples]) -> Score:
    score = Score()
    for words, samples in clips:
        arrival = Arrival()
        score.heard.append(ear(room(samples), arrival))
        score.said.append(words)
        seconds = samples.size / SAMPLE_RATE_HZ
        score.settle_ms.append(1000 * (arrival.clock_s - seconds))
        score.cpu_s += arrival.cpu_s
        score.audio_s += seconds
    return score


def main() -> None:
    language_model = get_model_path("en-us/en-us.lm.bin")
    quick = Decoder(lm=language_model, loglevel="FATAL", fwdflat=False, bestpath=False)
    ears: dict[str, Callable[[], Ear]] = {
        "stock PocketSphinx": lambda: stock(Decoder(lm=language_model, loglevel="FATAL")),
        "without suppression": lambda: ours(quick, carry=False, suppress_noise=False),
        "as built, stranger": lambda: ours(quick, carry=False, suppress_noise=True),
        "as built, known speaker": lambda: ours(quick, carry=True, suppress_noise=True),
    }
    clips = recordings()
    table = Table(title=f"Ears: {len(clips)} recordings of a person, {sum(len(w.split()) for w, _ in clips)} words")
    for column in ("ear", "room", "WER %", "RTF", "settle p50 ms", "settle max ms"):
        table.add_column(column, justify="left" if column in ("ear", "room") else "right")
    for name, make in ears.items():
        for room, change in ROOMS.items():
            score = measure(make(), clips, change)
            table.add_row(
                name,
                room,
                f"{100 * jiwer.wer(score.said, score.heard):.1f}",
                f"{score.cpu_s / score.audio_s:.3f}",
                f"{np.median(score.settle_ms):.0f}",
                f"{max(score.settle_ms):.0f}",
            )
    Console().print(table)


if __name__ == "__main__":
    main()
