"""People whose voices scripted engines speak: told apart by the pitch at which they are heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.tts.contract import Cloning, Voice
from syrinx.speech.person_voice import Condition, PersonVoice
from syrinx.testing.audio import sine
from syrinx.voices.likeness import gender_of
from syrinx.voices.profile import VoiceSettings

ADA, BEN = "voice_00000000ada0", "voice_00000000ben0"
ADA_HZ, BEN_HZ = 240.0, 110.0


@dataclass(kw_only=True)
class Recorded:
    """A sample, from which is learnt what each engine wants, once."""

    sample: PcmChunk
    learnt: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """By engine."""
    asked: int = 0

    async def conditioning(self, engine: str, cloning: Cloning, condition: Condition) -> bytes:
        self.asked += 1
        if engine not in self.learnt:
            self.learnt[engine] = await condition(self.sample, "so it is")
        return self.learnt[engine]


def recorded(pitch_hz: float, *, seconds: float = 4.0) -> Recorded:
    return Recorded(sample=sine(pitch_hz, duration_ms=1000.0 * seconds))


def person(
    voice_id: str = ADA,
    pitch_hz: float | None = ADA_HZ,
    *,
    language: str = "en",
    pace: float | None = None,
    settings: VoiceSettings | None = None,
    revision: str = "1",
    sample: Recorded | None = None,
    sample_s: float | None = None,
) -> PersonVoice:
    return PersonVoice(
        voice=Voice(id=voice_id, name="A person", language=language, gender=gender_of(pitch_hz)),
        pitch_hz=pitch_hz,
        pace=pace,
        settings=settings or VoiceSettings(),
        revision=revision,
        conditioning=(sample or recorded(pitch_hz or 200.0)).conditioning,
        sample_s=sample_s,
    )
