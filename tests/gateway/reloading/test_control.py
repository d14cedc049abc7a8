"""The socket by which `taskgate reload` reaches a gateway."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.reloading import ControlSocket, reload_running

pytestmark = pytest.mark.server


def only_file(folder: Path) -> str:
    (found,) = folder.iterdir()
    return found.name


async def test_each_gateway_over_the_journal_is_asked(tmp_path: Path) -> None:
    """However long the path is. The socket is private, and gone with the gateway."""
    folder = tmp_path / ("long" * 20) / ("longer" * 20)
    folder.mkdir(parents=True)
    journal = folder / "taskgate.toml.journal.sqlite3"

    async def done() -> tuple[bool, Sequence[str]]:
        return True, ["changed: people"]

    async def refused() -> tuple[bool, Sequence[str]]:
        return False, ["nothing was changed:", "people[0].key: is missing"]

    first, second = ControlSocket(journal, done), ControlSocket(journal, refused)
    first.open()
    second.open()
    modes = {path.stat().st_mode & 0o777 for path in folder.iterdir()}
    answers = await asyncio.to_thread(reload_running, journal)
    await first.close()
    await second.close()

    assert sorted(answers) == [
        (False, ["nothing was changed:", "people[0].key: is missing"]),
        (True, ["changed: people"]),
    ]
    assert modes == {0o600}
    assert list(folder.iterdir()) == []


async def test_what_a_killed_gateway_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """It answers nothing."""
    journal = tmp_path / "journal"
    left = tmp_path / "journal-00000000.control"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(left))
    before = await asyncio.to_thread(reload_running, journal)

    async def never() -> tuple[bool, Sequence[str]]:
        raise AssertionError

    control = ControlSocket(journal, never)
    control.open()
    await control.close()

    assert before == []
    assert not left.exists()


async def test_another_request_is_not_answered(tmp_path: Path) -> None:
    journal = tmp_path / "journal"

    async def never() -> tuple[bool, Sequence[str]]:
        raise AssertionError

    control = ControlSocket(journal, never)
    control.open()
    name = only_file(tmp_path)
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / name))
    writer.write(b"GET / HTTP/1.1\r\n")
    answer = b""
    # Reset, because the rest of the request was not read.
    with contextlib.suppress(ConnectionResetError):
        answer = await reader.read()
    writer.close()
    await control.close()

    assert answer == b""
