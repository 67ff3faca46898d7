"""The commands, run as a person runs them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.app.conftest import CommandLine, plain_environment

from syrinx.audio import read_wav
from syrinx.audio.levels import rms_dbfs
from syrinx.testing.human_clips import RECORDINGS
from syrinx.testing.openai_stand_in import open_stand_in, streaming


def error_rate(said: str, heard: str) -> float:
    """Word error rate: the least number of words changed, added or left out, over the number of those said."""
    reference, words = (re.findall(r"[a-z']+", text.lower()) for text in (said, heard))
    row = list(range(len(words) + 1))
    for place, word in enumerate(reference, start=1):
        before, row[0] = row[0], place
        for column, other in enumerate(words, start=1):
            before, row[column] = row[column], min(before + (word != other), row[column] + 1, row[column - 1] + 1)
    return row[-1] / len(reference)


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_say_writes_speech_into_a_file_and_nothing_else_to_the_screen(syrinx: CommandLine, tmp_path: Path) -> None:
    done = syrinx("say", "Good morning to you all.", "--out", "speech.wav")
    assert done.returncode == 0, done.stderr
    clip = read_wav(tmp_path / "speech.wav")
    assert 800 < clip.duration_ms < 4000
    assert rms_dbfs(clip.samples()) > -35
    assert one_line(done.stderr).endswith("of speech in speech.wav")
    assert not done.stdout


def test_say_reads_standard_input_and_is_quicker_at_speed(syrinx: CommandLine, tmp_path: Path) -> None:
    for speed in ("1", "2"):
        done = syrinx("say", "-", "-o", f"{speed}.wav", "--speed", speed, stdin="Seven yellow rivers ran down.\n")
        assert done.returncode == 0, done.stderr
    ratio = read_wav(tmp_path / "2.wav").duration_ms / read_wav(tmp_path / "1.wav").duration_ms
    assert 0.35 < ratio < 0.75


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--voice", "nobody[/red]"), "unknown_voice: no engine has a voice 'nobody[/red]'"),
        (("--language", "tlh"), "unknown_language: no engine speaks 'tlh'"),
        (
            ("--engine", "nothing"),
            "configuration: SYRINX_TTS is 'nothing': there is no such engine, there are chatterbox_server, espeak",
        ),
        (("--speed", "40"), "bad_input: a speed of 40 cannot be spoken: from 0.25 to 4 can"),
        (("--out", "speech.doc"), "bad_input: speech.doc ends in none of .wav, .mp3"),
        (("--out", "no/such/folder/x.wav"), "bad_input: no/such/folder/x.wav cannot be written"),
    ],
)
def test_what_cannot_be_said_is_one_line_and_status_1(
    arguments: tuple[str, ...], says: str, syrinx: CommandLine
) -> None:
    done = syrinx("say", "hello", "--out", "x.wav", *arguments, COLUMNS="40")
    assert done.returncode == 1
    assert one_line(done.stderr).startswith(says)
    assert not done.stdout


def test_say_writes_what_the_files_name_ends_in_and_listen_understands_it(syrinx: CommandLine, tmp_path: Path) -> None:
    text = '<speak>Good <sub alias="morning">a.m.</sub> to you all.<break time="300ms"/></speak>'
    done = syrinx("say", "--ssml", text, "-o", "speech.mp3", "--pitch", "1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "speech.mp3").read_bytes()[:3] == b"ID3"
    heard = syrinx("listen", "speech.mp3", "--as", "srt")
    assert heard.returncode == 0, heard.stderr
    assert re.match(r"1\n00:00:00,\d{3} --> 00:00:\d\d,\d{3}\n\w", heard.stdout)
    assert "morning" in heard.stdout.lower()


def test_a_text_without_words_is_refused(syrinx: CommandLine) -> None:
    done = syrinx("say", "...!", "--out", "x.wav")
    assert done.returncode == 1
    assert one_line(done.stderr).startswith("bad_input: there are no words to speak")


def test_listen_writes_down_most_of_what_a_person_says(syrinx: CommandLine) -> None:
    said = (RECORDINGS / "LJ001-0004.txt").read_text()
    done = syrinx("listen", str(RECORDINGS / "LJ001-0004.wav"))
    assert done.returncode == 0, done.stderr
    assert error_rate(said, one_line(done.stdout)) <= 0.5
    assert not done.stderr.strip()


def test_listen_gives_word_times_as_json(syrinx: CommandLine) -> None:
    done = syrinx("listen", "--json", str(RECORDINGS / "LJ001-0008.wav"))
    found = json.loads(done.stdout)
    starts = [word["start_ms"] for word in found["words"]]
    assert starts == sorted(starts)
    assert len(starts) == len(found["text"].split())


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "bad_input: it.wav cannot be read: No such file"), (b"this is no sound", "bad_audio: ")],
)
def test_listen_refuses_what_is_no_recording(
    content: bytes | None, says: str, syrinx: CommandLine, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "it.wav").write_bytes(content)
    done = syrinx("listen", "it.wav")
    assert done.returncode == 1
    assert one_line(done.stderr).startswith(says)


async def test_talk_holds_a_conversation_and_prints_what_was_said(syrinx: CommandLine, tmp_path: Path) -> None:
    async with open_stand_in() as model:
        model.answer_with(streaming(["So it ", "was."]))
        done = await asyncio.to_thread(
            syrinx,
            *("talk", str(RECORDINGS / "LJ001-0008.wav"), "--json", "--reply", "reply.wav"),
            SYRINX_LLM_URL=model.url,
            SYRINX_LLM_MODEL="stand-in",
        )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    heard = " ".join(event["text"] for event in events if event["type"] == "transcript" and event["final"])
    assert heard
    assert any(event["type"] == "audio_stream_stop" and event["reason"] == "finished" for event in events)
    replied = "".join(event["text"] for event in events if event["type"] == "sentence")
    assert replied.strip() == "So it was."
    reply = read_wav(tmp_path / "reply.wav")
    assert reply.duration_ms > 500
    assert rms_dbfs(reply.samples()) > -35
    assert not done.stderr.strip()


@pytest.mark.parametrize(
    ("server", "says"),
    [
        ("localhost:8000", "bad_input: 'localhost:8000/ws' is no address"),
        ("http://127.0.0.1:9", "connection_lost: ws://127.0.0.1:9/ws cannot be reached"),
    ],
)
def test_talk_with_a_server_that_is_not_there_says_so(server: str, says: str, syrinx: CommandLine) -> None:
    done = syrinx("talk", str(RECORDINGS / "LJ001-0008.wav"), "--server", server)
    assert done.returncode == 1
    assert one_line(done.stderr).startswith(says)


def test_voices_are_listed_by_language(syrinx: CommandLine) -> None:
    everything, german = syrinx("voices"), syrinx("voices", "--language", "de")
    assert everything.returncode == german.returncode == 0
    assert 1 < len(german.stdout.splitlines()) < len(everything.stdout.splitlines())


def test_a_language_is_not_taken_by_the_test_of_a_server(syrinx: CommandLine) -> None:
    done = syrinx("voices", "--language", "de", "test", "recording.mp3")
    assert done.returncode == 2
    assert "--language is about the list" in " ".join(done.stderr.split())


def test_the_voice_test_of_a_server_that_is_not_there_says_so(syrinx: CommandLine) -> None:
    done = syrinx("voices", "test", str(RECORDINGS / "LJ001-0008.wav"), "--api-url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert re.match(r"failed health .* start one with `syrinx serve`", done.stdout)


def test_a_key_is_made_and_its_secret_alone_is_printed(syrinx: CommandLine) -> None:
    made = syrinx("keys", "create", "kitchen")
    assert made.returncode == 0, made.stderr
    assert re.fullmatch(r"syx_\w{16}_[\w-]{43}", one_line(made.stdout))
    refused = syrinx("keys", "revoke", "nothing")
    assert (refused.returncode, one_line(refused.stderr).split(":")[0]) == (1, "unknown_key")


def test_the_doctor_names_what_is_in_use_and_is_content(syrinx: CommandLine) -> None:
    done = syrinx("doctor")
    assert done.returncode == 0, done.stderr
    for name in ("speaking: espeak (in use)", "hearing: pocketsphinx (in use)", "noticing speech: silero (in use)"):
        assert name in done.stdout
    assert "SYRINX_LLM_URL" in done.stdout
    assert not done.stderr.strip()


def test_the_doctor_is_not_content_when_an_engine_in_use_is_missing(syrinx: CommandLine) -> None:
    done = syrinx("doctor", SYRINX_LLM="openai")
    assert done.returncode == 1
    assert "SYRINX_LLM" in done.stderr


def test_the_doctor_refuses_settings_that_name_nothing(syrinx: CommandLine) -> None:
    done = syrinx("doctor", SYRINX_STT="nothing")
    assert done.returncode == 1
    assert one_line(done.stderr).startswith(
        "configuration: SYRINX_STT is 'nothing': there is no such engine, there are "
    )
    assert "whisper-base" in one_line(done.stderr)


def test_a_port_that_kubernetes_made_is_explained(syrinx: CommandLine) -> None:
    done = syrinx("serve", SYRINX_PORT="tcp://10.0.0.7:8000")
    assert done.returncode == 1
    assert "enableServiceLinks: false" in one_line(done.stderr)


def test_without_a_command_the_help_is_shown(syrinx: CommandLine) -> None:
    shown = syrinx().stdout
    for command in ("serve", "say", "listen", "talk", "doctor", "voices", "models", "keys", "verify"):
        assert command in shown


def test_no_model_library_is_imported_before_a_model_is_opened(tmp_path: Path) -> None:
    """Each takes tenths of a second and tens of megabytes, and a start with nothing downloaded needs none."""
    looked_at = (
        "import asyncio, sys\n"
        "import syrinx.app.cli\n"
        "assert 'syrinx.app.house' not in sys.modules, 'commands load what they need'\n"
        "import syrinx.app.server\n"
        "from pathlib import Path\n"
        "from syrinx.app.house import open_house\n"
        "from syrinx.app.logs import set_up_logging\n"
        "from syrinx.app.model_house import model_house\n"
        "from syrinx.app.options import talk_options\n"
        "from syrinx.app.settings import Settings\n"
        "async def look():\n"
        "    async with open_house(Settings(home=Path('home'), llm='companion')) as house:\n"
        "        await model_house(house).list()\n"
        "        await talk_options(house)\n"
        "set_up_logging('WARNING')\n"
        "asyncio.run(look())\n"
        "heavy = ('ctranslate2', 'faster_whisper', 'kokoro_onnx', 'huggingface_hub', 'tokenizers', 'av', 'torch')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", looked_at],
        cwd=tmp_path,
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
