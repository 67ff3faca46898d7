"""What is kept: a database of any of three kinds, and blobs; machinery only, for tables live with their nouns."""

from syrinx.storage.base import Base
from syrinx.storage.blobs import Blobs, StoredBlob, open_blobs
from syrinx.storage.columns import Json, Key, LongText, UtcTime
from syrinx.storage.database import Database, DatabaseKind, claimed, open_database
from syrinx.storage.errors import Conflict, DamagedBlob, DatabaseUnavailable, StoreUnavailable
from syrinx.storage.sweeping import sweep

__all__ = [
    "Base",
    "Blobs",
    "Conflict",
    "DamagedBlob",
    "Database",
    "DatabaseKind",
    "DatabaseUnavailable",
    "Json",
    "Key",
    "LongText",
    "StoreUnavailable",
    "StoredBlob",
    "UtcTime",
    "claimed",
    "open_blobs",
    "open_database",
    "sweep",
]
