from __future__ import annotations

import time

import numpy as np
import pytest
from tests.voices.sample_voices import (
    RATE_HZ,
    READER,
    TEXTS,
    clipped_by,
    joined,
    louder,
    needs_flite,
    noisy,
    over_the_telephone,
    spoken,
)

from syrinx.audio import PcmChunk, chunk_of, resample, silence
from syrinx.testing.audio import noise, sine
from syrinx.voices.sample_checks import SampleReport, examine

READING = joined(*READER)
"""8.8 s by one person."""


def codes(report: SampleReport) -> list[str]:
    return [advice.code for advice in report.advice]


def test_a_clear_recording_is_good_and_measured() -> None:
    report = examine(READING)
    assert codes(report) == ["good"]
    assert report.advice[0].severity == "good"
    assert report.refused is None
    assert report.speech_s == pytest.approx(8.3, abs=0.4)
    assert report.speech_dbfs == pytest.approx(-21.0, abs=1.0)
    assert report.snr_db > 25.0
    assert report.clipped_share < 0.005
    assert report.speakers_suspected == 1
    assert report.pitch_hz == pytest.approx(235.0, rel=0.1)
    assert report.pace == pytest.approx(4.3, rel=0.15)


@needs_flite
@pytest.mark.parametrize("voice", ["slt", "rms", "awb", "kal16"])
def test_voices_that_were_built_are_good_as_well(voice: str) -> None:
    assert codes(examine(joined(spoken(voice), spoken(voice, TEXTS[1])))) == ["good"]


def test_a_telephone_is_no_fault() -> None:
    assert codes(examine(over_the_telephone(READING))) == ["good"]


@pytest.mark.parametrize(("snr_db", "found"), [(30.0, "good"), (20.0, "good"), (10.0, "noisy")])
def test_noise_is_measured_and_told_of_where_it_is_much(snr_db: float, found: str) -> None:
    report = examine(noisy(READING, snr_db))
    assert codes(report) == [found]
    assert report.snr_db == pytest.approx(snr_db, abs=2.0)


@pytest.mark.parametrize("over_db", [0.0, 6.0, 12.0])
def test_a_recording_that_was_cut_off_at_its_peaks_is_told_from_a_loud_one(over_db: float) -> None:
    report = examine(clipped_by(READING, over_db))
    assert codes(report) == (["clipped"] if over_db else ["good"])
    assert (report.clipped_share > 0.03) == bool(over_db)


def test_clipping_is_found_after_it_was_made_quieter_or_resampled() -> None:
    clipped = clipped_by(READING, 6.0)
    assert codes(examine(louder(clipped, -6.0))) == ["clipped"]
    assert codes(examine(resample(resample(clipped, 16_000), RATE_HZ))) == ["clipped"]


@pytest.mark.parametrize(("gain_db", "found"), [(-10.0, "good"), (-24.0, "too_quiet")])
def test_a_very_quiet_recording_is_told_of(gain_db: float, found: str) -> None:
    report = examine(louder(READING, gain_db))
    assert codes(report) == [found]
    assert report.speech_dbfs == pytest.approx(-21.0 + gain_db, abs=1.0)


def test_a_short_one_can_be_used_and_is_told_of() -> None:
    report = examine(READER[1])
    assert codes(report) == ["short"]
    assert report.advice[0].severity == "advice"
    assert "10 to 20" in report.advice[0].message


def test_little_speech_in_a_long_recording_is_told_of() -> None:
    report = examine(joined(READER[0], silence(duration_ms=12_000.0, sample_rate_hz=RATE_HZ), READER[2]))
    assert codes(report) == ["little_speech"]
    assert report.refused is None
    assert "3 of 16 seconds" in report.advice[0].message


def test_less_than_one_and_a_half_seconds_of_speech_are_refused() -> None:
    word = PcmChunk(pcm=READER[1].pcm[: 2 * RATE_HZ], sample_rate_hz=RATE_HZ)
    report = examine(joined(silence(duration_ms=4000.0, sample_rate_hz=RATE_HZ), word))
    assert report.refused is not None
    assert report.refused.code == "little_speech"
    assert "Record at least" in report.refused.message


def knocks() -> PcmChunk:
    """Four a second, in a quiet room."""
    rng = np.random.default_rng(3)
    samples = rng.standard_normal(5 * RATE_HZ) * 30.0
    for at in range(0, samples.size - 2400, RATE_HZ // 4):
        samples[at : at + 2400] += rng.standard_normal(2400) * 6000.0 * np.exp(-np.arange(2400) / 500.0)
    return chunk_of(samples.astype(np.int16), sample_rate_hz=RATE_HZ)


@pytest.mark.parametrize(
    "sound",
    [
        noise(duration_ms=5000.0),
        sine(220.0, duration_ms=5000.0),
        knocks(),
        joined(silence(duration_ms=2500.0, sample_rate_hz=RATE_HZ), noise(duration_ms=2500.0)),
        noise(duration_ms=3000.0, amplitude=0.0005),
    ],
    ids=["noise", "tone", "knocks", "noise after silence", "a quiet room"],
)
def test_where_nobody_speaks_it_is_refused(sound: PcmChunk) -> None:
    report = examine(sound)
    assert report.refused is not None
    assert "nobody speaking" in report.refused.message
    assert report.speakers_suspected == 0
    assert report.pitch_hz is None


@needs_flite
@pytest.mark.parametrize("man", ["rms", "kal16", "awb"])
def test_a_woman_and_a_man_one_after_the_other_are_suspected(man: str) -> None:
    report = examine(joined(READING, spoken(man)))
    assert report.speakers_suspected == 2
    assert codes(report) == ["two_speakers"]


@needs_flite
def test_so_are_two_who_take_turns() -> None:
    first, second = (spoken("slt", text) for text in TEXTS), (spoken("rms", text) for text in TEXTS)
    turns = [clip for pair in zip(first, second, strict=True) for clip in pair]
    assert codes(examine(joined(*turns))) == ["two_speakers"]


def test_one_who_speaks_for_long_is_one_at_any_level() -> None:
    levels = (0.0, -12.0, -4.0, -8.0)
    report = examine(joined(*(louder(READING, level) for level in levels)))
    assert report.speakers_suspected == 1


def test_several_faults_are_all_told() -> None:
    assert codes(examine(louder(noisy(READER[1], 8.0), -24.0))) == ["too_quiet", "noisy", "short"]


def test_every_finding_says_what_to_do() -> None:
    reports = [
        examine(louder(noisy(READER[1], 8.0), -24.0)),
        examine(clipped_by(READING, 6.0)),
        examine(sine(200, duration_ms=3000)),
    ]
    for advice in (advice for report in reports for advice in report.advice):
        assert any(word in advice.message for word in ("Record", "record"))
        assert advice.message.count(". ") >= 1 or ": " in advice.message


def test_a_minute_takes_less_than_a_second_of_work() -> None:
    minute = joined(*([READING] * 7))
    began = time.process_time()
    examine(minute)
    assert time.process_time() - began < 1.0 * minute.duration_ms / 60_000.0
