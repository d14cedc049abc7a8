"""Admission, idempotency keys, the journal, and locks."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import CancelStrategy, CreateTask, MutationStatus, Outcome, TaskCommand
from connectors.sdk.errors import GatewayUnavailableError, RateLimitedError
from connectors.sdk.model import TaskRef
from gateway.federation.traffic import CallContext, in_context
from gateway.store import Evidence
from gateway.store.sqlite import SqliteJournal
from schema.ports import CancelIntent, ClaimIntent, Intent, WriteResult
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, PEOPLE, codes, perform


async def test_of_fifty_people_one_gets_the_task() -> None:
    """The others get ALREADY_ASSIGNED. There is one write upstream."""
    crowd = [person(f"p{n}", "north") for n in range(50)]
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=crowd)
    results: list[WriteResult] = []

    async def claim(caller: Caller) -> None:
        results.append(await perform(sources, ClaimIntent(), caller))

    async with anyio.create_task_group() as group:
        for one in crowd:
            group.start_soon(claim, one)

    assert ["claim"] == north.writes
    assert 49 == sum(codes(result) == ["ALREADY_ASSIGNED"] for result in results)


async def test_the_same_key_replays_the_first_answer() -> None:
    """A double click claims once."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)

    first = await perform(sources, ClaimIntent(), ALICE, key="k")
    second = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert (["claim"], first.operation_id, MutationStatus.APPLIED) == (
        north.writes,
        second.operation_id,
        second.status,
    )
    assert (False, True) == (first.replayed, second.replayed)


async def test_the_same_key_with_other_arguments_is_refused() -> None:
    """With IDEMPOTENCY_KEY_REUSED. The same key of another person is another key."""
    north = MemoryConnector("north", [task("north", "1"), task("north", "2")])
    sources = federation(north, people=PEOPLE)

    await perform(sources, ClaimIntent(), ALICE, key="k")
    other = await perform(sources, ClaimIntent(), ALICE, key="k", target=TaskRef("north", "2"))
    bobs = await perform(sources, ClaimIntent(), BOB, key="k", target=TaskRef("north", "2"))

    assert (["IDEMPOTENCY_KEY_REUSED"], []) == (codes(other), codes(bobs))


async def test_a_write_refused_by_a_rate_limit_may_be_sent_again_with_its_key() -> None:
    """It was not applied, and the refusal is not about its arguments."""
    north = MemoryConnector("north", [task("north", "1")])
    north.fail_write = RateLimitedError("asked too often")
    sources = federation(north, people=PEOPLE)

    refused = await perform(sources, ClaimIntent(), ALICE, key="k")
    north.fail_write = None
    applied = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert (["RATE_LIMITED"], MutationStatus.APPLIED) == (codes(refused), applied.status)


async def test_results_survive_a_restart(tmp_path: Path) -> None:
    """The journal is on disk: a new process returns the recorded result and does not send the write again."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    journal = SqliteJournal(path)
    first = await perform(federation(north, people=PEOPLE, journal=journal), ClaimIntent(), ALICE, key="k")
    journal.close()

    again = await perform(federation(north, people=PEOPLE, journal=SqliteJournal(path)), ClaimIntent(), ALICE, key="k")

    assert (first.operation_id, True, ["claim"]) == (again.operation_id, again.replayed, north.writes)


async def test_a_write_sent_before_a_crash_is_not_sent_again(tmp_path: Path) -> None:
    """SENT without a result is UNKNOWN until a read shows that it was applied."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])

    class Crash(BaseException):
        pass

    async def crash(command: object) -> object:
        raise Crash

    north.perform = crash  # type: ignore[method-assign, assignment]
    journal = SqliteJournal(path)
    with pytest.raises(Crash):
        await perform(federation(north, people=PEOPLE, journal=journal), ClaimIntent(), ALICE, key="k")
    del north.perform
    journal.close()

    again = await perform(federation(north, people=PEOPLE, journal=SqliteJournal(path)), ClaimIntent(), ALICE, key="k")

    assert (MutationStatus.UNKNOWN, []) == (again.status, north.writes)


class FailingJournal(SqliteJournal):
    """Its storage fails in the named methods, as often as each is named."""

    def __init__(self, *fails: str) -> None:
        super().__init__(None)
        self._fails = list(fails)

    def _check(self, method: str) -> None:
        if method in self._fails:
            self._fails.remove(method)
            raise GatewayUnavailableError("disk full")

    async def mark_sent(self, operation_id: str, evidence: Evidence | None = None) -> int:
        self._check("mark_sent")
        return await super().mark_sent(operation_id, evidence)

    async def settle(self, operation_id: str, result: WriteResult, **more: Any) -> None:
        self._check("settle")
        await super().settle(operation_id, result, **more)


async def test_a_write_that_cannot_be_recorded_as_sent_is_not_sent() -> None:
    """It may be sent again with its key when the journal works."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE, journal=FailingJournal("mark_sent"))

    refused = await perform(sources, ClaimIntent(), ALICE, key="k")
    nothing = list(north.writes)
    again = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert (MutationStatus.REJECTED, ["GATEWAY_UNAVAILABLE"], []) == (refused.status, codes(refused), nothing)
    assert (MutationStatus.APPLIED, False, ["claim"]) == (again.status, again.replayed, north.writes)


async def test_a_result_that_cannot_be_recorded_is_returned() -> None:
    """The write was applied. It is recorded with the next one, before a repetition with its key is answered."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE, journal=FailingJournal("settle"))

    with capture_logs() as logs:
        applied = await perform(sources, ClaimIntent(), ALICE, key="k")
    again = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert (MutationStatus.APPLIED, []) == (applied.status, codes(applied))
    assert "result not recorded" in [line["event"] for line in logs]
    assert (MutationStatus.APPLIED, True, ["claim"]) == (again.status, again.replayed, north.writes)
    assert (Support.NATIVE, True) == (again.support, again.atomic)


async def test_without_a_journal_nothing_is_sent() -> None:
    """A write that cannot be recorded must not be sent."""
    north = MemoryConnector("north", [task("north", "1")])
    journal = SqliteJournal(None)
    journal.close()

    result = await perform(federation(north, people=PEOPLE, journal=journal), ClaimIntent(), ALICE)

    assert (["GATEWAY_UNAVAILABLE"], []) == (codes(result), north.writes)


async def test_an_unexpected_failure_after_sending_is_unknown() -> None:
    """Nothing but the vendor's own word makes a sent write REJECTED."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    sources._writes._tasks._overlay.put = broken  # type: ignore[method-assign, assignment]
    result = await perform(sources, ClaimIntent(), ALICE)

    assert (MutationStatus.UNKNOWN, ["claim"]) == (result.status, north.writes)


async def test_an_unexpected_failure_before_sending_is_a_refusal() -> None:
    """With nothing sent."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    sources._writes._tasks._commands.on_task = broken  # type: ignore[method-assign, assignment]
    result = await perform(sources, ClaimIntent(), ALICE)

    assert (MutationStatus.REJECTED, ["UPSTREAM_ERROR"], []) == (result.status, codes(result), north.writes)


@pytest.mark.parametrize("intent", [ClaimIntent(), CancelIntent(allow=(CancelStrategy.CANCEL_FLOW,))])
async def test_a_write_that_lasts_beyond_its_deadline_is_unknown(intent: Intent) -> None:
    """The answer comes in time, the next write need not wait, and a lost claim is found when its key is sent again."""
    north = MemoryConnector("north", [task("north", "1")])
    perform_now = north.perform

    async def hang(command: TaskCommand | CreateTask) -> Outcome:
        await perform_now(command)
        await anyio.sleep_forever()
        raise AssertionError

    north.perform = hang  # type: ignore[method-assign]
    caller = CAROL if isinstance(intent, CancelIntent) else ALICE
    sources = federation(north, people=PEOPLE)
    with anyio.fail_after(5):
        with in_context(CallContext().with_deadline(0.3)):
            first = await perform(sources, intent, caller, key="k")
        again = await perform(sources, intent, caller, key="k")

    assert (MutationStatus.UNKNOWN, ["UPSTREAM_TIMEOUT", "UPSTREAM_ERROR"]) == (first.status, codes(first))
    # The state alone proves no cancel.
    status = MutationStatus.APPLIED if isinstance(intent, ClaimIntent) else MutationStatus.UNKNOWN
    assert (status, first.operation_id, 1) == (again.status, again.operation_id, len(north.writes))


async def test_a_write_that_waits_beyond_its_deadline_is_not_sent() -> None:
    """It waits for another write to its task. Its key can be used again."""
    north = MemoryConnector("north", [task("north", "1"), task("north", "2")])
    sources = federation(north, people=PEOPLE)
    held = anyio.Event()

    async def hold() -> None:
        async with sources._writes._leases.hold(TaskRef("north", "1")):
            held.set()
            await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(hold)
            await held.wait()
            with in_context(CallContext().with_deadline(0.2)):
                late = await perform(sources, ClaimIntent(), ALICE, key="k")
            group.cancel_scope.cancel()
        again = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert (MutationStatus.REJECTED, ["UPSTREAM_UNAVAILABLE"]) == (late.status, codes(late))
    assert (MutationStatus.APPLIED, False, ["claim"]) == (again.status, again.replayed, north.writes)


async def test_the_end_of_the_gateway_cuts_a_write_off(tmp_path: Path) -> None:
    """It is not held up. The write is looked up at the next start, and never sent again."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    perform_now = north.perform
    results: list[WriteResult] = []
    arrived = anyio.Event()

    async def hang(command: TaskCommand | CreateTask) -> Outcome:
        await perform_now(command)
        arrived.set()
        await anyio.sleep_forever()
        raise AssertionError

    north.perform = hang  # type: ignore[method-assign]
    journal = SqliteJournal(path)
    sources = federation(north, people=PEOPLE, journal=journal)

    async def claim() -> None:
        results.append(await perform(sources, ClaimIntent(), ALICE, key="k"))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(claim)
            await arrived.wait()
            await sources.stop()

    assert [MutationStatus.UNKNOWN] == [result.status for result in results]
    journal.close()


async def test_a_write_that_runs_when_the_gateway_is_about_to_end_is_answered() -> None:
    """With what is known then, before its connection is closed; writes that begin meanwhile have the same time."""
    north = MemoryConnector("north", [task("north", "1"), task("north", "2")])
    asked = anyio.Event()

    async def hang(_command: object) -> Outcome:
        asked.set()
        await anyio.sleep_forever()
        raise AssertionError

    north.perform = hang  # type: ignore[method-assign, assignment]
    sources = federation(north, people=PEOPLE)
    results = []

    async def claim(native_id: str) -> None:
        results.append(await perform(sources, ClaimIntent(), ALICE, target=TaskRef("north", native_id)))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(claim, "1")
            await asked.wait()
            sources.drain(0.5)
            group.start_soon(claim, "2")

    assert [MutationStatus.UNKNOWN] * 2 == [result.status for result in results]
