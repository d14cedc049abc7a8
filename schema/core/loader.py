"""Loader: batches loads by key within one request. Cancelling one waiter leaves the other waiters unharmed.

aiodataloader gives every waiter the same future, so cancelling one of them would cancel all, and later ones too.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from aiodataloader import DataLoader

from connectors.sdk.errors import ConnectorError
from schema.core.context import Context

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Loader(ABC, Generic[K, V]):
    """Create it within the request: it belongs to the running event loop. A key that is not found loads as None."""

    def __init__(self, context: Context) -> None:
        self._federation, self._caller = context.federation, context.caller
        self._loader: DataLoader[K, V | None] = DataLoader(self._batch)

    @abstractmethod
    async def find(self, keys: Sequence[K]) -> Mapping[K, V | ConnectorError]:
        """Values by key for one batch. Leave out keys that are not found; an error as value fails its key only."""

    def load(self, key: K) -> "asyncio.Future[V | None]":
        """The value, loaded with the current batch. Raises ConnectorError if that is the key's value."""
        future = self._loader.load(key)
        future.add_done_callback(_noticed)
        return asyncio.shield(future)

    async def load_many(self, keys: Iterable[K]) -> list[V | ConnectorError | None]:
        """Values in the order of `keys`. A ConnectorError is returned in its place, not raised."""
        futures = [self._loader.load(key) for key in keys]
        try:
            # One after the other: those of one batch are done together. `wait` cancels no future that others wait for.
            for future in futures:
                if not future.done():
                    await asyncio.wait({future})
        except BaseException:
            for future in futures:
                future.add_done_callback(_noticed)
            raise
        # Every exception is looked at, so that asyncio logs none.
        raised = [future.exception() for future in futures]
        for error in raised:
            if error is not None and not isinstance(error, ConnectorError):
                raise error
        return [
            error if isinstance(error, ConnectorError) else future.result()
            for error, future in zip(raised, futures, strict=True)
        ]

    def put(self, key: K, value: V) -> None:
        """Store `value`, replacing what was loaded for `key`."""
        self._loader.clear(key).prime(key, value)

    def forget(self, key: K) -> None:
        self._loader.clear(key)

    async def _batch(self, keys: list[K]) -> list[V | None]:
        found = await self.find(keys)
        return [found.get(key) for key in keys]  # type: ignore[misc] # an exception as a value fails its key only


def _noticed(future: "asyncio.Future[V]") -> None:
    """Mark the exception as retrieved, so that asyncio does not log it after the last waiter was cancelled."""
    if not future.cancelled():
        future.exception()
