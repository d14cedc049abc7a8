import sqlite3
from pathlib import Path

import pytest

from gateway.settings import load
from tests.gateway.cli.command import run
from tests.gateway.configuration import write_configuration


def test_check_fails_if_a_source_does_not_answer(tmp_path: Path) -> None:
    """Every source has its row. No row contains a password."""
    code, text = run("check", "--config", str(write_configuration(tmp_path)))

    assert code == 1
    assert [key for key in ("camunda", "field", "UPSTREAM_UNAVAILABLE") if key not in text] == []
    assert "never-told" not in text


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_journal_that_cannot_be_used_is_one_line(tmp_path: Path, command: str) -> None:
    """It names the file and the reason. Nothing is served."""
    config = write_configuration(tmp_path)
    journal = load(config).gateway.journal
    with sqlite3.connect(journal) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()

    code, text = run(command, "--config", str(config))

    assert code == 1
    assert [f"{journal}: the journal of writes cannot be opened: a newer version of taskgate wrote it"] == [
        line.partition(";")[0] for line in text.splitlines() if "journal" in line
    ]


def test_check_makes_no_journal(tmp_path: Path) -> None:
    """It may run as another user than the gateway."""
    config = write_configuration(tmp_path)
    run("check", "--config", str(config))

    assert not load(config).gateway.journal.exists()
