"""The command line's part about keys: syrinx keys create, list, revoke and rotate; no server needs to run."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from syrinx.accounts import LOCAL_USER, PERSONAL_SCOPES, SCOPES, Scope
from syrinx.accounts.api_key import ApiKey, utc_now
from syrinx.accounts.key_limits import KeyLimits
from syrinx.app.running import err, out, run
from syrinx.app.settings import read_settings

if TYPE_CHECKING:
    from syrinx.accounts.keys import Keys

app = typer.Typer(help="API keys: who may use this server, for what, and how much.", no_args_is_help=True)

MADE_HERE = "command line"
"""What `created_by` is of these keys. Whoever has this command has the database, and so is an operator."""

KeyId = Annotated[str, typer.Argument(help="As in `syrinx keys list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    user: Annotated[str, typer.Option(help="Whose voices and conversations it opens.")] = LOCAL_USER,
    scope: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(SCOPES)}; once for each. A person's if not given.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="After which it ends; else never.")] = None,
    requests_per_minute: Annotated[int | None, typer.Option(min=1, help="As the settings say if not given.")] = None,
    characters_per_day: Annotated[int | None, typer.Option(min=1, help="Of text that is spoken; likewise.")] = None,
    audio_seconds_per_day: Annotated[int | None, typer.Option(min=1, help="Of sound listened to; likewise.")] = None,
    json_output: AsJson = False,
) -> None:
    """Make a key and print its secret, which is shown this once."""
    limits = KeyLimits(
        requests_per_minute=requests_per_minute,
        characters_per_day=characters_per_day,
        audio_seconds_per_day=audio_seconds_per_day,
    )

    async def work() -> None:
        async with _open_keys() as keys:
            key, secret = await keys.create(
                user,
                name=name,
                scopes=_scopes(scope),
                expires_at=None if days is None else utc_now() + timedelta(days=days),
                limits=limits,
                created_by=MADE_HERE,
            )
        _show_secret(key, secret, as_json=json_output)

    run(work())


@app.command("list")
def list_keys(
    user: Annotated[str | None, typer.Option(help="Of this user; of all if not given.")] = None,
    json_output: AsJson = False,
) -> None:
    """List keys, those included that open nothing any more."""

    async def work() -> None:
        async with _open_keys() as keys:
            found = await keys.list(user)
        if json_output:
            out.print_json(json.dumps([_as_json(key) for key in found]))
        else:
            _show(found, out)

    run(work())


@app.command()
def revoke(key_id: KeyId) -> None:
    """End a key, and those that were made with it. Running servers know within 5 s."""

    async def work() -> None:
        async with _open_keys() as keys:
            key = await keys.revoke(key_id)
        out.print(f"{key.key_id} ({escape(key.name)}, {key.user}) opens nothing any more.", soft_wrap=True)

    run(work())


@app.command()
def rotate(
    key_id: KeyId,
    overlap_s: Annotated[
        float, typer.Option("--overlap", min=0, help="Seconds for which the old one goes on opening; up to 7 days.")
    ] = 0.0,
    json_output: AsJson = False,
) -> None:
    """Replace a key by one with the same scopes, limits and end, and print its secret."""

    async def work() -> None:
        async with _open_keys() as keys:
            key, secret = await keys.rotate(key_id, overlap_s=overlap_s)
        _show_secret(key, secret, as_json=json_output)

    run(work())


@asynccontextmanager
async def _open_keys() -> AsyncGenerator[Keys, None]:
    from syrinx.accounts.keys import Keys  # noqa: PLC0415 - each command loads what it needs
    from syrinx.storage.database import open_database  # noqa: PLC0415

    async with open_database(read_settings().database_address) as database:
        yield Keys(database)


def _scopes(given: list[str] | None) -> frozenset[Scope]:
    unknown = sorted(set(given or ()) - set(SCOPES))
    if unknown:
        raise typer.BadParameter(f"--scope is {unknown[0]!r}: {', '.join(SCOPES)} would be right")
    return frozenset(cast("list[Scope]", given)) if given else PERSONAL_SCOPES


def _show_secret(key: ApiKey, secret: str, *, as_json: bool) -> None:
    """The secret alone goes to standard output, so that a script can take it from there."""
    if as_json:
        out.print_json(json.dumps({"key": _as_json(key), "secret": secret}))
        return
    err.print(
        f"Key {key.key_id} of {key.user} may: {', '.join(sorted(key.scopes))}. Its secret is shown this once:",
        soft_wrap=True,
    )
    out.print(secret, soft_wrap=True)


def _show(keys: tuple[ApiKey, ...], console: Console) -> None:
    if not keys:
        console.print("There are no keys: `syrinx keys create NAME` makes one.", markup=False, soft_wrap=True)
        return
    table = Table("key", "user", "name", "scopes", "state", "ends", "last used", box=None, pad_edge=False)
    now = utc_now()
    for key in keys:
        table.add_row(
            key.key_id,
            key.user,
            escape(key.name),
            " ".join(sorted(key.scopes)),
            key.state(now),
            f"{key.end:%Y-%m-%d %H:%M}" if key.end else "never",
            f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never",
        )
    console.print(table)


def _as_json(key: ApiKey) -> dict[str, object]:
    """As GET /api/keys has it."""
    from syrinx.transports.http.people_wire import shown_key  # noqa: PLC0415

    return shown_key(key, utc_now()).model_dump(mode="json")
