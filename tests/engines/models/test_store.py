"""What lies on the disk: removed, damaged, linked, adopted, half written, or without room."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from tests.engines.models.shelves import (
    CONFIG,
    WEIGHTS,
    files_below,
    is_there,
    open_store,
    pull_tiny,
    tiny,
    until,
    write_repository,
)

from syrinx.engines.models import (
    AlreadyInstalled,
    DiskFull,
    FolderNotWritable,
    ModelBusy,
    NotInstalled,
    PullFailed,
    WrongFolder,
)
from syrinx.engines.models import manifest as manifest_module
from syrinx.engines.models.fetching import _Writer
from syrinx.engines.models.pulling import SPARE_BYTES
from syrinx.engines.models.shelf import Shelf
from syrinx.testing.hub_stand_in import Hold, HubStandIn

WHOLE = {"config.json", "model.bin", "syrinx-model.json"}


async def test_removing_frees_the_bytes_and_leaves_nothing(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        freed = await store.remove("tiny")
        assert freed >= len(CONFIG) + len(WEIGHTS)
        assert store.status("tiny").state == "available"
        assert files_below(folder) <= {".locks/tiny.lock"}
        with pytest.raises(NotInstalled):
            await store.remove("tiny")


async def test_a_removal_that_is_forbidden_is_told_and_changes_nothing(
    hub: HubStandIn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        with monkeypatch.context() as broken:
            broken.setattr(Path, "rename", forbidden)
            with pytest.raises(FolderNotWritable, match="syrinx models remove tiny"):
                await store.remove("tiny")
        assert store.status("tiny").state == "installed"


async def test_a_model_that_is_pulled_is_not_removed(hub: HubStandIn, folder: Path) -> None:
    hold = Hold(file="model.bin", after_bytes=1000)
    hub.break_with(hold)
    async with open_store(folder, hub.url) as store:
        pull = store.pull("tiny", accept_licence="MIT")
        await until(hold.reached.is_set)
        with pytest.raises(ModelBusy):
            await store.remove("tiny")
        await store.cancel("tiny")
        assert await store.remove("tiny") > 0
        assert store.status("tiny").partial_bytes == 0
        assert not pull.running


async def test_what_another_process_pulls_and_removes_is_seen(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as here, open_store(folder, hub.url) as elsewhere:
        await pull_tiny(elsewhere)
        assert [model.model.name for model in here.installed()] == ["tiny"]
        await elsewhere.remove("tiny")
        assert here.installed() == ()
        assert here.status("tiny").state == "available"


async def test_a_missing_file_makes_it_damaged_and_a_pull_fetches_only_that(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        identity = store.installed()[0].identity
        (folder / "tiny" / "config.json").unlink()
        status = store.status("tiny")
        assert (status.state, store.installed()) == ("damaged", ())
        assert "config.json is missing" in status.problem
        assert "syrinx models pull tiny" in status.problem
        await pull_tiny(store)
        assert store.installed()[0].identity == identity
    assert hub.bytes_served("config.json") == 2 * len(CONFIG)
    assert hub.bytes_served("model.bin") == len(WEIGHTS)


async def test_verify_finds_a_changed_byte_and_a_pull_mends_it(hub: HubStandIn, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        assert await store.verify("tiny", on_bytes=lambda done, total: seen.append((done, total))) == ()
        assert seen[-1] == (len(CONFIG) + len(WEIGHTS), len(CONFIG) + len(WEIGHTS))
        weights = folder / "tiny" / "model.bin"
        weights.write_bytes(WEIGHTS[:-1] + b"?")
        assert store.status("tiny").state == "installed", "a look at the sizes cannot tell"
        assert await store.verify("tiny") == ("model.bin is damaged: its checksum is not what it was.",)
        assert store.status("tiny").state == "damaged"
        assert store.installed() == ()
        await pull_tiny(store)
        assert await store.verify("tiny") == ()
    assert weights.read_bytes() == WEIGHTS
    assert hub.bytes_served("config.json") == len(CONFIG)


async def test_a_problem_that_was_mended_by_hand_is_forgotten(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        weights = folder / "tiny" / "model.bin"
        weights.write_bytes(WEIGHTS[::-1])
        assert await store.verify("tiny")
        weights.write_bytes(WEIGHTS)
        assert await store.verify("tiny") == ()
        assert store.status("tiny").state == "installed"


async def test_what_is_not_there_cannot_be_verified(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        with pytest.raises(NotInstalled, match="syrinx models pull tiny"):
            await store.verify("tiny")


async def test_a_folder_without_a_manifest_is_no_model(hub: HubStandIn, folder: Path) -> None:
    write_repository(folder / "tiny")
    async with open_store(folder, hub.url) as store:
        assert store.status("tiny").state == "damaged"
        assert store.installed() == ()
        await pull_tiny(store)
        assert store.status("tiny").state == "installed"
    assert hub.bytes_served() == 0, "its files were right"


async def test_room_is_asked_for_before_a_byte_is_fetched(hub: HubStandIn, folder: Path) -> None:
    needed = SPARE_BYTES + len(CONFIG) + len(WEIGHTS)
    async with open_store(folder, hub.url, free=needed - 1) as store:
        with pytest.raises(DiskFull, match=r"needs 68 MB .* 68 MB are free") as full:
            await pull_tiny(store)
        assert str(folder) in full.value.message
    assert hub.bytes_served() == 0
    async with open_store(folder, hub.url, free=needed) as store:
        await pull_tiny(store)


async def test_a_disk_that_fills_up_keeps_what_was_fetched(
    hub: HubStandIn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = _Writer.write

    def no_room_after_half(writer: _Writer, piece: memoryview) -> int:
        if writer._file.tell() + len(piece) > len(WEIGHTS) // 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(writer, piece)

    monkeypatch.setattr(_Writer, "write", no_room_after_half)
    async with open_store(folder, hub.url) as store:
        with pytest.raises(DiskFull, match="make room"):
            await pull_tiny(store)
        kept = store.status("tiny").partial_bytes
        assert kept > len(CONFIG)
        monkeypatch.setattr(_Writer, "write", write)
        served = hub.bytes_served("model.bin")
        await pull_tiny(store)
    assert hub.bytes_served("model.bin") - served == len(WEIGHTS) + len(CONFIG) - kept
    assert (folder / "tiny" / "model.bin").read_bytes() == WEIGHTS


async def test_a_folder_that_may_not_be_written_is_named(
    hub: HubStandIn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    async with open_store(folder, hub.url) as store:
        monkeypatch.setattr(Path, "mkdir", forbidden)
        with pytest.raises(FolderNotWritable, match=rf"{folder}.*Permission denied"):
            await pull_tiny(store)


async def test_a_file_where_the_folder_should_be_is_named(hub: HubStandIn, tmp_path: Path) -> None:
    in_the_way = tmp_path / "repository" / "config.json"
    async with open_store(in_the_way, hub.url) as store:
        assert store.status("tiny").state == "available"
        with pytest.raises(FolderNotWritable, match=str(in_the_way)):
            await pull_tiny(store)


@pytest.mark.parametrize("point", ["before the manifest", "before the old one is set aside", "before the last rename"])
async def test_a_crash_leaves_nothing_installed_and_nothing_to_fetch_again(
    hub: HubStandIn, folder: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("power is gone")

    with monkeypatch.context() as broken:
        if point == "before the manifest":
            broken.setattr("syrinx.engines.models.shelf.write_manifest", crash)
        elif point == "before the old one is set aside":
            broken.setattr(Shelf, "_set_aside", crash)
        else:
            broken.setattr(Path, "rename", crash)
        async with open_store(folder, hub.url) as store:
            with pytest.raises(PullFailed, match="power is gone"):
                await pull_tiny(store)
    served = hub.bytes_served()
    async with open_store(folder, hub.url) as store:
        assert store.installed() == ()
        await pull_tiny(store)
        assert await store.verify("tiny") == ()
    assert hub.bytes_served() == served
    assert files_below(folder / "tiny") == WHOLE


async def test_what_a_crashed_removal_left_is_swept_away(hub: HubStandIn, folder: Path) -> None:
    left = folder / ".removed" / "tiny-0815"
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(WEIGHTS)
    async with open_store(folder, hub.url):
        assert not is_there(left)


async def test_a_manifest_is_written_whole_or_not_at_all(
    hub: HubStandIn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        weights = folder / "tiny" / "model.bin"
        weights.write_bytes(WEIGHTS[::-1])

        def half(_content: object, file: object, **_: object) -> None:
            file.write('{"format": 1,')  # pyright: ignore[reportAttributeAccessIssue]
            raise OSError(errno.ENOSPC, "full")

        with monkeypatch.context() as broken:
            broken.setattr(manifest_module.json, "dump", half)
            assert await store.verify("tiny"), "what was found is told, though it could not be remembered"
        assert store.status("tiny").state == "installed"


async def test_a_link_in_place_of_a_model_is_removed_as_a_link(hub: HubStandIn, folder: Path, tmp_path: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        elsewhere = tmp_path / "elsewhere"
        (folder / "tiny").rename(elsewhere)
        (folder / "tiny").symlink_to(elsewhere)
        assert store.status("tiny").state == "installed"
        await store.remove("tiny")
    assert files_below(elsewhere) == WHOLE
    assert not is_there(folder / "tiny")


async def test_nothing_is_written_through_links_in_the_partial_folder(
    hub: HubStandIn, folder: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    partial = folder / ".partial" / "tiny"
    partial.mkdir(parents=True)
    (partial / "config.json").symlink_to(precious)
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    assert precious.read_text() == "mine"
    assert not (folder / "tiny" / "config.json").is_symlink()


async def test_an_adopted_folder_is_used_where_it_lies(hub: HubStandIn, folder: Path, tmp_path: Path) -> None:
    mine = write_repository(tmp_path / "mine")
    async with open_store(folder, hub.url, offline=True) as store:
        adopted = await store.adopt("tiny", mine)
        assert (adopted.path, adopted.adopted, adopted.revision) == (mine, True, "")
        assert store.installed() == (adopted,)
        assert store.status("tiny").adopted
        assert await store.verify("tiny") == ()
        assert files_below(mine) == {"config.json", "model.bin"}
        await store.remove("tiny")
        assert store.status("tiny").state == "available"
    assert files_below(mine) == {"config.json", "model.bin"}
    assert hub.requests == []


async def test_a_change_in_an_adopted_folder_is_noticed(hub: HubStandIn, folder: Path, tmp_path: Path) -> None:
    mine = write_repository(tmp_path / "mine")
    async with open_store(folder, hub.url) as store:
        before = (await store.adopt("tiny", mine)).identity
        assert store.installed()[0].identity == before
        os.utime(mine / "model.bin", ns=(1, 1))
        assert store.installed()[0].identity != before
        (mine / "model.bin").write_bytes(b"another size")
        assert store.status("tiny").state == "damaged"
        assert (await store.adopt("tiny", mine)).identity != before
        shutil.rmtree(mine)
        assert store.installed() == ()


@pytest.mark.parametrize("missing", ["config.json", "model.bin"])
async def test_a_folder_without_all_files_is_not_adopted(
    hub: HubStandIn, folder: Path, tmp_path: Path, missing: str
) -> None:
    mine = write_repository(tmp_path / "mine")
    (mine / missing).write_bytes(b"")
    async with open_store(folder, hub.url) as store:
        with pytest.raises(WrongFolder, match=missing):
            await store.adopt("tiny", mine)
        with pytest.raises(WrongFolder, match=r"config.json and model.bin"):
            await store.adopt("tiny", tmp_path / "nowhere")


async def test_only_a_folder_of_the_users_own_is_adopted(hub: HubStandIn, folder: Path, tmp_path: Path) -> None:
    mine = write_repository(tmp_path / "mine")
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        with pytest.raises(WrongFolder, match="the store itself"):
            await store.adopt("tiny", folder / "tiny")
        with pytest.raises(AlreadyInstalled, match="syrinx models remove tiny"):
            await store.adopt("tiny", mine)


async def test_a_damaged_adopted_model_is_mended_by_a_pull_of_our_own(
    hub: HubStandIn, folder: Path, tmp_path: Path
) -> None:
    mine = write_repository(tmp_path / "mine")
    async with open_store(folder, hub.url) as store:
        await store.adopt("tiny", mine)
        (mine / "model.bin").write_bytes(b"gone")
        await pull_tiny(store)
        assert store.installed()[0].path == folder / "tiny"
        assert not store.installed()[0].adopted
    assert (mine / "model.bin").read_bytes() == b"gone"


async def test_a_newer_catalogue_that_wants_another_file_calls_the_model_damaged(
    hub: HubStandIn, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "repository" / "extra.json").write_text("{}")
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
    newer = tiny(files=(*tiny().files, type(tiny().files[0])(path="extra.json", size_bytes=2)))
    async with open_store(folder, hub.url, models=[newer]) as store:
        assert "lacks extra.json" in store.status("tiny").problem
        await pull_tiny(store)
        assert store.status("tiny").state == "installed"
    assert hub.bytes_served("model.bin") == len(WEIGHTS)


def test_sweeping_leaves_the_way_open_for_another_process_that_removes(tmp_path: Path) -> None:
    removed = tmp_path / ".removed"
    (removed / "tiny-0815").mkdir(parents=True)
    Shelf(tmp_path).sweep()
    assert list(removed.iterdir()) == []


async def test_what_a_check_found_is_not_said_of_a_model_that_came_meanwhile(hub: HubStandIn, folder: Path) -> None:
    async with open_store(folder, hub.url) as store:
        await pull_tiny(store)
        shelf = Shelf(folder)
        checked = shelf.find(tiny())
        assert checked is not None
        await store.remove("tiny")
        hub.commit = "beef" * 10
        await pull_tiny(store)
        shelf.mark("tiny", checked, "model.bin is damaged.")
        assert store.status("tiny").state == "installed"
        assert store.installed()[0].revision == hub.commit
