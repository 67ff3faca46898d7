"""Whisper keeps the contract, takes noise for noise, and says what is wrong with a model before it is opened."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faster_whisper import WhisperModel

from syrinx.audio.pcm import PcmChunk, Samples, chunk_of, silence
from syrinx.engines.stt.contract import DETECT, Pause, SpeechToText, TranscriptionRequest
from syrinx.engines.stt.whisper import REMEDY, provider
from syrinx.engines.stt.whisper_files import is_distilled
from syrinx.engines.stt.whisper_model import Abandoned, Manner, load
from syrinx.errors import BadInput, ConfigurationError, EngineError, EngineUnavailable, UnknownLanguage
from syrinx.testing.stt_conformance import SttConformance, Utterance, frames_of, listen
from syrinx.testing.tiny_whisper import LANGUAGES, WhisperSize, write_tiny_whisper

RATE_HZ = 16_000
SAYS = "hello there, how are you today? I am well and glad to be here."


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_whisper(tmp_path_factory.mktemp("whisper"), says=SAYS)


@pytest.fixture
async def stt(model: Path) -> AsyncIterator[SpeechToText]:
    async with provider.open({"path": str(model), "device": "cpu", "threads": "1"}) as engine:
        yield engine


class TestWhisper(SttConformance):
    @pytest.fixture
    def utterances(self, modern: PcmChunk, books: PcmChunk) -> tuple[Utterance, ...]:
        return (Utterance(audio=modern, word="hello"), Utterance(audio=books, word="today?"))


async def test_closing_frees_the_weights_whoever_still_holds_the_engine(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[WhisperModel] = []

    def watched(*args: Any, **options: Any) -> WhisperModel:
        loaded.append(WhisperModel(*args, **options))
        return loaded[-1]

    monkeypatch.setattr("faster_whisper.WhisperModel", watched)
    async with provider.open({"path": str(model), "device": "cpu", "threads": "1"}):
        assert loaded[0].model.model_is_loaded
    assert not loaded[0].model.model_is_loaded


async def test_what_is_heard_grows_while_somebody_speaks(stt: SpeechToText, books: PcmChunk) -> None:
    told = await listen(stt, [*frames_of(books), Pause()])
    texts = [transcript.text for transcript in told]
    assert len(texts) > 5
    assert all(SAYS.startswith(text.rstrip(".,?")) for text in texts)
    assert texts[-1] == SAYS
    assert 0 < told[-3].stable_chars < len(told[-3].text)
    assert told[-1].stable_chars == len(SAYS)
    assert told[-1].confidence == pytest.approx(1.0, abs=0.05)


def gap(duration_s: float) -> Samples:
    return np.zeros(round(RATE_HZ * duration_s), dtype=np.int16)


def claps() -> Samples:
    times = np.arange(RATE_HZ // 7) / RATE_HZ
    sound = np.random.default_rng(3).standard_normal(times.size) * np.exp(-times / 0.02)
    clap = (sound / np.abs(sound).max() * 15_000).astype(np.int16)
    return np.concatenate([clap, gap(0.3)] * 4)


def hum() -> Samples:
    times = np.arange(RATE_HZ) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 140 * k * times) / k**1.5 for k in range(1, 8))
    return (tone / np.abs(tone).max() * 4000 * np.minimum(1, np.minimum(times, 1 - times) / 0.05)).astype(np.int16)


NOISES = {
    "hiss": (np.random.default_rng(2).standard_normal(RATE_HZ) * 2000).astype(np.int16),
    "claps": claps(),
    "hum": hum(),
    "mains": (4000 * np.sin(2 * np.pi * 50 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16),
}


@pytest.mark.parametrize("recording", [False, True])
@pytest.mark.parametrize("name", NOISES)
async def test_noise_is_no_words(stt: SpeechToText, name: str, recording: bool) -> None:
    heard = chunk_of(np.concatenate([gap(0.3), NOISES[name], gap(0.2)]), sample_rate_hz=RATE_HZ)
    told = await listen(stt, [*frames_of(heard), Pause()], TranscriptionRequest(recording=recording))
    assert {transcript.text for transcript in told} == {""}


async def test_a_recording_is_divided_and_told_as_it_goes(stt: SpeechToText, books: PcmChunk) -> None:
    pause = silence(duration_ms=4000, sample_rate_hz=RATE_HZ)
    told = await listen(stt, [books, pause] * 3, TranscriptionRequest(recording=True, language=DETECT))
    assert [transcript.text for transcript in told] == [SAYS, f"{SAYS} {SAYS}", *[f"{SAYS} {SAYS} {SAYS}"] * 2]
    assert [segment.text for segment in told[-1].segments[:2]] == [
        "hello there, how are you today?",
        "I am well and glad to be here.",
    ]
    assert told[-1].language == "en"
    second = told[-1].segments[2]
    assert second.start_ms == pytest.approx(books.duration_ms + 4000, abs=500)


async def test_a_language_is_found_out_and_kept(tmp_path: Path, books: PcmChunk) -> None:
    folder = write_tiny_whisper(tmp_path, says="guten tag", language="de")
    async with provider.open({"path": str(folder), "device": "cpu"}) as stt:
        told = await listen(stt, frames_of(books), TranscriptionRequest(language=DETECT))
        assert {transcript.language for transcript in told} == {"de"}
        assert told[-1].text == "guten tag"
        given = await listen(stt, frames_of(books), TranscriptionRequest(language="fr-CA", task="translate"))
        assert {transcript.language for transcript in given} == {"fr"}


async def test_an_english_model_says_so(tmp_path: Path, books: PcmChunk) -> None:
    folder = write_tiny_whisper(tmp_path, says="hello there", multilingual=False)
    async with provider.open({"path": str(folder), "device": "cpu"}) as stt:
        assert stt.capabilities.languages == ("en",)
        assert not stt.capabilities.detects_language
        assert (await listen(stt, [books]))[-1].text == "hello there"
        for request, error in (
            (TranscriptionRequest(language="de"), UnknownLanguage),
            (TranscriptionRequest(language=DETECT), UnknownLanguage),
            (TranscriptionRequest(task="translate"), BadInput),
        ):
            with pytest.raises(error):
                await listen(stt, [books], request)


async def test_a_model_that_was_made_faster_does_not_claim_to_translate(tmp_path: Path, books: PcmChunk) -> None:
    turbo = write_tiny_whisper(tmp_path, says="hello there", size=WhisperSize(layers=4, decoder_layers=1))
    async with provider.open({"path": str(turbo), "device": "cpu"}) as stt:
        assert stt.capabilities.detects_language
        assert not stt.capabilities.translates
        assert (await listen(stt, [books], TranscriptionRequest(language="de")))[-1].text == "hello there"
        with pytest.raises(BadInput, match="whisper-small"):
            await listen(stt, [books], TranscriptionRequest(language="de", task="translate"))


def test_what_a_file_does_not_tell_is_not_held_against_the_model(tmp_path: Path) -> None:
    turbo = write_tiny_whisper(tmp_path, size=WhisperSize(layers=2, decoder_layers=1)) / "model.bin"
    whole = turbo.read_bytes()
    assert is_distilled(turbo)
    for content in (b"", whole[:5], whole[:60], whole[: len(whole) // 2], b"\x03" + whole[1:], b"\xff" * 4096):
        turbo.write_bytes(content)
        assert not is_distilled(turbo)
    assert not is_distilled(tmp_path / "absent")


async def test_only_languages_that_the_model_has_a_token_for_are_claimed(stt: SpeechToText, books: PcmChunk) -> None:
    assert set(stt.capabilities.languages) == {*LANGUAGES} - {"jw"} | {"jv"}
    with pytest.raises(UnknownLanguage, match="'yue'"):
        await listen(stt, [books], TranscriptionRequest(language="yue"))
    for known in ("zh-Hans-CN", "en-GB", "cmn", "jw"):
        assert (await listen(stt, [books], TranscriptionRequest(language=known)))[-1].text == SAYS


def test_a_decoding_that_nobody_waits_for_is_given_up_once_the_window_was_heard(model: Path, books: PcmChunk) -> None:
    recognizer = load(model, device="cpu", compute_type="int8", threads=1, decoders=1)
    audio = books.samples().astype(np.float32) / np.float32(32768)
    for answers in ([True], [False, True]):
        asked = iter(answers)
        with pytest.raises(Abandoned):
            recognizer.decode([audio], Manner(language="en"), lambda asked=asked: next(asked))
    assert recognizer.decode([audio], Manner(language="en"))[0].text == SAYS


async def test_names_and_what_was_said_leave_room_for_words(stt: SpeechToText, books: PcmChunk) -> None:
    request = TranscriptionRequest(hotwords=tuple(f"Name{number}" for number in range(500)))
    assert (await listen(stt, [books], request))[-1].text == SAYS


def test_names_reach_the_prompt_and_one_too_long_keeps_out_no_other(
    model: Path, books: PcmChunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognizer = load(model, device="cpu", compute_type="int8", threads=1, decoders=1)
    told: list[str | None] = []
    whole = WhisperModel.get_prompt

    def get_prompt(*args: Any, **kwargs: Any) -> list[int]:
        told.append(kwargs["hotwords"])
        return whole(*args, **kwargs)

    monkeypatch.setattr(WhisperModel, "get_prompt", get_prompt)
    audio = books.samples().astype(np.float32) / np.float32(32768)
    recognizer.decode([audio], Manner(language="en", hotwords=("Anything " * 60, "Mira", " ", "Old Tom")))
    assert told == ["Mira, Old Tom"]


def test_what_was_said_before_is_bounded_in_every_script(model: Path, books: PcmChunk) -> None:
    recognizer = load(model, device="cpu", compute_type="int8", threads=1, decoders=1)
    audio = books.samples().astype(np.float32) / np.float32(32768)
    for context in ("漢字" * 500, "and so on " * 500, "x" * 5000, ""):
        manner = Manner(language="en", context=context, hotwords=("語" * 20,) * 50)
        assert recognizer.decode([audio], manner)[0].text == SAYS


async def test_a_closed_engine_says_that_it_was_closed(model: Path, books: PcmChunk) -> None:
    async with provider.open({"path": str(model), "device": "cpu"}) as stt:
        pass
    with pytest.raises(EngineError, match="closed"):
        await listen(stt, [books])


async def test_without_a_model_the_command_that_fetches_one_is_named() -> None:
    found = provider.check({})
    assert not found.available
    assert found.reason == "no Whisper model is installed"
    assert found.remedy == REMEDY
    with pytest.raises(EngineUnavailable, match=REMEDY):
        async with provider.open({}):
            pass


@pytest.mark.parametrize("name", ["model.bin", "config.json", "vocabulary.json", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write_tiny_whisper(tmp_path)
    assert provider.check({"path": str(folder)}).available
    (folder / name).unlink()
    found = provider.check({"path": str(folder)})
    assert not found.available
    assert name in found.reason


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "preprocessor_config.json", "model.bin"])
def test_a_file_that_broke_off_is_named(tmp_path: Path, name: str) -> None:
    folder = write_tiny_whisper(tmp_path)
    (folder / name).write_bytes((folder / name).read_bytes()[:5])
    found = provider.check({"path": str(folder)})
    assert not found.available
    assert name in found.reason


async def test_a_model_that_does_not_load_is_told_with_the_remedy(tmp_path: Path) -> None:
    folder = write_tiny_whisper(tmp_path)
    whole = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(whole[: len(whole) // 2])
    assert provider.check({"path": str(folder)}).available
    with pytest.raises(EngineUnavailable, match=REMEDY):
        async with provider.open({"path": str(folder), "device": "cpu"}):
            pass


@pytest.mark.parametrize(
    "options",
    [
        {"paths": "x"},
        {"device": "tpu"},
        {"compute_type": "int4"},
        {"threads": "0"},
        {"decoders": "many"},
        {"beam_size": "11"},
    ],
)
async def test_wrong_options_are_refused_with_the_right_ones(options: dict[str, str]) -> None:
    found = provider.check(options)
    assert not found.available
    assert next(iter(options)) in found.reason
    with pytest.raises(ConfigurationError):
        async with provider.open(options):
            pass


async def test_a_compute_type_that_does_not_work_here_is_refused(model: Path) -> None:
    with pytest.raises(EngineUnavailable, match="int8"):
        async with provider.open({"path": str(model), "device": "cpu", "compute_type": "float16"}):
            pass


def test_a_scripted_model_is_the_same_each_time_and_has_its_files(tmp_path: Path) -> None:
    one, two = write_tiny_whisper(tmp_path / "one"), write_tiny_whisper(tmp_path / "two")
    assert (one / "model.bin").read_bytes() == (two / "model.bin").read_bytes()
    assert json.loads((one / "config.json").read_text())["alignment_heads"] == [[0, 1]]


async def test_a_word_may_come_more_than_once_in_a_script(tmp_path: Path, books: PcmChunk) -> None:
    says = "the cat and the dog and the cow."
    folder = write_tiny_whisper(tmp_path, says=says)
    async with provider.open({"path": str(folder), "device": "cpu"}) as stt:
        assert (await listen(stt, [books]))[-1].text == says
    with pytest.raises(ValueError, match="too often"):
        write_tiny_whisper(tmp_path, says="a a a a a")


async def test_utterances_in_two_decoders_at_once_do_not_mix(model: Path, modern: PcmChunk, books: PcmChunk) -> None:
    async with provider.open({"path": str(model), "device": "cpu", "threads": "2", "decoders": "2"}) as stt:
        alone = [(await listen(stt, [audio]))[-1].text for audio in (modern, books)]
        together = await asyncio.gather(*(listen(stt, frames_of(audio)) for audio in (modern, books) * 3))
        assert [told[-1].text for told in together] == alone * 3


def test_a_temperature_makes_it_choose_among_words(model: Path, books: PcmChunk) -> None:
    recognizer = load(model, device="cpu", compute_type="int8", threads=1, decoders=1)
    audio = books.samples().astype(np.float32) / np.float32(32768)

    def heard(temperature: float) -> str:
        return recognizer.decode([audio], Manner(language="en", beam_size=5, temperature=temperature))[0].text

    assert heard(0.0) == heard(0.2) == SAYS
    assert heard(100.0) != SAYS  # so hot that every word is as likely


async def test_it_says_that_it_takes_prompts_and_temperatures(stt: SpeechToText, books: PcmChunk) -> None:
    assert (stt.capabilities.prompts, stt.capabilities.samples) == (True, True)
    request = TranscriptionRequest(prompt="word " * 3000, temperature=0.1, recording=True)
    assert (await listen(stt, [books], request))[-1].text == SAYS
