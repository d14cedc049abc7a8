"""Writes to a real engine: with other people, with listeners, and with delays."""

import asyncio
import time

import pytest

from connectors.camunda import CamundaConnector
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Assign, CancelFlow, Claim, Complete, MutationStatus, Update
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    UpstreamTimeoutError,
)
from connectors.sdk.model import FlowState, PendingTransition, TaskPriority, TaskState
from connectors.sdk.testing import carried_out, read, read_flow
from tests.real.cluster import TIMEOUT_S, Cluster, until

DENIAL = "the four-eyes rule was not kept"


async def test_of_two_people_who_claim_at_once_one_wins(
    cluster: Cluster, hasty: CamundaConnector, alice: Identity, bob: Identity
) -> None:
    """The other gets an error. Ten times, with ten tasks."""

    async def outcome(claim: Claim) -> str | type[ConnectorError]:
        try:
            await hasty.perform(claim)
        except ConnectorError as error:
            return type(error)
        assert claim.actor is not None
        return claim.actor.native_id

    for _ in range(10):
        task = await read(hasty, await cluster.task("expense-report"))
        outcomes = await asyncio.gather(*(outcome(Claim(task=task, actor=person)) for person in (alice, bob)))
        [winner] = [each for each in outcomes if isinstance(each, str)]
        row = await until(lambda key=task.native_id: cluster.row(key), lambda row: row["assignee"])  # type: ignore[misc]

        assert AlreadyAssignedError in outcomes
        assert winner == row["assignee"]


async def test_a_second_completion_is_a_conflict(cluster: Cluster, hasty: CamundaConnector, alice: Identity) -> None:
    """Before and after reads show the first one."""
    task = await read(hasty, await cluster.task("expense-report"))
    await hasty.perform(Complete(task=task, actor=alice))
    with pytest.raises(ConflictError) as at_once:
        await hasty.perform(Complete(task=task, actor=alice))
    await cluster.row_in(task.native_id, "COMPLETED")
    with pytest.raises(ConflictError) as later:
        await hasty.perform(Complete(task=task, actor=alice))

    assert [False, False] == [caught.value.maybe_applied for caught in (at_once, later)]


async def test_a_command_that_waits_too_long_for_a_listener_stays_accepted(
    cluster: Cluster, hasty: CamundaConnector, alice: Identity
) -> None:
    """The answer is 504. The task is pending until the listener is done, and then completed."""
    task = await read(hasty, await cluster.task("task-listeners", "slow_completion"))
    began = time.monotonic()
    with pytest.raises(UpstreamTimeoutError) as caught:
        await hasty.perform(Complete(task=task, actor=alice))
    waited = time.monotonic() - began
    await cluster.row_in(task.native_id, "COMPLETING")
    pending = await read(hasty, task.native_id)
    with pytest.raises(ConflictError, match="COMPLETING"):
        await hasty.perform(Complete(task=task, actor=alice))
    await cluster.play("slow_completion")
    await cluster.row_in(task.native_id, "COMPLETED")

    assert (504, True) == (caught.value.native_status, caught.value.maybe_applied)
    assert waited < TIMEOUT_S
    assert (TaskState.READY, PendingTransition.COMPLETE) == (pending.state, pending.pending_transition)
    assert TaskState.COMPLETED is (await read(hasty, task.native_id)).state


@pytest.mark.parametrize("element", ["denied_assignment", "denied_update", "denied_completion"])
async def test_a_denial_is_a_conflict_with_its_reason(
    cluster: Cluster, hasty: CamundaConnector, alice: Identity, element: str
) -> None:
    """After that the task takes commands again."""
    task = await read(hasty, await cluster.task("task-listeners", element))
    command = {
        "denied_assignment": Claim(task=task, actor=alice),
        "denied_update": Update(task=task, actor=alice, priority=TaskPriority.CRITICAL),
        "denied_completion": Complete(task=task, actor=alice),
    }[element]
    sent = asyncio.create_task(hasty.perform(command))
    await cluster.play(element, denial=DENIAL)
    with pytest.raises(ConflictError, match=DENIAL) as caught:
        await sent
    row = await cluster.row_in(task.native_id, "CREATED")

    assert not caught.value.maybe_applied
    assert (None, 50) == (row["assignee"], row["priority"])


async def test_an_assignment_to_a_group_replaces_owner_and_candidates(
    cluster: Cluster, connector: CamundaConnector, alice: Identity
) -> None:
    """The task has no owner, and this group is its only candidate."""
    task = await read(connector, await cluster.task("expense-report"))
    claimed = (await connector.perform(Claim(task=task, actor=alice))).task
    await carried_out(connector, Assign(task=claimed, actor=alice, group_id="legal", override=True))
    row = await until(lambda: cluster.row(task.native_id), lambda row: not row["assignee"])

    assert (["legal"], "CREATED") == (row["candidateGroups"], row["state"])


async def test_canceling_a_flow_ends_it_with_its_tasks(
    cluster: Cluster, connector: CamundaConnector, alice: Identity
) -> None:
    """A second cancel is a conflict."""
    instance = await cluster.start("customer-onboarding")
    key = str((await cluster.tasks(instance))[0]["userTaskKey"])
    flow = await read_flow(connector, instance)
    outcome = await connector.perform_on_flow(CancelFlow(flow=flow, actor=alice))
    with pytest.raises(ConflictError):
        await connector.perform_on_flow(CancelFlow(flow=flow, actor=alice))

    assert MutationStatus.APPLIED is outcome.status
    assert FlowState.CANCELED is (await read_flow(connector, instance)).state
    assert TaskState.CANCELED is (await read(connector, key)).state


async def test_a_key_of_no_partition_is_unavailable(cluster: Cluster) -> None:
    """The answer differs from the one for an ended task."""
    answer = await cluster.client.post("/user-tasks/4611686018427387904/completion", json={})

    assert (503, "UNAVAILABLE") == (answer.status_code, answer.json()["title"])
