from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Assign, Update, UpdateField
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    UnsupportedActionError,
    UpstreamTimeoutError,
    ValidationFailedError,
)
from connectors.sdk.model import GroupRef, Task, TaskPriority, TaskState, UserRef
from connectors.sdk.query import TaskQuery

Answering = Callable[..., CamundaConnector]
Sent = list[tuple[str, str, Any]]

DUE = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)


def noting(sent: Sent, *answers: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    """Answers in this order, the last one again and again."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        content = msgspec.json.decode(request.content) if request.content else None
        sent.append((request.method, request.url.path.removeprefix("/v2"), content))
        return answers[min(len(sent), len(answers)) - 1]

    return answer


def changeset(sent: Sent) -> Any:
    [(method, _, body)] = sent
    assert "PATCH" == method
    return body["changeset"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (lambda task: Update(task=task, due_at=DUE), {"dueDate": "2031-05-06T07:08:00Z"}),
        (
            lambda task: Update(task=task, follow_up_at=DUE.replace(microsecond=123456)),
            {"followUpDate": "2031-05-06T07:08:00.123000Z"},
        ),
        (lambda task: Update(task=task, priority=TaskPriority.LOW), {"priority": 25}),
        (lambda task: Update(task=task, priority=TaskPriority.MEDIUM), {"priority": 50}),
        (lambda task: Update(task=task, priority=TaskPriority.HIGH), {"priority": 75}),
        (lambda task: Update(task=task, priority=TaskPriority.CRITICAL), {"priority": 100}),
        (
            lambda task: Update(task=task, candidate_users=("bob", "ann", "bob")),
            {"candidateUsers": ["bob", "ann"]},
        ),
        (lambda task: Update(task=task, candidate_groups=()), {"candidateGroups": []}),
        (lambda task: Update(task=task, clear=frozenset({UpdateField.DUE_AT})), {"dueDate": ""}),
        (lambda task: Update(task=task, clear=frozenset({UpdateField.FOLLOW_UP_AT})), {"followUpDate": ""}),
        (lambda task: Update(task=task, clear=frozenset({UpdateField.CANDIDATE_USERS})), {"candidateUsers": []}),
        (
            lambda task: Update(
                task=task, due_at=DUE, clear=frozenset({UpdateField.FOLLOW_UP_AT, UpdateField.CANDIDATE_GROUPS})
            ),
            {"dueDate": "2031-05-06T07:08:00Z", "followUpDate": "", "candidateGroups": []},
        ),
    ],
)
async def test_only_what_changes_is_sent(
    command: Callable[[Task], Update], expected: dict[str, Any], task: Task, answering: Answering
) -> None:
    """By one request; an empty text resets a date, an empty list the candidates."""
    sent: Sent = []

    await answering(noting(sent, httpx2.Response(204))).perform(command(task))

    assert expected == changeset(sent)


async def test_an_update_leaves_the_rest_of_the_record_alone(task: Task, answering: Answering) -> None:
    """What was not named stays, also the owner."""
    owned = replace(task, assignees=(UserRef(native_id="bob"),), state=TaskState.RESERVED)
    connector = answering(lambda _: httpx2.Response(204))

    outcome = await connector.perform(
        Update(task=owned, due_at=DUE, clear=frozenset({UpdateField.FOLLOW_UP_AT, UpdateField.CANDIDATE_USERS}))
    )

    assert outcome.task == replace(
        owned,
        due_at=DUE,
        follow_up_at=None,
        candidate_users=(),
        rule="c8.created.assigned",
        fetched_at=outcome.task.fetched_at,
    )


async def test_an_updated_task_is_as_expected(connector: CamundaConnector) -> None:
    """The expected record is what the vendor shows afterwards."""
    page = await connector.list_tasks(TaskQuery(states=frozenset({TaskState.READY})), limit=100)
    task = next(each for each in page.items if each.pending_transition is None)

    outcome = await connector.perform(
        Update(
            task=task,
            due_at=DUE,
            priority=TaskPriority.CRITICAL,
            candidate_users=("bob",),
            clear=frozenset({UpdateField.FOLLOW_UP_AT, UpdateField.CANDIDATE_GROUPS}),
        )
    )

    after = (await connector.get_tasks([task.native_id]))[task.native_id]
    assert isinstance(after, Task)
    assert after.version == outcome.task.version
    assert (DUE, None, TaskPriority.CRITICAL, ()) == (
        after.due_at,
        after.follow_up_at,
        after.priority,
        after.candidate_groups,
    )


async def test_a_priority_is_written_by_the_configured_thresholds(
    task: Task, settings: CamundaSettings, answering: Answering
) -> None:
    """So that it is read as the label that was written."""
    options = settings.options.model_validate({"priority": {"low": 10, "medium": 20, "high": 90}})
    sent: Sent = []
    connector = answering(noting(sent, httpx2.Response(204)), settings.model_copy(update={"options": options}))

    outcome = await connector.perform(Update(task=task, priority=TaskPriority.HIGH))

    assert ({"priority": 90}, TaskPriority.HIGH, 90) == (
        changeset(sent),
        outcome.task.priority,
        outcome.task.priority_score,
    )


@pytest.mark.parametrize(
    ("command", "error", "field"),
    [
        (lambda task: Update(task=task), ValidationFailedError, ()),
        (
            lambda task: Update(task=task, clear=frozenset({UpdateField.PRIORITY})),
            ValidationFailedError,
            ("clear",),
        ),
        (
            lambda task: Update(task=task, due_at=DUE, clear=frozenset({UpdateField.DUE_AT})),
            ValidationFailedError,
            ("dueAt",),
        ),
        (lambda task: Update(task=task, title="Other"), UnsupportedActionError, None),
        (lambda task: Update(task=task, due_at=DUE, description="Other"), UnsupportedActionError, None),
        (
            lambda task: Update(task=task, due_at=DUE, options={"assignee": "bob"}),
            ValidationFailedError,
            ("options", "assignee"),
        ),
    ],
)
async def test_what_cannot_be_changed_is_refused_without_a_call(
    command: Callable[[Task], Update],
    error: type[ConnectorError],
    field: tuple[str, ...] | None,
    task: Task,
    answering: Answering,
) -> None:
    """Title and description stand in the model, a priority cannot be taken away."""
    sent: Sent = []

    with pytest.raises(error) as caught:
        await answering(noting(sent, httpx2.Response(204))).perform(command(task))

    assert (field, []) == (getattr(caught.value, "field", None), sent)


# To a group


@pytest.mark.parametrize(
    ("owner", "actor", "override", "calls"),
    [
        (None, None, False, ["PATCH"]),
        (None, "alice", True, ["PATCH", "DELETE"]),
        ("alice", "alice", False, ["PATCH", "DELETE"]),
        ("bob", "alice", True, ["PATCH", "DELETE"]),
    ],
)
async def test_a_group_comes_before_the_owner_goes(
    owner: str | None, actor: str | None, override: bool, calls: list[str], task: Task, answering: Answering
) -> None:
    """Nobody is taken off who is not known as the owner, unless override was sent."""
    sent: Sent = []
    owned = replace(task, assignees=(UserRef(native_id=owner),) if owner else ())
    connector = answering(noting(sent, httpx2.Response(204)))

    outcome = await connector.perform(
        Assign(
            task=owned,
            actor=None if actor is None else Identity(native_id=actor),
            group_id="sales",
            override=override,
        )
    )

    assert calls == [method for method, _, _ in sent]
    assert {"changeset": {"candidateGroups": ["sales"]}} == sent[0][2]
    assert (TaskState.READY, (), (GroupRef(native_id="sales"),), owned.candidate_users) == (
        outcome.task.state,
        outcome.task.assignees,
        outcome.task.candidate_groups,
        outcome.task.candidate_users,
    )


async def test_a_task_of_somebody_else_goes_to_no_group_without_override(task: Task, answering: Answering) -> None:
    """As for a user."""
    sent: Sent = []
    owned = replace(task, assignees=(UserRef(native_id="bob"),))

    with pytest.raises(AlreadyAssignedError):
        await answering(noting(sent, httpx2.Response(204))).perform(
            Assign(task=owned, actor=Identity(native_id="alice"), group_id="sales")
        )

    assert [] == sent


@pytest.mark.parametrize(
    ("first", "second", "error", "maybe_applied", "calls"),
    [
        (409, 204, ConflictError, False, 1),
        (504, 204, UpstreamTimeoutError, True, 1),
        (204, 409, ConflictError, True, 2),
        (204, 504, UpstreamTimeoutError, True, 2),
    ],
)
async def test_half_an_assignment_to_a_group_may_be_applied(
    first: int,
    second: int,
    error: type[ConnectorError],
    maybe_applied: bool,
    calls: int,
    task: Task,
    answering: Answering,
) -> None:
    """After the first write the new group stands, even where the second was refused: the owner still has the task."""
    sent: Sent = []
    owned = replace(task, assignees=(UserRef(native_id="alice"),))
    connector = answering(noting(sent, httpx2.Response(first), httpx2.Response(second)))

    with pytest.raises(error) as caught:
        await connector.perform(Assign(task=owned, actor=Identity(native_id="alice"), group_id="sales"))

    assert (maybe_applied, calls) == (caught.value.maybe_applied, len(sent))


async def test_a_task_given_to_a_group_is_as_expected(connector: CamundaConnector) -> None:
    """The expected record is what the vendor shows afterwards."""
    page = await connector.list_tasks(TaskQuery(states=frozenset({TaskState.RESERVED})), limit=100)
    task = next(each for each in page.items if each.pending_transition is None)

    outcome = await connector.perform(Assign(task=task, group_id="sales", override=True))

    after = (await connector.get_tasks([task.native_id]))[task.native_id]
    assert isinstance(after, Task)
    assert (TaskState.READY, (GroupRef(native_id="sales"),)) == (after.state, after.candidate_groups)
    assert after.version == outcome.task.version
