"""The elements of SSML that are understood, what they may hold and say, and how all others are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from syrinx.errors import BadInput

DEEPEST: Final = 32

_ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "speak": ("version", "xml:lang", "xmlns", "xmlns:xsi", "xsi:schemaLocation"),
    "p": ("xml:lang",),
    "s": ("xml:lang",),
    "break": ("time", "strength"),
    "prosody": ("rate", "pitch", "volume"),
    "emphasis": ("level",),
    "say-as": ("interpret-as", "format"),
    "phoneme": ("alphabet", "ph"),
    "sub": ("alias",),
}
TEXT_ONLY: Final = ("say-as", "phoneme", "sub", "break")
_NEEDED: Final[dict[str, tuple[str, ...]]] = {"say-as": ("interpret-as",), "phoneme": ("ph",), "sub": ("alias",)}
_INSTEAD: Final = {
    "voice": " (the voice is named in the request)",
    "lang": " (a request is in one language)",
    "audio": " (words alone are spoken)",
    "mark": " (the times of all words are told anyway)",
    "lexicon": " (pronunciations are kept with the user)",
}


def check_element(name: str, attributes: Mapping[str, str], *, around: Sequence[str]) -> None:
    """Raises BadInput for an element that cannot stand there, `around` from the outermost on, or be as it is."""
    inside = around[-1] if around else ""
    if not inside and name != "speak":
        raise BadInput(f"the outermost element is <{name[:40]}>: it is to be <speak>")
    if name not in _ATTRIBUTES:
        raise BadInput(f"<{name[:40]}> is not understood{_INSTEAD.get(name, '')}: there are {', '.join(_ATTRIBUTES)}")
    if name == "speak" and inside:
        raise BadInput("<speak> cannot stand in another: it is the outermost element")
    if inside in TEXT_ONLY:
        takes = "nothing" if inside == "break" else "text alone"
        raise BadInput(f"<{name}> cannot stand in <{inside}>, which takes {takes}")
    if name in {"p", "s"} and any(each in {"s", name} for each in around):
        raise BadInput(f"<{name}> cannot stand in another sentence or paragraph of its kind: close that first")
    if len(around) >= DEEPEST:
        raise BadInput(f"elements stand {DEEPEST + 1} deep in each other: at most {DEEPEST} are read")
    for attribute in attributes:
        if attribute not in _ATTRIBUTES[name]:
            known = ", ".join(_ATTRIBUTES[name]) or "none"
            raise BadInput(f"{attribute[:40]} of <{name}> is not understood: there are {known}")
    for attribute in _NEEDED.get(name, ()):
        if attribute not in attributes:
            raise BadInput(f"<{name}> needs {attribute}")
    if name == "prosody" and not attributes:
        raise BadInput("<prosody> needs rate, pitch or volume")
    if name == "phoneme" and attributes.get("alphabet", "ipa") != "ipa":
        raise BadInput(f"alphabet is {attributes['alphabet'][:40]!r}: ipa alone is understood")
