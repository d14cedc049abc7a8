from pathlib import Path

from gateway.settings import load
from gateway.store.sqlite import SqliteJournal
from tests.gateway.cli.command import run
from tests.gateway.configuration import write_configuration
from tests.gateway.store.journal_contract import admit, result


def forget(config: Path, key: str) -> tuple[int, list[str]]:
    code, text = run("people", "forget", key, "--config", str(config))
    return code, text.splitlines()


def test_forget_says_what_else_names_the_person(tmp_path: Path) -> None:
    """No journal is made."""
    config = write_configuration(tmp_path)

    code, lines = forget(config, "bob")

    assert (0, "journal: erased 0 writes and 0 tasks that the person ended") == (code, lines[0])
    assert any("people[1] is this person" in line for line in lines)
    assert not load(config).gateway.journal.exists()
    assert not any("people[" in line for line in forget(config, "dan")[1])


async def test_forget_fails_while_writes_are_left(tmp_path: Path) -> None:
    """They may decide about other writes."""
    config = write_configuration(tmp_path)
    journal = SqliteJournal(load(config).gateway.journal)
    await admit(journal, person="bob")
    await journal.mark_sent("op-1")
    await journal.settle("op-1", result())
    journal.close()

    code, lines = forget(config, "bob")

    assert (1, "journal: 1 writes are open or less than 15 minutes old; run this again later") == (code, lines[-1])
