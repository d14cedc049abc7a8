"""Random histories of reads and writes: nobody sees less than what was acknowledged before he asked.

A vendor holds one number, the last write that it applied. It applies a write at any time while it is on its way, and
one whose answer is lost up to `LATE` seconds afterwards, or never. What it shows lags behind by up to `lag` seconds,
differently at each read, as replicas of a search index do; a gateway covers that lag with its overlay, so a read only
has to show what was acknowledged before the lag, and before a call that it may have joined, began.
"""

import asyncio
import random
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import settings
from msgspec import Struct

from connectors.sdk.errors import UnavailableError
from gateway.federation.cache import Cache, PendingWrite, Question, Tag
from gateway.federation.cache.invalidation import Versions
from tests.gateway.federation.cache.vendor import LIST, question
from tests.gateway.federation.cache.virtual_time import VirtualTime

# In `make test-long` thirty times as many.
HISTORIES = 10 * settings().max_examples
LATE = 8.0
LONGEST_CALL = 0.6
READS = 20
WRITES = 3


class Made(Struct):
    """A write. Times are None for what did not happen."""

    number: int
    applied_at: float | None = None
    acknowledged_at: float | None = None


class History:
    """One random history over one cache, and what was seen too late in it."""

    def __init__(self, cache: type[Cache], seed: int, *, lag: float, versions: Versions | None = None) -> None:
        self.rnd = random.Random(seed)
        self.time = VirtualTime()
        self.lag = lag
        self.cache = cache(
            most_bytes=1 << 20,
            most_entries=100,
            monotonic=self.time.monotonic,
            now=self.time.now,
            versions=versions,
        )
        self.writes: list[Made] = []
        self.stale = 0

    async def run(self) -> int:
        """How many reads showed less than they had to."""
        begins = [self.rnd.uniform(0, 30) for _ in range(READS)]
        everybody: list[asyncio.Task[None]] = []
        begin = 0.0
        for number in range(1, WRITES + 1):
            begin += self.rnd.uniform(0.1, 12)
            everybody.append(asyncio.create_task(self._write(number, begin)))
            # Most goes wrong around a write.
            begins += [begin + self.rnd.uniform(0, 3 * LONGEST_CALL) for _ in range(READS // WRITES)]
            # One after another, so that the greatest number is the newest; a lost one may still be on its way.
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

        async def fetch() -> int:
            await self.time.sleep(self.rnd.uniform(0, LONGEST_CALL / 2))
            seen = self._shown(self.time.monotonic() - self.rnd.uniform(0, self.lag))
            await self.time.sleep(self.rnd.uniform(0, LONGEST_CALL / 2))
            if self.rnd.random() < 0.15:
                raise UnavailableError("away")
            return seen

        try:
            shared = await self.cache.ask(
                question(),
                fetch,
                ttl=lambda _: 20.0,
                tags=[LIST],
                max_stale=100.0,
                revalidate=30.0,
                fresh=self.rnd.random() < 0.1,
            )
        except UnavailableError:
            return
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
            # Nobody was told of these; the vendor shows them all the same.
            required = max(required, self._shown(asked_at - self.lag - LONGEST_CALL))
        self.stale += shared.value < required

    async def _write(self, number: int, begin: float) -> None:
        await self.time.sleep(begin)
        made = Made(number)
        self.writes.append(made)
        how = self.rnd.choice(("acknowledged", "acknowledged", "lost", "never sent"))
        with self.cache.writing([LIST]) as write:
            await self.time.sleep(self.rnd.uniform(0, LONGEST_CALL))
            if how == "acknowledged":
                made.applied_at = self.time.monotonic()
                write.settles_within(self.lag)
            elif how == "lost":
                if self.rnd.random() < 0.8:
                    made.applied_at = self.time.monotonic() + max(0.0, self.rnd.uniform(-LATE, LATE))
                write.settles_within(LATE + LONGEST_CALL + self.lag)
            else:
                write.spare()
            await self.time.sleep(self.rnd.uniform(0, LONGEST_CALL / 2))
        if how == "acknowledged":
            made.acknowledged_at = self.time.monotonic()


async def stale_reads(cache: type[Cache], *, lag: float, versions: type[Versions] = Versions, most: int) -> int:
    return sum([await History(cache, seed, lag=lag, versions=versions()).run() for seed in range(most)])


@pytest.mark.parametrize("lag", [0.0, 5.0])
async def test_nobody_sees_less_than_was_acknowledged_before(lag: float) -> None:
    """Acknowledged, lost and applied late, or never sent; while reads fail, join, are refreshed or stand in."""
    assert 0 == await stale_reads(Cache, lag=lag, most=HISTORIES)


class VersionReadAfterTheFetch(Cache):
    """An answer counts as of its arrival, as with entries deleted by a write and refilled by who was on his way."""

    def _keep(self, question: Question, flight: Any, value: Any, terms: Any) -> None:
        flight.since = self._versions.number
        super()._keep(question, flight, value, terms)


class JoinsWhatIsOvertaken(Cache):
    """Who asks after a write gets the answer of a call that began before it."""

    def _joinable(self, question: Question) -> Any:
        return self._flights.get(question)


class StandsInWhatIsOvertaken(Cache):
    """What a write has overtaken is still given when the vendor fails."""

    def _stood_in(self, question: Question, error: Any, max_stale: float, *, fresh: bool) -> Any:
        entry = self._store.get(question)
        if entry is None or fresh:
            raise error
        return self._given(entry, error=error)

    def _good(self, question: Question) -> Any:
        entry = self._store.get(question)
        return None if entry is None or self._versions.overtaken(entry.since, entry.tags) else entry


class NeverUnsettled(Cache):
    """Reads that lag, and writes that come late, leave the old answer behind."""

    def invalidate(self, tags: Collection[Tag], *, unsettled: float = 0.0) -> None:
        super().invalidate(tags)


class SparesWhatIsLost(Cache):
    """A write whose answer was lost is taken for one that never left."""

    @contextmanager
    def writing(self, tags: Collection[Tag]) -> Iterator[PendingWrite]:
        with super().writing(tags) as pending:
            yield pending
            if pending.unsettled > LATE:
                pending.spare()


@pytest.mark.parametrize(
    ("mistake", "lag"),
    [
        (VersionReadAfterTheFetch, 0.0),
        (JoinsWhatIsOvertaken, 0.0),
        (StandsInWhatIsOvertaken, 0.0),
        (SparesWhatIsLost, 0.0),
        (NeverUnsettled, 5.0),
    ],
)
async def test_a_mistake_would_be_found(mistake: type[Cache], lag: float) -> None:
    """The test above bites: each of these shows in far fewer histories than it tries."""
    assert 0 < await stale_reads(mistake, lag=lag, most=300)
