"""What proves and what disproves a write after a lost answer: actor or payload, not shown before, no other explanation."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    AddComment,
    Assign,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Command,
    Complete,
    DeleteTask,
    MutationStatus,
    Release,
    TaskCommand,
    Unassign,
    Update,
)
from connectors.sdk.model import (
    Activity,
    ActivityType,
    Comment,
    FlowState,
    GroupRef,
    PendingTransition,
    Task,
    TaskPriority,
    TaskState,
    UserRef,
)
from connectors.sdk.traces import Traces
from gateway.federation.writes.authorship import Seen, Trust
from gateway.federation.writes.evidence import evidence_of
from gateway.federation.writes.proof import Verdict, aspects_of, verdict
from gateway.store import Evidence, Step
from tests.gateway.federation.memory_source import NOW, task
from tests.gateway.federation.rich_source import flow

APPLIED, NOT_APPLIED, OPEN = Verdict.APPLIED, Verdict.NOT_APPLIED, Verdict.OPEN
ALICE = Identity(native_id="alice")
SENT = NOW + timedelta(seconds=1)
AFTER, BEFORE = SENT + timedelta(seconds=2), SENT - timedelta(minutes=1)
LATE = timedelta(seconds=70)
ENTRIES: dict[type[Command], frozenset[ActivityType]] = {
    Release: frozenset({ActivityType.UNASSIGNED}),
    Update: frozenset({ActivityType.UPDATED}),
    Complete: frozenset({ActivityType.COMPLETED}),
    DeleteTask: frozenset({ActivityType.DELETED}),
}
ALL = Traces(
    entries=ENTRIES,
    comments=True,
    names_completer=True,
    shows_outcome=True,
    keeps_outcome=True,
    shows_data=True,
    keeps_data=True,
    ends_once=True,
)
# Trust in a service account that nothing else uses, in one that others use too, and in the person's own token.
EXCLUSIVE = Trust(
    traces=ALL, late=LATE, account="robot", is_exclusive=True, is_person=lambda one: one in {"alice", "bob"}
)
SHARED = structs.replace(EXCLUSIVE, is_exclusive=False)
UNKNOWN_ACCOUNT = structs.replace(EXCLUSIVE, account=None)
PERSON = structs.replace(EXCLUSIVE, as_person=True, account=None, is_exclusive=False)
# The person's own token, with an account for what that token cannot do.
HELPED = structs.replace(SHARED, as_person=True)


def of(command: Any) -> Evidence:
    return evidence_of(command, at=SENT)


def ended(**members: Any) -> Task:
    return task("north", "1", **{"owner": "alice", "state": TaskState.COMPLETED, **members})


def by(native_id: str) -> UserRef:
    return UserRef(native_id=native_id)


def entry(
    type: ActivityType, actor: str | None = None, *, account: str | None = None, at: datetime = AFTER
) -> Activity:
    return Activity(at=at, type=type, actor=None if actor is None else by(actor), account=account)


def step(command: TaskCommand, status: MutationStatus | None, *, at: datetime = AFTER) -> Step:
    evidence = evidence_of(command, at=at)
    return Step(
        operation_id="other",
        number=1,
        command=evidence.command,
        evidence=evidence,
        sent_at=at,
        settled_at=None,
        status=status,
    )


FREE = task("north", "1")
OWNED = task("north", "1", owner="alice")
CLAIM = Claim(task=FREE, actor=ALICE)
APPROVE = Complete(task=OWNED, actor=ALICE, outcome="approved")
DATA = Complete(task=OWNED, actor=ALICE, data={"amount": 5.0, "note": "x"})
BARE = Complete(task=OWNED, actor=ALICE)
RELEASE = Release(task=OWNED, actor=ALICE)
COMMENT = AddComment(task=OWNED, actor=ALICE, text="Alice: well")

OWNERS: list[tuple[TaskCommand, Task, Verdict]] = [
    (CLAIM, OWNED, APPLIED),
    (CLAIM, task("north", "1", owner="bob"), OPEN),
    (CLAIM, FREE, OPEN),
    # The person has it, but since before the claim was sent.
    (CLAIM, structs.replace(OWNED, assigned_at=BEFORE), OPEN),
    (CLAIM, structs.replace(OWNED, assigned_at=AFTER), APPLIED),
    # It was the person's before.
    (Claim(task=OWNED, actor=ALICE), OWNED, OPEN),
    (Claim(task=FREE), OWNED, OPEN),
    (Assign(task=OWNED, actor=ALICE, user_id="bob"), task("north", "1", owner="bob"), APPLIED),
    # Bob may have claimed the free task himself.
    (Assign(task=FREE, actor=ALICE, user_id="bob"), task("north", "1", owner="bob"), OPEN),
    (Assign(task=FREE, actor=ALICE, user_id="alice"), OWNED, APPLIED),
    (Assign(task=FREE, actor=ALICE, user_id="bob"), OWNED, OPEN),
    (
        Assign(task=OWNED, group_id="law"),
        task("north", "1", candidate_groups=(GroupRef(native_id="law"),)),
        APPLIED,
    ),
    # The group was a candidate before: the owner may have gone by themselves.
    (Assign(task=OWNED, group_id="accounting"), FREE, OPEN),
]


@pytest.mark.parametrize(("command", "now", "expected"), OWNERS)
@pytest.mark.parametrize("trust", [EXCLUSIVE, SHARED, UNKNOWN_ACCOUNT, PERSON])
def test_an_owner_who_did_not_have_the_task_before_proves_a_claim(
    command: TaskCommand, now: Task, expected: Verdict, trust: Trust
) -> None:
    """Whoever the source is called as."""
    assert expected is verdict(of(command), Seen(task=now), trust)


@pytest.mark.parametrize("trust", [EXCLUSIVE, SHARED, UNKNOWN_ACCOUNT, PERSON])
def test_the_record_from_before_another_write_proves_nothing(trust: Trust) -> None:
    """The person owned the task, was relieved of it, and claims: reads that lag still show them as the owner."""
    relieved = step(Unassign(task=OWNED, actor=ALICE), MutationStatus.APPLIED, at=BEFORE)

    assert OPEN is verdict(of(CLAIM), Seen(task=OWNED), structs.replace(trust, others=(relieved,)))


COMPLETIONS: list[tuple[TaskCommand, Seen, Trust, Verdict]] = [
    # Another completion may have chosen the same outcome; also one by the account, where others use it too.
    (APPROVE, Seen(task=ended(outcome="approved")), SHARED, OPEN),
    (APPROVE, Seen(task=ended(outcome="approved")), EXCLUSIVE, OPEN),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("robot"))), SHARED, OPEN),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("robot"))), EXCLUSIVE, APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("alice"))), PERSON, APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved", completed_at=BEFORE)), SHARED, OPEN),
    (APPROVE, Seen(task=ended()), SHARED, OPEN),
    # Another person's completion, with the same outcome or another one.
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("bob"))), SHARED, NOT_APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("bob"))), PERSON, NOT_APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("stranger"))), PERSON, OPEN),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("robot"))), HELPED, OPEN),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("alice"))), HELPED, APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("stranger"))), HELPED, NOT_APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("bob"))), UNKNOWN_ACCOUNT, NOT_APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("alice"))), UNKNOWN_ACCOUNT, NOT_APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved", completed_by=by("stranger"))), UNKNOWN_ACCOUNT, OPEN),
    (APPROVE, Seen(task=ended(outcome="rejected")), SHARED, NOT_APPLIED),
    (APPROVE, Seen(task=ended(state=TaskState.CANCELED)), SHARED, NOT_APPLIED),
    (APPROVE, Seen(task=OWNED), SHARED, OPEN),
    (APPROVE, Seen(), SHARED, OPEN),
    (DATA, Seen(task=ended(), data={"amount": 5, "note": "x", "more": 1}), SHARED, APPLIED),
    (DATA, Seen(task=ended(), data={"amount": 6, "note": "x"}), SHARED, NOT_APPLIED),
    (DATA, Seen(task=ended(), data={"amount": 5}), SHARED, NOT_APPLIED),
    (DATA, Seen(task=ended()), SHARED, OPEN),
    # Neither outcome nor data: only the actor tells.
    (BARE, Seen(task=ended()), EXCLUSIVE, OPEN),
    (BARE, Seen(task=ended(), activities=(entry(ActivityType.COMPLETED, account="robot"),)), EXCLUSIVE, APPLIED),
    (BARE, Seen(task=ended(), activities=(entry(ActivityType.COMPLETED, account="robot"),)), SHARED, OPEN),
    (BARE, Seen(task=ended(), activities=(entry(ActivityType.COMPLETED, "alice"),)), PERSON, APPLIED),
    (BARE, Seen(task=ended(), activities=(entry(ActivityType.COMPLETED, "bob"),)), PERSON, NOT_APPLIED),
    (BARE, Seen(task=ended(), activities=(entry(ActivityType.COMPLETED, "alice", at=BEFORE),)), PERSON, OPEN),
    (BARE, Seen(task=ended(), activities=(entry(ActivityType.COMPLETED, "robot"),)), HELPED, OPEN),
]


@pytest.mark.parametrize(("command", "seen", "trust", "expected"), COMPLETIONS)
def test_a_completion_is_proved_by_payload_or_actor(
    command: TaskCommand, seen: Seen, trust: Trust, expected: Verdict
) -> None:
    """And disproved by another end, because a task ends once."""
    assert expected is verdict(of(command), seen, trust)


@pytest.mark.parametrize(("trust", "expected"), [(SHARED, OPEN), (EXCLUSIVE, APPLIED)])
def test_values_that_the_task_held_before_prove_nothing(trust: Trust, expected: Verdict) -> None:
    """A form that was sent as it was shown, or to a task that only stored it: only the actor tells."""
    evidence = evidence_of(DATA, at=SENT, held={"amount": 5, "note": "x", "more": 1})
    now = ended(completed_by=by("robot"))

    assert expected is verdict(evidence, Seen(task=now, data={"amount": 5, "note": "x"}), trust)
    assert APPLIED is verdict(of(DATA), Seen(task=now, data={"amount": 5, "note": "x"}), trust)
    kept = structs.replace(trust, traces=structs.replace(ALL, may_have_data_of_another=lambda _: True))
    assert expected is verdict(of(DATA), Seen(task=now, data={"amount": 5, "note": "x"}), kept)


@pytest.mark.parametrize("trust", [EXCLUSIVE, SHARED, PERSON])
def test_a_look_from_long_before_proves_no_new_owner(trust: Trust) -> None:
    """Another person may have made them the owner since; a time of assignment after sending says that they did not."""
    late = evidence_of(CLAIM, at=NOW + timedelta(seconds=20))
    assigned = structs.replace(OWNED, assigned_at=NOW + timedelta(seconds=21))

    assert OPEN is verdict(late, Seen(task=OWNED), trust)
    assert APPLIED is verdict(late, Seen(task=assigned), trust)


@pytest.mark.parametrize(("command", "seen", "trust", "expected"), COMPLETIONS)
def test_where_tasks_can_be_opened_again_no_end_disproves(
    command: TaskCommand, seen: Seen, trust: Trust, expected: Verdict
) -> None:
    """Ours may have been applied between."""
    reopening = structs.replace(trust, traces=structs.replace(ALL, ends_once=False))

    assert (OPEN if expected is NOT_APPLIED else expected) is verdict(of(command), seen, reopening)


BY_ENTRY: list[tuple[Sequence[Activity], Trust, Verdict]] = [
    ((entry(ActivityType.UNASSIGNED, account="robot"),), EXCLUSIVE, APPLIED),
    ((entry(ActivityType.UNASSIGNED, "robot"),), EXCLUSIVE, APPLIED),
    ((entry(ActivityType.UNASSIGNED, account="robot", at=BEFORE),), EXCLUSIVE, OPEN),
    ((entry(ActivityType.ASSIGNED, account="robot"),), EXCLUSIVE, OPEN),
    ((entry(ActivityType.UNASSIGNED, account="robot"),), SHARED, OPEN),
    ((entry(ActivityType.UNASSIGNED, account="robot"),), UNKNOWN_ACCOUNT, OPEN),
    ((entry(ActivityType.UNASSIGNED, "bob"),), EXCLUSIVE, OPEN),
    ((entry(ActivityType.UNASSIGNED, "alice"),), PERSON, APPLIED),
    ((entry(ActivityType.UNASSIGNED),), EXCLUSIVE, OPEN),
    ((), EXCLUSIVE, OPEN),
]


@pytest.mark.parametrize(("activities", "trust", "expected"), BY_ENTRY)
def test_a_release_is_proved_by_an_entry_alone(activities: Sequence[Activity], trust: Trust, expected: Verdict) -> None:
    """ "Nobody owns it" proves nothing, and neither does a history without an entry."""
    assert expected is verdict(of(RELEASE), Seen(task=FREE, activities=activities), trust)


OTHERS: list[tuple[TaskCommand, Seen, Step, Verdict]] = [
    # Carol has assigned it to Alice since: applied, not known, or under way.
    *[
        (CLAIM, Seen(task=OWNED), step(Assign(task=FREE, user_id="alice"), status), OPEN)
        for status in (MutationStatus.APPLIED, MutationStatus.UNKNOWN, MutationStatus.PENDING, None)
    ],
    (CLAIM, Seen(task=OWNED), step(Assign(task=FREE, user_id="alice"), MutationStatus.REJECTED), APPLIED),
    (CLAIM, Seen(task=OWNED), step(Assign(task=FREE, user_id="bob"), MutationStatus.APPLIED), APPLIED),
    # An earlier write that was applied was seen by the look; one that is not clear may be applied late.
    (CLAIM, Seen(task=OWNED), step(CLAIM, MutationStatus.APPLIED, at=BEFORE), APPLIED),
    (CLAIM, Seen(task=OWNED), step(CLAIM, MutationStatus.UNKNOWN, at=BEFORE), OPEN),
    (CLAIM, Seen(task=OWNED), step(CLAIM, MutationStatus.UNKNOWN, at=SENT - 2 * LATE), APPLIED),
    (
        RELEASE,
        Seen(task=FREE, activities=(entry(ActivityType.UNASSIGNED, account="robot"),)),
        step(Release(task=OWNED), MutationStatus.APPLIED),
        OPEN,
    ),
    # The vendor's clock may be ahead, and the entry that of our earlier release; two entries are of two releases.
    (
        RELEASE,
        Seen(task=FREE, activities=(entry(ActivityType.UNASSIGNED, account="robot"),)),
        step(Release(task=OWNED), MutationStatus.APPLIED, at=BEFORE),
        OPEN,
    ),
    (
        RELEASE,
        Seen(
            task=FREE,
            activities=(
                entry(ActivityType.UNASSIGNED, account="robot", at=BEFORE),
                entry(ActivityType.UNASSIGNED, account="robot"),
            ),
        ),
        step(Release(task=OWNED), MutationStatus.APPLIED, at=BEFORE),
        APPLIED,
    ),
    # The task ended by another write of ours, and ends once.
    (APPROVE, Seen(task=ended(outcome="approved")), step(APPROVE, MutationStatus.APPLIED), NOT_APPLIED),
    (APPROVE, Seen(task=ended(outcome="approved")), step(APPROVE, MutationStatus.UNKNOWN), OPEN),
]


@pytest.mark.parametrize(("command", "seen", "other", "expected"), OTHERS)
def test_another_write_of_ours_that_explains_the_state_blurs_it(
    command: TaskCommand, seen: Seen, other: Step, expected: Verdict
) -> None:
    """For good."""
    assert expected is verdict(of(command), seen, structs.replace(EXCLUSIVE, others=(other,)))


def comment(text: str, author: str | None = "robot", *, at: datetime = AFTER, number: int = 1) -> Comment:
    return Comment(native_id=str(number), text=text, author=None if author is None else by(author), created_at=at)


COMMENTS: list[tuple[Sequence[Comment], Sequence[Step], Verdict]] = [
    ((comment("Alice: well"),), (), APPLIED),
    ((comment("Alice: well", at=BEFORE),), (), OPEN),
    ((comment("Alice: well", "bob"),), (), OPEN),
    ((comment("Alice: good"),), (), OPEN),
    ((), (), OPEN),
    # One comment, two writes of that text; then two comments.
    ((comment("Alice: well"),), (step(COMMENT, MutationStatus.APPLIED),), OPEN),
    ((comment("Alice: well"), comment("Alice: well", number=2)), (step(COMMENT, MutationStatus.APPLIED),), APPLIED),
    ((comment("Alice: well"),), (step(COMMENT, MutationStatus.REJECTED),), APPLIED),
]


@pytest.mark.parametrize(("comments", "others", "expected"), COMMENTS)
def test_a_comment_is_proved_by_its_text(
    comments: Sequence[Comment], others: Sequence[Step], expected: Verdict
) -> None:
    """If there are more of them than other writes of that text."""
    trust = structs.replace(SHARED, others=tuple(others))

    assert expected is verdict(of(COMMENT), Seen(task=OWNED, comments=comments), trust)


ACCEPTED = structs.replace(SHARED, is_accepted=True)
TAKEN: list[tuple[Any, Seen, Verdict]] = [
    (CancelFlow(flow=flow("north", "f1")), Seen(flow=flow("north", "f1", state=FlowState.CANCELED)), APPLIED),
    (CancelFlow(flow=flow("north", "f1")), Seen(flow=flow("north", "f1")), OPEN),
    (CancelFlow(flow=flow("north", "f1")), Seen(flow=flow("north", "f1", state=FlowState.COMPLETED)), NOT_APPLIED),
    (BARE, Seen(task=ended()), APPLIED),
    (BARE, Seen(task=ended(state=TaskState.CANCELED)), NOT_APPLIED),
    (BARE, Seen(task=structs.replace(OWNED, pending_transition=PendingTransition.COMPLETE)), OPEN),
    (CLAIM, Seen(task=OWNED), APPLIED),
    (CLAIM, Seen(task=FREE), OPEN),
    (DeleteTask(task=OWNED), Seen(task=ended(state=TaskState.CANCELED)), APPLIED),
    (DeleteTask(task=OWNED), Seen(task=ended()), NOT_APPLIED),
    (CancelFlowOfTask(task=OWNED), Seen(task=OWNED, flow=flow("north", "f1", state=FlowState.CANCELED)), APPLIED),
    (COMMENT, Seen(task=OWNED), OPEN),
]


@pytest.mark.parametrize(("command", "seen", "expected"), TAKEN)
def test_what_the_vendor_has_accepted_is_done_with_its_state(command: Any, seen: Seen, expected: Verdict) -> None:
    """The write is ours for certain."""
    assert expected is verdict(of(command), seen, ACCEPTED)


def test_evidence_holds_no_value_in_clear() -> None:
    """Salted, so that equal values of two writes cannot be told to be equal."""
    secret = "ES9121000418450200051332"
    commands = [
        structs.replace(DATA, data={secret: secret}),
        structs.replace(COMMENT, text=secret),
        Update(task=OWNED, title=secret, priority=TaskPriority.HIGH),
    ]
    for command in commands:
        one, other = of(command), of(command)

        assert secret not in repr(one)
        assert one.salt != other.salt
        assert (one.data, one.text, one.fields) != (other.data, other.text, other.fields)


def test_data_without_a_form_in_json_prove_nothing() -> None:
    """And disprove nothing."""
    evidence = of(structs.replace(DATA, data={"amount": object()}))

    assert OPEN is verdict(evidence, Seen(task=ended(), data={"amount": 5}), SHARED)


def test_a_command_of_another_version_stays_open() -> None:
    """It is not known what would prove it."""
    evidence = structs.replace(of(CLAIM), command="Teleport")

    assert OPEN is verdict(evidence, Seen(task=OWNED), EXCLUSIVE)
    assert frozenset() == aspects_of(evidence, ALL)


PEOPLE = ("alice", "bob", "robot", "stranger")
TASKS = st.builds(
    task,
    st.just("north"),
    st.just("1"),
    owner=st.sampled_from([None, "alice", "bob"]),
    state=st.sampled_from([TaskState.READY, TaskState.RESERVED, TaskState.COMPLETED, TaskState.CANCELED]),
    outcome=st.sampled_from([None, "approved", "rejected"]),
    completed_by=st.sampled_from([None, *map(by, PEOPLE)]),
)
HISTORIES = st.lists(
    st.builds(
        entry,
        st.sampled_from([ActivityType.UNASSIGNED, ActivityType.COMPLETED, ActivityType.UPDATED]),
        st.sampled_from([None, *PEOPLE]),
        at=st.sampled_from([BEFORE, AFTER]),
    ),
    max_size=3,
)
COMMANDS = st.sampled_from([CLAIM, APPROVE, DATA, BARE, RELEASE, COMMENT, Update(task=OWNED, title="New")])
TRUSTS = st.sampled_from([EXCLUSIVE, SHARED, UNKNOWN_ACCOUNT, PERSON])


@settings(max_examples=100, deadline=None)
@given(command=COMMANDS, now=TASKS, history=HISTORIES, trust=TRUSTS)
def test_any_other_write_with_the_same_effect_takes_every_proof_away(
    command: TaskCommand, now: Task, history: list[Activity], trust: Trust
) -> None:
    """Whatever the source shows, a second unclear write of the same kind leaves both open."""
    seen = Seen(task=now, activities=history, comments=(comment("Alice: well"),), data={"amount": 5, "note": "x"})
    same = structs.replace(trust, others=(step(command, MutationStatus.UNKNOWN),))

    assert APPLIED is not verdict(of(command), seen, same)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(command=COMMANDS, now=TASKS, history=HISTORIES, trust=TRUSTS)
def test_what_other_people_did_proves_no_write_of_ours(
    command: TaskCommand, now: Task, history: list[Activity], trust: Trust
) -> None:
    """Every name in the history and in the record is bob's; the payload is another one."""
    of_bob = [structs.replace(one, actor=by("bob")) for one in history]
    shown = structs.replace(now, completed_by=by("bob"), assignees=(by("bob"),), outcome="rejected")
    seen = Seen(task=shown, activities=of_bob, comments=(comment("Alice: well", "bob"),), data={"amount": 6})

    assert APPLIED is not verdict(of(command), seen, trust)
