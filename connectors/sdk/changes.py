"""What a vendor tells of changes, where it tells."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from connectors.sdk.model import Task
from connectors.sdk.query import Interval, Page, TaskOrderField, TaskQuery


class Changes(Struct, frozen=True, kw_only=True):
    """`tasks`: as they are now, open or not, each once. `gone`: ids of tasks that are not there any more.

    `is_whole` False: more has changed than was read; the gateway then reads the whole list. `lacks_updates`: it tells of new
    and ended tasks only, so that the gateway reads the whole list more often.
    """

    tasks: Sequence[Task] = ()
    gone: frozenset[str] = frozenset()
    is_whole: bool = True
    lacks_updates: bool = False


class ListTasks(Protocol):
    """`Connector.list_tasks`."""

    async def __call__(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]: ...


async def changes_by_times(
    list_tasks: ListTasks,
    pushdown: Callable[[TaskQuery], TaskQuery],
    times: Sequence[TaskOrderField],
    since: datetime,
    *,
    limit: int,
) -> Changes:
    """The tasks with one of these times since that moment: a page for each, the later ones of `times` being the newer."""
    found: dict[str, Task] = {}
    is_whole = True
    for time in times:
        query = pushdown(TaskQuery(times=((time, Interval(gte=since)),)))
        page = await list_tasks(query, limit=limit)
        found |= {task.native_id: task for task in page.items}
        is_whole = is_whole and page.next_cursor is None and bool(query.times)
    return Changes(tasks=tuple(found.values()), is_whole=is_whole, lacks_updates=TaskOrderField.UPDATED_AT not in times)
