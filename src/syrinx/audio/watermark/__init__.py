"""An inaudible watermark in synthetic speech, by a library that lives in an environment of its own."""

from syrinx.audio.watermark.opening import Watermark, open_watermark

__all__ = ["Watermark", "open_watermark"]
