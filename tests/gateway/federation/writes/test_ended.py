"""A task that a person ended stays visible to that person, also where the vendor's record does not show it to them."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import handles
from connectors.sdk.commands import Cancel, CancelStrategy, Complete, DeleteTask, MutationStatus, Outcome, Skip
from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import DetailAspect, Task, TaskDetail, TaskState, UserRef
from gateway.composition import own_work
from gateway.federation.service import FederatedSources
from gateway.people.book import BookOfPeople
from gateway.store.sqlite import SqliteJournal
from schema.ports import (
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    InboxScope,
    Intent,
    StatsRequest,
    TaskFilter,
    TaskListRequest,
    WriteResult,
)
from tests.gateway.federation.memory_source import MemoryConnector, federation, later, task
from tests.gateway.federation.rich_source import RichConnector, flow
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, FLOW, PEOPLE, REF, codes, perform

ACCOUNT = UserRef(native_id="account")
DONE = TaskFilter(states=frozenset({TaskState.COMPLETED, TaskState.CANCELED, TaskState.SKIPPED}))


class TakingConnector(RichConnector):
    """Its account takes a task over to end it. It shows neither outcome nor time later, and hides deleted tasks."""

    @handles(Complete)
    async def complete(self, command: Complete) -> Outcome:
        done = self._write("complete", command.task, state=TaskState.COMPLETED, assignees=(ACCOUNT,))
        return Outcome(task=structs.replace(done.task, outcome=command.outcome))

    @handles(Cancel)
    async def cancel(self, command: Cancel) -> Outcome:
        return self._write("cancel", command.task, state=TaskState.CANCELED, assignees=(ACCOUNT,))

    @handles(Skip)
    async def skip(self, command: Skip) -> Outcome:
        return self._write("skip", command.task, state=TaskState.SKIPPED, assignees=(ACCOUNT,))

    @handles(DeleteTask)
    async def delete(self, command: DeleteTask) -> Outcome:
        before = self.held.pop(command.task.native_id)
        self.writes.append("delete")
        return Outcome(task=structs.replace(before, state=TaskState.CANCELED, state_reason="DELETED"))


def alices(**members: object) -> TakingConnector:
    """A task that only its owner and task admins see."""
    alone = task("north", "1", owner="alice", **{"candidate_groups": (), **members})
    return TakingConnector("north", [alone], flows=[flow("north", "f1")])


async def by_id(sources: FederatedSources, caller: Caller) -> Task | None:
    found = (await sources.get_tasks(caller, [REF])).get(REF)
    assert found is None or isinstance(found, Task)
    return found


async def listed(sources: FederatedSources, caller: Caller, scope: InboxScope = InboxScope.ALL_VISIBLE) -> list[Task]:
    page = await sources.list_tasks(caller, TaskListRequest(scope=scope, filter=DONE))
    return [edge.task for edge in page.edges]


@pytest.mark.parametrize(
    ("author", "intent", "state", "outcome"),
    [
        (ALICE, CompleteIntent(outcome="approved"), TaskState.COMPLETED, "approved"),
        (CAROL, CompleteIntent(outcome="approved"), TaskState.COMPLETED, "approved"),
        (CAROL, CancelIntent(reason="twice"), TaskState.CANCELED, None),
        (CAROL, CancelIntent(allow=(CancelStrategy.SKIP,)), TaskState.SKIPPED, None),
    ],
)
async def test_who_ended_a_task_or_owned_it_keeps_seeing_it_as_it_was_left(
    author: Caller, intent: Intent, state: TaskState, outcome: str | None
) -> None:
    """By id, in lists, in counts and in the flow; with the author as the one who did it. Not for others."""
    north = alices()
    sources = federation(north, people=PEOPLE)

    result = await perform(sources, intent, author)
    seen, row = await by_id(sources, ALICE), (await listed(sources, ALICE))[0]
    stats = await sources.task_stats(ALICE, StatsRequest(group_by=(), filter=DONE))

    assert MutationStatus.APPLIED is result.status
    assert result.task is not None
    for shown in (seen, row, result.task):
        assert shown is not None
        assert (state, outcome) == (shown.state, shown.outcome)
        assert author.key == (shown.completed_by and shown.completed_by.native_id)
        assert shown.completed_at is not None
        assert getattr(intent, "reason", None) == shown.state_reason
    assert ("alice", 1) == (row.assignees[0].native_id, stats.total)
    assert await sources.get_visible_flow(ALICE, FLOW) is not None
    assert await sources.get_visible_flow(BOB, FLOW) is None
    assert (None, []) == (await by_id(sources, BOB), await listed(sources, BOB))


async def test_nothing_read_later_is_added() -> None:
    """The vendor's record changes; what the person sees does not, and details are not read."""
    north = alices()
    sources = federation(north, people=PEOPLE)
    await perform(sources, CompleteIntent(outcome="approved"), ALICE)
    north.held["1"] = structs.replace(north.held["1"], title="Secret", due_at=later(days=9))
    gets = north.gets

    seen = (await sources.get_tasks(ALICE, [REF], fresh=True))[REF]
    detail = (await sources.get_details(ALICE, {REF: frozenset(DetailAspect)}))[REF]

    assert isinstance(seen, Task)
    assert ("Approve invoice 1", None) == (seen.title, seen.due_at)
    assert TaskDetail() == detail
    assert 2 >= north.gets - gets


@pytest.mark.parametrize(
    "scope", [InboxScope.MINE, InboxScope.CLAIMABLE, InboxScope.MINE_OR_CLAIMABLE, InboxScope.MY_GROUPS]
)
async def test_it_is_no_work_to_be_done(scope: InboxScope) -> None:
    """The other scopes do not have it."""
    sources = federation(alices(), people=PEOPLE)
    await perform(sources, CompleteIntent(), ALICE)

    assert [] == await listed(sources, ALICE, scope)


async def test_an_own_task_is_given_once_where_the_vendor_shows_it_too() -> None:
    """MemoryConnector keeps the owner: the vendor's row is the one, with what the write told."""
    north = MemoryConnector("north", [task("north", "1", owner="alice", candidate_groups=())])
    sources = federation(north, people=PEOPLE)
    await perform(sources, CompleteIntent(outcome="approved"), ALICE)
    north.held["1"] = structs.replace(north.held["1"], outcome=None, title="Renamed")

    rows = await listed(sources, ALICE)

    assert [("Renamed", "approved", "alice")] == [
        (row.title, row.outcome, row.completed_by and row.completed_by.native_id) for row in rows
    ]


async def test_a_deleted_task_is_seen_by_who_deleted_it() -> None:
    """The vendor has it no more."""
    sources = federation(alices(), people=PEOPLE)
    await perform(sources, CancelIntent(allow=(CancelStrategy.DELETE_TASK,)), CAROL)

    for caller in (CAROL, ALICE):
        seen = await by_id(sources, caller)
        assert TaskState.CANCELED is (seen and seen.state)
        assert ["1"] == [row.native_id for row in await listed(sources, caller)]
    assert await by_id(sources, BOB) is None


async def test_every_verb_is_refused_with_the_state_and_offered_to_nobody() -> None:
    """INVALID_STATE instead of NOT_FOUND."""
    north = alices()
    sources = federation(north, people=PEOPLE)
    result = await perform(sources, CompleteIntent(), ALICE)
    assert result.task is not None
    north.writes.clear()

    for intent in (ClaimIntent(), CompleteIntent(), CommentIntent(text="late")):
        assert ["INVALID_STATE"] == codes(await perform(sources, intent, ALICE))
    assert [] == [verdict.action for verdict in sources.verdicts(ALICE, result.task) if verdict.allowed]
    assert [] == north.writes


async def test_a_task_that_came_back_is_the_vendors_again() -> None:
    """Opened again and given to alice: she sees and completes it as any other."""
    north = alices()
    sources = federation(north, people=PEOPLE)
    await perform(sources, CompleteIntent(outcome="approved"), ALICE)
    north.held["1"] = task("north", "1", owner="alice", candidate_groups=(), due_at=later(days=2))

    seen = (await sources.get_tasks(ALICE, [REF], fresh=True))[REF]
    mine = await sources.list_tasks(ALICE, TaskListRequest(scope=InboxScope.ALL_VISIBLE, fresh=True))

    assert isinstance(seen, Task)
    assert (TaskState.RESERVED, None) == (seen.state, seen.outcome)
    assert [TaskState.RESERVED] == [edge.task.state for edge in mine.edges]


async def test_the_journal_brings_it_back_after_a_restart_until_it_forgets() -> None:
    """With its own setting for how long."""
    journal = SqliteJournal(None, keep_ended=timedelta(days=3).total_seconds())
    north = alices()
    await perform(federation(north, people=PEOPLE, journal=journal), CompleteIntent(outcome="approved"), ALICE)
    ended = await journal.ended_tasks(most=9)
    people = BookOfPeople(PEOPLE)

    kept = federation(north, people=PEOPLE, own=own_work(people, keep=timedelta(days=3), ended=ended))
    old = [structs.replace(one, at=one.at - timedelta(days=3, seconds=1)) for one in ended]
    forgotten = federation(north, people=PEOPLE, own=own_work(people, keep=timedelta(days=3), ended=old))

    assert ["approved"] == [row.outcome for row in await listed(kept, ALICE)]
    assert ("approved", None) == ((await by_id(kept, ALICE) or task("x", "y")).outcome, await by_id(forgotten, ALICE))
    assert [] == await listed(forgotten, ALICE)
    assert all(one.task.payload is None for one in ended)


async def test_a_lost_answer_that_was_applied_leaves_the_task_too() -> None:
    """Proved by the history."""
    north = alices()
    north.is_alone()
    north.fail_write, north.apply_before_failing = UnavailableError("lost", maybe_applied=True), True
    sources = federation(north, people=PEOPLE)

    result = await perform(sources, CompleteIntent(outcome="approved"), ALICE, key="k")

    assert MutationStatus.APPLIED is result.status
    assert ("approved", "alice") == _told(result)
    assert ["1"] == [row.native_id for row in await listed(sources, ALICE)]


async def test_admins_are_told_the_person_and_not_the_account() -> None:
    """What the write told is kept by later reads: outcome, time, person, reason. A person whom the vendor names stays."""
    north = alices()
    sources = federation(north, people=PEOPLE)
    await perform(sources, CompleteIntent(outcome="approved"), ALICE)
    read = []
    for told in (None, ACCOUNT, UserRef(native_id="bob")):
        north.held["1"] = structs.replace(north.held["1"], completed_by=told)
        seen = (await sources.get_tasks(CAROL, [REF], fresh=True))[REF]
        assert isinstance(seen, Task)
        read.append((seen.outcome, seen.completed_by and seen.completed_by.native_id, seen.completed_at is not None))

    assert [("approved", "alice", True), ("approved", "alice", True), ("approved", "bob", True)] == read


async def test_an_ending_by_another_later_is_not_ours() -> None:
    """Completed again an hour later, at the vendor: nothing of our write is told."""
    north = alices()
    sources = federation(north, people=PEOPLE)
    result = await perform(sources, CompleteIntent(outcome="approved"), ALICE)
    assert result.task is not None
    assert result.task.completed_at is not None
    at = result.task.completed_at + timedelta(hours=1)
    north.held["1"] = structs.replace(north.held["1"], completed_at=at)

    seen = (await sources.get_tasks(CAROL, [REF], fresh=True))[REF]

    assert isinstance(seen, Task)
    assert (None, None, at) == (seen.outcome, seen.completed_by, seen.completed_at)


def _told(result: WriteResult) -> tuple[str | None, str | None]:
    task = result.task
    return (None, None) if task is None or task.completed_by is None else (task.outcome, task.completed_by.native_id)


@pytest.mark.parametrize("intent", [CompleteIntent(comment="Paid twice"), CommentIntent(text="Paid twice")])
async def test_the_journal_keeps_no_text_of_a_comment(tmp_path: Path, intent: Intent) -> None:
    """What a comment says is the vendor's to keep; so are form data."""
    path = tmp_path / "journal.sqlite3"
    journal = SqliteJournal(path)
    if isinstance(intent, CompleteIntent):
        intent = structs.replace(intent, outcome="approved", data={"iban": "Paid twice"})
    result = await perform(federation(alices(), people=PEOPLE, journal=journal), intent, ALICE, key="once")
    journal.close()
    stored = path.read_bytes()

    assert MutationStatus.APPLIED is result.status
    assert b"Paid twice" not in stored
    assert (b"approved" in stored) == isinstance(intent, CompleteIntent)
