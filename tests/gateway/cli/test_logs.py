"""Which log lines are written, and how."""

from pathlib import Path

import orjson
import pytest
import structlog

from gateway.audit import AuditLine, LogAudit
from gateway.cli.log_writer import LogWriter
from gateway.cli.logs import log_requests
from tests.gateway.cli.command import run
from tests.gateway.configuration import write_configuration

LINE = AuditLine(
    time="2026-11-30T09:12:44.031Z",
    kind="write",
    person="alice",
    issuer=None,
    source="camunda",
    acted_as="account",
    action="CLAIM",
    target="task:1",
    status="APPLIED",
    codes=(),
    operation="0b8f4c1e",
    request=None,
)


def flush() -> None:
    writer = structlog.get_config()["processors"][-1]
    assert isinstance(writer, LogWriter)
    writer.flush()


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("debug", ["d", "i", "w", "e", "x", "audit"]),
        ("info", ["i", "w", "e", "x", "audit"]),
        ("warning", ["w", "e", "x", "audit"]),
        ("error", ["e", "x", "audit"]),
    ],
)
def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str], level: str, told: list[str]) -> None:
    """The audit is in the log at each level: it has no other place."""
    log_requests(level)  # type: ignore[arg-type]
    log = structlog.get_logger("any")

    log.debug("d")
    log.info("i")
    log.warning("w")
    log.error("e")
    log.error("x", exc_info=ValueError())
    LogAudit().note(LINE)
    flush()

    assert told == [orjson.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]


def test_console_lines_are_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    log_requests("info", "console")
    structlog.get_logger("any").info("request", path="/graphql", status=200)
    flush()

    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert [part for part in ("Z [info", "request", "path=/graphql", "status=200") if part not in line] == []
    assert "{" not in line


def test_control_characters_of_a_request_reach_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Clients choose paths before they sign in. A JSON line has none of them anyway."""
    log_requests("info", "console")
    structlog.get_logger().info("request", path="/\x1b[2J\u202eé")
    flush()

    assert "path=/\\x1b[2J\\u202eé" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--log-level=loud", "--log-format=xml"])
def test_an_unknown_choice_is_refused_with_those_that_there_are(tmp_path: Path, option: str) -> None:
    code, text = run("serve", "--config", str(write_configuration(tmp_path)), option)

    assert code == 2
    assert {"--log-level=loud": "'warning'", "--log-format=xml": "'console'"}[option] in text
