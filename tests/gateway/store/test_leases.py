"""Two gateways over one journal file."""

from pathlib import Path

import pytest
from msgspec import structs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.model import FlowRef, TaskRef
from gateway.store import Lease, Stage
from gateway.store.presence import Presence
from gateway.store.sqlite import SqliteJournal
from tests.gateway.store.journal_contract import TASK, admit, result

REF = TaskRef("north", "1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


async def test_one_gateway_at_a_time_has_a_target(path: Path) -> None:
    """The next one is told that another gateway had it; the same gateway again is not."""
    one, two = SqliteJournal(path), SqliteJournal(path)

    first = await one.take(REF)
    refused = await two.take(REF)
    others = [await two.take(FlowRef("north", "1")), await two.take(TaskRef("south", "1"))]
    await one.give_back(REF)
    again = await one.take(REF)
    await one.give_back(REF)
    handed_over = await two.take(REF)

    assert (Lease(), None, [Lease(), Lease()], Lease()) == (first, refused, others, again)
    assert Lease(is_from_another=True) == handed_over
    one.close()
    two.close()


async def test_a_lease_hands_over_what_a_write_has_hidden(path: Path) -> None:
    """To another gateway only: this one knows it."""
    one, two = SqliteJournal(path), SqliteJournal(path)
    hidden = structs.replace(TASK, payload=None)
    await one.take(REF)
    await one.give_back(REF, hidden=hidden)
    again = await one.take(REF)
    await one.give_back(REF, hidden=hidden)

    assert (Lease(), Lease(is_from_another=True, hidden=hidden)) == (again, await two.take(REF))
    one.close()
    two.close()


async def test_a_lease_ends_with_its_gateway(path: Path) -> None:
    """However it ended: the system frees the lock on its mark."""
    one, two = SqliteJournal(path), SqliteJournal(path)
    await one.take(REF)
    await two.give_back(REF)  # not its own: nothing happens
    refused = await two.take(REF)
    one.close()

    assert (None, Lease(is_from_another=True, was_left=True)) == (refused, await two.take(REF))
    two.close()


async def test_writes_of_a_running_gateway_are_not_abandoned(path: Path) -> None:
    """A gateway that starts beside it leaves them alone; when it has ended, they are anyone's to settle."""
    one, two = SqliteJournal(path), SqliteJournal(path)
    await admit(one)

    seen = await two.record("op-1")
    found = (len(await one.open_writes()), len(await two.open_writes()), len(await two.abandoned()))
    one.close()

    assert seen is not None
    assert (Stage.ADMITTED, True, (1, 0, 0)) == (seen.stage, seen.is_elsewhere, found)
    left = await two.record("op-1")
    assert left is not None
    assert not left.is_elsewhere
    assert ["op-1"] == [write.operation_id for write in await two.abandoned()]
    two.close()


async def test_a_record_is_as_it_is_now(path: Path) -> None:
    one, two = SqliteJournal(path), SqliteJournal(path)
    await admit(one)
    await one.settle("op-1", result())

    found = await two.record("op-1")

    assert found is not None
    assert found.result is not None
    assert (Stage.SETTLED, MutationStatus.APPLIED, False) == (found.stage, found.result.status, found.is_elsewhere)
    assert await two.record("op-2") is None
    one.close()
    two.close()


def test_marks_that_were_left_behind_are_removed(path: Path) -> None:
    left = path.with_name(f"{path.name}-dead.running")
    left.touch()

    present = Presence(path)

    assert not left.exists()
    assert (True, False, False) == (
        present.is_running(present.id),
        present.is_running("dead"),
        present.is_running(None),
    )
    present.close()
    assert [] == list(path.parent.iterdir())
