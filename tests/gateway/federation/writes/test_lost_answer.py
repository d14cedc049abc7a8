"""A lost answer while the request is open: looks, further attempts, and what is told at the end."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import CancelStrategy, MutationStatus, Outcome, UpdateField
from connectors.sdk.errors import AlreadyAssignedError, ConflictError, NotFoundError, UpstreamTimeoutError
from connectors.sdk.model import Tag, Task, TaskState
from gateway.federation.traffic import CallContext, in_context
from schema.ports import (
    AssignIntent,
    CancelFlowIntent,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    Intent,
    PersonId,
    ReleaseIntent,
    ResumeIntent,
    RetryIntent,
    SaveDraftIntent,
    StartIntent,
    SuspendIntent,
    TagIntent,
    UnassignIntent,
    UpdateIntent,
)
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.rich_source import RichConnector, flow
from tests.gateway.federation.write_requests import ALICE, CAROL, DUE, FLOW, PEOPLE, perform

LOST = UpstreamTimeoutError("did not answer in time", maybe_applied=True)


class LosingConnector(MemoryConnector):
    """Loses the answers to its first writes: `lost` has for each whether it was applied. Then it raises `then`, if given."""

    lost: list[bool]
    then: Exception | None = None
    sent = 0

    def _write(self, verb: str, task: Task, **changes: Any) -> Any:
        self.sent += 1
        if not self.lost:
            if self.then is not None:
                raise self.then
            return super()._write(verb, task, **changes)
        self.fail_write, self.apply_before_failing = LOST, self.lost.pop(0)
        try:
            return super()._write(verb, task, **changes)
        finally:
            self.fail_write = None


def losing(*lost: bool, then: Exception | None = None, **members: Any) -> LosingConnector:
    north = LosingConnector("north", [task("north", "1", **members)])
    north.lost, north.then = list(lost), then
    return north


END_FLOW = CancelIntent(allow=(CancelStrategy.CANCEL_FLOW,))


async def test_an_applied_claim_is_found_by_a_read() -> None:
    """The task has the person as the owner, and had not before."""
    north = losing(True)

    result = await perform(federation(north, people=PEOPLE), ClaimIntent(), ALICE)

    assert (MutationStatus.APPLIED, ["claim"], 1) == (result.status, north.writes, north.sent)


async def test_a_guarded_write_is_sent_again_while_the_task_is_unchanged() -> None:
    """The vendor would refuse a second effect. The journal has each attempt."""
    north = losing(False)
    sources = federation(north, people=PEOPLE)

    result = await perform(sources, END_FLOW, CAROL)
    operation = await sources.operation(CAROL, result.operation_id)

    assert (MutationStatus.APPLIED, ["cancel_flow"], 2) == (result.status, north.writes, north.sent)
    assert operation is not None
    assert (MutationStatus.APPLIED, 2) == (operation.status, operation.attempts)


async def test_a_guarded_write_is_sent_three_times_at_most() -> None:
    """Then nothing is known."""
    north = losing(*[False] * 9)

    result = await perform(federation(north, people=PEOPLE), END_FLOW, CAROL)

    assert (MutationStatus.UNKNOWN, [], 3) == (result.status, north.writes, north.sent)


@pytest.mark.parametrize("refusal", [ConflictError("taken"), AlreadyAssignedError("taken"), NotFoundError("gone")])
async def test_the_refusal_of_a_further_attempt_is_not_believed(refusal: Exception) -> None:
    """It may be due to the first attempt, which is applied late."""
    north = losing(False, then=refusal)

    result = await perform(federation(north, people=PEOPLE), END_FLOW, CAROL)

    assert MutationStatus.UNKNOWN is result.status


@pytest.mark.parametrize(("shows", "known"), [(1, MutationStatus.APPLIED), (9, MutationStatus.UNKNOWN)])
async def test_an_answer_that_shows_no_effect_is_looked_for_as_a_lost_one(shows: int, known: MutationStatus) -> None:
    """The vendor accepts the write so many times, and its record stays open. A guarded one is sent again."""
    north = losing()
    write = north._write

    def accepted(verb: str, task: Task, **changes: Any) -> Any:
        nonlocal shows
        shows -= 1
        if shows < 0:
            return write(verb, task, **changes)
        north.sent += 1
        return Outcome(task=task, status=MutationStatus.UNKNOWN)

    north._write = accepted  # type: ignore[method-assign]
    result = await perform(federation(north, people=PEOPLE), END_FLOW, CAROL)

    assert (known, known is MutationStatus.UNKNOWN) == (result.status, bool(result.problems))
    assert (2 if known is MutationStatus.APPLIED else 3) == north.sent


async def test_a_claim_is_sent_once() -> None:
    """Although the vendor guards it: another person may take the task back, and the guard would let a second one pass."""
    north = losing(*[False] * 9)

    result = await perform(federation(north, people=PEOPLE), ClaimIntent(), ALICE)

    assert (MutationStatus.UNKNOWN, [], 1) == (result.status, north.writes, north.sent)


async def test_an_unguarded_write_is_sent_once() -> None:
    """Whatever the record shows."""
    north = losing(False, owner="alice")

    result = await perform(federation(north, people=PEOPLE), ReleaseIntent(), ALICE)

    assert (MutationStatus.UNKNOWN, 1) == (result.status, north.sent)


async def test_the_looks_end_with_the_time_of_the_request() -> None:
    """No pause is begun that the request has no time for."""
    north, pauses = losing(*[False] * 9), list[float]()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    with in_context(CallContext().with_deadline(2.4)):
        result = await perform(federation(north, people=PEOPLE, pause=pause), END_FLOW, CAROL)

    assert (MutationStatus.UNKNOWN, [0.5, 1.0]) == (result.status, pauses)


async def test_pauses_grow_and_end() -> None:
    """A source that shows nothing new is looked at five times."""
    north, pauses = losing(*[False] * 9), list[float]()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    await perform(federation(north, people=PEOPLE, pause=pause), ClaimIntent(), ALICE)

    assert [0.5, 1.0, 2.0, 4.0] == pauses


async def test_what_nothing_can_prove_is_not_waited_for() -> None:
    """The source has no history: one read shows the task, and the answer comes at once."""
    north, pauses = losing(False, owner="alice"), list[float]()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    result = await perform(federation(north, people=PEOPLE, pause=pause), ReleaseIntent(), ALICE)

    assert (MutationStatus.UNKNOWN, [], "1") == (result.status, pauses, result.task and result.task.native_id)


async def test_a_claim_of_a_task_that_another_person_has_may_have_been_applied() -> None:
    """The other person may have taken the task from ours: the guard tells nothing about that."""
    north = losing(*[False] * 9)

    async def pause(_seconds: float) -> None:
        north.held["1"] = task("north", "1", owner="bob")

    result = await perform(federation(north, people=PEOPLE, pause=pause), ClaimIntent(), ALICE)

    assert (MutationStatus.UNKNOWN, 1) == (result.status, north.sent)


BY_HISTORY: list[tuple[dict[str, object], Intent, Caller]] = [
    ({"owner": "alice"}, ReleaseIntent(), ALICE),
    ({"owner": "bob"}, UnassignIntent(), CAROL),
    ({"owner": "alice"}, StartIntent(), ALICE),
    ({"owner": "alice"}, SuspendIntent(), ALICE),
    ({"owner": "alice", "state": TaskState.SUSPENDED}, ResumeIntent(), ALICE),
    ({}, UpdateIntent(title="New", candidate_groups=(), clear=frozenset({UpdateField.DUE_AT})), CAROL),
    ({}, TagIntent(tags=(Tag(name="urgent"),)), CAROL),
    ({"owner": "alice"}, SaveDraftIntent(data={}), ALICE),
    ({"state": TaskState.FAILED}, RetryIntent(), CAROL),
    ({"owner": "alice"}, CompleteIntent(), ALICE),
    ({}, CancelIntent(), CAROL),
    ({}, CancelIntent(allow=(CancelStrategy.SKIP,)), CAROL),
]
BY_ITSELF: list[tuple[dict[str, object], Intent, Caller]] = [
    ({"owner": "alice"}, AssignIntent(user=PersonId(key="bob"), override=True), CAROL),
    ({"owner": "alice"}, CommentIntent(text="Well"), ALICE),
]


def _nothing(north: RichConnector) -> None:
    del north


@pytest.mark.parametrize(("members", "intent", "caller"), [*BY_HISTORY, *BY_ITSELF])
@pytest.mark.parametrize("is_applied", [True, False])
async def test_an_entry_of_the_history_by_our_account_proves_a_write(
    members: dict[str, object], intent: Intent, caller: Caller, is_applied: bool
) -> None:
    """If nothing else uses the account. Owners and comments need no such entry."""
    north = RichConnector("north", [task("north", "1", due_at=DUE, **members)])
    north.is_alone()
    north.fail_write, north.apply_before_failing = LOST, is_applied

    result = await perform(federation(north, people=PEOPLE), intent, caller)

    assert (MutationStatus.APPLIED if is_applied else MutationStatus.UNKNOWN) is result.status


@pytest.mark.parametrize(("members", "intent", "caller"), BY_HISTORY)
@pytest.mark.parametrize("spoil", [_nothing, lambda north: north.is_alone() or north.history.clear()])
async def test_without_that_entry_the_state_proves_nothing(
    members: dict[str, object], intent: Intent, caller: Caller, spoil: Callable[[RichConnector], None]
) -> None:
    """Another program may use the account, or the history is switched off: the write may be of somebody else."""
    north = RichConnector("north", [task("north", "1", due_at=DUE, **members)])
    north.fail_write, north.apply_before_failing = LOST, True
    write = north._write

    def spoilt(verb: str, task: Task, **changes: Any) -> Any:
        try:
            return write(verb, task, **changes)
        finally:
            spoil(north)

    north._write = spoilt  # type: ignore[method-assign]
    result = await perform(federation(north, people=PEOPLE), intent, caller)

    assert MutationStatus.UNKNOWN is result.status


async def test_the_end_of_a_flow_proves_no_write() -> None:
    """Its record names nobody. A guarded cancel is not sent again when the flow has ended."""
    north = RichConnector("north", flows=[flow("north", "f1")])
    north.fail_write, north.apply_before_failing = LOST, True

    result = await perform(federation(north, people=PEOPLE), CancelFlowIntent(), CAROL, target=FLOW)

    assert (MutationStatus.UNKNOWN, ["cancel_flow"]) == (result.status, north.writes)


async def test_a_key_that_is_repeated_looks_again_and_sends_nothing() -> None:
    """The late effect is found; before that the first answer is given again."""
    north = losing(*[False] * 3)
    sources = federation(north, people=PEOPLE)

    first = await perform(sources, ClaimIntent(), ALICE, key="k")
    again = await perform(sources, ClaimIntent(), ALICE, key="k")
    north.held["1"] = task("north", "1", owner="alice")
    late = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert [MutationStatus.UNKNOWN, MutationStatus.UNKNOWN, MutationStatus.APPLIED] == [
        first.status,
        again.status,
        late.status,
    ]
    assert (1, first.operation_id, True) == (north.sent, late.operation_id, late.replayed)
