"""The formats in which sound travels to a recogniser elsewhere."""

from __future__ import annotations

from typing import Final, Literal

UploadFormat = Literal["flac", "opus", "wav"]
UPLOAD_FORMATS: Final[tuple[UploadFormat, ...]] = ("flac", "opus", "wav")
