"""A value that is replaced while requests go on with the one before."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

T = TypeVar("T")


class _Pin(Generic[T]):
    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value: T | None = value


class Present(Generic[T]):
    """`get` gives the newest value, and within `pinned` the one that was the newest at its begin.

    A task that outlives the request that started it gets the newest one from then on. Values are told apart by identity.
    """

    def __init__(self, value: T) -> None:
        self._newest = value
        self._pin: ContextVar[_Pin[T] | None] = ContextVar("taskgate.present", default=None)
        self._users: Counter[int] = Counter()
        self._idle: dict[int, asyncio.Event] = {}

    @property
    def newest(self) -> T:
        return self._newest

    def get(self) -> T:
        pin = self._pin.get()
        return self._newest if pin is None or pin.value is None else pin.value

    def replace(self, value: T) -> None:
        self._newest = value

    @contextmanager
    def pinned(self) -> Iterator[T]:
        """Around a request, in one task."""
        value = self._newest
        pin, key = _Pin(value), id(value)
        before = self._pin.set(pin)
        self._users[key] += 1
        try:
            yield value
        finally:
            self._pin.reset(before)
            pin.value = None
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key]
                if (idle := self._idle.get(key)) is not None:
                    idle.set()

    async def unused(self, value: T) -> None:
        """Waits until no request has that value any more. It must not be the newest."""
        key = id(value)
        if self._users[key]:
            self._idle[key] = asyncio.Event()
            await self._idle[key].wait()
            del self._idle[key]
