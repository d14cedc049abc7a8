"""Writes to a task that the caller saw a moment ago and sees no longer; and to one whose record cannot be decoded."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support, handles
from connectors.sdk.commands import AddComment, Assign, Claim, MutationStatus, Outcome, Release, Update, UpdateField
from connectors.sdk.errors import AlreadyAssignedError, ConnectorError, MalformedResponseError, UnavailableError
from connectors.sdk.model import GroupRef, NativeRef, Task, TaskState, UserRef
from gateway.federation.service import FederatedSources
from schema.ports import (
    AssignIntent,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    Intent,
    PersonId,
    ReleaseIntent,
    TaskListRequest,
    UpdateIntent,
)
from tests.gateway.federation.memory_source import NOW, MemoryConnector, federation, task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, DUE, PEOPLE, REF, codes, perform


class OwnersOnly(MemoryConnector):
    """A task that has an owner has no candidates any more, as in UiPath and GEOtareas. Claims read first."""

    @handles(Claim, support=Support.EMULATED)
    async def claim(self, command: Claim) -> Outcome:
        if self.held[command.task.native_id].assignees:
            raise AlreadyAssignedError("taken")
        return self._owned("claim", command.task, command.require_actor().native_id)

    @handles(Release)
    async def release(self, command: Release) -> Outcome:
        return self._write("release", command.task, state=TaskState.READY, assignees=())

    @handles(Assign)
    async def assign(self, command: Assign) -> Outcome:
        if command.user_id is not None:
            return self._owned("assign", command.task, command.user_id)
        return self._write("assign", command.task, candidate_groups=(GroupRef(native_id=command.group_id or ""),))

    @handles(AddComment)
    async def add_comment(self, command: AddComment) -> Outcome:
        return self._write("comment", command.task)

    def taken_by(self, native_id: str) -> None:
        self.held["1"] = structs.replace(
            self.held["1"], state=TaskState.RESERVED, assignees=(UserRef(native_id=native_id),), candidate_groups=()
        )

    def _owned(self, verb: str, before: Task, owner: str) -> Outcome:
        changes = {"state": TaskState.RESERVED, "assignees": (UserRef(native_id=owner),), "candidate_groups": ()}
        return self._write(verb, before, **changes)


async def saw(sources: FederatedSources, caller: Caller) -> None:
    assert (await sources.list_tasks(caller, TaskListRequest())).edges


async def test_a_lost_claim_tells_once_who_has_the_task() -> None:
    """Title, state and owner as they are now, nothing else; the next answer has the code alone, and reads have nothing."""
    north = OwnersOnly("north", [task("north", "1", description="secret")])
    sources = federation(north, people=PEOPLE)
    await saw(sources, ALICE)
    north.taken_by("bob")

    first = await perform(sources, ClaimIntent(), ALICE, key="k")
    second = await perform(sources, ClaimIntent(), ALICE)
    replayed = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert (["ALREADY_ASSIGNED"],) * 3 == (codes(first), codes(second), codes(replayed))
    assert "the task is assigned to Bob" in first.problems[0].message
    assert first.task == Task(
        source="north",
        native_id="1",
        title="Approve invoice 1",
        state=TaskState.RESERVED,
        rule="memory",
        fetched_at=NOW,
        assignees=(UserRef(native_id="bob"),),
    )
    assert (None, None, []) == (second.task, replayed.task, north.writes)
    assert {} == await sources.get_tasks(ALICE, [REF])


@pytest.mark.parametrize("intent", [ClaimIntent(), ReleaseIntent(), CommentIntent(text="hello")])
async def test_a_task_that_was_never_shown_does_not_exist(intent: Intent) -> None:
    """NOT_FOUND for every verb: nothing is told by trying ids."""
    north = OwnersOnly("north", [task("north", "1", owner="bob", candidate_groups=())])

    result = await perform(federation(north, people=PEOPLE), intent, ALICE)

    assert (["NOT_FOUND"], None) == (codes(result), result.task)


async def test_what_was_shown_to_another_person_tells_nothing() -> None:
    """Bob saw it; alice asks."""
    north = OwnersOnly("north", [task("north", "1", owner="bob", candidate_groups=())])
    sources = federation(north, people=PEOPLE)
    await saw(sources, BOB)

    assert ["NOT_FOUND"] == codes(await perform(sources, ClaimIntent(), ALICE))


@pytest.mark.parametrize(
    ("intent", "code"),
    [
        (ClaimIntent(), "ALREADY_ASSIGNED"),
        (ReleaseIntent(), "ALREADY_ASSIGNED"),
        (CommentIntent(text="hello"), "ALREADY_ASSIGNED"),
        (AssignIntent(user=PersonId(key="alice")), "ALREADY_ASSIGNED"),
    ],
)
async def test_after_an_own_assignment_the_answer_is_the_new_state(intent: Intent, code: str) -> None:
    """Alice gives her task to bob: the payload shows it so. She is told as much a moment later."""
    north = OwnersOnly("north", [task("north", "1", owner="alice", candidate_groups=())])
    sources = federation(north, people=PEOPLE)
    given = await perform(sources, AssignIntent(user=PersonId(key="bob")), ALICE)

    later = await perform(sources, intent, ALICE)

    assert given.task is not None
    assert ("APPLIED", "bob") == (given.status, given.task.assignees[0].native_id)
    assert [code] == codes(later)


async def test_a_task_that_was_closed_meanwhile_says_so() -> None:
    """INVALID_STATE with the state."""
    north = OwnersOnly("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)
    await saw(sources, ALICE)
    north.taken_by("bob")
    north.held["1"] = structs.replace(north.held["1"], state=TaskState.COMPLETED)

    result = await perform(sources, ClaimIntent(), ALICE)

    assert (["INVALID_STATE"], TaskState.COMPLETED) == (codes(result), result.task and result.task.state)


@pytest.mark.parametrize("readable", [True, False])
async def test_a_refused_write_never_shows_the_record_from_before(readable: bool) -> None:
    """The claim was sent and refused: the task as it is now, or none where it cannot be read."""

    class Late(MemoryConnector):
        @handles(Claim, guarded=True)
        async def claim(self, command: Claim) -> Outcome:
            self.held["1"] = task("north", "1", owner="bob", candidate_groups=())
            self.fail = None if readable else UnavailableError("down")
            raise AlreadyAssignedError("taken")

    sources = federation(Late("north", [task("north", "1")]), people=PEOPLE)
    await saw(sources, ALICE)

    result = await perform(sources, ClaimIntent(), ALICE)

    assert ["ALREADY_ASSIGNED"] == codes(result)
    assert ("bob" if readable else None) == (result.task and result.task.assignees[0].native_id)


class BobIsQuicker(OwnersOnly):
    """Bob has the task when the answer to a comment is lost."""

    @handles(AddComment)
    async def add_comment(self, command: AddComment) -> Outcome:
        self.taken_by("bob")
        raise UnavailableError("lost", maybe_applied=True)


async def test_a_lost_answer_shows_no_task_of_others() -> None:
    """UNKNOWN, and no task: alice did not see it in a list."""
    north = BobIsQuicker("north", [task("north", "1", owner="alice", candidate_groups=())])

    result = await perform(federation(north, people=PEOPLE), CommentIntent(text="hello"), ALICE)

    assert (MutationStatus.UNKNOWN, None) == (result.status, result.task)


async def test_names_that_were_read_are_told_instead_of_ids() -> None:
    """Of owners in refusals, of groups in the record that a write left."""
    known = GroupRef(native_id="596100", name="Invoice approval")
    other = task("north", "2", owner="10010731", candidate_groups=(known,))
    other = structs.replace(other, assignees=(UserRef(native_id="10010731", name="Robin Keller"),))
    north = OwnersOnly("north", [other, task("north", "1")])
    sources = federation(north, people=PEOPLE)
    await sources.list_tasks(CAROL, TaskListRequest())
    await sources.list_tasks(ALICE, TaskListRequest())

    given = await perform(sources, AssignIntent(group=NativeRef("north", "596100")), CAROL)
    north.held["1"] = task("north", "1", owner="10010731")
    refused = await perform(sources, ClaimIntent(), ALICE)

    assert given.task is not None
    assert (known,) == given.task.candidate_groups
    assert "the task is assigned to Robin Keller" in refused.problems[0].message


class Unreadable(RichConnector):
    """The record of task 1 does not fit the vendor's documentation until it is repaired."""

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        self._count()
        if self.writes:
            return await super().get_tasks(ids)
        return {native_id: MalformedResponseError("dueDate: no such year") for native_id in ids}

    @handles(Update, by_id=True, fields=frozenset({UpdateField.DUE_AT}))
    async def update(self, command: Update) -> Outcome:
        return self._write("update", command.task, due_at=command.due_at)


async def test_a_task_that_cannot_be_decoded_is_repaired_by_a_task_admin() -> None:
    """By a verb that needs the id alone; the answer shows what is read then."""
    north = Unreadable("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)

    refused = [
        await perform(sources, UpdateIntent(due_at=DUE), ALICE),
        await perform(sources, CancelIntent(), CAROL),
        await perform(sources, CompleteIntent(), CAROL),
    ]
    repaired = await perform(sources, UpdateIntent(due_at=DUE), CAROL)

    assert [["UPSTREAM_ERROR"]] * 3 == [codes(result) for result in refused]
    assert (MutationStatus.APPLIED, ["update"]) == (repaired.status, north.writes)
    assert DUE == (repaired.task and repaired.task.due_at)
