"""Work on the rows of a list: in short stretches, between which the event loop serves other requests."""

import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

import anyio

from connectors.sdk.errors import UpstreamTimeoutError
from gateway.federation.traffic import current_context

STRETCH = 0.005
"""Seconds of work between two looks at the event loop, the deadline and the client."""
ROWS = 32
"""Rows between two looks at the clock."""

A = TypeVar("A")
B = TypeVar("B")


class RowWork:
    """One piece of work. `monotonic` in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.perf_counter) -> None:
        self._monotonic = monotonic
        self._until = monotonic() + STRETCH

    async def rest(self) -> None:
        """Lets others run if this stretch is over.

        Raises UpstreamTimeoutError where no answer is wanted any more: the deadline has passed, or the client has hung up.
        """
        if self._monotonic() < self._until:
            return
        await anyio.lowlevel.checkpoint()
        context = current_context()
        if context.remaining() == 0.0 or context.has_left():
            raise UpstreamTimeoutError("has more rows than could be read in the time of the request; narrow the filter")
        self._until = self._monotonic() + STRETCH

    async def each(self, rows: Iterable[A], do: Callable[[A], B]) -> list[B]:
        """The results for all rows. Raises as `rest`."""
        done: list[B] = []
        rest = iter(rows)
        while stretch := list(islice(rest, ROWS)):
            await self.rest()
            done += map(do, stretch)
        return done
