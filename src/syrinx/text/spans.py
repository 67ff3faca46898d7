"""Stretches of a reply that are read as a whole: code, brackets, quotations, table rows; and breaks between lines."""

from __future__ import annotations

import re
from typing import Final

from syrinx.text.punctuation import BRACKETS
from syrinx.text.view import Verdict, View

LONGEST_SPAN: Final = 120
"""Characters after which a bracket, quote or backtick that was not closed is taken for a slip."""

_WRAPPED_LINE: Final = 60
"""A line at least this long that ends without a stop was probably wrapped: the next line goes on with its sentence."""

_MARKER_WIDTH: Final = 5
_STRUCTURE: Final = re.compile(r"[ \t]*(?:[-*+•–◦▪]|#{1,6}|\d{1,3}[.)]|>)[ \t]|[ \t]*\|")


def find_close(view: View, at: int, closers: str) -> int | None:
    """Where the bracket or quote opened at `at` closes; -1 if it does not; None while it still may.

    It does not if its line ends first or it runs on beyond LONGEST_SPAN. Brackets of its own kind inside it count.
    """
    text, opener = view.text, view.text[at]
    depth = 1
    limit = min(view.end, at + LONGEST_SPAN)
    for position in range(at + 1, limit):
        character = text[position]
        if character in closers:
            depth -= 1
            if depth == 0:
                return position
        elif character == opener:
            depth += 1
        elif character == "\n":
            return -1
    return None if limit < at + LONGEST_SPAN and not view.final else -1


def is_emoticon(text: str, at: int) -> bool:
    """Whether the bracket at `at` is the mouth of a `:(`."""
    return text[at] in BRACKETS and at > 0 and text[at - 1] in ":;=-" and (at < 2 or not text[at - 2].isalnum())


def judge_backtick(view: View, at: int) -> Verdict | None:
    """Skip inline code, closed by as many backticks as opened it; an unclosed one is an ordinary character."""
    text = view.text
    run_end = at
    while run_end < view.end and text[run_end] == "`":
        run_end += 1
    if run_end == view.end:
        return Verdict(None, run_end) if view.final else None
    run = run_end - at
    limit = min(view.end, run_end + LONGEST_SPAN)
    position = run_end
    while position < limit:
        if text[position] == "\n":
            return Verdict(None, run_end)
        if text[position] != "`":
            position += 1
            continue
        closing = position
        while position < view.end and text[position] == "`":
            position += 1
        if position == view.end and not view.final:
            return None
        if position - closing == run:
            return Verdict(None, position)
    return None if limit < run_end + LONGEST_SPAN and not view.final else Verdict(None, run_end)


def judge_fence(view: View, at: int) -> Verdict | None:
    """Judge what may open a fenced block at `at`, the first mark that opens its line: cut behind the block's last line.

    A block is one segment however long it is: it is never spoken line by line. `resume` equals `at` if it is no fence.
    A block that is never closed reaches to the end of the stream.
    """
    text, mark = view.text, view.text[at]
    run_end = at
    while run_end < len(text) and text[run_end] == mark:
        run_end += 1
    if run_end == len(text) and not view.final:
        return None
    run = run_end - at
    if run < 3:
        return Verdict(None, at)
    opening_end = text.find("\n", run_end)
    info_end = opening_end if opening_end >= 0 else len(text)
    if mark == "`" and text.find("`", run_end, info_end) >= 0:
        return Verdict(None, at)
    if info_end - run_end > LONGEST_SPAN:
        return Verdict(None, at)
    if opening_end < 0:
        return Verdict(None, len(text)) if view.final else None
    closing = re.compile(rf"^ {{0,3}}{re.escape(mark)}{{{run},}}[ \t]*\n", re.MULTILINE)
    if found := closing.search(text, opening_end + 1):
        return Verdict(found.end(), found.end())
    return Verdict(None, len(text)) if view.final else None


def judge_table_row(view: View, at: int) -> Verdict | None:
    """A row of a table is one segment: nothing inside it ends a sentence."""
    line_end = view.text.find("\n", at, view.end)
    if line_end >= 0:
        return Verdict(line_end + 1, line_end + 1)
    return Verdict(None, view.end) if view.final else None


def judge_line_break(view: View, at: int) -> Verdict | None:
    """Judge a line break with no stop before it.

    A blank line ends the sentence. So does a single break, unless the next line goes on in lower case or this one was
    long enough to have been wrapped; a new list item, heading, quotation or table row always begins a new one.
    """
    text, end = view.text, view.end
    if text[view.start : at].strip() == "":
        return Verdict(None, at + 1)
    after = view.next_visible(at)
    broken_again = text.find("\n", at + 1, end if after is None else after)
    if broken_again >= 0:
        return Verdict(broken_again + 1, broken_again + 1)
    if after is None:
        return None
    if after >= end:
        return Verdict(None, end)
    line = text[view.line_start(at) : at]
    if text[after] in "`~|":
        return Verdict(at + 1, at + 1)
    if _STRUCTURE.match(text, at + 1, min(end, after + _MARKER_WIDTH)):
        return Verdict(at + 1, at + 1)
    if not view.final and end - after < _MARKER_WIDTH and (text[after] in "-*+•–◦▪#>" or text[after].isdigit()):
        return None
    on_structure = _STRUCTURE.match(line) is not None and (view.line_start(at) > view.start or view.line_offset == 0)
    is_heading = on_structure and line.lstrip().startswith("#")
    wrapped = len(line) + (view.line_offset if view.line_start(at) == view.start else 0) >= _WRAPPED_LINE
    goes_on = not is_heading and (text[after].islower() or (wrapped and not on_structure))
    return Verdict(None if goes_on else at + 1, at + 1)
