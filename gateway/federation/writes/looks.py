"""Reads of a task that decide about writes: one serves all writes to it of the same moment."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import structs

from connectors.sdk.model import TaskRef
from gateway.federation.traffic import current_context, in_context

# Seconds for which a look may refuse other writes to the same task. Our own writes outdate it at once.
MOMENT = 1.0
# Tasks whose last look is remembered.
MOST_KEPT = 1000


class Looks:
    """Decides how old a fresh read may be. It reads nothing itself."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` is the clock of the cache."""
        self._monotonic = monotonic
        self._begun: dict[TaskRef, float] = {}

    def now(self) -> float:
        return self._monotonic()

    @contextmanager
    def shared(self, ref: TaskRef) -> Iterator[None]:
        """Fresh reads of the block take an answer that another write of this moment asked for, or any one since this write.

        "Since this write": after its request arrived (`CallContext.asked_at`), however long it has waited since.
        """
        now, arrived = self._monotonic(), current_context().asked_at
        begun = self._begun.get(ref, float("-inf"))
        if begun < now - MOMENT:
            self._begun.pop(ref, None)
            begun = self._begun[ref] = now
            if len(self._begun) > MOST_KEPT:
                del self._begun[next(iter(self._begun))]
        with self.since(begun if arrived is None else min(begun, arrived)):
            yield

    @contextmanager
    def since(self, at: float) -> Iterator[None]:
        """Fresh reads of the block take an answer that was asked for after `at`, and no record read before."""
        with in_context(structs.replace(current_context(), asked_at=at, operation_records=None)):
            yield
