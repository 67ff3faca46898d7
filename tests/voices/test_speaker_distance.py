from __future__ import annotations

import itertools

import pytest
from tests.voices.sample_voices import (
    READER,
    TEXTS,
    louder,
    needs_flite,
    noisy,
    other_microphone,
    over_the_telephone,
    spoken,
)

from syrinx.audio import PcmChunk, silence
from syrinx.voices.speaker_distance import CLEARLY_OTHER, speaker_distance

MARGIN = 0.02
"""So far from the threshold are all that are compared here."""


def changed(clip: PcmChunk) -> list[PcmChunk]:
    return [
        louder(clip, -20.0),
        noisy(clip, 20.0),
        over_the_telephone(clip),
        other_microphone(clip, 3.0),
        other_microphone(clip, -3.0),
    ]


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(range(len(READER)), 2)))
def test_one_person_is_never_taken_for_another(one: int, other: int) -> None:
    for clip in (READER[other], *changed(READER[other])):
        assert speaker_distance(READER[one], clip) < CLEARLY_OTHER - MARGIN


@needs_flite
@pytest.mark.parametrize("voice", ["slt", "rms", "awb", "kal16"])
def test_nor_one_voice_that_says_something_else(voice: str) -> None:
    for clip in changed(spoken(voice, TEXTS[1])):
        assert speaker_distance(spoken(voice), clip) < CLEARLY_OTHER - MARGIN


@needs_flite
@pytest.mark.parametrize("man", ["rms", "awb", "kal16"])
def test_a_woman_and_a_man_are_clearly_two(man: str) -> None:
    assert speaker_distance(READER[1], spoken(man)) > CLEARLY_OTHER + MARGIN


@needs_flite
@pytest.mark.parametrize("man", ["rms", "awb"])
def test_over_the_telephone_too(man: str) -> None:
    assert speaker_distance(READER[1], over_the_telephone(spoken(man, TEXTS[1]))) > CLEARLY_OTHER


@needs_flite
def test_so_are_a_womans_voice_that_was_built_and_a_mans() -> None:
    assert speaker_distance(spoken("slt"), spoken("rms")) > CLEARLY_OTHER + MARGIN


def test_espeaks_man_is_not_the_reader() -> None:
    assert speaker_distance(READER[1], spoken("en-us")) > CLEARLY_OTHER + MARGIN


def test_it_is_the_same_both_ways_and_nothing_is_nearer_than_itself() -> None:
    assert speaker_distance(READER[0], READER[1]) == pytest.approx(speaker_distance(READER[1], READER[0]))
    assert speaker_distance(READER[1], READER[1]) == 0.0
    assert 0.0 < speaker_distance(READER[0], READER[1]) < 1.0


def test_where_nothing_is_said_nothing_can_be_told() -> None:
    assert speaker_distance(READER[0], silence(duration_ms=3000.0, sample_rate_hz=24_000)) == 0.0
