"""Where the lines of the audit go."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.audit import AuditLine, FileAudit, LogAudit, audit_fault


def line(operation: str = "op-1") -> AuditLine:
    return AuditLine(
        time="2026-11-30T09:00:00.000Z",
        kind="write",
        person="alice",
        issuer=None,
        source="north",
        acted_as="account",
        action="CLAIM",
        target="task:1",
        status="REJECTED",
        codes=("ALREADY_ASSIGNED",),
        operation=operation,
        request="r-1",
    )


TOLD: dict[str, Any] = {
    "time": "2026-11-30T09:00:00.000Z",
    "kind": "write",
    "person": "alice",
    "issuer": None,
    "source": "north",
    "as": "account",
    "action": "CLAIM",
    "target": "task:1",
    "status": "REJECTED",
    "codes": ["ALREADY_ASSIGNED"],
    "operation": "op-1",
    "request": "r-1",
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_text(encoding="utf-8").splitlines()]


def operations(path: Path) -> list[str]:
    return [each["operation"] for each in lines(path)]


def test_without_a_file_a_line_is_one_of_the_log() -> None:
    """Found by the name of its logger."""
    with capture_logs() as logged:
        LogAudit().note(line())

    [told] = logged
    assert {"event": "audit", "logger": "taskgate.audit", "log_level": "info", **TOLD} == {
        **told,
        "codes": list(told["codes"]),
    }


def test_a_file_has_the_lines_and_nothing_else(tmp_path: Path) -> None:
    """It is for its owner only. A file that is there is gone on with, also by two gateways at once."""
    path = tmp_path / "audit.jsonl"
    first, second = FileAudit(path), FileAudit(path)
    with capture_logs() as logged:
        for number, audit in enumerate((first, second, first)):
            audit.note(line(f"op-{number}"))
    first.close()
    second.close()

    assert {**TOLD, "operation": "op-0"} == lines(path)[0]
    assert ["op-0", "op-1", "op-2"] == operations(path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [] == logged


def test_after_a_rotation_the_lines_go_on_in_the_new_file(tmp_path: Path) -> None:
    """Until it is reopened they go where the old file went: none is lost in between."""
    path, old = tmp_path / "audit.jsonl", tmp_path / "audit.jsonl.1"
    audit = FileAudit(path)
    audit.note(line("op-1"))
    path.rename(old)
    audit.note(line("op-2"))
    audit.reopen()
    audit.note(line("op-3"))
    audit.close()

    assert (["op-1", "op-2"], ["op-3"]) == (operations(old), operations(path))


def test_a_file_that_cannot_be_reopened_is_told_and_the_old_one_goes_on(tmp_path: Path) -> None:
    """No line is lost."""
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "audit.jsonl"
    audit = FileAudit(path)
    moved = folder.rename(tmp_path / "moved")
    with capture_logs() as logged:
        audit.reopen()
        audit.note(line("op-2"))
    audit.close()

    assert [("audit file not reopened", "No such file or directory")] == [(it["event"], it["reason"]) for it in logged]
    assert ["op-2"] == operations(moved / "audit.jsonl")


def test_a_line_that_the_disk_does_not_take_is_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason. The write that it tells of goes on."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    audit = FileAudit(tmp_path / "audit.jsonl")
    monkeypatch.setattr(os, "write", full)
    with capture_logs() as logged:
        audit.note(line())
    monkeypatch.undo()
    audit.close()

    assert ["audit line not written", "audit"] == [it["event"] for it in logged]
    assert ("No space left on device", "op-1") == (logged[0]["reason"], logged[1]["operation"])


def test_a_line_is_whole_also_if_the_system_takes_it_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`write` may take fewer bytes than it is given."""
    written = os.write
    audit = FileAudit(tmp_path / "audit.jsonl")
    monkeypatch.setattr(os, "write", lambda file, data: written(file, bytes(data[:7])))
    audit.note(line())
    monkeypatch.undo()
    audit.close()

    assert [TOLD] == lines(tmp_path / "audit.jsonl")


def test_a_file_that_cannot_be_used_is_told_before_anything_starts(tmp_path: Path) -> None:
    """One line that names it. Looking makes no file."""
    path = tmp_path / "audit.jsonl"

    assert audit_fault(None) is None
    assert audit_fault(path) is None
    assert not path.exists()
    assert f"{tmp_path}: the audit file cannot be written: Is a directory" == audit_fault(tmp_path)
    nowhere = tmp_path / "none" / "audit.jsonl"
    assert f"{nowhere}: the folder of the audit file cannot be written" == audit_fault(nowhere)
