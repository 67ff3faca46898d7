"""Model files: a catalogue of what can be had, and the store into which it is pulled."""

from syrinx.engines.models.catalogue import Catalogue, read_catalogue
from syrinx.engines.models.errors import (
    AlreadyInstalled,
    CorruptDownload,
    DiskFull,
    FolderNotWritable,
    GatedModel,
    HubOffline,
    HubRefused,
    HubUnreachable,
    LicenceNotAccepted,
    ModelBusy,
    NotInstalled,
    NotOnHub,
    OtherThanExpected,
    PullCancelled,
    PullFailed,
    UnknownModel,
    WrongFolder,
)
from syrinx.engines.models.model import MODEL_KINDS, CatalogueModel, Licence, ModelFile, ModelKind
from syrinx.engines.models.pulling import Pull
from syrinx.engines.models.states import (
    HubSettings,
    InstalledModel,
    ModelState,
    ModelStatus,
    PullProgress,
    Stage,
)
from syrinx.engines.models.store import ModelStore, open_model_store

__all__ = [
    "MODEL_KINDS",
    "AlreadyInstalled",
    "Catalogue",
    "CatalogueModel",
    "CorruptDownload",
    "DiskFull",
    "FolderNotWritable",
    "GatedModel",
    "HubOffline",
    "HubRefused",
    "HubSettings",
    "HubUnreachable",
    "InstalledModel",
    "Licence",
    "LicenceNotAccepted",
    "ModelBusy",
    "ModelFile",
    "ModelKind",
    "ModelState",
    "ModelStatus",
    "ModelStore",
    "NotInstalled",
    "NotOnHub",
    "OtherThanExpected",
    "Pull",
    "PullCancelled",
    "PullFailed",
    "PullProgress",
    "Stage",
    "UnknownModel",
    "WrongFolder",
    "open_model_store",
    "read_catalogue",
]
