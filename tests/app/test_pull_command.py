"""`syrinx models pull`: what is shown and asked, what Ctrl-C and failures leave."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console
from tests.app.models_on_paper import BASE, KOKORO, SMALL
from tests.app.paper_console import PaperConsole, Person
from tests.app.store_on_paper import PaperStore
from tests.engines.models.shelves import REPOSITORY, WEIGHTS, open_store, until, write_repository

from syrinx.app.pull_command import Confirm, NotAllPulled, confirm_on, progress_words, pull
from syrinx.app.store_needs import Store
from syrinx.engines.models import (
    CorruptDownload,
    DiskFull,
    HubUnreachable,
    LicenceNotAccepted,
    PullProgress,
    UnknownModel,
)
from syrinx.testing.hub_stand_in import Hold, open_hub_stand_in
from syrinx.testing.virtual_time import virtual_time


class Desk:
    """A command line: what it printed as a result, and what beside."""

    def __init__(self, *, terminal: bool = False) -> None:
        self.out = PaperConsole(terminal=terminal)
        self.err = PaperConsole(terminal=terminal)

    async def pull(
        self, store: Store, names: Sequence[str], *, accept_licence: bool = False, confirm: Confirm | None = None
    ) -> None:
        await pull(
            store,
            names,
            accept_licence=accept_licence,
            console=self.out.console,
            err=self.err.console,
            confirm=confirm,
        )


@virtual_time
async def test_before_a_model_is_fetched_all_is_said_and_its_licence_accepted() -> None:
    store, desk, person = PaperStore(), Desk(), Person(True)
    await desk.pull(store, [BASE.name], confirm=person)
    assert desk.out.lines == [
        "Whisper base: Good for a talk.",
        "  145 MB from example/whisper-base, 52 GB are free in /models",
        "  MIT licence (MIT): Free for any use; the notice stays with copies. https://opensource.org/license/mit",
        "Whisper base is installed in /models/whisper-base; a running server uses it from the next turn on.",
        "See how well it does here: syrinx verify stt",
    ]
    assert person.asked == ["Accept the MIT licence?"]
    assert store.pulled == [(BASE.name, "MIT")]


@virtual_time
async def test_a_licence_that_is_declined_fetches_nothing() -> None:
    store, desk = PaperStore(), Desk()
    with pytest.raises(LicenceNotAccepted, match="nothing of Whisper base was fetched") as refused:
        await desk.pull(store, [BASE.name], confirm=Person(False))
    assert refused.value.licence_id == "MIT"
    assert store.pulled == []


@virtual_time
async def test_where_nobody_can_be_asked_the_option_is_named() -> None:
    store, desk = PaperStore(), Desk()
    with pytest.raises(LicenceNotAccepted, match=r"MIT licence \(https://.*--accept-licence"):
        await desk.pull(store, [BASE.name])
    assert store.pulled == []
    await desk.pull(store, [BASE.name], accept_licence=True)
    assert store.pulled == [(BASE.name, "MIT")]


@virtual_time
async def test_a_disk_that_does_not_tell_its_room_is_not_mentioned() -> None:
    store, desk = PaperStore(), Desk()
    store.free = None
    await desk.pull(store, [BASE.name], accept_licence=True)
    assert "  145 MB from example/whisper-base" in desk.out.lines


@virtual_time
async def test_what_an_earlier_pull_fetched_is_said() -> None:
    store, desk = PaperStore(), Desk()
    store.put(BASE.name, state="available", partial_bytes=62_000_000)
    await desk.pull(store, [BASE.name], accept_licence=True)
    assert "  62 MB of it are here already" in desk.out.lines


@virtual_time
async def test_a_damaged_model_says_what_is_wrong_and_is_mended() -> None:
    store, desk = PaperStore(), Desk()
    store.put(BASE.name, state="damaged", path=Path("/models/whisper-base"), problem="model.bin is missing.")
    await desk.pull(store, [BASE.name], accept_licence=True)
    assert "  model.bin is missing." in desk.out.lines
    assert store.status(BASE.name).state == "installed"


@virtual_time
async def test_an_installed_model_is_said_to_be_there_and_nobody_is_asked() -> None:
    store, desk = PaperStore(), Desk()
    store.install(BASE.name)
    await desk.pull(store, [BASE.name], confirm=Person())
    assert desk.out.lines[0] == "Whisper base is installed already, in /models/whisper-base"
    assert store.pulled == []


@virtual_time
async def test_all_licences_are_asked_for_before_the_first_byte() -> None:
    store, desk = PaperStore(), Desk()
    asked: list[int] = []

    def person(_question: str) -> bool:
        asked.append(len(store.pulled))
        return True

    await desk.pull(store, [BASE.name, KOKORO.name, BASE.name], confirm=person)
    assert asked == [0, 0]
    assert store.pulled == [(BASE.name, "MIT"), (KOKORO.name, "Apache-2.0")]
    assert desk.out.lines[-1] == "See how well it does here: syrinx verify stt tts"


@virtual_time
async def test_a_misspelt_name_is_told_before_anything_happens() -> None:
    store, desk = PaperStore(), Desk()
    with pytest.raises(UnknownModel, match="whisper-base"):
        await desk.pull(store, [KOKORO.name, "wisper-base"], accept_licence=True)
    assert store.pulled == []
    assert desk.out.lines == []


@virtual_time
async def test_the_failure_of_the_only_model_is_the_commands() -> None:
    failure = DiskFull("Whisper base needs 148 MB: make room")
    with pytest.raises(DiskFull) as failed:
        await Desk().pull(PaperStore(outcomes={BASE.name: [failure]}), [BASE.name], accept_licence=True)
    assert failed.value is failure


@virtual_time
async def test_of_several_models_one_that_fails_does_not_keep_the_others() -> None:
    store, desk = PaperStore(outcomes={BASE.name: [CorruptDownload("model.bin came wrong twice")]}), Desk()
    with pytest.raises(NotAllPulled, match=r"not installed: whisper-base .*syrinx models pull whisper-base tries"):
        await desk.pull(store, [BASE.name, KOKORO.name], accept_licence=True)
    assert store.status(KOKORO.name).state == "installed"
    assert "corrupt_download: model.bin came wrong twice" in desk.err.lines


@virtual_time
async def test_of_several_models_one_that_is_declined_does_not_keep_the_others() -> None:
    store, desk = PaperStore(), Desk()
    with pytest.raises(NotAllPulled, match="not installed: whisper-base "):
        await desk.pull(store, [BASE.name, KOKORO.name], confirm=Person(False, True))
    assert store.pulled == [(KOKORO.name, "Apache-2.0")]


@virtual_time
async def test_a_hub_that_is_not_reached_is_not_asked_again_for_the_others() -> None:
    store = PaperStore(outcomes={BASE.name: [HubUnreachable("no connection to hub.test")]})
    with pytest.raises(NotAllPulled, match=r"not installed: whisper-base, kokoro .*no connection to hub.test"):
        await Desk().pull(store, [BASE.name, KOKORO.name], accept_licence=True)
    assert [name for name, _ in store.pulled] == [BASE.name]


@virtual_time
async def test_ctrl_c_says_what_is_kept_and_how_to_go_on() -> None:
    store, desk = PaperStore(), Desk()
    pulling = asyncio.create_task(desk.pull(store, [SMALL.name], accept_licence=True))
    await asyncio.sleep(1.5)
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    assert desk.err.lines[-1] == "Stopped. 121 MB are kept: syrinx models pull whisper-small goes on from there."


@virtual_time
async def test_a_log_gets_a_line_for_each_quarter() -> None:
    desk = Desk()
    await desk.pull(PaperStore(), [BASE.name], accept_licence=True)
    assert desk.err.lines == [f"Whisper base: {quarter} % of 145 MB" for quarter in (25, 50, 75, 100)]


@virtual_time
async def test_a_terminal_gets_a_bar_with_speed_and_time_left() -> None:
    desk = Desk(terminal=True)
    pulling = asyncio.create_task(desk.pull(PaperStore(), [BASE.name], accept_licence=True))
    await asyncio.sleep(2.5)
    # The bar draws itself in a thread, ten times a second: a drawing is asked for by its end at the latest.
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    assert "fetching 72 MB of 145 MB, 36 MB/s, 2 s left" in desk.err.text


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        (
            PullProgress(stage="waiting", done_bytes=0, total_bytes=2_000_000, bytes_per_s=None, seconds_left=None),
            "waiting for the hub, or for another pull of it",
        ),
        (
            PullProgress(
                stage="downloading", done_bytes=1_000_000, total_bytes=2_000_000, bytes_per_s=10_000, seconds_left=100
            ),
            "fetching 1.0 MB of 2.0 MB, 10 kB/s, 2 min left",
        ),
        (
            PullProgress(
                stage="checking", done_bytes=2_000_000, total_bytes=2_000_000, bytes_per_s=None, seconds_left=None
            ),
            "checking 2.0 MB of 2.0 MB",
        ),
    ],
)
def test_progress_is_told_in_words(progress: PullProgress, says: str) -> None:
    assert progress_words(progress) == says


def test_nobody_is_asked_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert confirm_on(PaperConsole().console) is None
    assert confirm_on(PaperConsole(terminal=True).console) is None


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [("y\n", True), (" YES \n", True), ("n\n", False), ("\n", False), ("", False), ("maybe\n", False)],
)
def test_only_a_clear_yes_is_one(monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard(typed))
    shown = io.StringIO()
    ask = confirm_on(Console(file=shown, force_terminal=True, color_system=None, width=100))
    assert ask is not None
    assert ask("Accept the MIT licence?") is agreed
    assert "Accept the MIT licence? [y/N]" in shown.getvalue()


async def test_a_pull_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    with open_hub_stand_in({REPOSITORY: write_repository(tmp_path / "repository")}) as hub:
        folder, desk = tmp_path / "models", Desk()
        half = Hold(file="model.bin", after_bytes=len(WEIGHTS) // 2, times=1)
        hub.break_with(half)
        async with open_store(folder, hub.url) as store:
            pulling = asyncio.create_task(desk.pull(store, ["tiny"], accept_licence=True))
            await until(lambda: half.reached.is_set() and store.status("tiny").partial_bytes > len(WEIGHTS) // 4)
            pulling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await pulling
            half.until.set()
        assert "syrinx models pull tiny goes on from there" in desk.err.text
        served = hub.bytes_served("model.bin")
        async with open_store(folder, hub.url) as store:
            kept = store.status("tiny").partial_bytes
            await desk.pull(store, ["tiny"], accept_licence=True)
            assert store.status("tiny").state == "installed"
        assert "Tiny is installed in" in desk.out.text
        assert hub.bytes_served("model.bin") - served < len(WEIGHTS)
        assert kept > 0
