"""A gateway over LittleHorse's stand-in, which behaves as a real bridge did: the account, one person's token, slow rows."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from connectors.sdk.capability import Support
from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.model import Task, TaskRef
from gateway.federation.traffic import BreakerState
from sandbox.littlehorse.directory import SUBGROUP, WITHOUT_VIEW_USERS
from sandbox.littlehorse.errors import RefusalError
from sandbox.littlehorse.records import TaskRun
from schema.ports import (
    ClaimIntent,
    CompleteIntent,
    InboxScope,
    SourceStatus,
)
from tests.gateway.bridge import INVOICE, KEY, Bridge, opened, ref_of

# The account


async def test_an_account_without_user_id_is_offered_no_completion() -> None:
    """From the start on: in the capabilities of the source, among the permitted actions, and by the mutation."""
    async with opened() as bridge:
        await bridge.source.start(within=5)
        ref = ref_of(bridge.one(**INVOICE))
        task = await bridge.task("alice", ref)
        assert isinstance(task, Task)
        verdicts = {one.action: one for one in bridge.gateway.verdicts(bridge.caller("alice"), task)}
        described = {one.action: one for one in bridge.source.info().capabilities}
        result = await bridge.write("alice", ref, CompleteIntent(data={"approved": True}, claim_if_needed=True))

        assert Support.UNSUPPORTED is described[TaskAction.COMPLETE].support
        assert Support.EMULATED is described[TaskAction.CLAIM].support
        assert not verdicts[TaskAction.COMPLETE].allowed
        assert verdicts[TaskAction.CLAIM].allowed
        for told in (described[TaskAction.COMPLETE].note, verdicts[TaskAction.COMPLETE].reason):
            assert "e-mail address" in (told or "")
        assert (MutationStatus.REJECTED, "CAPABILITY_NOT_SUPPORTED") == (result.status, result.problems[0].code)
        assert "UNASSIGNED" == bridge.stand_in.bridge.kernel.current(bridge.one(**INVOICE).key).status


async def test_an_account_that_was_set_up_completes() -> None:
    """As README.md of the connector says it."""
    async with opened() as bridge:
        bridge.stand_in.set_up()
        await bridge.source.start(within=5)
        run = bridge.one(**INVOICE)
        result = await bridge.write("alice", ref_of(run), CompleteIntent(data={"approved": True}, claim_if_needed=True))

        assert MutationStatus.APPLIED is result.status
        assert "DONE" == bridge.stand_in.bridge.kernel.current(run.key).status


async def test_what_the_person_completed_stays_theirs() -> None:
    """The kernel names the account; the person sees the task as they left it, and a second completion is told so."""
    async with opened() as bridge:
        bridge.stand_in.set_up()
        run = bridge.one(status="ASSIGNED", user="alice@example.com", group=None)
        data: dict[str, object] = {field.name: field.samples[0] for field in run.form.fields}
        first = await bridge.write("alice", ref_of(run), CompleteIntent(data=data))
        shown = await bridge.task("alice", ref_of(run))
        second = await bridge.write("alice", ref_of(run), CompleteIntent(data=data))

        assert MutationStatus.APPLIED is first.status
        assert isinstance(shown, Task)
        assert "alice" == getattr(shown.completed_by, "name", None)
        assert (MutationStatus.REJECTED, "INVALID_STATE") == (second.status, second.problems[0].code)


# Lists


@pytest.mark.slow
async def test_a_list_that_does_not_fit_in_its_time_is_complete_in_the_end() -> None:
    """Each question goes on where the last one stopped, and the gateway reads on by itself."""
    async with opened(deadline=0.5, options={"tenant": "default", "definitions": ["approve-invoice"]}) as bridge:
        bridge.stand_in.settings.row_ms = 8
        few(bridge, 100)
        first = await bridge.inbox("alice")
        shown = [len(first.edges)]
        for _ in range(20):
            await asyncio.sleep(0.1)
            page = await bridge.inbox("alice")
            shown.append(len(page.edges))
            if page.is_complete:
                break

        assert not first.is_complete
        assert shown == sorted(shown)
        assert (True, 100) == (page.is_complete, shown[-1])
        assert SourceStatus.OK is bridge.source.status


def few(bridge: Bridge, number: int) -> None:
    """Only so many tasks, all of them alice's and of one definition."""
    kernel = bridge.stand_in.bridge.kernel
    some = bridge.one(definition="approve-invoice")
    kernel.__init__(  # type: ignore[misc]
        [
            TaskRun(
                f"{place:032x}", "0-1", some.definition, "ASSIGNED", "alice@example.com", None, "", some.scheduled_at
            )
            for place in range(number)
        ],
        seed=7,
        clock=bridge.stand_in.clock,
    )


async def test_the_inbox_has_tasks_of_a_group_that_the_directory_lacks() -> None:
    """Claiming one in the account's name is refused in advance."""
    async with opened() as bridge:
        page = await bridge.inbox("bob", InboxScope.CLAIMABLE)
        task = next(edge.task for edge in page.edges if SUBGROUP in groups_of(edge.task))
        [verdict] = bridge.gateway.verdicts(bridge.caller("bob"), task, [TaskAction.CLAIM])
        result = await bridge.write("bob", task.ref, ClaimIntent())

        assert page.is_complete
        assert (False, True) == (verdict.allowed, "directory" in (verdict.reason or ""))
        assert ("CAPABILITY_NOT_SUPPORTED", None) == (result.problems[0].code, result.problems[0].field)


def groups_of(task: Task) -> set[str]:
    return {group.native_id for group in task.candidate_groups or ()}


# Lost races


@pytest.mark.parametrize("intent", [ClaimIntent(), CompleteIntent(data={"approved": True})])
async def test_a_task_that_a_colleague_took_is_told_as_taken(intent: Any) -> None:
    """To a person who has just seen it. The bridge refuses their token, and shows no more: the answer has no task, and a read finds none."""
    async with opened("viewer") as bridge:
        run = bridge.one(**INVOICE)
        await bridge.inbox("alice", InboxScope.CLAIMABLE)
        bridge.stand_in.bridge.kernel.claim(run.key, "bob@example.com", override=False)
        result = await bridge.write("alice", ref_of(run), intent)

        assert (MutationStatus.REJECTED, "ALREADY_ASSIGNED", None) == (
            result.status,
            result.problems[0].code,
            result.task,
        )
        assert await bridge.task("alice", ref_of(run)) is None


async def test_a_claim_that_is_lost_meanwhile_shows_no_old_task() -> None:
    """The task that was read before the claim is not what is there now."""
    async with opened("viewer") as bridge:
        run = bridge.one(**INVOICE)
        kernel = bridge.stand_in.bridge.kernel
        bridge.stand_in.variant.meanwhile = lambda: kernel.claim(run.key, "bob@example.com", override=False)
        result = await bridge.write("alice", ref_of(run), ClaimIntent())

        assert (MutationStatus.REJECTED, "ALREADY_ASSIGNED", None) == (
            result.status,
            result.problems[0].code,
            result.task,
        )


# One person, one object


async def test_failures_of_one_person_do_not_end_the_source() -> None:
    """A person without `view-users` polls. The source stays available, and others are served."""
    async with opened("viewer") as bridge:
        for _ in range(6):
            page = await bridge.inbox(WITHOUT_VIEW_USERS, InboxScope.CLAIMABLE)
            assert not page.is_complete
            assert BreakerState.CLOSED is bridge.source.admission.state
        served = await bridge.inbox("bob")

        assert SourceStatus.OK is bridge.source.status
        assert served.is_complete


async def test_ids_that_are_gone_do_not_end_the_source() -> None:
    """Ten at once: each is 500 at the bridge, and null here."""
    async with opened() as bridge:
        bridge.stand_in.set_up()
        refs = [TaskRef(KEY, f"{number:032x}:0-1") for number in range(10)]
        with bridge.as_("carol"):
            found = await bridge.gateway.get_tasks(bridge.caller("carol"), refs)

        assert {} == found
        assert (BreakerState.CLOSED, SourceStatus.OK) == (bridge.source.admission.state, bridge.source.status)


async def test_a_bridge_that_fails_for_everyone_is_unavailable() -> None:
    """Then the probe fails too."""
    async with opened("viewer") as bridge:
        for name in ("my_tasks", "task_types"):
            setattr(bridge.stand_in.bridge, name, failing)
        for _ in range(4):
            await bridge.inbox("alice")
        await until(lambda: bridge.source.admission.state is not BreakerState.CLOSED)

        assert SourceStatus.UNAVAILABLE is bridge.source.status


def failing(*_: object) -> Any:
    raise RefusalError(500, shape="problem")


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come true")


async def test_a_token_that_is_over_asks_to_sign_in_again() -> None:
    """Nothing is sent, and the source is not said to fail."""
    async with opened("viewer") as bridge:
        page = await bridge.inbox("alice", lifetime_s=-5)
        [report] = page.sources

        assert (SourceStatus.UNAUTHORIZED, True) == (
            report.status,
            report.error is not None and "sign in again" in report.error.message,
        )
        assert SourceStatus.OK is bridge.source.status


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
async def test_a_write_does_not_tell_that_another_persons_task_exists(acts_as: str) -> None:
    """The bridge says of a task that it has an owner also to a person who never saw it. One who has just seen it is told."""
    async with opened(acts_as) as bridge:
        free = bridge.one(**INVOICE)
        hidden = next(
            task
            for task in bridge.stand_in.bridge.kernel.all()
            if task.status == "ASSIGNED" and task.group not in {None, "accounting"}
        )
        await bridge.inbox("bob", InboxScope.MINE_OR_CLAIMABLE)
        await bridge.write("alice", ref_of(free), ClaimIntent())
        refs = (ref_of(free), ref_of(hidden), TaskRef(KEY, f"{'f' * 32}:0-1"))
        told = [(await bridge.write("bob", ref, ClaimIntent())).problems[0] for ref in refs]

    assert ["ALREADY_ASSIGNED", "NOT_FOUND", "NOT_FOUND"] == [each.code for each in told]
    assert told[1].message == told[2].message
