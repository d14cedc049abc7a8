"""Writes log lines in a thread of its own: a traceback takes milliseconds to format, and a terminal may be slow."""

import atexit
import queue
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

MOST_WAITING = 10_000
"""Lines that may wait; more are dropped and counted."""
MOST_FRAMES = 30

Event = MutableMapping[str, Any]


class LogWriter:
    """The last processor of structlog. `render` makes a line of an event; it runs in the thread.

    An exception becomes the text `exception`: its last frames with file, line and function, without local variables, which
    may hold what people sent.
    """

    def __init__(self, render: Callable[[Event], str], *, stream: TextIO | None = None) -> None:
        self._render = render
        self._stream = stream
        self._lines: queue.Queue[Event | threading.Event] = queue.Queue(MOST_WAITING)
        self._dropped = 0
        threading.Thread(target=self._run, name="taskgate-log", daemon=True).start()
        atexit.register(self.flush)

    def __call__(self, logger: object, method: str, event: Event) -> Event:
        from structlog import DropEvent

        raised = event.pop("exc_info", None)
        if raised is True:
            raised = sys.exc_info()[1]
        elif isinstance(raised, tuple):
            raised = raised[1]
        if isinstance(raised, BaseException):
            event["exception"] = raised
        try:
            self._lines.put_nowait(event)
        except queue.Full:
            self._dropped += 1
        raise DropEvent

    def flush(self, seconds: float = 2.0) -> None:
        """Wait until what was logged so far is written."""
        written = threading.Event()
        try:
            self._lines.put(written, timeout=seconds)
        except queue.Full:
            return
        written.wait(seconds)

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            dropped, self._dropped = self._dropped, 0
            if dropped:
                line["lines_dropped_before"] = dropped
            self._write(line)

    def _write(self, event: Event) -> None:
        raised = event.get("exception")
        if isinstance(raised, BaseException):
            event["exception"] = shown(raised)
        stream = self._stream or sys.stderr
        try:
            stream.write(f"{self._render(event)}\n")
            stream.flush()
        except Exception:  # noqa: BLE001 a line that cannot be written must not end the thread
            self._dropped += 1


def shown(raised: BaseException) -> str:
    """A traceback without local variables."""
    return "".join(traceback.format_exception(raised, limit=-MOST_FRAMES)).rstrip()
