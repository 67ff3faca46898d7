"""The command line's part about voices: syrinx voices lists them, syrinx voices test tries a server's cloning."""

from __future__ import annotations

from typing import Annotated

import typer

from syrinx.app.running import out, run
from syrinx.app.settings import read_settings
from syrinx.app.voices_test_cli import voices_test

app = typer.Typer()


@app.callback(invoke_without_command=True)
def voices(
    context: typer.Context,
    language: Annotated[str | None, typer.Option(help="BCP 47, for example en or pt-BR.")] = None,
) -> None:
    """List the voices that can be used here, or try the cloning of a running server."""
    if context.invoked_subcommand is not None:
        if language is not None:
            raise typer.BadParameter(f"--language is about the list, and not about {context.invoked_subcommand}")
        return
    from syrinx.app import speaking  # noqa: PLC0415 - each command loads what it needs

    run(speaking.list_voices(read_settings(), language=language, console=out))


app.command("test")(voices_test)
