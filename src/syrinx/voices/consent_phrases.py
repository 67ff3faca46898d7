"""Phrases that people are asked to read aloud: each with a few words of its own, so that no old recording will do."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from syrinx.errors import ConfigurationError, WrongParameter
from syrinx.storage import claimed
from syrinx.voices.consent_check import parts_of
from syrinx.voices.consent_wordings import wording_of
from syrinx.voices.errors import ConsentRefused, UnknownConsent
from syrinx.voices.profile_checks import checked_language, checked_name, is_made_here
from syrinx.voices.tables import ConsentPhraseRow

DRAWN: Final = 5
"""Words of their own that phrases have, of some fifty: three of them are in another phrase, too, once in 250 times."""
VALID_FOR: Final = timedelta(minutes=15)
LONGEST_STATEMENT: Final = 600
MOST_OPEN: Final = 20
"""Phrases of one user that can be read at the same time."""
MOST_NAME_WORDS: Final = 8
"""Of a speaker: a name is no place for so many that the statement need not be read."""

_WORDS: Final = "{words}"
_NAME: Final = "{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPhrase:
    phrase_id: str
    """`phrase_` and 16 hexadecimal digits."""
    phrase: str
    """To be read aloud as it stands."""
    language: str
    """BCP 47; that asked for, or "en" where there is no wording in it."""
    expires_at: datetime


def checked_statement(statement: str) -> str:
    """An operator's own: it must have the place for the words. Raises ConfigurationError."""
    plain = " ".join(statement.split())
    if plain and (_WORDS not in plain or len(plain) > LONGEST_STATEMENT):
        raise ConfigurationError(
            f"the statement of consent has at most {LONGEST_STATEMENT} characters and {_WORDS} where the words stand "
            "that are drawn anew for each recording"
        )
    return plain


def new_phrase(*, language: str, speaker_name: str, statement: str, at: datetime) -> ConsentPhrase:
    """`statement` "" takes the house's wording in the language. Raises WrongParameter."""
    spoken, wording = wording_of(checked_language(language))
    name = _checked_speaker(speaker_name, wording.words) if speaker_name.strip() else ""
    text = statement or (f"{wording.introduction} {wording.statement}" if name else wording.statement)
    if _NAME in text and not name:
        raise WrongParameter("the consent here names the speaker: give their name", parameter="speaker_name")
    words = secrets.SystemRandom().sample(wording.words, DRAWN)
    return ConsentPhrase(
        phrase_id=f"phrase_{secrets.token_hex(8)}",
        # The name last: what somebody has as a name is not looked through for places.
        phrase=text.replace(_WORDS, ", ".join(words)).replace(_NAME, name),
        language=spoken,
        expires_at=at + VALID_FOR,
    )


def _checked_speaker(speaker_name: str, drawable: Collection[str]) -> str:
    """A name in which words that are drawn stood, those of an older recording, would have that one understood.

    Raises WrongParameter.
    """
    name = checked_name(speaker_name, parameter="speaker_name")
    words = parts_of(name)
    known = {part for word in drawable for part in parts_of(word)}
    if len(words) > MOST_NAME_WORDS or sum(word in known for word in words) > 1:
        raise WrongParameter(
            f"a speaker's name has at most {MOST_NAME_WORDS} words, and one at most that phrases have: shorten it",
            parameter="speaker_name",
        )
    return name


def drawn_words(language: str) -> tuple[str, ...]:
    """All that could have been drawn for a phrase in that language."""
    return wording_of(language)[1].words


def _phrase_row(phrase: ConsentPhrase, *, user: str, at: datetime) -> ConsentPhraseRow:
    return ConsentPhraseRow(
        phrase_id=phrase.phrase_id,
        user_id=user,
        language=phrase.language,
        phrase=phrase.phrase,
        created_at=at,
        expires_at=phrase.expires_at,
        used_at=None,
    )


async def add_phrase(session: AsyncSession, phrase: ConsentPhrase, *, user: str, at: datetime) -> None:
    """In the place of the user's whose time is over, and of the oldest beyond MOST_OPEN."""
    own = ConsentPhraseRow.user_id == user
    open_ones = select(ConsentPhraseRow.phrase_id).where(own, ConsentPhraseRow.expires_at > at)
    newest = open_ones.order_by(ConsentPhraseRow.expires_at.desc(), ConsentPhraseRow.phrase_id).limit(MOST_OPEN - 1)
    kept = list(await session.scalars(newest))
    await session.execute(delete(ConsentPhraseRow).where(own, ConsentPhraseRow.phrase_id.not_in(kept)))
    session.add(_phrase_row(phrase, user=user, at=at))


async def find_phrase(session: AsyncSession, user: str, phrase_id: str, *, at: datetime) -> ConsentPhraseRow:
    """Raises UnknownConsent, and ConsentRefused where it was used already or its time is over."""
    own = select(ConsentPhraseRow).where(ConsentPhraseRow.phrase_id == phrase_id, ConsentPhraseRow.user_id == user)
    row = await session.scalar(own) if is_made_here(phrase_id) else None
    if row is None:
        raise UnknownConsent("there is no such phrase: ask for one, and read it aloud")
    if row.used_at is not None:
        raise already_used()
    if row.expires_at <= at:
        raise ConsentRefused(
            f"the phrase was to be read within {VALID_FOR.seconds // 60} minutes: ask for another and read that"
        )
    return row


async def use_phrase(session: AsyncSession, user: str, phrase_id: str, *, at: datetime) -> None:
    """It counts once. Raises ConsentRefused where somebody was quicker."""
    unused = (
        update(ConsentPhraseRow)
        .where(
            ConsentPhraseRow.phrase_id == phrase_id,
            ConsentPhraseRow.user_id == user,
            ConsentPhraseRow.used_at.is_(None),
        )
        .values(used_at=at)
    )
    if not await claimed(session, unused):
        raise already_used()


async def purge_phrases(session: AsyncSession, *, older_than: datetime) -> None:
    """Those that were used or are over since then."""
    over = or_(ConsentPhraseRow.used_at < older_than, ConsentPhraseRow.expires_at < older_than)
    await session.execute(delete(ConsentPhraseRow).where(over))


def already_used() -> ConsentRefused:
    return ConsentRefused("the phrase was read already, and counts once: ask for another and read that")
