"""A hub on the loopback interface for every test of the store."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import httpx2
import huggingface_hub
import pytest
from huggingface_hub.utils import _http
from tests.engines.models.shelves import REPOSITORY, write_repository

from syrinx.testing.hub_stand_in import HubStandIn, open_hub_stand_in


@pytest.fixture(scope="session", autouse=True)
def _one_reading_of_the_certificates() -> Generator[None, None, None]:  # pyright: ignore[reportUnusedFunction]
    """Each client reads them anew, which takes longer than the tests' pulls; nothing here is encrypted."""
    context = httpx2.create_ssl_context()
    hooks = {"request": [_http.async_hf_request_event_hook]}
    huggingface_hub.set_async_client_factory(lambda: httpx2.AsyncClient(verify=context, event_hooks=hooks))
    yield
    huggingface_hub.set_async_client_factory(_http.default_async_client_factory)


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubStandIn, None, None]:
    with open_hub_stand_in({REPOSITORY: write_repository(tmp_path / "repository")}) as stand_in:
        yield stand_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the models are to lie; it does not exist yet."""
    return tmp_path / "home" / "models"
