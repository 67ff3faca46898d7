"""Models over HTTP: what is answered, what is refused and in which words."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.transports.test_openapi import has_example, operations

from syrinx.accounts import door_of
from syrinx.engines.models import (
    CorruptDownload,
    DiskFull,
    FolderNotWritable,
    GatedModel,
    HubOffline,
    HubUnreachable,
    LicenceNotAccepted,
    ModelBusy,
    NotInstalled,
    PullCancelled,
    PullFailed,
    UnknownModel,
    WrongFolder,
)
from syrinx.errors import SyrinxError
from syrinx.transports.http.errors import add_error_handling, status_of
from syrinx.transports.http.models import (
    LicenceEntry,
    ModelEntry,
    ModelHouse,
    ModelList,
    ProgressEntry,
    Verification,
    model_routes,
)

ADDRESS = "http://127.0.0.1:8000"
WHISPER = ModelEntry(
    name="whisper-base",
    engine="whisper",
    kind="stt",
    title="Whisper base",
    good_for="Understands 99 languages.",
    languages=["de", "en"],
    size_bytes=147_951_465,
    memory_bytes=400_000_000,
    licence=LicenceEntry(id="MIT", name="MIT licence", url="https://opensource.org/license/mit", summary="Free."),
    repository="Systran/faster-whisper-base",
    hosts=["huggingface.co"],
    revision="main",
    preference=60,
    state="available",
    progress=None,
    failure=None,
    problem="",
    partial_bytes=0,
    in_use=False,
    adopted=False,
    ability=None,
    measuring=False,
    recommended=True,
)
PULLING = WHISPER.model_copy(
    update={
        "state": "pulling",
        "progress": ProgressEntry(stage="downloading", done_bytes=1, total_bytes=2, bytes_per_s=1e6, seconds_left=12.5),
    }
)


class FakeHouse:
    """Knows one model; keeps what it was asked; `refusing` is raised by whatever changes something."""

    def __init__(self, refusing: SyrinxError | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._refusing = refusing

    def wired(self) -> ModelHouse:
        return ModelHouse(list=self.list, pull=self.pull, cancel=self.cancel, remove=self.remove, verify=self.verify)

    async def list(self) -> ModelList:
        return ModelList(models=[WHISPER], folder="/models", free_bytes=123_456, hub="https://hub.test", offline=False)

    async def pull(self, name: str, accept_licence: str | None) -> ModelEntry:
        self._note("pull", name, str(accept_licence))
        if accept_licence != "MIT":
            raise LicenceNotAccepted("Whisper base comes under MIT: accept it to get it", licence_id="MIT")
        return PULLING

    async def cancel(self, name: str) -> ModelEntry:
        self._note("cancel", name)
        return WHISPER

    async def remove(self, name: str) -> ModelEntry:
        self._note("remove", name)
        return WHISPER

    async def verify(self, name: str) -> Verification:
        self._note("verify", name)
        return Verification(ok=False, problems=["model.bin is 3 bytes short"])

    def _note(self, *what: str) -> None:
        if what[1] != "whisper-base":
            raise UnknownModel(f"There is no model {what[1]!r} in the catalogue. There are: whisper-base.")
        if self._refusing is not None:
            raise self._refusing
        self.asked.append(what)


@asynccontextmanager
async def served(
    house: FakeHouse, *, token: str | None = None, origins: tuple[str, ...] = ()
) -> AsyncGenerator[httpx.AsyncClient, None]:
    app = FastAPI()
    add_error_handling(app)
    app.include_router(model_routes(house.wired(), door=door_of(token), origins=origins))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS) as web:
        yield web


CHANGES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/api/models/whisper-base/pull", {"accept_licence": "MIT"}),
    ("DELETE", "/api/models/whisper-base/pull", None),
    ("DELETE", "/api/models/whisper-base", None),
    ("POST", "/api/models/whisper-base/verify", {}),
]
every_change = pytest.mark.parametrize(("method", "path", "body"), CHANGES, ids=[f"{m} {p}" for m, p, _ in CHANGES])


async def test_the_list_says_all_there_is_to_know() -> None:
    async with served(FakeHouse()) as web:
        answer = (await web.get("/api/models")).raise_for_status().json()
    assert answer["folder"] == "/models"
    assert answer["free_bytes"] == 123_456
    assert answer["hub"] == "https://hub.test"
    assert answer["offline"] is False
    (entry,) = answer["models"]
    assert entry["licence"] == {
        "id": "MIT",
        "name": "MIT licence",
        "url": "https://opensource.org/license/mit",
        "summary": "Free.",
    }
    assert entry["progress"] is None
    assert entry["ability"] is None
    assert entry["recommended"] is True


async def test_a_pull_is_accepted_and_a_second_one_joins_it() -> None:
    house = FakeHouse()
    async with served(house) as web:
        for _ in range(2):
            answer = await web.post("/api/models/whisper-base/pull", json={"accept_licence": "MIT"})
            assert answer.status_code == 202
            assert answer.json()["state"] == "pulling"
            assert answer.json()["progress"]["seconds_left"] == 12.5
    assert house.asked == [("pull", "whisper-base", "MIT")] * 2


@pytest.mark.parametrize("body", [{}, {"accept_licence": None}, {"accept_licence": "GPL-3.0-only"}])
async def test_without_its_licence_accepted_a_model_is_refused_with_the_licence_named(body: dict[str, Any]) -> None:
    async with served(FakeHouse()) as web:
        answer = await web.post("/api/models/whisper-base/pull", json=body)
    assert answer.status_code == 409
    assert answer.json() == {
        "code": "licence_not_accepted",
        "message": "Whisper base comes under MIT: accept it to get it",
        "retryable": False,
    }


async def test_cancel_remove_and_verify_reach_the_store() -> None:
    house = FakeHouse()
    async with served(house) as web:
        assert (await web.delete("/api/models/whisper-base/pull")).json()["name"] == "whisper-base"
        assert (await web.delete("/api/models/whisper-base")).json()["state"] == "available"
        checked = await web.post("/api/models/whisper-base/verify", json={})
    assert checked.json() == {"ok": False, "problems": ["model.bin is 3 bytes short"]}
    assert house.asked == [("cancel", "whisper-base"), ("remove", "whisper-base"), ("verify", "whisper-base")]


@every_change
async def test_a_model_that_is_not_in_the_catalogue_is_not_found(
    method: str, path: str, body: dict[str, Any] | None
) -> None:
    async with served(FakeHouse()) as web:
        answer = await web.request(method, path.replace("whisper-base", "wisper"), json=body)
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_model"
    assert "whisper-base" in answer.json()["message"]


async def test_checking_what_is_not_installed_is_a_conflict() -> None:
    async with served(FakeHouse(NotInstalled("Whisper base is not installed"))) as web:
        answer = await web.post("/api/models/whisper-base/verify", json={})
    assert answer.status_code == 409
    assert answer.json()["code"] == "model_not_installed"


@every_change
async def test_the_token_is_wanted_for_everything(method: str, path: str, body: dict[str, Any] | None) -> None:
    house = FakeHouse()
    async with served(house, token="s3cret") as web:
        for headers in ({}, {"authorization": "Bearer wrong"}):
            assert (await web.request(method, path, json=body, headers=headers)).status_code == 401
        assert (await web.get("/api/models")).status_code == 401
        assert not house.asked
        with_it = await web.request(method, path, json=body, headers={"authorization": "Bearer s3cret"})
        assert with_it.is_success
        assert len(house.asked) == 1


@every_change
async def test_pages_of_other_origins_change_nothing(method: str, path: str, body: dict[str, Any] | None) -> None:
    house = FakeHouse()
    async with served(house, origins=("https://talk.example",)) as web:
        for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
            refused = await web.request(method, path, json=body, headers={"origin": origin})
            assert refused.status_code == 403
            assert refused.json()["code"] == "origin_refused"
            assert origin in refused.json()["message"]
        assert not house.asked
        for origin in (ADDRESS, "https://talk.example"):
            assert (await web.request(method, path, json=body, headers={"origin": origin})).is_success
        assert len(house.asked) == 2


async def test_any_page_may_ask_for_the_list_but_a_browser_keeps_the_answer_from_it() -> None:
    async with served(FakeHouse()) as web:
        answer = await web.get("/api/models", headers={"origin": "https://evil.example"})
    assert answer.is_success
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
@pytest.mark.parametrize("path", [path for method, path, _ in CHANGES if method == "POST"])
async def test_a_body_that_a_form_could_have_sent_is_refused(path: str, media_type: str) -> None:
    house = FakeHouse()
    async with served(house) as web:
        headers = {"content-type": media_type} if media_type else {}
        answer = await web.post(path, content=b'{"accept_licence": "MIT"}', headers=headers)
    assert answer.status_code == 415
    assert answer.json()["code"] == "json_wanted"
    assert "application/json" in answer.json()["message"]
    assert not house.asked


async def test_the_character_set_may_stand_beside_the_type() -> None:
    async with served(FakeHouse()) as web:
        answer = await web.post(
            "/api/models/whisper-base/verify",
            content=b"{}",
            headers={"content-type": "Application/JSON; charset=utf-8"},
        )
    assert answer.is_success


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"accept_licence": "MIT", "force": true}', "force: "),
        (b'{"accept_licence": 3}', "accept_licence: "),
        (b'["MIT"]', "body: "),
        (b'{"accept_licence"', "body: "),
    ],
)
async def test_a_body_that_is_not_as_described_is_refused_in_our_shape(content: bytes, says: str) -> None:
    house = FakeHouse()
    async with served(house) as web:
        answer = await web.post(
            "/api/models/whisper-base/pull", content=content, headers={"content-type": "application/json"}
        )
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_input"
    assert answer.json()["message"].startswith(says)
    assert not house.asked


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DiskFull("no room"), 507),
        (FolderNotWritable("read-only"), 507),
        (HubOffline("offline"), 503),
        (HubUnreachable("no answer"), 503),
        (GatedModel("ask its authors", status=403), 502),
        (CorruptDownload("other bytes"), 502),
        (PullFailed("something else"), 502),
        (PullCancelled("given up"), 409),
        (ModelBusy("being removed"), 409),
        (WrongFolder("no model.bin"), 400),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, SyrinxError) else str(each),
)
async def test_each_failure_has_its_status(error: SyrinxError, status: int) -> None:
    assert status_of(error) == status
    async with served(FakeHouse(error)) as web:
        answer = await web.post("/api/models/whisper-base/pull", json={"accept_licence": "MIT"})
    assert answer.status_code == status
    assert answer.json() == {"code": error.code, "message": error.message, "retryable": error.retryable}


@pytest.mark.docs
async def test_every_route_says_what_it_is_for_and_shows_every_body_and_answer() -> None:
    async with served(FakeHouse()) as web:
        document = (await web.get("/openapi.json")).raise_for_status().json()
    found = dict(operations(document))
    assert set(found) == {"GET /api/models", *(f"{m} {p.replace('whisper-base', '{name}')}" for m, p, _ in CHANGES)}
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"] == ["models"], name
        answers = operation["responses"]
        assert set(answers) >= {"401", "422"}, name
        bodies = [*answers.values(), *([operation["requestBody"]] if "requestBody" in operation else [])]
        for body in bodies:
            for media in body["content"].values():
                assert has_example(document, media), f"{name} shows no example"
