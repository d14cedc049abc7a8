"""Time that passes only while all tasks wait for it, so that histories of hours run in milliseconds."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

BEGINNING = datetime(2026, 6, 15, 9, tzinfo=UTC)


class VirtualTime:
    def __init__(self) -> None:
        self._seconds = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        return self._seconds

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self._seconds)

    async def sleep(self, seconds: float) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self._seconds + seconds, next(self._order), waiter))
        await waiter

    async def settle(self) -> None:
        """Let all asyncio tasks run until each of them waits."""
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        while ready:  # noqa: ASYNC110 no event says when no task is left
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Let this many seconds pass, and run everything that is due until then."""
        end = self._seconds + seconds
        await self.settle()
        while self._waiting and self._waiting[0][0] <= end:
            await self._step()
        self._seconds = end

    async def exhaust(self) -> None:
        """Let time pass until no task waits for it."""
        await self.settle()
        while self._waiting:
            await self._step()

    async def _step(self) -> None:
        at, _, waiter = heapq.heappop(self._waiting)
        self._seconds = max(self._seconds, at)
        if not waiter.done():
            waiter.set_result(None)
        await self.settle()
