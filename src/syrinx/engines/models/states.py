"""What the store says about models: which are there, what a pull is doing, and where the hub is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from syrinx.engines.models.model import CatalogueModel
from syrinx.engines.models.names import wrong_url
from syrinx.errors import ConfigurationError, SyrinxError

ModelState = Literal["available", "pulling", "installed", "damaged"]
"""`available`: in the catalogue and not here. `damaged`: a file is missing or has another size; a pull mends it."""

Stage = Literal["waiting", "downloading", "checking"]
"""`waiting`: for the hub's first answer, or for another process that pulls the same model.
`checking`: files that are here already are compared with their checksums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    stage: Stage
    done_bytes: int
    """Here and counted towards the whole, what earlier pulls had fetched included."""
    total_bytes: int
    bytes_per_s: float | None
    """Over the last seconds; None until there is something to measure, and while nothing is downloaded."""
    seconds_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledModel:
    model: CatalogueModel
    path: Path
    """The folder with the files."""
    revision: str
    """The commit that they came from; "" where the folder was adopted."""
    identity: str
    """Changes when the files do; the same for the same files."""
    adopted: bool
    """True where the folder is the user's own: it is used where it lies, never written and never deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    model: CatalogueModel
    state: ModelState
    path: Path | None
    """The folder, where there is one."""
    progress: PullProgress | None
    """While it is being pulled by this process."""
    failure: SyrinxError | None
    """Of the last pull in this process; None after a success, a cancel, and while a new one runs."""
    problem: str
    """What is wrong with a damaged one and what mends it; "" otherwise."""
    partial_bytes: int = 0
    """Fetched by a pull that did not finish: the next one need not fetch them again."""
    adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Where models come from. Proxies are taken from the environment (HTTPS_PROXY and its like) by the library."""

    endpoint: str = "https://huggingface.co"
    """The hub's address, or a mirror's."""
    token: str | None = None
    """None sends none, whatever is stored on this machine."""
    offline: bool = False
    """True: the hub is never asked."""
    timeout_s: float = 30.0
    """Longest wait for a connection, an answer or the next bytes."""
    retries: int = 4
    """How often in a row a broken transfer is taken up again; bytes that came begin a new count."""
    retry_wait_s: float = 1.0
    """Before the first new try; doubled for each further one."""

    @property
    def shown_endpoint(self) -> str:
        """For people, files and messages: a name and password in the address are not repeated."""
        parts = urlsplit(self.endpoint)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def __post_init__(self) -> None:
        """Raises ConfigurationError for an endpoint that is no web address."""
        if problem := wrong_url(self.endpoint):
            raise ConfigurationError(f"The hub's address (HF_ENDPOINT) {problem}, not {self.endpoint!r}.")
