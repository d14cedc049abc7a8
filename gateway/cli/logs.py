"""Where the log lines of a command go: stderr, by a thread of their own."""

from collections.abc import Callable
from typing import Any

from gateway.cli.options import LogFormat, LogLevel

# The audit is no matter of verbosity: without a file of its own its lines are in the log at every level.
AUDIT = "taskgate.audit"
# The number of the level of this process.
_least = [0]


def log_requests(level: LogLevel = "info", form: LogFormat = "json") -> None:
    """Lines from `level` on, one for each event: a JSON object, or text for people with the time in UTC."""
    import orjson

    if form == "console":
        _configure(level, _console(), "%Y-%m-%dT%H:%M:%SZ", utc=True)
    else:
        _configure(level, lambda event: orjson.dumps(event, default=str).decode(), "iso", utc=True)


def change_level(level: LogLevel) -> None:
    """From now on, lines from this level on."""
    import logging

    import structlog

    _least[0] = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(min(_least[0], logging.INFO)))


def log_errors_only() -> None:
    """For commands that print text for people."""
    _configure("error", _console(), "%Y-%m-%d %H:%M:%S", utc=False)


def _console() -> Callable[[Any], str]:
    import structlog

    render = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    return lambda event: _printable(str(render(None, "", event)))


def _printable(text: str) -> str:
    """A terminal obeys control characters, and clients choose the path of a request before they sign in."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)


def _configure(level: LogLevel, render: Callable[[Any], str], times: str, *, utc: bool) -> None:
    import logging

    import structlog

    from gateway.cli.log_writer import LogWriter

    levels = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()}
    _least[0] = levels[level]

    def keep(_logger: object, method: str, event: Any) -> Any:
        if levels.get(method, _least[0]) < _least[0] and event.get("logger") != AUDIT:
            raise structlog.DropEvent
        return event

    structlog.configure(
        processors=[
            keep,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt=times, utc=utc),
            LogWriter(render),
        ],
    )
    change_level(level)
