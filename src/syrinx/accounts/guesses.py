"""A door at which nobody tries one key after another: wrong ones are counted by the address they come from."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final

from syrinx.accounts.addresses import current_address
from syrinx.accounts.audit import Audit
from syrinx.accounts.caller import Caller, Door
from syrinx.accounts.limits import Limits
from syrinx.errors import Unauthorized

_MOST_ADDRESSES: Final = 10_000
_NOBODY: Final = Caller(user="", scopes=frozenset(), how="open")


class GuessedAtDoor:
    """Another door, before which `Limits.guess` counts (ASVS 5.0 V6.3.1). The same wrong credential again is no new
    guess: a page that was left open sends what it has. Raises RateLimited besides what the other one raises."""

    def __init__(self, door: Door, *, limits: Limits, audit: Audit) -> None:
        self._door = door
        self._limits = limits
        self._audit = audit
        self._last_wrong: OrderedDict[str, bytes] = OrderedDict()
        """By address, the hash of the credential."""

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        address = current_address()
        if not credential or not address:
            return await self._door.who(credential, on_behalf_of=on_behalf_of)
        await self._limits.may_guess(address)
        try:
            return await self._door.who(credential, on_behalf_of=on_behalf_of)
        except Unauthorized:
            if self._is_new(address, credential):
                self._audit.note(_NOBODY, "door.refused", "", "refused", address)
                await self._limits.guess(address)
            raise

    async def still_opens(self, caller: Caller) -> bool:
        return await self._door.still_opens(caller)

    def _is_new(self, address: str, credential: str) -> bool:
        wrong = hashlib.sha256(credential.encode()).digest()
        if self._last_wrong.get(address) == wrong:
            return False
        self._last_wrong[address] = wrong
        self._last_wrong.move_to_end(address)
        if len(self._last_wrong) > _MOST_ADDRESSES:
            self._last_wrong.popitem(last=False)
        return True
