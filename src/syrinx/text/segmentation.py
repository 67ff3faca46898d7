"""Cutting a stream of reply text into sentences for synthesis, the first of them as early as it sounds natural."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Final

from syrinx.errors import BadInput
from syrinx.text.clauses import CLAUSE_MARKS, judge_clause
from syrinx.text.cutting import best_cut
from syrinx.text.languages import base_language
from syrinx.text.punctuation import BRACKETS, STOPS, WIDE_STOPS, has_content, quote_pairs, spoken_length
from syrinx.text.spans import (
    find_close,
    is_emoticon,
    judge_backtick,
    judge_fence,
    judge_line_break,
    judge_table_row,
)
from syrinx.text.stops import judge_closed_quote, judge_stop, judge_wide_stop, lexicon_for
from syrinx.text.view import Verdict, View

DEFAULT_MIN_CHARS: Final = 16
"""Under about a second of speech: shorter sentences sound clipped alone and cost an engine as much as longer ones."""

DEFAULT_MAX_CHARS: Final = 240
WIDE_MAX_CHARS: Final = 80
"""XTTS takes 250 Latin, 82 Chinese and 71 Japanese characters; Kokoro's 510 phonemes are about as much."""

_WHOLE_QUOTES: Final = frozenset({"zh", "ja", "hi"})
"""Languages whose stops need no space: unless quotations were read whole, their closing marks would be left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One piece of a reply to be synthesised: joined in order of `index`, the texts give the stream back exactly.

    `is_clause` marks an early first clause, whose sentence goes on in the next segment. `ends_paragraph` says that a
    line break stands at its end or the stream ended: a longer pause suits. Some hold nothing that can be spoken.
    """

    text: str
    index: int
    is_clause: bool
    ends_paragraph: bool


class SentenceSegmenter:
    """Cuts one stream of text into segments; a new stream needs a new segmenter.

    A segment is released by the character that decides it: the space behind `Hello there!`, the stop itself in Chinese,
    the next word behind an abbreviation. Where the deltas are cut makes no difference to the segments.

    Sentences shorter than `min_chars` (Chinese and Japanese characters count for three) are joined to the next, but for
    the first and those that end a line. No segment is longer than `max_chars`, save a fenced code block, which is one
    segment however long. `first_clause` lets the first segment end at a clause (see `syrinx.text.clauses`).
    """

    def __init__(
        self,
        *,
        language: str = "en",
        first_clause: bool = True,
        min_chars: int | None = None,
        max_chars: int | None = None,
    ) -> None:
        base = base_language(language)
        if max_chars is None:
            max_chars = WIDE_MAX_CHARS if base in {"zh", "ja"} else DEFAULT_MAX_CHARS
        if min_chars is None:
            min_chars = min(DEFAULT_MIN_CHARS, max_chars)
        if not 0 <= min_chars <= max_chars or max_chars < 1:
            raise BadInput(f"0 <= min_chars <= max_chars is needed, not min_chars={min_chars}, max_chars={max_chars}")
        self._lexicon = lexicon_for(base)
        self._quotes = quote_pairs(base)
        self._min_chars = min_chars
        self._max_chars = max_chars
        self._first_clause = first_clause
        self._text = ""
        self._start = 0
        self._scan = 0
        self._sentence_start = 0
        self._line_offset = 0
        self._index = 0
        self._in_fence = False
        self._is_finished = False

    def feed(self, delta: str) -> list[Segment]:
        """The segments completed by this delta, in order; often none. Raises RuntimeError after `flush`."""
        if self._is_finished:
            raise RuntimeError("the stream was flushed: a new stream needs a new SentenceSegmenter")
        self._text += delta
        if self._in_fence and "\n" not in delta:
            return []  # only the end of a line can close the block
        return self._advance(final=False)

    def flush(self) -> list[Segment]:
        """What remains, at the end of the stream. Nothing, if called again."""
        if self._is_finished:
            return []
        self._is_finished = True
        segments = self._advance(final=True)
        if self._start < len(self._text):
            segments.append(self._release(len(self._text), is_clause=False))
        if segments:
            last = segments.pop()
            segments.append(Segment(text=last.text, index=last.index, is_clause=last.is_clause, ends_paragraph=True))
        return segments

    def _advance(self, *, final: bool) -> list[Segment]:
        segments: list[Segment] = []
        while (found := self._next_cut(final=final)) is not None:
            cut, is_clause = found
            segments.append(self._release(cut, is_clause=is_clause))
        if self._start:
            self._text = self._text[self._start :]
            self._scan -= self._start
            self._sentence_start -= self._start
            self._start = 0
        return segments

    def _release(self, cut: int, *, is_clause: bool) -> Segment:
        text = self._text[self._start : cut]
        last_break = text.rfind("\n")
        self._line_offset = len(text) - last_break - 1 if last_break >= 0 else self._line_offset + len(text)
        segment = Segment(
            text=text,
            index=self._index,
            is_clause=is_clause,
            ends_paragraph=last_break >= 0 and text[last_break:].isspace() and has_content(text, 0, last_break),
        )
        self._index += 1
        self._start = self._scan = self._sentence_start = cut
        return segment

    def _next_cut(self, *, final: bool) -> tuple[int, bool] | None:
        text, start = self._text, self._start
        limit = start + self._max_chars
        end = min(len(text), limit + 1)
        view = View(text=text, start=start, end=end, final=final and end == len(text), line_offset=self._line_offset)
        marks = _MARKS_AND_CLAUSES if self._first_clause and self._index == 0 else _MARKS
        while (mark := marks.search(text, self._scan, min(end, limit))) is not None:
            at = mark.start()
            verdict = self._judge(view, at)
            if verdict is None:
                self._scan = at
                if self._in_fence:
                    return None
                break
            if verdict.cut is None or not self._is_worth_releasing(verdict.cut, at):
                self._scan = max(verdict.resume, at + 1)
                if verdict.cut is not None:
                    self._scan = self._sentence_start = verdict.cut
                continue
            if self._in_fence:
                self._in_fence = False
                return verdict.cut, False
            return min(verdict.cut, limit), text[at] in CLAUSE_MARKS
        else:
            self._scan = max(self._scan, min(end, limit))
        if end > limit:
            return best_cut(text, start, self._max_chars), False
        return None

    def _is_worth_releasing(self, cut: int, at: int) -> bool:
        text, start = self._text, self._start
        if self._in_fence:
            return True
        if text[at] == "\n":
            return True
        if not has_content(text, start, cut):
            return False
        if self._index == 0 or text[cut - 1] == "\n" or text[at] == "|":
            return True
        return spoken_length(text[start:cut]) >= self._min_chars

    def _judge(self, view: View, at: int) -> Verdict | None:
        text, mark = view.text, view.text[at]
        if mark in "`~":
            return self._judge_code_mark(view, at)
        if mark in STOPS:
            return judge_stop(view, at, self._sentence_start, self._lexicon)
        if mark in WIDE_STOPS:
            return judge_wide_stop(view, at)
        if mark == "\n":
            return judge_line_break(view, at)
        if mark == "|":
            return judge_table_row(view, at) if view.opens_line(at) else Verdict(None, at + 1)
        if mark in CLAUSE_MARKS:
            return judge_clause(view, at, self._lexicon)
        closers = BRACKETS.get(mark) or self._quotes.get(mark)
        if closers is None or is_emoticon(text, at) or not self._opens_whole(view, at):
            return Verdict(None, at + 1)
        closed = find_close(view, at, closers)
        if closed is None:
            return None
        if closed < 0:
            return Verdict(None, at + 1)
        bracket_in = self._sentence_start if mark in BRACKETS else None
        return judge_closed_quote(view, at, closed, bracket_in=bracket_in, lexicon=self._lexicon)

    def _judge_code_mark(self, view: View, at: int) -> Verdict | None:
        if view.opens_line(at) and view.text[view.start : at].strip() == "":
            verdict = judge_fence(view, at)
            self._in_fence = verdict is None or verdict.resume > at
            if self._in_fence:
                return verdict
        return judge_backtick(view, at) if view.text[at] == "`" else Verdict(None, at + 1)

    def _opens_whole(self, view: View, at: int) -> bool:
        """Whether the bracket or quote at `at` opens something to be read whole.

        A Latin quotation that begins its sentence is not: a reply that is one long quotation must not be held back.
        """
        text, mark = view.text, view.text[at]
        if mark not in {'"', "“", "„"}:
            return True
        if mark == '"' and at > view.start and not (text[at - 1].isspace() or text[at - 1] in "([{—–-:"):
            return False
        begins = text[self._sentence_start : at].strip(" \t\n>*_-") == ""
        return not begins or self._lexicon.language in _WHOLE_QUOTES


_MARKS: Final = re.compile(f'[{re.escape(STOPS + WIDE_STOPS)}`~|\\n{re.escape("".join(BRACKETS))}“"«»„‚「『《〈]')
_MARKS_AND_CLAUSES: Final = re.compile(f"[{_MARKS.pattern[1:-1]}{re.escape(CLAUSE_MARKS)}]")


def split_sentences(text: str, *, language: str = "en") -> list[str]:
    """The sentences of a whole text, however long or short, without the white space around them; no empty ones."""
    segmenter = SentenceSegmenter(language=language, first_clause=False, min_chars=0, max_chars=sys.maxsize - 1)
    segments = [*segmenter.feed(text), *segmenter.flush()]
    return [stripped for segment in segments if (stripped := segment.text.strip())]
