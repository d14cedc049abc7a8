"""Lists over several sources against a model: all rows in one list, filtered and sorted in memory.

What lists promise for every kind of source and for every change between two pages:

- if nothing changes, all pages together are the model's sequence, in both directions and from any edge;
- a task that does not change while pages are read is returned once and in order;
- rows that a vendor shuffles or repeats within a page are returned once and in order. Rows that it drops are missing;
  no other row is.
"""

import itertools
import random
from collections.abc import Callable, Sequence

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.model import CountAccuracy, NativeRef, Task, TaskKind, TaskPriority, TaskRef, TaskState
from connectors.sdk.query import Interval, SortKey, TaskOrderField
from gateway.federation.lists.sort_order import TotalOrder
from gateway.federation.service import FederatedSources
from schema.ports import InboxScope, PersonId, SubjectMatch, TaskFilter, TaskList, TaskListRequest
from tests.gateway.federation.filter_model import filters_of, matches, moments, plain, some
from tests.gateway.federation.listing_source import (
    SOURCES,
    TITLES,
    ListingConnector,
    Paging,
    UnrulyConnector,
    abilities,
    orders,
    row,
    seeds,
)
from tests.gateway.federation.memory_source import NOW, federation, person

pytestmark = pytest.mark.slow

ADMIN = person("carol", *SOURCES, admin=True)
ALICE = person("alice", *SOURCES)
TIMES = (TaskOrderField.DUE_AT, TaskOrderField.FOLLOW_UP_AT, TaskOrderField.CREATED_AT)
Able = tuple[frozenset[TaskOrderField], bool, Paging, bool]
# A change between two pages: the row, whether it is removed, and otherwise the seed of its new values.
Change = tuple[int, bool, int]

filters = st.just(TaskFilter()) | filters_of(
    {
        "ids": some([TaskRef("north", "001"), TaskRef("south", "002"), TaskRef("west", "003")]),
        "sources": some(SOURCES),
        "states": some(TaskState),
        "kinds": some([TaskKind.FORM, TaskKind.APP]),
        "priorities": some(TaskPriority),
        "is_overdue": st.none() | st.booleans(),
        "is_escalated": st.none() | st.booleans(),
        "text": st.none() | st.sampled_from(["ÁCME", "zahler", "claim"]),
        "titles": some(TITLES),
        "title": matches,
        "business_keys": some(["Invoice", "Claim"]),
        "assignees": some([PersonId(key="alice"), PersonId(key="unknown"), PersonId(ref=NativeRef("north", "bob"))]),
        "has_assignee": st.none() | st.booleans(),
        "candidate_groups": some([NativeRef(source, "accounting") for source in SOURCES]),
        "has_candidate_groups": st.none() | st.booleans(),
        "subject": st.none() | st.just(SubjectMatch(label="acme")),
        "times": st.lists(
            st.tuples(st.sampled_from(TIMES), st.builds(Interval, gt=st.none() | moments, lte=st.none() | moments)),
            max_size=2,
        ).map(tuple),
        "present": st.frozensets(st.sampled_from(TIMES), max_size=1),
        "absent": st.frozensets(st.sampled_from(TIMES), max_size=1),
    }
)
sizes = st.lists(st.integers(1, 9), min_size=1, max_size=3)
able = st.tuples(abilities, abilities, abilities)
scopes = st.sampled_from([(ADMIN, InboxScope.ALL_VISIBLE), *((ALICE, scope) for scope in InboxScope)])


def rows_of(numbers: Sequence[int]) -> list[Task]:
    return [row(seed, f"{number:03}") for number, seed in enumerate(numbers)]


def sources_of(
    tasks: Sequence[Task], abilities: Sequence[Able], kind: type[ListingConnector] = ListingConnector
) -> list[ListingConnector]:
    return [
        kind(
            name,
            [one for one in tasks if one.source == name],
            sorts=sorts,
            weak=weak,
            paging=paging,
            nulls_first=nulls_first,
        )
        for name, (sorts, weak, paging, nulls_first) in zip(SOURCES, abilities, strict=True)
    ]


def is_seen(caller: Caller, scope: InboxScope, one: Task) -> bool:
    is_owner = any(user.native_id == caller.key for user in one.assignees)
    is_candidate = bool(one.candidate_groups)
    is_claimable = is_candidate and one.state is TaskState.READY
    return (
        caller.is_task_admin
        or {
            InboxScope.MINE: is_owner,
            InboxScope.CLAIMABLE: is_claimable,
            InboxScope.MINE_OR_CLAIMABLE: is_owner or is_claimable,
            InboxScope.MY_GROUPS: is_candidate,
            InboxScope.ALL_VISIBLE: is_owner or is_candidate,
        }[scope]
    )


def model(tasks: Sequence[Task], caller: Caller, request: TaskListRequest) -> list[str]:
    found = [one for one in tasks if plain(request.filter, one) and is_seen(caller, request.scope, one)]
    return [one.native_id for one in sorted(found, key=TotalOrder(request.order).rank_of)]


def ids(page: TaskList) -> list[str]:
    return [edge.task.native_id for edge in page.edges]


class Walk:
    """Reads one page after another. Each starts at the last edge of the previous page, or `turns` edges before it."""

    def __init__(
        self,
        sources: FederatedSources,
        caller: Caller,
        request: TaskListRequest,
        *,
        sizes: Sequence[int],
        turns: Sequence[int] = (0,),
        between: Callable[[int], None] | None = None,
    ) -> None:
        self._sources, self._caller, self._request = sources, caller, request
        self._sizes, self._turns, self._between = sizes, turns, between
        self.pages: list[TaskList] = []

    async def run(self) -> list[str]:
        """All rows in the order of the list. Asserts that the list ends, and that its order rises from page to page."""
        backward = self._request.backward
        found: list[Task] = []
        after: str | None = None
        for number in range(120):
            size = self._sizes[number % len(self._sizes)]
            page = await self._sources.list_tasks(self._caller, structs.replace(self._request, first=size, after=after))
            self.pages.append(page)
            edges = list(reversed(page.edges)) if backward else list(page.edges)

            assert len(edges) <= size
            # A page may be empty only if its rows were removed before it was read.
            assert edges or number == 0 or self._between is not None
            if not (page.has_previous_page if backward else page.has_next_page):
                found += [edge.task for edge in edges]
                break
            assert edges, "the page before said that there is more"
            # Every page is at least one row further, so the list ends.
            stop = max(1, len(edges) - self._turns[number % len(self._turns)])
            found += [edge.task for edge in edges[:stop]]
            after = edges[stop - 1].cursor()
            if self._between is not None:
                self._between(number)
        else:
            raise AssertionError("the list does not end")
        order = TotalOrder(self._request.order, backward=backward)
        ranks = [order.rank_of(one) for one in found]

        assert all(one < other for one, other in itertools.pairwise(ranks))
        native_ids = [one.native_id for one in found]
        return native_ids[::-1] if backward else native_ids


@given(seeds, filters, orders, able, sizes, st.lists(st.integers(0, 4), min_size=1, max_size=3), scopes, st.booleans())
def test_pages_joined_are_the_models_sequence(
    numbers: list[int],
    wanted: TaskFilter,
    order: tuple[SortKey, ...],
    able: tuple[Able, Able, Able],
    sizes: list[int],
    turns: list[int],
    who: tuple[Caller, InboxScope],
    backward: bool,
) -> None:
    """In both directions, from any edge, whatever a source can sort or filter. Totals have the accuracy that they
    claim.
    """
    tasks = rows_of(numbers)
    caller, scope = who
    request = TaskListRequest(scope=scope, filter=wanted, order=order, backward=backward, now=NOW)
    sources = federation(*sources_of(tasks, able), people=[ALICE, ADMIN])
    walk = Walk(sources, caller, request, sizes=sizes, turns=turns)
    expected = model(tasks, caller, request)

    assert expected == anyio.run(walk.run)
    for page in walk.pages:
        assert page.total is not None
        exact = page.total_accuracy is CountAccuracy.EXACT
        assert page.total == len(expected) if exact else page.total <= len(expected)


@given(
    numbers=seeds,
    wanted=filters,
    order=orders,
    able=able,
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    turns=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    changes=st.lists(
        st.lists(st.tuples(st.integers(0, 32), st.booleans(), st.integers(0, 2**31 - 1)), min_size=1, max_size=6),
        min_size=1,
        max_size=6,
    ),
    who=scopes,
    backward=st.booleans(),
    fresh=st.booleans(),
)
def test_unchanged_tasks_come_once_and_in_order_while_others_change(
    numbers: list[int],
    wanted: TaskFilter,
    order: tuple[SortKey, ...],
    able: tuple[Able, Able, Able],
    sizes: list[int],
    turns: list[int],
    changes: list[list[Change]],
    who: tuple[Caller, InboxScope],
    backward: bool,
    fresh: bool,
) -> None:
    """Also if an anchor is gone, if pages were cached before a change, and with any filter and scope."""
    tasks = rows_of(numbers)
    connectors = sources_of(tasks, able)
    held = {one.native_id: one for one in tasks}
    touched: set[str] = set()

    def change(number: int) -> None:
        for which, goes, seed in changes[number] if number < len(changes) else ():
            name = f"{which:03}"
            source = held[name].source if name in held else None
            touched.add(name)
            held.pop(name, None)
            for connector in connectors:
                connector.held.pop(name, None)
            if not goes:
                held[name] = row(seed, name, source)
                connectors[SOURCES.index(held[name].source)].held[name] = held[name]

    caller, scope = who
    request = TaskListRequest(
        scope=scope, filter=wanted, order=order, backward=backward, fresh=fresh, count=False, now=NOW
    )
    walk = Walk(
        federation(*connectors, people=[ALICE, ADMIN]), caller, request, sizes=sizes, turns=turns, between=change
    )
    found = anyio.run(walk.run)

    unchanged = [name for name in model(tasks, caller, request) if name not in touched]
    assert unchanged == [name for name in found if name not in touched]


@given(
    numbers=seeds,
    order=orders,
    able=able,
    sizes=sizes,
    hidden=st.frozensets(st.integers(0, 24).map(lambda number: f"{number:03}"), max_size=5),
    chance=st.integers(0, 2**16),
    backward=st.booleans(),
)
def test_pages_that_a_vendor_shuffles_repeats_or_shortens(
    numbers: list[int],
    order: tuple[SortKey, ...],
    able: tuple[Able, Able, Able],
    sizes: list[int],
    hidden: frozenset[str],
    chance: int,
    backward: bool,
) -> None:
    """No row is returned twice, all rows are in order, and only rows that the vendor hides are missing."""
    tasks = rows_of(numbers)
    connectors = sources_of(tasks, able, UnrulyConnector)
    for connector in connectors:
        connector.hidden, connector.chance = hidden, random.Random(chance)  # type: ignore[attr-defined]
    request = TaskListRequest(order=order, backward=backward, fresh=True, now=NOW)
    walk = Walk(federation(*connectors, people=[ADMIN]), ADMIN, request, sizes=sizes)

    assert [one for one in model(tasks, ADMIN, request) if one not in hidden] == anyio.run(walk.run)


@given(seeds, orders, able, sizes, st.lists(st.booleans(), min_size=1, max_size=12))
def test_any_edge_resumes_in_either_direction(
    numbers: list[int],
    order: tuple[SortKey, ...],
    able: tuple[Able, Able, Able],
    sizes: list[int],
    turns: list[bool],
) -> None:
    """The page begins next to the cursor's row, for any size and direction, and says whether there are rows beyond it."""
    tasks = rows_of(numbers)
    expected = model(tasks, ADMIN, TaskListRequest(order=order))

    async def run() -> None:
        sources = federation(*sources_of(tasks, able), people=[ADMIN])
        page = await sources.list_tasks(ADMIN, TaskListRequest(order=order, first=sizes[-1], now=NOW))
        for number, backward in enumerate(turns):
            if not page.edges:
                return
            edge = page.edges[number % len(page.edges)]
            place, size = expected.index(edge.task.native_id), sizes[number % len(sizes)]
            request = TaskListRequest(order=order, first=size, after=edge.cursor(), backward=backward, now=NOW)
            page = await sources.list_tasks(ADMIN, request)

            assert (expected[max(0, place - size) : place] if backward else expected[place + 1 :][:size]) == ids(page)
            assert page.has_previous_page == (place > size if backward else True)
            assert page.has_next_page == (True if backward else place + 1 + size < len(expected))

    anyio.run(run)
