"""Updates: what is sent, and the record afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.commands import Update, UpdateField
from connectors.sdk.errors import (
    ConnectorError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskPriority, TaskState, UserRef
from connectors.sdk.query import TaskQuery

Answering = Callable[..., CamundaConnector]
Sent = list[tuple[str, str, Any]]

DUE = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)


def noting(sent: Sent, *answers: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    """Gives the answers in this order, and the last one again and again."""

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
    """In one request. An empty text removes a date, an empty list the candidates."""
    sent: Sent = []

    await answering(noting(sent, httpx2.Response(204))).perform(command(task))

    assert expected == changeset(sent)


async def test_an_action_alone_is_an_update(task: Task, answering: Answering) -> None:
    """The vendor takes it without a changeset: task listeners see it."""
    bodies: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.content)
        return httpx2.Response(204)

    await answering(answer).perform(Update(task=task, options={"action": "escalate"}))

    assert [b'{"action":"escalate"}'] == bodies


async def test_an_update_does_not_change_other_members(task: Task, answering: Answering) -> None:
    """The owner stays, too."""
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


async def test_the_record_after_an_update(connector: CamundaConnector) -> None:
    """It is the record that the vendor shows afterwards."""
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
    """So it is read as the priority that was written."""
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
        (lambda task: Update(task=task, options={"action": ""}), ValidationFailedError, ("options", "action")),
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
async def test_an_impossible_update_is_refused_without_a_call(
    command: Callable[[Task], Update],
    error: type[ConnectorError],
    field: tuple[str, ...] | None,
    task: Task,
    answering: Answering,
) -> None:
    """Title and description are part of the process; a priority cannot be cleared."""
    sent: Sent = []

    with pytest.raises(error) as caught:
        await answering(noting(sent, httpx2.Response(204))).perform(command(task))

    assert (field, []) == (getattr(caught.value, "field", None), sent)
