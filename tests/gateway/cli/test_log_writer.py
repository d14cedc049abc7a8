"""Logs cost other requests nothing: lines are made in a thread, and tracebacks have no local variables."""

import io
import threading
import time
from typing import Any

import pytest
import structlog

from gateway.cli.log_writer import MOST_WAITING, Event, LogWriter


def logger(writer: LogWriter) -> Any:
    return structlog.wrap_logger(structlog.PrintLogger(io.StringIO()), processors=[writer])


def test_a_traceback_has_places_and_no_values() -> None:
    stream = io.StringIO()
    writer = LogWriter(lambda event: f"{event['event']}\n{event['exception']}", stream=stream)

    def fail(depth: int) -> None:
        secret = "what a person wrote"
        if depth:
            fail(depth - 1)
        raise ValueError(len(secret))

    try:
        fail(200)
    except ValueError:
        logger(writer).exception("internal error")
    writer.flush()

    text = stream.getvalue()
    assert text.startswith("internal error\nTraceback")
    assert text.endswith("ValueError: 19\n")
    assert "what a person wrote" not in text.replace('secret = "what a person wrote"', "")
    assert "test_log_writer.py" in text
    assert len(text.splitlines()) < 150


def test_a_line_is_made_in_another_thread() -> None:
    """The caller does not wait, however slow the terminal is; beyond a bound lines are dropped and counted."""
    go, stream = threading.Event(), io.StringIO()
    made_in: set[str] = set()

    def render(event: Event) -> str:
        go.wait()
        made_in.add(threading.current_thread().name)
        return f"{event['event']} {event.get('lines_dropped_before', '')}"

    writer = LogWriter(render, stream=stream)
    log = logger(writer)
    began = time.process_time()
    for number in range(MOST_WAITING + 50):
        log.info(str(number))
    spent = time.process_time() - began
    go.set()
    writer.flush(30)
    log.info("after")
    writer.flush()

    lines = stream.getvalue().splitlines()
    assert made_in == {"taskgate-log"}
    assert MOST_WAITING < len(lines) <= MOST_WAITING + 3
    assert any(line.split(" ")[1] for line in lines)
    assert spent < 5


@pytest.mark.parametrize("event", [{"a": object()}, {}])
def test_a_line_that_cannot_be_written_does_not_end_the_thread(event: dict[str, Any]) -> None:
    stream = io.StringIO()
    writer = LogWriter(lambda event: str(event["a"].missing) if "a" in event else "fine", stream=stream)

    logger(writer).info("first", **event)
    logger(writer).info("second")
    writer.flush()

    assert stream.getvalue().splitlines()[-1] == "fine"
