"""Sources in memory that page as well and as badly as vendors do, and random tasks for them."""

import random
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from typing import Any
from zlib import crc32

from hypothesis import strategies as st
from msgspec import structs

from connectors.sdk.model import CountAccuracy, SubjectRef, Task, TaskKind, TaskPriority, TaskState
from connectors.sdk.query import Page, SortDirection, SortKey, TaskOrderField, TaskQuery, order_value
from gateway.federation.lists.sort_order import TotalOrder
from tests.gateway.federation.memory_source import EVERYTHING, NOW, MemoryConnector, task

SOURCES = ("north", "south", "west")
TITLES = ("Check claim", "approve invoice", "Approve order", "Zählerstand")
OWNERS = (None, None, "alice", "bob")
SCORES = (None, 25, 50, 100)
PRIORITIES = {None: None, 25: TaskPriority.LOW, 50: TaskPriority.MEDIUM, 100: TaskPriority.CRITICAL}
STATES = (TaskState.IN_PROGRESS, TaskState.RESERVED, TaskState.SUSPENDED, TaskState.COMPLETED)

# One number is one row: it is cheap to generate, and shrinks towards the first value of every member.
seeds = st.lists(st.integers(0, 2**31 - 1), max_size=12) | st.lists(st.integers(0, 2**31 - 1), min_size=20, max_size=30)


def row(seed: int, native_id: str, source: str | None = None) -> Task:
    """The row for a number. There are few different values, so ties are frequent."""

    def pick(count: int) -> int:
        nonlocal seed
        seed, rest = divmod(seed, count)
        return rest

    source = source or SOURCES[pick(3)]
    owner = OWNERS[pick(4)]
    due, follow_up, created, score = pick(6), pick(3), pick(4), SCORES[pick(4)]
    chosen = task(
        source,
        native_id,
        title=TITLES[pick(4)],
        owner=owner,
        due_at=NOW + timedelta(hours=due - 2) if due else None,
        follow_up_at=NOW + timedelta(hours=follow_up) if follow_up else None,
        created_at=NOW - timedelta(hours=created),
        priority_score=score,
        priority=PRIORITIES[score],
        kind=(TaskKind.FORM, TaskKind.APP)[pick(2)],
        is_escalated=(None, True, False)[pick(3)],
        candidate_groups=None if pick(5) == 4 else task(source, "").candidate_groups,
        business_key=(None, "Invoice", "Claim")[pick(3)],
        subjects=(None, (SubjectRef(type="account", native_id="7", label="Ácme claim"),))[pick(2)],
    )
    return chosen if owner is None else structs.replace(chosen, state=STATES[pick(4)])


orders = st.lists(
    st.tuples(st.sampled_from(list(TaskOrderField)), st.sampled_from(list(SortDirection))),
    max_size=3,
    unique_by=lambda key: key[0],
).map(lambda keys: tuple(SortKey(*key) for key in keys))


class Paging(Enum):
    """How a vendor finds the end of the last page: by the row's place in the order, or by counting from an anchor.

    If a vendor only counts rows, a connector uses the last returned row as an anchor. If that row is gone, the next
    page begins far enough before it that no row is missed.
    """

    BY_KEY = "by key"
    BY_ANCHOR = "by anchor"


class ListingConnector(MemoryConnector):
    """Sorts by `sorts`, pages as `paging` says, and returns each page as `misbehave` changes it."""

    def __init__(
        self,
        key: str,
        tasks: Sequence[Task] = (),
        *,
        sorts: frozenset[TaskOrderField] = EVERYTHING,
        weak: bool = False,
        paging: Paging = Paging.BY_KEY,
        nulls_first: bool = False,
        page_limit: int = 100,
        scan_limit: int = 2000,
    ) -> None:
        super().__init__(key, tasks, sorts=sorts, weak=weak, scan_limit=scan_limit)
        self.info = structs.replace(self.info, page_limit=page_limit)
        self.paging, self.nulls_first = paging, nulls_first
        self._places: dict[str, tuple[object, ...]] = {}

    def misbehave(self, page: list[Task], previous: Sequence[Task]) -> list[Task]:
        """The page that the vendor returns instead. `previous` are the rows before it."""
        return page

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        self.lists += 1
        self._count()
        order = TotalOrder(query.order)
        placed = [(self._place(one, order, query), one) for one in self._reads().values() if query.matches(one)]
        if self.info.sorts:
            placed.sort(key=lambda pair: pair[0])
        start = self._start(after, placed, limit)
        shown = placed[start : start + limit]
        following = None
        if start + limit < len(placed):
            place, last = shown[-1]
            following = f"{start + limit}@{last.native_id}@{crc32(repr(place).encode())}"
            self._places[following] = place
        return Page(
            items=self.misbehave([one for _, one in shown], [one for _, one in placed[:start]]),
            next_cursor=following,
            total=len(placed),
            total_accuracy=CountAccuracy.EXACT,
        )

    def _start(self, after: str | None, placed: list[tuple[tuple[object, ...], Task]], limit: int) -> int:
        if after is None:
            return 0
        start = int(after.split("@")[0])
        if not self.info.sorts:
            return start
        anchor: Any = self._places[after]
        if self.paging is Paging.BY_KEY:
            return sum(place <= anchor for place, _ in placed)
        # After a row that was certainly returned, or at the start of the list.
        while start > 0 and not (start <= len(placed) and placed[start - 1][0] <= anchor):
            start = max(0, start - limit)
        return start

    def _place(self, one: Task, order: TotalOrder, query: TaskQuery) -> tuple[object, ...]:
        """The vendor sorts ties, and rows without a value, in an order of its own."""
        ranked = list(order.rank_of(one)[: len(query.order)])
        for number, key in enumerate(query.order):
            if self.nulls_first and order_value(one, key.field) is None:
                ranked[number] = (-1, 0)
        return (*ranked, crc32(one.native_id.encode()), one.native_id)


class UnrulyConnector(ListingConnector):
    """Shuffles each page, repeats rows of it and of the page before, and never shows the rows in `hidden`."""

    hidden: frozenset[str] = frozenset()
    chance = random.Random(0)

    def misbehave(self, page: list[Task], previous: Sequence[Task]) -> list[Task]:
        shown = [one for one in page if one.native_id not in self.hidden]
        before = [one for one in previous[-3:] if one.native_id not in self.hidden]
        shown += [one for one in (*shown, *before) if self.chance.random() < 0.4]
        self.chance.shuffle(shown)
        return shown


abilities = st.sampled_from(
    [
        (sorts, weak, paging, nulls_first)
        for sorts in (
            EVERYTHING,
            frozenset({TaskOrderField.DUE_AT, TaskOrderField.CREATED_AT, TaskOrderField.PRIORITY}),
            frozenset(),
        )
        for weak in (False, True)
        for paging in Paging
        for nulls_first in (False, True)
    ]
)
