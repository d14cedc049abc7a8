"""What an operation cost upstream, for its extensions."""

from contextvars import ContextVar

# Seconds below which nobody waited: clocks go on while code runs.
SHORTEST = 0.001


class Usage:
    """Counts requests sent, those of them that waited, the seconds of all waits together, reads sent again, and
    requests refused here.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.waits = 0
        self.seconds = 0.0
        self.retries = 0
        self.refusals = 0

    def waited(self, seconds: float) -> None:
        """One request's wait; one that was let in at once is none."""
        if seconds > SHORTEST:
            self.waits += 1
            self.seconds += seconds


usage: ContextVar[Usage | None] = ContextVar("traffic_usage", default=None)
"""Of the operation that the current calls belong to; None for those that belong to none."""
