"""The description of the HTTP interface, as its readers find it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from tests.transports.talking_house import talk_server


@pytest.fixture
async def document() -> dict[str, Any]:
    async with talk_server() as server, httpx.AsyncClient(base_url=server.address, timeout=60.0) as web:
        return (await web.get("/openapi.json")).raise_for_status().json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.docs
def test_every_route_says_what_it_is_for_and_shows_an_answer(document: dict[str, Any]) -> None:
    found = dict(operations(document))
    assert set(found) == {
        "GET /health",
        "GET /metrics",
        "GET /api/talk/options",
        "GET /api/models",
        "POST /api/models/{name}/pull",
        "DELETE /api/models/{name}/pull",
        "DELETE /api/models/{name}",
        "POST /api/models/{name}/verify",
        "POST /api/speech",
        "POST /api/speech/marks",
        "GET /api/speech/pronunciations",
        "PUT /api/speech/pronunciations",
        "DELETE /api/speech/pronunciations",
        "POST /api/transcripts",
        "POST /v1/audio/speech",
        "POST /v1/audio/transcriptions",
        "POST /v1/audio/translations",
        "GET /v1/audio/voices",
        "GET /v1/models",
        "GET /v1/models/{model}",
        "POST /api/voice/transcribe",
        "POST /api/voice/synthesize",
        "POST /api/voice/synthesize-batch",
        "POST /api/voice/audio-stream",
        "GET /api/voice/voices",
        "GET /api/voice/health",
        "GET /api/v1/tts/config",
        "GET /api/v1/tts/voices",
        "POST /api/v1/tts/voices",
        "POST /api/v1/tts/synthesize",
        "POST /inference",
        "POST /load",
        "POST /synthesize",
        "POST /audio-stream",
        "POST /synthesize-batch",
        "POST /api/public/voice/onboarding/clone",
        "GET /api/public/voice/onboarding/jobs/{job_id}/status",
        "GET /api/public/voice/onboarding/status/{voice_id}",
        "POST /api/public/voice/onboarding/test/{voice_id}",
        "DELETE /api/public/voice/onboarding/{voice_id}",
        "GET /api/voices/consent-phrase",
        "POST /api/voices/consents",
        "GET /api/voices/consents",
        "GET /api/voices/consents/{consent_id}",
        "DELETE /api/voices/consents/{consent_id}",
        "GET /api/voices/consents/{consent_id}/recording",
        "POST /api/voices/consents/{consent_id}/revoke",
        "GET /api/voices/jobs",
        "GET /api/voices/jobs/{job_id}",
        "DELETE /api/voices/jobs/{job_id}",
        "GET /api/voices/jobs/{job_id}/events",
        "GET /api/voices",
        "POST /api/voices",
        "GET /api/voices/{voice_id}",
        "PATCH /api/voices/{voice_id}",
        "DELETE /api/voices/{voice_id}",
        "GET /api/voices/{voice_id}/reference",
        "GET /api/voices/{voice_id}/sample",
        "GET /api/voices/{voice_id}/consent",
        "GET /api/voices/{voice_id}/export",
        "POST /api/voice/upload",
        "POST /v1/audio/voices",
        "DELETE /v1/audio/voices/{voice_id}",
        "POST /v1/audio/voice_consents",
        "GET /v1/audio/voice_consents",
        "GET /v1/audio/voice_consents/{consent_id}",
        "POST /v1/audio/voice_consents/{consent_id}",
        "DELETE /v1/audio/voice_consents/{consent_id}",
        "POST /api/messages/voice",
        "GET /api/conversations",
        "DELETE /api/conversations",
        "GET /api/conversations/{conversation_id}",
        "PATCH /api/conversations/{conversation_id}",
        "DELETE /api/conversations/{conversation_id}",
        "GET /api/conversations/{conversation_id}/export",
        "GET /api/people/me",
        "DELETE /api/people/me",
        "GET /api/people/me/export",
        "POST /api/tickets",
        "GET /api/audit",
        "GET /api/people",
        "GET /api/keys",
        "POST /api/keys",
        "POST /api/keys/{key_id}/rotate",
        "PATCH /api/keys/{key_id}",
        "DELETE /api/keys/{key_id}",
    }
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        for status, answer in operation["responses"].items():
            assert answer["description"], name
            for media in answer.get("content", {}).values():
                assert status == "422" or has_example(document, media), f"{name} {status} shows no example"


def has_example(document: dict[str, Any], media: dict[str, Any]) -> bool:
    schema = media.get("schema", {})
    if schema.get("format") == "binary":
        return True  # sound shows nothing
    if "example" in media or "examples" in media:
        return True
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields = schema.get("properties", {}).values()
    wanted = [field for field in fields if "default" not in field]
    return "example" in schema or (bool(wanted) and all("examples" in each for each in wanted))


def test_what_is_referred_to_is_there(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert {"ErrorBody", "DetailBody", "OpenAiError", "PlainError"} <= named
    assert named <= document["components"]["schemas"].keys()


def test_nothing_in_it_is_fetched_from_elsewhere(document: dict[str, Any]) -> None:
    assert "://" not in json.dumps(without_examples(document))


def without_examples(value: Any) -> Any:
    """Examples show addresses as data, which nobody follows."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {name: without_examples(each) for name, each in named.items() if name not in {"example", "examples"}}
    return [without_examples(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


async def test_there_are_no_viewers_that_fetch_scripts_from_a_network() -> None:
    async with talk_server() as server, httpx.AsyncClient(base_url=server.address, timeout=60.0) as web:
        for path in ("/docs", "/redoc"):
            assert (await web.get(path)).status_code == 404
