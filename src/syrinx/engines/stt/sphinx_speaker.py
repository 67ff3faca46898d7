"""What PocketSphinx learns of a speaker and room, and how that travels from one utterance to the next as text."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from syrinx.errors import BadInput

COEFFICIENTS = 13
_LONGEST_MEMORY_FRAMES = 600.0
"""Six seconds: a speaker who turns away or changes microphone is followed within an utterance or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A cepstral mean (what voice, microphone and room add to every sound) and the gain at which it was measured."""

    mean: tuple[float, ...]
    """13 coefficients."""
    frames: float
    """How many 10 ms frames of listening it stands for."""
    gain_db: float | None = None
    """Brings this speaker to the level at which the mean was taken; None while nothing is known."""

    def heard(self, mean: tuple[float, ...], *, frames: float, gain_db: float) -> Speaker:
        """What is known after `frames` more of the same speaker, with that mean."""
        total = self.frames + frames
        if total <= 0:
            return self
        merged = tuple((self.frames * old + frames * new) / total for old, new in zip(self.mean, mean, strict=True))
        return Speaker(mean=merged, frames=min(total, _LONGEST_MEMORY_FRAMES), gain_db=gain_db)

    def to_text(self) -> str:
        return json.dumps(
            {"mean": [round(value, 3) for value in self.mean], "frames": round(self.frames), "gain_db": self.gain_db}
        )


STRANGER = Speaker(
    mean=(49.14, 3.46, -1.78, 12.98, -11.67, 0.95, -10.42, -1.54, -0.18, -2.04, -0.49, -1.86, 1.99), frames=50.0
)
"""Where every unknown speaker begins: the average over recordings of four people, at the level we normalise to."""


def speaker_from(text: str | None) -> Speaker:
    """Read `Speaker.to_text`; None is a stranger. Raises BadInput for anything else."""
    if text is None:
        return STRANGER
    wrong = BadInput("`adaptation` must be the `adaptation` of an earlier transcript of this engine, or nothing")
    try:
        known = json.loads(text)
        mean = tuple(float(value) for value in known["mean"])
        frames, gain_db = float(known["frames"]), float(known["gain_db"])
    except (ValueError, TypeError, KeyError) as error:
        raise wrong from error
    if len(mean) != COEFFICIENTS or not all(map(math.isfinite, (*mean, frames, gain_db))) or frames < 0:
        raise wrong
    return Speaker(mean=mean, frames=frames, gain_db=gain_db)
