"""Encoding: six formats decode to the sound that went in, to the sample, streamed or not."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import av
import numpy as np
import numpy.typing as npt
import pytest

from syrinx.audio import PcmChunk, chunk_of, read_wav, resample
from syrinx.audio.encoding import AUDIO_FORMATS, MEDIA_TYPES, AudioFormat, open_encoder
from syrinx.errors import BadAudio, BadInput
from syrinx.testing.audio import dominant_frequency_hz, noise, rms, sine

LENGTHS = [1, 47, 480, 576, 577, 1024, 1153, 24_001]
CODED: list[AudioFormat] = ["mp3", "opus", "aac", "flac"]
EXACT_WHEN_STREAMED: list[AudioFormat] = ["wav", "flac", "opus"]
AAC_PRIMING = 1024
FRAME = {"aac": 1024, "mp3": 576}


def cut(chunk: PcmChunk, sizes: list[int]) -> Iterator[PcmChunk]:
    """Chunks of these sizes, over and over, to the end."""
    samples = chunk.samples()
    at = turn = 0
    while at < samples.size:
        size = sizes[turn % len(sizes)]
        yield chunk_of(samples[at : at + size], sample_rate_hz=chunk.sample_rate_hz)
        at, turn = at + size, turn + 1


def encoded(
    audio_format: AudioFormat,
    chunk: PcmChunk,
    *,
    known: bool,
    sizes: list[int] | None = None,
    tags: dict[str, str] | None = None,
) -> bytes:
    encoder = open_encoder(
        audio_format,
        sample_rate_hz=chunk.sample_rate_hz,
        samples=chunk.sample_count if known else None,
        tags=tags,
    )
    parts = [encoder.encode(part) for part in cut(chunk, sizes or [997])]
    return b"".join(parts) + encoder.finish()


def decoded(raw: bytes) -> tuple[npt.NDArray[np.float64], int]:
    """As a client's FFmpeg finds it, told nothing of the format: samples within -1 to 1, and their rate."""
    with av.open(io.BytesIO(raw), "r") as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.channels == 1
        parts: list[npt.NDArray[np.float64]] = []
        for frame in container.decode(stream):
            values = frame.to_ndarray()[0]
            scale = {"i": float(1 << 8 * values.itemsize - 1), "f": 1.0}[values.dtype.kind]
            parts.append(values.astype(np.float64) / scale)
        return (np.concatenate(parts) if parts else np.zeros(0)), stream.rate


def lag(found: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> int:
    """By how many samples `found` is later than `wanted`, where they are most alike."""
    size = 1 << (found.size + wanted.size).bit_length()
    alike = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(wanted, size)), size)
    at = int(np.argmax(alike))
    return at - size if at > size // 2 else at


def band_limited(sample_count: int, sample_rate_hz: int = 24_000) -> PcmChunk:
    """Noise without what lossy codecs leave out, so that two of them can be laid upon each other."""
    raw = noise(duration_ms=1000 * sample_count / sample_rate_hz + 1, sample_rate_hz=sample_rate_hz, amplitude=0.5)
    spectrum = np.fft.rfft(raw.samples()[:sample_count].astype(np.float64))
    spectrum[np.fft.rfftfreq(sample_count, 1 / sample_rate_hz) > 3_000] = 0
    return chunk_of(
        np.rint(np.fft.irfft(spectrum, sample_count)).astype(np.int16),
        sample_rate_hz=sample_rate_hz,
    )


@pytest.mark.parametrize("sample_count", LENGTHS)
@pytest.mark.parametrize("audio_format", ["wav", "flac", "opus", "mp3"])
def test_a_known_length_is_decoded_to_the_sample(audio_format: AudioFormat, sample_count: int) -> None:
    sound = chunk_of(noise(duration_ms=1100).samples()[:sample_count], sample_rate_hz=24_000)
    found, rate_hz = decoded(encoded(audio_format, sound, known=True))
    assert found.size * 24_000 == sample_count * rate_hz


@pytest.mark.parametrize("sample_count", LENGTHS)
@pytest.mark.parametrize("audio_format", EXACT_WHEN_STREAMED)
def test_a_streamed_length_is_decoded_to_the_sample(audio_format: AudioFormat, sample_count: int) -> None:
    sound = chunk_of(noise(duration_ms=1100).samples()[:sample_count], sample_rate_hz=24_000)
    found, rate_hz = decoded(encoded(audio_format, sound, known=False, sizes=[1, 480, 37]))
    assert found.size * 24_000 == sample_count * rate_hz


@pytest.mark.parametrize("sample_count", LENGTHS)
def test_a_streamed_mp3_begins_exactly_and_ends_with_less_than_a_frame_of_nothing(sample_count: int) -> None:
    sound = chunk_of(noise(duration_ms=1100).samples()[:sample_count], sample_rate_hz=24_000)
    found, rate_hz = decoded(encoded("mp3", sound, known=False))
    assert rate_hz == 24_000
    assert 0 <= found.size - sample_count < FRAME["mp3"]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("sample_count", LENGTHS)
def test_an_aac_has_its_priming_the_sound_and_less_than_a_frame_of_nothing(sample_count: int, known: bool) -> None:
    sound = chunk_of(noise(duration_ms=1100).samples()[:sample_count], sample_rate_hz=24_000)
    found, rate_hz = decoded(encoded("aac", sound, known=known))
    assert rate_hz == 24_000
    fewest = 4 * FRAME["aac"]
    assert found.size == max(fewest, AAC_PRIMING + sample_count + -sample_count % FRAME["aac"])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("audio_format", ["wav", *CODED])
def test_ten_seconds_lie_where_they_were(audio_format: AudioFormat, known: bool) -> None:
    sound = band_limited(240_007)
    found, rate_hz = decoded(encoded(audio_format, sound, known=known, sizes=[1, 997, 4801]))
    wanted = resample(sound, rate_hz).samples() / 32768.0
    start = AAC_PRIMING if audio_format == "aac" else 0
    assert lag(found, wanted) == start
    kept = found[start : start + wanted.size]
    assert kept.size == wanted.size
    assert np.sqrt(np.mean((kept - wanted) ** 2)) < 0.25 * np.sqrt(np.mean(wanted**2))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("audio_format", ["wav", *CODED])
def test_the_last_20_ms_of_a_tone_are_there_and_nothing_follows(audio_format: AudioFormat, known: bool) -> None:
    sound = sine(500, duration_ms=1003)
    found, rate_hz = decoded(encoded(audio_format, sound, known=known))
    end = sound.sample_count * rate_hz // 24_000 + (AAC_PRIMING if audio_format == "aac" else 0)
    tail = found[end - rate_hz // 50 : end]
    assert tail.size == rate_hz // 50
    assert np.sqrt(np.mean(tail**2)) == pytest.approx(rms(sound), rel=0.15)
    # A transform codec rings a little past an end as hard as this one.
    after = found[end + rate_hz // 100 :]
    assert not after.size or np.abs(after).max() < 0.1


@pytest.mark.parametrize("sample_rate_hz", [8_000, 11_025, 16_000, 20_000, 22_050, 32_000, 37_800, 44_100, 48_000])
@pytest.mark.parametrize("audio_format", ["wav", *CODED])
def test_any_rate_is_encoded_at_its_pitch_and_length(audio_format: AudioFormat, sample_rate_hz: int) -> None:
    sound = sine(440, duration_ms=700, sample_rate_hz=sample_rate_hz)
    found, rate_hz = decoded(encoded(audio_format, sound, known=True))
    heard = chunk_of(np.rint(found * 32767).clip(-32768, 32767).astype(np.int16), sample_rate_hz=rate_hz)
    assert dominant_frequency_hz(heard) == pytest.approx(440, abs=3)
    if audio_format != "aac":
        assert found.size == pytest.approx(sound.sample_count * rate_hz / sample_rate_hz, abs=3)


@pytest.mark.parametrize("sample_rate_hz", [8_000, 12_000, 16_000, 48_000])
@pytest.mark.parametrize("sample_count", [1, 161, 9_999])
def test_opus_is_exact_at_every_rate_of_its_own(sample_rate_hz: int, sample_count: int) -> None:
    samples = noise(duration_ms=1300, sample_rate_hz=sample_rate_hz).samples()[:sample_count]
    found, rate_hz = decoded(encoded("opus", chunk_of(samples, sample_rate_hz=sample_rate_hz), known=False))
    assert rate_hz == 48_000
    assert found.size * sample_rate_hz == sample_count * 48_000


@pytest.mark.parametrize("audio_format", AUDIO_FORMATS)
def test_sizes_of_chunks_change_nothing(audio_format: AudioFormat) -> None:
    sound = noise(duration_ms=301)
    assert encoded(audio_format, sound, known=False, sizes=[1, 2, 997]) == encoded(
        audio_format, sound, known=False, sizes=[sound.sample_count]
    )


@pytest.mark.parametrize(
    ("audio_format", "most_ms"),
    [("pcm", 0), ("wav", 0), ("flac", 60), ("opus", 60), ("mp3", 100), ("aac", 140)],
)
def test_sound_leaves_while_more_is_coming(audio_format: AudioFormat, most_ms: float) -> None:
    """What a decoder gets of the first second before the second one begins is behind by the codec's own delay only."""
    encoder = open_encoder(audio_format, sample_rate_hz=24_000)
    first = b"".join(encoder.encode(part) for part in cut(sine(300, duration_ms=1000), [480]))
    encoder.close()
    if audio_format == "pcm":
        assert len(first) == 48_000
        return
    found, rate_hz = decoded(first)
    assert 1000.0 * found.size / rate_hz >= 1000 - most_ms


@pytest.mark.parametrize("audio_format", ["mp3", "opus", "flac", "wav"])
def test_the_header_leaves_with_the_first_sound(audio_format: AudioFormat) -> None:
    encoder = open_encoder(audio_format, sample_rate_hz=24_000)
    assert encoder.encode(sine(300, duration_ms=1))
    encoder.close()


@pytest.mark.parametrize("audio_format", ["mp3", "opus", "aac", "flac", "wav"])
def test_tags_are_read_back(audio_format: AudioFormat) -> None:
    tags = {"title": "Die Nachtigall", "artist": "Zoë", "comment": "made by a machine"}
    raw = encoded(audio_format, noise(duration_ms=101), known=True, tags=tags)
    with av.open(io.BytesIO(raw), "r") as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    assert {name.lower(): text for name, text in found.items()}.items() >= tags.items()


def test_bare_samples_have_no_place_for_tags() -> None:
    sound = noise(duration_ms=101)
    assert encoded("pcm", sound, known=True, tags={"title": "x"}) == sound.pcm


def test_a_tag_of_another_name_is_refused() -> None:
    with pytest.raises(BadInput, match="no tag is called 'mood'"):
        open_encoder("mp3", sample_rate_hz=24_000, tags={"mood": "calm"})


@pytest.mark.parametrize("known", [True, False])
def test_a_tagged_wav_is_read_by_our_own_reader(known: bool) -> None:
    sound = noise(duration_ms=33)
    assert read_wav(encoded("wav", sound, known=known, tags={"title": "odd"})) == sound


def test_flac_tells_its_length_where_it_is_known() -> None:
    with av.open(io.BytesIO(encoded("flac", noise(duration_ms=1500), known=True)), "r") as container:
        assert container.duration == 1_500_000
    with av.open(io.BytesIO(encoded("flac", noise(duration_ms=1500), known=False)), "r") as container:
        assert container.duration is None


def test_mp3_tells_its_length_where_it_is_known() -> None:
    with av.open(io.BytesIO(encoded("mp3", noise(duration_ms=1500), known=True)), "r") as container:
        assert container.duration == 1_500_000


@pytest.mark.parametrize("audio_format", AUDIO_FORMATS)
def test_more_or_less_than_was_promised_is_refused(audio_format: AudioFormat) -> None:
    sound = noise(duration_ms=20)
    encoder = open_encoder(audio_format, sample_rate_hz=24_000, samples=sound.sample_count + 1)
    encoder.encode(sound)
    with pytest.raises(BadAudio, match="480 samples came where 481"):
        encoder.finish()
    encoder.close()
    encoder = open_encoder(audio_format, sample_rate_hz=24_000, samples=sound.sample_count - 1)
    with pytest.raises(BadAudio, match="more than the 479"):
        encoder.encode(sound)
    encoder.close()


@pytest.mark.parametrize("audio_format", AUDIO_FORMATS)
def test_after_the_end_nothing_is_encoded_and_closing_again_is_allowed(audio_format: AudioFormat) -> None:
    encoder = open_encoder(audio_format, sample_rate_hz=24_000)
    encoder.encode(noise(duration_ms=20))
    assert isinstance(encoder.finish(), bytes)
    with pytest.raises(BadAudio, match="finished"):
        encoder.encode(noise(duration_ms=20))
    with pytest.raises(BadAudio, match="finished"):
        encoder.finish()
    encoder.close()
    encoder.close()


@pytest.mark.parametrize("audio_format", AUDIO_FORMATS)
def test_another_rate_is_refused(audio_format: AudioFormat) -> None:
    encoder = open_encoder(audio_format, sample_rate_hz=24_000)
    with pytest.raises(BadAudio, match="16000 Hz in a stream of 24000 Hz"):
        encoder.encode(noise(duration_ms=20, sample_rate_hz=16_000))
    encoder.close()


@pytest.mark.parametrize("sample_rate_hz", [7_999, 48_001])
def test_rates_that_no_listener_has_are_refused(sample_rate_hz: int) -> None:
    with pytest.raises(BadAudio, match="8000 to 48000 Hz"):
        open_encoder("wav", sample_rate_hz=sample_rate_hz)


@pytest.mark.parametrize("audio_format", CODED)
def test_a_codec_refuses_to_finish_without_sound(audio_format: AudioFormat) -> None:
    encoder = open_encoder(audio_format, sample_rate_hz=24_000)
    with pytest.raises(BadAudio, match="one sample is the least"):
        encoder.finish()


def test_wav_and_pcm_without_sound_are_empty() -> None:
    assert read_wav(open_encoder("wav", sample_rate_hz=24_000).finish()).sample_count == 0
    assert open_encoder("pcm", sample_rate_hz=24_000).finish() == b""


def test_every_format_has_a_media_type() -> None:
    assert set(MEDIA_TYPES) == set(AUDIO_FORMATS)


def test_plain_samples_do_not_load_a_codec_library() -> None:
    code = (
        "import sys; from syrinx.audio.encoding import open_encoder; open_encoder('wav', sample_rate_hz=24000);"
        "sys.exit('av' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
