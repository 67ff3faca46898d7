"""Kokoro over the tiny model, whose tones tell which phoneme was spoken, in which voice, how fast and when."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np
import pytest
from kokoro_onnx.config import DEFAULT_VOCAB

from syrinx.audio.levels import rms_dbfs
from syrinx.audio.pcm import PcmChunk
from syrinx.engines.tts import espeak
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.engines.tts.kokoro import KokoroEngine, provider, understood
from syrinx.engines.tts.kokoro_clips import CHUNK_SAMPLES, SAMPLE_RATE_HZ, clip_of
from syrinx.engines.tts.kokoro_files import find_files
from syrinx.engines.tts.kokoro_model import KokoroModel, Stop, StoppableSession, load_model
from syrinx.engines.tts.kokoro_pieces import CLAUSE_PAUSE_MS, SENTENCE_PAUSE_MS
from syrinx.engines.tts.kokoro_sounds import Pronouncer, Sounds
from syrinx.errors import (
    BadInput,
    ConfigurationError,
    EngineError,
    EngineUnavailable,
    SyrinxError,
    UnknownLanguage,
    UnknownVoice,
)
from syrinx.testing.audio import click_ratio, longest_silence_ms
from syrinx.testing.tiny_kokoro import (
    MODEL_FILE,
    TOKEN_MS,
    VOICES_FILE,
    style_of,
    tone_hz,
    voice_level,
    write_tiny_kokoro,
)
from syrinx.testing.tts_conformance import likeness, speak

HELLO = "Hello there, my friend, how are you today?"
TWO_SENTENCES = "Nobody spoke until the sun was up. Then we went down to the river."
EDGE_MS = 20.0
"""Silence that stays at the ends of a clip."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_kokoro(tmp_path_factory.mktemp("kokoro"))


@pytest.fixture
async def tts(folder: Path) -> AsyncGenerator[KokoroEngine, None]:
    async with provider.open({"path": str(folder)}) as engine:
        yield engine


def pronounced(text: str, language: str = "en-us") -> str:
    library, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
    pronouncer = Pronouncer(library, data, known=frozenset(DEFAULT_VOCAB))
    phonemes = pronouncer.sounds_of(text, language=language).phonemes
    pronouncer.close()
    return phonemes


def tone_at(audio: PcmChunk, start_ms: float, duration_ms: float = TOKEN_MS) -> float:
    """The loudest frequency in a stretch, to the nearest Hz."""
    start = round(start_ms * audio.sample_rate_hz / 1000)
    stretch = audio.samples()[start : start + round(duration_ms * audio.sample_rate_hz / 1000)].astype(np.float64)
    spectrum = np.abs(np.fft.rfft((stretch - stretch.mean()) * np.hanning(stretch.size), audio.sample_rate_hz))
    return float(np.argmax(spectrum))


def assert_says(audio: PcmChunk, phonemes: str, level: float, *, speed: float = 1.0) -> None:
    """Each phoneme, in order, with the tone that it has in that voice."""
    for number, phoneme in enumerate(phonemes.rstrip(".?!,")):
        expected = tone_hz(DEFAULT_VOCAB[phoneme], level=level, token_count=len(phonemes))
        step_ms = TOKEN_MS / speed
        assert tone_at(audio, EDGE_MS + number * step_ms, step_ms) == pytest.approx(expected, abs=6), (number, phoneme)


@pytest.mark.parametrize("voice", ["af_heart", "am_adam", "bm_george"])
async def test_each_phoneme_is_spoken_in_the_voice_asked_for(tts: KokoroEngine, voice: str) -> None:
    spoken = await speak(tts, SpeechRequest(text="Good morning.", voice=voice, language="en-US"))
    assert_says(spoken.audio, pronounced("Good morning."), voice_level(voice))


async def test_a_mix_of_voices_lies_between_them(tts: KokoroEngine) -> None:
    spoken = await speak(tts, SpeechRequest(text="Good morning.", voice="af_heart+bm_george*3", language="en-US"))
    level = 0.25 * voice_level("af_heart") + 0.75 * voice_level("bm_george")
    assert_says(spoken.audio, pronounced("Good morning."), level)


async def test_a_french_voice_speaks_english_and_an_english_one_french(tts: KokoroEngine) -> None:
    spoken = await speak(tts, SpeechRequest(text="Good morning.", voice="ff_siwis", language="en"))
    assert_says(spoken.audio, pronounced("Good morning."), voice_level("ff_siwis"))
    spoken = await speak(tts, SpeechRequest(text="Bonjour.", voice="af_heart", language="fr"))
    assert_says(spoken.audio, pronounced("Bonjour.", "fr"), voice_level("af_heart"))


async def test_without_a_voice_the_language_chooses_it(tts: KokoroEngine) -> None:
    spoken = await speak(tts, SpeechRequest(text="Bonjour.", language="fr-CA"))
    assert_says(spoken.audio, pronounced("Bonjour.", "fr"), voice_level("ff_siwis"))


@pytest.mark.parametrize("speed", [0.5, 2.0])
async def test_speed_is_the_models_own(tts: KokoroEngine, speed: float) -> None:
    spoken = await speak(tts, SpeechRequest(text="Good morning.", language="en-US", speed=speed))
    assert_says(spoken.audio, pronounced("Good morning."), voice_level("af_heart"), speed=speed)


async def test_equal_requests_give_equal_samples(tts: KokoroEngine) -> None:
    first = await speak(tts, SpeechRequest(text=TWO_SENTENCES, voice="af_heart+bf_emma"))
    await speak(tts, SpeechRequest(text=HELLO, voice="am_adam", speed=2.0))
    assert await speak(tts, SpeechRequest(text=TWO_SENTENCES, voice="af_heart+bf_emma")) == first


async def test_words_begin_where_their_first_phoneme_sounds(tts: KokoroEngine) -> None:
    text = "The end of the story is 25 little bottles. Then we all went down to the river."
    spoken = await speak(tts, SpeechRequest(text=text, language="en-US"))
    assert [word.text for word in spoken.words] == text.replace(".", "").split()
    sentences = [pronounced(sentence) for sentence in (text[:42], text[43:])]
    first = {"the": "ð", "of": "ʌ", "25": "t", "little": "l", "river": "ɹ", "Then": "ð", "went": "w", "down": "d"}
    for word in spoken.words:
        if letter := first.get(word.text):
            count = len(sentences[word.start_char > 42])
            expected = tone_hz(DEFAULT_VOCAB[letter], level=0.0, token_count=count)
            assert tone_at(spoken.audio, word.start_ms) == pytest.approx(expected, abs=6), word


async def test_without_durations_there_are_no_words(tmp_path: Path) -> None:
    async with provider.open({"path": str(write_tiny_kokoro(tmp_path, durations=False))}) as engine:
        assert not engine.capabilities.word_times
        assert (await speak(engine, SpeechRequest(text=HELLO))).words == ()


def silences_ms(audio: PcmChunk) -> list[float]:
    """The stretches of at least 60 ms inside the sound in which nothing is above -50 dB."""
    loud = np.flatnonzero(np.abs(audio.samples().astype(np.int32)) > 104)
    gaps = np.diff(loud) * 1000.0 / audio.sample_rate_hz
    return [float(gap) for gap in gaps if gap > 60]


async def test_between_sentences_is_the_pause_that_was_set(tts: KokoroEngine) -> None:
    spoken = await speak(tts, SpeechRequest(text=TWO_SENTENCES))
    assert silences_ms(spoken.audio) == [pytest.approx(SENTENCE_PAUSE_MS, abs=3)]
    faster = await speak(tts, SpeechRequest(text=TWO_SENTENCES, speed=2.0))
    assert silences_ms(faster.audio) == [pytest.approx(SENTENCE_PAUSE_MS / 2, abs=3)]


async def test_between_clauses_is_a_shorter_pause(tts: KokoroEngine) -> None:
    text = "When the morning came we went down, because the boat was waiting for us there."
    spoken = await speak(tts, SpeechRequest(text=text))
    assert silences_ms(spoken.audio) == [pytest.approx(CLAUSE_PAUSE_MS, abs=3)]


async def test_silence_at_both_ends_is_taken_off(tts: KokoroEngine) -> None:
    samples = (await speak(tts, SpeechRequest(text=HELLO))).audio.samples()
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 104)
    edge = round(EDGE_MS * SAMPLE_RATE_HZ / 1000)
    assert abs(loud[0] - edge) <= 24
    assert abs(samples.size - loud[-1] - edge) <= 24


async def test_no_join_clicks_and_the_sound_stands_around_zero(tts: KokoroEngine) -> None:
    samples = (await speak(tts, SpeechRequest(text=TWO_SENTENCES))).audio.samples()
    assert abs(float(samples.astype(np.float64).mean())) < 3
    pause = np.flatnonzero(np.convolve(samples == 0, np.ones(1200), "valid") == 1200)
    assert pause.size
    for join in (int(pause[0]), int(pause[-1]) + 1200, 0, samples.size - 1):
        assert click_ratio(samples, join) < 0.2


def test_a_sound_that_is_cut_off_gets_soft_ends() -> None:
    wave = 0.05 + 0.4 * np.cos(2 * np.pi * 220 * np.arange(24_000) / SAMPLE_RATE_HZ)
    samples, removed = clip_of(wave.astype(np.float32))
    assert removed == 0
    assert abs(int(samples[0])) < 64
    assert abs(int(samples[-1])) < 64
    assert abs(float(samples.astype(np.float64).mean())) < 20
    assert clip_of(np.full(24_000, 0.01, dtype=np.float32))[0].size == 0


async def test_chunks_are_short_and_the_first_comes_of_the_first_clause(tts: KokoroEngine, runs: list[str]) -> None:
    chunks = tts.synthesize(SpeechRequest(text="When the morning came we went down, because the boat was there. " * 4))
    await anext(chunks)
    assert runs == [pronounced("When the morning came we went down,")]
    async for chunk in chunks:
        assert chunk.audio.sample_count <= CHUNK_SAMPLES
    assert len(runs) > 4


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The phonemes of each run of the model."""
    seen: list[str] = []
    speak_as_usual = KokoroModel.speak

    def counted(self: KokoroModel, phonemes: str, **rest: Any) -> Any:
        seen.append(phonemes)
        return speak_as_usual(self, phonemes, **rest)

    monkeypatch.setattr(KokoroModel, "speak", counted)
    return seen


async def test_a_speech_that_is_closed_begins_no_further_piece(tts: KokoroEngine, runs: list[str]) -> None:
    chunks = tts.synthesize(SpeechRequest(text=f"{TWO_SENTENCES} " * 10))
    await anext(chunks)
    await chunks.aclose()
    await tts.aclose()
    assert len(runs) == 1


def test_the_run_under_way_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model(find_files(str(write_tiny_kokoro(tmp_path, layers=40))), threads=1, device="cpu")
    begun = threading.Event()
    run_as_usual = StoppableSession.run

    def announced(self: StoppableSession, *args: Any, **rest: Any) -> Any:
        begun.set()
        return run_as_usual(self, *args, **rest)

    monkeypatch.setattr(StoppableSession, "run", announced)
    stop = Stop()
    given: list[Any] = []

    def run() -> None:
        given.append(model.speak("ab " * 150, style=model.style([("af_heart", 1.0)]), speed=0.5, stop=stop))

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    stop.stop()
    thread.join()
    assert given[0][0].size == 0
    again, _ = model.speak("ab", style=model.style([("af_heart", 1.0)]), speed=1.0, stop=Stop())
    assert again.size


async def test_a_listener_who_goes_away_stops_the_run_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, begun, ended = asyncio.get_running_loop(), asyncio.Event(), list[str]()
    run_as_usual = StoppableSession.run

    def announced(self: StoppableSession, *args: Any, **rest: Any) -> Any:
        loop.call_soon_threadsafe(begun.set)
        try:
            given = run_as_usual(self, *args, **rest)
        except Exception:
            ended.append("stopped")
            raise
        ended.append("finished")
        return given

    async with provider.open({"path": str(write_tiny_kokoro(tmp_path, layers=40)), "threads": "1"}) as engine:
        monkeypatch.setattr(StoppableSession, "run", announced)
        reader = asyncio.create_task(speak(engine, SpeechRequest(text="one two three " * 7, speed=0.5)))
        await begun.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert ended == ["stopped"]
        assert (await speak(engine, SpeechRequest(text=HELLO))).chunks


async def test_closing_between_two_runs_of_one_piece_stops_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_begun, ended = threading.Event(), list[int]()
    run_as_usual = StoppableSession.run
    begun: list[int] = []

    def counted(self: StoppableSession, *args: Any, **rest: Any) -> Any:
        begun.append(len(begun))
        if len(begun) == 2:
            second_begun.set()
        given = run_as_usual(self, *args, **rest)
        ended.append(len(begun))
        return given

    async with provider.open({"path": str(write_tiny_kokoro(tmp_path, layers=40)), "threads": "1"}) as engine:
        monkeypatch.setattr(StoppableSession, "run", counted)
        # A thousand phonemes: one piece of text, several runs.
        chunks = engine.synthesize(SpeechRequest(text="7" * 90, speed=0.5))
        await anext(chunks)
        assert await asyncio.to_thread(second_begun.wait, 20)
        await chunks.aclose()
        assert (len(begun), ended) == (2, [1])


async def test_a_request_that_waits_for_its_turn_can_be_left_at_once(
    tts: KokoroEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, going_on = threading.Event(), threading.Event()
    speak_as_usual = KokoroModel.speak

    def held(self: KokoroModel, *args: Any, **rest: Any) -> Any:
        begun.set()
        assert going_on.wait(20)
        return speak_as_usual(self, *args, **rest)

    monkeypatch.setattr(KokoroModel, "speak", held)
    first = asyncio.create_task(speak(tts, SpeechRequest(text=HELLO)))
    assert await asyncio.to_thread(begun.wait, 10)
    for _ in range(3):
        second = asyncio.create_task(speak(tts, SpeechRequest(text=HELLO)))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
    assert not first.done()
    going_on.set()
    assert await first == await speak(tts, SpeechRequest(text=HELLO))


async def test_a_closed_engine_refuses_and_leaves_neither_thread_nor_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with provider.open({"path": str(folder)}) as engine:
        chunks = engine.synthesize(SpeechRequest(text=f"{TWO_SENTENCES} " * 5))
        await anext(chunks)
    with pytest.raises(EngineError, match="closed"):
        async for _ in chunks:
            pass
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("kokoro")]
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much memory a process has, and takes it back")
async def test_an_engine_that_is_closed_gives_its_memory_back(tmp_path: Path) -> None:
    folder = await asyncio.to_thread(write_tiny_kokoro, tmp_path, layers=100)
    weights_bytes = (folder / MODEL_FILE).stat().st_size
    async with provider.open({"path": str(folder)}) as engine:
        await speak(engine, SpeechRequest(text=HELLO))
        open_bytes = resident_bytes()
    assert open_bytes - resident_bytes() > weights_bytes / 2


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_eight_at_once_say_exactly_what_they_say_alone(folder: Path) -> None:
    texts = [f"This is request number {number}, which is spoken beside the others. It ends." for number in range(8)]
    async with provider.open({"path": str(folder), "streams": "3", "threads": "4"}) as engine:
        requests = [
            SpeechRequest(text=text, voice=engine.voices[number % 4].id, speed=1.0 + number / 10)
            for number, text in enumerate(texts)
        ]
        alone = [await speak(engine, request) for request in requests]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(speak(engine, request)) for request in requests]
        assert [task.result() for task in tasks] == alone


async def test_kokoro_and_espeak_do_not_disturb_each_other(tts: KokoroEngine) -> None:
    requests = [SpeechRequest(text=f"{HELLO} {number}.", speed=1.0 + number / 10) for number in range(6)]
    async with espeak.provider.open({}) as other:
        french = SpeechRequest(text="Bonjour, comment ça va ?", language="fr")
        alone = [await speak(tts, request) for request in requests]
        other_alone = await speak(other, french)
        async with asyncio.TaskGroup() as group:
            mine = [group.create_task(speak(tts, request)) for request in requests * 3]
            theirs = [group.create_task(speak(other, french)) for _ in range(12)]
    assert [task.result() for task in mine] == alone * 3
    for task in theirs:
        # espeak's consonants are random noise.
        assert likeness(task.result().audio, other_alone.audio) > 0.95
        assert [word.text for word in task.result().words] == [word.text for word in other_alone.words]


async def test_one_word_without_end_is_spoken_whole(tts: KokoroEngine, runs: list[str]) -> None:
    spoken = await speak(tts, SpeechRequest(text="pim" * 64))
    assert "".join(runs).count("p") == 64, "a syllable was left out"
    assert max(map(len, runs)) <= 400
    assert spoken.audio.duration_ms == pytest.approx(sum(map(len, runs)) * TOKEN_MS, rel=0.02)
    assert [word.start_char for word in spoken.words] == [0]


async def test_a_long_text_is_spoken_in_order_with_nothing_lost(tts: KokoroEngine, runs: list[str]) -> None:
    text = f"{TWO_SENTENCES} " * 4
    await speak(tts, SpeechRequest(text=text, language="en-US"))
    assert " ".join(runs) == pronounced(text)


async def test_refusals_come_before_the_first_sound(tts: KokoroEngine, runs: list[str]) -> None:
    refused: list[tuple[SpeechRequest, type[SyrinxError], str]] = [
        (SpeechRequest(text=HELLO, voice="af_heart+nobody"), UnknownVoice, "'nobody'"),
        (SpeechRequest(text=HELLO, voice="af_heart*-1"), BadInput, "a\\+b\\*0.5"),
        (SpeechRequest(text="こんにちは", language="ja"), UnknownLanguage, "signs would be misread"),
        (SpeechRequest(text=HELLO, speed=2.1), BadInput, "from 0.5 to 2.0"),
        (SpeechRequest(text=HELLO, pitch_semitones=1.0), BadInput, "from 0.0 to 0.0"),
    ]
    for request, error, words in refused:
        with pytest.raises(error, match=words):
            await speak(tts, request)
    assert runs == []


async def test_a_text_that_gives_no_phonemes_is_refused(tts: KokoroEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pronouncer, "sounds_of", lambda *_, **__: Sounds(phonemes=""))
    with pytest.raises(BadInput, match="nothing in this text can be spoken"):
        await speak(tts, SpeechRequest(text="ᚠᛇᚻ"))


async def test_a_failing_model_is_an_engine_error(tts: KokoroEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(StoppableSession, "run", broken)
    with pytest.raises(EngineError, match="out of memory"):
        await speak(tts, SpeechRequest(text=HELLO))


def test_without_a_model_the_remedy_is_named(tmp_path: Path) -> None:
    for options in ({}, {"path": ""}, {"path": str(tmp_path / "missing")}, {"path": str(tmp_path)}):
        availability = provider.check(options)
        assert not availability.available
        assert availability.reason
        assert availability.remedy == "syrinx models pull kokoro"


def test_a_model_that_lies_there_is_found_without_loading_it(folder: Path, tmp_path: Path) -> None:
    assert provider.check({"path": str(folder)}).available
    (tmp_path / MODEL_FILE).write_bytes(b"no model at all")
    (tmp_path / "kokoro-v1.0.int8.onnx").write_bytes(b"")
    (tmp_path / VOICES_FILE).write_bytes(b"")
    availability = provider.check({"path": str(tmp_path)})
    assert availability.available
    assert availability.facts["model"] == str(tmp_path / MODEL_FILE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"voice": "af_heart"}, "no option voice"),
        ({"threads": "0"}, "from 1 to 256"),
        ({"threads": "9" * 5000}, "from 1 to 256"),
        ({"streams": "many"}, "from 1 to 16"),
        ({"device": "tpu"}, "auto, cpu, cuda"),
    ],
)
async def test_options_that_cannot_be_are_refused(options: dict[str, str], words: str) -> None:
    assert words in provider.check(options).reason
    with pytest.raises(ConfigurationError, match=words):
        async with provider.open(options):
            pass


def test_one_stream_has_four_threads_unless_options_say_otherwise() -> None:
    assert understood({"threads": "2"}).streams == 1
    assert understood({"threads": "16"}).streams == 4
    assert understood({"threads": "16", "streams": "9"}).streams == 9


async def test_cuda_that_is_not_there_is_refused_with_the_remedy(folder: Path) -> None:
    with pytest.raises(EngineUnavailable, match="pip install onnxruntime-gpu"):
        async with provider.open({"path": str(folder), "device": "cuda"}):
            pass


def truncated_model(folder: Path) -> None:
    whole = (folder / MODEL_FILE).read_bytes()
    (folder / MODEL_FILE).write_bytes(whole[: len(whole) // 2])


def another_model(folder: Path) -> None:
    import onnx

    model = onnx.load(str(folder / MODEL_FILE))
    for node in model.graph.node:
        node.input[:] = ["rate" if name == "speed" else name for name in node.input]
    for given in model.graph.input:
        given.name = "rate" if given.name == "speed" else given.name
    onnx.save(model, str(folder / MODEL_FILE))


def truncated_voices(folder: Path) -> None:
    whole = (folder / VOICES_FILE).read_bytes()
    (folder / VOICES_FILE).write_bytes(whole[: len(whole) // 2])


def no_voices(folder: Path) -> None:
    (folder / VOICES_FILE).unlink()


def noise_for_voices(folder: Path) -> None:
    (folder / VOICES_FILE).write_bytes(b"\0\1\2" * 1000)


def _voices(**styles: Any) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        with (folder / VOICES_FILE).open("wb") as file:
            np.savez(file, **styles)

    return write


@pytest.mark.parametrize(
    "damage",
    [
        truncated_model,
        another_model,
        truncated_voices,
        no_voices,
        noise_for_voices,
        _voices(),
        _voices(af_heart=np.zeros((510, 1, 128), np.float32)),
        _voices(af_heart=np.zeros(256, np.float32)),
        _voices(af_heart=np.array(["text"])),
        _voices(af_heart=np.array([{}], dtype=object)),
        _voices(jf_alpha=style_of("af_heart")),
    ],
)
async def test_a_damaged_folder_is_told_with_the_remedy(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    damage(write_tiny_kokoro(tmp_path))
    with pytest.raises(EngineUnavailable, match="syrinx models pull kokoro"):
        async with provider.open({"path": str(tmp_path)}):
            pass


async def test_a_slow_reader_keeps_no_thread_and_the_whole_is_the_same(tts: KokoroEngine) -> None:
    request = SpeechRequest(text=TWO_SENTENCES, voice="am_adam")
    alone = await speak(tts, request)
    slow = tts.synthesize(request)
    chunks = [await anext(slow)]
    assert await speak(tts, replace(request)) == alone
    chunks += [chunk async for chunk in slow]
    assert tuple(chunks) == alone.chunks
    assert rms_dbfs(alone.audio.samples()) > -30
    assert longest_silence_ms(alone.audio) < 300
