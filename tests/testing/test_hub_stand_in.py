"""The stand-in for the hub speaks as the hub does, and breaks as it is told to."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from syrinx.testing.hub_stand_in import (
    COMMIT,
    Corrupt,
    Cut,
    HubStandIn,
    NoRanges,
    Status,
    _Server,
    git_blob_sha1_of,
    open_hub_stand_in,
    sha256_of,
)

REPOSITORY = "people/model"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.bin").write_bytes(bytes(100_000))
    return tmp_path


def test_a_large_file_lies_in_the_storage_and_may_be_had_in_parts(repository: Path) -> None:
    with open_hub_stand_in({REPOSITORY: repository}) as hub:
        url = f"{hub.url}/{REPOSITORY}/resolve/main/model.bin"
        told = httpx.head(url)
        assert told.is_redirect
        assert told.headers["x-linked-etag"] == f'"{sha256_of(repository / "model.bin")}"'
        assert (told.headers["x-linked-size"], told.headers["x-repo-commit"]) == ("100000", COMMIT)
        assert told.headers["location"].startswith(hub.storage_url)
        part = httpx.get(url, headers={"range": "bytes=99990-"}, follow_redirects=True)
        assert (part.status_code, len(part.content)) == (206, 10)
        assert part.headers["content-range"] == "bytes 99990-99999/100000"
        assert hub.bytes_served("model.bin") == 10
        assert hub.asked_for("model.bin") == 1


def test_a_small_file_is_named_as_git_does(repository: Path) -> None:
    with open_hub_stand_in({REPOSITORY: repository}) as hub:
        answer = httpx.get(f"{hub.url}/{REPOSITORY}/resolve/main/config.json")
        assert answer.headers["etag"] == f'"{git_blob_sha1_of(repository / "config.json")}"'
        assert answer.content == b"{}"


def test_what_is_not_there_is_told_as_the_hub_does(repository: Path) -> None:
    with open_hub_stand_in({REPOSITORY: repository}) as hub:
        missing = httpx.get(f"{hub.url}/{REPOSITORY}/resolve/main/other.json")
        assert (missing.status_code, missing.headers["x-error-code"]) == (404, "EntryNotFound")
        unknown = httpx.get(f"{hub.url}/nobody/nothing/resolve/main/config.json")
        assert (unknown.status_code, unknown.headers["x-error-code"]) == (401, "RepoNotFound")
        assert httpx.get(f"{hub.url}/api/models/{REPOSITORY}/revision/main").json()["sha"] == COMMIT


def test_faults_spoil_as_many_answers_as_they_are_told_to(repository: Path) -> None:
    faults = [Status(file="config.json", status=503, times=1), Corrupt(file="config.json", times=1)]
    with open_hub_stand_in({REPOSITORY: repository}, faults=faults) as hub:
        url = f"{hub.url}/{REPOSITORY}/resolve/main/config.json"
        answers = [httpx.get(url) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503, 200, 200]
        assert [answer.content == b"{}" for answer in answers] == [False, False, True]


def test_a_cut_answer_ends_early_and_ranges_may_be_ignored(repository: Path) -> None:
    with open_hub_stand_in({REPOSITORY: repository}) as hub:
        url = f"{hub.storage_url}/{REPOSITORY}/model.bin"
        hub.break_with(Cut(after_bytes=1000))
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(url)
        hub.break_with(NoRanges())
        assert len(httpx.get(url, headers={"range": "bytes=5-"}).content) == 100_000


def test_only_a_client_that_hangs_up_is_passed_over_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    with _Server(HubStandIn({}, ()), storage=False) as server:
        for error in (ConnectionResetError("hung up"), RuntimeError("a mistake of ours")):
            try:
                raise error
            except (ConnectionError, RuntimeError):
                server.handle_error(None, ("127.0.0.1", 1))
    printed = capsys.readouterr().err
    assert "a mistake of ours" in printed
    assert "hung up" not in printed
