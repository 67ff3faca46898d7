"""Flite: the conformance suite, and what is its own. Skipped, loudly, where its library is missing."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from syrinx.engines.tts import flite
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.engines.tts.flite import FliteEngine, as_ascii, provider, word_times
from syrinx.engines.tts.flite_library import CHUNK_SAMPLES, OnAudio, Token
from syrinx.engines.tts.requests import TextPiece
from syrinx.errors import BadInput, ConfigurationError, EngineError, EngineUnavailable, UnknownLanguage
from syrinx.testing.tts_conformance import TtsConformance, speak

needs_flite = pytest.mark.skipif(
    not provider.check({}).available,
    reason="FLITE IS NOT TESTED HERE: libflite.so.1 is missing (apt install libflite1)",
)

HELLO = "Hello there, my friend, how are you today?"


@pytest.fixture
async def tts() -> AsyncGenerator[FliteEngine, None]:
    async with provider.open({}) as engine:
        yield engine


@needs_flite
class TestFliteConforms(TtsConformance):
    repeats = True


@needs_flite
async def test_all_four_voices_are_there(tts: FliteEngine) -> None:
    assert [voice.id for voice in tts.voices] == ["slt", "rms", "awb", "kal16"]


@needs_flite
async def test_one_request_leaves_nothing_behind_for_the_next(tts: FliteEngine) -> None:
    plain = await speak(tts, SpeechRequest(text=HELLO))
    await speak(tts, SpeechRequest(text=HELLO, speed=3.0, pitch_semitones=6.0))
    again = await speak(tts, SpeechRequest(text=HELLO))
    assert again.audio == plain.audio
    assert again.words == plain.words


@needs_flite
async def test_the_american_names_that_clients_send_are_voices(tts: FliteEngine) -> None:
    genders = {alias: voice.gender for voice in tts.voices for alias in voice.aliases}
    assert genders["alloy"] == genders["af"] == genders["default"] == "female"
    assert genders["ash"] == genders["am"] == genders["echo"] == "male"
    assert not {"bf", "bm"} & set(genders)
    named = await speak(tts, SpeechRequest(text=HELLO, voice="Onyx"))
    assert named.audio == (await speak(tts, SpeechRequest(text=HELLO, voice="rms"))).audio


@needs_flite
@pytest.mark.parametrize("speed", [0.5, 0.8, 1.5, 3.0])
async def test_speed_is_the_speed_heard(tts: FliteEngine, speed: float) -> None:
    usual = await speak(tts, SpeechRequest(text=HELLO))
    spoken = await speak(tts, SpeechRequest(text=HELLO, speed=speed))
    assert usual.audio.duration_ms / spoken.audio.duration_ms == pytest.approx(speed, rel=0.1)


@needs_flite
async def test_a_voice_of_fixed_pitch_says_so(tts: FliteEngine) -> None:
    with pytest.raises(BadInput, match="cannot change its pitch"):
        await speak(tts, SpeechRequest(text=HELLO, voice="rms", pitch_semitones=2.0))


@needs_flite
async def test_other_languages_and_scripts_are_refused(tts: FliteEngine) -> None:
    with pytest.raises(UnknownLanguage, match="espeak"):
        await speak(tts, SpeechRequest(text=HELLO, language="de"))
    with pytest.raises(BadInput, match="Latin letters"):
        await speak(tts, SpeechRequest(text="你好"))


@needs_flite
async def test_numbers_are_one_word_of_the_text(tts: FliteEngine) -> None:
    text = 'Naïve — "quoted", Dr. Smith\'s 25 cats cost $3.50 (or so).'
    spoken = await speak(tts, SpeechRequest(text=text))
    assert [word.text for word in spoken.words][:5] == ["Naïve", "quoted", "Dr", "Smith's", "25"]
    assert spoken.words[-1].text == "so"
    assert all(text[word.start_char :].startswith(word.text) for word in spoken.words)


@needs_flite
async def test_a_closed_engine_refuses_and_leaves_no_thread() -> None:
    async with provider.open({}) as engine:
        chunks = engine.synthesize(SpeechRequest(text=f"{HELLO} " * 20))
        await anext(chunks)
    with pytest.raises(EngineError, match="closed"):
        async for _ in chunks:
            pass
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("flite")]


class StuckLibrary:
    """Begins to speak, and does not go on until it is let go."""

    voices = ("slt",)

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.speaking = threading.Event()
        self.go_on = threading.Event()

    def speak(self, text: str, *, voice: str, stretch: float, pitch_factor: float, on_audio: OnAudio) -> None:
        self.begun.append(text)
        self.speaking.set()
        self.go_on.wait(10.0)
        on_audio(bytes(2 * CHUNK_SAMPLES), [])


async def test_who_leaves_while_another_s_piece_is_made_does_not_wait_for_it() -> None:
    library = StuckLibrary()
    engine = FliteEngine(library)  # pyright: ignore[reportArgumentType]
    first = engine.synthesize(SpeechRequest(text="One."))
    speaking = asyncio.create_task(anext(first))
    await asyncio.to_thread(library.speaking.wait, 10.0)
    second = asyncio.create_task(anext(engine.synthesize(SpeechRequest(text="Two."))))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert not speaking.done()
    library.go_on.set()
    assert (await speaking).audio.sample_count == CHUNK_SAMPLES
    await first.aclose()
    await engine.aclose()
    assert library.begun == ["One."]


@needs_flite
async def test_a_reader_who_stops_within_the_longest_piece_holds_up_nobody(tts: FliteEngine) -> None:
    nines = SpeechRequest(text="999999999 " * 16, speed=0.5)
    async with aclosing(tts.synthesize(nines)) as slowly, aclosing(tts.synthesize(nines)) as another:
        async with asyncio.timeout(60):
            await anext(slowly)
            await anext(another)
            assert (await speak(tts, SpeechRequest(text="hi"))).chunks


@needs_flite
async def test_two_engines_at_once_do_not_disturb_each_other(tts: FliteEngine) -> None:
    expected = await speak(tts, SpeechRequest(text=HELLO))
    async with provider.open({}) as other, asyncio.TaskGroup() as group:
        mine = [group.create_task(speak(tts, SpeechRequest(text=HELLO))) for _ in range(4)]
        for _ in range(4):
            group.create_task(speak(other, SpeechRequest(text=HELLO, speed=2.0, pitch_semitones=5.0)))
    assert all(task.result().audio.sample_count == expected.audio.sample_count for task in mine)


async def test_without_the_library_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ctypes.CDLL:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert provider.check({}).remedy == "apt install libflite1"
    with pytest.raises(EngineUnavailable, match="apt install libflite1"):
        async with provider.open({}):
            pass


async def test_options_are_refused() -> None:
    assert not provider.check({"voice": "slt"}).available
    with pytest.raises(ConfigurationError, match="remove voice"):
        async with flite.provider.open({"voice": "slt"}):
            pass


def test_text_keeps_its_length_when_its_accents_go() -> None:
    text = "Naïve ½ ﬁne — “so” 你\0\ud83d…"
    assert len(as_ascii(text)) == len(text)
    assert as_ascii(text).startswith("Naive 1 f")


def test_a_token_without_sound_begins_where_the_one_before_it_ends() -> None:
    piece = TextPiece(text="one ~ 2 three", start_char=10)
    tokens = [
        Token(text="one", start_s=0.2, end_s=0.5),
        Token(text="~", start_s=0.0, end_s=0.7),
        Token(text="2", start_s=0.0, end_s=0.9),
        Token(text="not there", start_s=0.1, end_s=0.2),
        Token(text="three", start_s=0.9, end_s=1.2),
    ]
    words = word_times(piece, tokens, " " * 10 + piece.text)
    assert [(word.text, word.start_char, round(word.start_ms)) for word in words] == [
        ("one", 10, 200),
        ("2", 16, 700),
        ("three", 18, 900),
    ]
