"""A long text is spoken piece by piece, as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing

import pytest

from syrinx.audio.pcm import silence
from syrinx.engines.threads import Emit
from syrinx.engines.tts.contract import SpeechChunk, WordTime
from syrinx.engines.tts.pieces import PieceSpeaker
from syrinx.engines.tts.requests import TextPiece
from syrinx.errors import EngineError

RATE_HZ = 8_000
PIECES = (TextPiece(text="one two ", start_char=0), TextPiece(text="three", start_char=8))


def speak(piece: TextPiece, emit: Emit[SpeechChunk]) -> None:
    """50 ms a word, each word at the start of its own chunk."""
    for number, word in enumerate(piece.text.split()):
        at = piece.start_char + piece.text.index(word)
        time = WordTime(text=word, start_char=at, start_ms=50.0 * number)
        if not emit(SpeechChunk(audio=silence(duration_ms=50, sample_rate_hz=RATE_HZ), words=(time,))):
            return


async def test_times_are_counted_from_the_first_piece() -> None:
    speaker = PieceSpeaker(name="lark", threads=1, max_waiting=8)
    spoken = [chunk async for chunk in speaker.spoken(PIECES, speak, sample_rate_hz=RATE_HZ)]
    await speaker.aclose()
    assert [(word.text, word.start_ms) for chunk in spoken for word in chunk.words] == [
        ("one", 0.0),
        ("two", 50.0),
        ("three", 100.0),
    ]


async def test_chunks_behind_a_pieces_first_come_joined_and_nothing_of_them_is_lost() -> None:
    speaker = PieceSpeaker(name="lark", threads=1, max_waiting=8, joined_ms=100.0)
    pieces = (TextPiece(text="one two three four ", start_char=0), TextPiece(text="five six", start_char=19))
    spoken = [chunk async for chunk in speaker.spoken(pieces, speak, sample_rate_hz=RATE_HZ)]
    await speaker.aclose()
    assert [chunk.audio.duration_ms for chunk in spoken] == [50.0, 100.0, 50.0, 50.0, 50.0]
    assert [(word.text, word.start_ms) for chunk in spoken for word in chunk.words] == [
        ("one", 0.0),
        ("two", 50.0),
        ("three", 100.0),
        ("four", 150.0),
        ("five", 200.0),
        ("six", 250.0),
    ]


async def test_what_was_made_before_an_error_is_heard_though_its_chunk_is_not_full() -> None:
    def failing(piece: TextPiece, emit: Emit[SpeechChunk]) -> None:
        speak(piece, emit)
        raise EngineError("the lark is hoarse")

    speaker = PieceSpeaker(name="lark", threads=1, max_waiting=8, joined_ms=100.0)
    async with aclosing(speaker.spoken(PIECES, failing, sample_rate_hz=RATE_HZ)) as chunks:
        assert [(await anext(chunks)).words[0].text for _ in range(2)] == ["one", "two"]
        with pytest.raises(EngineError, match="hoarse"):
            await anext(chunks)
    await speaker.aclose()


async def test_chunks_are_no_longer_made_once_their_reader_has_left() -> None:
    made = 0

    def endless(piece: TextPiece, emit: Emit[SpeechChunk]) -> None:
        nonlocal made
        while emit(SpeechChunk(audio=silence(duration_ms=50, sample_rate_hz=RATE_HZ))):
            made += 1

    speaker = PieceSpeaker(name="lark", threads=1, max_waiting=2, joined_ms=100.0)
    async with aclosing(speaker.spoken(PIECES, endless, sample_rate_hz=RATE_HZ)) as chunks:
        await anext(chunks)
    await speaker.aclose()
    assert made < 10


async def test_a_speech_that_is_closed_early_begins_no_further_piece() -> None:
    speaker = PieceSpeaker(name="lark", threads=1, max_waiting=8)
    begun: list[str] = []

    def pieces() -> Iterator[TextPiece]:
        for piece in PIECES:
            begun.append(piece.text)
            yield piece

    async with aclosing(speaker.spoken(pieces(), speak, sample_rate_hz=RATE_HZ)) as chunks:
        await anext(chunks)
    await speaker.aclose()
    assert begun == ["one two "]


async def test_a_speaker_that_was_closed_between_two_pieces_says_so() -> None:
    speaker = PieceSpeaker(name="lark", threads=1, max_waiting=8)
    async with aclosing(speaker.spoken(PIECES, speak, sample_rate_hz=RATE_HZ)) as chunks:
        assert [(await anext(chunks)).words[0].text for _ in range(2)] == ["one", "two"]
        await speaker.aclose()
        with pytest.raises(EngineError, match="lark was closed"):
            await anext(chunks)
