"""An error that crosses from a worker is the same error."""

from __future__ import annotations

import pytest

from syrinx import errors
from syrinx.engines.hosts.crossing_errors import LONGEST_MESSAGE, error_from_json, error_to_json
from syrinx.errors import (
    EngineBusy,
    EngineError,
    EngineResting,
    RemoteRefused,
    SyrinxError,
    UnknownVoice,
    WrongParameter,
)

SAMPLES: list[SyrinxError] = [
    UnknownVoice("no voice 'x': there is y"),
    EngineError("defect", retryable=False),
    EngineBusy("later", retry_after_s=2.5),
    EngineResting("left alone", retry_after_s=7.5),
    WrongParameter("too fast", parameter="speed"),
    RemoteRefused("slow down", status=429, retryable=True, code="remote_rate", retry_after_s=None),
    SyrinxError("odd 音 \n line", code="odd"),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_class_code_message_and_facts_arrive(error: SyrinxError):
    crossed = error_from_json(error_to_json(error))
    assert type(crossed) is type(error)
    assert (crossed.message, str(crossed), crossed.code, crossed.retryable) == (
        error.message,
        str(error),
        error.code,
        error.retryable,
    )
    for name in ("retry_after_s", "status", "parameter"):
        assert getattr(crossed, name, "none") == getattr(error, name, "none")


def test_every_error_class_without_parameters_of_its_own_can_cross():
    with_parameters = {
        type(error) for error in SAMPLES if hasattr(error, "retry_after_s") or hasattr(error, "parameter")
    }
    for cls in vars(errors).values():
        if isinstance(cls, type) and issubclass(cls, SyrinxError) and cls not in with_parameters:
            assert type(error_from_json(error_to_json(cls("x")))) is cls


def test_a_class_that_only_the_worker_knows_arrives_as_the_nearest_known_one():
    class Hoarse(UnknownVoice):
        code = "hoarse"

    sent = error_to_json(Hoarse("no voice today")).replace('"Hoarse"', '"OfAnotherEnvironment"')
    crossed = error_from_json(sent)
    assert type(crossed) is UnknownVoice
    assert crossed.code == "hoarse"


def test_a_long_message_is_cut():
    crossed = error_from_json(error_to_json(EngineError("x" * 100_000)))
    assert len(crossed.message) == LONGEST_MESSAGE
    assert crossed.message.endswith("…")


def test_an_error_that_cannot_be_read_is_an_engine_error():
    for text in ("", "{}", '{"classes": 1}', "[]"):
        assert "could not be read" in error_from_json(text).message
