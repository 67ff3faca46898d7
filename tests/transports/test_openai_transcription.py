"""OpenAI's transcription and translation routes, driven by OpenAI's own client."""

from __future__ import annotations

import json
import warnings
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import openai
import pytest
from openai.types.audio import TranscriptionTextDeltaEvent, TranscriptionTextDoneEvent
from tests.transports.openai_client import Opened, chatting, opened, stalled_post
from tests.transports.speech_house import ScriptedHouse, ScriptedMedia, recording, speech_server, until

from syrinx.accounts import OpenDoor
from syrinx.audio import PcmChunk
from syrinx.engines.stt.contract import RecognizedSegment, Transcript
from syrinx.errors import (
    BadAudio,
    BadInput,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    SyrinxError,
    UnknownLanguage,
)
from syrinx.speech.recordings import RecordingHeard, RecordingRequest
from syrinx.testing.fake_speech import ScriptedTranscriber
from syrinx.text.pronunciations import Pronunciation, Pronunciations
from syrinx.transports.http.openai_audio import openai_routes

WAV = ("speech.wav", recording())


@pytest.fixture
async def server() -> AsyncGenerator[Opened, None]:
    async with opened() as server:
        yield server


async def test_a_transcript_is_text_and_how_long_the_recording_was(server: Opened) -> None:
    heard = await server.client.audio.transcriptions.create(file=WAV, model="whisper-1")
    assert heard.text == "hello there"
    assert heard.usage is not None
    assert heard.usage.type == "duration"
    assert heard.usage.seconds == 3.0


async def test_what_is_asked_for_reaches_the_ear(server: Opened) -> None:
    server.house.pronunciations["ann"] = Pronunciations((Pronunciation(written="SQL", spoken="sequel"),))
    await server.client.audio.transcriptions.create(
        file=WAV,
        model="whisper-base",
        language="de",
        prompt="The kettle",
        temperature=0.25,
        keywords=["kettle", "tea"],
        extra_body={"hotwords": "cup, saucer"},
        extra_headers={"X-Syrinx-User": "ann"},
    )
    assert server.house.transcriber.requests == [
        RecordingRequest(
            language="de",
            engine="whisper-base",
            prompt="The kettle",
            temperature=0.25,
            hotwords=("kettle", "tea", "cup", "saucer", "SQL"),
            names_hotwords=True,
        )
    ]


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe"])
async def test_openai_s_names_leave_the_choice_to_the_house(server: Opened, model: str) -> None:
    await server.client.audio.transcriptions.create(file=WAV, model=model)
    assert server.house.transcriber.requests[0].engine == ""
    assert server.house.transcriber.requests[0].language is None


async def test_plain_text_is_only_the_words(server: Opened) -> None:
    heard = await server.client.audio.transcriptions.create(file=WAV, model="whisper-1", response_format="text")
    assert heard == "hello there\n"


async def test_subtitles_come_as_srt_and_vtt(server: Opened) -> None:
    srt = await server.client.audio.transcriptions.create(file=WAV, model="whisper-1", response_format="srt")
    assert srt == "1\n00:00:00,000 --> 00:00:03,000\nhello there\n"
    vtt = await server.client.audio.transcriptions.create(file=WAV, model="whisper-1", response_format="vtt")
    assert vtt == "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\nhello there\n"


async def test_a_verbose_transcript_has_segments(server: Opened) -> None:
    heard = await server.client.audio.transcriptions.create(
        file=WAV, model="whisper-1", response_format="verbose_json", temperature=0.2
    )
    assert (heard.language, heard.duration, heard.text) == ("english", 3.0, "hello there")
    assert heard.words is None
    assert heard.segments is not None
    (segment,) = heard.segments
    assert (segment.id, segment.start, segment.end, segment.text) == (0, 0.0, 3.0, "hello there")
    assert (segment.tokens, segment.temperature, segment.no_speech_prob) == ([], 0.2, 0.0)
    assert segment.avg_logprob == pytest.approx(-0.1054)
    assert segment.compression_ratio == pytest.approx(11 / 19, abs=0.01)
    assert segment.model_extra == {"not_known": ["tokens", "no_speech_prob"]}
    more = heard.model_extra
    assert more is not None
    assert (more["task"], more["times"], more["engine"]) == ("transcribe", "exact", "ear")


async def test_words_are_listed_when_they_are_asked_for(server: Opened) -> None:
    heard = await server.client.audio.transcriptions.create(
        file=WAV, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert heard.segments is None
    assert heard.words is not None
    assert [(each.word, each.start, each.end) for each in heard.words] == [("hello", 0.0, 1.5), ("there", 1.5, 3.0)]


async def test_words_and_segments_may_be_asked_for_together(server: Opened) -> None:
    heard = await server.client.audio.transcriptions.create(
        file=WAV, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert heard.segments
    assert heard.words


async def test_the_headers_tell_how_it_was_made(server: Opened) -> None:
    answer = await server.client.audio.transcriptions.with_raw_response.create(file=WAV, model="whisper-1")
    stages = [each.partition(";")[0].strip() for each in answer.headers["server-timing"].split(",")]
    assert stages == ["decode", "stt", "rtf"]
    assert (answer.headers["x-syrinx-engine"], answer.headers["x-syrinx-times"]) == ("ear", "exact")
    assert answer.headers["x-request-id"]
    assert "x-syrinx-not-applied" not in answer.headers


class Unsure:
    """An ear that takes back words, guesses times and samples nothing."""

    async def __call__(
        self, audio: AsyncIterator[PcmChunk], request: RecordingRequest
    ) -> AsyncGenerator[RecordingHeard, None]:
        del request
        async for _ in audio:
            pass
        for text, stable_chars in (("the cattle", 4), ("the kettle is", 10), ("the kettle is off", 10)):
            yield RecordingHeard(transcript=Transcript(text=text, stable_chars=stable_chars), duration_ms=1000.0)
        yield RecordingHeard(
            transcript=Transcript(
                text="the kettle is on",
                final=True,
                stable_chars=16,
                engine="unsure",
                segments=(RecognizedSegment(text="the kettle is on", start_ms=0.0, end_ms=1000.0),),
            ),
            duration_ms=3000.0,
            times="estimated",
            not_applied=("prompt",),
        )


async def test_only_text_that_stays_is_streamed() -> None:
    house = ScriptedHouse()
    made = house.opened(transcribe=Unsure())
    async with (
        speech_server(
            lambda each: openai_routes(each, door=OpenDoor(), origins=()), house=house, opened=made
        ) as server,
        openai.AsyncOpenAI(base_url=f"{server.address}/v1", api_key="none", max_retries=0) as client,
    ):
        events = [
            event
            async for event in await client.audio.transcriptions.create(
                file=WAV, model="gpt-4o-transcribe", prompt="Tea.", stream=True
            )
        ]
        whole = await client.audio.transcriptions.with_raw_response.create(file=WAV, model="whisper-1", prompt="Tea.")
    *deltas, done = events
    assert all(isinstance(each, TranscriptionTextDeltaEvent) for each in deltas)
    assert [each.delta for each in deltas if isinstance(each, TranscriptionTextDeltaEvent)] == [
        "the ",
        "kettle",
        " is on",
    ]
    assert isinstance(done, TranscriptionTextDoneEvent)
    assert done.text == "the kettle is on"
    assert done.to_dict()["usage"] == {"type": "duration", "seconds": 3.0}
    assert done.to_dict()["not_applied"] == ["prompt"]
    assert whole.headers["x-syrinx-not-applied"] == "prompt"
    assert whole.headers["x-syrinx-times"] == "estimated"


async def test_events_begin_before_the_recording_is_read_to_its_end() -> None:
    house = ScriptedHouse(
        media=ScriptedMedia(chunk_s=0.02), transcriber=ScriptedTranscriber(words=("a", "b", "c", "d"))
    )
    async with opened(house) as server:
        asking = server.client.audio.transcriptions.with_streaming_response.create(
            file=("long.wav", recording(duration_ms=60_000.0)), model="whisper-1", stream=True
        )
        async with asking as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert house.at_work
        await house.nothing_left()


async def test_a_stream_that_breaks_off_ends_with_an_error() -> None:
    house = ScriptedHouse(transcriber=ScriptedTranscriber(error=EngineError("the ear broke off")))
    async with opened(house) as server:
        stream = await server.client.audio.transcriptions.create(file=WAV, model="whisper-1", stream=True)
        with pytest.raises(openai.APIError, match="the ear broke off"):
            async for _ in stream:
                pass


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_ends_the_work(stream: bool) -> None:
    house = ScriptedHouse(media=ScriptedMedia(chunk_s=0.02))
    async with opened(house) as server:
        fields = {"stream": "true"} if stream else {}
        body, media_type = form(recording(duration_ms=60_000.0), fields)
        _, writer = await stalled_post(server, "/v1/audio/transcriptions", body, media_type=media_type)
        await until(lambda: house.transcriber.active == 1)
        writer.close()
        await house.nothing_left()
        assert (house.transcriber.active, house.media.open, house.media.opened) == (0, 0, 1)


def form(file: bytes, fields: dict[str, str]) -> tuple[bytes, str]:
    """A multipart body and its media type."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    return "".join(parts).encode() + head.encode() + file + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"


REFUSALS: list[tuple[SyrinxError, int, str, str | None]] = [
    (UnknownLanguage("nobody here understands 'xx'"), 400, "unknown_language", "language"),
    (BadInput("this ear cannot translate"), 400, "bad_input", None),
    (BadAudio("the recording is damaged"), 400, "bad_audio", "file"),
    (EngineBusy("busy", retry_after_s=1.0), 429, "engine_busy", None),
    (EngineUnavailable("not installed"), 503, "engine_unavailable", None),
]


@pytest.mark.parametrize(("error", "status", "code", "parameter"), REFUSALS)
async def test_what_the_ear_refuses_is_told(error: SyrinxError, status: int, code: str, parameter: str | None) -> None:
    async with opened(ScriptedHouse(transcriber=ScriptedTranscriber(error=error))) as server:
        with pytest.raises(openai.APIStatusError) as caught:
            await server.client.audio.transcriptions.create(file=WAV, model="whisper-1")
    assert (caught.value.status_code, caught.value.code, caught.value.param) == (status, code, parameter)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_file_that_is_no_sound_is_refused_before_anything_is_sent(server: Opened, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError, match="send WAV") as caught:
        await server.client.audio.transcriptions.create(file=("a.mp3", b"not sound"), model="whisper-1", stream=stream)
    assert (caught.value.code, caught.value.param) == ("bad_audio", "file")


async def test_a_file_that_is_too_large_is_refused() -> None:
    house = ScriptedHouse()
    house.limits = type(house.limits)(upload_bytes=1000)
    async with opened(house) as server:
        with pytest.raises(openai.APIStatusError) as caught:
            await server.client.audio.transcriptions.create(file=WAV, model="whisper-1")
    assert (caught.value.status_code, caught.value.code) == (413, "too_large")


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"response_format": "diarized_json"}, "response_format"),
        ({"response_format": "ttml"}, "response_format"),
        ({"include[]": "logprobs"}, "include"),
        ({"known_speaker_names[]": "ann"}, "known_speaker_names"),
        ({"known_speaker_references[]": "data:..."}, "known_speaker_references"),
        ({"chunking_strategy": '{"type":"server_vad"}'}, "chunking_strategy"),
        ({"chunking_strategy[type]": "server_vad", "chunking_strategy[threshold]": "0.5"}, "chunking_strategy"),
        ({"temperature": "2"}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"stream": "perhaps"}, "stream"),
        ({"stream": "true", "response_format": "srt"}, "response_format"),
        ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
        ({"timestamp_granularities[]": "syllable", "response_format": "verbose_json"}, "timestamp_granularities"),
        ({"languages[]": ["de", "en"]}, "languages"),
        ({"language": "de", "languages[]": "en"}, "languages"),
        ({"model": ["a", "b"]}, "model"),
        ({"vad_filter": "true"}, "vad_filter"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_its_name(
    server: Opened, fields: dict[str, Any], parameter: str
) -> None:
    async with chatting(server) as web:
        answer = await web.post("/v1/audio/transcriptions", files={"file": WAV}, data=fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == parameter
    assert not server.house.transcriber.requests


async def test_the_automatic_chunking_strategy_is_what_happens_anyway(server: Opened) -> None:
    heard = await server.client.audio.transcriptions.create(file=WAV, model="whisper-1", chunking_strategy="auto")
    assert heard.text == "hello there"


async def test_a_model_that_speaks_cannot_listen(server: Opened) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await server.client.audio.transcriptions.create(file=WAV, model="tones")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_a_form_without_a_file_is_refused(server: Opened) -> None:
    async with chatting(server) as web:
        answer = await web.post("/v1/audio/transcriptions", files={"model": (None, "whisper-1")})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")


async def translated(server: Opened, **asked: Any) -> Any:
    with warnings.catch_warnings():
        # OpenAI means to give up its model that translates; the route stays in use here.
        warnings.simplefilter("ignore", DeprecationWarning)
        return await server.client.audio.translations.create(**asked)  # pyright: ignore[reportDeprecated]


async def test_a_translation_is_asked_of_the_ear(server: Opened) -> None:
    heard = await translated(server, file=WAV, model="whisper-1", prompt="Tea.")
    assert heard.text == "hello there"
    assert server.house.transcriber.requests == [RecordingRequest(task="translate", prompt="Tea.")]


async def test_a_verbose_translation_is_english_whatever_was_spoken(server: Opened) -> None:
    heard = await translated(
        server, file=WAV, model="whisper-1", response_format="verbose_json", extra_body={"language": "de"}
    )
    assert (heard.language, heard.duration) == ("english", 3.0)
    assert heard.segments
    assert server.house.transcriber.requests[0].language == "de"


@pytest.mark.parametrize("response_format", ["text", "srt", "vtt"])
async def test_a_translation_comes_without_json_too(server: Opened, response_format: Any) -> None:
    heard = await translated(server, file=WAV, model="whisper-1", response_format=response_format)
    assert "hello there" in str(heard)


async def test_a_translation_has_no_granularities(server: Opened) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await translated(server, file=WAV, model="whisper-1", extra_body={"timestamp_granularities[]": "word"})
    assert caught.value.code == "unknown_parameter"


async def test_without_the_token_nothing_is_heard() -> None:
    async with opened(token="secret") as server, chatting(server) as web:
        answer = await web.post("/v1/audio/transcriptions", files={"file": WAV})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
        assert (await server.client.audio.transcriptions.create(file=WAV, model="whisper-1")).text


async def test_each_event_stands_on_a_line_of_its_own(server: Opened) -> None:
    async with chatting(server) as web:
        answer = await web.post("/v1/audio/transcriptions", files={"file": WAV}, data={"stream": "true"})
    kinds = [json.loads(event.removeprefix("data: "))["type"] for event in answer.text.split("\n\n") if event]
    assert kinds == ["transcript.text.delta", "transcript.text.done"]
