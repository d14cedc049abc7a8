"""Which answers a write has overtaken.

Every invalidation has a number. An answer carries the number that stood *before* it was asked for, and is overtaken by
any later invalidation of what it is about. Deleting entries instead would miss the answers that are still on their way.
"""

import math
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from gateway.federation.cache.tags import Tag

# Of these the last invalidation is known. Beyond them the oldest are forgotten, and all answers of that time with them.
MOST_TAGS = 10_000


class Mark(Struct, frozen=True):
    """The last invalidation: its number, and the time until which answers may still show what was before it."""

    number: int
    unsettled_until: float


class Versions:
    def __init__(self, *, most: int = MOST_TAGS) -> None:
        self._most = most
        self._number = 0
        self._marks: dict[Tag, Mark] = {}
        # What is known of a tag that is not among the marks.
        self._floor = Mark(0, -math.inf)
        self._writing: Counter[Tag] = Counter()

    @property
    def number(self) -> int:
        """The number of the last invalidation: read it before asking a vendor."""
        return self._number

    def invalidate(self, tags: Iterable[Tag], *, unsettled_until: float = -math.inf) -> None:
        self._number += 1
        for tag in tags:
            earlier = self._marks.pop(tag, self._floor)
            # At the end: the order of the dictionary is that of the numbers.
            self._marks[tag] = Mark(self._number, max(earlier.unsettled_until, unsettled_until))
        while len(self._marks) > self._most:
            oldest = self._marks.pop(next(iter(self._marks)))
            self._floor = Mark(oldest.number, max(self._floor.unsettled_until, oldest.unsettled_until))

    def overtaken(self, since: int, tags: Iterable[Tag]) -> bool:
        """Whether an answer asked for at `since` may lack a write that happened afterwards."""
        if since == self._number:
            return False
        return any(self._mark(tag).number > since for tag in tags)

    def unsettled(self, asked_at: float, tags: Iterable[Tag]) -> bool:
        """Whether an answer asked for at that time may lack a write that happened before."""
        return any(asked_at < self._mark(tag).unsettled_until for tag in tags)

    def begin_write(self, tags: Iterable[Tag]) -> None:
        self._writing.update(tags)

    def end_write(self, tags: Iterable[Tag]) -> None:
        self._writing.subtract(tags)
        # Counts of zero would stay for ever.
        self._writing = +self._writing

    def being_written(self, tags: Iterable[Tag]) -> bool:
        return bool(self._writing) and any(tag in self._writing for tag in tags)

    def _mark(self, tag: Tag) -> Mark:
        return self._marks.get(tag, self._floor)


def widened(tags: Iterable[Tag]) -> frozenset[Tag]:
    """The tags, and those whose invalidation reaches them."""
    narrow = frozenset(tags)
    kinds = {Tag(tag.source, tag.kind) for tag in narrow}
    return narrow | kinds | {Tag(tag.source) for tag in narrow}
