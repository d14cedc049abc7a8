"""Reads by id of several writes that travel together: they are asked of the vendor in one call, not one by one."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

B = TypeVar("B")


class Batches:
    """What collects such reads, by source and operation. The reader makes it on first use."""

    def __init__(self) -> None:
        self._batches: dict[Hashable, Any] = {}

    def of(self, key: Hashable, make: Callable[[], B]) -> B:
        if key not in self._batches:
            self._batches[key] = make()
        found: B = self._batches[key]
        return found
