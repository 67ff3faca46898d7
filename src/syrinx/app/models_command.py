"""What `syrinx models list`, `remove`, `verify` and `adopt` do."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from syrinx.app.figures import size_words, speed_words
from syrinx.app.pull_command import Confirm
from syrinx.app.store_needs import OnBytes, Store
from syrinx.engines.models import CatalogueModel, ModelKind, ModelState, ModelStatus
from syrinx.errors import BadInput, SyrinxError
from syrinx.transports.http.models import ModelEntry, ModelHouse

_STATES: Final[dict[ModelState, str]] = {
    "available": "",
    "pulling": "being pulled",
    "installed": "[green]installed[/]",
    "damaged": "[red]damaged[/]",
}
_DOES: Final[dict[ModelKind, str]] = {"stt": "hears", "tts": "speaks", "llm": "thinks"}


class ModelsDamaged(SyrinxError):
    """Files of a model are not what they should be."""

    code = "models_damaged"


async def list_models(house: ModelHouse, *, console: Console, kind: ModelKind | None, as_json: bool) -> None:
    """Print the catalogue, the best of each kind first; as JSON in the shape of GET /api/models."""
    listed = await house.list()
    listed.models = sorted(
        (model for model in listed.models if kind in {None, model.kind}),
        key=lambda each: (list(_DOES).index(each.kind), -each.preference),
    )
    if as_json:
        console.out(listed.model_dump_json(indent=2), highlight=False)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("name", "", "languages", "size", "licence"):
        table.add_column(column, justify="right" if column in {"languages", "size"} else "left", no_wrap=True)
    table.add_column("here", overflow="fold")
    for model in listed.models:
        table.add_row(
            f"[bold]{escape(model.name)}[/]",
            _DOES[model.kind],
            str(len(model.languages)) if len(model.languages) > 1 else model.languages[0],
            size_words(model.size_bytes),
            model.licence.id,
            _state(model),
        )
    console.print(table)
    if any(model.state != "installed" for model in listed.models):
        console.print("\n[cyan]syrinx models pull NAME[/] gets one; nothing is fetched before you accept its licence.")


def _state(model: ModelEntry) -> str:
    marks = [_STATES[model.state]]
    if model.adopted:
        marks.append("your own folder")
    if model.state == "available" and model.partial_bytes:
        marks.append(f"{size_words(model.partial_bytes)} here")
    if model.in_use:
        marks.append("in use")
    if model.recommended:
        marks.append("[yellow]recommended[/]")
    marks.append(_speed(model))
    return ", ".join(mark for mark in marks if mark)


def _speed(model: ModelEntry) -> str:
    ability = model.ability
    if ability is None:
        return "being measured" if model.measuring else ""
    says = speed_words(
        real_time_factor=ability.real_time_factor, tokens_per_s=ability.tokens_per_s, first_s=ability.first_ms / 1000
    )
    return says if ability.fast_enough else f"[yellow]too slow[/]: {says}"


async def remove(store: Store, names: Sequence[str], *, yes: bool, console: Console, confirm: Confirm | None) -> None:
    """Delete models' files, and what a pull that did not finish has left. An adopted folder is only let go of.

    Raises UnknownModel before anything is removed, NotInstalled, ModelBusy, and BadInput where nobody can be asked.
    """
    for status in [store.status(store.catalogue.model(name).name) for name in dict.fromkeys(names)]:
        title = status.model.title
        there = status.path is not None or status.partial_bytes > 0
        if there and not yes:
            if confirm is None:
                raise BadInput(f"nobody can be asked here whether to remove {title}: say --yes")
            if not confirm(_removal(status)):
                console.print(f"{escape(title)} stays.")
                continue
        freed_bytes = await store.remove(status.model.name)
        if status.adopted:
            console.print(f"{escape(title)} is let go of; its files stay in {escape(str(status.path))}", soft_wrap=True)
        else:
            console.print(f"{escape(title)} is removed: {size_words(freed_bytes)} are free again")


def _removal(status: ModelStatus) -> str:
    title = status.model.title
    if status.adopted:
        return f"Let go of {title}? Its files stay in {status.path}."
    if status.path is None:
        return f"Remove the {size_words(status.partial_bytes)} that were fetched of {title}?"
    return f"Remove {title} ({size_words(status.model.size_bytes)})?"


async def verify(store: Store, names: Sequence[str], *, console: Console, err: Console) -> None:
    """Compare the files of these models, or of all that are here, with their checksums.

    Raises UnknownModel and NotInstalled for names that were given, ModelsDamaged when something is wrong.
    """
    here = [status.model.name for status in store.statuses() if status.path is not None]
    chosen = [store.catalogue.model(name) for name in dict.fromkeys(names or here)]
    if not chosen:
        console.print("No model is installed: [cyan]syrinx models list[/] shows those that there are.")
    damaged: list[str] = []
    for model in chosen:
        problems = await _problems(store, model, err)
        if problems:
            damaged.append(model.name)
            for problem in problems:
                console.print(f"[red]damaged[/]  [bold]{model.name}[/]: {escape(problem)}", soft_wrap=True)
        else:
            console.print(f"[green]well[/]  [bold]{model.name}[/]")
    if damaged:
        raise ModelsDamaged(
            f"damaged: {', '.join(damaged)}; syrinx models pull {' '.join(damaged)} fetches what is wrong again"
        )


async def _problems(store: Store, model: CatalogueModel, err: Console) -> tuple[str, ...]:
    with _reading(model, err) as show:
        return await store.verify(model.name, on_bytes=show)


async def adopt(store: Store, name: str, folder: Path, *, console: Console, err: Console) -> None:
    """Use a folder of the user's own that has the model's files.

    Raises UnknownModel, WrongFolder, AlreadyInstalled, ModelBusy.
    """
    model = store.catalogue.model(name)
    with _reading(model, err) as show:
        adopted = await store.adopt(model.name, folder, on_bytes=show)
    console.print(
        f"[bold]{escape(adopted.model.title)}[/] is used where it lies, in {escape(str(adopted.path))}. "
        "Nothing there is ever changed or deleted.",
        soft_wrap=True,
    )


@contextmanager
def _reading(model: CatalogueModel, err: Console) -> Generator[OnBytes, None, None]:
    with err.status(f"Reading {escape(model.title)} ...") as shown:

        def show(done_bytes: int, total_bytes: int) -> None:
            shown.update(f"Reading {escape(model.title)}: {size_words(done_bytes)} of {size_words(total_bytes)}")

        yield show
