"""What a record proves about a write whose answer was lost."""

import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import CancelStrategy, MutationStatus, TaskCommand, UpdateField
from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import Tag, TaskState
from gateway.federation.writes.verbs import VERBS
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
    StartIntent,
    SuspendIntent,
    TagIntent,
    UnassignIntent,
    UpdateIntent,
)
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.rich_source import RichConnector, flow
from tests.gateway.federation.write_requests import ALICE, CAROL, DUE, FLOW, PEOPLE, REF, codes, perform


async def test_an_applied_write_whose_answer_was_lost_is_found_by_a_read() -> None:
    """The result is APPLIED, and the write was sent once."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = True

    result = await perform(federation(north, people=PEOPLE), ClaimIntent(), ALICE)

    assert (MutationStatus.APPLIED, ["claim"]) == (result.status, north.writes)


async def test_a_write_that_the_read_does_not_show_is_unknown_and_not_sent_again() -> None:
    """The read proves nothing, because it may lag. A repetition with the same key reads again and can find it APPLIED."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    sources = federation(north, people=PEOPLE)

    first = await perform(sources, ClaimIntent(), ALICE, key="k")
    north.fail_write = None
    again = await perform(sources, ClaimIntent(), ALICE, key="k")
    north.held["1"] = task("north", "1", owner="alice")
    late = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert [MutationStatus.UNKNOWN, MutationStatus.UNKNOWN, MutationStatus.APPLIED] == [
        first.status,
        again.status,
        late.status,
    ]
    assert ([], first.operation_id, True) == (north.writes, late.operation_id, late.replayed)


PROVABLE: list[tuple[dict[str, object], Intent, Caller]] = [
    ({}, ClaimIntent(), ALICE),
    ({"owner": "alice"}, ReleaseIntent(), ALICE),
    ({"owner": "bob"}, UnassignIntent(), CAROL),
    ({}, AssignIntent(user=PersonId(key="bob")), CAROL),
    ({"owner": "alice"}, StartIntent(), ALICE),
    ({"owner": "alice"}, SuspendIntent(), ALICE),
    ({"owner": "alice", "state": TaskState.SUSPENDED}, ResumeIntent(), ALICE),
    ({}, UpdateIntent(title="New", candidate_groups=(), clear=frozenset({UpdateField.DUE_AT})), CAROL),
    ({}, TagIntent(tags=(Tag(name="urgent"),)), CAROL),
    ({"state": TaskState.FAILED}, RetryIntent(), CAROL),
    ({"owner": "alice"}, CompleteIntent(), ALICE),
    ({}, CancelIntent(), CAROL),
    ({}, CancelIntent(allow=(CancelStrategy.SKIP,)), CAROL),
]


@pytest.mark.parametrize("is_applied", [True, False])
@pytest.mark.parametrize(("members", "intent", "caller"), PROVABLE)
async def test_a_record_can_prove_each_verb(
    members: dict[str, object], intent: Intent, caller: Caller, is_applied: bool
) -> None:
    """APPLIED if the record shows the verb's effect, otherwise UNKNOWN."""
    north = RichConnector("north", [task("north", "1", due_at=DUE, **members)])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = is_applied

    result = await perform(federation(north, people=PEOPLE), intent, caller)

    assert (MutationStatus.APPLIED if is_applied else MutationStatus.UNKNOWN) is result.status


def test_the_cases_above_have_every_verb_with_a_proof() -> None:
    """Otherwise a new verb would not be tested."""
    assert {type(intent) for _, intent, _ in PROVABLE} == {
        verb.intent for verb in VERBS if verb.proof is not None and issubclass(verb.command, TaskCommand)
    }


async def test_a_guarded_claim_of_a_task_that_another_person_has_was_refused() -> None:
    """The vendor's guard must have refused our claim."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    sources = federation(north, people=PEOPLE)
    await sources.get_tasks(ALICE, [REF])
    north.held["1"] = task("north", "1", owner="bob")

    result = await perform(sources, ClaimIntent(), ALICE)

    assert (MutationStatus.REJECTED, ["ALREADY_ASSIGNED"]) == (result.status, codes(result))


@pytest.mark.parametrize(("shown", "status"), [(True, MutationStatus.APPLIED), (False, MutationStatus.UNKNOWN)])
async def test_an_update_whose_answer_was_lost_is_found_by_its_new_values(shown: bool, status: MutationStatus) -> None:
    """If the record does not show them, the result stays unknown. The update is not sent again."""
    north = RichConnector("north", [task("north", "1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = shown
    sources = federation(north, people=PEOPLE)

    first = await perform(sources, UpdateIntent(due_at=DUE), CAROL, key="k")
    again = await perform(sources, UpdateIntent(due_at=DUE), CAROL, key="k")

    assert [status, status] == [first.status, again.status]
    assert shown == (["update"] == north.writes)


async def test_a_comment_whose_answer_was_lost_stays_unknown() -> None:
    """The record of a task does not contain comments."""
    north = RichConnector("north", [task("north", "1", owner="alice")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)

    result = await perform(federation(north, people=PEOPLE), CommentIntent(text="Well"), ALICE)

    assert MutationStatus.UNKNOWN is result.status


async def test_a_flow_end_whose_answer_was_lost_is_found_by_a_read() -> None:
    """The flow shows it: the result is APPLIED, and the write was sent once."""
    north = RichConnector("north", flows=[flow("north", "f1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = True

    result = await perform(federation(north, people=PEOPLE), CancelFlowIntent(), CAROL, target=FLOW)

    assert (MutationStatus.APPLIED, ["cancel_flow"]) == (result.status, north.writes)
