"""Which phoneme of a phrase each of its words begins with, when the phrase was pronounced as a whole.

A phrase sounds unlike its words one by one: "of the" becomes one word, stress moves, a number is read otherwise. So the
words are also pronounced alone, and laid along the phrase with as little change as there can be. That is an edit
distance, whose time grows with the product of both lengths (5 ms for a phrase of 20 words).
"""

from __future__ import annotations

from collections.abc import Sequence

_CHANGED = 1.0
_LOST = 1.0
_SPACE_LOST = 0.4
_SPACE_CHANGED = 3.0
_STRESS = "ˈˌ"
_STRESS_LOST = 0.1


def align_words(alone: Sequence[str], together: str) -> list[int]:
    """For each word, pronounced alone, the index in `together` at which it begins there; never falling.

    A word that is not heard in `together` begins where the next one does, or at the last phoneme.
    """
    if not alone:
        return []
    starts: list[int] = []
    at = 0
    if " ".join(filter(None, alone)) == together:
        # No word is changed by the others: so are most short phrases.
        for word in alone:
            starts.append(min(at, max(0, len(together) - 1)))
            at += len(word) + 1 if word else 0
        return starts
    said = " ".join(alone)
    places = _places(said, together)
    for word in alone:
        place = places[at] if at < len(places) else len(together)
        while place < len(together) and together[place] == " ":
            place += 1
        while place > 0 and together[place - 1] in _STRESS:
            place -= 1
        starts.append(min(place, max(0, len(together) - 1)))
        at += len(word) + 1
    return starts


def _places(said: str, together: str) -> list[int]:
    """For each letter of `said` the index in `together` that it, or else the next letter that is left, became."""
    rows, columns = len(said), len(together)
    gone_cost = [_lost(letter) for letter in together]
    previous = [0.0]
    for cost in gone_cost:
        previous.append(previous[-1] + cost)
    # From each cell: 0 both go on, 1 the letter of `said` is lost, 2 one of `together` is new.
    steps: list[bytearray] = []
    for letter in said:
        lost = _lost(letter)
        current = [previous[0] + lost]
        step = bytearray(columns + 1)
        step[0] = 1
        for column in range(columns):
            other = together[column]
            best = previous[column] + (0.0 if letter == other else _changed(letter, other))
            way = 0
            if previous[column + 1] + lost < best:
                best, way = previous[column + 1] + lost, 1
            if current[column] + gone_cost[column] < best:
                best, way = current[column] + gone_cost[column], 2
            current.append(best)
            step[column + 1] = way
        steps.append(step)
        previous = current
    places = [columns] * rows
    row, column = rows, columns
    while row:
        way = steps[row - 1][column]
        if way == 2:
            column -= 1
            continue
        row -= 1
        if way == 0:
            column -= 1
        places[row] = column
    return places


def _lost(letter: str) -> float:
    return _SPACE_LOST if letter == " " else _STRESS_LOST if letter in _STRESS else _LOST


def _changed(letter: str, other: str) -> float:
    return _SPACE_CHANGED if letter == " " or other == " " else _CHANGED
