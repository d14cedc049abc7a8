"""The table of states, except for FAILED, which only tasks of job workers have, and SUSPENDED, which needs server 8.10."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.camunda import CamundaConnector
from connectors.sdk.model import DetailAspect, FormFieldType, FormKind, PendingTransition, Task, TaskState
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import read
from tests.real.cluster import Cluster

DUE = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
FOLLOW_UP = datetime(2031, 5, 1, 7, 8, tzinfo=UTC)

# The element with a slow listener, the command that waits for it, and the task's state during that time.
DELAYED: tuple[tuple[str, str, str, Mapping[str, Any] | None, str, PendingTransition], ...] = (
    ("slow_assignment", "POST", "/assignment", {"assignee": "alice"}, "ASSIGNING", PendingTransition.ASSIGN),
    ("slow_update", "PATCH", "", {"changeset": {"priority": 90}}, "UPDATING", PendingTransition.UPDATE),
    ("slow_completion", "POST", "/completion", {}, "COMPLETING", PendingTransition.COMPLETE),
)


async def begun(cluster: Cluster, element: str) -> str:
    return await cluster.task("task-listeners", element)


def seen(task: Task) -> tuple[TaskState, PendingTransition | None]:
    return task.state, task.pending_transition


async def test_an_unassigned_task_is_ready_and_an_assigned_one_reserved(
    cluster: Cluster, connector: CamundaConnector
) -> None:
    """Both are CREATED."""
    instance = await cluster.start("approval", due=DUE.isoformat(), followUp=FOLLOW_UP.isoformat(), urgency=90)
    rows = {row["elementId"]: row["userTaskKey"] for row in await cluster.tasks(instance, 2)}

    assert (TaskState.READY, None) == seen(await read(connector, rows["approve"]))
    assert (TaskState.RESERVED, None) == seen(await read(connector, rows["check"]))


async def test_a_task_has_the_values_of_its_process(cluster: Cluster, connector: CamundaConnector) -> None:
    """Candidates, due and follow-up dates, priority and form, for two parallel tasks."""
    instance = await cluster.start("approval", due=DUE.isoformat(), followUp=FOLLOW_UP.isoformat(), urgency=90)
    rows = {row["elementId"]: row["userTaskKey"] for row in await cluster.tasks(instance, 2)}
    task, beside = await read(connector, rows["approve"]), await read(connector, rows["check"])
    detail = await connector.get_detail(task, {DetailAspect.FORM, DetailAspect.DATA})
    outside = await connector.get_detail(beside, {DetailAspect.FORM})

    assert ["accounting", "legal"] == sorted(group.native_id for group in task.candidate_groups or ())
    assert ["alice"] == [user.native_id for user in task.candidate_users or ()]
    assert (DUE, FOLLOW_UP, instance) == (task.due_at, task.follow_up_at, task.flow_id)
    assert ("Approve request", "approval/approve") == (task.title, task.definition and task.definition.key)
    assert detail.form is not None
    assert FormKind.VENDOR_SCHEMA is detail.form.kind
    assert [FormFieldType.BOOLEAN, FormFieldType.INTEGER] == [field.type for field in detail.form.fields]
    assert isinstance(detail.data, dict)
    assert 90 == detail.data["urgency"]
    assert outside.form is not None
    assert "https://forms.example.com/check" == outside.form.url


@pytest.mark.parametrize(("element", "method", "path", "body", "state", "pending"), DELAYED)
async def test_a_slow_listener_is_a_pending_transition(
    cluster: Cluster,
    connector: CamundaConnector,
    element: str,
    method: str,
    path: str,
    body: Mapping[str, Any] | None,
    state: str,
    pending: PendingTransition,
) -> None:
    """The task keeps its state until the listener is done."""
    key = await begun(cluster, element)
    command = asyncio.create_task(cluster.client.request(method, f"/user-tasks/{key}{path}", json=body))
    await cluster.row_in(key, state)
    meanwhile = await read(connector, key)
    await cluster.play(element)
    answer = await command

    assert (TaskState.READY, pending) == seen(meanwhile)
    assert 204 == answer.status_code


async def test_a_task_whose_creation_is_delayed_is_created(cluster: Cluster, connector: CamundaConnector) -> None:
    """It is CREATING, and not in lists of open tasks."""
    instance = await cluster.start("slow-creation")
    key = await cluster.key_in(instance, "CREATING")
    meanwhile = await read(connector, key)
    await cluster.play("slow_creation")
    await cluster.row_in(key, "CREATED")

    assert (TaskState.CREATED, PendingTransition.CREATE) == seen(meanwhile)
    assert (TaskState.READY, None) == seen(await read(connector, key))


async def test_a_task_whose_cancelation_is_delayed_is_still_open(cluster: Cluster, connector: CamundaConnector) -> None:
    """It is CANCELING, then CANCELED."""
    instance = await cluster.start("slow-cancellation")
    key = str((await cluster.tasks(instance))[0]["userTaskKey"])
    command = asyncio.create_task(cluster.client.post(f"/process-instances/{instance}/cancellation", json={}))
    await cluster.row_in(key, "CANCELING")
    meanwhile = await read(connector, key)
    await cluster.play("slow_cancellation")
    await command
    await cluster.row_in(key, "CANCELED")

    assert (TaskState.READY, PendingTransition.CANCEL) == seen(meanwhile)
    assert (TaskState.CANCELED, None) == seen(await read(connector, key))


async def test_a_completed_task_and_one_whose_flow_was_canceled_are_closed(
    cluster: Cluster, connector: CamundaConnector
) -> None:
    """Each is in the list of its state."""
    done, instance = await cluster.task("expense-report"), await cluster.start("expense-report")
    canceled = str((await cluster.tasks(instance))[0]["userTaskKey"])
    await cluster.client.post(f"/user-tasks/{done}/completion", json={})
    await cluster.client.post(f"/process-instances/{instance}/cancellation", json={})
    await cluster.row_in(done, "COMPLETED")
    await cluster.row_in(canceled, "CANCELED")
    listed = {
        state: {
            task.native_id
            for task in (
                await connector.list_tasks(
                    connector.pushdown(TaskQuery(states=frozenset({state}), ids=frozenset({key}))), limit=5
                )
            ).items
        }
        for state, key in ((TaskState.COMPLETED, done), (TaskState.CANCELED, canceled))
    }

    assert (TaskState.COMPLETED, None) == seen(await read(connector, done))
    assert (TaskState.CANCELED, None) == seen(await read(connector, canceled))
    assert {TaskState.COMPLETED: {done}, TaskState.CANCELED: {canceled}} == listed
