"""What the doctor finds, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["works", "missing", "attention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report; `remedy` is a command or a setting."""

    what: str
    verdict: Verdict
    says: str
    remedy: str = ""
    in_use: bool = False
