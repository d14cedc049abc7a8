"""A completion of two steps at UiPath's stand-in: the account takes the task over, then completes it."""

from pathlib import Path

import anyio
import pytest

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import Task, TaskRef, TaskState
from gateway.federation.traffic import CallContext, in_context
from gateway.federation.writes import undoing
from gateway.store import Evidence
from gateway.store.sqlite import SqliteJournal
from schema.ports import CompleteIntent, Operation
from tests.gateway.federation.writes.interrupted import APPLIED, NOT_APPLIED, Crash, VendorWorld, started, until

FORM, APP = TaskRef("uipath", "828-8144201"), TaskRef("uipath", "828-8144216")
DATA: dict[str, object] = {"iban": "DE89370400440532013000", "calledBack": True}
INTENTS = {FORM: CompleteIntent(outcome="Confirm", data=DATA), APP: CompleteIntent(outcome="approve", data={})}
COMPLETION, REASSIGNMENT = "POST .*/Complete(App)?Task", "POST .*ReassignTasks"
GIVEN_BACK = "assigned to the gateway's account and given back; not completed"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> VendorWorld:
    """A request may arrive 0.3 s late; a failed undo is tried again after 0.05 s."""
    monkeypatch.setattr(undoing, "FIRST_WAIT", 0.05)
    return VendorWorld("uipath", late_max=0.3, read_lag=0)


def late_after(world: VendorWorld, seconds: float) -> None:
    """How late a request may arrive, from now on."""
    world.connector.settings = world.connector.settings.model_copy(update={"late_max": seconds})


async def check_it_is_alices(world: VendorWorld, ref: TaskRef) -> None:
    """For the vendor, and she sees it."""
    shown, seen = await world.shown(ref), await world.seen("alice", ref)

    assert [world.native("alice")] == [owner.native_id for owner in shown.assignees]
    assert isinstance(seen, Task)
    assert seen.is_open


async def settled(world: VendorWorld, operation_id: str) -> Operation:
    """The write, once it is not UNKNOWN any more."""
    with anyio.fail_after(20):
        while True:
            found = await world.sources.operation(world.people["alice"], operation_id)
            if found is not None and found.status is not MutationStatus.UNKNOWN:
                return found
            await anyio.sleep(0.02)


@pytest.mark.parametrize("fault", [*NOT_APPLIED, "429"])
async def test_a_completion_that_fails_is_not_applied_and_the_task_goes_back(world: VendorWorld, fault: str) -> None:
    """Its owner sees it, the write is REJECTED, and what was done is told."""
    world.transport.plant(COMPLETION, fault)

    done = await world.write("alice", FORM, INTENTS[FORM])

    assert (MutationStatus.REJECTED, GIVEN_BACK, 1) == (done.status, done.effect, len(done.problems))
    assert ["assign", "assign"] == world.effects
    await check_it_is_alices(world, FORM)


@pytest.mark.parametrize("fault", APPLIED)
async def test_a_completion_whose_answer_is_lost_is_found_and_not_undone(world: VendorWorld, fault: str) -> None:
    """Nothing is sent after it."""
    world.transport.plant(COMPLETION, fault)

    done = await world.write("alice", FORM, INTENTS[FORM])

    assert (MutationStatus.APPLIED, TaskState.COMPLETED) == (done.status, done.task and done.task.state)
    assert ["assign", "complete"] == world.effects


async def test_a_refused_completion_is_undone(world: VendorWorld) -> None:
    """The caller gets the refusal."""
    world.transport.plant(COMPLETION, "refused")
    refused = await world.write("alice", FORM, INTENTS[FORM])

    assert refused.status is MutationStatus.REJECTED
    await check_it_is_alices(world, FORM)


async def test_of_an_app_task_it_is_not_known_whether_the_vendor_refuses_a_late_completion(world: VendorWorld) -> None:
    """The owner has it again, and the write stays UNKNOWN."""
    world.transport.plant(COMPLETION, "503")

    done = await world.write("alice", APP, INTENTS[APP])

    assert MutationStatus.UNKNOWN is done.status
    assert "assigned to the gateway's account and given back; not known whether completed" == done.effect
    await check_it_is_alices(world, APP)


async def test_a_completion_that_arrives_late_is_refused(world: VendorWorld) -> None:
    """The task can be completed again at once."""
    world.transport.plant(COMPLETION, "late")

    lost = await world.write("alice", FORM, INTENTS[FORM])
    late = await world.transport.deliver_late()
    nothing = list(world.effects)
    again = await world.write("alice", FORM, INTENTS[FORM])

    assert ["REJECTED", "APPLIED"] == [lost.status, again.status]
    assert ([400], ["assign", "assign"]) == (late, nothing)


async def test_while_a_completion_may_arrive_no_other_one_is_sent(world: VendorWorld) -> None:
    """The account must not have the task then: the late completion would be accepted."""
    world.transport.plant(COMPLETION, "late")
    other = CompleteIntent(outcome="Send back", data=DATA)

    late_after(world, 60)
    lost = await world.write("alice", FORM, INTENTS[FORM])
    again = await world.write("alice", FORM, other, key="k")
    late_after(world, 0)
    later = await world.write("alice", FORM, other, key="k")

    assert ["REJECTED", "REJECTED", "APPLIED"] == [lost.status, again.status, later.status]
    assert ["UPSTREAM_UNAVAILABLE"] == [problem.code for problem in again.problems]


async def test_a_completion_that_arrives_late_is_that_of_the_equal_write(world: VendorWorld) -> None:
    """Between the steps of the second one, whose own completion is refused then. One effect, one write APPLIED."""
    world.transport.plant(COMPLETION, "late", "late ones first")
    late_after(world, 30)
    async with started(world):
        lost = await world.write("alice", FORM, INTENTS[FORM])
        again = await world.write("alice", FORM, INTENTS[FORM], key="second")
        ended = await settled(world, again.operation_id)
        replayed = await world.write("alice", FORM, INTENTS[FORM], key="second")

    assert (MutationStatus.APPLIED, None) == (replayed.status, replayed.effect)
    assert ["REJECTED", "UNKNOWN", "APPLIED"] == [lost.status, again.status, ended.status]
    assert ["assign", "assign", "assign", "complete"] == world.effects


@pytest.mark.parametrize("fault", [*NOT_APPLIED, *APPLIED, "429"])
async def test_without_a_take_over_nothing_is_completed(world: VendorWorld, fault: str) -> None:
    """REJECTED, whatever became of the take-over; if it was applied, it is undone."""
    world.transport.plant(REASSIGNMENT, fault)

    done = await world.write("alice", FORM, INTENTS[FORM])

    assert "complete" not in world.effects or fault in APPLIED
    if fault in APPLIED:
        assert (MutationStatus.APPLIED, ["assign", "complete"]) == (done.status, world.effects)
        return
    assert (MutationStatus.REJECTED, []) == (done.status, world.effects)
    await check_it_is_alices(world, FORM)


async def test_a_take_over_that_arrives_late_is_undone_in_the_background(world: VendorWorld) -> None:
    """Its owner has lost the task for a moment only."""
    world.transport.plant(REASSIGNMENT, "late")
    async with started(world):
        done = await world.write("alice", FORM, INTENTS[FORM])
        await world.transport.deliver_late()
        await until(lambda: world.effects == ["assign", "assign"])

    assert MutationStatus.REJECTED is done.status
    assert "not known whether assigned to the gateway's account; not completed" == done.effect
    await check_it_is_alices(world, FORM)


@pytest.mark.parametrize("fault", [*NOT_APPLIED, "refused"])
async def test_an_undo_that_fails_is_told_and_tried_again(world: VendorWorld, fault: str) -> None:
    """In the background, until the owner has the task again. Then it is known that the task was not completed."""
    world.transport.plant(COMPLETION, "503")
    world.transport.plant(REASSIGNMENT, "none", fault, fault)
    async with started(world):
        done = await world.write("alice", FORM, INTENTS[FORM])
        taken = list(world.effects)
        ended = await settled(world, done.operation_id)

    assert MutationStatus.UNKNOWN is done.status
    assert "assigned to the gateway's account, will be given back; not known whether completed" == done.effect
    assert (["assign"], MutationStatus.REJECTED) == (taken, ended.status)
    await check_it_is_alices(world, FORM)


@pytest.mark.parametrize(
    ("killed_at", "effects"),
    [(REASSIGNMENT, []), (COMPLETION, ["assign", "assign"]), (f"{REASSIGNMENT} applied", ["assign", "assign"])],
)
async def test_a_gateway_that_ends_between_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str, effects: list[str]
) -> None:
    """The next one gives the task back, and completes nothing. The write is REJECTED."""
    monkeypatch.setattr(undoing, "FIRST_WAIT", 0.05)
    journal = SqliteJournal(tmp_path / "journal")
    world = VendorWorld("uipath", journal, late_max=0.3, read_lag=0)
    world.transport.plant(killed_at.removesuffix(" applied"), "kill after" if "applied" in killed_at else "kill")
    with pytest.raises(Crash):
        await world.write("alice", FORM, INTENTS[FORM], key="k")
    world.gateway()
    async with started(world):
        await until(lambda: not world.undos)
        again = await world.write("alice", FORM, INTENTS[FORM], key="k")

    assert (effects, MutationStatus.REJECTED) == (world.effects, again.status)
    await check_it_is_alices(world, FORM)
    journal.close()


async def test_a_task_that_another_person_has_by_now_is_not_taken_from_them(world: VendorWorld) -> None:
    """An admin assigns it to bob at the vendor while the completion fails."""
    task = await world.shown(FORM)
    world.transport.plant(COMPLETION, "meanwhile")
    world.transport.meanwhile = lambda: world.assign(task, "bob")

    done = await world.write("alice", FORM, INTENTS[FORM])
    shown = await world.shown(FORM)

    assert MutationStatus.UNKNOWN is done.status
    assert [world.native("bob")] == [owner.native_id for owner in shown.assignees]


async def test_a_journal_that_fails_between_the_steps(world: VendorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The completion is not sent, and the task goes back as soon as the journal can be written."""
    mark, marked = world.journal.mark_sent, []

    async def failing(operation_id: str, evidence: Evidence | None = None) -> int:
        marked.append(evidence)
        if len(marked) in {2, 3}:
            raise GatewayUnavailableError("the disk is full")
        return await mark(operation_id, evidence)

    monkeypatch.setattr(world.journal, "mark_sent", failing)
    async with started(world):
        done = await world.write("alice", FORM, INTENTS[FORM])
        await until(lambda: world.effects == ["assign", "assign"])

    assert (MutationStatus.REJECTED, ["GATEWAY_UNAVAILABLE"]) == (done.status, [each.code for each in done.problems])
    assert "assigned to the gateway's account, will be given back; not completed" == done.effect
    await check_it_is_alices(world, FORM)


async def test_a_write_without_time_is_undone_in_the_background(world: VendorWorld) -> None:
    """Its request has ended with UNKNOWN before the completion was answered."""
    world.transport.plant(COMPLETION, "hang")
    async with started(world):
        with in_context(CallContext(operation="test").with_deadline(3.0)):
            done = await world.write("alice", FORM, INTENTS[FORM])
        ended = await settled(world, done.operation_id)

    assert MutationStatus.UNKNOWN is done.status
    assert "assigned to the gateway's account; not known whether completed" == done.effect
    assert MutationStatus.REJECTED is ended.status
    await check_it_is_alices(world, FORM)


async def test_without_an_account_of_its_own_the_gateway_waits_for_the_person(world: VendorWorld) -> None:
    """Their next request brings the token that the undo needs."""
    world.transport.plant(COMPLETION, "refused")
    world.transport.plant(REASSIGNMENT, "none", "503")
    await world.write("alice", FORM, INTENTS[FORM])
    world.connector.settings = world.connector.settings.model_copy(update={"acts_as": "viewer"})
    async with started(world):
        await anyio.sleep(0.2)
        waiting = list(world.effects)
        with in_context(CallContext(operation="test", caller=world.people["alice"], token="alice's")):
            await world.seen("alice", FORM)
            await until(lambda: world.effects == ["assign", "assign"])

    assert ["assign"] == waiting
