"""Who brought about what a record shows: the person, the gateway's account, another person, or another write of ours."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from msgspec import Struct, structs

from connectors.sdk import commands
from connectors.sdk.commands import MutationStatus
from connectors.sdk.model import Activity, Comment, Flow, Task
from connectors.sdk.traces import Traces
from gateway.store import Evidence, Step

# How far the clock of a vendor may be behind ours.
SKEW = timedelta(seconds=5)
# How far it may be ahead.
FAR_AHEAD = timedelta(minutes=10)


class Seen(Struct, frozen=True, kw_only=True):
    """The target as read after the write was sent, not from the cache. None: not there, or not read."""

    task: Task | None = None
    outcome: str | None = None
    flow: Flow | None = None
    data: Mapping[str, object] | None = None
    comments: Sequence[Comment] | None = None
    activities: Sequence[Activity] | None = None


class Trust(Struct, frozen=True, kw_only=True):
    """Whose word counts, and what else the gateway did.

    `as_person`: the source is called with the person's own token, and with that of the account only for what the person's
    cannot do. `account`: the service account's id, None if it is not known; `is_exclusive`: nothing but the gateway uses it. `is_person`: whether a native id belongs to a person that the
    gateway knows. `others`: the other steps of the journal to the same target, earlier ones of the same write too. `late`: how long after sending a request
    may be applied, and its effect become readable; `lag`: how far a read may be behind. `is_accepted`: the vendor took this write and said PENDING.
    """

    traces: Traces
    late: timedelta
    lag: timedelta = timedelta()
    as_person: bool = False
    account: str | None = None
    is_exclusive: bool = False
    is_person: Callable[[str], bool] = lambda _: False
    others: Sequence[Step] = ()
    is_accepted: bool = False


class Who(Enum):
    """UNSURE: a name that the gateway cannot place. NOT_TOLD: no name, or one that tells no more than none."""

    OURS = auto()
    OTHER = auto()
    UNSURE = auto()
    NOT_TOLD = auto()


def who_is(native_id: str, evidence: Evidence, trust: Trust) -> Who:
    """Who a name of the vendor stands for."""
    if trust.as_person:
        return Who.OURS if native_id == evidence.actor else Who.OTHER
    if trust.account is not None:
        if native_id != trust.account:
            return Who.OTHER
        # Other programs may use the account too: then its name tells no more than no name.
        return Who.OURS if trust.is_exclusive else Who.NOT_TOLD
    return Who.OTHER if trust.is_person(native_id) else Who.UNSURE


def who_made(entry: Activity, evidence: Evidence, trust: Trust) -> Who:
    """Who made an entry of the history."""
    native_id = entry.account if entry.account is not None else entry.actor.native_id if entry.actor else None
    return Who.NOT_TOLD if native_id is None else _who_did(native_id, evidence, trust)


def _who_did(native_id: str, evidence: Evidence, trust: Trust) -> Who:
    """As `who_is`; but what a person's own token cannot do, the account may have done for them."""
    if trust.as_person and native_id != evidence.actor and trust.account in {None, native_id}:
        trust = structs.replace(trust, as_person=False)
    return who_is(native_id, evidence, trust)


def completer(evidence: Evidence, seen: Seen, trust: Trust) -> Who:
    """Who completed the task, as its record and its history name them. Two names that differ leave it open."""
    named = set()
    if trust.traces.names_completer and seen.task is not None and seen.task.completed_by is not None:
        named.add(_who_did(seen.task.completed_by.native_id, evidence, trust))
    types = trust.traces.entries.get(commands.Complete, frozenset())
    named.update(who_made(entry, evidence, trust) for entry in seen.activities or () if entry.type in types)
    named.discard(Who.NOT_TOLD)
    if len(named) > 1:
        return Who.UNSURE
    return named.pop() if named else Who.NOT_TOLD


_FREES = frozenset({commands.Release.__name__, commands.Unassign.__name__})


def is_explained(evidence: Evidence, trust: Trust, *, since: datetime | None = None) -> bool:
    """Whether another write of ours may have brought about the same: one since the look, or an earlier unclear one."""
    begin = (since or evidence.looked_at or evidence.sent_at) - trust.lag
    return any(
        step.status is not MutationStatus.REJECTED
        and _same_effect(evidence, step)
        and (
            sent_at(step) >= begin
            or (step.status is not MutationStatus.APPLIED and sent_at(step) > evidence.sent_at - trust.late)
        )
        for step in trust.others
    )


def earlier_like(evidence: Evidence, trust: Trust, *, since: datetime) -> int:
    """How many other writes of ours before this one had the same effect, as far as is known."""
    return sum(
        step.status is not MutationStatus.REJECTED
        and _same_effect(evidence, step)
        and since <= sent_at(step) < evidence.sent_at
        for step in trust.others
    )


def sent_at(step: Step) -> datetime:
    """By the clock that evidence is dated with, where there is any."""
    return step.sent_at if step.evidence is None else step.evidence.sent_at


def _same_effect(evidence: Evidence, step: Step) -> bool:
    """Without evidence of it, any write may have had the same effect."""
    return step.evidence is None or _effect(evidence) == _effect(step.evidence)


def _effect(evidence: Evidence) -> tuple[str, ...]:
    """Writes with the same effect lead to the same state, or to the same entry of the history."""
    if evidence.user is not None:
        return ("owner", evidence.user)
    if evidence.group is not None or evidence.command in _FREES:
        return ("no owner",)
    return (evidence.command,)
