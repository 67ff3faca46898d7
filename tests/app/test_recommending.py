"""Which models are recommended for a machine, and when Talk says that there is a better one."""

from __future__ import annotations

import pytest
from tests.app.models_on_paper import (
    ALL,
    BASE,
    KOKORO,
    KOKORO_INT8,
    LARGER_MIND,
    MIND,
    SMALL,
    TINY,
    TURBO,
    model,
)

from syrinx.app.recommending import InUse, better, recommend
from syrinx.engines.models import CatalogueModel, ModelKind, read_catalogue

GB = 1_000_000_000

BASIC: dict[ModelKind, InUse] = {
    "stt": InUse(engine="pocketsphinx", basic=True),
    "tts": InUse(engine="espeak", basic=True),
    "llm": InUse(engine="companion", basic=True),
}


def recommended(
    *,
    language: str = "en",
    gb: float = 16,
    cores: int = 8,
    cuda: bool = False,
    measured: dict[str, bool] | None = None,
    models: tuple[CatalogueModel, ...] = ALL,
) -> dict[ModelKind, str]:
    found = recommend(models, language=language, memory_bytes=int(gb * GB), cores=cores, cuda=cuda, measured=measured)
    return {kind: model.name for kind, model in found.items()}


@pytest.mark.parametrize(
    ("cores", "ear"), [(1, TINY.name), (2, BASE.name), (4, BASE.name), (6, SMALL.name), (32, SMALL.name)]
)
def test_an_ear_is_as_large_as_the_cores_can_bear(cores: int, ear: str) -> None:
    assert recommended(cores=cores)["stt"] == ear


def test_with_cuda_the_best_ear_and_mind_are_recommended_whatever_the_cores() -> None:
    assert recommended(cores=2, cuda=True) == {"stt": TURBO.name, "tts": KOKORO.name, "llm": LARGER_MIND.name}


def test_a_model_takes_a_quarter_of_the_memory_at_most() -> None:
    assert recommended(gb=3.6)["tts"] == KOKORO.name
    assert recommended(gb=3.5)["tts"] == KOKORO_INT8.name
    assert recommended(gb=3.5)["stt"] == SMALL.name
    assert recommended(gb=3.1)["stt"] == BASE.name
    assert recommended(gb=0.5) == {}


@pytest.mark.parametrize(("cores", "mind"), [(2, MIND.name), (3, MIND.name), (4, LARGER_MIND.name)])
def test_a_mind_is_as_large_as_the_cores_can_bear(cores: int, mind: str) -> None:
    assert recommended(cores=cores)["llm"] == mind


def test_one_core_is_left_to_the_ear() -> None:
    assert recommended(cores=1) == {"stt": TINY.name}
    assert recommended(cores=1, cuda=True) == {"stt": TURBO.name, "llm": LARGER_MIND.name}


def test_only_what_serves_the_language_is_recommended() -> None:
    assert recommended(language="fr-CA")["tts"] == KOKORO.name
    assert "tts" not in recommended(language="de")
    assert recommended(language="is") == {}


@pytest.mark.parametrize("ahead", [0, 1])
def test_of_two_that_are_about_as_good_the_one_with_more_languages_is_taken(ahead: int) -> None:
    english = model("whisper-base.en", languages=("en",), preference=BASE.preference + ahead)
    assert recommended(cores=2, models=(english, BASE))["stt"] == BASE.name
    assert recommended(cores=2, models=(BASE, english))["stt"] == BASE.name


def test_a_model_that_is_clearly_better_is_taken_for_the_one_language_it_has() -> None:
    english = model("better.en", languages=("en",), preference=BASE.preference + 5)
    assert recommended(cores=2, models=(BASE, english))["stt"] == english.name
    assert recommended(cores=2, models=(BASE, english), language="de")["stt"] == BASE.name


def test_our_own_catalogue_has_something_for_usual_machines() -> None:
    models = read_catalogue().models
    assert recommended(gb=8, cores=2, models=models) == {
        "stt": "whisper-base",
        "tts": "kokoro",
        "llm": "qwen2.5-0.5b",
    }
    laptop = recommended(gb=16, cores=8, models=models)
    assert laptop == {"stt": "whisper-small", "tts": "kokoro", "llm": "qwen2.5-1.5b"}
    assert recommended(gb=16, cores=8, cuda=True, models=models)["stt"] == "whisper-large-v3-turbo"
    assert recommended(gb=16, cores=8, language="de", models=models)["stt"] == "whisper-small"


def test_what_proved_too_slow_here_is_not_recommended_nor_what_is_larger() -> None:
    assert recommended(measured={SMALL.name: False})["stt"] == BASE.name
    assert recommended(measured={BASE.name: False})["stt"] == TINY.name
    assert "llm" not in recommended(measured={MIND.name: False})


def test_a_voice_that_proved_too_slow_says_nothing_of_the_others() -> None:
    assert recommended(measured={KOKORO_INT8.name: False})["tts"] == KOKORO.name
    assert recommended(measured={KOKORO.name: False})["tts"] == KOKORO_INT8.name


def test_what_proved_fast_enough_is_recommended_against_expectation() -> None:
    assert recommended(cores=2, measured={SMALL.name: True})["stt"] == SMALL.name
    assert recommended(cores=2, measured={SMALL.name: True}, gb=3)["stt"] == BASE.name, "memory still counts"


def notices(
    in_use: dict[ModelKind, InUse], *, installed: tuple[str, ...] = (), language: str = "en"
) -> dict[ModelKind, str]:
    found = recommend(ALL, language=language, memory_bytes=16 * GB, cores=2, cuda=False)
    return {each.model.kind: each.says for each in better(found, in_use=in_use, installed=installed)}


def test_basic_engines_are_worth_a_notice_the_ear_first() -> None:
    says = notices(BASIC)
    assert list(says) == ["stt", "tts", "llm"]
    assert says["stt"] == "The basic ear mishears much. Whisper base understands you far better."
    assert says["tts"] == "The basic voice sounds like a machine. Kokoro sounds much more like a person."
    assert says["llm"].startswith("A script answers you")
    assert MIND.title in says["llm"]


def test_an_ear_that_does_not_know_the_language_says_so() -> None:
    deaf: dict[ModelKind, InUse] = {**BASIC, "stt": InUse(engine="pocketsphinx", basic=True, serves_language=False)}
    says = notices(deaf, language="de")
    assert says["stt"] == "The basic ear does not understand the language of your talk. Whisper base does."


def test_a_language_that_no_voice_speaks_is_said() -> None:
    mute: dict[ModelKind, InUse] = {**BASIC, "tts": InUse(engine="flite", basic=True, serves_language=False)}
    assert notices(mute, language="fr")["tts"] == "No voice here speaks the language of your talk. Kokoro does."


@pytest.mark.parametrize(
    "served",
    [
        InUse(engine="whisper", basic=False),
        InUse(engine="openai", basic=False, remote=True),
        InUse(engine="pocketsphinx", basic=True, chosen_by_name=True),
    ],
    ids=["a model", "a remote service", "chosen by name"],
)
def test_nothing_is_said_where_a_person_has_better_or_wants_it_so(served: InUse) -> None:
    assert "stt" not in notices({**BASIC, "stt": served})


def test_nothing_is_said_of_a_model_that_is_installed() -> None:
    assert list(notices(BASIC, installed=(BASE.name,))) == ["tts", "llm"]


def test_a_kind_without_an_engine_has_no_notice() -> None:
    assert list(notices({"llm": BASIC["llm"]})) == ["llm"]
