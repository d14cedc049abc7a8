"""Random histories of reads and writes: a read shows every write that was acknowledged before it.

A vendor holds one number, the last write that it applied. It applies a write while the write's call runs. If the answer
is lost, it applies the write up to `LATE` seconds later, or never. Its reads lag by up to `lag` seconds, by a different
time for each read, as with replicas of a search index. In the gateway the overlay covers that lag. So a read must show
the writes that were acknowledged before the lag, and before the start of a call that the read may have joined.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import settings
from msgspec import Struct

from connectors.sdk.errors import UnavailableError
from gateway.federation.cache import Cache, CacheKey, PendingWrite, Tag
from gateway.federation.cache.invalidation import Invalidation
from gateway.shared.memory import MemoryInvalidationLog
from tests.gateway.federation.cache.vendor import LIST, key_of
from tests.gateway.federation.cache.virtual_time import VirtualTime

pytestmark = pytest.mark.slow

# A hundred times as many in `make test-long`.
HISTORIES = 10 * settings().max_examples
LATE = 8.0
LONGEST_CALL = 0.6
READS = 20
WRITES = 3


class Made(Struct):
    """A write. A time is None if that did not happen."""

    number: int
    applied_at: float | None = None
    acknowledged_at: float | None = None


class History:
    """One random history over one cache, and the number of reads that showed too little."""

    def __init__(self, cache: type[Cache], seed: int, *, lag: float) -> None:
        self.rnd = random.Random(seed)
        self.time = VirtualTime()
        self.lag = lag
        self.cache = cache(
            max_bytes=1 << 20,
            max_entries=100,
            monotonic=self.time.monotonic,
            now=self.time.now,
            log=MemoryInvalidationLog(),
        )
        self.writes: list[Made] = []
        self.stale = 0

    async def run(self) -> int:
        """The number of reads that showed less than they had to."""
        begins = [self.rnd.uniform(0, 30) for _ in range(READS)]
        everybody: list[asyncio.Task[None]] = []
        begin = 0.0
        for number in range(1, WRITES + 1):
            begin += self.rnd.uniform(0.1, 12)
            everybody.append(asyncio.create_task(self._write(number, begin)))
            # Most errors occur around a write.
            begins += [begin + self.rnd.uniform(0, 3 * LONGEST_CALL) for _ in range(READS // WRITES)]
            # Writes follow each other, so the greatest number is the newest. A lost one may still be applied.
            begin += 2 * LONGEST_CALL
        everybody += [asyncio.create_task(self._read(begin)) for begin in begins]
        await self.time.exhaust()
        await asyncio.gather(*everybody)
        await self.cache.aclose()
        return self.stale

    def _shown(self, at: float) -> int:
        return max(
            (made.number for made in self.writes if made.applied_at is not None and made.applied_at <= at), default=0
        )

    async def _read(self, begin: float) -> None:
        await self.time.sleep(begin)
        asked_at = self.time.monotonic()
        decides = self.rnd.random() < 0.5

        async def fetch() -> int:
            await self.time.sleep(self.rnd.uniform(0, LONGEST_CALL / 2))
            seen = self._shown(self.time.monotonic() - self.rnd.uniform(0, self.lag))
            await self.time.sleep(self.rnd.uniform(0, LONGEST_CALL / 2))
            if self.rnd.random() < 0.15:
                raise UnavailableError("away")
            return seen

        try:
            shared = await self.cache.get_or_fetch(
                key_of(),
                fetch,
                ttl=lambda _: 20.0,
                tags=[LIST],
                max_stale=100.0,
                revalidate=30.0,
                fresh=self.rnd.random() < 0.1,
                decides=decides,
            )
        except UnavailableError:
            return
        if shared.error is not None and not decides:
            return  # old rows, and said to be: the overlay shows what is newer
        covered = self.lag + LONGEST_CALL if self.lag else 0.0
        required = max(
            (
                made.number
                for made in self.writes
                if made.acknowledged_at is not None and made.acknowledged_at <= asked_at - covered
            ),
            default=0,
        )
        if shared.error is None:
            # These writes were not acknowledged, but the vendor shows them.
            required = max(required, self._shown(asked_at - self.lag - LONGEST_CALL))
        self.stale += shared.value < required

    async def _write(self, number: int, begin: float) -> None:
        await self.time.sleep(begin)
        made = Made(number)
        self.writes.append(made)
        how = self.rnd.choice(("acknowledged", "acknowledged", "lost", "never sent"))
        async with self.cache.writing([LIST]) as write:
            await self.time.sleep(self.rnd.uniform(0, LONGEST_CALL))
            if how == "acknowledged":
                made.applied_at = self.time.monotonic()
                write.unsettled_for(self.lag)
            elif how == "lost":
                if self.rnd.random() < 0.8:
                    made.applied_at = self.time.monotonic() + max(0.0, self.rnd.uniform(-LATE, LATE))
                write.unsettled_for(LATE + LONGEST_CALL + self.lag)
            else:
                write.not_sent()
            await self.time.sleep(self.rnd.uniform(0, LONGEST_CALL / 2))
        if how == "acknowledged":
            made.acknowledged_at = self.time.monotonic()


async def has_stale_reads(cache: type[Cache], *, lag: float, most: int) -> bool:
    for seed in range(most):
        if await History(cache, seed, lag=lag).run():
            return True
    return False


@pytest.mark.parametrize("lag", [0.0, 5.0])
async def test_a_read_shows_all_acknowledged_writes(lag: float) -> None:
    """Writes are acknowledged, lost and applied late, or never sent. Reads fail, join a call, are refreshed, or return
    older data for a failure.
    """
    assert not await has_stale_reads(Cache, lag=lag, most=HISTORIES)


class VersionReadAfterTheFetch(Cache):
    """Dates an answer by its arrival, as if a write deleted entries and a running call then stored its older answer."""

    def _keep(self, key: CacheKey, flight: Any, value: Any, terms: Any) -> None:
        flight.since = self._invalidation.number
        super()._keep(key, flight, value, terms)


class JoinsWhatIsOutdated(Cache):
    """Who asks after a write gets the answer of a call that began before it."""

    def _joinable(self, key: CacheKey, asked: float) -> Any:
        return self._flights.get(key)


class GivesWhatIsOutdated(Cache):
    """A write is decided on what another write has made outdated."""

    def _instead_of(self, error: Any, key: CacheKey, max_stale: float, *, fresh: bool, decides: bool) -> Any:
        return super()._instead_of(error, key, max_stale, fresh=fresh, decides=False)


class NeverUnsettled(Cache):
    """Ignores that reads lag and that writes may be applied late, so an old answer stays."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._invalidation = _SettledAtOnce(more["log"], monotonic=more["monotonic"])


class _SettledAtOnce(Invalidation):
    def invalidate(self, tags: Iterable[Tag], *, unsettled: float = 0.0) -> None:
        super().invalidate(tags)


class TakesLostForUnsent(Cache):
    """Treats a write whose answer was lost as a write that was not sent."""

    @asynccontextmanager
    async def writing(self, tags: Collection[Tag]) -> AsyncIterator[PendingWrite]:
        async with super().writing(tags) as pending:
            yield pending
            if pending.unsettled_seconds > LATE:
                pending.not_sent()


@pytest.mark.parametrize(
    ("mistake", "lag"),
    [
        (VersionReadAfterTheFetch, 0.0),
        (JoinsWhatIsOutdated, 0.0),
        (GivesWhatIsOutdated, 0.0),
        (TakesLostForUnsent, 0.0),
        (NeverUnsettled, 5.0),
    ],
)
async def test_a_mistake_is_detected(mistake: type[Cache], lag: float) -> None:
    """The test above finds each of these mistakes within far fewer histories."""
    assert await has_stale_reads(mistake, lag=lag, most=300)
