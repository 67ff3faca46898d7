"""Levels: what is measured, and that louder never wraps round."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx.audio import SILENCE_DBFS, apply_gain, peak_dbfs, rms_dbfs
from syrinx.testing.audio import sine


def test_a_full_sine_measures_minus_three_db_rms_and_zero_peak() -> None:
    samples = sine(441, duration_ms=1000, amplitude=1.0).samples()
    assert rms_dbfs(samples) == pytest.approx(-3.01, abs=0.02)
    assert peak_dbfs(samples) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("samples", [np.zeros(0, np.int16), np.zeros(100, np.int16)])
def test_silence_measures_a_finite_floor(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
    assert rms_dbfs(samples) == SILENCE_DBFS
    assert peak_dbfs(samples) == SILENCE_DBFS


def test_the_most_negative_sample_is_full_scale() -> None:
    assert peak_dbfs(np.array([-32768, 5], np.int16)) == 0.0
    assert rms_dbfs(np.full(10, -32768, np.int16)) == pytest.approx(0.0)


def test_six_db_doubles() -> None:
    assert apply_gain(np.array([100, -200], np.int16), 6.0206).tolist() == [200, -400]


def test_too_much_gain_clips_and_keeps_the_sign() -> None:
    assert apply_gain(np.array([20000, -20000], np.int16), 12.0).tolist() == [32767, -32768]


def test_gain_leaves_its_input_alone() -> None:
    samples = np.array([1000], np.int16)
    apply_gain(samples, 6.0)
    assert samples.tolist() == [1000]
