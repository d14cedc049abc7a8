"""Where the log lines of a command go: stderr, by a thread of their own."""


def log_as_json() -> None:
    """One JSON object a line, from INFO on."""
    import logging

    import orjson
    import structlog

    from gateway.cli.log_writer import LogWriter

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            LogWriter(lambda event: orjson.dumps(event, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def log_errors_only() -> None:
    """For commands that print text for people."""
    import logging

    import structlog

    from gateway.cli.log_writer import LogWriter

    render = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            LogWriter(lambda event: str(render(None, "", event))),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )
