"""Every format that a running server streams decodes to the very samples that its narration counts."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections.abc import Generator

import av
import httpx
import numpy as np
import numpy.typing as npt
import pytest

from syrinx.audio.encoding import AUDIO_FORMATS, AudioFormat

from .conftest import RunningServer

TEXT = "The kettle sings as {name}. Nobody minds how late it is; every chair is taken.\n\nTea in five minutes."
AAC_FRAME = AAC_PRIMING = 1024
MP3_FRAME = 576

Wave = npt.NDArray[np.float64]


@pytest.fixture
def web(server: RunningServer) -> Generator[httpx.Client]:
    with httpx.Client(base_url=server.address, trust_env=False, timeout=60.0) as client:
        yield client


def streamed(web: httpx.Client, route: str, body: dict[str, object]) -> bytes:
    with web.stream("POST", route, json=body) as answer:
        assert answer.status_code == 200
        assert answer.headers["transfer-encoding"] == "chunked"
        return b"".join(answer.iter_raw())


def narrated(web: httpx.Client, text: str) -> tuple[bytes, float, bool]:
    """The samples that the narration gives, its duration in ms as it counts it, and whether they had been made."""
    answer = web.post("/api/speech", json={"text": text}, headers={"Accept": "text/event-stream"})
    told = [(name, json.loads(data)) for name, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", answer.text)]
    pcm = b"".join(base64.b64decode(data["pcm"]) for name, data in told if name == "sound")
    return pcm, dict(told)["done"]["duration_ms"], dict(told)["begun"]["cached"]


def decoded(raw: bytes, audio_format: AudioFormat) -> tuple[Wave, int]:
    """As FFmpeg finds it, told nothing of the format but where there is nothing to find."""
    if audio_format == "pcm":
        return np.frombuffer(raw, "<i2") / 32768.0, 24_000
    parts: list[Wave] = []
    with av.open(io.BytesIO(raw), "r") as container:
        stream = container.streams.audio[0]
        for frame in container.decode(stream):
            values = frame.to_ndarray()[0]
            scale = float(1 << 8 * values.itemsize - 1) if values.dtype.kind == "i" else 1.0
            parts.append(values.astype(np.float64) / scale)
    return np.concatenate(parts), stream.rate


def lag(found: Wave, wanted: Wave) -> int:
    """By how many samples `found` is later than `wanted`, where they are most alike."""
    size = 1 << (found.size + wanted.size).bit_length()
    alike = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(wanted, size)), size)
    at = int(np.argmax(alike))
    return at - size if at > size // 2 else at


@pytest.mark.journey
@pytest.mark.parametrize("made", ["anew", "before"])
@pytest.mark.parametrize("audio_format", AUDIO_FORMATS)
@pytest.mark.parametrize(
    ("route", "field", "named"), [("/api/speech", "text", "format"), ("/v1/audio/speech", "input", "response_format")]
)
def test_what_is_streamed_decodes_to_all_samples_and_no_others(
    web: httpx.Client, route: str, field: str, named: str, audio_format: AudioFormat, made: str
) -> None:
    text = TEXT.format(name=f"{audio_format} {route.rpartition('/')[0][1:]} {made}")
    if made == "before":
        narrated(web, text)
    raw = streamed(web, route, {field: text, named: audio_format})
    pcm, duration_ms, was_made = narrated(web, text)
    samples = np.frombuffer(pcm, "<i2")
    assert was_made
    assert duration_ms == round(samples.size / 24.0, 1)

    found, rate_hz = decoded(raw, audio_format)
    begins, spare = 0, 0
    match audio_format:
        case "opus":
            assert rate_hz == 48_000
            found = found[::2] if found.size == 2 * samples.size else found
        case "mp3":
            spare = found.size - samples.size
            assert 0 <= spare < MP3_FRAME
        case "aac":
            begins = AAC_PRIMING
            assert found.size == AAC_FRAME * math.ceil((AAC_PRIMING + samples.size) / AAC_FRAME)
            spare = found.size - samples.size - AAC_PRIMING
        case _:
            assert found.tobytes() == (samples / 32768.0).tobytes()
    assert found.size == begins + samples.size + spare
    assert lag(found, samples / 32768.0) == begins
