"""Which names of models, repositories and files are allowed: none of them can lead out of a folder."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MANIFEST_NAME = "syrinx-model.json"
"""Our own file in a model's folder; no model may bring one of that name."""
PART_SUFFIX = ".part"

_MODEL = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_PART = re.compile(r"[A-Za-z0-9_+@=~-][A-Za-z0-9_+@=~. -]*")
# Names that Windows keeps for devices, whatever follows the first point.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
_LONGEST = 128
_LONGEST_REPOSITORY = 96


def wrong_model_name(name: str) -> str:
    """What is wrong with it as a name of a model, which is also its folder's; "" when nothing is."""
    if len(name) > _LONGEST or not _MODEL.fullmatch(name) or _is_device(name):
        return "must be lower-case letters, digits, points, - and _, and begin with a letter or digit"
    return ""


def wrong_repository(repository: str) -> str:
    # The hub's own rules: https://huggingface.co/docs/huggingface_hub/package_reference/utilities#validators
    odd = ".." in repository or "--" in repository or repository.endswith((".", "-", ".git"))
    if not _REPOSITORY.fullmatch(repository) or odd or len(repository) > _LONGEST_REPOSITORY:
        return "must be OWNER/NAME as the hub writes it"
    return ""


def wrong_revision(revision: str) -> str:
    if not _REVISION.fullmatch(revision) or ".." in revision:
        return "must be a commit, a branch or a tag"
    return ""


def wrong_file_path(path: str) -> str:
    """What is wrong with it as a path below a folder, on every system; "" when nothing is."""
    parts = path.split("/")
    if not all(_PART.fullmatch(part) for part in parts) or len(path) > 2 * _LONGEST:
        return "must be a path below the model's folder: parts with / between them, none beginning with a point"
    if any(part.endswith((".", " ")) or _is_device(part) for part in parts):
        return "has a part that is no name of a file on Windows"
    if parts[-1].lower().endswith(PART_SUFFIX) or path.lower() == MANIFEST_NAME:
        return f"must not end in {PART_SUFFIX} or be {MANIFEST_NAME}: these names are ours"
    return ""


def wrong_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    return "" if right else "must be a web address, for example https://huggingface.co"


def _is_device(name: str) -> bool:
    return name.partition(".")[0].strip().lower() in _DEVICES
