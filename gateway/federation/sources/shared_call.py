"""A shared call upstream: several may wait for it, so it has its own deadline, and its own place in line."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from gateway.federation.cache import Question
from gateway.federation.traffic import Priority, anew, prioritised, usage

# Seconds that a refresh may take for which nobody waits.
UNHURRIED = 60.0


def flights(deadlines: Mapping[str, float]) -> Callable[[Question, bool], AbstractContextManager[None]]:
    """What `Cache` enters around each call. `deadlines` are the sources' own, in seconds by key."""

    @contextmanager
    def around(question: Question, in_background: bool) -> Iterator[None]:  # noqa: FBT001 as Cache calls it
        if not in_background:
            with anew(deadlines[question.source]):
                yield
            return
        # It costs the operation that noticed nothing: that one has its answer already.
        usage.set(None)
        with anew(UNHURRIED), prioritised(Priority.BACKGROUND):
            yield

    return around
