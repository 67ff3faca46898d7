"""Recordings are cut at pauses, divided into segments, and heard better than somebody who speaks now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import cast

import jiwer
import numpy as np
import pytest
import pytest_asyncio

from syrinx.audio.pcm import PcmChunk, chunk_of
from syrinx.engines.stt.contract import HeardAudio, Pause, SpeechToText, Transcript, TranscriptionRequest
from syrinx.engines.stt.pocketsphinx import provider
from syrinx.engines.stt.sphinx_pass import SphinxDecoder
from syrinx.engines.stt.sphinx_recording import HeardSoFar, RecordingHearing
from syrinx.engines.stt.sphinx_speaker import STRANGER
from syrinx.testing.stt_conformance import listen

RECORDING = TranscriptionRequest(recording=True)
SAID = (
    "produced the block books which were the immediate predecessors of the true printed book "
    "in being comparatively modern has never been surpassed in being comparatively modern"
)
pytestmark = [
    pytest.mark.filterwarnings("ignore:start_stream:DeprecationWarning"),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stt() -> AsyncIterator[SpeechToText]:
    async with provider.open({"decoders": "1"}) as engine:
        yield engine


@pytest.fixture(scope="session")
def talk(modern: PcmChunk, books: PcmChunk, surpassed: PcmChunk) -> PcmChunk:
    """Four sentences one after the other, 12 s: more than a piece can hold."""
    return PcmChunk(pcm=books.pcm + modern.pcm + surpassed.pcm + modern.pcm, sample_rate_hz=16_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(stt: SpeechToText, talk: PcmChunk) -> list[Transcript]:
    return await listen(stt, [talk], RECORDING)


async def test_most_of_its_words_are_understood(told: list[Transcript]) -> None:
    assert jiwer.wer(SAID, told[-1].text.lower()) <= 0.2


async def test_progress_is_told_piece_by_piece_and_what_was_told_stays(told: list[Transcript], talk: PcmChunk) -> None:
    assert len(told) >= 2
    reached = [transcript.heard_ms or 0.0 for transcript in told]
    pieces_ms = np.diff([0.0, *reached[:-1]])
    assert all(4_000 <= piece_ms <= 10_000 for piece_ms in pieces_ms)
    assert reached[-1] == pytest.approx(talk.duration_ms)
    for transcript in told:
        assert transcript.stable_chars == len(transcript.text)
        assert told[-1].text.startswith(transcript.text)


async def test_it_is_cut_where_nobody_speaks(told: list[Transcript], talk: PcmChunk) -> None:
    samples = talk.samples().astype(np.float64)
    speech_rms = np.sqrt(np.mean(samples**2))
    for transcript in told[:-1]:
        at = round((transcript.heard_ms or 0.0) * 16)
        assert np.sqrt(np.mean(samples[at - 800 : at + 800] ** 2)) < speech_rms / 10


async def test_words_are_timed_where_they_are_said_across_the_cuts(
    told: list[Transcript], books: PcmChunk, modern: PcmChunk, surpassed: PcmChunk
) -> None:
    starts_ms = [word.start_ms for word in told[-1].words if word.text == "comparatively"]
    assert len(starts_ms) == 2
    assert starts_ms[0] > books.duration_ms
    assert starts_ms[1] - starts_ms[0] == pytest.approx(modern.duration_ms + surpassed.duration_ms, abs=60)


async def test_segments_end_at_pauses_and_are_short_enough_to_read(told: list[Transcript]) -> None:
    segments = told[-1].segments
    assert len(segments) >= 3
    assert all(segment.end_ms - segment.start_ms <= 7_000 for segment in segments)
    assert " ".join(segment.text for segment in segments) == told[-1].text


async def test_the_size_of_the_chunks_changes_nothing(
    stt: SpeechToText, talk: PcmChunk, told: list[Transcript]
) -> None:
    pieces = [chunk_of(part, sample_rate_hz=16_000) for part in np.array_split(talk.samples(), 17)]
    assert (await listen(stt, pieces, RECORDING))[-1].words == told[-1].words


async def test_what_was_heard_is_put_together_once_a_piece_and_not_for_every_chunk() -> None:
    never_asked = cast("SphinxDecoder", None)  # silence is not decoded
    hearing = RecordingHearing(STRANGER)
    told: list[HeardSoFar] = []
    for _ in range(250):
        hearing.take(bytes(3200))
        while hearing.ready():
            hearing.hear(never_asked)
        told.append(hearing.so_far())
    pieces = len({heard.reaches_ms for heard in told})
    assert pieces == len({id(heard) for heard in told}) >= 3


async def test_a_pause_settles_all_that_came_before(stt: SpeechToText, surpassed: PcmChunk) -> None:
    heard = await listen(stt, [surpassed, Pause(), surpassed], RECORDING)
    assert [transcript.settled for transcript in heard] == [True, False]
    assert heard[0].text == "Has never been surpassed"
    assert heard[1].text == "Has never been surpassed has never been surpassed"


async def test_who_leaves_early_leaves_the_decoder_ready_for_the_next(
    stt: SpeechToText, talk: PcmChunk, surpassed: PcmChunk
) -> None:
    async def long() -> AsyncIterator[HeardAudio]:
        for _ in range(100):
            yield talk

    async with aclosing(stt.transcribe(long(), RECORDING)) as transcripts:
        assert not (await anext(transcripts)).final
    assert (await listen(stt, [surpassed]))[-1].text == "Has never been surpassed"
