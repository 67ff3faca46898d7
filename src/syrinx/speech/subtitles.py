"""Timed pieces of text as subtitle files: SubRip (SRT) and WebVTT."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import Final

LINE_CHARS: Final = 42
LINES: Final = 2
"""What a screen holds at a glance: the usual measure of subtitles, which the makers of films follow."""
_LEAST_CUE_MS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """Some text and when it is heard."""

    text: str
    start_ms: float
    end_ms: float
    words: tuple[tuple[int, float], ...] = ()
    """Where in the text words begin, and when, in order: a caption too long for one screen is changed at these times,
    else at times by proportion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What stands on the screen at once."""

    lines: tuple[str, ...]
    """At most `LINES` of at most `LINE_CHARS`, without line breaks and empty lines, which would end a cue early."""
    start_ms: int
    end_ms: int


def srt(captions: Iterable[Caption]) -> str:
    """A whole SRT file; "" of no captions. SRT knows no escapes: the arrow that divides its times is written as one."""
    return "\n".join(
        f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n"
        + "".join(f"{line.replace('-->', '→')}\n" for line in cue.lines)
        for number, cue in enumerate(cues(captions), start=1)
    )


def vtt(captions: Iterable[Caption]) -> str:
    """A whole WebVTT file (W3C WebVTT, section 4); the text is escaped, so that it is shown as it is written."""
    return "WEBVTT\n" + "".join(
        f"\n{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n" + "".join(f"{_escaped(e)}\n" for e in cue.lines)
        for cue in cues(captions)
    )


def cues(captions: Iterable[Caption]) -> list[Cue]:
    """In order of their beginnings, none overlapping the next, each at least a millisecond long.

    A caption too long for one screen becomes several cues, each beginning with its first word. One that
    overlaps the next ends where that begins. A caption without text is left out.
    """
    placed = sorted((each for caption in captions for each in _screens(caption)), key=lambda cue: cue.start_ms)
    found: list[Cue] = []
    free_from_ms = 0
    for cue, following in zip_longest(placed, placed[1:]):
        start_ms = max(cue.start_ms, free_from_ms)
        end_ms = cue.end_ms if following is None else min(cue.end_ms, following.start_ms)
        free_from_ms = max(end_ms, start_ms + _LEAST_CUE_MS)
        found.append(Cue(lines=cue.lines, start_ms=start_ms, end_ms=free_from_ms))
    return found


def _screens(caption: Caption) -> list[Cue]:
    screens = _wrapped(caption.text)
    lengths = [sum(map(len, lines)) for lines in screens]
    total = sum(lengths)
    lasting_ms = max(0.0, caption.end_ms - caption.start_ms)
    edges_ms = [round(caption.start_ms + lasting_ms * done / total) for done in accumulate(lengths, initial=0) if total]
    if caption.words and len(screens) > 1:
        edges_ms[1:-1] = _begins_ms(caption, screens)
    return [
        Cue(lines=lines, start_ms=max(0, start_ms), end_ms=max(0, end_ms))
        for lines, start_ms, end_ms in zip(screens, edges_ms, edges_ms[1:], strict=False)
    ]


def _begins_ms(caption: Caption, screens: Sequence[Sequence[str]]) -> list[int]:
    """When each screen but the first begins: with its first word whose time is known."""
    # White space is not the same on the screens as in the text: what is seen is counted.
    seen = list(accumulate((not character.isspace() for character in caption.text), initial=0))
    words = [(seen[offset], at_ms) for offset, at_ms in caption.words]
    firsts = accumulate(sum(not character.isspace() for line in screen for character in line) for screen in screens)
    return [
        round(next((at_ms for place, at_ms in words if place >= first), caption.end_ms)) for first in list(firsts)[:-1]
    ]


def _wrapped(text: str) -> list[tuple[str, ...]]:
    """As few screens as possible, each with about as much text as the others, and each line as the other."""
    lines = textwrap.wrap(text, LINE_CHARS)
    screens = [lines[at : at + LINES] for at in range(0, len(lines), LINES)]
    if len(screens) > 1:
        whole = " ".join(lines)
        # Wider and wider, until it is divided into no more than that.
        for width in range(len(whole) // len(screens), LINES * LINE_CHARS):
            alike = [textwrap.wrap(part, LINE_CHARS) for part in textwrap.wrap(whole, width)]
            if len(alike) <= len(screens) and all(len(each) <= LINES for each in alike):
                screens = alike
                break
    return [_even(each) for each in screens]


def _even(lines: Sequence[str]) -> tuple[str, ...]:
    text = " ".join(lines)
    if len(lines) == 1 or " " not in text:
        return tuple(lines)
    for width in range(len(text) // len(lines), LINE_CHARS):
        narrower = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        if len(narrower) <= len(lines) and max(map(len, narrower)) <= LINE_CHARS:
            return tuple(narrower)
    return tuple(lines)


def _time(at_ms: int, point: str) -> str:
    """HH:MM:SS and milliseconds; the hours take as many digits as they need."""
    seconds, milliseconds = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
