"""A person's words given back to them in English: "I miss my dog" becomes "you miss your dog"."""

from __future__ import annotations

import re

_MOST_WORDS = 12
_NEXT_THOUGHT = re.compile(r" (?:and|but|because|so|though|although|when|while|if)(?= )|[?.!]")
_ABOUT_ME = {
    "i": "you",
    "me": "you",
    "my": "your",
    "mine": "yours",
    "myself": "yourself",
    "i'm": "you're",
    "i've": "you've",
    "i'll": "you'll",
    "i'd": "you'd",
    "am": "are",
    "your": "my",
    "yours": "mine",
    "yourself": "myself",
    "you're": "I'm",
    "you've": "I've",
    "you'll": "I'll",
}
_BEFORE_SUBJECT = frozenset({"", "that", "and", "but", "if", "when", "because", "do", "did", "can", "will", "what"})


def given_back(words: str) -> str:
    """The first thought of `words` (lower case, no punctuation), at most 12 words, as the listener would say it."""
    thought = _NEXT_THOUGHT.split(words.strip(), maxsplit=1)[0].split()[:_MOST_WORDS]
    turned: list[str] = []
    previous = ""
    for word in thought:
        if word == "was" and previous == "i":
            turned.append("were")
        elif word == "you":
            turned.append("I" if previous in _BEFORE_SUBJECT else "me")
        elif word == "are" and previous == "you":
            turned.append("am")
        else:
            turned.append(_ABOUT_ME.get(word, word))
        previous = word
    return " ".join(turned)
