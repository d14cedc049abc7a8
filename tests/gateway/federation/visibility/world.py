"""The real federation over sources whose tasks belong to circles of people, with faults, lag and time."""

import random
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import anyio
from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.errors import BrokenError, ForbiddenError, UnavailableError
from connectors.sdk.model import TaskRef
from gateway.federation.cache import Cache
from gateway.federation.service import FederatedSources
from gateway.federation.sources import flight_context
from gateway.shared.memory import MemoryInvalidationLog
from tests.gateway.federation.memory_source import NOW, federation
from tests.gateway.federation.visibility.people import (
    PEOPLE,
    MarkedConnector,
    connectors,
    everybody,
    marks_in,
    own_marks,
)
from tests.gateway.federation.visibility.questions import READS, WRITES, Kept, answer, question

# With 200 people.
TASKS = {"strong": 200, "half": 80, "weak": 60, "own": 100}
AT_ONCE = 8


class Foreign(Struct, frozen=True):
    """Marks of other circles in an answer."""

    person: str
    what: str
    marks: frozenset[str]


# Ids of operations are random.
OPERATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Waits, and the times of the journal, are measured with a real clock.
WAITED = re.compile(r"waited_seconds=[0-9.e-]+|(requested|settled)_at=datetime\.datetime\([^)]*\)\)?")


def comparable(answer: object) -> str:
    """The answer as text, without what differs each time."""
    return WAITED.sub("", OPERATION.sub("", repr(answer)))


class World:
    def __init__(self, people: Sequence[Caller], sources: Mapping[str, MarkedConnector]) -> None:
        self.people = people
        self.sources = sources
        self.seconds = 0.0
        self.answers = Cache(
            max_bytes=1 << 26,
            max_entries=20_000,
            log=MemoryInvalidationLog(),
            flight_context=flight_context(dict.fromkeys(sources, 8.0)),
            monotonic=self.monotonic,
            now=self.now,
        )
        self.federation: FederatedSources = federation(
            *sources.values(), people=people, answers=self.answers, monotonic=self.monotonic, now=self.now
        )
        self.refs = [TaskRef(key, native_id) for key, source in sources.items() for native_id in source.held]

    def of_circles(self, marks: frozenset[str]) -> list[TaskRef]:
        return [
            one.ref for source in self.sources.values() for one in source.held.values() if one.business_key in marks
        ]

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def trouble(self, chance: random.Random) -> None:
        """Some source fails, lags, or is well again; time passes, so that answers are fresh, refreshed, stale or gone."""
        self.seconds += chance.choice((0.0, 0.2, 3.0, 12.0, 45.0, 400.0))
        source = self.sources[chance.choice(list(self.sources))]
        source.fail = source.fail_write = None
        source.shown = None
        match chance.randrange(8):
            case 0:
                source.fail = UnavailableError("away", native_status=503)
            case 1:
                source.fail = chance.choice((BrokenError("odd"), ForbiddenError("no")))
            case 2:
                source.fail_write = UnavailableError("lost", maybe_applied=True)
                source.apply_before_failing = chance.random() < 0.5
            case 3 | 4:
                source.lag()
            case _:
                pass


async def foreign_marks(
    operations: int, seed: int, *, count: int = PEOPLE, reads: Sequence[str] = READS, most: int | None = None
) -> list[Foreign]:
    """The answers with marks of other people, in so many random operations of `count` people. Ends after `most` of them."""
    chance = random.Random(seed)
    people = everybody(count)
    tasks = {key: most_tasks * count // PEOPLE for key, most_tasks in TASKS.items()}
    world = World(people, connectors(people, tasks=tasks, seed=seed))
    kept, found = Kept(), []
    near = {person.key: world.of_circles(own_marks(person)) for person in people}

    async def one(number: int) -> None:
        person = chance.choice(people)
        # Half of the targets are tasks of the person's own circles, so that writes are applied.
        refs = near[person.key] if chance.random() < 0.5 else world.refs
        what = chance.choice(WRITES if chance.random() < 0.08 else reads)
        asked = question(chance, refs, people, what, number)
        given = await answer(world.federation, person, asked, kept, world.monotonic())
        foreign = marks_in(given) - own_marks(person)
        if foreign:
            found.append(Foreign(person.key, what, foreign))

    number = 0
    try:
        while number < operations and (most is None or len(found) < most):
            if chance.random() < 0.3:
                world.trouble(chance)
            async with anyio.create_task_group() as group:
                for _ in range(AT_ONCE):
                    group.start_soon(one, number)
                    number += 1
    finally:
        await world.answers.aclose()
        await world.federation.stop()
    return found
