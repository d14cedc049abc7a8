"""What happens in one history, drawn from its seed: a task or flow, writes to it, rivals, faults."""

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from connectors.sdk.model import Flow, FlowRef, Task, TaskRef, TaskState
from schema.ports import (
    AssignIntent,
    CancelFlowIntent,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    CreateTaskIntent,
    Intent,
    PersonId,
    ReleaseIntent,
    ResumeFlowIntent,
    ResumeIntent,
    SourceRef,
    StartFlowIntent,
    SuspendFlowIntent,
    SuspendIntent,
    Target,
    UnassignIntent,
    UpdateIntent,
)
from tests.gateway.federation.memory_source import task
from tests.gateway.federation.rich_source import flow
from tests.gateway.federation.writes.model.connector import SOURCE
from tests.gateway.federation.writes.model.kinds import TECHNICAL, Kind
from tests.gateway.federation.writes.model.vendor import Fault

# Three of five requests have no fault.
_FAULTS = [*([Fault.NONE] * 19), *(fault for fault in Fault if fault is not Fault.NONE)]
_OUTCOMES = ("approved", "rejected")
# The points at which a history may kill the gateway: a journal's method, before or after it did its work.
POINTS = tuple((method, when) for method in ("admit", "mark_sent", "settle") for when in ("before", "after"))


class Write(Struct, frozen=True, kw_only=True):
    """One click: its calls all have one key, or are one call without a key.

    `calls` are the seconds at which a call is made, the first the click itself. `targets`: it is a bulk action; further
    calls name all tasks of the history. Without an intent it takes the next task of the history.
    """

    name: str
    person: str
    intent: Intent | None
    target: Target
    key: str | None
    calls: tuple[float, ...]
    targets: tuple[TaskRef, ...] = ()


class Rival(Struct, frozen=True):
    """A write in the vendor's own interface, or through another gateway with the same account."""

    at: float
    verb: str
    actor: str
    owner: str | None = None
    outcome: str | None = None
    title: str | None = None


class Kill(Struct, frozen=True):
    """The gateway ends at the `nth` time that a write of the history comes to that point, or in the middle of sending."""

    method: str
    when: str
    nth: int
    is_graceful: bool


class Plan(Struct, frozen=True, kw_only=True):
    """`looked`: the second before its beginning at which a page shows the task, and the cache may keep it. `more`: further tasks. `breaks`: the calls of the journal that fail, by method and number. `blind`: the seconds in which reads fail."""

    number: int
    begins: float
    task: Task | None
    flow: Flow | None
    writes: tuple[Write, ...]
    rivals: tuple[Rival, ...]
    faults: tuple[Fault, ...]
    kill: Kill | None
    breaks: frozenset[tuple[str, int]]
    blind: tuple[float, float]
    looked: float | None = None
    more: tuple[Task, ...] = ()


def plan_of(kind: Kind, seed: int, number: int) -> Plan:
    """The history with that number. Equal arguments give equal plans."""
    chance = random.Random(f"{seed}/{kind.name}/{number}")
    about = chance.choices(("task", "flow", "new"), (85, 10, 5))[0]
    if about == "new":
        return drawn_plan(chance, number, None, None, _creations(chance, number), ())
    if about == "flow":
        one = flow(SOURCE, f"f{number}")
        verbs: Sequence[Intent] = [SuspendFlowIntent(), ResumeFlowIntent(), CancelFlowIntent()]
        writes = _writes(chance, number, FlowRef(SOURCE, one.native_id), [("carol", verb) for verb in verbs])
        rivals = tuple(
            drawn_rival(chance, kind, "suspend_flow", "resume_flow", "cancel_flow") for _ in range(few(chance, 0.4))
        )
        return drawn_plan(chance, number, None, one, writes, rivals)
    first = _first_verb(chance)
    owner = None if first in {"claim", "complete-free", "assign"} else "alice"
    state = TaskState.SUSPENDED if first == "resume" else None
    members = {} if state is None else {"state": state}
    one_task = task(SOURCE, f"t{number}", owner=owner, flow_id=None, **members)
    ref = TaskRef(SOURCE, one_task.native_id)
    writes = _writes(chance, number, ref, _task_writes(chance, number, first))
    rivals = tuple(
        drawn_rival(chance, kind, "claim", "own", "complete", "complete", "disown", "update", "cancel")
        for _ in range(few(chance, 0.45))
    )
    return drawn_plan(chance, number, one_task, None, writes, rivals)


def drawn_plan(
    chance: random.Random,
    number: int,
    task: Task | None,
    flow: Flow | None,
    writes: tuple[Write, ...],
    rivals: tuple[Rival, ...],
    more: tuple[Task, ...] = (),
) -> Plan:
    """With faults, a kill perhaps, and failures of the journal and of reads."""
    begins = chance.uniform(0, 60)
    kill = None
    if chance.random() < 0.1:
        method, when = chance.choice((*POINTS, ("sending", "in")))
        kill = Kill(method, when, chance.choice((1, 1, 1, 2)), chance.random() < 0.2)
    breaks = frozenset(
        (chance.choice(("admit", "mark_sent", "settle", "settle")), chance.choice((1, 1, 2)))
        for _ in range(few(chance, 0.12))
    )
    blind = (0.0, 0.0)
    if chance.random() < 0.15:
        since = begins + chance.uniform(0, 10)
        blind = (since, since + chance.choice((3.0, 20.0, 90.0, 2_000.0)))
    return Plan(
        number=number,
        begins=begins,
        task=task,
        flow=flow,
        writes=writes,
        rivals=rivals,
        faults=tuple(chance.choice(_FAULTS) for _ in range(6)),
        kill=kill,
        breaks=breaks,
        blind=blind,
        more=more,
    )


def faults_of(plan: Plan) -> Iterator[Fault]:
    """Of its requests one after the other."""
    return itertools.chain(plan.faults, itertools.repeat(Fault.NONE))


def few(chance: random.Random, share: float) -> int:
    """0 mostly; 1 or 2 with that probability."""
    return 0 if chance.random() >= share else chance.choice((1, 1, 2))


def _first_verb(chance: random.Random) -> str:
    return chance.choices(
        ("claim", "complete", "complete-free", "release", "unassign", "assign", "update", "comment", "suspend", "resume", "cancel"),
        (28, 25, 7, 7, 3, 6, 7, 5, 4, 4, 4),
    )[0]  # fmt: skip


def _task_writes(chance: random.Random, number: int, first: str) -> Sequence[tuple[str, Intent]]:
    """The first verb, and what else may be done to the task then, by the same or another person."""
    verbs: list[str] = [first]
    if chance.random() < 0.2:
        verbs.append(chance.choice(("claim", "complete", "release", "update", "assign", first)))
    if chance.random() < 0.03:
        verbs.append(chance.choice(("claim", "complete", "update")))
    return [(person_of(chance, verb), intent_of(chance, number, place, verb)) for place, verb in enumerate(verbs)]


def person_of(chance: random.Random, verb: str) -> str:
    if verb in {"unassign", "assign", "update", "cancel"}:
        return "carol"
    return "bob" if chance.random() < 0.25 else "alice"


def intent_of(chance: random.Random, number: int, place: int, verb: str) -> Intent:
    match verb:
        case "claim":
            return ClaimIntent()
        case "complete" | "complete-free":
            outcome = chance.choice(_OUTCOMES)
            return CompleteIntent(
                outcome=outcome,
                data=None if chance.random() < 0.3 else {"amount": place, "note": f"note {number}.{place}"},
                claim_if_needed=verb == "complete-free",
            )
        case "release":
            return ReleaseIntent()
        case "unassign":
            return UnassignIntent()
        case "assign":
            return AssignIntent(user=PersonId(key=chance.choice(("alice", "bob"))), override=chance.random() < 0.5)
        case "update":
            if chance.random() < 0.3:
                return UpdateIntent(due_at=datetime(2027, 1, chance.choice((1, 2)), tzinfo=UTC))
            return UpdateIntent(title=chance.choice(("A", "B")))
        case "comment":
            return CommentIntent(text=chance.choice(("thanks", f"comment {number}.{place}")))
        case "suspend":
            return SuspendIntent()
        case "resume":
            return ResumeIntent()
        case _:
            return CancelIntent()


def _creations(chance: random.Random, number: int) -> tuple[Write, ...]:
    intents: Sequence[Intent] = [CreateTaskIntent(title=f"new {number}"), StartFlowIntent(definition_key="invoice")]
    return _writes(chance, number, SourceRef(SOURCE), [("carol", chance.choice(intents))])


def _writes(
    chance: random.Random, number: int, target: Target, wanted: Sequence[tuple[str, Intent]]
) -> tuple[Write, ...]:
    writes = []
    at = 0.0
    for place, (person, intent) in enumerate(wanted):
        calls = [at]
        if chance.random() < 0.1:
            calls.append(at + chance.choice((0.0, 0.01, chance.uniform(0, 4))))
        if chance.random() < 0.12:
            calls.append(at + chance.uniform(5, 120))
        has_key = len(calls) > 1 or chance.random() < 0.5
        writes.append(
            Write(
                name=f"h{number}.{place}",
                person=person,
                intent=intent,
                target=target,
                key=f"key-{number}-{place}" if has_key else None,
                calls=tuple(sorted(calls)),
            )
        )
        at += chance.choice((0.0, 0.05, chance.uniform(0, 8), chance.uniform(0, 40)))
    return tuple(writes)


def drawn_rival(chance: random.Random, kind: Kind, *verbs: str) -> Rival:
    at = chance.choice((chance.uniform(-1, 2), chance.uniform(0, 30), chance.uniform(0, 200)))
    return rival_of(chance, kind, verbs, at=max(0.0, at))


def rival_of(chance: random.Random, kind: Kind, verbs: Sequence[str], *, at: float) -> Rival:
    """Never what nothing could tell from our own write: the same assignment by the account, by a name that is not shown."""
    actor = chance.choice(("dmitri", "elena", "dmitri" if kind.exclusive_account else TECHNICAL))
    return Rival(
        at=at,
        verb=chance.choice(verbs),
        actor=actor,
        owner=chance.choice(("dmitri", "elena")),
        outcome=chance.choice((*_OUTCOMES, *_OUTCOMES, "escalated")),
        title=chance.choice(("A", "B", "C")),
    )
