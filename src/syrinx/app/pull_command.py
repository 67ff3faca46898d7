"""What `syrinx models pull` does: licence, progress, and what to do next."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from syrinx.app.figures import duration_words, size_words
from syrinx.app.store_needs import RunningPull, Store
from syrinx.engines.models import (
    CatalogueModel,
    HubOffline,
    HubUnreachable,
    InstalledModel,
    LicenceNotAccepted,
    ModelStatus,
    PullProgress,
)
from syrinx.errors import SyrinxError

Confirm = Callable[[str], bool]
"""Asks a question on the terminal; only a clear yes is one."""

LOOK_EVERY_S: Final = 0.2


class NotAllPulled(SyrinxError):
    """Of several models that were asked for some are not installed."""

    code = "not_all_pulled"


class ShowProgress(Protocol):
    def __call__(self, progress: PullProgress, /) -> None: ...


def confirm_on(console: Console) -> Confirm | None:
    """None where nobody can be asked: no terminal, or the standard input comes from elsewhere."""
    if not (console.is_terminal and sys.stdin.isatty()):
        return None

    def ask(question: str) -> bool:
        # The loop's own way with Ctrl-C would wait for the answer first.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return console.input(f"{escape(question)} \\[y/N] ").strip().lower() in {"y", "yes"}
        except EOFError:
            return False
        finally:
            signal.signal(signal.SIGINT, before)

    return ask


async def pull(
    store: Store, names: Sequence[str], *, accept_licence: bool, console: Console, err: Console, confirm: Confirm | None
) -> None:
    """Pull the models one after the other; all licences are asked for first, so that nobody has to stay.

    Results are printed on `console`, progress on `err`. Cancelled (Ctrl-C) it says how to go on; what was fetched
    stays. Raises UnknownModel before anything else, LicenceNotAccepted where nobody can be asked or the one model's
    licence was declined, what kept the one model from being pulled, NotAllPulled where there were several.
    """
    wanted = [store.status(store.catalogue.model(name).name) for name in dict.fromkeys(names)]
    accepted: list[CatalogueModel] = []
    failures: list[SyrinxError] = []
    installed: list[CatalogueModel] = []
    for status in wanted:
        model = status.model
        if status.state == "installed":
            console.print(f"[bold]{escape(model.title)}[/] is installed already, in {escape(str(status.path))}")
            installed.append(model)
            continue
        _introduce(store, status, console)
        try:
            _accept(model, accept_licence=accept_licence, confirm=confirm)
        except LicenceNotAccepted as declined:
            failures.append(declined)
        else:
            accepted.append(model)
    for model in accepted:
        try:
            got = await _pull_one(store, model, err)
        except (HubOffline, HubUnreachable) as unreachable:
            # The others would only wait for the same.
            failures.append(unreachable)
            break
        except SyrinxError as failure:
            failures.append(failure)
            if len(wanted) > 1:
                err.print(f"[bold red]{failure.code}[/]: {escape(failure.message)}", soft_wrap=True)
        else:
            installed.append(model)
            console.print(
                f"[bold]{escape(model.title)}[/] is installed in {escape(str(got.path))}; "
                "a running server uses it from the next turn on.",
                soft_wrap=True,
            )
    if failures:
        raise _summed_up(failures, [status.model for status in wanted], installed)
    kinds = sorted({model.kind for model in installed})
    console.print(f"See how well it does here: [cyan]syrinx verify {' '.join(kinds)}[/]")


def _introduce(store: Store, status: ModelStatus, console: Console) -> None:
    model = status.model
    free_bytes = store.free_bytes()
    room = "" if free_bytes is None else f", {size_words(free_bytes)} are free in {store.folder}"
    console.print(f"[bold]{escape(model.title)}[/]: {escape(model.good_for)}", soft_wrap=True)
    console.print(escape(f"  {size_words(model.size_bytes)} from {model.repository}{room}"), soft_wrap=True)
    if status.state == "damaged":
        console.print(escape(f"  {status.problem}"), soft_wrap=True)
    elif status.partial_bytes:
        console.print(f"  {size_words(status.partial_bytes)} of it are here already")
    console.print(
        escape(f"  {model.licence.name} ({model.licence.id}): {model.licence.summary} {model.licence.url}"),
        soft_wrap=True,
    )


def _accept(model: CatalogueModel, *, accept_licence: bool, confirm: Confirm | None) -> None:
    licence = model.licence
    if accept_licence:
        return
    if confirm is None:
        raise LicenceNotAccepted(
            f"{model.title} comes under {licence.name} ({licence.url}): read it, and accept it with --accept-licence",
            licence_id=licence.id,
        )
    if not confirm(f"Accept the {licence.name}?"):
        raise LicenceNotAccepted(
            f"the {licence.name} was not accepted, so nothing of {model.title} was fetched", licence_id=licence.id
        )


async def _pull_one(store: Store, model: CatalogueModel, err: Console) -> InstalledModel:
    pulling = store.pull(model.name, accept_licence=model.licence.id)
    try:
        async with _shown(pulling, model, err):
            return await pulling.wait()
    except asyncio.CancelledError:
        kept = size_words(pulling.progress().done_bytes)
        err.print(f"Stopped. {kept} are kept: [cyan]syrinx models pull {model.name}[/] goes on from there.")
        raise


@asynccontextmanager
async def _shown(pulling: RunningPull, model: CatalogueModel, err: Console) -> AsyncGenerator[None, None]:
    with _bar(model, err) if err.is_terminal else _lines(model, err) as show:

        async def look() -> None:
            while True:
                show(pulling.progress())
                await asyncio.sleep(LOOK_EVERY_S)

        looking = asyncio.create_task(look())
        try:
            yield
            show(pulling.progress())
        finally:
            looking.cancel()
            await asyncio.wait([looking])


@contextmanager
def _bar(model: CatalogueModel, err: Console) -> Generator[ShowProgress, None, None]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[says]}"))
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(escape(model.title), total=model.size_bytes, says="")

        def show(progress: PullProgress) -> None:
            bar.update(task, completed=progress.done_bytes, total=progress.total_bytes, says=progress_words(progress))

        yield show


@contextmanager
def _lines(model: CatalogueModel, err: Console) -> Generator[ShowProgress, None, None]:
    """A line for each quarter, for logs."""
    told = 0

    def show(progress: PullProgress) -> None:
        nonlocal told
        quarter = 4 * progress.done_bytes // max(1, progress.total_bytes)
        if quarter > told:
            told = quarter
            err.print(f"{escape(model.title)}: {25 * quarter} % of {size_words(progress.total_bytes)}")

    yield show


def progress_words(progress: PullProgress) -> str:
    """For example "fetching 73 MB of 148 MB, 6.0 MB/s, 12 s left"."""
    if progress.stage == "waiting":
        return "waiting for the hub, or for another pull of it"
    doing = "checking" if progress.stage == "checking" else "fetching"
    says = f"{doing} {size_words(progress.done_bytes)} of {size_words(progress.total_bytes)}"
    if progress.bytes_per_s is not None:
        says += f", {size_words(progress.bytes_per_s)}/s"
    if progress.seconds_left is not None:
        says += f", {duration_words(progress.seconds_left)} left"
    return says


def _summed_up(
    failures: Sequence[SyrinxError], wanted: Sequence[CatalogueModel], installed: Sequence[CatalogueModel]
) -> SyrinxError:
    if len(wanted) == 1:
        return failures[0]
    missing = [model.name for model in wanted if model not in installed]
    return NotAllPulled(
        f"not installed: {', '.join(missing)} ({failures[-1].message}); "
        f"syrinx models pull {' '.join(missing)} tries again"
    )
