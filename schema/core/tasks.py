"""Tasks as records, listed and loaded by ref. For all nouns that have fields of tasks."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import OPEN_STATES, Task, TaskRef
from connectors.sdk.query import SortKey, TaskOrderField
from schema.core.context import Context
from schema.core.loader import Loader
from schema.core.pagination import PageArguments
from schema.ports import InboxScope, TaskFilter, TaskList, TaskListRequest

BY_DUE_TIME = (SortKey(TaskOrderField.DUE_AT),)
BY_CREATION = (SortKey(TaskOrderField.CREATED_AT),)


async def list_tasks(
    context: Context,
    filter: TaskFilter,
    page: PageArguments,
    *,
    count: bool,
    scope: InboxScope = InboxScope.ALL_VISIBLE,
    order: tuple[SortKey, ...] = BY_DUE_TIME,
    fresh: bool = False,
    without_candidates: bool = False,
    with_data: bool = False,
    cursors: bool = True,
) -> TaskList:
    """One page of the tasks that the viewer may see. The last arguments, and `count`, are as in `TaskListRequest`."""
    request = TaskListRequest(
        scope=scope,
        filter=filter,
        order=order,
        first=page.size,
        after=page.cursor,
        until=page.until,
        backward=page.backward,
        fresh=fresh,
        count=count,
        now=context.now,
        without_candidates=without_candidates,
        with_data=with_data,
        cursors=cursors,
    )
    found = await context.federation.list_tasks(context.caller, request)
    if fresh:
        context.note_fresh(edge.task for edge in found.edges)
    return found


def only_open(filter: TaskFilter) -> TaskFilter:
    return TaskFilter(states=OPEN_STATES, all_of=(filter,))


class TaskByRefLoader(Loader[TaskRef, Task]):
    """Tasks by ref. None for a task that does not exist or that the caller may not see."""

    async def find(self, keys: Sequence[TaskRef]) -> Mapping[TaskRef, Task | ConnectorError]:
        return await self._federation.get_tasks(self._caller, keys)


class FreshTaskByRefLoader(Loader[TaskRef, Task]):
    """As TaskByRefLoader, read from the source and not from the gateway's caches."""

    async def find(self, keys: Sequence[TaskRef]) -> Mapping[TaskRef, Task | ConnectorError]:
        return await self._federation.get_tasks(self._caller, keys, fresh=True)
