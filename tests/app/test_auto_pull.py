"""Recommended models that are pulled by themselves: with which licences, and what failures do."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs
from tests.app.models_on_paper import BASE, KOKORO, RESEARCH, model
from tests.app.store_on_paper import PaperStore

from syrinx.app.auto_pull import FIRST_WAIT_S, LONGEST_WAIT_S, pull_recommended
from syrinx.engines.models import (
    CorruptDownload,
    DiskFull,
    GatedModel,
    HubOffline,
    HubUnreachable,
    PullCancelled,
)
from syrinx.testing.virtual_time import virtual_now_s, virtual_time

BOTH = (BASE.name, KOKORO.name)


class Sleeps:
    """Takes no time and keeps how long was waited; ends the test where it would go on for ever."""

    def __init__(self, *, at_most: int = 10) -> None:
        self.taken_s: list[float] = []
        self._at_most = at_most

    async def __call__(self, seconds: float) -> None:
        self.taken_s.append(seconds)
        if len(self.taken_s) >= self._at_most:
            raise asyncio.CancelledError


@virtual_time
async def test_the_recommended_models_are_pulled_one_after_the_other() -> None:
    store = PaperStore()
    await pull_recommended(store, BOTH)
    assert store.pulled == [(BASE.name, "MIT"), (KOKORO.name, "Apache-2.0")]
    assert virtual_now_s() == 8, "four seconds each"
    assert all(store.status(name).state == "installed" for name in BOTH)


@virtual_time
async def test_what_is_installed_is_left_alone() -> None:
    store = PaperStore()
    store.install(BASE.name)
    await pull_recommended(store, BOTH)
    assert store.pulled == [(KOKORO.name, "Apache-2.0")]


@virtual_time
async def test_a_licence_that_wants_a_persons_word_is_never_accepted() -> None:
    closed = model("whisper-closed", licence=RESEARCH)
    store = PaperStore((closed, BASE))
    with capture_logs() as logs:
        await pull_recommended(store, (closed.name, BASE.name))
    assert store.pulled == [(BASE.name, "MIT")]
    (said,) = [entry for entry in logs if entry["log_level"] == "warning"]
    assert said["licence"] == RESEARCH.id
    assert said["remedy"] == "syrinx models pull whisper-closed"


@virtual_time
async def test_a_name_that_is_in_no_catalogue_is_passed_over() -> None:
    store = PaperStore()
    await pull_recommended(store, ("wisper-base", BASE.name))
    assert store.pulled == [(BASE.name, "MIT")]


@pytest.mark.parametrize(
    "failure", [HubUnreachable("no answer"), CorruptDownload("other bytes"), DiskFull("no room")], ids=repr
)
def test_what_may_pass_is_tried_again_and_the_others_do_not_wait(failure: Exception) -> None:
    store = PaperStore(outcomes={BASE.name: [failure, failure]})
    sleeps = Sleeps()

    @virtual_time
    async def pulled() -> None:
        await pull_recommended(store, BOTH, sleep=sleeps)

    pulled()
    assert [name for name, _ in store.pulled] == [BASE.name, KOKORO.name, BASE.name, BASE.name]
    assert sleeps.taken_s == [FIRST_WAIT_S, 2 * FIRST_WAIT_S]
    assert store.status(BASE.name).state == "installed"


@virtual_time
async def test_the_waits_grow_to_an_hour_and_no_further() -> None:
    store = PaperStore(outcomes={BASE.name: [HubUnreachable("no answer")] * 20})
    sleeps = Sleeps(at_most=12)
    with pytest.raises(asyncio.CancelledError):
        await pull_recommended(store, (BASE.name,), sleep=sleeps)
    assert sleeps.taken_s == sorted(sleeps.taken_s)
    assert sleeps.taken_s[-1] == LONGEST_WAIT_S
    assert sum(sleeps.taken_s[:4]) < 600, "a short trouble costs minutes"


@pytest.mark.parametrize(
    "failure",
    [
        GatedModel("ask its authors", status=403),
        HubOffline("the settings say so"),
        PullCancelled("somebody did"),
        RuntimeError("a mistake of ours"),
    ],
    ids=repr,
)
def test_what_will_not_pass_is_given_up_and_ends_nothing(failure: Exception) -> None:
    store = PaperStore(outcomes={BASE.name: [failure]})
    sleeps = Sleeps()

    @virtual_time
    async def pulled() -> None:
        await pull_recommended(store, BOTH, sleep=sleeps)

    pulled()
    assert [name for name, _ in store.pulled] == [BASE.name, KOKORO.name]
    assert sleeps.taken_s == []


@virtual_time
async def test_a_model_that_somebody_pulled_meanwhile_is_not_pulled_again() -> None:
    store = PaperStore(outcomes={BASE.name: [HubUnreachable("no answer")]})

    async def by_hand(_seconds: float) -> None:
        store.install(BASE.name)

    await pull_recommended(store, (BASE.name,), sleep=by_hand)
    assert len(store.pulled) == 1


@virtual_time
async def test_the_log_says_what_is_fetched_and_what_became_of_it() -> None:
    with capture_logs() as logs:
        await pull_recommended(PaperStore(), (BASE.name,))
    assert [(entry["log_level"], entry["model"]) for entry in logs] == [("info", BASE.name), ("info", BASE.name)]
    assert logs[0]["size"] == "145 MB"
    assert logs[1]["folder"] == f"/models/{BASE.name}"


@virtual_time
async def test_cancelling_ends_it_at_once() -> None:
    store = PaperStore()
    pulling = asyncio.create_task(pull_recommended(store, BOTH))
    await asyncio.sleep(1.5)
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    assert len(store.pulled) == 1
