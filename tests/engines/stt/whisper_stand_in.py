"""A recogniser for tests that does what it is told, and decoders that take virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from syrinx.engines.stt.local_agreement import TimedWord
from syrinx.engines.stt.whisper_decoding import Stop
from syrinx.engines.stt.whisper_doubts import Hypothesis
from syrinx.engines.stt.whisper_model import SAMPLE_RATE_HZ, Audio, Manner, Unwanted, never


def words_of(text: str, *, word_s: float = 0.25) -> tuple[TimedWord, ...]:
    return tuple(
        TimedWord(text=f" {word}", start_s=number * word_s, end_s=(number + 1) * word_s)
        for number, word in enumerate(text.split())
    )


@dataclass(slots=True)
class ScriptedRecognizer:
    """Hears in each decoding what `hears` makes of the length of the window."""

    hears: Callable[[float], str | Hypothesis]
    """From seconds of audio."""
    languages: tuple[str, ...] = ("en", "de", "fr")
    translates: bool = True
    speaks: str = "de"
    decoded: list[tuple[float, Manner]] = field(default_factory=list[tuple[float, Manner]])
    """The seconds of each window that was decoded, and how."""
    detected_s: list[float] = field(default_factory=list[float])

    def decode(self, windows: Sequence[Audio], manner: Manner, unwanted: Unwanted = never) -> list[Hypothesis]:
        found: list[Hypothesis] = []
        for window in windows:
            length_s = window.size / SAMPLE_RATE_HZ
            self.decoded.append((length_s, manner))
            heard = self.hears(length_s)
            found.append(heard if isinstance(heard, Hypothesis) else Hypothesis(words=words_of(heard)))
        return found

    def detect(self, audio: Audio) -> str:
        self.detected_s.append(audio.size / SAMPLE_RATE_HZ)
        return self.speaks


class VirtualExecutor(Executor):
    """Runs work on the loop, each after `cost_s` of the loop's time; what is asked to stop ends at its next step."""

    def __init__(self, cost_s: float, *, steps: int = 1) -> None:
        self.cost_s = cost_s
        self.steps = steps
        self.begun = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        self.begun += 1

        def step(left: int, stop: Stop) -> None:
            if left and not stop.asked:
                loop.call_later(self.cost_s / self.steps, step, left - 1, stop)
                return
            try:
                answer.set_result(fn(stop, *args[1:], **kwargs))
            except Exception as error:  # noqa: BLE001 - as an executor does
                answer.set_exception(error)

        loop = asyncio.get_running_loop()
        loop.call_later(self.cost_s / self.steps, step, self.steps - 1, args[0])
        return answer
