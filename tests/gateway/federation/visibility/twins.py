"""Two worlds that differ in the tasks of other people only. What a person gets in both must be the same.

As many tasks are other people's in the one as in the other: how large a source is may show where a vendor's lists cannot
be narrowed to one person. Whose they are, what they are about and when they were made must not.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from connectors.sdk.caller import Caller
from connectors.sdk.model import Task, TaskRef
from tests.gateway.federation.memory_source import NOW
from tests.gateway.federation.visibility.people import (
    OWN,
    PUSHES,
    SOURCES,
    MarkedConnector,
    everybody,
    own_marks,
    task_of,
)
from tests.gateway.federation.visibility.questions import READS, WRITES, Kept, answer, question
from tests.gateway.federation.visibility.world import World, comparable

FOREIGN = 60
MINE = 12


def _own_tasks(source: str, person: Caller, chance: random.Random) -> Iterator[Task]:
    for number in range(1000, 1000 + MINE):
        if number % 2:
            yield task_of(source, number, person.key, owner=person.key)
        else:
            yield task_of(source, number, person.groups[0], owner=chance.choice((None, person.key)))


def _foreign_tasks(source: str, others: Sequence[Caller], chance: random.Random, first: int) -> Iterator[Task]:
    """Of few people, in random groups, made at random times, as many in each state. Half of the ids exist in one world."""
    near = chance.sample(others, 3)
    for number in range(first, first + FOREIGN):
        other = chance.choice(near)
        members = {"created_at": NOW - timedelta(minutes=chance.randrange(100))}
        if number % 3:
            yield task_of(source, number, other.key, owner=other.key, **members)
        else:
            yield task_of(source, number, other.groups[0], owner=None, **members)


def _world(people: Sequence[Caller], own: Mapping[str, list[Task]], seed: int, *, first: int, page: int) -> World:
    chance = random.Random(seed)
    return World(
        people,
        {
            key: MarkedConnector(
                key,
                sorted([*own[key], *_foreign_tasks(key, people[4:], chance, first)], key=lambda one: one.native_id),
                pushes=PUSHES[key],
                acts_as="viewer" if key == OWN else "service",
                scan_page=page,
            )
            for key in own
        },
    )


async def differences(
    questions: int, seed: int, *, sources: Sequence[str] = SOURCES, page: int = 2 * FOREIGN, most: int | None = None
) -> list[tuple[object, object, object]]:
    """The questions of one person that are answered otherwise in the other world, with both answers.

    In each world the person asks the same, while the sources are well and no other person asks. `page`: rows in one page.
    """
    people = everybody(40)
    person = people[0]
    chance = random.Random(seed)
    own = {key: list(_own_tasks(key, person, chance)) for key in sources}
    one = _world(people, own, seed, first=0, page=page)
    other = _world(people, own, seed + 1, first=FOREIGN // 2, page=page)
    refs = list(dict.fromkeys([*one.refs, *other.refs])) + one.of_circles(own_marks(person)) * 2
    unknown = [TaskRef(key, f"{key}-{number}") for key in sources for number in range(5000, 5010)]
    kept = Kept(), Kept()
    found: list[tuple[object, object, object]] = []
    try:
        for number in range(questions):
            what = chance.choice(WRITES if chance.random() < 0.15 else READS)
            asked = question(chance, [*refs, *unknown], people, what, number * 7 + 1)
            if chance.random() < 0.3:
                seconds = chance.choice((1.0, 20.0, 400.0))
                one.seconds, other.seconds = one.seconds + seconds, other.seconds + seconds
            here, there = [
                comparable(await answer(world.federation, person, asked, mine, world.monotonic()))
                for world, mine in zip((one, other), kept, strict=True)
            ]
            if here != there:
                found.append((asked, here, there))
                if most is not None and len(found) >= most:
                    break
    finally:
        for world in (one, other):
            await world.answers.aclose()
            await world.federation.stop()
    return found
