"""What proves, after a lost answer, that a write was applied, and what proves that it was not: one rule for each verb.

A vendor's traces (`connectors.sdk.traces`) decide which of a rule's proofs there are. A proof never rests on the state alone:

- the record or the history shows the wanted state with its actor or its payload,
- the record did not show it in the look before the write was sent,
- no other write of the journal to the same target explains it.

`docs/writes.md` has the table that follows from the rules.
"""

from collections.abc import Callable, Mapping
from enum import Enum, StrEnum, auto

from msgspec import Struct

from connectors.sdk import commands
from connectors.sdk.commands import Command, MutationStatus
from connectors.sdk.model import Comment, DetailAspect, FlowState, Task, TaskState
from connectors.sdk.traces import Traces
from gateway.federation.writes.authorship import (
    FAR_AHEAD,
    SKEW,
    Seen,
    Trust,
    Who,
    completer,
    earlier_like,
    is_explained,
    sent_at,
    who_is,
    who_made,
)
from gateway.store import Evidence


class Verdict(Enum):
    APPLIED = auto()
    NOT_APPLIED = auto()
    OPEN = auto()


class Proof(StrEnum):
    """The texts are those of the table."""

    OWNER = "the task shows the wanted owner, who did not have it before; the look before is new, or the time of assignment is shown"
    PAYLOAD = (
        "the task is completed with the outcome and every value that were sent, and not by another person; "
        "by our own, where no values were sent or the task held them before"
    )
    ENTRY = "an entry of the history after sending, by the person's token or by an account of the gateway's own"
    COMMENT = "a comment with that text after sending, by the person or the account"


class Disproof(StrEnum):
    ENDED_OTHERWISE = "the task has ended in another way, with another outcome, or by another person"
    FLOW_ENDED_OTHERWISE = "the flow has completed"


class Rule(Struct, frozen=True):
    """`proofs`: each is enough. `again`: may be sent again in its request where the vendor's guard makes that safe."""

    proofs: tuple[Proof, ...] = ()
    disproof: Disproof | None = None
    again: bool = False


_END = Rule((Proof.ENTRY,), Disproof.ENDED_OTHERWISE, again=True)
_BY_HISTORY = Rule((Proof.ENTRY,))

RULES: Mapping[type[Command], Rule] = {
    # Another person may take the task back meanwhile, and the guard would let a second claim pass.
    commands.Claim: Rule((Proof.OWNER,)),
    commands.Assign: Rule((Proof.OWNER,)),
    commands.Release: _BY_HISTORY,
    commands.Unassign: _BY_HISTORY,
    commands.Start: _BY_HISTORY,
    commands.Suspend: _BY_HISTORY,
    commands.Resume: _BY_HISTORY,
    commands.Update: _BY_HISTORY,
    commands.SetTags: _BY_HISTORY,
    commands.SaveDraft: _BY_HISTORY,
    commands.Retry: _BY_HISTORY,
    commands.AddComment: Rule((Proof.COMMENT,)),
    commands.Complete: Rule((Proof.PAYLOAD, Proof.ENTRY), Disproof.ENDED_OTHERWISE, again=True),
    commands.Cancel: _END,
    commands.Skip: _END,
    commands.DeleteTask: _END,
    # The flow may be cancelled although the task was completed before.
    commands.CancelFlowOfTask: Rule((Proof.ENTRY,), again=True),
    commands.CancelFlow: Rule((), Disproof.FLOW_ENDED_OTHERWISE, again=True),
    # A late first request would undo what another person did after the second: these are sent once.
    commands.SuspendFlow: Rule(),
    commands.ResumeFlow: Rule(),
    commands.CreateTask: Rule(),
    commands.StartFlow: Rule(),
}
_ENDS = frozenset(command.__name__ for command in RULES if issubclass(command, commands.Complete | commands.Cancel))
_BY_NAME = {command.__name__: command for command in RULES}


def command_of(evidence: Evidence) -> type[Command] | None:
    """None for a command of another version."""
    return _BY_NAME.get(evidence.command)


def proofs_of(command: type[Command], traces: Traces) -> tuple[Proof, ...]:
    """The proofs that a vendor has for a command."""
    has = {
        Proof.OWNER: True,
        Proof.PAYLOAD: traces.shows_outcome or traces.shows_data,
        Proof.ENTRY: command in traces.entries,
        Proof.COMMENT: traces.comments,
    }
    return tuple(proof for proof in RULES[command].proofs if has[proof])


def disproof_of(command: type[Command], traces: Traces) -> Disproof | None:
    """What proves with a vendor that a command was not applied."""
    return RULES[command].disproof if traces.ends_once else None


def aspects_of(evidence: Evidence, traces: Traces) -> frozenset[DetailAspect]:
    """What must be read beside the record."""
    command = command_of(evidence)
    proofs = () if command is None else proofs_of(command, traces)
    found = set()
    needs_data = bool(evidence.data) or (evidence.outcome is not None and traces.outcome_in_data)
    if Proof.PAYLOAD in proofs and needs_data and traces.shows_data:
        found.add(DetailAspect.DATA)
    if Proof.ENTRY in proofs:
        found.add(DetailAspect.ACTIVITIES)
    if Proof.COMMENT in proofs:
        found.add(DetailAspect.COMMENTS)
    return frozenset(found)


def verdict(evidence: Evidence, seen: Seen, trust: Trust) -> Verdict:
    """What is known of the write. OPEN: nothing, yet."""
    command = command_of(evidence)
    if command is None:
        return Verdict.OPEN
    if trust.is_accepted:
        return _accepted(evidence, command, seen)
    if disproof_of(command, trust.traces) is not None and _DISPROOFS[RULES[command].disproof](evidence, seen, trust):
        return Verdict.NOT_APPLIED
    if any(_PROOFS[proof](evidence, seen, trust) for proof in proofs_of(command, trust.traces)):
        return Verdict.APPLIED
    return Verdict.OPEN


# Proofs


def _has_owner(evidence: Evidence, seen: Seen, trust: Trust) -> bool:
    task = seen.task
    if task is None or evidence.is_shown_before or is_explained(evidence, trust) or _is_outdated(task, trust):
        return False
    if may_claim_themselves(evidence) and evidence.user not in {evidence.actor, trust.account}:
        return False
    if task.assigned_at is not None:
        is_since = task.assigned_at >= evidence.sent_at - SKEW
    else:
        # Between an older look and the sending another person may have made them the owner.
        is_since = evidence.looked_at is not None and evidence.looked_at >= evidence.sent_at - SKEW
    return is_since and shows_owner(evidence, task)


def may_claim_themselves(evidence: Evidence) -> bool:
    """An assignment of a task that had no owner: its new owner does not tell whether it was applied."""
    return evidence.command == commands.Assign.__name__ and evidence.user is not None and not evidence.owners


def _is_outdated(task: Task, trust: Trust) -> bool:
    """Whether it is the record from before another write of ours: the vendor's reads lag behind that write."""
    return any(step.evidence is not None and step.evidence.version == task.version for step in trust.others)


def shows_owner(evidence: Evidence, task: Task) -> bool:
    """The wanted user; or the wanted group, without an owner."""
    if evidence.user is not None:
        return task.is_open and evidence.user in {owner.native_id for owner in task.assignees}
    groups = {group.native_id for group in task.candidate_groups or ()}
    return task.is_open and evidence.group in groups and not task.assignees


def _has_payload(evidence: Evidence, seen: Seen, trust: Trust) -> bool:
    task = seen.task
    if task is None or task.state is not TaskState.COMPLETED or is_explained(evidence, trust):
        return False
    if task.completed_at is not None and task.completed_at < evidence.sent_at - SKEW:
        return False
    if evidence.outcome is None and not evidence.data:
        return False
    if evidence.outcome is not None and _outcome_of(seen, trust) != evidence.outcome:
        return False
    if evidence.data and not (trust.traces.shows_data and _has_data(evidence, seen)):
        return False
    who = completer(evidence, seen, trust)
    # Another completion may have chosen the same outcome. Values are those of one completion, unless the task had them.
    is_told_by_values = (
        bool(evidence.data) and not evidence.is_data_held and not trust.traces.may_have_data_of_another(task)
    )
    return who is Who.OURS or (who is Who.NOT_TOLD and is_told_by_values)


def _has_entry(evidence: Evidence, seen: Seen, trust: Trust) -> bool:
    types = trust.traces.entries[_BY_NAME[evidence.command]]
    if is_explained(evidence, trust, since=evidence.sent_at - 2 * SKEW):
        return False
    ours = [
        entry.at
        for entry in seen.activities or ()
        if entry.type in types and who_made(entry, evidence, trust) is Who.OURS
    ]
    if not any(at >= evidence.sent_at - SKEW for at in ours):
        return False
    # The clock of a vendor may be far ahead of ours: then an earlier write of ours seems to have been made after this one.
    # So there must be more entries than such writes.
    earlier = earlier_like(evidence, trust, since=evidence.sent_at - 2 * FAR_AHEAD)
    return sum(at >= evidence.sent_at - FAR_AHEAD for at in ours) > earlier


def _has_comment(evidence: Evidence, seen: Seen, trust: Trust) -> bool:
    found = [comment for comment in seen.comments or () if _is_same_comment(comment, evidence, trust)]
    if not found:
        return False
    # As many as our writes of that text: then all of them were applied.
    text = found[0].text
    others = [
        step
        for step in trust.others
        if step.status is not MutationStatus.REJECTED
        and sent_at(step) > evidence.sent_at - trust.late - SKEW
        and step.evidence is not None
        and step.evidence.digest(text) == step.evidence.text
    ]
    return len(found) > len(others)


def _is_same_comment(comment: Comment, evidence: Evidence, trust: Trust) -> bool:
    if comment.created_at is None or comment.created_at < evidence.sent_at - SKEW:
        return False
    if comment.author is not None and who_is(comment.author.native_id, evidence, trust) is Who.OTHER:
        return False
    return evidence.text is not None and evidence.digest(comment.text) == evidence.text


_PROOFS: Mapping[Proof, Callable[[Evidence, Seen, Trust], bool]] = {
    Proof.OWNER: _has_owner,
    Proof.PAYLOAD: _has_payload,
    Proof.ENTRY: _has_entry,
    Proof.COMMENT: _has_comment,
}


# Disproofs


def _has_ended_otherwise(evidence: Evidence, seen: Seen, trust: Trust) -> bool:
    task = seen.task
    if task is None:
        return False
    if evidence.command != commands.Complete.__name__:
        return task.state is TaskState.COMPLETED
    if task.state in {TaskState.CANCELED, TaskState.SKIPPED}:
        return True
    if task.state is not TaskState.COMPLETED:
        return False
    shown = _outcome_of(seen, trust)
    is_other = trust.traces.keeps_outcome and evidence.outcome is not None and shown not in {None, evidence.outcome}
    return (
        is_other
        or any(step.status is MutationStatus.APPLIED and step.command in _ENDS for step in trust.others)
        or (trust.traces.keeps_data and _has_other_data(evidence, seen))
        or completer(evidence, seen, trust) is Who.OTHER
    )


def _has_flow_ended_otherwise(_evidence: Evidence, seen: Seen, _trust: Trust) -> bool:
    return seen.flow is not None and seen.flow.state is FlowState.COMPLETED


_DISPROOFS: Mapping[Disproof | None, Callable[[Evidence, Seen, Trust], bool]] = {
    Disproof.ENDED_OTHERWISE: _has_ended_otherwise,
    Disproof.FLOW_ENDED_OTHERWISE: _has_flow_ended_otherwise,
}


# What the vendor has accepted


_FLOW_STATES = {
    commands.CancelFlow: FlowState.CANCELED,
    commands.CancelFlowOfTask: FlowState.CANCELED,
    commands.SuspendFlow: FlowState.SUSPENDED,
    commands.ResumeFlow: FlowState.ACTIVE,
}
_FLOW_ENDS = frozenset({FlowState.COMPLETED, FlowState.CANCELED, FlowState.FAILED})


def _accepted(evidence: Evidence, command: type[Command], seen: Seen) -> Verdict:
    """The vendor has taken this write: the state alone tells that it is done."""
    task, flow = seen.task, seen.flow
    if command in _FLOW_STATES and flow is not None:
        if flow.state is _FLOW_STATES[command]:
            return Verdict.APPLIED
        return Verdict.NOT_APPLIED if flow.state in _FLOW_ENDS else Verdict.OPEN
    if task is None or task.pending_transition is not None:
        return Verdict.OPEN
    if command in {commands.Claim, commands.Assign}:
        return Verdict.APPLIED if shows_owner(evidence, task) else Verdict.OPEN
    if command is commands.Complete:
        is_other = task.state in {TaskState.CANCELED, TaskState.SKIPPED}
        done = task.state is TaskState.COMPLETED
        return Verdict.APPLIED if done else Verdict.NOT_APPLIED if is_other else Verdict.OPEN
    if issubclass(command, commands.Cancel):
        is_other = task.state is TaskState.COMPLETED
        done = task.state in {TaskState.CANCELED, TaskState.SKIPPED}
        return Verdict.APPLIED if done else Verdict.NOT_APPLIED if is_other else Verdict.OPEN
    return Verdict.OPEN


# What was sent


def _outcome_of(seen: Seen, trust: Trust) -> str | None:
    if not trust.traces.shows_outcome or seen.task is None:
        return None
    return seen.outcome if trust.traces.outcome_in_data else seen.task.outcome


def _has_data(evidence: Evidence, seen: Seen) -> bool:
    """Whether the task holds every value that was sent."""
    shown = _hashes(evidence, seen)
    return shown is not None and all(shown.get(key) == value for key, value in (evidence.data or {}).items())


def _has_other_data(evidence: Evidence, seen: Seen) -> bool:
    """Whether the task lacks a value that was sent, or has another one for it."""
    sent, shown = evidence.data, _hashes(evidence, seen)
    if not sent or shown is None or b"" in sent.values():
        return False
    return any(shown.get(key) != value for key, value in sent.items())


def _hashes(evidence: Evidence, seen: Seen) -> Mapping[bytes, bytes] | None:
    if seen.data is None:
        return None
    found = {}
    for key, value in seen.data.items():
        try:
            found[evidence.digest(key)] = evidence.digest(value)
        except TypeError:
            continue
    return found
