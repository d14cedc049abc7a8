"""Histories of several tasks: bulk actions, and people who take the next task of a list that they share."""

import random

from connectors.sdk.model import Task, TaskRef
from schema.ports import (
    AssignIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    Intent,
    PersonId,
    ReleaseIntent,
    SourceRef,
    UpdateIntent,
)
from tests.gateway.federation.memory_source import task
from tests.gateway.federation.writes.model.connector import SOURCE
from tests.gateway.federation.writes.model.history import Plan, Write, drawn_plan, drawn_rival, few
from tests.gateway.federation.writes.model.kinds import Kind

MANY = 2_000_000
"""The number of the first of them."""


def many_of(kind: Kind, seed: int, number: int) -> Plan:
    """Equal arguments give equal plans."""
    chance = random.Random(f"{seed}/{kind.name}/{number}")
    owner = chance.choice((None, None, "alice"))
    tasks = [task(SOURCE, f"t{number}.{one}", owner=owner, flow_id=None) for one in range(chance.randint(2, 4))]
    writes, at = [], 0.0
    for place in range(chance.choice((1, 1, 2, 2, 3))):
        writes.append(_write(chance, number, place, tasks, owner, at))
        at += chance.choice((0.0, 0.0, 0.05, chance.uniform(0, 8)))
    rivals = tuple(
        drawn_rival(chance, kind, "claim", "own", "complete", "disown", "cancel") for _ in range(few(chance, 0.3))
    )
    return drawn_plan(chance, number, tasks[0], None, tuple(writes), rivals, more=tuple(tasks[1:]))


def _write(chance: random.Random, number: int, place: int, tasks: list[Task], owner: str | None, at: float) -> Write:
    calls = [at]
    if chance.random() < 0.4:
        calls.append(at + chance.choice((0.0, 0.01, chance.uniform(0, 4), chance.uniform(5, 120))))
    has_key = len(calls) > 1 or chance.random() < 0.5
    intent, person, targets = _wanted(chance, number, place, owner)
    chosen = [one.ref for one in tasks if chance.random() < 0.8] or [tasks[0].ref]
    return Write(
        name=f"h{number}.{place}",
        person=person,
        intent=intent,
        target=TaskRef(SOURCE, tasks[0].native_id) if intent is not None else SourceRef(SOURCE),
        key=f"key-{number}-{place}" if has_key else None,
        calls=tuple(sorted(calls)),
        targets=tuple(chosen) if targets else (),
    )


def _wanted(chance: random.Random, number: int, place: int, owner: str | None) -> tuple[Intent | None, str, bool]:
    """What is asked for, without an intent the next task; by whom; and whether of several tasks."""
    person = chance.choice(("alice", "alice", "bob"))
    what = chance.choice(
        ("next", "next", "claim", "one claim") if owner is None else ("complete", "complete", "release")
    )
    if chance.random() < 0.3:
        what = chance.choice(("assign", "update", "comment", "one claim"))
    match what:
        case "next":
            return None, person, False
        case "claim":
            return ClaimIntent(), person, True
        case "one claim":
            return ClaimIntent(), person, False
        case "complete":
            outcome = chance.choice(("approved", "rejected"))
            return CompleteIntent(outcome=outcome, data={"amount": place}), "alice", True
        case "release":
            return ReleaseIntent(), "alice", True
        case "assign":
            user = PersonId(key=chance.choice(("alice", "bob")))
            return AssignIntent(user=user, override=True), "carol", True
        case "update":
            return UpdateIntent(title=chance.choice(("A", "B"))), "carol", True
        case _:
            return CommentIntent(text=f"comment {number}.{place}"), person, True
