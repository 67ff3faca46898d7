"""The recordings that come with Syrinx are there, are speech, and say what they say."""

from __future__ import annotations

import tomllib
from pathlib import Path

from syrinx.audio import rms_dbfs
from syrinx.speech.word_errors import words
from syrinx.testing.human_clips import RECORDINGS, human_clips, longest_clip


def test_every_recording_is_a_person_speaking_at_the_pace_of_a_person() -> None:
    clips = human_clips()
    assert [clip.name for clip in clips] == ["LJ001-0002", "LJ001-0004", "LJ001-0008"]
    for clip in clips:
        assert clip.audio.sample_rate_hz == 16_000
        assert -35 < rms_dbfs(clip.audio.samples()) < -10
        assert 1.5 < 1000 * len(words(clip.text)) / clip.audio.duration_ms < 4


def test_the_longest_is_long_enough_to_measure_an_ear_with() -> None:
    assert longest_clip().name == "LJ001-0004"
    assert longest_clip().audio.duration_ms > 3000
    assert longest_clip(human_clips()[2:]).name == "LJ001-0008"


def test_their_licence_lies_beside_them() -> None:
    assert "public domain" in (RECORDINGS / "README.md").read_text(encoding="utf-8")


def test_all_of_them_are_packed_with_the_library() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    packed = project["tool"]["setuptools"]["package-data"]["syrinx"]
    patterns = [pattern.removeprefix("testing/recordings/") for pattern in packed]
    assert all(any(file.match(pattern) for pattern in patterns) for file in RECORDINGS.iterdir())
