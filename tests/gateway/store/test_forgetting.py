"""A person is erased from the journal."""

from pathlib import Path

import pytest

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import GatewayUnavailableError
from gateway.store.forgetting import DECIDES_SECONDS, Forgotten, forget_person
from gateway.store.sqlite import SqliteJournal
from tests.gateway.store.journal_contract import Clock, admit, ended, result


def naming(folder: Path, person: bytes) -> list[Path]:
    return [file for file in folder.iterdir() if person in file.read_bytes()]


async def test_settled_writes_and_ended_tasks_of_a_person_are_erased(tmp_path: Path) -> None:
    """Also the bytes of them. Those of other people stay, and open writes until they are settled."""
    path, clock = tmp_path / "journal", Clock()
    journal = SqliteJournal(path, now=clock)
    for operation_id, person, status in (
        ("op-0", "zoe.k", MutationStatus.APPLIED),
        ("op-1", "zoe.k", MutationStatus.UNKNOWN),
        ("op-2", "bob", MutationStatus.APPLIED),
    ):
        await admit(journal, operation_id, person=person, key=operation_id)
        await journal.mark_sent(operation_id)
        is_end = status is MutationStatus.APPLIED
        await journal.settle(
            operation_id, result(operation_id, status), ended=ended(operation_id, person=person) if is_end else None
        )

    def forgotten(after: float) -> Forgotten:
        return forget_person(path, "zoe.k", now=lambda: clock() + after)

    soon, later = forgotten(0), forgotten(DECIDES_SECONDS + 1)
    await journal.settle("op-1", result("op-1"))
    rest = forgotten(DECIDES_SECONDS + 1)
    found = [await journal.find(f"op-{number}") for number in range(3)]
    left = [one.person for one in await journal.ended_tasks(most=10)]
    journal.close()

    assert Forgotten(writes=0, ended_tasks=1, left=2) == soon
    assert [Forgotten(writes=1, ended_tasks=0, left=1), Forgotten(writes=1, ended_tasks=0, left=0)] == [later, rest]
    assert [None, None, "bob"] == [None if one is None else one.person for one in found]
    assert ["bob"] == left
    assert not naming(tmp_path, b"zoe.k")


def test_a_journal_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    """It is not a database."""
    (tmp_path / "journal").write_text("no database " * 100)

    with pytest.raises(GatewayUnavailableError, match="cannot be changed"):
        forget_person(tmp_path / "journal", "zoe")
