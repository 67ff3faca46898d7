"""OpenAI's list of models, driven by OpenAI's own client, and the voices there are."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import openai
import pytest
from tests.transports.openai_client import Opened, chatting, opened
from tests.transports.speech_house import recording
from tests.transports.test_openapi import has_example, operations

from syrinx.transports.http.speech_house import OfferedEngine, SpeechKind

WAV = recording()
KINDS: tuple[SpeechKind, ...] = ("tts", "stt")


@pytest.fixture
async def server() -> AsyncGenerator[Opened, None]:
    async with opened() as server:
        yield server


async def test_the_list_has_what_may_be_named(server: Opened) -> None:
    found = {each.id: each for each in (await server.client.models.list()).data}
    assert {"tones", "bells", "ear", "whisper-base", "tts-1", "gpt-4o-mini-tts", "whisper-1"} <= found.keys()
    assert "far" not in found, "what cannot be opened may not be promised"
    assert {each.owned_by for each in found.values()} == {"syrinx"}
    assert {each.object for each in found.values()} == {"model"}


async def test_every_model_of_the_list_can_be_used(server: Opened) -> None:
    for each in (await server.client.models.list()).data:
        for kind in (each.model_extra or {})["kinds"]:
            if kind == "tts":
                await server.client.audio.speech.create(model=each.id, voice="alloy", input="Hi", response_format="pcm")
            else:
                await server.client.audio.transcriptions.create(file=("a.wav", WAV), model=each.id)


async def test_openai_s_names_say_for_whom_they_stand(server: Opened) -> None:
    assert ((await server.client.models.retrieve("tts-1")).model_extra or {})["stands_for"] == ["tones"]
    assert ((await server.client.models.retrieve("whisper-1")).model_extra or {})["stands_for"] == ["ear"]


async def test_one_model_can_be_looked_at(server: Opened) -> None:
    found = await server.client.models.retrieve("whisper-base")
    assert found.id == "whisper-base"
    assert (found.model_extra or {})["languages"] == ["de", "en"]


async def test_a_name_with_a_slash_is_one_name(server: Opened) -> None:
    server.house.engines.append(
        OfferedEngine(kind="stt", name="org/ear", title="Ear", available=True, in_use=False, remote=True, languages=())
    )
    async with chatting(server) as web:
        assert (await web.get("/v1/models/org/ear")).json()["id"] == "org/ear"
    assert (await server.client.models.retrieve("org/ear")).id == "org/ear"


async def test_an_engine_of_both_kinds_stands_there_once(server: Opened) -> None:
    for kind in KINDS:
        server.house.engines.append(
            OfferedEngine(
                kind=kind, name="both", title="Both", available=True, in_use=False, remote=True, languages=(kind[:2],)
            )
        )
    found = [each for each in (await server.client.models.list()).data if each.id == "both"]
    assert [(each.model_extra or {})["kinds"] for each in found] == [["tts", "stt"]]


async def test_a_model_that_there_is_not_is_told(server: Opened) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await server.client.models.retrieve("gpt-9")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_the_token_is_asked_for() -> None:
    async with opened(token="secret") as server:
        stranger = server.client.with_options(api_key="no")
        with pytest.raises(openai.AuthenticationError):
            await stranger.models.list()


@pytest.mark.docs
async def test_every_route_shows_an_example_of_each_answer_and_body(server: Opened) -> None:
    async with chatting(server) as web:
        document: dict[str, Any] = (await web.get("/openapi.json")).json()
    found = dict(operations(document))
    assert set(found) == {
        "POST /v1/audio/speech",
        "POST /v1/audio/transcriptions",
        "POST /v1/audio/translations",
        "GET /v1/models",
        "GET /v1/models/{model}",
        "POST /inference",
        "POST /load",
        "POST /synthesize",
        "POST /synthesize-batch",
        "POST /audio-stream",
    }
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        bodies = operation.get("requestBody", {}).get("content", {})
        answers = [answer.get("content", {}) for answer in operation["responses"].values()]
        for content in (bodies, *answers):
            for media_type, media in content.items():
                shown = has_example(document, media) or "examples" in media or "examples" in media.get("schema", {})
                assert shown or media_type.startswith("audio/"), f"{name} shows no example of {media_type}"
