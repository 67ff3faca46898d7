"""The command line: syrinx serve, say, voices, listen, talk, models, keys, verify and doctor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from syrinx.app import broker_cli, keys_cli, models_cli, voices_cli
from syrinx.app.logs import set_up_logging
from syrinx.app.running import begin, err, loaded, out, run
from syrinx.app.settings import read_settings, silence_telemetry
from syrinx.errors import SyrinxError

app = typer.Typer(
    name="syrinx",
    help="A voice platform that you run yourself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models_cli.app, name="models")
app.add_typer(broker_cli.app, name="broker")
app.add_typer(keys_cli.app, name="keys")
app.add_typer(voices_cli.app, name="voices")

Port = Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one (SYRINX_PORT, 8000).")]
Language = Annotated[str | None, typer.Option(help="BCP 47, for example en or pt-BR.")]


def main() -> None:
    """Entry point: errors that we know become one line and exit status 1."""
    begin()
    silence_telemetry()
    set_up_logging("WARNING")  # serve sets its own level; the others print what they were asked for
    try:
        app()
    except SyrinxError as error:
        err.print(f"[bold red]{error.code}[/]: {escape(error.message)}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (SYRINX_HOST, 127.0.0.1).")] = None,
    port: Port = None,
    home: Annotated[Path | None, typer.Option(help="Folder for all that Syrinx keeps (SYRINX_HOME).")] = None,
) -> None:
    """Start the server and print the address of its page."""
    from syrinx.app import server  # noqa: PLC0415 - each command loads what it needs, so that all are quick

    settings = read_settings(host=host, port=port, home=home)
    set_up_logging(settings.log_level)

    def ready(address: str) -> None:
        loaded()
        out.print(f"Syrinx is ready: [bold]{address}[/]", soft_wrap=True)
        sys.stdout.flush()

    run(server.serve(settings, on_ready=ready))


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    out_file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Write a wav, mp3, opus, aac, flac or pcm file; - for standard output.",
        ),
    ] = None,
    voice: Annotated[str | None, typer.Option(help="A voice's id; --voices lists them.")] = None,
    language: Language = None,
    speed: Annotated[float, typer.Option(help="1 is as usual.")] = 1.0,
    pitch: Annotated[float, typer.Option(help="In semitones above or below the usual.")] = 0.0,
    ssml: Annotated[bool, typer.Option("--ssml", help="The text is SSML.")] = False,
    engine: Annotated[str | None, typer.Option(help="Voice engine by name (SYRINX_TTS).")] = None,
) -> None:
    """Speak a text: on the loudspeaker, or into a file."""
    from syrinx.app import speaking  # noqa: PLC0415
    from syrinx.speech.narration import NarrationRequest  # noqa: PLC0415

    settings = read_settings(tts=engine)
    words = sys.stdin.read() if text == "-" else text
    request = NarrationRequest(
        text=words, ssml=ssml, language=language, voice=voice, speed=speed, pitch_semitones=pitch
    )
    run(speaking.say(settings, request, to=out_file, console=err))


@app.command()
def listen(
    file: Annotated[Path, typer.Argument(help="A recording: WAV, MP3, OGG, WebM, MP4, FLAC, AMR and others.")],
    language: Annotated[
        str | None, typer.Option(help="BCP 47, for example en or pt-BR; auto finds it out, where the ear can.")
    ] = None,
    translate: Annotated[bool, typer.Option("--translate", help="Write in English what is said.")] = False,
    engine: Annotated[str | None, typer.Option(help="Ear by name (SYRINX_STT).")] = None,
    written_as: Annotated[str, typer.Option("--as", help="text, json (with times), srt or vtt.")] = "text",
    json_output: Annotated[bool, typer.Option("--json", help="As --as json.")] = False,
) -> None:
    """Transcribe a recording."""
    from syrinx.app import hearing  # noqa: PLC0415
    from syrinx.speech.recordings import RecordingRequest  # noqa: PLC0415

    wanted = hearing.WRITTEN_AS.get("json" if json_output else written_as)
    if wanted is None:
        raise typer.BadParameter(f"--as is {written_as!r}: {', '.join(hearing.WRITTEN_AS)} would be right")
    settings = read_settings(stt=engine)
    request = RecordingRequest(language=language or settings.language, task="translate" if translate else "transcribe")
    run(hearing.listen(settings, file, request, written_as=wanted, out=out, err=err))


@app.command()
def talk(
    file: Annotated[Path, typer.Argument(help="A WAV file: what the person says, pauses included.")],
    server: Annotated[
        str | None,
        typer.Option(help="Address of a running server, for example http://127.0.0.1:8000; else one is started."),
    ] = None,
    token: Annotated[str | None, typer.Option(help="Token of that server.", envvar="SYRINX_TOKEN")] = None,
    barge_in: Annotated[bool, typer.Option(help="Keep the microphone open while the reply sounds.")] = False,
    voice: Annotated[str | None, typer.Option(help="A voice's id.")] = None,
    language: Language = None,
    reply_to: Annotated[
        Path | None, typer.Option("--reply", help="Write the sound of the replies to a WAV file.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print every event as a line of JSON.")] = False,
) -> None:
    """Hold a spoken conversation with a recording and print what happens."""
    from syrinx.app import talking  # noqa: PLC0415

    plan = talking.TalkPlan(
        recording=file, barge_in=barge_in, voice=voice, language=language, reply_to=reply_to, as_json=json_output
    )
    run(talking.talk(read_settings(), plan, server=server, token=token, out=out))


@app.command()
def verify(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="stt, tts or llm, all three if not given; or sound files, to be told whether they are marked."
        ),
    ] = None,
    engine: Annotated[str | None, typer.Option(help="Engine or model by name, instead of those in use.")] = None,
    remote: Annotated[bool, typer.Option("--remote", help="Also ask engines elsewhere: a test text is sent.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
) -> None:
    """Put ear, voice and mind to the test, or tell of sound files whether they are marked as synthetic speech."""
    from syrinx.app import verifying  # noqa: PLC0415
    from syrinx.app.verification import VERIFIED_KINDS, VerifiedKind  # noqa: PLC0415

    kinds: list[VerifiedKind] = [each for each in VERIFIED_KINDS if not what or each in what]
    files = [Path(each) for each in what or () if each not in kinds]
    if files and not kinds:
        from syrinx.app.marks import tell_of_marks  # noqa: PLC0415

        run(tell_of_marks(read_settings(), files, as_json=json_output, out=out))
        return
    unknown = [str(each) for each in files]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)} cannot be verified with engines: stt, tts and llm can")
    run(
        verifying.verify(
            read_settings(),
            kinds,
            engine=engine,
            remote=remote,
            as_json=json_output,
            console=out,
            remember=verifying.remember_in_house,
        )
    )


@app.command()
def doctor() -> None:
    """Say what works here, what is missing and the command that mends it."""
    from syrinx.app import examining  # noqa: PLC0415

    run(examining.report(read_settings(), console=out))


if __name__ == "__main__":
    main()
