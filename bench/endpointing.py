"""Prints how often a speaker who pauses in the middle of a sentence is cut off, and how long a true end takes.

Goals (issue 2): at most 3 % of speakers who pause for 0.2 to 0.8 s are cut off, and an end is found early enough for
450 ms from voice to voice. The material: the sentences of endpointing_set.txt spoken by flite's voices, and the human
clips of syrinx.testing, with silence put in where `|` or a gap between words stands. Transcripts are the true words, or
have some replaced, as by a mishearing ear. `--fit` fits the weights of EndpointingRules anew, and prints how each half
of the sentences fares with weights fitted on the other: that is the figure to believe.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import statistics
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from syrinx.audio import Samples, read_wav, resample, rms_dbfs
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech, WordTime
from syrinx.engines.vad.contract import FRAME_MS, FRAME_SAMPLES, VoiceActivityDetector
from syrinx.speech import Decision, Endpointer, EndpointingRules
from syrinx.speech.endpointing import LEAST_DOUBT
from syrinx.speech.prosody import LOOK_BACK_MS, finality
from syrinx.testing.human_clips import RECORDINGS
from syrinx.text import completeness

RATE_HZ = 16_000
VOICES = ("slt", "rms", "awb")
SENTENCES = Path(__file__).with_name("endpointing_set.txt")
SETTLE_MS = 130.0
"""How long the ear takes for the words before a pause (measured on PocketSphinx for a few seconds of speech)."""
WRONG_WORDS = ("a", "the", "it", "and", "to", "house", "see", "never", "blue", "one", "go", "time", "he", "for", "old")
PAUSES_MS = (200, 300, 400, 500, 600, 700, 800)


@dataclass(slots=True, kw_only=True)
class Trial:
    """One utterance with one pause in it, or none."""

    speaker: str
    line: int
    pause_ms: int
    samples: Samples
    paused_at_ms: float
    """Where the pause begins; beyond the end when there is none."""
    end_ms: float
    """Where the speech ends."""
    before: str
    """The words before the pause."""
    whole: str
    frames: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """Probability of speech and level of every frame."""
    finality_at: dict[int, float] = field(default_factory=dict[int, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    trial: Trial
    cut_off: bool
    latency_ms: float | None
    """From the end of the speech to the decision; None when cut off."""


def _with_pause(samples: Samples, at: int, pause_ms: int, noise: np.random.Generator) -> Samples:
    """Silence put in at a sample, edges softened, and 2.5 s of it at the end; a little noise over all."""
    head, tail = samples[:at].astype(np.float32), samples[at:].astype(np.float32)
    fade = np.linspace(1.0, 0.0, 160, dtype=np.float32)
    if pause_ms:
        head[-160:] *= fade
        tail[:160] *= fade[::-1]
    gap = np.zeros(RATE_HZ * pause_ms // 1000, np.float32)
    lead, end = np.zeros(RATE_HZ // 2, np.float32), np.zeros(RATE_HZ * 5 // 2, np.float32)
    joined = np.concatenate([lead, head, gap, tail, end])
    joined += noise.normal(0.0, 12.0, joined.size).astype(np.float32)
    return np.clip(np.rint(joined), -32768, 32767).astype(np.int16)


def _speech_end(samples: Samples) -> int:
    """The last sample of speech: within 35 dB of the loudest 10 ms."""
    blocks = samples[: samples.size // 160 * 160].reshape(-1, 160).astype(np.float64)
    level_db = 10.0 * np.log10((blocks**2).mean(axis=1) + 1.0)
    return 160 * (int(np.flatnonzero(level_db > level_db.max() - 35.0)[-1]) + 1)


def _trial(samples: Samples, at: int, pause_ms: int, *, speaker: str, line: int, before: str, whole: str) -> Trial:
    end = _speech_end(samples)
    lead_ms = 500.0
    paused_at_ms = lead_ms + 1000.0 * _speech_end(samples[:at]) / RATE_HZ if pause_ms else float("inf")
    # A sentence's own silence at the place (behind a comma) is part of the pause.
    return Trial(
        speaker=speaker,
        line=line,
        pause_ms=pause_ms,
        samples=_with_pause(samples[:end], at, pause_ms, np.random.default_rng(line)),
        paused_at_ms=paused_at_ms,
        end_ms=lead_ms + 1000.0 * end / RATE_HZ + pause_ms,
        before=before,
        whole=whole,
    )


async def _spoken(tts: TextToSpeech, text: str, voice: str) -> tuple[Samples, list[WordTime]]:
    parts: list[Samples] = []
    words: list[WordTime] = []
    async with aclosing(tts.synthesize(SpeechRequest(text=text, voice=voice))) as chunks:
        async for chunk in chunks:
            parts.append(chunk.audio.samples())
            words += chunk.words
    return np.concatenate(parts), words


async def spoken_trials(tts: TextToSpeech, lines: Iterable[tuple[int, str]]) -> AsyncGenerator[Trial, None]:
    """Every sentence in every voice, once for each place where it may pause, and once without a pause."""
    for line, marked in lines:
        text = " ".join(marked.replace("|", " ").split())
        places = [len(" ".join(part.split())) for part in _prefixes(marked)]
        for voice in VOICES:
            samples, words = await _spoken(tts, text, voice)
            yield _trial(samples, samples.size, 0, speaker=voice, line=line, before=text, whole=text)
            for number, place in enumerate(places):
                following = next(word for word in words if word.start_char >= place)
                pause_ms = PAUSES_MS[(line * 3 + number * 2 + VOICES.index(voice)) % len(PAUSES_MS)]
                at = round(following.start_ms * RATE_HZ / 1000)
                yield _trial(samples, at, pause_ms, speaker=voice, line=line, before=text[:place], whole=text)


def _prefixes(marked: str) -> list[str]:
    parts = marked.split("|")
    return ["".join(parts[: count + 1]) for count in range(len(parts) - 1)]


def human_trials() -> list[Trial]:
    """The human clips with every pause length at their gaps between words."""
    trials: list[Trial] = []
    for path in sorted(RECORDINGS.glob("LJ*.wav")):
        samples = resample(read_wav(path), RATE_HZ).samples()
        text = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
        trials.append(_trial(samples, samples.size, 0, speaker="human", line=0, before=text, whole=text))
        for at in _gaps(samples):
            words = text.split()
            before = " ".join(words[: max(1, round(len(words) * at / samples.size))])
            trials += [
                _trial(samples, at, pause_ms, speaker="human", line=0, before=before, whole=text)
                for pause_ms in PAUSES_MS
            ]
    return trials


def _gaps(samples: Samples) -> list[int]:
    """The quietest places at least 300 ms from each other and from the ends."""
    blocks = samples[: samples.size // 160 * 160].reshape(-1, 160).astype(np.float64)
    level_db = np.convolve(10.0 * np.log10((blocks**2).mean(axis=1) + 1.0), np.ones(4) / 4, "same")
    gaps: list[int] = []
    for place in np.argsort(level_db):
        if level_db[place] > level_db.max() - 25.0:
            break
        if 30 < place < len(level_db) - 30 and all(abs(int(place) - other) > 30 for other in gaps):
            gaps.append(int(place))
    return [160 * place for place in sorted(gaps)]


async def hear(trial: Trial, vad: VoiceActivityDetector) -> None:
    """Fill in what the detector says of every frame."""
    stream = vad.stream()
    try:
        for start in range(0, trial.samples.size - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            frame = trial.samples[start : start + FRAME_SAMPLES]
            trial.frames.append((await stream.probability(frame), rms_dbfs(frame)))
    finally:
        stream.close()


def misheard(text: str, seed: int, rate: float) -> str:
    """The text with that part of its words replaced."""
    chance = random.Random(seed)  # noqa: S311 - a bench that gives the same table every time
    return " ".join(
        chance.choice(WRONG_WORDS) if chance.random() < rate else word for word in text.lower().strip(".,!?").split()
    )


def outcome(trial: Trial, rules: EndpointingRules, *, wrong: float) -> Outcome:
    """Run the endpointer over the trial, words arriving SETTLE_MS after each pause began."""
    endpointer = Endpointer(rules)
    before = misheard(trial.before, trial.line, wrong)
    whole = misheard(trial.whole, trial.line, wrong)
    words_at_ms = float("inf")
    for number, (probability, level_dbfs) in enumerate(trial.frames):
        decision = endpointer.frame(probability, level_dbfs)
        if decision is Decision.PAUSED:
            words_at_ms = endpointer.at_ms + SETTLE_MS
            if number not in trial.finality_at:
                upto = (number + 1) * FRAME_SAMPLES
                heard = trial.samples[max(0, upto - RATE_HZ * LOOK_BACK_MS // 1000) : upto]
                trial.finality_at[number] = finality(heard)
            endpointer.voice(trial.finality_at[number])
        elif decision is Decision.RESUMED:
            words_at_ms = float("inf")
        elif decision is Decision.ENDED:
            early = endpointer.at_ms < trial.end_ms
            return Outcome(trial=trial, cut_off=early, latency_ms=None if early else endpointer.at_ms - trial.end_ms)
        if endpointer.at_ms >= words_at_ms:
            text = before if endpointer.speech_until_ms < trial.end_ms - 250.0 else whole
            endpointer.words(text, completeness(text, "en"))
            words_at_ms = float("inf")
    return Outcome(trial=trial, cut_off=False, latency_ms=len(trial.frames) * FRAME_MS - trial.end_ms)


def _row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    latencies = sorted(o.latency_ms for o in outcomes if o.latency_ms is not None)
    paused = [o for o in outcomes if o.trial.pause_ms]
    cells = [f"{100 * statistics.fmean([o.cut_off for o in paused]):.1f} %" if paused else "-"]
    for pause_ms in PAUSES_MS:
        of_length = [o for o in paused if o.trial.pause_ms == pause_ms]
        cells.append(f"{sum(o.cut_off for o in of_length)}/{len(of_length)}")
    p90 = latencies[int(0.9 * (len(latencies) - 1))]
    return (name, *cells, f"{statistics.median(latencies):.0f}", f"{p90:.0f}")


async def collect(*, half: str, quick: bool) -> tuple[list[Trial], list[Trial]]:
    """The spoken and the human trials, heard."""
    registry = EngineRegistry()
    lines = list(enumerate(SENTENCES.read_text(encoding="utf-8").splitlines()))
    if half != "both":
        lines = [(line, text) for line, text in lines if line % 2 == (half == "second")]
    if quick:
        lines = lines[::4]
    spoken: list[Trial] = []
    human = human_trials()
    async with registry.provider("vad", "silero").open({}) as vad:
        if registry.provider("tts", "flite").check({}).available:
            async with registry.provider("tts", "flite").open({}) as tts:
                spoken = [trial async for trial in spoken_trials(tts, lines)]
        for start in range(0, len(spoken + human), 64):
            await asyncio.gather(*(hear(trial, vad) for trial in (spoken + human)[start : start + 64]))
    return spoken, human


Evidence = tuple[bool, float, float, float]
"""A pause: whether it is the end, how complete the words are, the logit of the voice's finality, the brevity."""


def _evidence(trial: Trial, *, wrong: float) -> list[Evidence]:
    """The end of a trial without a pause, the hesitation of one with."""
    endpointer = Endpointer(EndpointingRules(floor_ms=5000, sure_ms=5000, unsure_ms=5000, patience_ms=5000))
    pauses: list[Evidence] = []
    for number, (probability, level_dbfs) in enumerate(trial.frames):
        if endpointer.frame(probability, level_dbfs) is not Decision.PAUSED:
            continue
        ended = endpointer.speech_until_ms > trial.end_ms - 250.0
        placed = ended if not trial.pause_ms else abs(endpointer.speech_until_ms - trial.paused_at_ms) < 150.0
        if placed:
            upto = (number + 1) * FRAME_SAMPLES
            voice = finality(trial.samples[max(0, upto - RATE_HZ * LOOK_BACK_MS // 1000) : upto])
            voice = min(1.0 - LEAST_DOUBT, max(LEAST_DOUBT, voice))
            text = misheard(trial.whole if ended else trial.before, trial.line, wrong)
            pauses.append((ended, completeness(text, "en"), math.log(voice / (1.0 - voice)), _brevity(text)))
    return pauses


def _brevity(text: str) -> float:
    """As the rules have it."""
    rules = EndpointingRules()
    if completeness(text, "en") >= rules.complete_alone:
        return 0.0
    return math.log(min(rules.many_words, max(rules.few_words, len(text.split()))) / rules.many_words)


def fitted(trials: Iterable[Trial], *, wrong: float = 0.12) -> EndpointingRules:
    """The rules with weights from a logistic regression in which ends and hesitations count the same in all."""
    evidence = [each for trial in trials for each in _evidence(trial, wrong=wrong)]
    ended = np.array([end for end, *_ in evidence], dtype=np.float64)
    seen = np.array([(1.0, *rest) for _, *rest in evidence])
    share = float(ended.mean())
    weight = np.where(ended > 0, 0.5 / share, 0.5 / (1.0 - share)) / len(ended)
    weights = np.zeros(4)
    for _ in range(40_000):
        likely = 1.0 / (1.0 + np.exp(-seen @ weights))
        weights -= 0.2 * (seen.T @ (weight * (likely - ended)) + 0.002 * weights * (0.0, 1.0, 1.0, 1.0))
    bias, words_weight, voice_weight, brevity_weight = (float(each) for each in weights)
    return EndpointingRules(
        bias=bias, words_weight=words_weight, voice_weight=voice_weight, brevity_weight=brevity_weight
    )


def cross_validated(spoken: Sequence[Trial], table: Table) -> list[str]:
    """Rows for each half judged by the other's weights; returns lines that say the weights."""
    halves = [[trial for trial in spoken if trial.line % 2 == half] for half in (0, 1)]
    rules = [fitted(halves[1]), fitted(halves[0])]
    for words, wrong in (("true", 0.0), ("12 % wrong", 0.12), ("30 % wrong", 0.3)):
        outcomes = [outcome(trial, rules[half], wrong=wrong) for half in (0, 1) for trial in halves[half]]
        table.add_row(*_row(f"each by the other half, {words}", outcomes))
    chosen = [("first half", rules[1]), ("second half", rules[0]), ("all", fitted(spoken))]
    return [
        f"fitted on {name}: bias {of.bias:.2f}, words {of.words_weight:.2f}, voice {of.voice_weight:.2f}, "
        f"brevity {of.brevity_weight:.2f}"
        for name, of in chosen
    ]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("first", "second", "both"), default="both")
    parser.add_argument("--fit", action="store_true", help="fit the weights anew and judge each half by the other's")
    parser.add_argument("--quick", action="store_true", help="a quarter of the sentences")
    arguments = parser.parse_args()
    spoken, human = await collect(half=arguments.half, quick=arguments.quick)
    rules = EndpointingRules()
    table = Table(
        title="Cut off, of all and by length of the pause in ms; p50, p90: ms from the end of speech to the decision"
    )
    for heading in ("speaker, words", "cut off", *map(str, PAUSES_MS), "p50", "p90"):
        table.add_column(heading, justify="right")
    for name, trials in (("flite", spoken), ("human", human)):
        for words, wrong in (("true", 0.0), ("12 % wrong", 0.12), ("30 % wrong", 0.3), ("none right", 1.0)):
            if trials:
                table.add_row(*_row(f"{name}, {words}", [outcome(trial, rules, wrong=wrong) for trial in trials]))
    weights = cross_validated(spoken, table) if arguments.fit and spoken else []
    console = Console(width=130)
    if not spoken:
        console.print("flite is not installed here (apt install libflite1): human clips only")
    console.print(table)
    for line in weights:
        console.print(line)


if __name__ == "__main__":
    asyncio.run(main())
