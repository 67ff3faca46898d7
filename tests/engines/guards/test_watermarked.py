"""What an engine says is marked as a whole before it is given, and not given where that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.speech.people import ADA, ADA_HZ, person

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.guards.watermarked import WatermarkedTts
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.engines.tts.requests import check_request
from syrinx.errors import BadInput, EngineError
from syrinx.speech.auto_voice import AutoVoice
from syrinx.speech.people_voices import PeopleVoices
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.fake_tts import PITCH_HZ, VOICES, ScriptedTts
from syrinx.testing.tts_conformance import speak

REQUEST = SpeechRequest(text="One two three four.")


async def test_speech_comes_marked_with_all_its_words() -> None:
    engine = ScriptedTts()
    plain = [chunk async for chunk in engine.synthesize(REQUEST)]

    async def louder(clip: PcmChunk) -> PcmChunk:
        return PcmChunk(pcm=clip.pcm[::-1], sample_rate_hz=clip.sample_rate_hz)

    marked = [chunk async for chunk in WatermarkedTts(engine, louder).synthesize(REQUEST)]
    assert len(marked) == 1
    assert marked[0].audio.pcm == b"".join(chunk.audio.pcm for chunk in plain)[::-1]
    assert marked[0].words == tuple(word for chunk in plain for word in chunk.words)


async def test_what_cannot_be_marked_is_not_given() -> None:
    async def fails(clip: PcmChunk) -> PcmChunk:
        raise EngineError(f"{clip.sample_count} samples cannot be marked")

    with pytest.raises(EngineError, match="cannot be marked"):
        await anext(WatermarkedTts(ScriptedTts(), fails).synthesize(REQUEST))


class Marked:
    """Knows each clip that it has marked."""

    def __init__(self) -> None:
        self.clips: list[bytes] = []

    async def __call__(self, clip: PcmChunk) -> PcmChunk:
        self.clips.append(clip.pcm)
        return clip


class Unbending(ScriptedTts):
    """Speaks at one speed, and its low voice at one pitch."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = replace(self.capabilities, speed=(1.0, 1.0))
        self.voices = tuple(replace(voice, fixed_pitch=voice.id == "low") for voice in VOICES)

    def synthesize(self, request: SpeechRequest) -> Any:
        check_request(request, self.capabilities)
        if request.pitch_semitones and request.voice == "low":
            raise BadInput("its pitch is part of it")
        return super().synthesize(request)


async def test_speed_and_pitch_that_the_engine_lacks_are_made_before_the_mark() -> None:
    marked = Marked()
    engine = WatermarkedTts(Unbending(), marked)
    assert not [voice for voice in engine.voices if voice.fixed_pitch]
    assert engine.voices is engine.voices  # by that it is known that they are the same
    plain = await speak(engine, SpeechRequest(text=REQUEST.text, voice="low"))
    quick = await speak(engine, SpeechRequest(text=REQUEST.text, voice="low", speed=2.0))
    assert quick.audio.duration_ms == pytest.approx(plain.audio.duration_ms / 2, rel=0.02)
    assert [word.start_ms for word in quick.words] == pytest.approx([word.start_ms / 2 for word in plain.words])
    high = await speak(engine, SpeechRequest(text=REQUEST.text, voice="low", pitch_semitones=12.0))
    assert dominant_frequency_hz(high.audio) == pytest.approx(2 * PITCH_HZ["low"], rel=0.03)
    assert marked.clips == [plain.audio.pcm, quick.audio.pcm, high.audio.pcm]
    with pytest.raises(BadInput):
        await speak(engine, SpeechRequest(text=REQUEST.text, speed=9.0))


async def test_what_is_heard_of_a_person_is_what_was_marked() -> None:
    """Where the nearest voice is raised to come near to somebody."""
    marked = Marked()
    engine = WatermarkedTts(Unbending(), marked)
    voices = PeopleVoices(AutoVoice({"tones": engine}), [replace(person(), pace=None)])
    heard = await speak(voices, SpeechRequest(text=REQUEST.text, voice=ADA))
    assert dominant_frequency_hz(heard.audio) == pytest.approx(ADA_HZ, rel=0.05)
    assert marked.clips[-1] == heard.audio.pcm
