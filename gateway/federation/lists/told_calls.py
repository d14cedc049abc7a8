"""Which calls of a list of tasks a person is told of: none that are made because of other people's tasks."""

from collections.abc import Sequence

from connectors.sdk.model import Task
from connectors.sdk.query import Page
from gateway.federation.lists.full_scan import PageOf
from gateway.federation.lists.planner import PlannedStream, SourcePlan
from gateway.federation.lists.stream import Stream
from gateway.federation.traffic import CallContext, RequestCost, current_context, in_context


def counted_by(cost: RequestCost | None) -> CallContext:
    """The current context; the calls are told too, if there is a counter of those."""
    context = current_context()
    return context if cost is None else context.counted_by(cost)


def counted_pages(told: RequestCost | None, planned: PlannedStream, page_of: PageOf[Task]) -> PageOf[Task]:
    """Counts the calls that are told. In a list with tasks of other people a page behind a full one is needed because of them."""
    is_first, is_needed_by_others = True, False

    async def counted(limit: int, after: str | None) -> Page[Task]:
        nonlocal is_first, is_needed_by_others
        # A list that goes on begins behind a page that other people's tasks have filled.
        is_needed_by_others = is_needed_by_others or (planned.shows_others and is_first and after is not None)
        is_first = False
        with in_context(counted_by(None if is_needed_by_others else told)):
            page = await page_of(limit, after)
        is_needed_by_others = planned.shows_others and len(page.items) + len(page.odd) >= limit
        return page

    return counted


def is_vain(plan: SourcePlan, streams: Sequence[Stream[Task]]) -> bool:
    """Whether chosen tasks, or the tasks of chosen flows, were read, and the caller sees nothing of them."""
    shown = {native_id for stream in streams for native_id in stream.seen}
    chosen = {native_id for planned in plan.streams for native_id in planned.ids or ()}
    return not chosen <= shown or (not shown and any(planned.query.flows is not None for planned in plan.streams))
