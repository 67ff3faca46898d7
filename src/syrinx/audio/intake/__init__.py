"""Media from outside, in any container, as mono PCM: decoded in a throwaway process, bounded in every way."""

from syrinx.audio.intake.contract import DecodedMedia, OpenMedia
from syrinx.audio.intake.decoder_walls import Confinement, confinement
from syrinx.audio.intake.opening import Intake, IntakeLimits, open_intake

__all__ = ["Confinement", "DecodedMedia", "Intake", "IntakeLimits", "OpenMedia", "confinement", "open_intake"]
