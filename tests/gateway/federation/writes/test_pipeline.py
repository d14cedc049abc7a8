from pathlib import Path

import anyio
import pytest

from connectors.sdk.commands import CancelStrategy, MutationStatus
from connectors.sdk.errors import (
    ForbiddenError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.model import Task, TaskOutcome, TaskRef, TaskState
from gateway.federation.service import FederatedSources
from gateway.store import SqliteJournal
from schema.ports import (
    AssignIntent,
    CancelIntent,
    ClaimIntent,
    CompleteIntent,
    InboxScope,
    Intent,
    PersonId,
    ReleaseIntent,
    TaskListRequest,
    UnassignIntent,
    WriteRequest,
    WriteResult,
)
from tests.gateway.federation.memory_source import FORM, MemoryConnector, federation, person, task

ALICE, BOB = person("alice", "north"), person("bob", "north")
CAROL = person("carol", "north", admin=True, groups=())
PEOPLE = [ALICE, BOB, CAROL]
REF = TaskRef("north", "1")


def codes(result: WriteResult) -> list[str]:
    return [problem.code for problem in result.problems]


async def perform(
    sources: FederatedSources, intent: Intent, caller: object = ALICE, key: str | None = None, ref: TaskRef = REF
) -> WriteResult:
    return await sources.perform(
        caller,  # type: ignore[arg-type]
        WriteRequest(target=ref, intent=intent, idempotency_key=key),
    )


async def test_claim_is_sent_once_and_read_back_at_once_although_reads_lag() -> None:
    """The overlay shows what was acknowledged, in the object and in every list that could hold it."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)
    await sources.list_tasks(ALICE, TaskListRequest(scope=InboxScope.MINE))
    north.lag()

    result = await perform(sources, ClaimIntent())
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

    await perform(sources, ClaimIntent())
    done = await perform(sources, CompleteIntent())
    read = (await sources.get_tasks(ALICE, [REF]))[REF]

    assert isinstance(read, Task)
    assert (MutationStatus.APPLIED, TaskState.COMPLETED) == (done.status, read.state)


async def test_a_change_by_others_ends_the_overlay() -> None:
    """Once the vendor shows anything but the old record, the vendor is believed."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)
    await perform(sources, ClaimIntent())
    north.held["1"] = task("north", "1", owner="bob")

    read = (await sources.get_tasks(ALICE, [REF], fresh=True))[REF]

    assert isinstance(read, Task)
    assert "bob" == (read.assignee and read.assignee.native_id)


async def test_claim_of_a_taken_task_is_a_conflict_without_a_write() -> None:
    """ALREADY_ASSIGNED, and the payload shows who has it."""
    north = MemoryConnector("north", [task("north", "1", owner="bob")])

    result = await perform(federation(north, people=PEOPLE), ClaimIntent())

    assert (MutationStatus.REJECTED, ["ALREADY_ASSIGNED"], []) == (result.status, codes(result), north.writes)
    assert result.task is not None
    assert "bob" == (result.task.assignee and result.task.assignee.native_id)


async def test_claim_of_an_own_task_is_applied_without_a_write() -> None:
    """Saying it twice changes nothing."""
    north = MemoryConnector("north", [task("north", "1", owner="alice")])

    result = await perform(federation(north, people=PEOPLE), ClaimIntent())

    assert (MutationStatus.APPLIED, []) == (result.status, north.writes)


async def test_of_fifty_people_one_gets_the_task() -> None:
    """49 ALREADY_ASSIGNED, one write upstream."""
    crowd = [person(f"p{n}", "north") for n in range(50)]
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=crowd)
    results: list[WriteResult] = []

    async def claim(caller: object) -> None:
        results.append(await perform(sources, ClaimIntent(), caller))

    async with anyio.create_task_group() as group:
        for one in crowd:
            group.start_soon(claim, one)

    assert ["claim"] == north.writes
    assert 49 == sum(codes(result) == ["ALREADY_ASSIGNED"] for result in results)


@pytest.mark.parametrize(
    ("members", "intent", "caller", "code"),
    [
        ({"state": TaskState.COMPLETED}, ClaimIntent(), ALICE, "INVALID_STATE"),
        ({"candidate_groups": ()}, ClaimIntent(), CAROL, None),
        ({"owner": "bob"}, ReleaseIntent(), ALICE, "FORBIDDEN"),
        ({}, ReleaseIntent(), ALICE, "INVALID_STATE"),
        ({"owner": "bob"}, CompleteIntent(), ALICE, "ALREADY_ASSIGNED"),
        ({"owner": "bob"}, CompleteIntent(), CAROL, None),
        ({}, CompleteIntent(), ALICE, "INVALID_STATE"),
        ({}, CompleteIntent(claim_if_needed=True), ALICE, None),
        ({"owner": "alice"}, CancelIntent(allow=(CancelStrategy.CANCEL_FLOW,)), ALICE, "FORBIDDEN"),
        ({}, CancelIntent(allow=(CancelStrategy.CANCEL_FLOW,)), CAROL, None),
        ({}, CancelIntent(), CAROL, "CAPABILITY_NOT_SUPPORTED"),
        ({}, AssignIntent(user=PersonId(key="bob")), CAROL, "CAPABILITY_NOT_SUPPORTED"),
        ({"owner": "bob"}, UnassignIntent(), CAROL, "CAPABILITY_NOT_SUPPORTED"),
        ({"candidate_groups": (), "owner": "bob"}, ClaimIntent(), ALICE, "NOT_FOUND"),
        ({"state": TaskState.UNKNOWN, "owner": "alice"}, CompleteIntent(), ALICE, "INVALID_STATE"),
    ],
)
async def test_who_may_do_what_in_which_state(
    members: dict[str, object], intent: Intent, caller: object, code: str | None
) -> None:
    """The first failing condition is the answer, and nothing was written."""
    north = MemoryConnector("north", [task("north", "1", **members)])

    result = await perform(federation(north, people=PEOPLE), intent, caller)

    assert ([] if code is None else [code]) == codes(result)
    assert (code is None) == bool(north.writes)


async def test_an_unsupported_cancel_costs_no_call_and_names_the_alternatives() -> None:
    """The answer tells what would be possible; the second call may allow it."""
    north = MemoryConnector("north", [task("north", "1")])

    result = await perform(federation(north, people=PEOPLE), CancelIntent(), CAROL)

    assert (0, (CancelStrategy.CANCEL_FLOW,)) == (result.upstream_calls, result.problems[0].alternatives)


async def test_nobody_is_refused_on_an_old_record() -> None:
    """Bob released it since it was read: the claim goes through after one more read."""
    north = MemoryConnector("north", [task("north", "1", owner="bob")])
    sources = federation(north, people=PEOPLE)
    await sources.get_tasks(ALICE, [REF])
    north.held["1"] = task("north", "1")

    result = await perform(sources, ClaimIntent())

    assert MutationStatus.APPLIED is result.status


@pytest.mark.parametrize(
    ("intent", "field"),
    [
        (CompleteIntent(outcome="sent"), ("data", "email")),
        (CompleteIntent(outcome="sent", data={"email": 5}), ("data", "email")),
        (CompleteIntent(outcome="sent", data={"email": "a@b", "amount": "much"}), ("data", "amount")),
        (CompleteIntent(outcome="sent", data={"email": "a@b", "colour": "red"}), ("data", "colour")),
        (CompleteIntent(outcome="burnt", data={"email": "a@b"}), ("outcome",)),
        (CompleteIntent(data={"email": "a@b"}), ("outcome",)),
    ],
)
async def test_bad_form_data_names_the_field_and_is_not_sent(intent: CompleteIntent, field: tuple[str, ...]) -> None:
    """Required fields first, then types, unknown keys, outcomes."""
    north = MemoryConnector("north", [task("north", "1", owner="alice")])
    north.form, north.outcomes = FORM, (TaskOutcome(code="sent"),)

    result = await perform(federation(north, people=PEOPLE), intent)

    assert (["VALIDATION_FAILED"], field, []) == (codes(result), result.problems[0].field, north.writes)


async def test_both_user_and_group_is_refused_before_anything_is_read() -> None:
    """Exactly one target."""
    north = MemoryConnector("north", [task("north", "1")])

    result = await perform(federation(north, people=PEOPLE), AssignIntent(), CAROL)

    assert (["VALIDATION_FAILED"], 0) == (codes(result), result.upstream_calls)


async def test_an_expected_version_that_differs_is_a_conflict() -> None:
    """The hash of what a write can change."""
    north = MemoryConnector("north", [task("north", "1")])

    result = await federation(north, people=PEOPLE).perform(
        ALICE, WriteRequest(target=REF, intent=ClaimIntent(), expected_version="0")
    )

    assert (["VERSION_CONFLICT"], []) == (codes(result), north.writes)


async def test_a_lost_answer_of_an_applied_write_is_read_back_as_applied() -> None:
    """The read shows it: APPLIED, still one send."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = True

    result = await perform(federation(north, people=PEOPLE), ClaimIntent())

    assert (MutationStatus.APPLIED, ["claim"]) == (result.status, north.writes)


async def test_a_lost_answer_that_the_read_does_not_show_is_unknown_and_never_sent_again() -> None:
    """Not there yet proves nothing. The same key later looks again; when it shows, the answer is APPLIED."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    sources = federation(north, people=PEOPLE)

    first = await perform(sources, ClaimIntent(), key="k")
    north.fail_write = None
    again = await perform(sources, ClaimIntent(), key="k")
    north.held["1"] = task("north", "1", owner="alice")
    late = await perform(sources, ClaimIntent(), key="k")

    assert [MutationStatus.UNKNOWN, MutationStatus.UNKNOWN, MutationStatus.APPLIED] == [
        first.status,
        again.status,
        late.status,
    ]
    assert ([], first.operation_id, True) == (north.writes, late.operation_id, late.replayed)


async def test_a_guarded_claim_that_somebody_else_has_now_was_certainly_refused() -> None:
    """Their guard can only have turned ours down."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    sources = federation(north, people=PEOPLE)
    await sources.get_tasks(ALICE, [REF])
    north.held["1"] = task("north", "1", owner="bob")

    result = await perform(sources, ClaimIntent())

    assert (MutationStatus.REJECTED, ["ALREADY_ASSIGNED"]) == (result.status, codes(result))


async def test_the_same_key_replays_the_first_answer() -> None:
    """A double click claims once."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)

    first = await perform(sources, ClaimIntent(), key="k")
    second = await perform(sources, ClaimIntent(), key="k")

    assert (["claim"], first.operation_id, MutationStatus.APPLIED) == (
        north.writes,
        second.operation_id,
        second.status,
    )
    assert (False, True) == (first.replayed, second.replayed)


async def test_the_same_key_with_other_arguments_is_refused() -> None:
    """IDEMPOTENCY_KEY_REUSED; another person's equal key is another key."""
    north = MemoryConnector("north", [task("north", "1"), task("north", "2")])
    sources = federation(north, people=PEOPLE)

    await perform(sources, ClaimIntent(), key="k")
    other = await perform(sources, ClaimIntent(), key="k", ref=TaskRef("north", "2"))
    bobs = await perform(sources, ClaimIntent(), BOB, key="k", ref=TaskRef("north", "2"))

    assert (["IDEMPOTENCY_KEY_REUSED"], []) == (codes(other), codes(bobs))


async def test_a_write_refused_for_lack_of_budget_may_be_sent_again_with_its_key() -> None:
    """It did not happen, and the refusal says nothing about the request."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = RateLimitedError("asked too often")
    sources = federation(north, people=PEOPLE)

    refused = await perform(sources, ClaimIntent(), key="k")
    north.fail_write = None
    applied = await perform(sources, ClaimIntent(), key="k")

    assert (["RATE_LIMITED"], MutationStatus.APPLIED) == (codes(refused), applied.status)


async def test_answers_survive_a_restart(tmp_path: Path) -> None:
    """The journal is on disk: a new process replays, and does not send a write that may have left."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    journal = SqliteJournal(path)
    first = await perform(federation(north, people=PEOPLE, journal=journal), ClaimIntent(), key="k")
    journal.close()

    again = await perform(federation(north, people=PEOPLE, journal=SqliteJournal(path)), ClaimIntent(), key="k")

    assert (first.operation_id, True, ["claim"]) == (again.operation_id, again.replayed, north.writes)


async def test_a_write_that_left_before_a_crash_is_never_sent_again(tmp_path: Path) -> None:
    """SENT without an answer is UNKNOWN until a read shows it."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])

    class Crash(BaseException):
        pass

    async def crash(command: object) -> object:
        raise Crash

    north.perform = crash  # type: ignore[method-assign, assignment]
    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))
    with pytest.raises(Crash):
        await perform(sources, ClaimIntent(), key="k")
    del north.perform

    again = await perform(federation(north, people=PEOPLE, journal=SqliteJournal(path)), ClaimIntent(), key="k")

    assert (MutationStatus.UNKNOWN, []) == (again.status, north.writes)


async def test_without_a_journal_nothing_is_sent() -> None:
    """What could not be accounted for afterwards does not leave."""
    north = MemoryConnector("north", [task("north", "1")])
    journal = SqliteJournal(None)
    journal.close()

    result = await perform(federation(north, people=PEOPLE, journal=journal), ClaimIntent())

    assert (["GATEWAY_UNAVAILABLE"], []) == (codes(result), north.writes)


async def test_a_dead_source_rejects_a_write_that_never_left() -> None:
    """Refused connection: it did not happen."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = UnavailableError("cannot be reached")

    result = await perform(federation(north, people=PEOPLE), ClaimIntent())

    assert (MutationStatus.REJECTED, ["UPSTREAM_UNAVAILABLE"]) == (result.status, codes(result))


async def test_a_refusal_for_a_closed_task_says_that_it_is_closed() -> None:
    """The vendor's own text says less than the record."""
    north = MemoryConnector("north", [task("north", "1", owner="alice")])
    north.fail_write = ForbiddenError("not allowed")
    sources = federation(north, people=PEOPLE)
    await sources.get_tasks(ALICE, [REF])
    north.held["1"] = task("north", "1", owner="alice", state=TaskState.COMPLETED)

    result = await perform(sources, CompleteIntent())

    assert (["INVALID_STATE"], TaskState.COMPLETED) == (codes(result), result.task and result.task.state)
