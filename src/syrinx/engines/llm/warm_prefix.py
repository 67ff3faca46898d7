"""Which beginning of a prompt a model keeps read: one, since each takes memory and none can be forgotten alone."""

from __future__ import annotations

_TIMES = 2
"""A new beginning that comes so often in a row is a new conversation's: it is worth reading the model in again."""

Tokens = tuple[str, ...]


class WarmPrefix:
    """CTranslate2 remembers every `static_prompt` until the model is unloaded: 0.17 MB a token at half a billion
    parameters, and without a bound of its own."""

    def __init__(self) -> None:
        self._kept: Tokens = ()
        self._other: Tokens = ()
        self._times = 0

    def serves(self, prefix: Tokens) -> bool:
        """Whether to let the model remember `prefix`, or use what it remembers of it."""
        if not prefix:
            return False
        self._kept = self._kept or prefix
        if prefix == self._kept:
            self._other, self._times = (), 0
            return True
        self._times = self._times + 1 if prefix == self._other else 1
        self._other = prefix
        return False

    @property
    def successor(self) -> Tokens:
        """What should be kept instead; () while the one that is kept may still be needed."""
        return self._other if self._times >= _TIMES else ()

    def forget(self) -> None:
        """The model has been unloaded: the next prefix is kept."""
        self._kept, self._other, self._times = (), (), 0
