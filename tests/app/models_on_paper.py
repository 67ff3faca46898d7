"""Models of a catalogue as tests need them: real sizes, no files."""

from __future__ import annotations

from syrinx.engines.models import CatalogueModel, Licence, ModelFile, ModelKind

MIT = Licence(
    id="MIT",
    name="MIT licence",
    url="https://opensource.org/license/mit",
    summary="Free for any use; the notice stays with copies.",
)
APACHE = Licence(
    id="Apache-2.0",
    name="Apache licence 2.0",
    url="https://www.apache.org/licenses/LICENSE-2.0",
    summary="Free for any use; changes are to be marked.",
)
RESEARCH = Licence(
    id="LicenseRef-research",
    name="Research licence",
    url="https://example.org/research",
    summary="For research only.",
)

MANY = ("de", "en", "es", "fr", "ja", "zh")


def model(
    name: str,
    *,
    kind: ModelKind = "stt",
    engine: str = "whisper",
    title: str = "",
    mb: int = 145,
    memory_mb: int | None = None,
    languages: tuple[str, ...] = MANY,
    preference: int = 60,
    licence: Licence = MIT,
) -> CatalogueModel:
    """`mb` and `memory_mb` in millions of bytes; memory is as much as the files unless it is given."""
    return CatalogueModel(
        name=name,
        engine=engine,
        kind=kind,
        title=title or name.replace("-", " ").capitalize(),
        good_for="Good for a talk.",
        languages=languages,
        licence=licence,
        repository=f"example/{name}",
        revision="main",
        files=(ModelFile(path="model.bin", size_bytes=mb * 1_000_000),),
        memory_bytes=(mb if memory_mb is None else memory_mb) * 1_000_000,
        preference=preference,
    )


TINY = model("whisper-tiny", mb=75, memory_mb=250, preference=50)
BASE = model("whisper-base", mb=145, memory_mb=350, preference=60)
SMALL = model("whisper-small", mb=484, memory_mb=800, preference=70)
TURBO = model("whisper-large-v3-turbo", mb=1620, memory_mb=2300, preference=90)
KOKORO = model(
    "kokoro", kind="tts", engine="kokoro", mb=354, memory_mb=900, preference=60, licence=APACHE, languages=("en", "fr")
)
KOKORO_INT8 = model(
    "kokoro-int8", kind="tts", engine="kokoro", mb=116, memory_mb=450, preference=55, licence=APACHE, languages=("en",)
)
MIND = model("qwen2.5-0.5b-instruct", kind="llm", engine="local", mb=640, memory_mb=800, preference=30, licence=APACHE)
LARGER_MIND = model(
    "qwen2.5-1.5b-instruct", kind="llm", engine="local", mb=1700, memory_mb=2000, preference=40, licence=APACHE
)

ALL = (TINY, BASE, SMALL, TURBO, KOKORO, KOKORO_INT8, MIND, LARGER_MIND)
