"""The command line's part about models: syrinx models list, pull, remove, verify and adopt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from syrinx.app.running import err, out, run
from syrinx.app.settings import read_settings
from syrinx.errors import SyrinxError

if TYPE_CHECKING:
    from syrinx.app.house import House
    from syrinx.engines.models import ModelKind

app = typer.Typer(help="Ears, voices and minds that can be downloaded.", no_args_is_help=True)

Names = Annotated[list[str], typer.Argument(help="Names as in `syrinx models list`.")]


@app.command("list")
def list_models(
    kind: Annotated[str | None, typer.Argument(help="stt, tts or llm; all if not given.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print what GET /api/models answers.")] = False,
) -> None:
    """List the models there are, and which suit this machine."""
    from syrinx.app import model_house, models_command  # noqa: PLC0415 - each command loads what it needs
    from syrinx.app.house import open_house  # noqa: PLC0415

    async def work() -> None:
        async with open_house(read_settings(), serving=False) as house:
            faces = model_house.model_house(house)
            await models_command.list_models(faces, console=out, kind=_kind(kind), as_json=json_output)

    run(work())


@app.command()
def pull(
    names: Names,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the models' licences without being asked.")
    ] = False,
) -> None:
    """Download models, after showing licence and size, and measure how fast they are here."""
    from syrinx.app import pull_command  # noqa: PLC0415
    from syrinx.app.house import open_house  # noqa: PLC0415

    async def work() -> None:
        async with open_house(read_settings(), serving=False) as house:
            confirm = pull_command.confirm_on(err)
            try:
                await pull_command.pull(
                    house.models, names, accept_licence=accept_licence, console=out, err=err, confirm=confirm
                )
            except SyrinxError:
                await _measure(house, names, err)  # of several some may have come
                raise
            await _measure(house, names, err)

    run(work())


@app.command()
def remove(names: Names, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete models' files."""
    from syrinx.app import models_command, pull_command  # noqa: PLC0415
    from syrinx.app.house import open_house  # noqa: PLC0415

    async def work() -> None:
        async with open_house(read_settings(), serving=False) as house:
            confirm = pull_command.confirm_on(err)
            await models_command.remove(house.models, names, yes=yes, console=out, confirm=confirm)

    run(work())


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="All that are installed if not given.")] = None,
) -> None:
    """Compare models' files with their checksums. How well they work is said by `syrinx verify`."""
    from syrinx.app import models_command  # noqa: PLC0415
    from syrinx.app.house import open_house  # noqa: PLC0415

    async def work() -> None:
        async with open_house(read_settings(), serving=False) as house:
            await models_command.verify(house.models, names or [], console=out, err=err)

    run(work())


@app.command()
def adopt(
    name: Annotated[str, typer.Argument(help="A name as in `syrinx models list`.")],
    folder: Annotated[Path, typer.Argument(help="The folder with its files, which stays as it is.")],
) -> None:
    """Use a model whose files are on this machine already."""
    from syrinx.app import models_command  # noqa: PLC0415
    from syrinx.app.house import open_house  # noqa: PLC0415

    async def work() -> None:
        async with open_house(read_settings(), serving=False) as house:
            await models_command.adopt(house.models, name, folder, console=out, err=err)
            await _measure(house, [name], err)

    run(work())


def _kind(given: str | None) -> ModelKind | None:
    match given:
        case None | "stt" | "tts" | "llm":
            return given
        case _:
            raise typer.BadParameter(f"{given!r} is no kind of model: stt, tts or llm")


async def _measure(house: House, names: list[str], console: Console) -> None:
    """Find out how fast those are that have come; what cannot be measured is said and changes nothing."""
    from syrinx.engines.abilities import fast_enough  # noqa: PLC0415

    house.shelf.refresh()
    for installed in house.shelf.unmeasured():
        model = installed.model
        if model.name not in names:
            continue
        try:
            with console.status(f"Measuring {escape(model.title)} on this machine ..."):
                ability = await house.measuring.measure(installed)
        except SyrinxError as error:
            console.print(f"{escape(model.title)} could not be tried: {escape(error.message)}", soft_wrap=True)
            continue
        if not fast_enough(model.kind, ability):
            console.print(
                f"{escape(model.title)} is too slow for a talk on this machine: it is used where nothing else serves, "
                f"or where it is named (SYRINX_{model.kind.upper()}={model.name}).",
                soft_wrap=True,
            )
