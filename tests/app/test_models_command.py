"""`syrinx models list`, `remove`, `verify` and `adopt`: what is printed, asked and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.app.models_on_paper import ALL, BASE, KOKORO, MIND, SMALL, TINY, TURBO
from tests.app.paper_console import PaperConsole, Person
from tests.app.store_on_paper import PaperStore
from tests.engines.models.shelves import CONFIG, open_store, write_repository

from syrinx.app.models_command import ModelsDamaged, adopt, list_models, remove, verify
from syrinx.engines.models import CatalogueModel, ModelKind, NotInstalled, UnknownModel, WrongFolder
from syrinx.errors import BadInput
from syrinx.transports.http.models import (
    AbilityEntry,
    LicenceEntry,
    ModelEntry,
    ModelHouse,
    ModelList,
    Verification,
)


def entry(model: CatalogueModel, **changes: Any) -> ModelEntry:
    values: dict[str, Any] = {
        "name": model.name,
        "engine": model.engine,
        "kind": model.kind,
        "title": model.title,
        "good_for": model.good_for,
        "languages": list(model.languages),
        "size_bytes": model.size_bytes,
        "memory_bytes": model.memory_bytes,
        "licence": LicenceEntry(id=model.licence.id, name="", url="", summary=""),
        "repository": model.repository,
        "hosts": ["huggingface.co"],
        "revision": model.revision,
        "preference": model.preference,
        "state": "available",
        "progress": None,
        "failure": None,
        "problem": "",
        "partial_bytes": 0,
        "in_use": False,
        "adopted": False,
        "ability": None,
        "measuring": False,
        "recommended": False,
    }
    return ModelEntry(**{**values, **changes})


def house_with(*entries: ModelEntry) -> ModelHouse:
    async def listed() -> ModelList:
        return ModelList(models=list(entries), folder="/models", free_bytes=1, hub="https://hub.test", offline=False)

    async def no_change(_name: str, _licence: str | None = None) -> ModelEntry:
        raise AssertionError("a list changes nothing")

    async def no_check(_name: str) -> Verification:
        raise AssertionError("a list reads no file")

    return ModelHouse(list=listed, pull=no_change, cancel=no_change, remove=no_change, verify=no_check)


async def listed(*entries: ModelEntry, kind: ModelKind | None = None, as_json: bool = False) -> PaperConsole:
    out = PaperConsole()
    await list_models(house_with(*entries), console=out.console, kind=kind, as_json=as_json)
    return out


def row(out: PaperConsole, name: str) -> str:
    (line,) = [line for line in out.lines if line.split()[0] == name]
    return line


async def test_the_list_has_the_best_of_each_kind_first_the_ears_before_the_voices() -> None:
    out = await listed(*(entry(model) for model in ALL))
    names = [line.split()[0] for line in out.lines[1:-1]]
    assert names[0] == TURBO.name
    assert names.index(SMALL.name) < names.index(BASE.name) < names.index(TINY.name) < names.index(KOKORO.name)
    assert names.index("kokoro-int8") < names.index(MIND.name)
    assert "syrinx models pull NAME" in out.lines[-1]


async def test_a_row_says_what_a_model_does_its_languages_size_and_licence() -> None:
    out = await listed(entry(BASE), entry(KOKORO), entry(TINY, languages=["en"]))
    assert row(out, BASE.name).split() == [BASE.name, "hears", "6", "145", "MB", "MIT"]
    assert row(out, KOKORO.name).split() == [KOKORO.name, "speaks", "2", "354", "MB", "Apache-2.0"]
    assert row(out, TINY.name).split()[2] == "en", "one language is named"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "installed"}, "installed"),
        ({"state": "installed", "in_use": True, "recommended": True}, "installed, in use, recommended"),
        ({"state": "installed", "adopted": True}, "installed, your own folder"),
        ({"state": "pulling"}, "being pulled"),
        ({"state": "damaged"}, "damaged"),
        ({"partial_bytes": 62_000_000}, "62 MB here"),
        ({"recommended": True}, "recommended"),
        ({"state": "installed", "measuring": True}, "being measured"),
    ],
)
async def test_a_row_says_how_things_stand(changes: dict[str, Any], says: str) -> None:
    assert row(await listed(entry(BASE, **changes)), BASE.name).endswith(says)


@pytest.mark.parametrize(
    ("ability", "says"),
    [
        (AbilityEntry(real_time_factor=0.2, first_ms=300, fast_enough=True), "5.0 x real time"),
        (AbilityEntry(real_time_factor=0.01, first_ms=30, fast_enough=True), "100 x real time"),
        (AbilityEntry(real_time_factor=2.0, first_ms=3000, fast_enough=False), "too slow: 0.5 x real time"),
        (
            AbilityEntry(real_time_factor=None, first_ms=900, tokens_per_s=14.6, fast_enough=True),
            "15 tokens/s",
        ),
        (AbilityEntry(real_time_factor=None, first_ms=900, fast_enough=True), "first words after 0.9 s"),
    ],
)
async def test_a_row_says_how_fast_it_is_here(ability: AbilityEntry, says: str) -> None:
    assert row(await listed(entry(BASE, state="installed", ability=ability)), BASE.name).endswith(says)


async def test_one_kind_can_be_listed_alone() -> None:
    out = await listed(*(entry(model) for model in ALL), kind="tts")
    assert [line.split()[0] for line in out.lines[1:-1]] == ["kokoro", "kokoro-int8"]


async def test_where_all_is_installed_nothing_is_offered() -> None:
    out = await listed(entry(BASE, state="installed"))
    assert len(out.lines) == 2


async def test_as_json_the_list_is_that_of_the_http_interface() -> None:
    out = await listed(entry(KOKORO), entry(BASE, state="installed"), as_json=True)
    found = json.loads(out.text)
    assert [model["name"] for model in found["models"]] == [BASE.name, KOKORO.name]
    assert found["models"][0]["state"] == "installed"
    assert found["hub"] == "https://hub.test"


async def test_removing_asks_first_and_says_what_it_frees() -> None:
    store, out, person = PaperStore(), PaperConsole(), Person(True)
    store.install(BASE.name)
    await remove(store, [BASE.name], yes=False, console=out.console, confirm=person)
    assert person.asked == ["Remove Whisper base (145 MB)?"]
    assert out.lines == ["Whisper base is removed: 145 MB are free again"]
    assert store.removed == [BASE.name]


async def test_what_a_person_wants_to_keep_stays() -> None:
    store, out = PaperStore(), PaperConsole()
    store.install(BASE.name)
    store.install(KOKORO.name)
    await remove(store, [BASE.name, KOKORO.name], yes=False, console=out.console, confirm=Person(False, True))
    assert store.removed == [KOKORO.name]
    assert out.lines[0] == "Whisper base stays."


async def test_without_a_terminal_removing_wants_a_word() -> None:
    store, out = PaperStore(), PaperConsole()
    store.install(BASE.name)
    with pytest.raises(BadInput, match="--yes"):
        await remove(store, [BASE.name], yes=False, console=out.console, confirm=None)
    assert store.removed == []
    await remove(store, [BASE.name], yes=True, console=out.console, confirm=None)
    assert store.removed == [BASE.name]


async def test_what_an_unfinished_pull_left_can_be_removed() -> None:
    store, out, person = PaperStore(), PaperConsole(), Person(True)
    store.put(BASE.name, state="available", partial_bytes=62_000_000)
    await remove(store, [BASE.name], yes=False, console=out.console, confirm=person)
    assert person.asked == ["Remove the 62 MB that were fetched of Whisper base?"]
    assert out.lines == ["Whisper base is removed: 62 MB are free again"]


async def test_an_adopted_folder_is_said_to_stay() -> None:
    store, out, person = PaperStore(), PaperConsole(), Person(True)
    store.put(BASE.name, state="installed", path=Path("/mine/whisper"), adopted=True)
    await remove(store, [BASE.name], yes=False, console=out.console, confirm=person)
    assert person.asked == ["Let go of Whisper base? Its files stay in /mine/whisper."]
    assert out.lines == ["Whisper base is let go of; its files stay in /mine/whisper"]


async def test_nothing_is_removed_where_one_name_is_misspelt() -> None:
    store, out = PaperStore(), PaperConsole()
    store.install(BASE.name)
    with pytest.raises(UnknownModel):
        await remove(store, [BASE.name, "kokorro"], yes=True, console=out.console, confirm=None)
    assert store.removed == []


async def test_what_is_not_there_cannot_be_removed_and_nobody_is_asked() -> None:
    with pytest.raises(NotInstalled):
        await remove(PaperStore(), [BASE.name], yes=False, console=PaperConsole().console, confirm=Person())


async def test_checking_names_each_problem_and_the_command_that_mends_it() -> None:
    store = PaperStore(problems={BASE.name: ("model.bin is damaged.", "config.json is missing.")})
    out, err = PaperConsole(), PaperConsole()
    store.install(BASE.name)
    store.install(KOKORO.name)
    with pytest.raises(ModelsDamaged, match="damaged: whisper-base; syrinx models pull whisper-base"):
        await verify(store, [], console=out.console, err=err.console)
    assert out.lines == [
        "damaged  whisper-base: model.bin is damaged.",
        "damaged  whisper-base: config.json is missing.",
        "well  kokoro",
    ]


async def test_checking_without_names_where_nothing_is_installed_says_so() -> None:
    out = PaperConsole()
    await verify(PaperStore(), [], console=out.console, err=PaperConsole().console)
    assert out.lines == ["No model is installed: syrinx models list shows those that there are."]


async def test_checking_what_is_not_installed_is_refused() -> None:
    with pytest.raises(NotInstalled):
        await verify(PaperStore(), [BASE.name], console=PaperConsole().console, err=PaperConsole().console)


async def test_a_folder_of_ones_own_is_used_checked_and_let_go_of(tmp_path: Path) -> None:
    mine = write_repository(tmp_path / "mine")
    out, err = PaperConsole(), PaperConsole(terminal=True)
    async with open_store(tmp_path / "models", "http://127.0.0.1:9") as store:
        await adopt(store, "tiny", mine, console=out.console, err=err.console)
        assert out.lines == [
            f"Tiny is used where it lies, in {mine}. Nothing there is ever changed or deleted.",
        ]
        await verify(store, ["tiny"], console=out.console, err=err.console)
        assert out.lines[-1] == "well  tiny"
        (mine / "config.json").write_bytes(CONFIG[::-1])
        with pytest.raises(ModelsDamaged):
            await verify(store, ["tiny"], console=out.console, err=err.console)
        await remove(store, ["tiny"], yes=True, console=out.console, confirm=None)
        assert out.lines[-1] == f"Tiny is let go of; its files stay in {mine}"
    assert (mine / "model.bin").exists()


async def test_a_folder_without_the_files_is_not_adopted(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    async with open_store(tmp_path / "models", "http://127.0.0.1:9") as store:
        with pytest.raises(WrongFolder):
            await adopt(store, "tiny", tmp_path / "empty", console=PaperConsole().console, err=PaperConsole().console)
