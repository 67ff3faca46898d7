"""Lets the assertions of the conformance suites show what they compared, and begins with what takes longest."""

from __future__ import annotations

import gc
from collections.abc import Generator
from typing import Final

import pytest

pytest.register_assert_rewrite(
    *(f"syrinx.testing.{kind}_conformance" for kind in ("tts", "stt", "llm", "vad")),
)


@pytest.fixture(scope="session", autouse=True)
def nobodys_data(tmp_path_factory: pytest.TempPathFactory) -> Generator[None, None, None]:
    """No test, and nothing that it starts, keeps anything where the person who runs the tests keeps theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


LONGEST: Final = (
    "transports/test_described_and_kept.py",
    "journeys/test_three_databases.py",
    "journeys/test_broker_chain.py",
    "journeys/test_clone_killed.py",
    "app/test_command_line.py",
    "transports/test_websocket_bad_input.py",
    "engines/stt/test_pocketsphinx.py",
    "transports/test_every_route_and_its_scope.py",
    "transports/test_websocket_coming_back.py",
    "transports/test_websocket_talks.py",
    "engines/hosts/test_conformance_in_a_worker.py",
)
"""Files of tests: begun last, one of them would keep one process at work when all others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((number for number, name in enumerate(LONGEST) if path.endswith(f"/{name}")), len(LONGEST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was loaded stays: tests that look for what was abandoned need not go through it each time."""
    gc.freeze()
