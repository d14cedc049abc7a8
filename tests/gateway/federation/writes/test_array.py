"""Writes that travel in one request of the vendor."""

from collections.abc import Iterable
from typing import Any

import anyio
import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import Outcome
from connectors.sdk.errors import (
    BrokenError,
    ConflictError,
    GatewayUnavailableError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.model import TaskRef
from gateway.federation.writes import array as array_module
from gateway.store import Stage
from gateway.store.sqlite import SqliteJournal
from schema.ports import AssignIntent, BulkResult, PersonId
from tests.gateway.federation.array_source import Answers, ArrayConnector
from tests.gateway.federation.memory_source import federation, task
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, PEOPLE, codes, perform
from tests.gateway.federation.writes.test_bulk import APPLIED, REJECTED, bulk, refs, result, statuses

TO_BOB = AssignIntent(user=PersonId(key="bob"), override=True)


def north_with(number: int, **members: Any) -> ArrayConnector:
    return ArrayConnector("north", [task("north", str(one), **members) for one in range(1, number + 1)])


async def test_all_tasks_travel_in_one_request_and_are_recorded_as_sent_before_it() -> None:
    """Their reads before it are one call. A task that is refused before it does not travel."""
    journal, sent = SqliteJournal(None), []
    sources = federation(north := north_with(50), people=PEOPLE, journal=journal)

    def look() -> None:
        stages = journal._db.execute("SELECT target, stage FROM operation").fetchall()
        sent.append({target for target, stage in stages if stage == Stage.SENT})

    north.before = look
    found = await bulk(sources, refs(*range(1, 51), "nothing"), TO_BOB, caller=CAROL)

    assert [APPLIED] * 50 + [REJECTED] == statuses(found)
    assert [50] == [len(ids) for ids in north.requests]
    assert [{str(one) for one in range(1, 51)}] == sent
    assert [51] == [len(ids) for ids in north.reads]
    assert 2 == found.upstream_calls - len(north.writes)


async def test_a_dry_run_counts_the_requests_that_tasks_travel_in() -> None:
    sources = federation(north := north_with(6), people=PEOPLE)
    north.held["3"] = task("north", "3", owner="alice")

    tried = await bulk(sources, refs(*range(1, 7)), TO_BOB, caller=CAROL, dry_run=True)
    await bulk(sources, refs(*range(1, 7)), TO_BOB, caller=CAROL)

    assert 2 == tried.upstream_calls == len(north.requests)


async def test_each_task_is_judged_by_its_own_line() -> None:
    """A refused line, one that is missing, and lines in another order."""
    sources = federation(north := north_with(4), people=PEOPLE)

    def changed(answers: Answers) -> Answers:
        north.held["2"] = task("north", "2")
        turned: Answers = {key: answers[key] for key in reversed(answers) if key != "3"}
        return {**turned, "2": ConflictError("refused it"), "77": ConflictError("foreign")}

    north.changed = changed
    found = await bulk(sources, refs(1, 2, 3, 4), TO_BOB, caller=CAROL)

    assert [APPLIED, REJECTED, APPLIED] == [result(found, one).status for one in (1, 2, 4)]
    assert ["INVALID_STATE"] == codes(result(found, 2))
    # It has no line: the record decides.
    assert APPLIED == result(found, 3).status or ["UPSTREAM_ERROR"] == codes(result(found, 3))[:1]


async def test_a_lost_answer_is_settled_by_one_read_of_all_tasks() -> None:
    sources = federation(north := north_with(30, owner="alice"), people=PEOPLE)
    north.lost = UpstreamTimeoutError("did not answer in time", maybe_applied=True)

    found = await bulk(sources, refs(*range(1, 31)), TO_BOB, caller=CAROL, key="k")
    north.lost = None
    again = await bulk(sources, refs(*range(1, 31)), TO_BOB, caller=CAROL, key="k")

    assert [APPLIED] * 30 == statuses(found) == statuses(again)
    assert ([30], [30, 30]) == ([len(ids) for ids in north.requests], [len(ids) for ids in north.reads])
    assert 30 == len(north.writes)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RateLimitedError("too many"), "RATE_LIMITED"),
        (UnavailableError("cannot be reached"), "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_a_request_that_was_not_taken_rejects_all_and_may_come_again(error: Any, code: str) -> None:
    sources = federation(north := north_with(3), people=PEOPLE)
    applied = north.perform_array

    async def refused(commands: Any) -> Any:
        raise error

    north.perform_array = refused  # type: ignore[method-assign]
    first = await bulk(sources, refs(1, 2, 3), TO_BOB, caller=CAROL, key="k")
    north.perform_array = applied  # type: ignore[method-assign]
    second = await bulk(sources, refs(1, 2, 3), TO_BOB, caller=CAROL, key="k")

    assert ([REJECTED] * 3, {code}) == (statuses(first), {one for n in (1, 2, 3) for one in codes(result(first, n))})
    assert ([APPLIED] * 3, 3) == (statuses(second), len(north.writes))


@pytest.mark.slow
async def test_what_the_connector_should_not_raise_leaves_all_open() -> None:
    """After the request was begun nothing is known. One failure of the source is recorded, not one for each task."""
    sources = federation(north := north_with(5), people=PEOPLE)
    recorded: list[Exception] = []
    source = sources._sources["north"]
    source.record_failure = lambda error, **_: recorded.append(error)  # type: ignore[method-assign]

    def broken(answers: Answers) -> Answers:
        for one in range(1, 6):
            north.held[str(one)] = task("north", str(one))
        raise TypeError("a bug")

    north.changed = broken
    found = await bulk(sources, refs(1, 2, 3, 4, 5), TO_BOB, caller=CAROL)

    assert {"UNKNOWN"} == set(statuses(found))
    assert [BrokenError] == [type(error) for error in recorded]


async def test_the_others_do_not_wait_for_a_task_that_another_write_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """It travels later by itself. So two bulk actions cannot wait for each other for ever."""
    monkeypatch.setattr(array_module, "PATIENCE", 0.1)
    sources = federation(north := north_with(4), people=PEOPLE)
    gate, entered = anyio.Event(), anyio.Event()

    async def held(command: Any) -> Outcome:
        entered.set()
        await gate.wait()
        return await ArrayConnector.perform(north, command)

    async with anyio.create_task_group() as group:
        north.perform = held  # type: ignore[method-assign]
        group.start_soon(perform_to_bob, sources)
        await entered.wait()
        del north.perform

        def release() -> None:
            gate.set()

        north.before = release
        found = await bulk(sources, refs(1, 2, 3, 4), TO_BOB, caller=CAROL)

    assert [("2", "3", "4")] == [tuple(sorted(ids)) for ids in north.requests[:1]]
    assert [APPLIED] * 4 == statuses(found)


async def perform_to_bob(sources: Any) -> None:
    await perform(sources, TO_BOB, CAROL, target=TaskRef("north", "1"))


async def test_nothing_is_sent_if_the_journal_cannot_note_it() -> None:
    journal = SqliteJournal(None)
    sources = federation(north := north_with(3), people=PEOPLE, journal=journal)

    async def full(*_: object, **__: object) -> int:
        raise GatewayUnavailableError("disk full")

    journal.mark_sent = full  # type: ignore[method-assign]
    found = await bulk(sources, refs(1, 2, 3), TO_BOB, caller=CAROL)

    assert ([REJECTED] * 3, [], []) == (statuses(found), north.requests, north.writes)


async def test_writes_that_are_cut_off_while_they_wait_for_others_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are REJECTED; one that the request has left with is UNKNOWN."""
    sources = federation(north := north_with(2), people=PEOPLE)
    carry_out = sources._writes._tasks.carry_out
    waiting = anyio.Event()

    async def one_waits(attempt: Any, ref: TaskRef) -> Any:
        if ref.native_id == "2":
            waiting.set()
            await anyio.sleep_forever()
        return await carry_out(attempt, ref)

    sources._writes._tasks.carry_out = one_waits  # type: ignore[method-assign]
    monkeypatch.setattr(array_module, "PATIENCE", 60)
    async with anyio.create_task_group() as group:

        async def end() -> None:
            await waiting.wait()
            await anyio.sleep(0.3)
            await sources.stop()

        group.start_soon(end)
        found = await bulk(sources, refs(1, 2), TO_BOB, caller=CAROL)

    assert ([REJECTED, REJECTED], []) == (statuses(found), north.requests)


@pytest.mark.slow
async def test_a_request_that_was_lost_before_it_was_applied_is_sent_again_task_by_task() -> None:
    """Only because the vendor guards the verb; each task then has one effect."""
    sources = federation(north := north_with(4), people=PEOPLE)
    north.lost_before = UpstreamTimeoutError("did not answer in time", maybe_applied=True)

    found = await bulk(sources, refs(1, 2, 3, 4), AssignIntent(user=PersonId(key="bob")), caller=CAROL)

    assert {APPLIED, "UNKNOWN"} >= set(statuses(found))
    assert 1 == len(north.requests)
    assert (
        statuses(found).count(APPLIED) == len(north.writes) == sum(bool(one.assignees) for one in north.held.values())
    )


async def test_two_bulk_actions_on_the_same_tasks_end_and_each_task_has_one_winner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In opposite orders: each holds what the other waits for."""
    monkeypatch.setattr(array_module, "PATIENCE", 0.2)
    sources = federation(north := north_with(20), people=PEOPLE)
    found: dict[str, BulkResult] = {}

    async def claim(caller: Caller, ids: Iterable[int]) -> None:
        found[caller.key] = await bulk(sources, refs(*ids), caller=caller)

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(claim, ALICE, range(1, 21))
            group.start_soon(claim, BOB, range(20, 0, -1))

    won = {
        key: {ref for ref, entry in one.entries.items() if entry.result.status is APPLIED} for key, one in found.items()
    }
    assert set(refs(*range(1, 21))) == won["alice"] | won["bob"]
    assert set() == won["alice"] & won["bob"]
    assert 20 == len(north.writes)
    assert {one.assignees[0].native_id for one in north.held.values()} == {key for key, tasks in won.items() if tasks}
