"""What an operation waited for upstreams' limits, for its extensions."""

from contextvars import ContextVar

# Seconds below which nobody waited: clocks go on while code runs.
SHORTEST = 0.001


class Waits:
    """Counts calls that waited, the seconds of all of them together, reads sent again, and calls refused here."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self.retries = 0
        self.refusals = 0

    def add(self, seconds: float) -> None:
        """One call's wait; one that was let in at once is none."""
        if seconds > SHORTEST:
            self.count += 1
            self.seconds += seconds


waits: ContextVar[Waits | None] = ContextVar("traffic_waits", default=None)
