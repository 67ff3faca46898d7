"""How long engines elsewhere may take: longer than their own time-outs, whose words say more."""

from __future__ import annotations

from typing import Final

from syrinx.engines.contract import Patience
from syrinx.engines.remote.settings import RemoteSettings

RETRY_WITHIN_S: Final = 10.0
"""No further try of a piece of a recording begins later than this after the first (`engines.retries`)."""
_GRACE_S: Final = 5.0
_LIVE_S: Final = 60.0
"""Who has just spoken does not wait longer, however long a recording may take."""


def patience_with_voices(settings: RemoteSettings) -> Patience:
    limit_s = settings.timeout_s + _GRACE_S
    return Patience(first_item_s=limit_s, next_item_s=limit_s)


def patience_with_ears(settings: RemoteSettings) -> Patience:
    """What one piece of a recording takes, tries included."""
    most_s = RETRY_WITHIN_S + settings.timeout_s + _GRACE_S
    return Patience(final_within_s=min(most_s, _LIVE_S), recording_silence_s=most_s)
