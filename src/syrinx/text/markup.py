"""Markdown, HTML and emoji into the text a reader would say aloud.

A segment of a stream may begin or end in the middle of emphasis, a link or a table, which a Markdown parser would take
for literal signs; so what is recognised is replaced and whatever marks are left over are dropped.
"""

from __future__ import annotations

import html
import importlib
import re
from typing import Any, Final

from syrinx.text.punctuation import is_emoji
from syrinx.text.spoken_words import SpokenWords

_FENCED: Final = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^`\n]*(?:\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)|\Z)", re.DOTALL | re.MULTILINE
)
_TABLE_RULE: Final = re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$")
_RULE: Final = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$")
_LINE_MARKS: Final = re.compile(
    r"^[ \t]*(?:>[ \t]?)*[ \t]*(?:#{1,6}[ \t]+|[-*+•◦▪][ \t]+(?:\[[ xX]\][ \t]+)?)?(?:>[ \t]?)*"
)
_STRUCTURE: Final = re.compile(r"[ \t]*(?:[-*+•◦▪]|#{1,6}|\d{1,3}[.)])[ \t]")
_NUMBERED: Final = re.compile(r"^[ \t]*\d{1,3}[.)][ \t]+(?=\S)")
_IMAGE: Final = re.compile(r"!\[([^\]]*)\](?:\([^)]*\)?|\[[^\]]*\])?")
_LINK: Final = re.compile(r"\[([^\[\]]+)\](?:\([^)\s]*(?:\s[^)]*)?(?:\)|$)|\[[^\]]*\])")
_FOOTNOTE: Final = re.compile(r"\[\^[^\]]+\]:?|(?<=[\w.,!?])\[\d{1,3}\]")
_AUTOLINK: Final = re.compile(r"<((?:https?://|mailto:)[^>\s]+|[^>\s@]+@[^>\s]+)>")
_TAG: Final = re.compile(r"<!--.*?(?:-->|$)|</?[A-Za-z][^<>]*>|<(?:br|hr)/?>", re.DOTALL)
_CODE: Final = re.compile(r"(`+)(.+?)\1")
_EMPHASIS: Final = re.compile(
    r"(?<![\w*])(\*{1,3})(?=\S)(.+?)(?<=\S)\1(?!\*)|(?<!\w)(_{1,3})(?=\S)(.+?)(?<=\S)\3(?!\w)"
)
_INNER_EMPHASIS: Final = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_STRUCK: Final = re.compile(r"~~(.+?)~~")
_STRAY: Final = re.compile(
    r"\*{2,}|_{2,}|~{2,}|`+|(?<!\w)[*_](?=\w)|(?<=[\w.,!?])[*_](?!\w)|^#+\s|\\(?=[\\`*_{}\[\]()#+.!|~>-])"
)
_EMOTICON: Final = re.compile(r"(?<!\S)(?:[:;=8]['’]?-?[)(DPpOo3/\\|*]|<3|[xX]D|\^_\^|¯\\_\(ツ\)_/¯)(?=\s|[.!?]|$)")
_ENDED: Final = re.compile(r"[.!?…。！？।:;,，、：；—–-][\"'”’»」』)\]]*$")


def plain_text(text: str, words: SpokenWords | None) -> str:
    """The text without markup, on one line: link and image texts kept, addresses dropped, lines closed with a stop.

    A fenced block becomes a short note that there is code; a table row is read cell by cell, its rule left out.
    """
    note = f"\n{words.code_block if words else ''}\n"
    text = _FENCED.sub(note, text) if "```" in text or "~~~" in text else text
    stop = words.code_block[-1] if words and words.code_block[-1] in "。।" else "."
    joined, was_marked = "", False
    for raw in text.splitlines():
        line = _plain_line(raw)
        if not line:
            continue
        is_marked = _STRUCTURE.match(raw) is not None
        if joined:
            goes_on = _ENDED.search(joined) or (line[0].islower() and not is_marked and not was_marked)
            joined += " " if goes_on else f"{stop} "
        joined += line
        was_marked = is_marked
    return joined


def _plain_line(line: str) -> str:
    if ("|" in line and _TABLE_RULE.match(line)) or _RULE.match(line):
        return ""
    if line.lstrip().startswith("|"):
        cells = [cell for cell in (_inline(cell) for cell in line.strip().strip("|").split("|")) if cell]
        return ", ".join(cells) + "." if cells else ""
    line = _LINE_MARKS.sub("", line, count=1)
    return _inline(_NUMBERED.sub("", line, count=1))


def _inline(text: str) -> str:
    if not text.isalnum():
        text = _AUTOLINK.sub(r"\1", text)
        text = _TAG.sub(" ", text) if "<" in text else text
        text = html.unescape(text) if "&" in text else text
        if "[" in text:
            text = _FOOTNOTE.sub("", _LINK.sub(r"\1", _IMAGE.sub(r"\1", text)))
        text = _CODE.sub(lambda found: found.group(2).strip(), text) if "`" in text else text
        if "*" in text or "_" in text or "~" in text or "\\" in text or "`" in text or "#" in text:
            text = _INNER_EMPHASIS.sub(r"\1", text)
            for _ in range(2):  # bold around italics
                text = _EMPHASIS.sub(lambda found: found.group(2) or found.group(4), text)
            text = _STRAY.sub("", _STRUCK.sub(r"\1", text))
        text = _EMOTICON.sub("", text)
        text = _without_emoji(text)
    return " ".join(text.split())


def _without_emoji(text: str) -> str:
    if text.isascii() or not any(is_emoji(character) for character in text):
        return text
    emoji: Any = importlib.import_module("emoji")  # not at the top: its tables cost forty milliseconds
    return str(emoji.replace_emoji(text, " ")).replace("\ufe0f", "")
