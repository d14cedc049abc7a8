"""Writes that the end of a process cut off."""

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from connectors.sdk.commands import CreateTask, MutationStatus, Outcome, TaskAction, TaskCommand
from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import TaskRef
from connectors.sdk.traces import Traces
from gateway.federation.service import FederatedSources
from gateway.federation.writes import recovery
from gateway.store.sqlite import SqliteJournal
from schema.ports import ClaimIntent, CompleteIntent, Intent, Operation
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import ALICE, BOB, PEOPLE, perform

COMPLETE = CompleteIntent()


class Crash(BaseException):
    """The process ends."""


async def crash(*_: object, **__: object) -> None:
    raise Crash


async def killed(path: Path, north: MemoryConnector, intent: Intent, *, before_sending: bool, applied: bool) -> None:
    """A gateway that ends in the middle of a write."""
    journal = SqliteJournal(path)
    perform_now = north.perform

    async def performed(command: TaskCommand | CreateTask) -> Outcome:
        if applied:
            await perform_now(command)
        raise Crash

    north.perform = performed  # type: ignore[method-assign]
    if before_sending:
        journal.mark_sent = crash  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        await perform(federation(north, people=PEOPLE, journal=journal), intent, ALICE, key="k")
    del north.perform
    journal.close()


async def settled(sources: FederatedSources) -> Operation:
    """What became of the last write to the task."""
    found = None
    with anyio.fail_after(5):
        # Two rounds of looks at the most: what the source shows is there from the beginning.
        for _ in range(20):
            await anyio.sleep(0.01)
            found = await sources.last_write(TaskRef("north", "1"))
            if found is not None and found.settled_at is not None:
                break
    assert found is not None
    return found


@pytest.mark.parametrize("intent", [ClaimIntent(), COMPLETE])
async def test_what_was_not_sent_is_rejected_and_its_key_is_free(tmp_path: Path, intent: Intent) -> None:
    """No record stays without an end. `lastWrite` does not show it: nothing was done to the task."""
    path = tmp_path / "journal.sqlite3"
    owner = None if isinstance(intent, ClaimIntent) else "alice"
    north = MemoryConnector("north", [task("north", "1", owner=owner)])
    await killed(path, north, intent, before_sending=True, applied=False)
    journal = SqliteJournal(path)
    operation = (await journal.open_writes())[0].operation_id
    sources = federation(north, people=PEOPLE, journal=journal)

    await sources.start()
    found = await sources.operation(ALICE, operation)
    last = await sources.last_write(TaskRef("north", "1"))
    again = await perform(sources, intent, ALICE, key="k")

    assert found is not None
    assert (MutationStatus.REJECTED, 0, True) == (found.status, found.attempts, found.settled_at is not None)
    assert ["GATEWAY_UNAVAILABLE"] == [problem.code for problem in found.problems]
    assert last is None
    assert (MutationStatus.APPLIED, False, 1) == (again.status, again.replayed, len(north.writes))
    await sources.stop()


@pytest.mark.parametrize("applied", [True, False])
async def test_a_claim_that_was_sent_is_looked_up(tmp_path: Path, applied: bool) -> None:
    """In the background. Only the person as the owner proves it; it is not sent again."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    await killed(path, north, ClaimIntent(), before_sending=False, applied=applied)
    sent = list(north.writes)
    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))

    await sources.start()
    found = await settled(sources)
    again = await perform(sources, ClaimIntent(), ALICE, key="k")
    await sources.stop()

    expected = MutationStatus.APPLIED if applied else MutationStatus.UNKNOWN
    assert (TaskAction.CLAIM, expected, applied) == (found.action, found.status, found.settled_at is not None)
    assert (expected, True, sent) == (again.status, again.replayed, north.writes)


async def test_the_claim_of_another_person_is_no_proof(tmp_path: Path) -> None:
    """It may have been theirs."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    await killed(path, north, ClaimIntent(), before_sending=False, applied=False)
    await perform(federation(north, people=PEOPLE), ClaimIntent(), BOB)
    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))

    await sources.start()
    found = await settled(sources)
    await sources.stop()

    assert MutationStatus.UNKNOWN is found.status


@pytest.mark.parametrize("spoil", [lambda north: north.held.clear(), lambda north: setattr(north, "fail", UnavailableError("down"))])  # fmt: skip
async def test_what_cannot_be_looked_up_is_unknown(tmp_path: Path, spoil: Callable[[MemoryConnector], None]) -> None:
    """The task is gone, or the source does not answer. The start does not wait for it."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    await killed(path, north, ClaimIntent(), before_sending=False, applied=True)
    spoil(north)
    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))

    await sources.start()
    found = await settled(sources)
    await sources.stop()

    assert MutationStatus.UNKNOWN is found.status


@pytest.mark.parametrize("applied", [True, False])
async def test_a_completion_that_was_sent_is_found_by_what_the_journal_kept(tmp_path: Path, applied: bool) -> None:
    """Hashes of what was sent, compared with what the source shows. It is not sent again."""
    path = tmp_path / "journal.sqlite3"
    north = RichConnector("north", [task("north", "1", owner="alice")])
    north.is_alone()
    north.traces = Traces(names_completer=True, shows_outcome=True)
    await killed(path, north, CompleteIntent(outcome="approved"), before_sending=False, applied=applied)
    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))

    await sources.start()
    found = await settled(sources)
    again = await perform(sources, CompleteIntent(outcome="approved"), ALICE, key="k")
    await sources.stop()

    status = MutationStatus.APPLIED if applied else MutationStatus.UNKNOWN
    assert (status, applied) == (found.status, found.settled_at is not None)
    assert (status, ["complete"] * applied) == (again.status, north.writes)


async def test_a_running_gateway_on_the_same_file_is_not_contradicted(tmp_path: Path) -> None:
    """One that starts leaves alone what another has admitted: that one lives, and sends it."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    one, other = (federation(north, people=PEOPLE, journal=SqliteJournal(path)) for _ in range(2))
    get = north.get_tasks

    async def start_other(ids: object) -> object:
        del north.get_tasks
        await other.start()
        return await get(ids)  # type: ignore[arg-type]

    north.get_tasks = start_other  # type: ignore[method-assign, assignment]
    result = await perform(one, ClaimIntent(), ALICE, key="k")
    again = await perform(one, ClaimIntent(), ALICE, key="k")

    assert (MutationStatus.APPLIED, MutationStatus.APPLIED) == (result.status, again.status)
    assert (["claim"], True) == (north.writes, again.replayed)
    assert structs.replace(again, replayed=True, upstream_calls=0) == await perform(
        other, ClaimIntent(), ALICE, key="k"
    )


@pytest.mark.slow
@pytest.mark.parametrize("before_sending", [True, False])
async def test_a_gateway_that_is_killed_while_another_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before_sending: bool
) -> None:
    """The other ends its writes, though none starts afterwards and the key does not come again."""
    monkeypatch.setattr(recovery, "PAUSE", 0.3)
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    journal = SqliteJournal(path)
    sources = federation(north, people=PEOPLE, journal=journal)
    await sources.start()
    await killed(path, north, ClaimIntent(), before_sending=before_sending, applied=False)
    operation = (await journal.abandoned())[0].operation_id
    await anyio.sleep(0.5)
    found = await sources.operation(ALICE, operation)
    await sources.stop()

    assert found is not None
    assert found.status is (MutationStatus.REJECTED if before_sending else MutationStatus.UNKNOWN)
