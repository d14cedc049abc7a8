"""The same action on several tasks: a write of its own for each."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import anyio
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import CancelStrategy, MutationStatus, Outcome
from connectors.sdk.errors import AlreadyAssignedError, RateLimitedError, UpstreamTimeoutError
from connectors.sdk.model import TaskRef, TaskState
from gateway.federation.service import FederatedSources
from gateway.federation.writes import bulk as bulk_module
from gateway.store.sqlite import SqliteJournal
from schema.ports import (
    AssignIntent,
    BulkRequest,
    BulkResult,
    CancelIntent,
    ClaimIntent,
    CompleteIntent,
    PersonId,
    TaskIntent,
    WriteResult,
)
from tests.gateway.federation.memory_source import NOW, MemoryConnector, federation, person, task
from tests.gateway.federation.write_requests import ALICE, CAROL, PEOPLE, codes, perform

CLAIM = ClaimIntent()


def refs(*ids: int | str, source: str = "north") -> tuple[TaskRef, ...]:
    return tuple(TaskRef(source, str(one)) for one in ids)


async def bulk(
    sources: FederatedSources,
    targets: Sequence[TaskRef],
    intent: TaskIntent = CLAIM,
    *,
    caller: Caller = ALICE,
    key: str | None = None,
    dry_run: bool = False,
) -> BulkResult:
    request = BulkRequest(targets=tuple(targets), intent=intent, idempotency_key=key, dry_run=dry_run)
    return await sources.perform_bulk(caller, request)


def statuses(found: BulkResult) -> list[MutationStatus]:
    return [entry.result.status for entry in found.entries.values()]


def result(found: BulkResult, native_id: int | str) -> WriteResult:
    return found.entries[TaskRef("north", str(native_id))].result


def north_with(number: int, **members: Any) -> MemoryConnector:
    return MemoryConnector("north", [task("north", str(one), **members) for one in range(1, number + 1)])


APPLIED, REJECTED, PENDING = MutationStatus.APPLIED, MutationStatus.REJECTED, MutationStatus.PENDING


async def test_every_distinct_task_is_written_to_once_and_judged_by_itself() -> None:
    """In the order of the request. A task that is not there harms no other."""
    sources = federation(north := north_with(3), people=PEOPLE)

    found = await bulk(sources, [*refs(3, 9, 1, 3), TaskRef("south", "1")])

    assert [*refs(3, 9, 1), TaskRef("south", "1")] == list(found.entries)
    assert [APPLIED, REJECTED, APPLIED, REJECTED] == statuses(found)
    assert ["NOT_FOUND"] == codes(result(found, 9))
    assert ["claim", "claim"] == north.writes
    assert [True, True, True, False] == [entry.is_recorded for entry in found.entries.values()]
    recorded = await sources.operation(ALICE, result(found, 3).operation_id)
    assert recorded is not None
    assert (APPLIED, TaskRef("north", "3")) == (recorded.status, recorded.task)


async def test_a_flow_of_two_tasks_is_cancelled_once() -> None:
    """The second write waits for the first, and finds its task ended with the flow."""

    class Flows(MemoryConnector):
        async def perform(self, command: Any) -> Outcome:
            await anyio.lowlevel.checkpoint()
            outcome = await super().perform(command)
            for other in self.held.values():
                self.held[other.native_id] = structs.replace(other, state=TaskState.CANCELED)
            return outcome

    north = Flows("north", [task("north", str(one), flow_id="f1") for one in (1, 2)])
    found = await bulk(
        federation(north, people=PEOPLE),
        refs(1, 2),
        CancelIntent(allow=(CancelStrategy.CANCEL_FLOW,)),
        caller=CAROL,
    )

    assert ([APPLIED, REJECTED], ["cancel_flow"]) == (sorted(statuses(found)), north.writes)


async def test_the_same_key_goes_on_with_fewer_or_more_tasks() -> None:
    """Results are returned again and nothing is written twice. A key of a single write is another one."""
    sources = federation(north := north_with(4), people=PEOPLE)

    first = await bulk(sources, refs(1, 2), key="k")
    single = await perform(sources, CLAIM, ALICE, target=TaskRef("north", "4"), key="k")
    second = await bulk(sources, refs(3, 2), key="k")

    assert (APPLIED, [APPLIED, APPLIED]) == (single.status, statuses(second))
    assert [result(first, 2).operation_id, True] == [result(second, 2).operation_id, result(second, 2).replayed]
    assert 4 == len(north.writes)


async def test_the_same_key_with_another_action_is_refused_task_by_task() -> None:
    sources = federation(north := north_with(2), people=PEOPLE)

    await bulk(sources, refs(1), key="k")
    other = await bulk(sources, refs(1, 2), CompleteIntent(), key="k")

    assert (["IDEMPOTENCY_KEY_REUSED"], False) == (
        codes(result(other, 1)),
        other.entries[TaskRef("north", "1")].is_recorded,
    )
    assert "claim" == north.writes[0]


async def test_what_was_refused_for_a_reason_that_passes_is_tried_again() -> None:
    """A refusal that does not pass is returned again. After the rate limit was met nothing more is asked of the source."""
    sources = federation(north := north_with(9), people=PEOPLE)
    north.held["1"] = task("north", "1", owner="bob")
    written = 0

    async def limited(command: Any) -> Outcome:
        nonlocal written
        written += 1
        if written > 3:
            raise RateLimitedError("too many", retry_at=NOW + timedelta(seconds=30))
        return await MemoryConnector.perform(north, command)

    north.perform = limited  # type: ignore[method-assign]
    first = await bulk(sources, refs(*range(1, 10)), key="k")
    tries = written
    del north.perform
    north.clock = lambda: NOW + timedelta(seconds=31)
    second = await bulk(sources, refs(*range(1, 10)), key="k")

    assert [REJECTED, *[APPLIED] * 3, *[REJECTED] * 5] == statuses(first)
    assert {"RATE_LIMITED"} == {code for one in range(5, 10) for code in codes(result(first, one))}
    assert {NOW + timedelta(seconds=30)} == {result(first, one).problems[0].retry_at for one in range(5, 10)}
    assert tries <= 3 + bulk_module.SIDE_BY_SIDE
    assert [REJECTED, *[APPLIED] * 8] == statuses(second)
    assert (["ALREADY_ASSIGNED"], 8) == (codes(result(second, 1)), len(north.writes))


async def test_tasks_that_there_is_no_time_for_are_refused_and_may_be_sent_again() -> None:
    """By the clock of the bulk action: after its end none begins, those that have begun are carried out."""
    sources = federation(north := north_with(8), people=PEOPLE)
    now = 0.0
    sources._bulk._monotonic = lambda: now

    async def slow(command: Any) -> Outcome:
        nonlocal now
        now += 100
        return await MemoryConnector.perform(north, command)

    north.perform = slow  # type: ignore[method-assign]
    first = await bulk(sources, refs(*range(1, 9)), key="k")
    del north.perform
    second = await bulk(sources, refs(*range(1, 9)), key="k")

    begun = statuses(first).count(APPLIED)
    assert 3 <= begun < 3 + bulk_module.SIDE_BY_SIDE
    refused = [result(first, one) for one in range(1, 9) if result(first, one).status is REJECTED]
    assert 8 - begun == len(refused)
    assert [["GATEWAY_UNAVAILABLE"]] * len(refused) == [codes(each) for each in refused]
    assert ([APPLIED] * 8, 8) == (statuses(second), len(north.writes))


async def test_a_source_gets_few_writes_at_the_same_time_and_another_source_does_not_wait() -> None:
    north, south = north_with(12), MemoryConnector("south", [task("south", "1")])
    both = person("dora", "north", "south")
    sources = federation(north, south, people=[both])
    running, most, gate, full = 0, 0, anyio.Event(), anyio.Event()

    async def counted(command: Any) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == bulk_module.SIDE_BY_SIDE:
            full.set()
        await gate.wait()
        running -= 1
        return await MemoryConnector.perform(north, command)

    async def south_first(command: Any) -> Outcome:
        await full.wait()
        gate.set()
        return await MemoryConnector.perform(south, command)

    north.perform = counted  # type: ignore[method-assign]
    south.perform = south_first  # type: ignore[method-assign]
    with anyio.fail_after(60):
        found = await bulk(sources, [*refs(*range(1, 13)), TaskRef("south", "1")], caller=both)

    assert [APPLIED] * 13 == statuses(found)
    assert bulk_module.SIDE_BY_SIDE == most
    assert 1 == north.gets


async def test_a_dry_run_says_what_each_write_would_do_and_writes_nothing() -> None:
    """Nothing is recorded either: the same key may then be used for the real run, which makes as many calls."""
    sources = federation(north := north_with(4), people=PEOPLE)
    north.held["2"] = task("north", "2", owner="bob")
    north.held["3"] = task("north", "3", owner="alice")

    tried = await bulk(sources, refs(1, 2, 3, 4, 9), key="k", dry_run=True)
    assert [] == north.writes
    real = await bulk(sources, refs(1, 2, 3, 4, 9), key="k")

    assert [PENDING, REJECTED, APPLIED, PENDING, REJECTED] == statuses(tried)
    assert (["ALREADY_ASSIGNED"], ["NOT_FOUND"]) == (codes(result(tried, 2)), codes(result(tried, 9)))
    assert (Support.NATIVE, "alice") == (result(tried, 1).support, result(tried, 3).task.assignees[0].native_id)  # type: ignore[union-attr]
    assert {False} == {entry.is_recorded for entry in tried.entries.values()}
    assert (2, ["claim", "claim"]) == (tried.upstream_calls, north.writes)
    assert [APPLIED, REJECTED, APPLIED, APPLIED, REJECTED] == statuses(real)


async def test_permissions_are_those_of_the_single_verbs() -> None:
    """In a dry run too."""
    sources = federation(north := north_with(2, owner="bob"), people=PEOPLE)
    to_alice = AssignIntent(user=PersonId(key="alice"), override=True)

    for dry_run in (True, False):
        found = await bulk(sources, refs(1, 2), CancelIntent(), dry_run=dry_run)
        assert {"CAPABILITY_NOT_SUPPORTED"} == {
            code for entry in found.entries.values() for code in codes(entry.result)
        }
        found = await bulk(sources, refs(1, 2), to_alice, caller=CAROL, dry_run=dry_run)
        assert {"CAPABILITY_NOT_SUPPORTED"} == {
            code for entry in found.entries.values() for code in codes(entry.result)
        }
        found = await bulk(sources, refs(1, 2), CompleteIntent(), dry_run=dry_run)
        assert [REJECTED, REJECTED] == statuses(found)
    assert [] == north.writes


async def test_a_lost_answer_is_unknown_for_its_task_alone() -> None:
    sources = federation(north := north_with(3), people=PEOPLE)

    async def lost(command: Any) -> Outcome:
        if command.task.native_id == "2":
            raise UpstreamTimeoutError("did not answer in time", maybe_applied=True)
        return await MemoryConnector.perform(north, command)

    north.perform = lost  # type: ignore[method-assign]
    found = await bulk(sources, refs(1, 2, 3), key="k")

    assert [APPLIED, MutationStatus.UNKNOWN, APPLIED] == statuses(found)


async def test_a_fault_of_the_gateway_ends_one_task_and_no_other() -> None:
    sources = federation(north := north_with(3), people=PEOPLE)
    carry_out = sources._writes._tasks.carry_out

    async def broken(attempt: Any, ref: TaskRef) -> WriteResult:
        if ref.native_id == "2":
            raise AlreadyAssignedError("taken")
        return await carry_out(attempt, ref)

    sources._writes._tasks.carry_out = broken  # type: ignore[method-assign]
    found = await bulk(sources, refs(1, 2, 3))

    assert [APPLIED, REJECTED, APPLIED] == statuses(found)
    assert 2 == len(north.writes)


async def test_a_gateway_that_ends_begins_no_further_task() -> None:
    """Those that have not begun are refused; the next gateway goes on with the same key."""
    journal = SqliteJournal(None)
    sources = federation(north := north_with(6), people=PEOPLE, journal=journal)

    async def stopping(command: Any) -> Outcome:
        outcome = await MemoryConnector.perform(north, command)
        sources._writes.is_ending = True
        return outcome

    north.perform = stopping  # type: ignore[method-assign]
    first = await bulk(sources, refs(*range(1, 7)), key="k")
    del north.perform
    second = await bulk(federation(north, people=PEOPLE, journal=journal), refs(*range(1, 7)), key="k")

    assert {APPLIED, REJECTED} == set(statuses(first))
    assert ([APPLIED] * 6, 6) == (statuses(second), len(north.writes))


async def test_one_write_has_no_more_time_than_a_single_mutation() -> None:
    """Although its bulk action may take longer. Its answer is lost then, the others go on."""
    sources = federation(north := north_with(3), people=PEOPLE)
    sources._writes._deadline = lambda: 0.3

    async def slow(command: Any) -> Outcome:
        if command.task.native_id == "1":
            await anyio.sleep(60)
        return await MemoryConnector.perform(north, command)

    north.perform = slow  # type: ignore[method-assign]
    with anyio.fail_after(30):
        found = await bulk(sources, refs(1, 2, 3))

    assert [MutationStatus.UNKNOWN, APPLIED, APPLIED] == statuses(found)
