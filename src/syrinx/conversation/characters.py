"""The characters of a conversation: who they are, who answers next, and what the language model is told of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from syrinx.errors import BadInput

MAX_CHARACTERS: Final = 8
MAX_NAME_CHARS: Final = 40
MAX_TEXT_CHARS: Final = 4000
"""Of description, scene and persona each: they go into every request."""

SPEED: Final = (0.5, 2.0)

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_TAG_LIKE: Final = re.compile(r"speaker\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """Raises BadInput, saying what would be right, when a field cannot be."""

    name: str
    description: str = ""
    """How the voice sounds, in words."""
    scene: str = ""
    """Where the speaker is, in words."""
    persona: str = ""
    """Who the language model is to be."""
    voice: str | None = None
    """A voice's id; None takes the conversation's."""
    speed: float = 1.0
    colour: str = "#5b8def"

    def __post_init__(self) -> None:
        name = self.name
        if not len(name.strip()) >= 1 or len(name) > MAX_NAME_CHARS or name != name.strip():
            raise BadInput(f"a character's name has 1 to {MAX_NAME_CHARS} characters and no space around it")
        if any(char in "[]" or not char.isprintable() for char in name):
            raise BadInput("a character's name has no brackets and no control characters: they mark who speaks")
        if _TAG_LIKE.fullmatch(name):
            raise BadInput(f"'{name}' is a mark that changes the speaker: choose another name")
        for field in ("description", "scene", "persona"):
            if len(getattr(self, field)) > MAX_TEXT_CHARS:
                raise BadInput(f"the {field} of {name} is too long: {MAX_TEXT_CHARS} characters at the most")
        if not SPEED[0] <= self.speed <= SPEED[1]:
            raise BadInput(f"{name} cannot speak at a speed of {self.speed:g}: from {SPEED[0]:g} to {SPEED[1]:g}")
        if not _COLOUR.fullmatch(self.colour):
            raise BadInput(f"'{self.colour}' is no colour: write it as #5b8def")


DEFAULT_CHARACTER: Final = Character(name="Syrinx")

_SPOKEN = (
    "You are heard, not read: answer in a few short spoken sentences, as one does in a talk. "
    "Use no headings, lists, tables, code, links, emoji or stage directions. "
    "What the person says was understood from speech and may hold misheard words. "
    "An earlier answer of yours that breaks off was interrupted there: the rest of it was not heard."
)


class Cast:
    """The characters in their order, and whose turn it is.

    Raises BadInput when there are too few or too many of them, or two of one name.
    """

    def __init__(self, characters: tuple[Character, ...] = (DEFAULT_CHARACTER,)) -> None:
        if not 1 <= len(characters) <= MAX_CHARACTERS:
            raise BadInput(f"{len(characters)} characters cannot talk: 1 to {MAX_CHARACTERS} can")
        self._by_name = {character.name.casefold(): character for character in characters}
        if len(self._by_name) < len(characters):
            raise BadInput("two characters have the same name: give each its own")
        self.characters = characters
        self._chosen: Character | None = None
        self._last: Character | None = None

    @property
    def several(self) -> bool:
        return len(self.characters) > 1

    @property
    def speaker_names(self) -> Mapping[str, str]:
        """The speaker's name by every tag that a language model may use for them: `SPEAKER0`, or the name itself."""
        names = {character.name: character.name for character in self.characters}
        names.update({f"SPEAKER{place}": character.name for place, character in enumerate(self.characters)})
        return names

    def named(self, name: str) -> Character:
        character = self._by_name.get(name.strip().casefold())
        if character is None:
            known = ", ".join(character.name for character in self.characters)
            raise BadInput(f"there is no character '{name}' here: choose one of {known}")
        return character

    def choose(self, name: str) -> None:
        """Have this one answer the next turn, whoever would be next."""
        self._chosen = self.named(name)

    def answering(self, said: str = "") -> Character:
        """Who answers: the one that was chosen, else the one addressed by name in what was said, else the next in turn.

        Decides nothing: `answered` moves on.
        """
        if self._chosen is not None:
            return self._chosen
        addressed = self._addressed(said)
        if addressed is not None:
            return addressed
        if self._last is None:
            return self.characters[0]
        return self.characters[(self.characters.index(self._last) + 1) % len(self.characters)]

    def answered(self, name: str) -> None:
        """This one had the last word of a turn: the choice made for it is used up, whatever the name."""
        self._last = self._by_name.get(name.casefold(), self._last)
        self._chosen = None

    def tag(self, name: str) -> str:
        """What stands before this speaker's words in what the language model is told."""
        character = self._by_name.get(name.casefold())
        return f"[SPEAKER{self.characters.index(character)}] " if character is not None else f"[{name}] "

    def system_prompt(self, answering: Character, *, language: str) -> str:
        """What the language model is told of itself for one turn."""
        lines = [f"You are {answering.name}."]
        if not self.several:
            lines += [_trait(answering), answering.persona]
        else:
            lines.append("Several characters take part in this talk and you speak for them:")
            for place, character in enumerate(self.characters):
                traits = " ".join(part for part in (_trait(character), character.persona) if part)
                lines.append(f"[SPEAKER{place}] is {character.name}. {traits}".rstrip())
            lines.append(
                f"Now {answering.name} answers. Begin with {self.tag(answering.name).strip()}; "
                "put the mark of another before their words only if they are asked to join in."
            )
        lines += [_SPOKEN, f"Answer in the language with the code {language}, unless you are asked for another."]
        return "\n".join(line for line in lines if line)

    def _addressed(self, said: str) -> Character | None:
        places: list[tuple[int, Character]] = []
        for character in self.characters:
            found = re.search(rf"(?<!\w){re.escape(character.name)}(?!\w)", said, re.IGNORECASE)
            if found:
                places.append((found.start(), character))
        return min(places, key=lambda place: place[0])[1] if places else None


def _trait(character: Character) -> str:
    parts = [character.description and f"Voice: {character.description}."]
    parts.append(character.scene and f"Scene: {character.scene}.")
    return " ".join(part for part in parts if part)
