"""Admission, idempotency keys, the journal, and locks."""

from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Support
from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import GatewayUnavailableError, RateLimitedError
from connectors.sdk.model import TaskRef
from gateway.store import EndedTask
from gateway.store.sqlite import SqliteJournal
from schema.ports import ClaimIntent, WriteResult
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task
from tests.gateway.federation.write_requests import ALICE, BOB, PEOPLE, codes, perform


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
    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))
    with pytest.raises(Crash):
        await perform(sources, ClaimIntent(), ALICE, key="k")
    del north.perform

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

    async def mark_sent(self, operation_id: str) -> None:
        self._check("mark_sent")
        await super().mark_sent(operation_id)

    async def settle(self, operation_id: str, result: WriteResult, *, ended: EndedTask | None = None) -> None:
        self._check("settle")
        await super().settle(operation_id, result)


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
    """The write was applied. A repetition with its key finds it by a read and does not send it again."""
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
