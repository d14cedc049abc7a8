"""Histories of one write: each verb with each fault of its request, in each of some circumstances."""

import itertools
import random
from collections.abc import Sequence
from enum import StrEnum

from connectors.sdk.model import FlowRef, TaskRef, TaskState
from schema.ports import (
    AssignIntent,
    CancelFlowIntent,
    ClaimIntent,
    CreateTaskIntent,
    Intent,
    ResumeFlowIntent,
    SourceRef,
    StartFlowIntent,
    SuspendFlowIntent,
    Target,
)
from tests.gateway.federation.memory_source import task
from tests.gateway.federation.rich_source import flow
from tests.gateway.federation.writes.model.connector import SOURCE
from tests.gateway.federation.writes.model.history import Plan, Rival, Write, intent_of, person_of, rival_of
from tests.gateway.federation.writes.model.kinds import Kind
from tests.gateway.federation.writes.model.vendor import TIMEOUT, Fault

FIRST = 1_000_000
"""The number of the first of them; those of drawn histories are below."""

_ON_TASK = ("claim", "complete", "complete-free", "release", "unassign", "assign", "update", "comment", "suspend", "resume", "cancel")  # fmt: skip
_ON_FLOW: dict[str, Intent] = {
    "suspend_flow": SuspendFlowIntent(),
    "resume_flow": ResumeFlowIntent(),
    "cancel_flow": CancelFlowIntent(),
}
_NEW: dict[str, Intent] = {
    "create": CreateTaskIntent(title="new"),
    "start_flow": StartFlowIntent(definition_key="invoice"),
}
_COMPLETIONS = frozenset({"complete", "complete-free"})
_UNASSIGNED = frozenset({"claim", "complete-free", "assign"})


class Around(StrEnum):
    """What happens beside the write."""

    NOTHING = "nothing"
    COPY = "its key is sent again while it is under way"
    LATER_COPY = "its key is sent again when its answer is there"
    RIVAL_BEFORE = "a rival writes before"
    RIVAL_MEANWHILE = "a rival writes while it is under way"
    RIVAL_AFTER = "a rival writes when its answer was lost"
    RIVAL_LATER = "a rival writes later"
    SECOND_FAULT = "a further request meets a fault as well"
    RIVAL_UNSEEN = "a rival writes between the look of a page and the write, which rests on that look"
    BLIND = "reads fail for a while"


def _is_of_use(verb: str, fault: Fault, around: Around) -> bool:
    """Not where that circumstance would change nothing: what is new has no rivals, and one request meets no second fault."""
    if around in _RIVAL_AT and verb in _NEW:
        return False
    if around is Around.RIVAL_UNSEEN and verb not in {"claim", "assign"}:
        return False
    return not (around is Around.SECOND_FAULT and fault is Fault.NONE and verb != "complete-free")


_RIVAL_AT = {
    Around.RIVAL_BEFORE: (0.0, 0.0),
    Around.RIVAL_MEANWHILE: (0.01, 1.2),
    Around.RIVAL_AFTER: (TIMEOUT, TIMEOUT + 3.0),
    Around.RIVAL_LATER: (6.0, 60.0),
}
_ALL = tuple(one for one in itertools.product((*_ON_TASK, *_ON_FLOW, *_NEW), Fault, Around) if _is_of_use(*one))
OF_VERB = 140
"""How many run side by side: about those of one verb."""
SINGLES = len(_ALL)
"""How many there are. Beyond, they begin again with other draws."""

_CALLS = {Around.COPY: (0.0, 0.01), Around.LATER_COPY: (0.0, 30.0)}


def singles_of(kind: Kind) -> int:
    """How many there are for a kind: where only completions differ from other kinds, those."""
    return SINGLES if kind.take_over is None else sum(verb in _COMPLETIONS for verb, _, _ in _ALL)


def single_of(kind: Kind, seed: int, number: int) -> Plan:
    """Equal arguments give equal plans."""
    chance = random.Random(f"{seed}/{kind.name}/{number}")
    chosen = _ALL if kind.take_over is None else [one for one in _ALL if one[0] in _COMPLETIONS]
    verb, fault, around = chosen[(number - FIRST) % len(chosen)]
    begins = chance.uniform(0, 60)
    one_flow = flow(SOURCE, f"f{number}") if verb in _ON_FLOW else None
    one_task = None
    if verb in _ON_TASK:
        members = {"state": TaskState.SUSPENDED} if verb == "resume" else {}
        owner = None if verb in _UNASSIGNED else "alice"
        one_task = task(SOURCE, f"t{number}", owner=owner, flow_id=None, **members)
        intent, person = intent_of(chance, number, 0, verb), person_of(chance, verb)
        target: Target = TaskRef(SOURCE, one_task.native_id)
    elif one_flow is not None:
        intent, person, target = _ON_FLOW[verb], "carol", FlowRef(SOURCE, one_flow.native_id)
    else:
        intent, person, target = _NEW[verb], "carol", SourceRef(SOURCE)
    calls = _CALLS.get(around, (0.0,))
    rivals: Sequence[Rival] = ()
    looked = None
    if around in _RIVAL_AT:
        rivals = (rival_of(chance, kind, _rivals_of(verb), at=chance.uniform(*_RIVAL_AT[around])),)
    if around is Around.RIVAL_UNSEEN and isinstance(intent, ClaimIntent | AssignIntent):
        # They make the same person the owner.
        owner = person if isinstance(intent, ClaimIntent) or intent.user is None else intent.user.key
        rivals = (Rival(0.0, "own", "dmitri", owner),)
        looked = chance.uniform(6, 20)
        # The rival comes after that look. A look at the time of the write would show it: no read is so far behind.
        begins, calls = begins + looked, (kind.lag + 0.01,)
    write = Write(
        name=f"h{number}.0",
        person=person,
        intent=intent,
        target=target,
        key=f"key-{number}" if len(calls) > 1 else None,
        calls=calls,
    )
    second = chance.choice([one for one in Fault if one is not Fault.NONE])
    since = begins + chance.uniform(0, 2)
    return Plan(
        number=number,
        begins=begins,
        task=one_task,
        flow=one_flow,
        writes=(write,),
        rivals=tuple(rivals),
        faults=(fault, second) if around is Around.SECOND_FAULT else (fault,),
        kill=None,
        breaks=frozenset(),
        looked=looked,
        blind=(since, since + chance.choice((3.0, 20.0))) if around is Around.BLIND else (0.0, 0.0),
    )


def _rivals_of(verb: str) -> Sequence[str]:
    """Those that could be taken for the write, mostly."""
    if verb in _ON_FLOW:
        return tuple(_ON_FLOW)
    alike = {
        "claim": ("claim", "own"),
        "assign": ("own",),
        "release": ("disown",),
        "unassign": ("disown",),
        "update": ("update",),
        "cancel": ("cancel",),
    }.get(verb, ("complete",))
    return (*alike, *alike, "claim", "complete", "disown", "cancel")
