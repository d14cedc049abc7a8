"""A value that is replaced while requests go on with the one before."""

import asyncio
from collections import Counter
from contextvars import ContextVar, Token
from typing import Generic, TypeVar

T = TypeVar("T")


class _Pin(Generic[T]):
    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value: T | None = value


Use = tuple[int, _Pin[T], Token[_Pin[T] | None]]


class Pinned(Generic[T]):
    """A context manager, for one use. Each request enters some: a class costs a third of a generator."""

    __slots__ = ("_present", "_use")

    def __init__(self, present: "Present[T]") -> None:
        self._present = present

    def __enter__(self) -> T:
        value, self._use = self._present.begin()
        return value

    def __exit__(self, *_raised: object) -> None:
        self._present.end(self._use)


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

    def pinned(self) -> "Pinned[T]":
        """Around a request, in one task."""
        return Pinned(self)

    def begin(self) -> tuple[T, "Use[T]"]:
        """The parts of `pinned`: the value, and what `end` wants. In one task."""
        value = self._newest
        pin = _Pin(value)
        self._users[id(value)] += 1
        return value, (id(value), pin, self._pin.set(pin))

    def end(self, use: "Use[T]") -> None:
        key, pin, before = use
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
