"""A journal that cannot be written while a request is at the vendor changes no answer."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.sdk.commands import CreateTask, MutationStatus, Outcome, TaskCommand
from connectors.sdk.errors import ValidationFailedError
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.store.sqlite import SqliteJournal
from schema.ports import ClaimIntent, CompleteIntent, Intent, ReleaseIntent, TakeNextRequest, TaskFilter
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task
from tests.gateway.federation.write_requests import ALICE, CAROL, PEOPLE, REF, codes, perform

STRANGER = person("dora", "north", groups=("law",))


def on_disk(folder: Path) -> str:
    """The content of all files."""
    return "".join(file.read_bytes().decode("latin-1") for file in folder.iterdir())


class Storage:
    """A journal file, and what goes wrong with it."""

    def __init__(self, path: Path) -> None:
        self.journal = SqliteJournal(path)
        self.journal._worker._database.patience = 20
        self._other = sqlite3.connect(path)

    def lock(self) -> None:
        """Another connection is writing."""
        self._other.execute("BEGIN IMMEDIATE")

    def fill(self) -> None:
        """The disk is full: the file cannot grow."""
        self.journal._db.execute("PRAGMA max_page_count = 1")

    def mend(self) -> None:
        self._other.rollback()
        self.journal._db.execute("PRAGMA max_page_count = 1000000")

    def close(self) -> None:
        self._other.close()
        self.journal.close()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "journal.sqlite3")


def during(north: MemoryConnector, verb: str, happen: Callable[[], None]) -> None:
    """While that verb is at the vendor, `happen` is called."""
    perform_now = north.perform

    async def performed(command: TaskCommand | CreateTask) -> Outcome:
        outcome = await perform_now(command)
        if north.writes[-1] == verb:
            happen()
        return outcome

    north.perform = performed  # type: ignore[method-assign]


@pytest.mark.parametrize("happen", [Storage.lock, Storage.fill])
@pytest.mark.parametrize(
    ("intent", "verb"),
    [
        (ClaimIntent(), "claim"),
        (CompleteIntent(claim_if_needed=True), "complete"),
    ],
)
async def test_a_journal_that_fails_while_the_request_is_away_changes_nothing(
    storage: Storage, intent: Intent, verb: str, happen: Callable[[Storage], None]
) -> None:
    """The vendor's answer is told, also to the same key. It is recorded as soon as the journal can be written."""
    # A record of many pages: a full file has no room for it.
    north = MemoryConnector("north", [task("north", "1", description="x" * 100_000)])
    during(north, verb, lambda: happen(storage))
    sources = federation(north, people=PEOPLE, journal=storage.journal)

    first = await perform(sources, intent, ALICE, key="k")
    writes = list(north.writes)
    meanwhile = await perform(sources, intent, ALICE, key="another")
    copy = await perform(sources, intent, ALICE, key="k")
    storage.mend()
    recorded = await sources.operation(ALICE, first.operation_id)
    again = await perform(sources, intent, ALICE, key="k")

    assert (MutationStatus.APPLIED, []) == (first.status, codes(first))
    assert ["GATEWAY_UNAVAILABLE"] == codes(meanwhile)
    assert (MutationStatus.APPLIED, True, first.operation_id) == (copy.status, copy.replayed, copy.operation_id)
    assert recorded is not None
    assert MutationStatus.APPLIED is recorded.status
    assert (MutationStatus.APPLIED, True, first.operation_id) == (again.status, again.replayed, again.operation_id)
    assert writes == north.writes
    storage.close()


async def test_a_journal_locked_between_two_steps_tells_what_was_done(storage: Storage) -> None:
    """The claim was applied, the completion was never sent. The same key goes on from there."""
    north = MemoryConnector("north", [task("north", "1")])
    during(north, "claim", storage.lock)
    sources = federation(north, people=PEOPLE, journal=storage.journal)
    intent = CompleteIntent(claim_if_needed=True)

    first = await perform(sources, intent, ALICE, key="k")
    storage.mend()
    again = await perform(sources, intent, ALICE, key="k")

    assert (MutationStatus.REJECTED, ["GATEWAY_UNAVAILABLE"]) == (first.status, codes(first))
    assert "claimed; not completed" == first.effect
    assert first.task is not None
    assert ["alice"] == [owner.native_id for owner in first.task.assignees]
    assert (MutationStatus.APPLIED, False) == (again.status, again.replayed)
    assert ["claim", "complete"] == north.writes
    storage.close()


async def test_the_vendors_words_are_for_the_author_only(tmp_path: Path) -> None:
    """They may hold form data: they are not on the disk, and `lastWrite` has the code alone. The author reads them again."""
    secret = "ES9121000418450200051332"
    north = MemoryConnector("north", [task("north", "1", owner="alice")])
    north.fail_write = ValidationFailedError(
        f"expected a number but got {secret}", native_status=400, native_code=f"got {secret}"
    )
    path = tmp_path / "journal.sqlite3"
    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))

    first = await perform(sources, CompleteIntent(), ALICE, key="k")
    again = await perform(sources, CompleteIntent(), ALICE, key="k")
    of_author = await sources.operation(ALICE, first.operation_id)
    of_admin = await sources.operation(CAROL, first.operation_id)
    last = await sources.last_write(REF)

    assert secret in first.problems[0].message
    assert of_author is not None
    assert first.problems == again.problems == of_author.problems
    assert of_admin is not None
    assert last is not None
    assert [("VALIDATION_FAILED", 400, None)] == [
        (each.code, each.native_status, each.native_code) for each in last.problems
    ]
    assert of_admin.problems == last.problems
    assert secret not in last.problems[0].message
    assert secret not in on_disk(tmp_path)


async def test_a_write_to_a_task_that_its_author_cannot_see_is_not_its_last() -> None:
    """The last one of a person who sees the task is shown instead."""
    north = MemoryConnector("north", [task("north", "1", owner="alice")])
    sources = federation(north, people=[*PEOPLE, STRANGER])
    done = await perform(sources, ReleaseIntent(), ALICE)
    refused = await perform(sources, ClaimIntent(), STRANGER)
    last = await sources.last_write(REF)

    assert ["NOT_FOUND"] == [each.code for each in refused.problems]
    assert done.operation_id == (last and last.operation_id)


@pytest.mark.parametrize("happen", [Storage.lock, Storage.fill])
async def test_the_next_task_is_told_again_while_the_journal_fails(
    storage: Storage, happen: Callable[[Storage], None]
) -> None:
    north = MemoryConnector("north", [task("north", str(n), description="x" * 100_000) for n in range(2)])
    during(north, "claim", lambda: happen(storage))
    sources = federation(north, people=PEOPLE, journal=storage.journal)
    request = TakeNextRequest(filter=TaskFilter(), order=(SortKey(TaskOrderField.DUE_AT),), idempotency_key="k")

    first = await sources.take_next(ALICE, request)
    again = await sources.take_next(ALICE, request)
    storage.mend()
    later = await sources.take_next(ALICE, request)

    assert [MutationStatus.APPLIED] * 3 == [first.status, again.status, later.status]
    assert ([False, True, True], 1) == ([each.replayed for each in (first, again, later)], len(north.writes))
    storage.close()
