"""What the journal adds to a write: its seconds beside those of its call, one after the other and several at once."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
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
# Writes before these, so that the file's log has its size.
WARMS_UP = 100
# Seconds that the vendor takes in the call: the event loop is free meanwhile, as it is in a gateway.
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
    """Other programs may run meanwhile: so the middle of some rounds counts, by the slowest write of a hundred.

    The first writes of a file are left out: its log grows with them, and a gateway that runs writes over what it has.
    """
    alone = [
        Times.of((await _added(folder / f"measured-{number}.sqlite3", writers=1))[WARMS_UP:])
        for number in range(rounds)
    ]
    alone.sort(key=lambda times: times.worst)
    return Cost(
        added=alone[len(alone) // 2],
        best=alone[0],
        together=Times.of((await _added(folder / "together.sqlite3", writers=AT_ONCE))[WARMS_UP:]),
        synced=Times.of(list(_syncs(folder))),
    )


async def _added(path: Path, *, writers: int) -> list[float]:
    """The seconds of each write that its call did not take: recorded, its target held, sent, recorded."""
    journal = SqliteJournal(path)
    leases = TargetLeases(MemoryLeases(), journal=journal, changed_elsewhere=lambda *_: None)
    numbers = iter(range(WARMS_UP + WRITES))
    seconds: list[float] = []

    async def write() -> None:
        for number in numbers:
            began = time.perf_counter()
            called = await _written(journal, leases, f"o{number}")
            seconds.append(time.perf_counter() - began - called)

    await asyncio.gather(*(write() for _ in range(writers)))
    journal.close()
    return seconds


async def _written(journal: Journal, leases: TargetLeases, name: str) -> float:
    """The seconds that the call took."""
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
        began = time.perf_counter()
        await asyncio.sleep(CALL)
        called = time.perf_counter() - began
    await journal.settle(name, WriteResult(status=MutationStatus.APPLIED, operation_id=name))
    return called


def _syncs(folder: Path) -> Iterator[float]:
    """Seconds that one write of eight pages to the disk takes, with its sync."""
    with (folder / "synced").open("wb") as file:
        for _ in range(WRITES):
            began = time.perf_counter()
            os.pwrite(file.fileno(), bytes(8 * 4096), 0)
            os.fdatasync(file.fileno())
            yield time.perf_counter() - began
