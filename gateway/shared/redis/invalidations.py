"""Which answers writes have made outdated, over all replicas.

A write is told to all replicas before its answer is given, and each says that it has heard. A replica that may have missed
one, because its connection broke or a number is missing, takes all that it keeps for outdated. While the engine is
away, no kept answer is older than LONGEST_ALONE seconds.
"""

import contextlib
import math
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import anyio
import msgspec
import structlog
from redis.exceptions import RedisError

from gateway.shared.memory import MemoryInvalidationLog
from gateway.shared.redis.engine import Message, RedisEngine

log = structlog.get_logger("taskgate.shared")

LONGEST_ALONE = 2.0
# Seconds that a write waits for replicas to say that they have heard; those that do not are busy or gone.
PATIENCE = 0.5
# Invalidations that a write tells of: those of the last seconds, this many at most.
RECENT = 5.0
MOST = 1000


class RedisInvalidationLog(MemoryInvalidationLog):
    def __init__(self, engine: RedisEngine, decode: Callable[[bytes], Hashable]) -> None:
        """`decode` makes a tag of the bytes that msgspec made of it."""
        super().__init__()
        self._engine, self._decode = engine, decode
        self._untold: list[tuple[float, bytes, float]] = []
        self._told = 0
        self._numbers: dict[str, int] = {}
        self._waiting: dict[int, _Count] = {}
        self._alone_at = engine.monotonic()
        engine.heard.append(self._heard)
        engine.returned.append(self._returned)

    def invalidate(self, tags: Iterable[Hashable], *, unsettled_until: float = -math.inf) -> None:
        listed = list(tags)
        super().invalidate(listed, unsettled_until=unsettled_until)
        now = self._engine.monotonic()
        self._untold += [(now, msgspec.msgpack.encode(tag), unsettled_until) for tag in listed]
        del self._untold[:-MOST]

    def is_outdated(self, since: int, tags: Iterable[Hashable]) -> bool:
        if self._engine.away_since is not None:
            now = self._engine.monotonic()
            if now >= self._alone_at + LONGEST_ALONE:
                self._alone_at = now
                self.invalidate_all()
        return super().is_outdated(since, tags)

    async def publish(self) -> None:
        untold, self._untold = self._untold, []
        now = self._engine.monotonic()
        tags = [(tag, max(0.0, until - now)) for at, tag, until in untold if now < at + RECENT]
        if not tags or self._engine.away_since is not None:
            return
        self._told += 1
        number = self._told
        count = self._waiting[number] = _Count()
        try:
            others = await self._engine.tell(["outdated", self._engine.id, number, tags]) - 1
            with anyio.move_on_after(PATIENCE) as waiting:
                await count.reaches(others)
            if waiting.cancelled_caught:
                log.warning("a replica did not hear of a write in time", heard=count.number, replicas=others)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("other replicas were not told of a write", reason=type(error).__name__)
        finally:
            del self._waiting[number]

    def _heard(self, message: Message) -> None:
        match message:
            case ["heard", self._engine.id, int(number)]:
                if (count := self._waiting.get(number)) is not None:
                    count.add()
            case ["outdated", str(author), int(number), list(tags)] if author != self._engine.id:
                expected = self._numbers.get(author, number - 1) + 1
                self._numbers[author] = number
                if number != expected:
                    self.invalidate_all()
                self._apply(tags)
                self._engine.answer(["heard", author, number])

    def _apply(self, tags: list[Any]) -> None:
        now = self._engine.monotonic()
        for packed, unsettled in tags:
            with contextlib.suppress(msgspec.MsgspecError):
                until = now + unsettled if unsettled > 0 else -math.inf
                super().invalidate([self._decode(packed)], unsettled_until=until)

    def _returned(self) -> None:
        self._numbers.clear()
        self.invalidate_all()


class _Count:
    def __init__(self) -> None:
        self.number = 0
        self._grew = anyio.Event()

    def add(self) -> None:
        self.number += 1
        self._grew.set()

    async def reaches(self, wanted: int) -> None:
        while self.number < wanted:
            self._grew = anyio.Event()
            await self._grew.wait()
