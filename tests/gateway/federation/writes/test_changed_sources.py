"""Writes to sources that a reload, or a start with other settings, removes or adds."""

from datetime import timedelta
from pathlib import Path
from typing import cast

import anyio

from connectors.sdk.commands import Assign, IfLate, MutationStatus
from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import TaskRef
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.federation.service import FederatedSources
from gateway.federation.sources import Source
from gateway.shared.memory import memory_state
from gateway.store import KeptCommand, Undo
from gateway.store.sqlite import SqliteJournal
from schema.ports import BulkRequest, ClaimIntent, ReleaseIntent, TakeNextRequest, TaskFilter
from tests.gateway.federation.memory_source import NOW, MemoryConnector, federation, task
from tests.gateway.federation.write_requests import ALICE, BOB, PEOPLE, REF, codes, perform

APPLIED, REJECTED, UNKNOWN = MutationStatus.APPLIED, MutationStatus.REJECTED, MutationStatus.UNKNOWN
LOST = UpstreamTimeoutError("did not answer in time", maybe_applied=True)


def one_task(source: str = "north") -> MemoryConnector:
    return MemoryConnector(source, [task(source, "1")])


def without(journal: SqliteJournal, *, day: int = 0) -> FederatedSources:
    """A gateway whose configuration lacks the source, so many days later."""
    now = NOW + timedelta(days=day)
    return federation(MemoryConnector("south", []), people=PEOPLE, journal=journal, now=lambda: now)


async def test_a_repeated_key_tells_what_became_of_the_write(tmp_path: Path) -> None:
    """Without its task: the source shows nothing any more."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    first = await perform(federation(one_task(), people=PEOPLE, journal=journal), ClaimIntent(), ALICE, key="k")

    again = await perform(without(journal), ClaimIntent(), ALICE, key="k")

    assert (APPLIED, APPLIED) == (first.status, again.status)
    assert (first.operation_id, True, None) == (again.operation_id, again.replayed, again.task)
    journal.close()


async def test_a_write_that_is_not_known_stays_so() -> None:
    journal, north = SqliteJournal(None), MemoryConnector("north", [task("north", "1", owner="alice")])
    north.fail_write = LOST
    first = await perform(federation(north, people=PEOPLE, journal=journal), ReleaseIntent(), ALICE, key="k")

    again = await perform(without(journal), ReleaseIntent(), ALICE, key="k")

    assert (UNKNOWN, UNKNOWN, first.operation_id) == (first.status, again.status, again.operation_id)


async def test_a_new_write_and_other_arguments_are_refused() -> None:
    journal = SqliteJournal(None)
    await perform(federation(one_task(), people=PEOPLE, journal=journal), ClaimIntent(), ALICE, key="k")
    sources = without(journal)

    other = await perform(sources, ReleaseIntent(), ALICE, key="k")
    foreign = await perform(sources, ClaimIntent(), BOB, key="k")
    new = await perform(sources, ClaimIntent(), ALICE)

    assert [["IDEMPOTENCY_KEY_REUSED"], ["NOT_FOUND"], ["NOT_FOUND"]] == [codes(one) for one in (other, foreign, new)]


async def test_entries_of_a_bulk_are_told_too() -> None:
    journal, request = SqliteJournal(None), BulkRequest(targets=(REF,), intent=ClaimIntent(), idempotency_key="k")
    first = await federation(one_task(), people=PEOPLE, journal=journal).perform_bulk(ALICE, request)

    again = await without(journal).perform_bulk(ALICE, request)

    assert (APPLIED, APPLIED) == (first.entries[REF].result.status, again.entries[REF].result.status)
    assert again.entries[REF].result.replayed


async def test_the_next_task_that_was_taken_is_told_too() -> None:
    journal = SqliteJournal(None)
    request = TakeNextRequest(filter=TaskFilter(), order=(SortKey(TaskOrderField.DUE_AT),), idempotency_key="k")
    first = await federation(one_task(), people=PEOPLE, journal=journal).take_next(ALICE, request)

    again = await without(journal).take_next(ALICE, request)

    assert (APPLIED, APPLIED, None) == (first.status, again.status, again.task)
    assert first.operation_id == again.operation_id


async def test_an_unclear_write_to_an_added_source_is_looked_up() -> None:
    """The reconciler ran before there was such a source."""
    sources, north = without(SqliteJournal(None)), one_task()
    await sources.start()
    await anyio.lowlevel.checkpoint()
    held = cast("dict[str, Source]", sources._writes._reconciler._sources)
    held["north"] = Source(north, rate_limits=memory_state().rate_limits)
    north.fail_write, north.apply_before_failing = LOST, True
    north.lag()
    lost = await perform(sources, ClaimIntent(), ALICE, target=TaskRef("north", "1"))
    north.shown = None

    found = None
    for _ in range(200):
        await anyio.sleep(0.01)
        found = await sources.operation(ALICE, lost.operation_id)
        if found is not None and found.settled_at is not None:
            break

    assert found is not None
    assert (UNKNOWN, APPLIED) == (lost.status, found.status)
    await sources.stop()


async def test_an_unclear_write_waits_for_its_source() -> None:
    """A quarter of an hour, as for a source that cannot be read: another gateway over the journal may have it."""
    journal = SqliteJournal(None, now=NOW.timestamp)
    north = MemoryConnector("north", [task("north", "1", owner="alice")])
    north.fail_write = LOST
    await perform(federation(north, people=PEOPLE, journal=journal), ReleaseIntent(), ALICE)

    await without(journal)._writes._reconciler.look_at_all("")
    left = await journal.unsettled()
    await without(journal, day=1)._writes._reconciler.look_at_all("")

    assert ([ALICE.key], []) == ([write.person for write in left], list(await journal.unsettled()))


async def test_a_step_is_taken_back_when_its_source_is_there_again(tmp_path: Path) -> None:
    """What is to be undone stays in the journal without it, for a day at most."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3", now=NOW.timestamp)
    kept = KeptCommand.of(Assign(task=task("north", "1"), user_id="account", override=True))
    undo = Undo(
        operation_id="o",
        person="alice",
        fingerprint="f",
        target=REF,
        step=kept,
        undo=kept,
        owners=("account",),
        end="Complete",
        late=IfLate.REFUSED,
        noted_at=NOW,
    )
    await journal.note_undo(undo)

    await without(journal)._writes._undoer._round()
    left = await journal.undos()
    await without(journal, day=2)._writes._undoer._round()

    assert [undo] == list(left)
    assert [] == list(await journal.undos())
    journal.close()
