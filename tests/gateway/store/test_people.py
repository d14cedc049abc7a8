"""People who signed in, in the journal's file."""

import stat
from pathlib import Path

import pytest

from gateway.store import people as store_people
from gateway.store.forgetting import forget_person
from gateway.store.people import FORGETS_EVERY
from gateway.store.sqlite import SqliteJournal
from tests.gateway.store.journal_contract import Clock
from tests.gateway.store.test_forgetting import naming

DAY = 86_400.0


async def test_people_are_kept_for_their_time_beyond_the_process(tmp_path: Path) -> None:
    """Counted from the last sign-in. The file is for its owner alone."""
    path, clock = tmp_path / "journal", Clock()
    journal = SqliteJournal(path, now=clock)
    people = journal.people(keep=2 * DAY)
    people.keep_person("ann", clock(), b"old")
    people.keep_person("ben", clock(), b"ben")
    clock.now += DAY
    people.keep_person("ann", clock(), b"new")
    journal.close()
    mode = stat.S_IMODE(path.stat().st_mode)
    clock.now += DAY
    again = SqliteJournal(path, now=clock)
    found = [(key, record) for key, _, record in await again.people(keep=2 * DAY).people()]
    nothing = await again.people(keep=0).people()
    again.close()

    assert ([("ann", b"new")], [], 0o600) == (found, list(nothing), mode)


async def test_nothing_is_kept_for_no_time(tmp_path: Path) -> None:
    """For operators who want to keep no names."""
    clock = Clock()
    journal = SqliteJournal(tmp_path / "journal", now=clock)
    journal.people(keep=0).keep_person("ann", clock(), b"ann")
    found = await journal.people(keep=DAY).people()
    journal.close()

    assert [] == list(found)
    assert not naming(tmp_path, b"ann")


async def test_those_who_signed_in_longest_ago_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the gateway runs, too."""
    monkeypatch.setattr(store_people, "MOST_PEOPLE", 2)
    clock = Clock()
    journal = SqliteJournal(None, now=clock)
    people = journal.people(keep=DAY)
    for key in ("c", "a", "b"):
        people.keep_person(key, clock(), b"")
        clock.now += FORGETS_EVERY
    people.keep_person("c", clock(), b"")
    rows = journal._db.execute("SELECT key FROM person ORDER BY key").fetchall()
    journal.close()

    assert [("b",), ("c",)] == rows


async def test_a_person_is_erased_with_the_bytes(tmp_path: Path) -> None:
    """The others stay."""
    path, clock = tmp_path / "journal", Clock()
    journal = SqliteJournal(path, now=clock)
    people = journal.people(keep=DAY)
    for key in ("zoe.k", "ben"):
        people.keep_person(key, clock(), f"{key}@example.com".encode())
    journal.close()
    forgotten = [forget_person(path, "zoe.k"), forget_person(path, "zoe.k")]
    again = SqliteJournal(path, now=clock)
    left = [key for key, _, _ in await again.people(keep=DAY).people()]
    again.close()

    assert ([True, False], ["ben"]) == ([one.was_known for one in forgotten], left)
    assert not naming(tmp_path, b"zoe.k")


async def test_a_file_that_fails_loses_names_and_no_requests(tmp_path: Path) -> None:
    """Who signs in is not affected."""
    journal = SqliteJournal(tmp_path / "journal")
    people = journal.people(keep=DAY)
    journal._db.execute("DROP TABLE person")
    journal._db.commit()
    people.keep_person("ann", 1.0, b"")
    found = await people.people()
    journal.close()

    assert [] == list(found)
