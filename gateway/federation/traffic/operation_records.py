"""Vendor records that the reads of one GraphQL operation share: each is read once.

A task, its details and its flow may all be parts of one record of the vendor. They stay answers of their own in the
cache; an answer that is made from an earlier record counts as old as the oldest record that it may have taken.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

# Records of one source that one operation keeps, the first ones go first: as many as a page has rows.
MOST_RECORDS = 100


class SourceRecords:
    """Records of one source, read in one credential scope. The cache begins each of its calls with `begin`."""

    def __init__(self, *, most: int = MOST_RECORDS) -> None:
        self._most = most
        self._records: dict[Hashable, asyncio.Future[Any]] = {}
        # Before the first record was asked for, on the clock of the cache; and the last invalidation at that time.
        self._oldest = 0.0
        self._number = 0

    def begin(self, now: float, number: int, may_serve: Callable[[float], bool]) -> float:
        """From when on records serve a call that begins now. `number` is that of the last invalidation.

        Earlier records are forgotten after any write, and where `may_serve` refuses their time.
        """
        if not self._records or number != self._number or not may_serve(self._oldest):
            self._records.clear()
            self._oldest, self._number = now, number
        return self._oldest

    async def once(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """The record that an earlier read with this key gave or is about to give, else that of `read`.

        A failure is raised to all that wait for it, and is not kept.
        """
        while (found := self._records.get(key)) is not None:
            await asyncio.wait({found})
            # Cancelled: the read that it belonged to was given up, but this one was not.
            if not found.cancelled():
                record: T = found.result()
                return record
        return await self._read(key, read)

    async def _read(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        found: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        while len(self._records) >= self._most:
            del self._records[next(iter(self._records))]
        self._records[key] = found
        try:
            record = await read()
        except BaseException as error:
            if self._records.get(key) is found:
                del self._records[key]
            if isinstance(error, Exception):
                found.set_exception(error)
                # Counts as retrieved: it may be that no other read waits for it.
                found.exception()
            else:
                found.cancel()
            raise
        found.set_result(record)
        return record


class OperationRecords:
    """Of one GraphQL operation, by source and credential scope."""

    def __init__(self) -> None:
        self._sources: dict[tuple[str, Hashable], SourceRecords] = {}

    def of(self, source: str, scope: Hashable) -> SourceRecords:
        return self._sources.setdefault((source, scope), SourceRecords())
