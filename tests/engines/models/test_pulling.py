"""Pulls that go well, break, are taken up again, are cancelled, or are shared."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.engines.models.shelves import (
    CONFIG,
    REPOSITORY,
    WEIGHTS,
    files_below,
    is_there,
    open_store,
    pull_tiny,
    tiny,
    until,
)

from syrinx.engines.models import (
    Catalogue,
    CorruptDownload,
    HubSettings,
    LicenceNotAccepted,
    ModelFile,
    PullCancelled,
    PullFailed,
    UnknownModel,
    open_model_store,
)
from syrinx.engines.models.manifest import read_manifest
from syrinx.testing.hub_stand_in import (
    COMMIT,
    Corrupt,
    Cut,
    Hold,
    HubStandIn,
    NoRanges,
    PlainRedirect,
    git_blob_sha1_of,
    sha256_of,
)

HALF = len(WEIGHTS) // 2


async def reached(hold: Hold) -> None:
    await asyncio.to_thread(hold.reached.wait, 10)


async def test_a_pulled_model_lies_in_a_folder_of_its_name_with_all_its_files(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        installed = await store.pull("tiny", accept_licence="MIT").wait()
        assert store.installed() == (installed,)
        assert store.status("tiny").state == "installed"
    assert installed.path == folder / "tiny"
    assert installed.revision == COMMIT
    assert (installed.path / "config.json").read_bytes() == CONFIG
    assert (installed.path / "model.bin").read_bytes() == WEIGHTS


async def test_a_file_may_be_saved_under_another_name_and_in_a_folder_below(hub: HubStandIn, folder: Path) -> None:
    file = ModelFile(path="config.json", size_bytes=len(CONFIG), save_as="parts/main.json")
    async with open_store(folder, hub.url, models=[tiny(files=(file,))]) as store:
        await pull_tiny(store)
    assert (folder / "tiny" / "parts" / "main.json").read_bytes() == CONFIG


async def test_the_manifest_tells_licence_commit_and_what_each_file_was_checked_against(
    hub: HubStandIn, folder: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    listed = ModelFile(path="model.bin", size_bytes=1, sha256=sha256_of(repository / "model.bin"))
    model = tiny(files=(ModelFile(path="config.json", size_bytes=1), listed))
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    hub_settings = HubSettings(endpoint=hub.url)
    async with open_model_store(folder, catalogue=Catalogue([model]), hub=hub_settings, now=lambda: now) as store:
        await pull_tiny(store)
    manifest = read_manifest(folder / "tiny" / "syrinx-model.json")
    assert manifest is not None
    assert (manifest.licence, manifest.licence_accepted_at) == ("MIT", "2026-11-21T12:00:00+00:00")
    assert manifest.revision == COMMIT
    assert {file.path: file.checked_against for file in manifest.files} == {
        "config.json": "hub",
        "model.bin": "catalogue",
    }
    assert {file.path: file.sha256 for file in manifest.files} == {
        name: sha256_of(repository / name) for name in ("config.json", "model.bin")
    }


async def test_all_files_are_taken_at_the_commit_that_the_first_was_seen_at(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    paths = [seen.path for seen in hub.requests if not seen.storage]
    assert paths[0] == f"/{REPOSITORY}/resolve/main/config.json"
    assert all(f"/resolve/{COMMIT}/" in path for path in paths[1:])


@pytest.mark.parametrize("accepted", [None, "", "mit", "Apache-2.0"])
async def test_nothing_is_asked_before_the_very_licence_was_accepted(
    hub: HubStandIn, folder: Path, accepted: str | None
) -> None:
    async with open_store(folder, hub.url) as store:
        with pytest.raises(LicenceNotAccepted, match="Free for all") as refused:
            store.pull("tiny", accept_licence=accepted)
        assert refused.value.licence_id == "MIT"
        assert store.status("tiny").state == "available"
    assert hub.requests == []
    assert not is_there(folder)


async def test_an_unknown_model_is_refused_by_name(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        with pytest.raises(UnknownModel, match="There are: tiny"):
            store.pull("tinny", accept_licence="MIT")


async def test_opening_and_asking_fetches_nothing_and_makes_no_folder(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        assert [status.state for status in store.statuses()] == ["available"]
        assert store.installed() == ()
        assert store.free_bytes()
    assert hub.requests == []
    assert not is_there(folder)


async def test_an_installed_model_is_pulled_at_once_and_without_the_hub(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    asked = len(hub.requests)
    async with open_store(folder, hub.url, offline=True) as store:
        pull = store.pull("tiny", accept_licence=None)
        assert not pull.running
        assert pull.progress().done_bytes == pull.progress().total_bytes
        assert (await pull.wait()).path == folder / "tiny"
    assert len(hub.requests) == asked


async def test_a_broken_transfer_is_taken_up_where_it_broke(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(Cut(file="model.bin", after_bytes=HALF, times=1))
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    assert hub.asked_for("model.bin") == 2
    assert hub.bytes_served("model.bin") == len(WEIGHTS)


async def test_any_number_of_breaks_is_borne_while_bytes_come(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(Cut(file="model.bin", after_bytes=len(WEIGHTS) // 10, times=None))
    async with open_store(folder, hub.url, retries=1) as store:
        await pull_tiny(store)
    assert hub.asked_for("model.bin") == 10
    assert hub.bytes_served("model.bin") == len(WEIGHTS)


async def test_waits_grow_between_breaks_without_a_byte_and_then_the_pull_fails(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(Cut(file="model.bin", after_bytes=0))
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    settings = HubSettings(endpoint=hub.url, retries=3, retry_wait_s=1.5)
    async with open_model_store(folder, catalogue=Catalogue([tiny()]), hub=settings, sleep=sleep) as store:
        with pytest.raises(PullFailed, match="goes on where it was") as failed:
            await pull_tiny(store)
        assert store.status("tiny").failure is failed.value
        assert failed.value.retryable
    assert waits == [1.5, 3.0, 6.0]


async def test_after_a_failure_the_next_pull_fetches_only_the_rest(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(Cut(file="model.bin", after_bytes=HALF, times=1))
    async with open_store(folder, hub.url, retries=0) as store:
        hub.break_with(Cut(file="model.bin", after_bytes=HALF, times=1))
        with pytest.raises(PullFailed):
            await pull_tiny(store)
        status = store.status("tiny")
        assert (status.state, status.partial_bytes) == ("available", len(CONFIG) + HALF)
    hub.break_with()
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    assert hub.bytes_served("model.bin") == len(WEIGHTS)
    assert hub.bytes_served("config.json") == len(CONFIG)


async def test_a_cancelled_pull_stops_at_once_and_the_next_goes_on(hub: HubStandIn, folder: Path) -> None:
    hold = Hold(file="model.bin", after_bytes=HALF)
    hub.break_with(hold)
    async with open_store(folder, hub.url) as store:
        pull = store.pull("tiny", accept_licence="MIT")
        await until(lambda: pull.progress().done_bytes >= len(CONFIG) + HALF)
        await store.cancel("tiny")
        assert not pull.running
        with pytest.raises(PullCancelled, match="syrinx models pull tiny"):
            await pull.wait()
        status = store.status("tiny")
        assert (status.state, status.failure) == ("available", None)
        assert not (folder / "tiny").exists()
        hub.break_with()
        await pull_tiny(store)
    assert hub.bytes_served("model.bin") == len(WEIGHTS)
    assert (folder / "tiny" / "model.bin").read_bytes() == WEIGHTS


async def test_cancelling_what_is_not_pulled_does_nothing(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await store.cancel("tiny")
        await pull_tiny(store)
        await store.cancel("tiny")
        assert store.status("tiny").state == "installed"


async def test_leaving_the_store_cancels_its_pulls(hub: HubStandIn, folder: Path) -> None:
    hold = Hold(file="model.bin", after_bytes=HALF)
    hub.break_with(hold)
    async with open_store(folder, hub.url) as store:
        pull = store.pull("tiny", accept_licence="MIT")
        await reached(hold)
    assert isinstance(pull.failure, PullCancelled)
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_a_cancelled_waiter_does_not_end_the_pull(hub: HubStandIn, folder: Path) -> None:
    hold = Hold(file="model.bin", after_bytes=HALF)
    hub.break_with(hold)
    async with open_store(folder, hub.url) as store:
        pull = store.pull("tiny", accept_licence="MIT")
        waiter = asyncio.create_task(pull.wait())
        await reached(hold)
        waiter.cancel()
        await asyncio.wait([waiter])
        assert pull.running
        hold.until.set()
        await pull.wait()


async def test_those_who_pull_the_same_model_share_one_pull(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        pulls = [store.pull("tiny", accept_licence="MIT") for _ in range(3)]
        installed = await asyncio.gather(*(pull.wait() for pull in pulls))
    assert installed[0] == installed[1] == installed[2]
    assert hub.asked_for("model.bin") == 1


async def test_who_joins_a_pull_must_accept_the_licence_too(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        pull = store.pull("tiny", accept_licence="MIT")
        with pytest.raises(LicenceNotAccepted):
            store.pull("tiny", accept_licence=None)
        await pull.wait()


async def test_a_second_process_waits_and_then_finds_the_model_installed(hub: HubStandIn, folder: Path) -> None:
    hold = Hold(file="model.bin", after_bytes=HALF)
    hub.break_with(hold)
    async with open_store(folder, hub.url) as one, open_store(folder, hub.url) as other:
        first = one.pull("tiny", accept_licence="MIT")
        await reached(hold)
        second = other.pull("tiny", accept_licence="MIT")
        await until(lambda: second.progress().stage == "waiting")
        assert other.status("tiny").state == "pulling"
        hold.until.set()
        assert (await first.wait()).identity == (await second.wait()).identity
    assert hub.asked_for("model.bin") == 1


async def test_a_damaged_file_is_fetched_once_more(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(Corrupt(file="model.bin", times=1))
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    assert hub.asked_for("model.bin") == 2
    assert (folder / "tiny" / "model.bin").read_bytes() == WEIGHTS


@pytest.mark.parametrize("file", ["model.bin", "config.json"])
async def test_a_file_damaged_twice_is_refused_and_thrown_away(hub: HubStandIn, folder: Path, file: str) -> None:
    hub.break_with(Corrupt(file=file))
    async with open_store(folder, hub.url) as store:
        with pytest.raises(CorruptDownload, match=file):
            await pull_tiny(store)
        assert store.installed() == ()
    assert hub.asked_for(file) == 2
    assert not [path for path in files_below(folder) if file in path]


async def test_a_hub_that_sends_all_again_is_read_from_the_beginning(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(Cut(file="model.bin", after_bytes=HALF, times=1), NoRanges(file="model.bin"))
    async with open_store(folder, hub.url) as store:
        pull = store.pull("tiny", accept_licence="MIT")
        await pull.wait()
        assert pull.progress().done_bytes == pull.progress().total_bytes
    assert (folder / "tiny" / "model.bin").read_bytes() == WEIGHTS


async def test_a_part_of_another_content_is_not_continued(hub: HubStandIn, folder: Path, tmp_path: Path) -> None:
    hub.break_with(Cut(file="model.bin", after_bytes=HALF, times=1))
    async with open_store(folder, hub.url, retries=0) as store:
        with pytest.raises(PullFailed):
            await pull_tiny(store)
        other = WEIGHTS[::-1]
        (tmp_path / "repository" / "model.bin").write_bytes(other)
        await pull_tiny(store)
    assert (folder / "tiny" / "model.bin").read_bytes() == other
    assert files_below(folder / "tiny") == {"config.json", "model.bin", "syrinx-model.json"}


async def test_speed_and_time_left_are_those_of_the_last_seconds(hub: HubStandIn, folder: Path) -> None:
    now = 0.0
    hold = Hold(file="model.bin", after_bytes=HALF)
    hub.break_with(hold)
    settings = HubSettings(endpoint=hub.url)
    async with open_model_store(folder, catalogue=Catalogue([tiny()]), hub=settings, clock=lambda: now) as store:
        pull = store.pull("tiny", accept_licence="MIT")
        assert pull.progress().stage == "waiting"
        await reached(hold)
        await until(lambda: pull.progress().done_bytes >= HALF)
        now = 4.0
        progress = pull.progress()
        assert progress.stage == "downloading"
        assert progress.total_bytes == len(CONFIG) + len(WEIGHTS)
        assert progress.bytes_per_s == pytest.approx((HALF + len(CONFIG)) / 4, rel=0.01)
        assert progress.seconds_left == pytest.approx(4.0, rel=0.01)
        assert store.status("tiny").progress == progress
        hold.until.set()
        await pull.wait()


async def test_a_repository_that_was_renamed_is_found_under_its_new_name(hub: HubStandIn, folder: Path) -> None:
    hub.repositories = {"people/renamed": hub.repositories[REPOSITORY]}
    hub.renamed = {REPOSITORY: "people/renamed"}
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    assert (folder / "tiny" / "model.bin").read_bytes() == WEIGHTS


async def test_a_file_of_another_repository_comes_from_there_and_at_its_own_commit(
    hub: HubStandIn, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "tokenizer.json").write_text('{"tokens": []}')
    hub.repositories["people/tokenizers"] = other
    foreign = ModelFile(path="tokenizer.json", size_bytes=14, repository="people/tokenizers", revision="v2")
    model = tiny(files=(*tiny().files, foreign))
    async with open_store(folder, hub.url, models=[model]) as store:
        await pull_tiny(store)
    assert hub.requests[2].path == "/people/tokenizers/resolve/v2/tokenizer.json"
    assert (folder / "tiny" / "tokenizer.json").is_file()


async def test_a_file_with_an_address_of_its_own_comes_from_there(
    hub: HubStandIn, folder: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "repository" / "model.bin"
    url = f"{hub.storage_url}/{REPOSITORY}/model.bin"
    file = ModelFile(path="weights.bin", size_bytes=len(WEIGHTS), sha256=sha256_of(weights), url=url)
    async with open_store(folder, hub.url, models=[tiny(files=(file,))], token="hf_secret") as store:
        await pull_tiny(store)
    assert (folder / "tiny" / "weights.bin").read_bytes() == WEIGHTS
    assert [seen.headers.get("authorization") for seen in hub.requests] == [None]


async def test_the_token_goes_to_the_hub_and_nowhere_else(
    hub: HubStandIn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_environment")
    async with open_store(folder, hub.url, token="hf_secret") as store:
        await pull_tiny(store)
    assert {seen.headers.get("authorization") for seen in hub.requests if not seen.storage} == {"Bearer hf_secret"}
    assert {seen.headers.get("authorization") for seen in hub.requests if seen.storage} == {None}
    async with open_store(folder.parent / "others", hub.url) as store:
        hub.requests.clear()
        await pull_tiny(store)
    assert {seen.headers.get("authorization") for seen in hub.requests} == {None}


async def test_a_mirror_that_only_sends_on_is_followed_without_the_token(hub: HubStandIn, folder: Path) -> None:
    hub.break_with(PlainRedirect())
    async with open_store(folder, hub.url, token="hf_secret") as store:
        await pull_tiny(store)
    assert hub.asked_for("model.bin", method="HEAD") == 1
    assert {seen.headers.get("authorization") for seen in hub.requests if seen.storage} == {None}


async def test_the_proxy_of_the_environment_is_used(
    hub: HubStandIn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    small = tiny(files=(ModelFile(path="config.json", size_bytes=len(CONFIG)),))
    async with open_store(folder, "http://hub.invalid", models=[small]) as store:
        await pull_tiny(store)
    assert hub.requests[0].path == f"http://hub.invalid/{REPOSITORY}/resolve/main/config.json"


async def test_the_hub_learns_nothing_of_this_machine(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    assert {seen.headers["user-agent"] for seen in hub.requests} == {"syrinx"}
    assert not any("x-hf-download-counter" in seen.headers for seen in hub.requests)


async def test_an_empty_file_is_a_file(hub: HubStandIn, folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "repository" / "empty.txt"
    empty.touch()
    assert git_blob_sha1_of(empty) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    model = tiny(files=(ModelFile(path="empty.txt", size_bytes=0),))
    async with open_store(folder, hub.url, models=[model]) as store:
        await pull_tiny(store)
    assert (folder / "tiny" / "empty.txt").read_bytes() == b""


async def test_the_loop_is_free_while_bytes_come(hub: HubStandIn, folder: Path) -> None:
    threads: set[str] = set()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            threads.add(threading.current_thread().name)
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    ticking.cancel()
    assert ticks > 50
    assert json.loads((folder / "tiny" / "syrinx-model.json").read_text())["model"] == "tiny"
