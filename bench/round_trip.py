"""What comes back of a text that is spoken and heard again over HTTP: word error rate per voice, and of people.

`round_trip.py [--all]`: every voice of English, espeak's variants included; else one of each engine's kind.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from syrinx.app.server import open_server
from syrinx.app.settings import Settings
from syrinx.audio import wav_bytes
from syrinx.speech.word_errors import word_errors
from syrinx.testing.human_clips import human_clips

TEXTS = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It is easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
    "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.",
    "The hogs were fed chopped corn and garbage.",
)
"""Harvard sentences, list 1 (IEEE Recommended Practice for Speech Quality Measurements, 1969)."""
ESPEAK_VOICES = 6
"""Of espeak's hundred variants of English; all with --all."""


async def heard(web: httpx.AsyncClient, sound: bytes) -> str:
    answer = await web.post(
        "/v1/audio/transcriptions",
        files={"file": ("speech.wav", sound, "audio/wav")},
        data={"model": "auto", "language": "en"},
    )
    return str(answer.raise_for_status().json()["text"])


async def voice_rate(web: httpx.AsyncClient, voice: str) -> tuple[float, float]:
    """Of all texts in that voice: the error rate, and the rate when the speech travels as MP3."""
    wrong = wrong_mp3 = said = 0
    for text in TEXTS:
        for audio_format in ("wav", "mp3"):
            order = {"model": "auto", "input": text, "voice": voice, "response_format": audio_format}
            sound = (await web.post("/v1/audio/speech", json=order)).raise_for_status().content
            errors = word_errors(text, await heard(web, sound))
            if audio_format == "wav":
                wrong, said = wrong + errors.wrong, said + errors.of
            else:
                wrong_mp3 += errors.wrong
    return wrong / said, wrong_mp3 / said


def chosen(voices: list[dict[str, Any]], *, every: bool) -> list[dict[str, Any]]:
    english = [voice for voice in voices if voice["language"].lower().startswith("en")]
    if every:
        return english
    espeak = [voice for voice in english if voice["engine"] == "espeak"]
    step = max(1, len(espeak) // ESPEAK_VOICES)
    return [voice for voice in english if voice["engine"] != "espeak"] + espeak[::step][:ESPEAK_VOICES]


async def main(*, every: bool) -> None:
    table = Table(title=f"text -> speech -> text over HTTP, embedded engines, {len(TEXTS)} Harvard sentences")
    for column in ("voice", "engine", "language", "wrong, as WAV", "wrong, as MP3"):
        table.add_column(column)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), port=0, llm="companion")
        async with (
            open_server(settings) as address,
            httpx.AsyncClient(base_url=address, timeout=120, trust_env=False) as web,
        ):
            voices = (await web.get("/v1/audio/voices")).raise_for_status().json()["voices"]
            for voice in chosen(voices, every=every):
                rate, rate_mp3 = await voice_rate(web, voice["id"])
                table.add_row(
                    voice["id"], voice["engine"], voice["language"], f"{100 * rate:.0f} %", f"{100 * rate_mp3:.0f} %"
                )
            wrong = said = 0
            for clip in human_clips():
                errors = word_errors(clip.text, await heard(web, wav_bytes(clip.audio)))
                wrong, said = wrong + errors.wrong, said + errors.of
            table.add_row("people", "", "en", f"{100 * wrong / said:.0f} % of {said} words", "")
    Console(width=100).print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", dest="every")
    asyncio.run(main(every=parser.parse_args().every))
