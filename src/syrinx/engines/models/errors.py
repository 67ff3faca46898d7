"""Every way in which a model cannot be had, one class per meaning; each message says what to do next."""

from __future__ import annotations

from syrinx.errors import ConfigurationError, NotFound, SyrinxError


class UnknownModel(NotFound):
    """The catalogue has no model of that name."""

    code = "unknown_model"


class NotInstalled(SyrinxError):
    """The model is in the catalogue, and its files are not on this machine."""

    code = "model_not_installed"


class AlreadyInstalled(SyrinxError):
    """The model is there already, and what was asked would put another in its place."""

    code = "model_already_installed"


class ModelBusy(SyrinxError):
    """The model is being pulled, checked or removed, here or by another process."""

    code = "model_busy"
    retryable = True


class WrongFolder(ConfigurationError):
    """A folder that was to be adopted does not hold the model's files."""

    code = "wrong_model_folder"


class LicenceNotAccepted(SyrinxError):
    """The licence was not accepted, or another one was; `licence_id` is what has to be accepted."""

    code = "licence_not_accepted"

    def __init__(self, message: str, *, licence_id: str) -> None:
        super().__init__(message)
        self.licence_id = licence_id


class PullFailed(SyrinxError):
    """A pull ended without the model; what was fetched stays, and the next pull goes on from there."""

    code = "pull_failed"


class PullCancelled(PullFailed):
    """Somebody ended the pull."""

    code = "pull_cancelled"
    retryable = True


class DiskFull(PullFailed):
    """The disk has no room for the model."""

    code = "disk_full"


class FolderNotWritable(PullFailed):
    """The folder of the models cannot be written."""

    code = "models_folder_not_writable"


class HubOffline(PullFailed):
    """The settings say that the hub is not to be asked."""

    code = "hub_offline"


class HubUnreachable(PullFailed):
    """No connection to the hub, or it did not answer in time."""

    code = "hub_unreachable"
    retryable = True


class HubRefused(PullFailed):
    """The hub answered with an error; `status` is its HTTP status."""

    code = "hub_refused"

    def __init__(self, message: str, *, status: int, retryable: bool = False) -> None:
        super().__init__(message, retryable=retryable)
        self.status = status


class GatedModel(HubRefused):
    """The hub gives this model only to people whom its authors have let in."""

    code = "gated_model"


class NotOnHub(HubRefused):
    """The hub has no such repository, revision or file."""

    code = "not_on_hub"


class CorruptDownload(PullFailed):
    """What came is not what was declared, twice; nothing of it was kept."""

    code = "corrupt_download"
    retryable = True


class OtherThanExpected(PullFailed):
    """The hub offers another file than the one that the catalogue names, or none that can be checked."""

    code = "other_than_expected"
