"""Writes of two steps at the stand-ins: a claim before a completion, and Camunda's assignment to a group."""

from pathlib import Path

import anyio
import pytest

from connectors.sdk.commands import MutationStatus
from connectors.sdk.model import NativeRef, Task, TaskState
from gateway.federation.writes import undoing
from gateway.store.sqlite import SqliteJournal
from schema.ports import AssignIntent, CompleteIntent, UpdateIntent
from tests.gateway.federation.writes.interrupted import APPLIED, NOT_APPLIED, VendorWorld, started, until

CLAIM = {"camunda": "POST /v2/user-tasks/[0-9]+/assignment", "geotareas": "POST .*/reassign"}
COMPLETION = {"camunda": "POST /v2/user-tasks/[0-9]+/completion", "geotareas": "POST .*/complete"}
REGROUPING, UNASSIGNMENT = "PATCH /v2/user-tasks/[0-9]+", "DELETE /v2/user-tasks/[0-9]+/assignee"
# A free task of alice's group with a form.
COMPLETE = {
    "camunda": CompleteIntent(data={"decision": "approved"}, claim_if_needed=True),
    "geotareas": CompleteIntent(outcome="approved", data={"contact_verified": True}, claim_if_needed=True),
}
FIELD = {"camunda": "approve_invoice", "geotareas": "Verify Contact Information"}


async def free(world: VendorWorld) -> Task:
    """A task that alice may claim and complete."""
    groups = set(world.people["alice"].identities[world.vendor].groups)
    for task in await world.open_tasks():
        key = "" if task.definition is None else task.definition.key or ""
        mine = groups & {group.native_id for group in task.candidate_groups or ()}
        if mine and not task.assignees and key.endswith(FIELD[world.vendor]):
            return task
    raise LookupError


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost answer is looked for once only."""
    monkeypatch.setattr("gateway.federation.writes.lost_answer.PAUSES", (0.0,))
    monkeypatch.setattr(undoing, "FIRST_WAIT", 0.05)


@pytest.mark.parametrize("vendor", COMPLETION)
async def test_a_refused_completion_leaves_the_claim(vendor: str, patient: None) -> None:
    """It was asked for. The answer tells that it was done, and shows it; the same key completes the task."""
    world = VendorWorld(vendor)
    task, alice = await free(world), world.native("alice")
    world.transport.plant(COMPLETION[vendor], "429")
    done = await world.write("alice", task.ref, COMPLETE[vendor], key="k")
    again = await world.write("alice", task.ref, COMPLETE[vendor], key="k")

    assert (MutationStatus.REJECTED, "claimed; not completed") == (done.status, done.effect)
    assert ["RATE_LIMITED"] == [problem.code for problem in done.problems]
    assert done.task is not None
    assert (TaskState.RESERVED, [alice]) == (done.task.state, [owner.native_id for owner in done.task.assignees])
    assert (MutationStatus.APPLIED, 2) == (again.status, len(world.effects))


@pytest.mark.parametrize("fault", NOT_APPLIED)
@pytest.mark.parametrize("vendor", COMPLETION)
async def test_an_unclear_completion_tells_that_the_task_is_claimed(vendor: str, fault: str, patient: None) -> None:
    """It may still be applied."""
    world = VendorWorld(vendor)
    task = await free(world)
    world.transport.plant(COMPLETION[vendor], fault)
    done = await world.write("alice", task.ref, COMPLETE[vendor])

    assert (MutationStatus.UNKNOWN, "claimed; not known whether completed") == (done.status, done.effect)
    assert done.task is not None
    assert (TaskState.RESERVED, 1) == (done.task.state, len(world.effects))


@pytest.mark.parametrize("fault", APPLIED)
@pytest.mark.parametrize("vendor", COMPLETION)
async def test_without_an_answer_to_the_claim_nothing_is_completed(vendor: str, fault: str, patient: None) -> None:
    """Unless a read proves that the claim was applied: then the completion is sent."""
    world = VendorWorld(vendor)
    task = await free(world)
    world.transport.plant(CLAIM[vendor], fault)
    found = await world.write("alice", task.ref, COMPLETE[vendor])
    other = await free(world)
    world.transport.plant(CLAIM[vendor], "503")
    lost = await world.write("alice", other.ref, COMPLETE[vendor])

    assert (MutationStatus.APPLIED, 2) == (found.status, len(world.effects))
    assert (MutationStatus.REJECTED, "not known whether claimed; not completed") == (lost.status, lost.effect)
    assert TaskState.READY is (await world.shown(other.ref)).state


async def owned(world: VendorWorld) -> Task:
    task = await free(world)
    await world.assign(task, "bob")
    return await world.shown(task.ref)


TO_SALES = AssignIntent(group=NativeRef("camunda", "sales"), override=True)


def groups(task: Task) -> list[str]:
    return [group.native_id for group in task.candidate_groups or ()]


@pytest.mark.parametrize("fault", ["429", "refused"])
async def test_groups_are_put_back_if_the_owner_is_not_removed(fault: str, patient: None) -> None:
    """The vendor has refused that: nothing of the assignment is left."""
    world = VendorWorld("camunda")
    task = await owned(world)
    world.transport.plant(UNASSIGNMENT, fault)
    done = await world.write("carol", task.ref, TO_SALES)
    shown = await world.shown(task.ref)

    assert "candidate groups replaced and put back; not taken from its owner" == done.effect
    assert (MutationStatus.REJECTED, task.version) == (done.status, shown.version)


async def test_groups_are_put_back_once_a_late_removal_cannot_arrive_any_more(patient: None) -> None:
    """Before, both together could take the task from its owner without giving it to the group."""
    world = VendorWorld("camunda", late_max=0.3, read_lag=0)
    task = await owned(world)
    world.transport.plant(UNASSIGNMENT, "503")
    async with started(world):
        done = await world.write("carol", task.ref, TO_SALES)
        at_once = await world.shown(task.ref)
        await until(lambda: not world.undos)
    shown = await world.shown(task.ref)

    assert "candidate groups replaced, will be put back; not known whether taken from its owner" == done.effect
    assert (MutationStatus.UNKNOWN, ["sales"], groups(task)) == (done.status, groups(at_once), groups(shown))
    assert task.assignees == at_once.assignees == shown.assignees


async def test_a_removal_that_arrives_late_is_what_was_asked_for(patient: None) -> None:
    """Nothing is put back."""
    world = VendorWorld("camunda", late_max=0.3, read_lag=0)
    task = await owned(world)
    world.transport.plant(UNASSIGNMENT, "late")
    async with started(world):
        done = await world.write("carol", task.ref, TO_SALES)
        await world.transport.deliver_late()
        await until(lambda: not world.undos)
    shown = await world.shown(task.ref)

    assert MutationStatus.UNKNOWN is done.status
    assert (["sales"], ()) == (groups(shown), shown.assignees)


async def test_without_the_groups_the_owner_is_not_removed(patient: None) -> None:
    """The first step was not applied, so nothing is undone either."""
    world = VendorWorld("camunda")
    task = await owned(world)
    world.transport.plant(REGROUPING, "503")
    done = await world.write("carol", task.ref, TO_SALES)
    shown = await world.shown(task.ref)

    assert "not known whether candidate groups replaced; not taken from its owner" == done.effect
    assert (MutationStatus.REJECTED, task.version) == (done.status, shown.version)


async def test_another_gateway_undoes_no_step_of_a_write_that_runs(tmp_path: Path, patient: None) -> None:
    """It starts between the two steps. The second may arrive late: it would find the groups put back."""
    world = VendorWorld("camunda", SqliteJournal(tmp_path / "journal"))
    task = await owned(world)
    first = world.sources
    world.journal = SqliteJournal(tmp_path / "journal")
    second = world.gateway()
    world.sources = first

    async def start() -> None:
        await second.start()
        await anyio.sleep(0.05)

    world.transport.meanwhile = start
    world.transport.plant(REGROUPING, "first")
    world.transport.plant(UNASSIGNMENT, "late")
    done = await world.write("carol", task.ref, TO_SALES)
    await anyio.sleep(0.3)
    await world.transport.deliver_late()
    found = await first.operation(world.people["carol"], done.operation_id)
    shown = await world.shown(task.ref)
    await second.stop()

    assert found is not None
    assert (MutationStatus.UNKNOWN, MutationStatus.UNKNOWN) == (done.status, found.status)
    assert (["sales"], ()) == (groups(shown), shown.assignees)


@pytest.mark.parametrize(("fault", "is_added"), [("before", False), ("after", True)])
async def test_the_entry_of_the_first_step_does_not_prove_the_second(
    fault: str, patient: None, *, is_added: bool
) -> None:
    """Both are updates of one account, and the history shows an entry for either."""
    world = VendorWorld("camunda7", exclusive_account=True)
    task = next(
        each
        for each in await world.open_tasks()
        if each.state is not TaskState.SUSPENDED and "sales" not in groups(each)
    )
    wanted = tuple(NativeRef("camunda7", each) for each in (*groups(task), "sales"))
    world.transport.plant("POST .*/identity-links", fault)
    done = await world.write("carol", task.ref, UpdateIntent(title="New", candidate_groups=wanted))
    shown = await world.shown(task.ref)

    assert MutationStatus.UNKNOWN is done.status
    assert ("New", is_added) == (shown.title, "sales" in groups(shown))
