"""What the vendor tells of the disjuncts of a list of tasks, beyond their streams: how many rows they have in common."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import structs

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import CountAccuracy, Task
from connectors.sdk.query import Page, TaskQuery
from gateway.federation.lists.count import Changes
from gateway.federation.lists.planner import SourcePlan
from gateway.federation.lists.query_logic import conjunction, is_contradictory
from gateway.federation.overlay import Written
from gateway.federation.sources import Source

# Reads the first page of a query: the most rows to give.
FirstPage = Callable[[TaskQuery, int], Awaitable[Page[Task]]]


class TaskDisjuncts:
    """Implements `count.Disjuncts`. `written` are the tasks that our own writes left."""

    def __init__(self, source: Source, plan: SourcePlan, first_page: FirstPage, written: Sequence[Written]) -> None:
        self._source = source
        self._plan = plan
        self._first_page = first_page
        # Where all versions are in the list, or none is, the vendor's totals are right whichever it shows.
        self._written = [
            one
            for one in written
            if len(shown := {plan.admits(version) for version in one.versions}) > 1 or (one.is_new and True in shown)
        ]
        # Rows of the journal that no disjunct has: they only add to the vendor's totals.
        self._own = len({one.native_id for one in plan.own} - {one.expected.native_id for one in self._written})

    def exclude(self, one: int, other: int) -> bool:
        queries = self._plan.disjuncts
        return is_contradictory(conjunction(queries[one], queries[other])[0])

    async def common(self, numbers: frozenset[int]) -> int | None:
        page = await self._asked([self._plan.disjuncts[number] for number in sorted(numbers)], limit=1)
        if page is None or page.total is None or page.total_accuracy is not CountAccuracy.EXACT:
            return None
        return page.total

    async def changed(self) -> Changes | None:
        """The vendor's lists may or may not show the writes yet: each disjunct is asked which of the tasks it has."""
        if not self._written:
            return Changes(0, self._own)
        counted: set[str] = set()
        ids = TaskQuery(ids=frozenset(one.expected.native_id for one in self._written))
        for query in self._plan.disjuncts:
            page = await self._asked([query, ids], limit=len(self._written))
            if page is None:
                return None
            counted |= {task.native_id for task in page.items}
        return Changes(len(counted), self._own + sum(self._plan.admits(one.expected) for one in self._written))

    def changes_at_most(self) -> int:
        return len(self._written) + self._own

    async def _asked(self, queries: Sequence[TaskQuery], *, limit: int) -> Page[Task] | None:
        """The first page of what is in all of them; None where the vendor does not apply all that they say."""
        is_exact = True
        query = queries[0]
        for other in queries[1:]:
            query, says_all = conjunction(query, other)
            is_exact = is_exact and says_all
        if is_contradictory(query):
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        try:
            pushed = self._source.ask("count tasks", lambda: self._source.connector.pushdown(query))
            if not is_exact or structs.replace(pushed, order=()) != query:
                return None
            return await self._first_page(query, limit)
        except ConnectorError:
            return None
