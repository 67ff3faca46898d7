"""The memories that a recurrent detector has of all its streams, side by side in arrays, so that batches are cheap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CONTEXT_SAMPLES = 64
STATE_SIZE = 128
FIRST_CAPACITY = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was copied out for a batch: row i of the batch belongs to `slots[i]`."""

    slots: npt.NDArray[np.intp]
    generations: npt.NDArray[np.int64]
    state: npt.NDArray[np.float32]
    """Shape (2, n, 128)."""


class Slots:
    """Per stream: the model's state (2, 128) and the last 64 samples that it heard.

    A slot that was cleared or given back while a batch was being computed keeps what it has then: each has a
    generation, and the results of an older one are dropped.
    """

    def __init__(self) -> None:
        self._state = np.zeros((2, FIRST_CAPACITY, STATE_SIZE), np.float32)
        self._context = np.zeros((FIRST_CAPACITY, CONTEXT_SAMPLES), np.float32)
        self._generation = np.zeros(FIRST_CAPACITY, np.int64)
        self._free = list(range(FIRST_CAPACITY))

    @property
    def in_use(self) -> int:
        return self._generation.size - len(self._free)

    def take(self) -> int:
        """A fresh slot; there are always more."""
        if not self._free:
            self._grow()
        return self._free.pop()

    def give_back(self, slot: int) -> None:
        self.clear(slot)
        self._free.append(slot)

    def clear(self, slot: int) -> None:
        self._state[:, slot] = 0.0
        self._context[slot] = 0.0
        self._generation[slot] += 1

    def keep_context(self, slot: int, samples: npt.NDArray[np.float32]) -> None:
        """The stream went on by a frame that the model did not hear; these are its last samples, shape (64,)."""
        self._context[slot] = samples

    def gather(self, slots: Sequence[int], batch: npt.NDArray[np.float32]) -> Taken:
        """Copy the states out and the contexts into the first columns of the first rows of `batch`."""
        index = np.array(slots, np.intp)
        batch[: index.size, :CONTEXT_SAMPLES] = self._context[index]
        return Taken(slots=index, generations=self._generation[index], state=self._state[:, index])

    def scatter(self, taken: Taken, state: npt.NDArray[np.float32], batch: npt.NDArray[np.float32]) -> None:
        """Put the new states (2, n, 128) back, and the last columns of `batch` as the contexts that follow."""
        contexts = batch[: taken.slots.size, -CONTEXT_SAMPLES:]
        same = self._generation[taken.slots] == taken.generations
        if same.all():
            self._state[:, taken.slots] = state
            self._context[taken.slots] = contexts
        else:
            index = taken.slots[same]
            self._state[:, index] = state[:, same]
            self._context[index] = contexts[same]

    def _grow(self) -> None:
        old = self._generation.size
        self._state = np.concatenate([self._state, np.zeros_like(self._state)], axis=1)
        self._context = np.concatenate([self._context, np.zeros_like(self._context)])
        self._generation = np.concatenate([self._generation, np.zeros_like(self._generation)])
        self._free.extend(range(old, 2 * old))
