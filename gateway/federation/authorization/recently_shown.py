"""Which tasks were shown to whom a moment ago: such a person may be told why a write to a task is refused.

For other people a task that they may not see does not exist (NOT_FOUND).
"""

import time
from collections.abc import Callable, Iterable

from msgspec import Struct

from connectors.sdk.model import TaskRef

SECONDS = 60.0
MOST_KEPT = 20_000


class _Showing(Struct):
    until: float
    is_told: bool = False


class RecentlyShown:
    """One per process. It forgets after `SECONDS`, and the oldest showings beyond `most`."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic, most: int = MOST_KEPT) -> None:
        self._monotonic = monotonic
        self._most = most
        # Insertion order is age.
        self._showings: dict[tuple[str, TaskRef], _Showing] = {}

    def note(self, person: str, refs: Iterable[TaskRef]) -> None:
        """These tasks are being shown to the person."""
        until = self._monotonic() + SECONDS
        for ref in refs:
            self._showings.pop((person, ref), None)
            self._showings[person, ref] = _Showing(until)
        while len(self._showings) > self._most:
            del self._showings[next(iter(self._showings))]

    def knows(self, person: str, ref: TaskRef) -> bool:
        """Whether the task was shown to the person within the last `SECONDS`."""
        showing = self._showings.get((person, ref))
        return showing is not None and self._monotonic() < showing.until

    def may_tell(self, person: str, ref: TaskRef) -> bool:
        """Whether the person may be told of the task's new state: once for each showing. True uses it up."""
        showing = self._showings.get((person, ref))
        if showing is None or showing.is_told or self._monotonic() >= showing.until:
            return False
        showing.is_told = True
        return True
