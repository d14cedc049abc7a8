"""The claim of the next task of a list that many people share."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import MutationStatus, Outcome
from connectors.sdk.errors import (
    AlreadyAssignedError,
    GatewayUnavailableError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.model import TaskRef, UserRef
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.federation.service import FederatedSources
from gateway.federation.writes import take_next as take_next_module
from gateway.store.sqlite import SqliteJournal
from schema.ports import ClaimIntent, TakeNextRequest, TaskFilter, WriteResult
from tests.gateway.federation.memory_source import EVERYTHING, NOW, MemoryConnector, federation, person, task
from tests.gateway.federation.write_requests import ALICE, BOB, PEOPLE, codes, perform

BY_DUE = (SortKey(TaskOrderField.DUE_AT),)
APPLIED, REJECTED, UNKNOWN = MutationStatus.APPLIED, MutationStatus.REJECTED, MutationStatus.UNKNOWN


async def take(
    sources: FederatedSources, caller: Caller = ALICE, *, key: str | None = None, filter: TaskFilter | None = None
) -> WriteResult:
    request = TakeNextRequest(filter=filter or TaskFilter(), order=BY_DUE, idempotency_key=key)
    return await sources.take_next(caller, request)


def north_with(number: int, *, due: bool = False, scanned: bool = False) -> MemoryConnector:
    """With `due` the first is due first; else all are equal. `scanned`: the vendor neither filters nor sorts."""
    dues: dict[int, Mapping[str, Any]] = {n: {"due_at": NOW + timedelta(days=n)} if due else {} for n in range(number)}
    tasks = [task("north", str(n), **dues[n]) for n in range(number)]
    return MemoryConnector("north", tasks, sorts=frozenset() if scanned else EVERYTHING, weak=scanned)


def taken(result: WriteResult) -> str | None:
    return None if result.task is None else result.task.native_id


async def test_the_key_of_another_write_that_is_under_way_is_refused() -> None:
    """That write keeps its key and its record."""
    north = north_with(2)
    write = north._write
    refused: list[WriteResult] = []

    class Slow(MemoryConnector):
        async def perform(self, command: Any) -> Outcome:
            refused.append(await take(sources, key="k"))
            return write("claim", command.task, assignees=(UserRef(native_id="alice"),))

    north.__class__ = Slow
    sources = federation(north, people=PEOPLE)
    result = await perform(sources, ClaimIntent(), ALICE, target=TaskRef("north", "0"), key="k")
    again = await perform(sources, ClaimIntent(), ALICE, target=TaskRef("north", "0"), key="k")

    assert ([REJECTED], ["IDEMPOTENCY_KEY_REUSED"]) == ([one.status for one in refused], codes(refused[0]))
    assert (APPLIED, APPLIED, result.operation_id) == (result.status, again.status, again.operation_id)
    assert ["claim"] == north.writes


async def test_the_first_of_the_list_is_claimed() -> None:
    """The operation of the payload is the claim. The caller's own tasks and those of others are no candidates."""
    sources = federation(north := north_with(3, due=True), people=PEOPLE)
    north.held["0"] = task("north", "0", owner="bob", due_at=NOW)

    result = await take(sources)

    assert (APPLIED, "1", ["claim"]) == (result.status, taken(result), north.writes)
    recorded = await sources.operation(ALICE, result.operation_id)
    assert recorded is not None
    assert (TaskRef("north", "1"), APPLIED) == (recorded.task, recorded.status)
    assert "2" == taken(await take(sources))


@pytest.mark.slow
@pytest.mark.parametrize("due", [False, True])
@pytest.mark.parametrize("scanned", [False, True])
async def test_fifty_people_at_once_get_fifty_tasks_by_fifty_writes(due: bool, scanned: bool) -> None:
    """A task that is being claimed is passed over without a call, also where the order has no equals.

    They share the list of a source that the gateway scans. Other sources are asked for each person's own candidacies.
    """
    crowd = [person(f"p{number}", "north") for number in range(50)]
    sources = federation(north := north_with(60, due=due, scanned=scanned), people=crowd)
    results: list[WriteResult] = []

    async def one(caller: Caller) -> None:
        results.append(await take(sources, caller))

    async with anyio.create_task_group() as group:
        for caller in crowd:
            group.start_soon(one, caller)

    assert {APPLIED} == {result.status for result in results}
    assert (50, 50) == (len({taken(result) for result in results}), len(north.writes))
    assert north.lists == (1 if scanned else 2 + 2 * 50)
    if due:
        assert {str(number) for number in range(50)} == {taken(result) for result in results}


async def test_people_begin_at_different_tasks_among_equals() -> None:
    """One after the other, too: each of them still finds the list as it was."""
    tasks = [task("north", str(number)) for number in range(100)]
    firsts = {next(take_next_module._turned(tasks, BY_DUE, f"p{number}")).native_id for number in range(50)}
    ordered = [task("north", str(number), due_at=NOW + timedelta(days=number)) for number in range(5)]

    assert len(firsts) > 30
    assert [str(number) for number in range(5)] == [
        one.native_id for one in take_next_module._turned(ordered, BY_DUE, "p")
    ]


async def test_a_filter_narrows_the_candidates() -> None:
    sources = federation(north_with(3), people=PEOPLE)

    result = await take(sources, filter=TaskFilter(ids=frozenset({TaskRef("north", "2")})))
    nothing = await take(sources, filter=TaskFilter(ids=frozenset({TaskRef("north", "2")})))

    assert ("2", None) == (taken(result), taken(nothing))
    assert (REJECTED, ["INVALID_STATE"]) == (nothing.status, codes(nothing))


async def test_with_nothing_to_take_nothing_is_written() -> None:
    sources = federation(north := north_with(0), people=PEOPLE)

    result = await take(sources)

    assert (REJECTED, ["INVALID_STATE"], None, []) == (result.status, codes(result), result.task, north.writes)
    assert await sources.operation(ALICE, result.operation_id) is not None


async def test_ten_tasks_are_tried_at_most() -> None:
    """Each is lost to another person whom the list does not show."""
    sources = federation(north := north_with(30, due=True), people=PEOPLE)
    tried: list[str] = []

    async def lost(command: Any) -> Outcome:
        tried.append(command.task.native_id)
        north.held[command.task.native_id] = task("north", command.task.native_id, owner="bob")
        raise AlreadyAssignedError("taken")

    north.perform = lost  # type: ignore[method-assign]
    result = await take(sources)

    assert [str(number) for number in range(10)] == tried
    assert (REJECTED, ["INVALID_STATE"], None) == (result.status, codes(result), result.task)


async def test_an_unknown_claim_ends_the_search() -> None:
    sources = federation(north := north_with(5, due=True), people=PEOPLE)
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)

    result = await take(sources, key="k")
    again = await take(sources, key="k")

    assert (UNKNOWN, UNKNOWN) == (result.status, again.status)
    assert (result.operation_id, True) == (again.operation_id, again.replayed)


async def test_a_source_that_cannot_be_written_to_now_is_passed_over() -> None:
    """Its tasks are not tried one by one. If nothing else is there, the reason is told, and the key may be sent again."""
    north, south = north_with(20), MemoryConnector("south", [task("south", "1", due_at=NOW + timedelta(days=99))])
    both = person("dora", "north", "south")
    sources = federation(north, south, people=[both])
    limit = RateLimitedError("too many", retry_at=NOW + timedelta(seconds=30))
    tries = 0

    async def limited(command: Any) -> Outcome:
        nonlocal tries
        tries += 1
        raise limit

    north.perform = limited  # type: ignore[method-assign]
    south.held["1"] = task("south", "1")
    first, tries_of_first = await take(sources, both), tries
    second = await take(sources, both, key="k")
    del north.perform
    third = await take(sources, both, key="k")

    assert (APPLIED, "south") == (first.status, first.task.source if first.task else None)
    assert tries_of_first <= 1
    assert (REJECTED, ["INVALID_STATE", "RATE_LIMITED"]) == (second.status, codes(second))
    assert limit.retry_at == second.problems[1].retry_at
    assert (APPLIED, False) == (third.status, third.replayed)


async def test_a_source_that_cannot_be_read_is_told() -> None:
    sources = federation(north := north_with(2), people=PEOPLE)
    north.fail = UnavailableError("cannot be reached")

    result = await take(sources, key="k")
    north.fail = None

    assert ["INVALID_STATE", "UPSTREAM_UNAVAILABLE"] == codes(result)
    assert APPLIED == (await take(sources, key="k")).status


async def test_the_same_key_takes_no_second_task() -> None:
    """Copies wait for the first. Another person's key, or none, is another press; other arguments are refused."""
    sources = federation(north := north_with(9), people=PEOPLE)
    results: list[WriteResult] = []

    async def press() -> None:
        results.append(await take(sources, key="k"))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(press)
    other = await take(sources, key="k", filter=TaskFilter(text="x"))

    assert (1, ["claim"]) == (len({(taken(each), each.operation_id, each.status) for each in results}), north.writes)
    assert 9 == sum(each.replayed for each in results)
    assert ["IDEMPOTENCY_KEY_REUSED"] == codes(other)
    assert APPLIED == (await take(sources, BOB, key="k")).status


async def test_copies_at_two_gateways_on_one_journal_take_one_task(tmp_path: Path) -> None:
    """Also where the first claim is lost to another person: then the first request goes on, and the copies wait."""
    north = north_with(9, due=True)
    gateways = [federation(north, people=PEOPLE, journal=SqliteJournal(tmp_path / "journal")) for _ in range(2)]
    results: list[WriteResult] = []

    async def slow(command: Any) -> Outcome:
        await anyio.sleep(0.1)
        if command.task.native_id == "0":
            north.held["0"] = task("north", "0", owner="bob", due_at=NOW)
            raise AlreadyAssignedError("taken")
        return await MemoryConnector.perform(north, command)

    async def press(sources: FederatedSources) -> None:
        results.append(await take(sources, key="k"))

    north.perform = slow  # type: ignore[method-assign]
    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(press, gateways[number % 2])

    assert ({("1", APPLIED)}, 1) == (
        {(taken(each), each.status) for each in results},
        len({each.operation_id for each in results}),
    )
    assert ["claim"] == north.writes


async def test_a_task_that_another_request_of_the_person_has_taken_is_passed_over(tmp_path: Path) -> None:
    """At another gateway, say. The list does not show it yet."""
    north = north_with(9, due=True)
    gateways = [federation(north, people=PEOPLE, journal=SqliteJournal(tmp_path / "journal")) for _ in range(2)]
    results: list[WriteResult] = []

    async def slow(command: Any) -> Outcome:
        await anyio.sleep(0.1)
        return await MemoryConnector.perform(north, command)

    async def press(sources: FederatedSources) -> None:
        results.append(await take(sources))

    north.perform = slow  # type: ignore[method-assign]
    async with anyio.create_task_group() as group:
        for sources in gateways:
            group.start_soon(press, sources)

    assert {("0", APPLIED), ("1", APPLIED)} == {(taken(each), each.status) for each in results}


async def test_a_journal_that_fails_before_the_claim_leaves_the_key_usable() -> None:
    sources = federation(north := north_with(2), people=PEOPLE, journal=(journal := SqliteJournal(None)))
    settle = journal.settle

    async def failing(*_: Any, **__: Any) -> None:
        raise GatewayUnavailableError("locked")

    journal.settle = failing  # type: ignore[method-assign]
    refused = await take(sources, key="k")
    journal.settle = settle  # type: ignore[method-assign]
    recorded = await sources.operation(ALICE, refused.operation_id)
    again = await take(sources, key="k")

    assert (REJECTED, ["GATEWAY_UNAVAILABLE"]) == (refused.status, codes(refused))
    assert recorded is not None
    assert (REJECTED, True) == (recorded.status, recorded.settled_at is not None)
    assert (APPLIED, ["claim"]) == (again.status, north.writes)


class Crash(BaseException):
    """As the end of the process: nothing handles it."""


@pytest.mark.parametrize("applied", [False, True])
async def test_after_a_crash_the_same_key_finds_the_claim(tmp_path: Path, applied: bool) -> None:
    """An applied one is the result; after one that was not applied the search goes on. No second task is taken."""
    north = north_with(5, due=True)
    path = tmp_path / "journal"

    async def performed(command: Any) -> Outcome:
        if applied:
            await MemoryConnector.perform(north, command)
        raise Crash

    north.perform = performed  # type: ignore[method-assign]
    journal = SqliteJournal(path)
    with pytest.raises(Crash):
        await take(federation(north, people=PEOPLE, journal=journal), key="k")
    del north.perform
    journal.close()

    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))
    await sources.start()
    await anyio.sleep(0.2)
    result = await take(sources, key="k")
    await sources.stop()

    assert int(applied) == len(north.writes)
    if applied:
        assert (APPLIED, "0", True) == (result.status, taken(result), result.replayed)
    else:
        assert UNKNOWN == result.status


async def test_a_claim_that_was_never_sent_does_not_end_the_search(tmp_path: Path) -> None:
    north = north_with(5, due=True)
    journal = SqliteJournal(tmp_path / "journal")

    async def crash(*_: object, **__: object) -> int:
        raise Crash

    journal.mark_sent = crash  # type: ignore[method-assign]
    with pytest.raises(Crash):
        await take(federation(north, people=PEOPLE, journal=journal), key="k")
    journal.close()

    sources = federation(north, people=PEOPLE, journal=SqliteJournal(tmp_path / "journal"))
    await sources.start()
    result = await take(sources, key="k")

    assert (APPLIED, "0", ["claim"]) == (result.status, taken(result), north.writes)


async def test_a_journal_that_fails_after_the_claim_does_not_change_its_result() -> None:
    journal = SqliteJournal(None)
    sources = federation(north_with(2), people=PEOPLE, journal=journal)
    settle, calls = journal.settle, 0

    async def failing(*arguments: Any, **options: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise GatewayUnavailableError("disk full")
        await settle(*arguments, **options)

    journal.settle = failing  # type: ignore[method-assign]
    result = await take(sources, key="k")

    assert APPLIED == result.status


async def test_a_journal_that_cannot_be_used_takes_nothing() -> None:
    journal = SqliteJournal(None)
    sources = federation(north := north_with(2), people=PEOPLE, journal=journal)
    journal.close()

    result = await take(sources, key="k")

    assert (REJECTED, ["GATEWAY_UNAVAILABLE"], []) == (result.status, codes(result), north.writes)


async def test_a_task_that_another_write_holds_is_passed_over() -> None:
    """Also an ordinary claim's. And one that a write of this gateway has just taken, which the list does not show yet."""
    sources = federation(north := north_with(3, due=True), people=PEOPLE)
    gate, entered = anyio.Event(), anyio.Event()

    async def held(command: Any) -> Outcome:
        if command.task.native_id == "0":
            entered.set()
            await gate.wait()
        return await MemoryConnector.perform(north, command)

    north.lag()
    north.perform = held  # type: ignore[method-assign]
    async with anyio.create_task_group() as group:
        group.start_soon(claim_as_bob, sources)
        await entered.wait()
        second = await take(sources)
        gate.set()
    third = await take(sources)

    assert ("1", "2") == (taken(second), taken(third))
    assert 3 == len(north.writes)


async def claim_as_bob(sources: FederatedSources) -> None:
    await perform(sources, ClaimIntent(), BOB, target=TaskRef("north", "0"))
