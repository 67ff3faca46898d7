"""The command line's part about voices on a running server: syrinx voices test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from syrinx.app.running import err, out, run

DEFAULT_URL: Final = "http://127.0.0.1:8000"


def voices_test(
    file: Annotated[Path, typer.Argument(help="A recording of a voice: audio or video, 2 s to 5 min.")],
    api_url: Annotated[str, typer.Option("--api-url", help="Address of a running server.")] = DEFAULT_URL,
    user_id: Annotated[str | None, typer.Option("--user-id", help="Whose voice it is to be.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Do not delete the voice afterwards.")] = False,
    sample_to: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the new voice's sample to an MP3 file.")
    ] = None,
    token: Annotated[
        str | None, typer.Option("--key", "--token", help="Key or token for that server.", envvar="SYRINX_TOKEN")
    ] = None,
) -> None:
    """Clone a recording on a running server, have the voice speak, and delete it: each step with its time."""
    from syrinx.app.voice_trial import VoiceTrial, try_voice  # noqa: PLC0415 - each command loads what it needs

    trial = VoiceTrial(recording=file, address=api_url, token=token, user_id=user_id, keep=keep, sample_to=sample_to)
    well = True

    async def work() -> None:
        nonlocal well
        well = await try_voice(trial, console=out)

    run(work())
    if not well:
        err.print("The voice test failed.")
        raise typer.Exit(1)
