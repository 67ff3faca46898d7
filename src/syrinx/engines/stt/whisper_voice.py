"""Where somebody speaks: what has no voice in it is never decoded, and what is long is cut in pauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from syrinx.engines.stt.whisper_model import SAMPLE_RATE_HZ, WINDOW_S, Audio
from syrinx.errors import EngineUnavailable

FRAME_SAMPLES: Final = 512

Speech = npt.NDArray[np.float32]
"""The probability of speech in each frame of 32 ms, shape (frames,)."""

_SPEECH: Final = 0.5
_STILL_SPEECH: Final = 0.35
_SURE: Final = 0.9
"""Some frame of a run is that clearly speech, where it is; a hum reaches 0.87."""
_LEAST_FRAMES: Final = 4
"""So many in a row are a voice: 128 ms. Claps and knocks light up fewer."""
_WARM_UP_FRAMES: Final = 32
"""The detector has a memory; when it goes on with new audio it hears the last second once more."""
_BEFORE_SAMPLES: Final = round(0.3 * SAMPLE_RATE_HZ)
_AFTER_SAMPLES: Final = round(0.4 * SAMPLE_RATE_HZ)
_LONGEST_FRAMES: Final = int((WINDOW_S * SAMPLE_RATE_HZ - _BEFORE_SAMPLES - _AFTER_SAMPLES) / FRAME_SAMPLES)
_LONG_PAUSE_FRAMES: Final = round(3.0 * SAMPLE_RATE_HZ / FRAME_SAMPLES)

Run = tuple[int, int]
"""Frames, from and to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some of the audio with voice in it, short enough to be decoded at once."""

    start_sample: int
    end_sample: int
    voice_end_sample: int
    """Where the last voice in it ends; silence follows until `end_sample`."""
    voiced_ms: float

    def of(self, audio: Audio) -> Audio:
        return audio[self.start_sample : self.end_sample]


def speech_of(audio: Audio, known: Speech | None = None) -> Speech:
    """Silero's judgement of each whole frame; `known` is that of the beginning of `audio`. Blocks: 0.1 ms a frame."""
    from faster_whisper.vad import get_vad_model  # noqa: PLC0415 - heavy, loaded only where an ear is opened

    judged = np.zeros(0, np.float32) if known is None else known
    whole = audio.size // FRAME_SAMPLES
    if whole <= judged.size:
        return judged[:whole]
    since = max(judged.size - _WARM_UP_FRAMES, 0)
    # A copy, for the detector writes into what it is given.
    found = get_vad_model()(audio[since * FRAME_SAMPLES : whole * FRAME_SAMPLES].copy())
    new = np.asarray(found, np.float32).reshape(-1)[judged.size - since :]
    return np.concatenate([judged, new[: whole - judged.size]])


def warm_up() -> None:
    """Load the detector, which takes a moment. Raises EngineUnavailable."""
    try:
        speech_of(np.zeros(SAMPLE_RATE_HZ, np.float32))
    except (RuntimeError, OSError) as error:
        raise EngineUnavailable(f"Whisper's voice detector does not load: {error}") from error


def windows_of(speech: Speech, *, samples: int) -> list[Window]:
    """All that was said in so many samples, in as few windows as possible."""
    groups: list[list[Run]] = []
    for run in (piece for whole in runs(speech) for piece in _pieces(whole, speech)):
        last = groups[-1] if groups else None
        if last and run[1] - last[0][0] <= _LONGEST_FRAMES and run[0] - last[-1][1] <= _LONG_PAUSE_FRAMES:
            last.append(run)
        else:
            groups.append([run])
    return [
        _window(group, groups[number - 1 : number], groups[number + 1 : number + 2], samples)
        for number, group in enumerate(groups)
    ]


def _window(group: list[Run], before: Sequence[list[Run]], after: Sequence[list[Run]], samples: int) -> Window:
    first, last = group[0][0], group[-1][1]
    # Between two windows each gets half of a short pause.
    floor = (before[0][-1][1] + first) // 2 if before else 0
    ceiling = (last + after[0][0][0] + 1) // 2 * FRAME_SAMPLES if after else samples
    return Window(
        start_sample=max(first * FRAME_SAMPLES - _BEFORE_SAMPLES, floor * FRAME_SAMPLES),
        end_sample=min(last * FRAME_SAMPLES + _AFTER_SAMPLES, ceiling, samples),
        voice_end_sample=last * FRAME_SAMPLES,
        voiced_ms=sum(end - start for start, end in group) * FRAME_SAMPLES * 1000.0 / SAMPLE_RATE_HZ,
    )


def runs(speech: Speech) -> list[Run]:
    """In which frames somebody speaks; a run goes on while it might still be speech."""
    found: list[Run] = []
    start: int | None = None
    for number, probability in enumerate([*speech.tolist(), 0.0]):
        if start is None and probability >= _SPEECH:
            start = number
        elif start is not None and probability < _STILL_SPEECH:
            if number - start >= _LEAST_FRAMES and float(speech[start:number].max()) >= _SURE:
                found.append((start, number))
            start = None
    return found


def _pieces(run: Run, speech: Speech) -> list[Run]:
    """A run that is too long for one window, cut where it is least like speech."""
    start, end = run
    pieces: list[Run] = []
    while end - start > _LONGEST_FRAMES:
        earliest = start + _LONGEST_FRAMES // 2
        cut = earliest + int(np.argmin(speech[earliest : start + _LONGEST_FRAMES]))
        pieces.append((start, cut))
        start = cut
    return [*pieces, (start, end)]
