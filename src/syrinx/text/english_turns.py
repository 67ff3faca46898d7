"""How finished English words sound: by the last words first, then by what the clause still lacks."""

from __future__ import annotations

from typing import Final

from syrinx.text import english_words as en
from syrinx.text.turn_words import OPEN_WORDS, SHORT_ANSWERS

CLOSED: Final = 0.95
QUESTION: Final = 0.9
STATEMENT: Final = 0.76
SHORT: Final = 0.6
UNDECIDED: Final = 0.4
WANTING: Final = 0.2
OPEN: Final = 0.1


def english_completeness(words: list[str]) -> float:
    """From 0 to 1, for at least one lower-case word without punctuation."""
    if " ".join(words) in en.OPENERS:
        return OPEN
    by_ending = _by_ending(words)
    if by_ending is not None:
        return by_ending
    if _lacks_main_clause(words):
        return WANTING
    return _of_a_clause(words)


def _by_ending(words: list[str]) -> float | None:
    """What the last words alone decide; None when they could end a sentence."""
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    fronted = _fronts_object(words)
    rest = words[1:] if words[0] in en.ANSWERING and len(words) > 1 else words
    last_two, last_three = " ".join(words[-2:]), " ".join(words[-3:])
    if rest[-1] in en.HEDGED_ANSWERS and len(rest) == 1:
        return SHORT - 0.1
    if " ".join(rest) in SHORT_ANSWERS["en"] or last_two in en.CLOSING_TAGS or last_three in en.CLOSING_TAGS:
        return CLOSED
    if any(" ".join(words[-width:]) in en.CLOSERS for width in (1, 2, 4)):
        return OPEN if last == "please" and _only_asks_for(words[:-1]) else 0.97
    if any(" ".join(words[-width:]) in en.TRAILING_OPENERS for width in (2, 3, 4)):
        return WANTING
    if _only_asks_for(words):
        return OPEN
    if last in en.STRANDED | {"have", "do"} and len(words) >= 4 and (rest[0] in en.STRANDING or "what" in words[:-2]):
        # What is known, said or done is that verb's own object: nothing is left over for the preposition.
        return WANTING if before in en.OBJECT_IN_FRONT and last in en.STRANDED else QUESTION  # what are you looking for
    for decide in (_by_particle_or_auxiliary, _by_to_or_not, _by_demonstrative, _by_wh_word):
        if (score := decide(words, last, before)) is not None:
            return score
    if last in OPEN_WORDS["en"]:
        return OPEN
    if last == "then" and before in en.CONJUNCTIONS:
        return OPEN
    if last in {"you", "it", "you're"} and before in en.SUBORDINATORS | en.CONJUNCTIONS | {"that", "where"}:
        return OPEN  # because it
    if (last in en.ADVERBS or last.endswith("ly")) and before in en.NOMINATIVES and words[0] not in en.AUXILIARIES:
        return OPEN  # i usually
    if last in en.OPEN_PREPOSITIONS and before not in en.BEFORE_AFTER:
        return OPEN
    if last in en.GIVING | en.WANTING_OBJECT and not fronted:
        return QUESTION if last == "going" and words[0] in en.QUESTION_WORDS else WANTING
    if last in en.OBJECTS and before in en.GIVING and not fronted:
        return UNDECIDED if "don't" in words or ("to" in words[:-2] and len(words) > 6) else WANTING  # can you tell me
    if last in en.INFINITIVE_WANTING_OBJECT and before == "to" and not fronted:
        return WANTING + 0.1
    if (last in en.KNOWING and before in en.HEDGES) or (last == "know" and words[0] in en.AUXILIARIES):
        return WANTING + 0.05  # i don't really know; do you know
    return _by_noun_phrase(words, last, before)


def _only_asks_for(words: list[str]) -> bool:
    """Whether a question has its auxiliary and subject and no verb yet: `could you`, `what time does it`."""
    if len(words) < 2 or words[-1] not in en.NOMINATIVES or words[-2] not in en.AUXILIARIES - en.BE:
        return False
    opens = len(words) == 2 and (words[-1] == "you" or (words[-1] == "it" and words[0] != "do"))
    return opens or words[0] in en.QUESTION_WORDS | en.ANSWERING - {"so"}


def _by_particle_or_auxiliary(words: list[str], last: str, before: str) -> float | None:
    first = words[0]
    if last in en.PARTICLES and before in en.BEFORE_PARTICLE:
        return STATEMENT + 0.1  # turn it on
    if last in en.BE | en.DO and before in en.SUBJECTS - {"that", "this", "there"}:
        if first in en.ANSWERING or (first in {"what", "how", "where", "who", "i"} and len(words) >= 4):
            return STATEMENT + 0.1  # yes it is; tell me how it is
        return None
    if last == "do" and before in {"to", "can", "could", "should", "would", "must", "i", "you"}:
        return STATEMENT + 0.1 if len(words) > 2 else SHORT  # is there anything i can do
    if before in en.BE and last in en.NOMINATIVES and first in en.QUESTION_WORDS:
        return QUESTION  # where is he
    if last == "i" and before in en.AUXILIARIES:
        return OPEN if words[0] in en.QUESTION_WORDS else STATEMENT + 0.1  # what should i; neither do i
    if last in en.NEGATED and before in en.SUBJECTS:
        return STATEMENT + 0.1 if len(words) > 4 or first in en.ANSWERING else UNDECIDED
    return None


def _by_to_or_not(words: list[str], last: str, before: str) -> float | None:
    if last == "so":
        return STATEMENT + 0.1 if before in en.BEFORE_SO else OPEN
    if last == "not" and before in en.DENIALS and len(words) > 1:
        return STATEMENT
    if last == "to" and before in en.LIKING and len(words) > 2:
        # "I don't want to" refuses; "I want to" has only begun.
        return SHORT if en.NEGATED & set(words) else WANTING + 0.05
    return None


def _by_demonstrative(words: list[str], last: str, before: str) -> float | None:
    """`i like that` is complete, `she told me that` is not."""
    if last not in {"this", "those", "these", "that", "some", "any"}:
        return None
    if before in {"and", "but", "in", ""}:
        return OPEN if before else SHORT
    if _asks(words):
        return QUESTION
    if last == "that":
        to_someone = before in en.OBJECTS and len(words) > 2 and words[-3] in en.TAKING_THAT | en.GIVING
        relative = len(words) > 2 and words[-3] in en.DETERMINERS and before not in en.OBJECTS
        if before in en.TAKING_THAT or to_someone or relative:
            return WANTING
    return STATEMENT + 0.09 if len(words) > 2 else SHORT


def _by_wh_word(words: list[str], last: str, before: str) -> float | None:
    asks_yes_or_no = words[0] in en.AUXILIARIES
    if (
        last in en.SLUICED
        and not asks_yes_or_no
        and before in {"know", "sure", "idea", "remember", "wonder", "no", "say", "see"}
    ):
        return SHORT  # i don't know why
    if last in {"what", "how", "when", "where", "why"} and len(words) > 1 and before not in en.CONJUNCTIONS:
        return WANTING  # a dream where; i want to learn how
    return None


def _by_noun_phrase(words: list[str], last: str, before: str) -> float | None:
    """A determiner, adjective or number whose noun has not come yet."""
    if last in en.ATTRIBUTIVES and before in en.DETERMINERS - {"the", "no"}:
        return WANTING
    if last in en.ATTRIBUTIVES and before == "the":
        return UNDECIDED
    if last in en.NUMBERS and before in en.BEFORE_COUNT:
        return WANTING + 0.1
    if before in en.DEGREES and last in en.DEGREES:
        return OPEN
    return None


def _fronts_object(words: list[str]) -> bool:
    """Whether the object stands in front: `what did you find`, `tell me what you want`, `all i need`."""
    if words[0] in {"how", "however"}:
        return len(words) > 1 and words[1] in {"many", "much", "long", "far"}
    if words[-2:-1] == ["who"]:
        return False  # it asks for the subject: who bought
    fronts = en.FRONTS_OBJECT | {"all", "everything", "nothing", "something", "anything"}
    return any(word in fronts for word in words[:-2]) or (words[0] in fronts and len(words) > 1)


def _asks(words: list[str]) -> bool:
    rest = words[1:] if words[0] in en.ANSWERING and len(words) > 1 else words
    first, second = rest[0], rest[1] if len(rest) > 1 else ""
    if first == "when":
        return second in en.AUXILIARIES  # when is it; not: when i get home
    if first in en.QUESTION_WORDS:
        return second not in en.NOMINATIVES  # what is it; not: what i mean
    return first in en.AUXILIARIES | en.NEGATED and (second in en.SUBJECTS | en.DETERMINERS or len(rest) > 3)


def _lacks_main_clause(words: list[str]) -> bool:
    """A clause like `when i get home`, or `what i mean`, with nothing of the clause that it belongs to."""
    if _asks(words):
        return False
    joined = " ".join(words[:3])
    longer = next((phrase for phrase in en.LONGER_SUBORDINATORS if joined.startswith(phrase)), "")
    start = 1 if words[0] in {"and", "but", "so", "well", "yes", "no"} else 0
    if words[start:][:1] == ["because"]:
        return len(words) < start + 4 and not _subject_places(words)  # a whole one answers a question
    if len(words) <= start + 1 or not (longer or words[start] in en.SUBORDINATORS):
        return False
    if words[start] in {"after", "before", "since", "until", "as"} and not longer and not _subject_places(words):
        return False  # after dinner: an answer
    rest = words[start + max(1, len(longer.split())) :]
    subjects = _subject_places(rest)
    # The clause's own subject may be a noun; any pronoun behind its verb begins the main clause.
    begins_with_noun = not subjects or subjects[0] > 0
    behind = [place for place in subjects if place >= 3] if begins_with_noun else subjects[1:]
    commands = any(word in en.IMPERATIVES for word in rest[3:])
    return not behind and not commands and len(rest) < 9


def _subject_places(words: list[str]) -> list[int]:
    """Where pronouns stand that are subjects for sure, or likely."""
    places: list[int] = []
    for place, word in enumerate(words[:-1]):
        following = words[place + 1]
        sure = word in en.CONTRACTED_SUBJECTS or word in {"i", "he", "she", "we", "they"}
        likely = word in {"it", "you", "that", "there", "this"} and (
            following in en.AUXILIARIES | en.NEGATED | en.WANTING_OBJECT | en.KNOWING
            or place == 0
            or following.endswith("ed")
        )
        if sure or likely:
            places.append(place)
    return places


def _of_a_clause(words: list[str]) -> float:
    """Nothing is missing as far as can be seen: how surely is that the end?"""
    count, last = len(words), words[-1]
    if last in en.TIMES and words[0] != "good" and en.TIME_PHRASE.issuperset(words):
        return SHORT - 0.1  # next week: an answer, or only when it will be
    if count < 3:
        return _of_few_words(words)
    asks = _asks(words)
    if count <= 5 and not asks and _is_noun_phrase(words):
        return UNDECIDED
    score = QUESTION if asks else STATEMENT
    first = next((word for word in words if word not in en.ANSWERING or word == "please"), words[0])
    if first == "because" or (count < 6 and not asks and words[0] in en.QUESTION_WORDS):
        return UNDECIDED  # because i like it; what i really want
    if first in en.IMPERATIVES and not asks:
        score = 0.86
    elif not asks and count < 7 and _narrates(words):
        score -= 0.06  # a story has begun
    # The more has been said, the more of what had to be said.
    score += min(0.06, 0.01 * max(0, count - 5))
    if last in en.TIMES or last in en.ENDS_WELL:
        score += 0.08
    elif last in en.OBJECTS:
        score += 0.05
    return min(score, 0.98)


def _of_few_words(words: list[str]) -> float:
    first, last = words[0], words[-1]
    if len(words) == 1:
        return SHORT
    if first in en.POSSESSIVES or first == "the":
        return UNDECIDED - 0.05
    if first in {"good", "happy", "no", "never", "very", "not", "see", "maybe", "how", "what"} or last in en.TIMES:
        return 0.8  # good morning; see you
    return 0.85 if first in en.IMPERATIVES else SHORT + 0.1


def _is_noun_phrase(words: list[str]) -> bool:
    """`my brother and my sister`: one or two nouns with their determiners and nothing said of them."""
    middle = [place for place, word in enumerate(words) if word == "and"]
    halves = [words[: middle[0]], words[middle[0] + 1 :]] if middle else [words]
    return all(
        len(half) in {2, 3}
        and half[0] in en.DETERMINERS - {"this", "no"}
        and (len(half) == 2 or half[1] in en.ATTRIBUTIVES)
        and not half[-1].endswith("ed")
        and half[-1] not in {"one", "ones"}
        for half in halves
    )


def _narrates(words: list[str]) -> bool:
    return any(word in en.PASTS or (word.endswith("ed") and len(word) > 4) for word in words[1:4])
