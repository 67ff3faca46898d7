"""What is set for speech reaches what it is for."""

from __future__ import annotations

import tempfile
from typing import cast

import pytest
from tests.transports.talking_house import talk_server

from syrinx.audio import wav_header
from syrinx.errors import TooLarge


@pytest.mark.parametrize(("upload_mb", "taken"), [(300, True), (200, False)])
async def test_a_recording_may_be_as_large_as_it_is_set(upload_mb: int, taken: bool) -> None:
    async with talk_server(upload_mb=upload_mb) as server:
        with tempfile.TemporaryFile() as file:
            # Silence that takes no room on the disk.
            file.write(wav_header(192_000, 125_000_000))
            file.truncate(250_000_044)
            opening = server.house.speech.house.open_media(file)
            if taken:
                async with opening as media:
                    assert cast("float", media.duration_ms) > 600_000
            else:
                with pytest.raises(TooLarge):
                    await opening.__aenter__()
