"""The companion in the languages other than English: a short, honest set of answers each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from syrinx.engines.llm.companion_script.talk import Talk

Topic = Literal["crisis", "goodbye", "how_to", "who", "repeat", "time", "thanks", "greeting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Texts in which {name}, {time} (14:05) and {said} (the last reply) are filled in, and what asks for each."""

    asked: tuple[tuple[Topic, str], ...]
    """Tried in order on the lower-cased words; the first pattern found names the topic."""
    greeting: str
    notice: str
    """Follows the first reply: that there is no language model."""
    how_to: str
    who: str
    time: str
    repeat: str
    nothing_said: str
    thanks: str
    goodbye: str
    crisis: str
    """To someone who speaks of taking their life: where to find people who can help, before anything else."""
    question: str
    """For what is asked and no script can know."""
    listening: tuple[str, ...]
    joint: str = " "
    """Between two sentences."""


_ASKS = re.compile(r"[?？]\s*$")


def reply(talk: Talk, phrases: Phrases) -> str:
    topic = next((name for name, pattern in phrases.asked if re.search(pattern, talk.words)), None)
    if topic == "how_to":
        return phrases.how_to
    if topic == "crisis":
        return phrases.crisis
    if topic == "repeat" and not talk.earlier:
        said = phrases.nothing_said
    elif topic is not None:
        last = talk.earlier[-1].removeprefix(phrases.repeat.partition("{said}")[0]) if talk.earlier else ""
        template: str = getattr(phrases, topic)
        said = template.format(name=talk.name, time=f"{talk.now.hour}:{talk.now.minute:02}", said=last)
    else:
        said = phrases.question if _ASKS.search(talk.said) else talk.pick(phrases.listening)
    return f"{said}{phrases.joint}{phrases.notice}" if talk.is_first else said
