"""Batches what rows refer to, per request, so that one cancelled field does not hurt the others.

A plain aiodataloader hands out the same future to all; cancelling one waiter cancels it for everyone, for ever.
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
    """Make it within the request: it belongs to the running loop. Absent keys load as None."""

    def __init__(self, context: Context) -> None:
        self._federation, self._caller = context.federation, context.caller
        self._loader: DataLoader[K, V | None] = DataLoader(self._batch)

    @abstractmethod
    async def find(self, keys: Sequence[K]) -> Mapping[K, V | ConnectorError]:
        """The values of all keys of one batch; a key that is absent has none, an error is that key's alone."""

    def load(self, key: K) -> "asyncio.Future[V | None]":
        """Join the present batch; ConnectorError where the key's value is one."""
        future = self._loader.load(key)
        future.add_done_callback(_noticed)
        return asyncio.shield(future)

    async def load_many(self, keys: Iterable[K]) -> list[V | ConnectorError | None]:
        """In the order of `keys`; an upstream's failure stands in its place."""
        answers = await asyncio.gather(*(self.load(key) for key in keys), return_exceptions=True)
        kept: list[V | ConnectorError | None] = []
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, ConnectorError):
                raise answer
            kept.append(answer)
        return kept

    def put(self, key: K, value: V) -> None:
        """Replace what is known of `key`."""
        self._loader.clear(key).prime(key, value)

    def forget(self, key: K) -> None:
        self._loader.clear(key)

    async def _batch(self, keys: list[K]) -> list[V | None]:
        found = await self.find(keys)
        return [found.get(key) for key in keys]  # type: ignore[misc] # an exception as a value fails its key only


def _noticed(future: "asyncio.Future[V]") -> None:
    """A failure that nobody waits for any more is nothing to log."""
    if not future.cancelled():
        future.exception()
