"""A hub with tiny models of every kind, and the catalogue that offers them."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from syrinx.testing.hub_stand_in import HubStandIn, open_hub_stand_in
from syrinx.testing.tiny_chat_model import write_tiny_chat_model
from syrinx.testing.tiny_kokoro import write_tiny_kokoro
from syrinx.testing.tiny_whisper import write_tiny_whisper

HEARD = "what is the capital of france?"
ANSWERED = "It is Paris, of course."


GOOD_FOR = {
    "stt": "Understands 99 languages well on most laptops.",
    "tts": "A natural voice in six languages, best in English, with the times of its words.",
    "llm": "Answers simple talk on any machine.",
}
"""What the models that they stand in for are good for: the guide's pictures show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyHub:
    """`variables` let a server or command pull from it."""

    hub: HubStandIn
    catalogue: Path

    @property
    def variables(self) -> dict[str, str]:
        return {"HF_ENDPOINT": self.hub.url, "SYRINX_CATALOGUE": str(self.catalogue)}


@contextmanager
def open_tiny_hub(folder: Path) -> Generator[TinyHub, None, None]:
    """The tiny models bear the names of those that are recommended, and stand in for them.

    The voice speaks fewer languages than the one of the catalogue that comes next, so it is preferred the more.
    """
    models = {
        "whisper-base": ("whisper", "stt", "Whisper base", write_tiny_whisper(folder / "ear", says=HEARD), 60),
        "kokoro": ("kokoro", "tts", "Kokoro", write_tiny_kokoro(folder / "voice"), 64),
        "qwen2.5-0.5b": ("local", "llm", "Qwen2.5 0.5B", write_tiny_chat_model(folder / "mind", says=ANSWERED), 30),
    }
    entries: list[str] = []
    for name, (engine, kind, title, files, preference) in models.items():
        sizes = {file.name: file.stat().st_size for file in sorted(files.iterdir())}
        listed = ", ".join(f"{{ path = {json.dumps(file)}, size_bytes = {size} }}" for file, size in sizes.items())
        entries.append(
            f"""
[[models]]
name = "{name}"
engine = "{engine}"
kind = "{kind}"
title = "{title}"
good_for = "{GOOD_FOR[kind]}"
languages = ["en", "de", "es", "fr", "it"]
licence = "{"MIT" if kind == "stt" else "Apache-2.0"}"
repository = "tests/{name}"
revision = "main"
memory_bytes = 50000000
preference = {preference}
files = [{listed}]
"""
        )
    catalogue = folder / "catalogue.toml"
    catalogue.write_text("".join(entries), encoding="utf-8")
    with open_hub_stand_in({f"tests/{name}": files for name, (_, _, _, files, _) in models.items()}) as hub:
        yield TinyHub(hub=hub, catalogue=catalogue)
