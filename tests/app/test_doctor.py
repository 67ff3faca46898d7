"""What the doctor says of models: where they are, how fast they proved, and which command brings what."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.app.installed_models import FAST, SLOW
from tests.app.test_model_choice import NeedsModel

from syrinx.app.doctor import Finding, examine
from syrinx.app.house import House, open_house
from syrinx.app.settings import Settings, read_settings
from syrinx.engines.abilities import Ability
from syrinx.engines.contract import Kind
from syrinx.engines.registry import EngineRegistry
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider

pytestmark = pytest.mark.usefixtures("clean_environment")


@asynccontextmanager
async def a_house(monkeypatch: pytest.MonkeyPatch, folder: Path) -> AsyncGenerator[House, None]:
    """The embedded engines, and those that run models of the real catalogue; two cores and plenty of memory."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setattr("syrinx.app.advising.usable_cores", lambda: 2)
    monkeypatch.setattr("syrinx.app.advising.CONTAINER_LIMIT", Path("/nowhere"))
    monkeypatch.setattr("syrinx.app.advising.graphics_cards", lambda _: [])  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.setattr("os.sysconf", lambda _: 100_000)  # pyright: ignore[reportUnknownLambdaType]
    plain = FakeProvider("stt", "plain", lambda _: ScriptedStt())
    plain.info = replace(plain.info, languages=("en",))
    registry = EngineRegistry(
        [
            plain,
            NeedsModel("stt", "whisper", lambda _: ScriptedStt()),
            FakeProvider("tts", "basic", lambda _: ScriptedTts()),
            NeedsModel("tts", "kokoro", lambda _: ScriptedTts()),
            NeedsModel("llm", "local", lambda _: ScriptedLlm((saying("yes"),))),
            FakeProvider("llm", "companion", lambda _: ScriptedLlm((saying("hm"),))),
            FakeProvider("vad", "silero", lambda _: ScriptedVad()),
        ],
        entry_points_=(),
    )
    async with open_house(Settings(home=folder / "home"), registry=registry) as house:
        yield house


async def installed(house: House, folder: Path, name: str, *, ability: Ability | None = FAST) -> None:
    """A folder of somebody's own, for the store looks at names and sizes only."""
    folder /= name
    folder.mkdir(parents=True)
    model = house.models.catalogue.model(name)
    for file in model.files:
        (folder / file.save_as).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.save_as).write_text("x")
    adopted = await house.models.adopt(name, folder)
    house.shelf.refresh()
    kind: Kind = model.kind
    if ability is not None:
        house.abilities.put(kind, name, adopted.identity, ability)


async def findings(house: House) -> dict[str, Finding]:
    return {finding.what: finding for finding in await examine(house)}


async def test_where_nothing_is_installed_it_names_the_commands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with a_house(monkeypatch, tmp_path) as house:
        found = await findings(house)
    assert str(tmp_path / "home" / "models") in found["models folder"].says
    assert "free" in found["models folder"].says
    assert found["model hub"].says.startswith("https://huggingface.co")
    assert found["recommended: whisper-base"].remedy == "syrinx models pull whisper-base"
    assert "148 MB" in found["recommended: whisper-base"].says
    assert found["recommended: kokoro"].remedy == "syrinx models pull kokoro"
    remedy = found["language model"].remedy
    assert remedy.startswith("syrinx models pull qwen2.5-0.5b; ")
    assert 0 < remedy.index("Ollama") < remedy.index("OPENROUTER_API_KEY")
    assert found["hearing: whisper"].verdict == "missing"


async def test_models_are_told_with_their_speed_and_their_engine_is_not_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with a_house(monkeypatch, tmp_path) as house:
        for name in ("whisper-base", "kokoro-int8"):
            await installed(house, tmp_path, name)
        await installed(house, tmp_path, "qwen2.5-0.5b", ability=replace(FAST, real_time_factor=None))
        await installed(house, tmp_path, "whisper-small", ability=SLOW)
        await installed(house, tmp_path, "whisper-tiny", ability=None)
        found = await findings(house)
    assert found["hearing: whisper-base"].in_use
    assert "10 x real time" in found["hearing: whisper-base"].says
    assert found["thinking: qwen2.5-0.5b"].in_use
    assert "50 tokens/s" in found["thinking: qwen2.5-0.5b"].says
    assert found["hearing: whisper-small"].verdict == "attention"
    assert "too slow" in found["hearing: whisper-small"].says
    assert "not measured" in found["hearing: whisper-tiny"].says
    assert not {"hearing: whisper", "speaking: kokoro", "thinking: local", "language model"} & set(found)
    assert not [what for what in found if what.startswith("recommended")]


async def test_a_damaged_model_and_a_broken_off_pull_say_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with a_house(monkeypatch, tmp_path) as house:
        await installed(house, tmp_path, "whisper-base")
        (tmp_path / "whisper-base" / "model.bin").unlink()
        part = tmp_path / "home" / "models" / ".partial" / "kokoro" / "model.onnx.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(bytes(2_000_000))
        found = await findings(house)
    assert found["model: whisper-base"].verdict == "missing"
    assert found["model: whisper-base"].remedy == "syrinx models pull whisper-base"
    assert "2.0 MB of 354 MB" in found["model: kokoro"].says


async def test_a_hub_that_may_not_be_asked_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    async with a_house(monkeypatch, tmp_path) as house:
        found = await findings(house)
    assert found["model hub"].verdict == "attention"
    assert "HF_HUB_OFFLINE" in found["model hub"].remedy


async def test_a_local_mind_that_nobody_measured_is_told_how(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with a_house(monkeypatch, tmp_path) as house:
        await installed(house, tmp_path, "qwen2.5-0.5b", ability=None)
        found = await findings(house)
    assert found["language model"].remedy.startswith("syrinx verify llm --engine qwen2.5-0.5b")


async def test_what_is_sent_to_an_ear_elsewhere_is_told(clean_environment: Path, tmp_path: Path) -> None:
    (clean_environment / ".env").write_text("SST_BROKER_URL=http://192.0.2.7:9082\nOLLAMA_HOST=127.0.0.1:9\n")
    async with open_house(read_settings(home=tmp_path / "home", llm="companion")) as house:
        told = [finding for finding in await examine(house) if finding.what == "privacy"]
    assert [finding.says for finding in told] == [
        "the sound of what is said in talks and of recordings is sent to http://192.0.2.7:9082"
    ]
