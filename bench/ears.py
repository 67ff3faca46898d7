"""How well and how quickly the embedded ear hears people: word error rate by room, cost, time from a pause to words.

`ears.py [FOLDER]`: other recordings than those of the tests, each NAME.wav with its words in NAME.txt.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import jiwer
import numpy as np
from pocketsphinx import Decoder, get_model_path
from rich.console import Console
from rich.table import Table

from syrinx.audio.pcm import Samples
from syrinx.audio.resampling import resample
from syrinx.audio.wav import read_wav
from syrinx.engines.stt.conditioning import SAMPLE_RATE_HZ, NoiseSuppressor, gain_to_speech_level_db
from syrinx.engines.stt.sphinx_hearing import Hearing
from syrinx.engines.stt.sphinx_pass import Search, SphinxDecoder, SphinxPass
from syrinx.engines.stt.sphinx_recording import RecordingHearing
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


def whole(
    decoder: SphinxDecoder,
    *,
    search: Search = "_default",
    own_mean: bool = True,
    gain: bool = True,
    suppress_noise: bool = True,
) -> Ear:
    """All of an utterance once it has ended, by one choice of settings."""

    def hear(samples: Samples, arrival: Arrival) -> str:
        found: list[str] = []

        def work() -> None:
            suppressor = NoiseSuppressor(enabled=suppress_noise)
            clean = np.concatenate([suppressor.push(samples.tobytes()), suppressor.flush()])
            gain_db = gain_to_speech_level_db(clean) if gain else 0.0
            speaker = STRANGER
            if own_mean:
                measuring = SphinxPass(decoder, STRANGER, gain_db=gain_db, search="measuring")
                measuring.feed(clean)
                mean, frames = measuring.measured()
                measuring.end()
                speaker = STRANGER.heard(mean, frames=frames, gain_db=gain_db)
            decoding = SphinxPass(decoder, speaker, gain_db=gain_db, search=search)
            decoding.feed(clean)
            decoding.end()
            found.extend(word.spelling for word in decoding.words())

        arrival.work(samples.size / SAMPLE_RATE_HZ, work)
        return " ".join(found)

    return hear


def recording(decoder: SphinxDecoder) -> Ear:
    """The engine's own hearing of recordings, one after the other, so that nothing is known of the speaker."""

    def hear(samples: Samples, arrival: Arrival) -> str:
        hearing = RecordingHearing(STRANGER)

        def work() -> None:
            hearing.take(samples.tobytes())
            hearing.end_piece()
            while hearing.ready():
                while hearing.hear(decoder):
                    pass

        arrival.work(samples.size / SAMPLE_RATE_HZ, work)
        return hearing.so_far().text.lower()

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


def with_noise(samples: Samples, *, ratio_db: float) -> Samples:
    level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    hiss = np.random.default_rng(0).standard_normal(samples.size) * level * 10 ** (-ratio_db / 20)
    return np.clip(samples + hiss, -32768, 32767).astype(np.int16)


def with_echo(samples: Samples) -> Samples:
    """A room that rings for 0.4 s (RT60), 9 dB under the speaker."""
    times_s = np.arange(int(0.4 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    response = np.random.default_rng(1).standard_normal(times_s.size) * np.exp(-6.9 * times_s / 0.4)
    response[: SAMPLE_RATE_HZ // 500] = 0.0
    response *= 10 ** (-9 / 20) / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    sounding = np.convolve(samples.astype(np.float64), response)[: samples.size]
    return (sounding * np.abs(samples).max() / np.abs(sounding).max()).astype(np.int16)


def too_loud(samples: Samples) -> Samples:
    """Clipped at half of its peak."""
    louder = samples * (2 * 32767.0 / max(1, int(np.abs(samples).max())))
    return np.clip(louder, -32768, 32767).astype(np.int16)


ROOMS: dict[str, Callable[[Samples], Samples]] = {
    "clean": lambda samples: samples,
    "-20 dB": lambda samples: (samples * 0.1).astype(np.int16),
    "too loud": too_loud,
    "noise 20 dB": lambda samples: with_noise(samples, ratio_db=20),
    "noise 10 dB": lambda samples: with_noise(samples, ratio_db=10),
    "echo": with_echo,
}


def recordings(folder: Path) -> list[tuple[str, Samples]]:
    found: list[tuple[str, Samples]] = []
    for path in sorted(folder.glob("*.wav")):
        text = path.with_suffix(".txt").read_text().lower()
        words = " ".join("".join(c if c.isalpha() or c == "'" else " " for c in text).split())
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
    clips = recordings(Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDINGS)
    language_model = get_model_path("en-us/en-us.lm.bin")
    quick = Decoder(lm=language_model, loglevel="FATAL", fwdflat=False, bestpath=False)
    wide = Decoder(
        lm=language_model, loglevel="FATAL", fwdflat=False, bestpath=False, beam=1e-64, pbeam=1e-56, wbeam=7e-40
    )
    ears: dict[str, Callable[[], Ear]] = {
        "stock PocketSphinx": lambda: stock(Decoder(lm=language_model, loglevel="FATAL")),
        "live, as built, stranger": lambda: ours(quick, carry=False, suppress_noise=True),
        "live, as built, known speaker": lambda: ours(quick, carry=True, suppress_noise=True),
        "live, no suppression": lambda: ours(quick, carry=False, suppress_noise=False),
        "at the end: first pass, others' mean": lambda: whole(quick, own_mean=False),
        "at the end: first pass, own mean": lambda: whole(quick),
        "at the end: wider beams": lambda: whole(wide),
        "at the end: all passes": lambda: whole(quick, search="thorough"),
        "at the end: all passes, no gain": lambda: whole(quick, search="thorough", gain=False),
        "at the end: all passes, no suppression": lambda: whole(quick, search="thorough", suppress_noise=False),
        "recording, as built": lambda: recording(quick),
    }
    words = sum(len(said.split()) for said, _ in clips)
    table = Table(title=f"Ears: {len(clips)} recordings of people, {words} words; goals: WER 35 %, RTF 0.3, 300 ms")
    table.add_column("WER %")
    for column in (*ROOMS, "RTF", "final p50 ms", "max ms"):
        table.add_column(column, justify="right")
    for name, make in ears.items():
        scores = [measure(make(), clips, change) for change in ROOMS.values()]
        settle_ms = [late_ms for score in scores for late_ms in score.settle_ms]
        table.add_row(
            name,
            *(f"{100 * jiwer.wer(score.said, score.heard):.0f}" for score in scores),
            f"{sum(score.cpu_s for score in scores) / sum(score.audio_s for score in scores):.2f}",
            f"{np.median(settle_ms):.0f}",
            f"{max(settle_ms):.0f}",
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
