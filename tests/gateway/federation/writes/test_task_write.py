"""Verbs of a task: what is sent, and the record afterwards."""

from connectors.sdk.commands import CancelStrategy, MutationStatus
from connectors.sdk.errors import ForbiddenError, UnavailableError
from connectors.sdk.model import Task, TaskState
from schema.ports import AssignIntent, CancelIntent, ClaimIntent, CompleteIntent, InboxScope, TaskListRequest
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.write_requests import ALICE, CAROL, PEOPLE, REF, codes, perform


async def test_claim_is_sent_once_and_read_back_at_once_although_reads_lag() -> None:
    """The overlay shows the new record by id and in every list that could contain it."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)
    await sources.list_tasks(ALICE, TaskListRequest(scope=InboxScope.MINE))
    north.lag()

    result = await perform(sources, ClaimIntent(), ALICE)
    read = (await sources.get_tasks(ALICE, [REF]))[REF]
    mine = await sources.list_tasks(ALICE, TaskListRequest(scope=InboxScope.MINE))
    queue = await sources.list_tasks(ALICE, TaskListRequest(scope=InboxScope.CLAIMABLE))

    assert (MutationStatus.APPLIED, ["claim"]) == (result.status, north.writes)
    assert isinstance(read, Task)
    assert TaskState.RESERVED is read.state
    assert (["1"], []) == (
        [edge.task.native_id for edge in mine.edges],
        [edge.task.native_id for edge in queue.edges],
    )


async def test_two_writes_in_a_row_both_show_although_reads_lag_behind_both() -> None:
    """Claim, then complete: the list is empty at once."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)
    north.lag()

    await perform(sources, ClaimIntent(), ALICE)
    done = await perform(sources, CompleteIntent(), ALICE)
    read = (await sources.get_tasks(ALICE, [REF]))[REF]

    assert isinstance(read, Task)
    assert (MutationStatus.APPLIED, TaskState.COMPLETED) == (done.status, read.state)


async def test_a_change_by_others_ends_the_overlay() -> None:
    """As soon as the vendor shows any record except the old one, the gateway shows the vendor's record."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)
    await perform(sources, ClaimIntent(), ALICE)
    north.held["1"] = task("north", "1", owner="bob")

    read = (await sources.get_tasks(ALICE, [REF], fresh=True))[REF]

    assert isinstance(read, Task)
    assert "bob" == (read.assignee and read.assignee.native_id)


async def test_claim_of_a_taken_task_is_a_conflict_without_a_write() -> None:
    """The error is ALREADY_ASSIGNED, and the payload shows the owner."""
    north = MemoryConnector("north", [task("north", "1", owner="bob")])

    result = await perform(federation(north, people=PEOPLE), ClaimIntent(), ALICE)

    assert (MutationStatus.REJECTED, ["ALREADY_ASSIGNED"], []) == (result.status, codes(result), north.writes)
    assert result.task is not None
    assert "bob" == (result.task.assignee and result.task.assignee.native_id)


async def test_claim_of_an_own_task_is_applied_without_a_write() -> None:
    """A second claim changes nothing."""
    north = MemoryConnector("north", [task("north", "1", owner="alice")])

    result = await perform(federation(north, people=PEOPLE), ClaimIntent(), ALICE)

    assert (MutationStatus.APPLIED, []) == (result.status, north.writes)


async def test_an_unsupported_cancel_costs_no_call_and_names_the_alternatives() -> None:
    """A second request can then allow one of them."""
    north = MemoryConnector("north", [task("north", "1")])

    result = await perform(federation(north, people=PEOPLE), CancelIntent(), CAROL)

    assert (0, (CancelStrategy.CANCEL_FLOW,)) == (result.upstream_calls, result.problems[0].alternatives)


async def test_a_task_is_read_again_before_a_write_is_refused() -> None:
    """Bob has released the task since it was read: after one more read the claim is sent."""
    north = MemoryConnector("north", [task("north", "1", owner="bob")])
    sources = federation(north, people=PEOPLE)
    await sources.get_tasks(ALICE, [REF])
    north.held["1"] = task("north", "1")

    result = await perform(sources, ClaimIntent(), ALICE)

    assert MutationStatus.APPLIED is result.status


async def test_an_assignment_to_both_user_and_group_is_refused_without_a_read() -> None:
    """Exactly one of them must be given."""
    north = MemoryConnector("north", [task("north", "1")])

    result = await perform(federation(north, people=PEOPLE), AssignIntent(), CAROL)

    assert (["VALIDATION_FAILED"], 0) == (codes(result), result.upstream_calls)


async def test_an_expected_version_that_differs_is_a_conflict() -> None:
    """The version is the hash of all fields that a write can change."""
    north = MemoryConnector("north", [task("north", "1")])

    result = await perform(federation(north, people=PEOPLE), ClaimIntent(), ALICE, expected_version="0")

    assert (["VERSION_CONFLICT"], []) == (codes(result), north.writes)


async def test_a_write_that_was_not_sent_is_rejected() -> None:
    """The connection was refused, so the write was not applied."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = UnavailableError("cannot be reached")

    result = await perform(federation(north, people=PEOPLE), ClaimIntent(), ALICE)

    assert (MutationStatus.REJECTED, ["UPSTREAM_UNAVAILABLE"]) == (result.status, codes(result))


async def test_a_refusal_for_a_closed_task_says_that_it_is_closed() -> None:
    """The record says more than the vendor's own text."""
    north = MemoryConnector("north", [task("north", "1", owner="alice")])
    north.fail_write = ForbiddenError("not allowed")
    sources = federation(north, people=PEOPLE)
    await sources.get_tasks(ALICE, [REF])
    north.held["1"] = task("north", "1", owner="alice", state=TaskState.COMPLETED)

    result = await perform(sources, CompleteIntent(), ALICE)

    assert (["INVALID_STATE"], TaskState.COMPLETED) == (codes(result), result.task and result.task.state)
