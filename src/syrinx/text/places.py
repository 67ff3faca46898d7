"""Where what is read aloud stands in what was written, and which of it has its sounds given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonemeSpan:
    """How `text[start_char:end_char]` sounds, in the International Phonetic Alphabet."""

    start_char: int
    end_char: int
    ipa: str


@dataclass(frozen=True, slots=True)
class Run:
    """From `start` on (up to the next run) the text read stands at `written_start` to `written_end`.

    A run that is `kept` is there letter for letter; another stands for all of that stretch.
    """

    start: int
    written_start: int
    written_end: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Places:
    """The runs of one text, in order, the first at 0."""

    runs: tuple[Run, ...] = (Run(0, 0, 0, kept=True),)

    def of(self, char: int) -> int:
        """Where the character stands in what was written; for one of a replacement, where what it replaced begins."""
        run = self.runs[max(0, bisect_right(self.runs, char, key=_start) - 1)]
        return run.written_start + char - run.start if run.kept else run.written_start

    def is_kept(self, char: int) -> bool:
        """Whether the character stands in what was written, and is not one of a replacement."""
        return self.runs[max(0, bisect_right(self.runs, char, key=_start) - 1)].kept

    def span(self, start: int, end: int) -> tuple[int, int]:
        """What was written for the characters from `start` up to `end`, which is after it; replacements as a whole."""
        run = self.runs[max(0, bisect_right(self.runs, end - 1, key=_start) - 1)]
        return self.of(start), run.written_start + end - run.start if run.kept else run.written_end


def joined_runs(runs: Sequence[Run]) -> Places:
    """The runs as places, those that go on letter for letter made one."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last.kept and run.kept and run.start - last.start == run.written_start - last.written_start:
            joined[-1] = Run(last.start, last.written_start, run.written_end, kept=True)
        else:
            joined.append(run)
    return Places(tuple(joined)) if joined else Places()


def _start(run: Run) -> int:
    return run.start
