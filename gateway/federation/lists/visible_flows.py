"""Which of several flows a caller sees: those in which the caller sees a task."""

from collections.abc import Iterable

import anyio

from connectors.sdk.caller import Caller
from connectors.sdk.model import FlowRef
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.federation.lists.task_list import TaskLists
from schema.ports import InboxScope, TaskFilter, TaskListRequest

MOST_ROWS = 100


async def visible_flows(lists: TaskLists, caller: Caller, flows: Iterable[FlowRef]) -> set[FlowRef]:
    """The flows that `caller` sees; task admins see all. One list of tasks for each source, if the flows have few tasks."""
    wanted = set(flows)
    if caller.is_task_admin:
        return wanted
    seen: set[FlowRef] = set()
    async with anyio.create_task_group() as group:
        for source in {ref.source for ref in wanted}:
            of_source = frozenset(ref for ref in wanted if ref.source == source)
            group.start_soon(_look, lists, caller, source, of_source, seen)
    return seen


async def _look(lists: TaskLists, caller: Caller, source: str, flows: frozenset[FlowRef], seen: set[FlowRef]) -> None:
    request = TaskListRequest(
        scope=InboxScope.ALL_VISIBLE,
        filter=TaskFilter(sources=frozenset({source}), flows=flows),
        # Every task has a creation time, so one query is enough; ordering by due date would need two.
        order=(SortKey(TaskOrderField.CREATED_AT),),
        first=MOST_ROWS if len(flows) > 1 else 1,
        count=False,
    )
    page = await lists.page(caller, request)
    found = {FlowRef(source, edge.task.flow_id) for edge in page.edges if edge.task.flow_id is not None}
    seen |= found
    left = flows - found
    if page.has_next_page and left and found:
        # Flows with many tasks fill the page: the rest are asked for without them.
        await _look(lists, caller, source, left, seen)
