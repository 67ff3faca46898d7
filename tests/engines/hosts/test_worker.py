"""Engines in a process of their own, with real processes: small engines that do as they are told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from typing import cast

import psutil
import pytest
from structlog.testing import capture_logs

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.engines.contract import Host, Provider
from syrinx.engines.hosts.in_process import open_in_process
from syrinx.engines.hosts.supervisor import RestartPolicy
from syrinx.engines.hosts.worker import WorkerConnection, WorkerSettings, open_in_worker
from syrinx.engines.hosts.worker_process import Patience
from syrinx.engines.llm.contract import LanguageModel, Message, ReplyRequest
from syrinx.engines.stt.contract import HeardAudio, Pause, SpeechToText, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import Clones, SpeechRequest, TextToSpeech
from syrinx.errors import (
    BadAudio,
    BadInput,
    ConfigurationError,
    EngineBusy,
    EngineCrashed,
    EngineError,
    EngineUnavailable,
    UnknownLanguage,
    UnknownVoice,
)
from syrinx.testing import worker_engines

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="workers need Unix sockets")

ENGINES = "syrinx.testing.worker_engines"
HOSTS: tuple[Host, ...] = ("process", "worker")


def tts_in(host: Host = "worker", **options: str) -> AbstractAsyncContextManager[TextToSpeech]:
    if host == "process":
        return open_in_process(cast("Provider[TextToSpeech]", worker_engines.tts), options)
    return open_in_worker("tts", "obedient", options, WorkerSettings(provider=f"{ENGINES}:tts"))


def stt_in(host: Host) -> AbstractAsyncContextManager[SpeechToText]:
    if host == "process":
        return open_in_process(cast("Provider[SpeechToText]", worker_engines.stt), {})
    return open_in_worker("stt", "obedient", {}, WorkerSettings(provider=f"{ENGINES}:stt"))


def llm_in(host: Host) -> AbstractAsyncContextManager[LanguageModel]:
    if host == "process":
        return open_in_process(cast("Provider[LanguageModel]", worker_engines.llm), {})
    return open_in_worker("llm", "obedient", {}, WorkerSettings(provider=f"{ENGINES}:llm"))


async def spoken(engine: TextToSpeech, text: str) -> list[str]:
    async with aclosing(engine.synthesize(SpeechRequest(text=text))) as chunks:
        return [chunk.words[0].text async for chunk in chunks]


def connection(engine: object) -> WorkerConnection:
    return cast("WorkerConnection", engine.worker)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def pid_of(engine: object) -> int:
    pid = connection(engine).pid()
    assert pid is not None
    return pid


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def holds_anything(directory: Path) -> bool:
    return any(directory.iterdir())


async def closes_early(engine: TextToSpeech, count: int) -> bool:
    """The worker hears of a close in its own time."""
    async with asyncio.timeout(10.0):
        while await spoken(engine, "memo") != [str(count)]:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.01)
    return True


async def becomes(condition: Callable[[], bool], *, within_s: float = 10.0) -> bool:
    """Real processes end in real time."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - nothing tells us when a process is gone
            await asyncio.sleep(0.02)
    return True


async def listened(engine: SpeechToText, audio: AsyncIterator[HeardAudio], **request: object) -> list[Transcript]:
    asked = TranscriptionRequest(**request)  # pyright: ignore[reportArgumentType]
    async with aclosing(engine.transcribe(audio, asked)) as transcripts:
        return [transcript async for transcript in transcripts]


async def utterance(*parts: HeardAudio, error: Exception | None = None) -> AsyncGenerator[HeardAudio, None]:
    for part in parts:
        yield part
    if error is not None:
        raise error


def sound(duration_ms: float = 20.0, sample_rate_hz: int = 16_000) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=sample_rate_hz)


@pytest.mark.parametrize("host", HOSTS)
async def test_speech_is_the_same_from_both_hosts(host: Host):
    async with tts_in(host) as engine:
        assert engine.capabilities == worker_engines.ObedientTts.capabilities
        assert list(engine.voices) == list(worker_engines.ObedientTts.voices)
        chunks = [chunk async for chunk in engine.synthesize(SpeechRequest(text="a b wait c"))]
        assert [chunk.words[0].text for chunk in chunks] == ["a", "b", "c"]
        assert [chunk.words[0].start_ms for chunk in chunks] == [0.0, 60.0, 120.0]
        assert all(chunk.audio.duration_ms == 60.0 for chunk in chunks)
        assert await asyncio.gather(*(spoken(engine, f"x{number} wait y") for number in range(8))) == [
            [f"x{number}", "y"] for number in range(8)
        ]


@pytest.mark.parametrize("host", HOSTS)
async def test_errors_are_the_same_from_both_hosts(host: Host):
    async with tts_in(host) as engine:
        with pytest.raises(UnknownVoice, match="there is only one"):
            await spoken(engine, "refuse")
        with pytest.raises(EngineBusy) as caught:
            await spoken(engine, "a busy")
        assert caught.value.retry_after_s == 7.5
        assert await spoken(engine, "still here") == ["still", "here"]


async def learnt(engine: TextToSpeech, words: str, *, sample_ms: float = 500.0, language: str = "en") -> str:
    assert isinstance(engine, Clones)
    sample = silence(duration_ms=sample_ms, sample_rate_hz=24_000)
    return (await engine.condition(sample, transcript=words, language=language)).decode()


@pytest.mark.parametrize("host", HOSTS)
async def test_voices_are_learnt_alike_in_both_hosts(host: Host):
    async with tts_in(host) as engine:
        assert engine.capabilities.clones == worker_engines.ObedientTts.capabilities.clones
        assert await learnt(engine, "so it is", language="de") == "12000 samples in de"
        # A minute of sample is far more than one message of speech.
        assert await learnt(engine, "", sample_ms=60_000.0) == "1440000 samples in en"
        with pytest.raises(UnknownVoice, match="there is only one"):
            await learnt(engine, "refuse")
        with pytest.raises(EngineBusy) as caught:
            await learnt(engine, "busy")
        assert caught.value.retry_after_s == 7.5
        assert await asyncio.gather(spoken(engine, "a wait b"), learnt(engine, "wait")) == [
            ["a", "b"],
            "12000 samples in en",
        ]


@pytest.mark.parametrize("host", HOSTS)
async def test_replies_are_the_same_from_both_hosts(host: Host):
    async with llm_in(host) as engine:
        assert engine.capabilities == worker_engines.ObedientLlm.capabilities
        request = ReplyRequest(messages=(Message(role="user", text="well then"),))
        assert [delta.text async for delta in engine.reply(request)] == ["well ", "then "]


@pytest.mark.parametrize("host", HOSTS)
async def test_transcripts_are_the_same_from_both_hosts(host: Host):
    async with stt_in(host) as engine:
        assert engine.capabilities == worker_engines.ObedientStt.capabilities
        transcripts = await listened(engine, utterance(sound(), Pause(), sound()), adaptation="a")
        assert [(one.text, one.settled, one.final) for one in transcripts] == [
            ("320", False, False),
            ("320", True, False),
            ("640", False, False),
            ("640", False, True),
        ]
        assert transcripts[-1].adaptation == "a+640"
        assert transcripts[-1].words[0].end_ms == 40.0
        assert [one.text for one in await listened(engine, utterance())] == ["0"]
        with pytest.raises(BadAudio, match="send 16000 Hz"):
            await listened(engine, utterance(sound(sample_rate_hz=8_000)))


@pytest.mark.parametrize("host", HOSTS)
async def test_a_refused_utterance_is_not_read(host: Host):
    read: list[str] = []

    async def audio() -> AsyncGenerator[HeardAudio, None]:
        read.append("asked")
        yield sound()

    async with stt_in(host) as engine:
        with pytest.raises(UnknownLanguage):
            await listened(engine, audio(), language="tlh")
        await asyncio.sleep(0.05)
    assert read == []


@pytest.mark.parametrize("host", HOSTS)
async def test_an_error_of_the_audio_reaches_the_listener(host: Host):
    async with stt_in(host) as engine:
        with pytest.raises(KeyError, match="microphone"):
            await listened(engine, utterance(sound(), error=KeyError("microphone")))
        assert (await listened(engine, utterance(sound())))[-1].text == "320"


@pytest.mark.parametrize("host", HOSTS)
async def test_transcripts_arrive_while_the_speaker_goes_on(host: Host):
    more: asyncio.Queue[HeardAudio | None] = asyncio.Queue()

    async def microphone() -> AsyncGenerator[HeardAudio, None]:
        while (heard := await more.get()) is not None:
            yield heard

    async with stt_in(host) as engine, aclosing(microphone()) as audio:
        transcripts = engine.transcribe(audio, TranscriptionRequest())
        for samples in ("320", "640"):
            more.put_nowait(sound())
            assert (await anext(transcripts)).text == samples
        await transcripts.aclose()


async def test_closing_the_stream_closes_the_engines_generator():
    async with tts_in() as engine:
        for text in ("a hang", "a wait " * 1000):
            async with aclosing(engine.synthesize(SpeechRequest(text=text))) as chunks:
                await anext(chunks)
        assert await closes_early(engine, 2)


async def test_cancelling_the_reader_closes_the_engines_generator():
    async with tts_in() as engine:
        begun = asyncio.Event()

        async def read() -> None:
            async with aclosing(engine.synthesize(SpeechRequest(text="a hang"))) as chunks:
                async for _ in chunks:
                    begun.set()

        reading = asyncio.create_task(read())
        await begun.wait()
        reading.cancel()
        await asyncio.wait([reading])
        assert reading.cancelled()
        assert await closes_early(engine, 1)


async def test_learning_that_is_given_up_is_given_up_in_the_worker():
    async with tts_in() as engine:
        learning = asyncio.create_task(learnt(engine, "hang"))
        # Once something that was asked later is done, that is under way, too.
        assert await spoken(engine, "a wait b") == ["a", "b"]
        learning.cancel()
        await asyncio.wait([learning])
        assert learning.cancelled()
        assert await closes_early(engine, 1)


async def test_a_worker_that_dies_while_it_learns_says_so_and_the_next_one_learns():
    async with tts_in() as engine:
        with pytest.raises(EngineCrashed, match="ended by SIGKILL"):
            await learnt(engine, "die")
        with pytest.raises(EngineError, match="obedient failed: ZeroDivisionError"):
            await learnt(engine, "break")
        assert await learnt(engine, "") == "12000 samples in en"


async def test_a_slow_reader_holds_the_engine_back():
    """Nothing but the window of 64 KiB is made ahead: of 100 chunks, 280 KiB, the engine never gets to the end."""
    with capture_logs() as logs:
        async with tts_in() as engine:
            async with aclosing(engine.synthesize(SpeechRequest(text="a " * 100 + "print b"))) as chunks:
                await anext(chunks)
                await asyncio.sleep(0.3)
            assert await closes_early(engine, 1)
    assert [entry for entry in logs if entry["event"] == "worker printed"] == []


async def test_a_defect_of_the_engine_is_told_as_an_engine_error():
    async with tts_in() as engine:
        with pytest.raises(EngineError, match="obedient failed: ZeroDivisionError: as I was told") as caught:
            await spoken(engine, "break")
        assert not caught.value.retryable


async def test_text_that_cannot_cross_is_bad_input_and_harms_nobody():
    async with tts_in() as engine:
        with pytest.raises(BadInput):
            await spoken(engine, "\ud83d")
        assert await spoken(engine, "a") == ["a"]


async def test_a_killed_worker_fails_its_requests_and_the_next_gets_a_new_one():
    async with tts_in() as engine:
        first_pid = pid_of(engine)
        async with aclosing(engine.synthesize(SpeechRequest(text="print a hang"))) as chunks:
            await anext(chunks)
            os.kill(first_pid, signal.SIGKILL)
            with pytest.raises(EngineCrashed, match=r"ended by SIGKILL(?s:.*)a line from the engine"):
                await anext(chunks)
        assert await spoken(engine, "a b") == ["a", "b"]
        assert pid_of(engine) != first_pid


async def test_a_worker_that_died_idle_is_replaced_unnoticed():
    async with tts_in() as engine:
        first_pid = pid_of(engine)
        os.kill(first_pid, signal.SIGKILL)
        await becomes(lambda: connection(engine).pid() is None)
        assert await spoken(engine, "a") == ["a"]
        assert pid_of(engine) != first_pid


async def test_an_engine_that_always_crashes_becomes_unavailable():
    settings = WorkerSettings(provider=f"{ENGINES}:tts", restart=RestartPolicy(crashes=2, first_wait_s=0.01))
    async with open_in_worker("tts", "obedient", {}, settings) as engine:
        for _ in range(2):
            with pytest.raises(EngineCrashed):
                await spoken(engine, "die")
        with pytest.raises(EngineUnavailable, match="failed 2 times"):
            await spoken(engine, "a")


async def test_a_worker_that_freezes_is_killed_and_replaced():
    patience = Patience(pulse_s=0.05, answer_s=0.5)
    settings = WorkerSettings(provider=f"{ENGINES}:tts", patience=patience)
    async with open_in_worker("tts", "obedient", {}, settings) as engine:
        assert await spoken(engine, "a wait wait wait wait wait b") == ["a", "b"]
        with pytest.raises(EngineCrashed):
            await spoken(engine, "a freeze")
        assert await spoken(engine, "a") == ["a"]


async def test_an_engine_that_cannot_be_opened_says_why():
    with pytest.raises(EngineUnavailable, match=r"^libflute is missing: install it$"):
        async with tts_in(fail="libflute"):
            pass


async def test_a_worker_that_dies_while_starting_leaves_its_last_words():
    with pytest.raises(EngineUnavailable, match=r"ended with status 3(?s:.*)last words: farewell"):
        async with tts_in(die="farewell"):
            pass


async def test_a_worker_that_is_not_ready_in_time_is_ended():
    settings = WorkerSettings(provider=f"{ENGINES}:tts", patience=Patience(ready_s=1.0))
    before = psutil.Process().children()
    with pytest.raises(EngineUnavailable, match="was not ready within 1 s"):
        async with open_in_worker("tts", "obedient", {"slow": "60"}, settings):
            pass
    assert psutil.Process().children() == before


async def test_an_interpreter_that_is_not_there_is_named():
    settings = WorkerSettings(python_executable=Path("/no/such/python"))
    with pytest.raises(EngineUnavailable, match="/no/such/python"):
        async with open_in_worker("tts", "obedient", {}, settings):
            pass


async def test_voice_activity_detection_has_no_worker():
    with pytest.raises(ConfigurationError, match="run in process"):
        async with open_in_worker("vad", "silero", {}):
            pass


async def test_what_an_engine_prints_goes_to_the_log():
    with capture_logs() as logs:
        async with tts_in() as engine:
            await spoken(engine, "print a")
    assert [entry["line"] for entry in logs if entry["event"] == "worker printed"] == ["a line from the engine"]


async def test_nothing_is_left_behind_and_options_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = WorkerSettings(provider=f"{ENGINES}:tts", environment={"TMPDIR": str(tmp_path)})
    async with open_in_worker("tts", "obedient", {"key": "hush-hush"}, settings) as engine:
        assert not holds_anything(tmp_path)
        pid = pid_of(engine)
        process = psutil.Process(pid)
        assert "hush-hush" not in " ".join(process.cmdline())
        assert "hush-hush" not in json.dumps(process.environ())
        assert process.environ()["ORT_DISABLE_TELEMETRY"] == "1"
        assert await spoken(engine, "a") == ["a"]
    assert not running(pid)
    assert not holds_anything(tmp_path)
