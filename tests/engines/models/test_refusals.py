"""Each way in which the hub refuses, lies or is silent ends in words that say what to do."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.engines.models.shelves import WEIGHTS, is_there, open_store, pull_tiny, tiny

from syrinx.engines.models import (
    GatedModel,
    HubOffline,
    HubRefused,
    HubSettings,
    HubUnreachable,
    ModelFile,
    NotOnHub,
    OtherThanExpected,
    PullFailed,
)
from syrinx.errors import ConfigurationError
from syrinx.testing.hub_stand_in import Hold, HubStandIn, NoDigest, Status, WrongSize, sha256_of


@pytest.mark.parametrize(
    ("status", "code", "token", "kind", "words", "retryable"),
    [
        (401, "RepoNotFound", None, HubRefused, "Set HF_TOKEN, or correct the repository", False),
        (401, "", "hf_old", HubRefused, "does not accept the token", False),
        (401, "GatedRepo", None, GatedModel, "Set HF_TOKEN to a token of somebody who has asked", False),
        (403, "GatedRepo", "hf_mine", GatedModel, "is not of somebody who has asked", False),
        (403, "", None, HubRefused, "HTTPS_PROXY", False),
        (404, "EntryNotFound", None, NotOnHub, "no file config.json", False),
        (404, "RevisionNotFound", None, NotOnHub, "no such revision", False),
        (404, "", None, NotOnHub, "Correct the catalogue's entry tiny", False),
        (418, "", None, HubRefused, "answered 418", False),
        (429, "", None, HubRefused, "Wait some minutes", True),
        (500, "", None, HubRefused, "out of order", True),
        (503, "", None, HubRefused, "Try `syrinx models pull tiny` later", True),
    ],
)
async def test_a_refusal_is_told_in_its_own_words(
    hub: HubStandIn,
    folder: Path,
    status: int,
    code: str,
    token: str | None,
    kind: type[PullFailed],
    words: str,
    retryable: bool,
) -> None:
    hub.break_with(Status(status=status, error_code=code))
    async with open_store(folder, hub.url, token=token, retries=1) as store:
        with pytest.raises(kind, match=words) as refused:
            await pull_tiny(store)
        assert refused.value.retryable == retryable
        told = store.status("tiny")
        assert (told.state, told.failure) == ("available", refused.value)
    assert token is None or token not in refused.value.message
    assert not is_there(folder / "tiny")


@pytest.mark.parametrize(("status", "times_asked"), [(403, 1), (404, 1), (429, 2), (500, 2)])
async def test_only_what_may_pass_is_asked_again_during_a_transfer(
    hub: HubStandIn, folder: Path, status: int, times_asked: int
) -> None:
    hub.break_with(Status(file="config.json", status=status, only_get=True))
    async with open_store(folder, hub.url, retries=1) as store:
        with pytest.raises(HubRefused) as refused:
            await pull_tiny(store)
    assert refused.value.status == status
    assert hub.asked_for("config.json") == times_asked


async def test_a_hub_that_is_out_of_order_for_a_moment_is_asked_again(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(Status(file="config.json", status=503, only_get=True, times=2))
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        assert store.status("tiny").state == "installed"


async def test_a_missing_repository_is_told_as_the_hub_tells_it(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url, models=[tiny(repository="nobody/nothing")]) as store:
        with pytest.raises(HubRefused, match="nobody/nothing") as refused:
            await pull_tiny(store)
    assert refused.value.status == 401


async def test_a_connection_that_is_refused_says_where_and_what_to_check(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with open_store(folder, url) as store:
            with pytest.raises(HubUnreachable, match="HF_ENDPOINT and HTTPS_PROXY") as failed:
                await pull_tiny(store)
    assert url in failed.value.message
    assert failed.value.retryable


async def test_a_name_that_nobody_knows_is_unreachable(folder: Path) -> None:
    async with open_store(folder, "http://me:secret@hub.invalid") as store:
        with pytest.raises(HubUnreachable, match=r"hub\.invalid cannot be reached") as failed:
            await pull_tiny(store)
    assert "secret" not in failed.value.message


@pytest.mark.parametrize("endpoint", ["", "hub.invalid", "http://[hub", "ftp://hub.invalid", "https://", "http://x:y"])
def test_an_address_that_is_none_is_refused_when_it_is_set(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="HF_ENDPOINT"):
        HubSettings(endpoint=endpoint)


async def test_a_hub_that_falls_silent_is_given_up_after_the_time_allowed(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(Hold(file="model.bin", after_bytes=len(WEIGHTS) // 2))
    async with open_store(folder, hub.url, timeout_s=0.1, retries=0) as store:
        with pytest.raises(HubUnreachable, match="no answer in time"):
            await pull_tiny(store)
        assert store.status("tiny").partial_bytes > len(WEIGHTS) // 2


async def test_offline_means_that_nobody_is_asked(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url, offline=True) as store:
        with pytest.raises(HubOffline, match="syrinx models adopt tiny FOLDER"):
            store.pull("tiny", accept_licence="MIT")
    assert hub.requests == []


async def test_another_file_than_the_catalogues_is_refused_before_a_byte_of_it(hub: HubStandIn, folder: Path) -> None:
    file = ModelFile(path="model.bin", size_bytes=len(WEIGHTS), sha256="0" * 64)
    async with open_store(folder, hub.url, models=[tiny(files=(file,))]) as store:
        with pytest.raises(OtherThanExpected, match=r"another model\.bin"):
            await pull_tiny(store)
    assert hub.bytes_served() == 0


async def test_a_hub_without_checksums_is_believed_only_with_the_catalogues(
    hub: HubStandIn, folder: Path, tmp_path: Path
) -> None:
    hub.break_with(NoDigest())
    async with open_store(folder, hub.url) as store:
        with pytest.raises(OtherThanExpected, match=r"declares no checksum for config\.json"):
            await pull_tiny(store)
    listed = ModelFile(path="model.bin", size_bytes=1, sha256=sha256_of(tmp_path / "repository" / "model.bin"))
    async with open_store(folder, hub.url, models=[tiny(files=(listed,))]) as store:
        await pull_tiny(store)


@pytest.mark.parametrize("difference", [-1000, 1000])
async def test_a_file_of_another_size_than_declared_is_never_installed(
    hub: HubStandIn, folder: Path, difference: int
) -> None:
    hub.break_with(WrongSize(file="model.bin", size_bytes=len(WEIGHTS) + difference))
    async with open_store(folder, hub.url, retries=1) as store:
        with pytest.raises(PullFailed, match=r"model\.bin"):
            await pull_tiny(store)
        assert store.installed() == ()
