"""The host for this process."""

from __future__ import annotations

import pytest

from syrinx.engines.contract import Options
from syrinx.engines.hosts.in_process import open_in_process
from syrinx.errors import BadInput, EngineUnavailable
from syrinx.testing.providers import FakeProvider


async def test_the_engine_is_opened_with_its_options_and_closed_on_leaving():
    provider = FakeProvider("tts", "flute", dict)
    async with open_in_process(provider, {"reed": "cane"}) as engine:
        assert engine == {"reed": "cane"}
        assert provider.closed == 0
    assert provider.closed == 1


async def test_a_strangers_failure_to_open_becomes_unavailable():
    def without_library(_: Options) -> object:
        raise ImportError("libflute.so is missing")

    with pytest.raises(EngineUnavailable, match=r"flute cannot be opened: ImportError: libflute\.so is missing"):
        async with open_in_process(FakeProvider("tts", "flute", without_library), {}):
            pass


async def test_our_own_errors_and_those_of_the_body_pass_unchanged():
    def refuses(_: Options) -> object:
        raise BadInput("no such option")

    with pytest.raises(BadInput):
        async with open_in_process(FakeProvider("tts", "flute", refuses), {}):
            pass
    with pytest.raises(KeyError):
        async with open_in_process(FakeProvider("tts", "flute", dict), {}):
            raise KeyError
