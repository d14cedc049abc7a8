"""What the journal adds to a write: the same write with it and without, one after the other and several at once."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from msgspec import Struct

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.model import TaskRef
from gateway.federation.writes import TargetLeases
from gateway.shared.memory import MemoryLeases
from gateway.store import Evidence, Journal
from gateway.store.sqlite import SqliteJournal
from schema.ports import WriteResult

# Writes of one round, one after the other; and writers at once in a further round, with as many writes in all.
WRITES, AT_ONCE = 300, 20
# Seconds that the vendor takes in the bare call: the event loop is free meanwhile, as it is in a gateway.
CALL = 0.002


class Times(Struct, frozen=True):
    """In milliseconds: the middle one, and that which one of a hundred exceeds."""

    middle: float
    worst: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        ordered = sorted(seconds)
        return cls(1000 * ordered[len(ordered) // 2], 1000 * ordered[int(len(ordered) * 0.99)])


class Cost(Struct, frozen=True):
    """`added`: of a write among no others, the middle round of all; `together`: among others that are written at the same time."""

    added: Times
    best: Times
    together: Times
    synced: Times

    def lines(self, *, goal: float) -> Iterator[str]:
        yield f"the journal adds {self.added.middle:.2f} ms to a write (p50), {self.added.worst:.2f} ms (p99; goal {goal:.0f})"
        yield f"  in the best round {self.best.middle:.2f} ms (p50), {self.best.worst:.2f} ms (p99)"
        yield f"  with {AT_ONCE} writes at once {self.together.middle:.2f} ms (p50), {self.together.worst:.2f} ms (p99)"
        yield f"  of that, one sync of this disk: {self.synced.middle:.2f} ms (p50), {self.synced.worst:.2f} ms (p99)"


async def journal_cost(folder: Path, *, rounds: int) -> Cost:
    """Other programs may run meanwhile: so the middle of some rounds counts, by the slowest write of a hundred."""
    alone = []
    for number in range(rounds):
        bare = Times.of(await _bare())
        with_it = Times.of(await _journalled(folder / f"measured-{number}.sqlite3", writers=1))
        alone.append(Times(with_it.middle - bare.middle, with_it.worst - bare.middle))
    alone.sort(key=lambda times: times.worst)
    bare = Times.of(await _bare())
    together = Times.of(await _journalled(folder / "together.sqlite3", writers=AT_ONCE))
    return Cost(
        added=alone[len(alone) // 2],
        best=alone[0],
        together=Times(together.middle - bare.middle, together.worst - bare.middle),
        synced=Times.of(list(_syncs(folder))),
    )


async def _bare() -> list[float]:
    """The call alone."""
    return [await _timed(_call) for _ in range(WRITES)]


async def _journalled(path: Path, *, writers: int) -> list[float]:
    """The call as a write: recorded, its target held, sent, recorded."""
    journal = SqliteJournal(path)
    leases = TargetLeases(MemoryLeases(), journal=journal, changed_elsewhere=lambda *_: None)
    numbers = iter(range(WRITES))
    seconds: list[float] = []

    async def write() -> None:
        for number in numbers:
            seconds.append(await _timed(partial(_written, journal, leases, f"o{number}")))  # noqa: PERF401 it is awaited

    await asyncio.gather(*(write() for _ in range(writers)))
    journal.close()
    return seconds


async def _written(journal: Journal, leases: TargetLeases, name: str) -> None:
    target = TaskRef("north", name)
    await journal.admit(
        operation_id=name,
        person="alice",
        client_key=f"key of {name}",
        fingerprint="f",
        source="north",
        target=target,
        action=TaskAction.CLAIM,
    )
    async with leases.hold(target):
        await journal.mark_sent(name, Evidence(command="Claim", salt=b"salt", sent_at=datetime.now(UTC)))
        await _call()
    await journal.settle(name, WriteResult(status=MutationStatus.APPLIED, operation_id=name))


async def _call() -> None:
    await asyncio.sleep(CALL)


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def _syncs(folder: Path) -> Iterator[float]:
    """Seconds that one write of eight pages to the disk takes, with its sync."""
    with (folder / "synced").open("wb") as file:
        for _ in range(WRITES):
            began = time.perf_counter()
            os.pwrite(file.fileno(), bytes(8 * 4096), 0)
            os.fdatasync(file.fileno())
            yield time.perf_counter() - began
