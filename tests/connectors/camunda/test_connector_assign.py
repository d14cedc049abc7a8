"""Assignments to a group, which are two steps."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace

from connectors.camunda import CamundaConnector
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Assign, IfLate
from connectors.sdk.errors import AlreadyAssignedError
from connectors.sdk.model import GroupRef, Task, TaskState, UserRef
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import carried_out

Answering = Callable[..., CamundaConnector]
Sent = list[tuple[str, str, Any]]


def noting(sent: Sent, *answers: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    """Gives the answers in this order, and the last one again and again."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        content = msgspec.json.decode(request.content) if request.content else None
        sent.append((request.method, request.url.path.removeprefix("/v2"), content))
        return answers[min(len(sent), len(answers)) - 1]

    return answer


@pytest.mark.parametrize(
    ("owner", "actor", "override", "calls"),
    [
        (None, None, False, ["PATCH"]),
        (None, "alice", True, ["PATCH", "DELETE"]),
        ("alice", "alice", False, ["PATCH", "DELETE"]),
        ("bob", "alice", True, ["PATCH", "DELETE"]),
    ],
)
async def test_the_group_is_set_before_the_owner_is_removed(
    owner: str | None, actor: str | None, override: bool, calls: list[str], task: Task, answering: Answering
) -> None:
    """Without override only the owner in the record is removed."""
    sent: Sent = []
    owned = replace(task, assignees=(UserRef(native_id=owner),) if owner else ())
    connector = answering(noting(sent, httpx2.Response(204)))

    command = Assign(
        task=owned,
        actor=None if actor is None else Identity(native_id=actor),
        group_id="sales",
        override=override,
    )
    outcome = await carried_out(connector, command)

    assert calls == [method for method, _, _ in sent]
    assert {"changeset": {"candidateGroups": ["sales"]}} == sent[0][2]
    assert (TaskState.READY, (), (GroupRef(native_id="sales"),), owned.candidate_users) == (
        outcome.task.state,
        outcome.task.assignees,
        outcome.task.candidate_groups,
        outcome.task.candidate_users,
    )


async def test_a_task_of_another_person_needs_override(task: Task, answering: Answering) -> None:
    """As an assignment to a user does."""
    sent: Sent = []
    owned = replace(task, assignees=(UserRef(native_id="bob"),))

    with pytest.raises(AlreadyAssignedError):
        await answering(noting(sent, httpx2.Response(204))).steps(
            Assign(task=owned, actor=Identity(native_id="alice"), group_id="sales")
        )

    assert [] == sent


@pytest.mark.parametrize("groups", [("sales", "legal"), ()])
async def test_the_new_group_is_taken_back(groups: tuple[str, ...], task: Task, answering: Answering) -> None:
    """The task has the candidate groups that it had. The removal of the owner has no undo."""
    sent: Sent = []
    owned = replace(
        task,
        assignees=(UserRef(native_id="alice"),),
        candidate_groups=tuple(GroupRef(native_id=group) for group in groups),
    )
    connector = answering(noting(sent, httpx2.Response(204)))
    regroup, unassign = await connector.steps(
        Assign(task=owned, actor=Identity(native_id="alice"), group_id="accounting")
    )
    left = (await connector.perform(regroup)).task
    undo = connector.undo_of(regroup, owned)
    assert undo is not None
    undone = (await connector.perform(replace(undo, task=left))).task

    assert [["accounting"], list(groups)] == [body["changeset"]["candidateGroups"] for _, _, body in sent]
    assert (owned.candidate_groups, owned.assignees) == (undone.candidate_groups, undone.assignees)
    assert connector.undo_of(unassign, owned) is None
    assert IfLate.HARMFUL is connector.if_late(unassign, undo)
    assert connector.undo_of(regroup, replace(owned, candidate_groups=None)) is None


async def test_several_writes_are_not_performed_at_once(task: Task, answering: Answering) -> None:
    """Only the gateway knows what to do if the second fails."""
    sent: Sent = []
    with pytest.raises(ValueError, match="two steps"):
        await answering(noting(sent, httpx2.Response(204))).perform(
            Assign(task=task, group_id="accounting", override=True)
        )

    assert [] == sent


async def test_the_record_after_an_assignment_to_a_group(connector: CamundaConnector) -> None:
    """It is the record that the vendor shows afterwards."""
    page = await connector.list_tasks(TaskQuery(states=frozenset({TaskState.RESERVED})), limit=100)
    task = next(each for each in page.items if each.pending_transition is None)

    outcome = await carried_out(connector, Assign(task=task, group_id="sales", override=True))

    after = (await connector.get_tasks([task.native_id]))[task.native_id]
    assert isinstance(after, Task)
    assert (TaskState.READY, (GroupRef(native_id="sales"),)) == (after.state, after.candidate_groups)
    assert after.version == outcome.task.version
