"""Speech Synthesis Markup Language, the part of it that can be spoken here: a document in, words and pauses out.

Understood of SSML 1.1 (W3C, 2010): `speak`, `p`, `s`, `break` (time, strength), `prosody` (rate, pitch, volume),
`emphasis`, `say-as`, `phoneme` (alphabet ipa) and `sub`. All else is refused by name, for what is asked for and not
done would be worse than a refusal. Documents are read without document types, own entities or anything from outside.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal
from xml.parsers import expat

from syrinx.errors import BadInput, TooLarge
from syrinx.text.languages import base_language
from syrinx.text.places import PhonemeSpan, Places, Run, joined_runs
from syrinx.text.pronunciations import check_ipa
from syrinx.text.punctuation import has_content
from syrinx.text.ssml_elements import TEXT_ONLY, check_element
from syrinx.text.ssml_readings import read_as
from syrinx.text.ssml_values import Manner, break_ms, with_emphasis, with_pitch, with_rate, with_volume

LONGEST_DOCUMENT: Final = 1_000_000
"""Characters, markup included."""
LONGEST_SILENCE_MS: Final = 3_600_000.0
"""All breaks of a document together."""
NAMESPACE: Final = "http://www.w3.org/2001/10/synthesis"

_SPACE: Final = " \t\r\n"
"""What XML takes for white space; the hard spaces within numbers are not."""
_STRETCH: Final = re.compile(r"[ \t\r\n]+|[^ \t\r\n]+(?: [^ \t\r\n]+)*")
_CLOSING: Final = re.compile(r"[.,;:!?…)\]}’”»]+(?=[ \t\r\n]|$)|[、。，！？；：」』）]+")

Ends = Literal["", "sentence", "paragraph"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SsmlWords:
    """Text to read in one manner, `sub` and `say-as` already in the words that are read for them."""

    text: str
    """Plain, white space made single spaces, none at the ends; never empty."""
    places: Places
    """Where its characters stand in the document."""
    start_char: int
    """Where its first character stands in the document."""
    speed: float = 1.0
    """A factor, 0.25 to 4, to be multiplied with the request's."""
    pitch_semitones: float = 0.0
    """-12 to 12, to be added to the request's."""
    gain_db: float = 0.0
    """-60 to 12, or `ssml_values.SILENT_DB`."""
    phonemes: tuple[PhonemeSpan, ...] = ()
    """Of stretches of `text`, in order."""
    ends: Ends = ""
    """What is over behind it, whatever the text's stops say; "" where the next part goes on with the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SsmlPause:
    """A `break`: so much silence instead of the pause that would be there anyway, where it is longer."""

    duration_ms: float
    """Above 0, at most 10 s."""
    start_char: int


SsmlPart = SsmlWords | SsmlPause


def read_ssml(text: str, *, language: str) -> tuple[SsmlPart, ...]:
    """The parts of a document in their order; none where it has no words.

    Raises BadInput, with line and column, for what is not well formed, not understood, or out of range; for a
    document in another language than `language`.
    """
    return _Reader(text, language).read()


def ssml_language(text: str) -> str | None:
    """The language that the document's `speak` names, None where it names none; BadInput as `read_ssml`."""
    return _Reader(text, None).read_language()


@dataclass(slots=True, kw_only=True)
class _Open:
    """An element that has been opened and not yet closed."""

    name: str
    attributes: dict[str, str]
    manner: Manner
    content: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])
    """Of an element that holds text alone: the text, and where it begins and ends in the document."""


@dataclass(slots=True)
class _Words:
    """What has been read since the last part was given."""

    text: list[str] = field(default_factory=list[str])
    runs: list[Run] = field(default_factory=list[Run])
    phonemes: list[PhonemeSpan] = field(default_factory=list[PhonemeSpan])
    length: int = 0

    def add(self, text: str, start: int, end: int, *, kept: bool) -> None:
        self.runs.append(Run(self.length, start, end, kept=kept))
        self.text.append(text)
        self.length += len(text)

    @property
    def ends_in_space(self) -> bool:
        return not self.text or self.text[-1].endswith(" ")


class _LanguageFound(Exception):
    """Ends the reading early; no error."""


class _Reader:
    """Reads one document once."""

    def __init__(self, text: str, language: str | None) -> None:
        if len(text) > LONGEST_DOCUMENT:
            raise TooLarge(f"the SSML has {len(text)} characters: at most {LONGEST_DOCUMENT} can be sent at once")
        try:
            self._bytes = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise BadInput(f"SSML, {_at(text, error.start)}: half a character, which no text has") from error
        self._source = text
        self._language = language
        self._declared: str | None = None
        self._open: list[_Open] = []
        self._words = _Words()
        self._parts: list[SsmlPart] = []
        self._silence_ms = 0.0
        self._in_cdata = False
        self._read_bytes = self._read_chars = 0
        parser = expat.ParserCreate("utf-8")
        # Characters come as they stand, not gathered: only so does each tell its place.
        parser.buffer_text = False
        parser.StartElementHandler = self._guarded(self._start)
        parser.EndElementHandler = self._guarded(self._end)
        parser.CharacterDataHandler = self._guarded(self._data)
        parser.StartCdataSectionHandler = self._enter_cdata
        parser.EndCdataSectionHandler = self._leave_cdata
        parser.StartDoctypeDeclHandler = self._guarded(self._refuse_doctype)
        parser.ProcessingInstructionHandler = self._guarded(self._refuse_instruction)
        self._parser = parser

    def read(self) -> tuple[SsmlPart, ...]:
        self._parse()
        return tuple(self._parts)

    def read_language(self) -> str | None:
        with contextlib.suppress(_LanguageFound):
            self._parse()
        return self._declared

    def _parse(self) -> None:
        try:
            self._parser.Parse(self._bytes, True)
        except expat.ExpatError as error:
            place = _at(self._source, len(self._bytes[: self._parser.ErrorByteIndex].decode("utf-8", "ignore")))
            told = expat.ErrorString(error.code) or "not well formed"
            raise BadInput(f"SSML, {place}: {told}; it is to be XML like <speak>Hello.</speak>") from error

    def _guarded(self, handler: Callable[..., None]) -> Callable[..., None]:
        """The handler, its refusals told with the place."""

        def handle(*arguments: object) -> None:
            try:
                handler(*arguments)
            except BadInput as error:
                raise BadInput(f"SSML, {_at(self._source, self._here())}: {error.message}", code=error.code) from error

        return handle

    def _here(self) -> int:
        """Where in the document the parser is, counted on from where it was."""
        index = self._parser.CurrentByteIndex
        self._read_chars += len(self._bytes[self._read_bytes : index].decode("utf-8"))
        self._read_bytes = index
        return self._read_chars

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        check_element(name, attributes, around=[each.name for each in self._open])
        if name == "speak":
            self._check_document(attributes)
        self._check_language(attributes.get("xml:lang"))
        manner = self._open[-1].manner if self._open else Manner()
        if name in {"p", "s"}:
            self._flush("paragraph" if name == "p" else "sentence")
        elif name == "break":
            self._pause(break_ms(attributes.get("time"), attributes.get("strength")))
        elif name in {"prosody", "emphasis"}:
            self._flush()
            manner = _changed(manner, name, attributes)
        elif name == "phoneme":
            check_ipa(attributes.get("ph", ""))
        elif name == "sub" and not has_content(alias := attributes.get("alias", ""), 0, len(alias)):
            raise BadInput('sub needs an alias with words: <sub alias="World Wide Web">WWW</sub>')
        self._open.append(_Open(name=name, attributes=attributes, manner=manner))

    def _check_document(self, attributes: dict[str, str]) -> None:
        if attributes.get("version", "1.1") not in {"1.0", "1.1"}:
            raise BadInput(f"version is {attributes['version'][:40]!r}: it is to be 1.0 or 1.1")
        if attributes.get("xmlns", NAMESPACE) != NAMESPACE:
            raise BadInput(f"xmlns is {attributes['xmlns'][:80]!r}: it is to be {NAMESPACE}")
        self._declared = attributes.get("xml:lang")
        if self._language is None:
            raise _LanguageFound

    def _check_language(self, tag: str | None) -> None:
        if tag is not None and self._language is not None and base_language(tag) != base_language(self._language):
            raise BadInput(
                f"xml:lang is {tag[:40]!r} where {self._language!r} is spoken: send a request for each language"
            )

    def _end(self, name: str) -> None:
        closed = self._open.pop()
        if name in {"p", "s"}:
            self._flush("paragraph" if name == "p" else "sentence")
        elif name in {"prosody", "emphasis", "speak"}:
            self._flush(manner=closed.manner)
        elif name in TEXT_ONLY and name != "break":
            self._read_aloud(closed)

    def _read_aloud(self, closed: _Open) -> None:
        """What stands in an element that says how its text is read."""
        written = "".join(data for data, _, _ in closed.content)
        if not written.strip() or (closed.name == "phoneme" and not has_content(written, 0, len(written))):
            raise BadInput(f"<{closed.name}> is empty: the text as it is written stands between its tags")
        words = self._words
        if closed.name == "phoneme":
            first = len(words.text)
            before = words.length
            for data, start, end in closed.content:
                self._add(data, start, end)
            said = "".join(words.text[first:])
            begins = before + len(said) - len(said.lstrip(" "))
            ends = before + len(said.rstrip(" "))
            words.phonemes.append(PhonemeSpan(start_char=begins, end_char=ends, ipa=closed.attributes["ph"].strip()))
            return
        if closed.name == "sub":
            spoken = closed.attributes["alias"]
        else:
            attributes = closed.attributes
            spoken = read_as(
                written,
                kind=attributes["interpret-as"],
                form=attributes.get("format"),
                language=self._language or "",
            )
        words.add(" ".join(spoken.split()), closed.content[0][1], closed.content[-1][2], kept=False)

    def _data(self, data: str) -> None:
        start = self._here()
        is_reference = not self._in_cdata and len(data) == 1 and self._source[start] == "&"
        end = self._source.find(";", start) + 1 if is_reference else start + len(data)
        name = self._open[-1].name
        if name == "break" and data.strip(_SPACE):
            raise BadInput('<break> holds text: it is to be empty, like <break time="500ms"/>')
        if name in TEXT_ONLY:
            self._open[-1].content.append((data, start, end))
            return
        if (
            not is_reference
            and not self._words.text
            and (found := _CLOSING.match(data))
            and self._append_to_last(found.group(), start)
        ):
            data, start = data[found.end() :], start + found.end()
        self._add(data, start, end)

    def _add(self, data: str, start: int, end: int) -> None:
        """Characters for the words being gathered, white space made single spaces."""
        words = self._words
        for found in _STRETCH.finditer(data):
            stretch = found.group()
            at = start + found.start()
            if stretch[0] not in _SPACE:
                # One character from a longer stretch was a reference like &amp;
                is_reference = len(data) == 1 and end > start + 1
                words.add(stretch, at, end if is_reference else at + len(stretch), kept=not is_reference)
            elif not words.ends_in_space:
                words.add(" ", at, at + 1, kept=True)

    def _append_to_last(self, marks: str, start: int) -> bool:
        """Closing marks belong to the words before them, in whatever manner those are spoken."""
        last = self._parts[-1] if self._parts else None
        if not isinstance(last, SsmlWords) or last.ends:
            return False
        run = Run(len(last.text), start, start + len(marks), kept=True)
        self._parts[-1] = replace(last, text=last.text + marks, places=joined_runs((*last.places.runs, run)))
        return True

    def _pause(self, duration_ms: float) -> None:
        if not duration_ms:
            return
        self._silence_ms += duration_ms
        if self._silence_ms > LONGEST_SILENCE_MS:
            raise BadInput(f"all breaks together last longer than {LONGEST_SILENCE_MS / 60_000:g} minutes: give fewer")
        self._flush()
        self._parts.append(SsmlPause(duration_ms=duration_ms, start_char=self._here()))

    def _flush(self, ends: Ends = "", *, manner: Manner | None = None) -> None:
        """Give the words gathered so far as a part; those given last end a sentence or paragraph if it says so."""
        words, self._words = self._words, _Words()
        text = "".join(words.text).rstrip(_SPACE)
        if has_content(text, 0, len(text)):
            places = joined_runs(words.runs)
            manner = manner or self._open[-1].manner
            self._parts.append(
                SsmlWords(
                    text=text,
                    places=places,
                    start_char=places.of(0),
                    speed=manner.speed,
                    pitch_semitones=manner.pitch_semitones,
                    gain_db=manner.gain_db,
                    phonemes=tuple(words.phonemes),
                )
            )
        if ends:
            self._close_last(ends)

    def _close_last(self, ends: Ends) -> None:
        for at in range(len(self._parts) - 1, -1, -1):
            part = self._parts[at]
            if isinstance(part, SsmlWords):
                if part.ends != "paragraph":
                    self._parts[at] = replace(part, ends=ends)
                return

    def _enter_cdata(self) -> None:
        self._in_cdata = True

    def _leave_cdata(self) -> None:
        self._in_cdata = False

    def _refuse_doctype(self, *_declared: object) -> None:
        raise BadInput("a document type is not read: begin with <speak>")

    def _refuse_instruction(self, target: str, _data: str) -> None:
        raise BadInput(f"the instruction <?{target[:40]}?> is not understood: leave it out")


def _changed(manner: Manner, name: str, attributes: dict[str, str]) -> Manner:
    if name == "emphasis":
        return with_emphasis(manner, attributes.get("level", "moderate"))
    for attribute, change in (("rate", with_rate), ("pitch", with_pitch), ("volume", with_volume)):
        if attribute in attributes:
            manner = change(manner, attributes[attribute].strip())
    return manner


def _at(source: str, char: int) -> str:
    line = source.count("\n", 0, char) + 1
    return f"line {line}, column {char - source.rfind(chr(10), 0, char)}"
