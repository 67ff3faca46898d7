"""An error that crosses from a worker is the same error."""

from __future__ import annotations

import pytest

from syrinx import errors
from syrinx.engines.hosts.crossing_errors import LONGEST_MESSAGE, error_from_json, error_to_json
from syrinx.errors import EngineBusy, EngineError, RemoteRefused, SyrinxError, UnknownVoice

SAMPLES: list[SyrinxError] = [
    UnknownVoice("no voice 'x': there is y"),
    EngineError("defect", retryable=False),
    EngineBusy("later", retry_after_s=2.5),
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
    for name in ("retry_after_s", "status"):
        assert getattr(crossed, name, "none") == getattr(error, name, "none")


def test_every_error_class_without_parameters_of_its_own_can_cross():
    for cls in vars(errors).values():
        if isinstance(cls, type) and issubclass(cls, SyrinxError) and cls not in (EngineBusy, RemoteRefused):
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
