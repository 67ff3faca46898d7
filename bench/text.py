"""What text costs per delta and per segment: segmentation, speakable words, completeness and nods."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from syrinx.text import SentenceSegmenter, completeness, is_backchannel, speakable

REPLIES = {
    "en": (
        "When I looked into it this morning, the answer was clearer than expected. Dr. Smith wrote, e.g. in 2019, that "
        "**three things** matter: time, money and patience! It costs $3.50 per hour, or 20 % less after 3 p.m. "
        "See https://example.com/guide for more.\n\n- First, take a breath.\n- Then count to 10.\n\nIs that all? Yes. "
    ),
    "de": (
        "Als ich heute nachsah, war alles klarer als gedacht. Am 3. Oktober ist z. B. frei, und das kostet "
        "3,50 € mehr. „Gut!“, sagte er. Dann gingen wir um 14:30 Uhr nach Hause. "
    ),
    "zh": "今天早上我看了一下，答案比我想的更清楚。他说：「你好。我来了。」然后走了。价格是¥100，打八折！真的吗？ ",
}
ROUNDS = 200


def seconds_per_call(work: Callable[[], int]) -> float:
    """Seconds per thing that `work` counts, the best of five."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        count = work()
        best = min(best, (time.perf_counter() - began) / count)
    return best


def feed_all(text: str, language: str) -> int:
    deltas = [text[at : at + 4] for at in range(0, len(text), 4)]
    for _ in range(ROUNDS):
        segmenter = SentenceSegmenter(language=language)
        for delta in deltas:
            segmenter.feed(delta)
        segmenter.flush()
    return ROUNDS * len(deltas)


def speak_all(text: str, language: str) -> int:
    segmenter = SentenceSegmenter(language=language)
    segments = [*segmenter.feed(text), *segmenter.flush()]
    for _ in range(ROUNDS // 4):
        for segment in segments:
            speakable(segment.text, language=language)
    return ROUNDS // 4 * len(segments)


def judge_all(language: str) -> int:
    for _ in range(ROUNDS * 5):
        completeness("i was thinking about the", language)
        is_backchannel("yeah okay", language)
    return ROUNDS * 5


def import_ms() -> float:
    """How long a fresh interpreter takes to import the room, in milliseconds; the best of three."""
    code = "import time; t = time.perf_counter(); import syrinx.text; print((time.perf_counter() - t) * 1000)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    return min(float(run.stdout) for run in runs)


def main() -> None:
    table = Table(title=f"Text (import {import_ms():.0f} ms)")
    for column in ("language", "segment, µs per delta", "speakable, µs per segment", "completeness + nod, µs"):
        table.add_column(column, justify="right")
    for language, reply in REPLIES.items():
        text = reply * 3
        figures = (
            seconds_per_call(lambda text=text, language=language: feed_all(text, language)),
            seconds_per_call(lambda text=text, language=language: speak_all(text, language)),
            seconds_per_call(lambda language=language: judge_all(language)),
        )
        table.add_row(language, *(f"{figure * 1e6:.1f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    main()
