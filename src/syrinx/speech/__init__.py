"""Text to speech and speech to text as they flow: synthesis ahead, transcription, endpointing."""

from __future__ import annotations

from syrinx.speech.auto_ear import AutoEar
from syrinx.speech.auto_voice import AutoVoice
from syrinx.speech.endpointing import Decision, Endpointer
from syrinx.speech.listening import Listener
from syrinx.speech.people_voices import People, PeopleRead, PeopleVoices, PersonVoice
from syrinx.speech.rules import EndpointingRules, SynthesisRules
from syrinx.speech.synthesis import speak_ahead
from syrinx.speech.voicing import SpokenSegment

__all__ = [
    "AutoEar",
    "AutoVoice",
    "Decision",
    "Endpointer",
    "EndpointingRules",
    "Listener",
    "People",
    "PeopleRead",
    "PeopleVoices",
    "PersonVoice",
    "SpokenSegment",
    "SynthesisRules",
    "speak_ahead",
]
