"""Whether a sample of a voice will do, and what its maker can do better, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from syrinx.audio import SILENCE_DBFS, PcmChunk
from syrinx.audio.pace import syllables_per_second
from syrinx.voices.profile import Advice
from syrinx.voices.sample_frames import SampleFrames, sample_frames
from syrinx.voices.sample_speakers import speakers_suspected
from syrinx.voices.speaker_distance import voice_traits

LEAST_SPEECH_S: Final = 1.5
"""With less no voice can be known."""
SHORT_S: Final = 6.0
"""Cloning engines take less, and learn better from 10 to 20 seconds."""

_QUIET_DBFS: Final = -40.0
"""Of speech: close to a microphone it has -30 to -15."""
_CLIPPED_SHARE: Final = 0.015
"""Of the frames with speech: recordings that were not clipped have up to 0.003, by 3 dB some 0.02, by 6 dB 0.04 up."""
_NOISY_DB: Final = 15.0
"""Of speech above the background: rooms have 16 to 30, studios 40."""
_LEAST_SHARE: Final = 0.35
"""Of the sample that is speech."""
_FEWEST_VOICED: Final = 10

_Code = Literal["too_quiet", "clipped", "noisy", "little_speech", "two_speakers", "short"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReport:
    advice: tuple[Advice, ...]
    """The gravest first; one of code "good" where nothing is wrong. One that is "refused" forbids its use."""
    speech_s: float
    """Pauses of 0.3 s and more left out."""
    speech_dbfs: float
    """RMS while somebody speaks."""
    noise_dbfs: float
    """RMS of the quietest frames."""
    snr_db: float
    """From there to the speech; 0 where nobody speaks."""
    clipped_share: float
    """Of the frames with speech, 0 to 1."""
    speakers_suspected: int
    """0, 1 or 2."""
    pitch_hz: float | None
    """The median."""
    pace: float | None
    """Syllables per second while speaking."""

    @property
    def refused(self) -> Advice | None:
        """Why it cannot be used."""
        return next((advice for advice in self.advice if advice.severity == "refused"), None)


def examine(sample: PcmChunk) -> SampleReport:
    """Of a sample that has passed `check_sample`. Blocks: less than half a second for a minute.

    Speech is told from other sounds by its levels and its voice alone: steady noises and tones are no speech, music may
    be taken for it, and whispering is not.
    """
    frames = sample_frames(sample)
    track = frames.track
    speech = frames.speech
    spoken = bool(speech.any())
    speech_dbfs = _mean_dbfs(frames, speech) if spoken else SILENCE_DBFS
    noise_dbfs = float(np.percentile(frames.level_dbfs, 5)) if frames.level_dbfs.size else SILENCE_DBFS
    pitches = track.pitch_hz[track.voiced]
    report = SampleReport(
        advice=(),
        speech_s=frames.speech_s,
        speech_dbfs=speech_dbfs,
        noise_dbfs=noise_dbfs,
        snr_db=speech_dbfs - noise_dbfs if spoken else 0.0,
        clipped_share=float(frames.clipped[speech].mean()) if spoken else 0.0,
        speakers_suspected=speakers_suspected(voice_traits(sample, track), track) if spoken else 0,
        pitch_hz=float(np.median(pitches)) if spoken and pitches.size >= _FEWEST_VOICED else None,
        pace=syllables_per_second(sample) if spoken else None,
    )
    return replace(report, advice=tuple(_advice(report, sample.duration_ms / 1000.0)))


def _mean_dbfs(frames: SampleFrames, chosen: npt.NDArray[np.bool_]) -> float:
    return float(10.0 * np.log10(np.mean(10.0 ** (frames.level_dbfs[chosen].astype(np.float64) / 10.0))))


def _advice(report: SampleReport, sample_s: float) -> Iterator[Advice]:
    if report.speech_s < LEAST_SPEECH_S:
        heard = f"only {report.speech_s:.1f} s of speech" if report.speech_s else "nobody speaking"
        message = f"We hear {heard} in the recording. Record at least {SHORT_S:g} seconds of one person speaking."
        yield Advice(code="little_speech", severity="refused", message=message)
        return
    found = [Advice(code=code, severity="advice", message=message) for code, message in _findings(report, sample_s)]
    yield from found
    if not found:
        yield Advice(code="good", severity="good", message="The recording is clear. You can use it as it is.")


def _findings(report: SampleReport, sample_s: float) -> Iterator[tuple[_Code, str]]:
    if report.speakers_suspected > 1:
        yield "two_speakers", "We seem to hear two people. Use a recording in which only one person speaks."
    if report.clipped_share >= _CLIPPED_SHARE:
        yield "clipped", "The recording is too loud and distorted. Move away from the microphone and record again."
    if report.speech_dbfs < _QUIET_DBFS:
        yield "too_quiet", "The recording is very quiet. Come closer to the microphone and record again."
    if report.snr_db < _NOISY_DB:
        yield "noisy", "There is much noise behind the voice. Record again in a quiet room, close to the microphone."
    if sample_s < SHORT_S:
        yield (
            "short",
            f"The recording has only {sample_s:.0f} seconds. Record 10 to 20: a voice is learned better then.",
        )
    elif report.speech_s < max(SHORT_S / 2, _LEAST_SHARE * sample_s):
        heard = f"{report.speech_s:.0f} of {sample_s:.0f} seconds"
        yield "little_speech", f"Only {heard} are speech. Record again without long pauses."
