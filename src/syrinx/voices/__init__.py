"""The voices of people: samples of them, the records that are kept, and what comes nearest to them."""

from syrinx.voices.clone_studio import CloningSettings, Studio
from syrinx.voices.cloning import VoiceCloning, open_cloning
from syrinx.voices.consent_phrases import ConsentPhrase
from syrinx.voices.consents import Consents
from syrinx.voices.guarded_fetch import AddressRefused, FetchFailed, FetchRules, GuardedFetch
from syrinx.voices.likeness import gender_of, nearest_voice, shift_semitones
from syrinx.voices.profile_checks import is_voice_id
from syrinx.voices.registered_import import import_registered
from syrinx.voices.repository import Voices, open_voices
from syrinx.voices.sample import read_sample

__all__ = [
    "AddressRefused",
    "CloningSettings",
    "ConsentPhrase",
    "Consents",
    "FetchFailed",
    "FetchRules",
    "GuardedFetch",
    "Studio",
    "VoiceCloning",
    "Voices",
    "gender_of",
    "import_registered",
    "is_voice_id",
    "nearest_voice",
    "open_cloning",
    "open_voices",
    "read_sample",
    "shift_semitones",
]
