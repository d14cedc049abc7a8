"""Tasks by id and in lists."""

from typing import Annotated

import strawberry

from connectors.sdk.model import OPEN_STATES, DetailAspect, TaskRef
from schema import ports as port
from schema.core.arguments import Freshness, Window, given, task_ref, window
from schema.core.context import Context
from schema.core.relay import GlobalId, decode
from schema.core.resolver import resolved
from schema.execution import selects
from schema.people.types import IdentityLink, User, identities_of
from schema.ports import InboxScope, TaskListRequest
from schema.task.connection import TaskConnection
from schema.task.filters import DEFAULT_ORDER, TaskFilter, TaskOrder, sort_keys
from schema.task.history import Comment
from schema.task.types import Task

Info = strawberry.Info[Context, None]

First = Annotated[int | None, strawberry.argument(description="Rows of the page, 1 to 100; null or absent means 25.")]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of the edge before the page, made with the same filter and order; null means from the start."
    ),
]
Last = Annotated[
    int | None, strawberry.argument(description="Rows from the end, or before `before`, 1 to 100; not with `first`.")
]
Before = Annotated[
    str | None,
    strawberry.argument(description="Cursor of the edge after the page, made with the same filter and order."),
]
OrderBy = Annotated[
    list[TaskOrder] | None,
    strawberry.argument(description="Keys to sort by, the first counts most; due time, creation and id decide ties."),
]
Fresh = Annotated[Freshness | None, strawberry.argument(description="How old the answer may be; null means CACHED.")]


@strawberry.type(description="Who asks.")
class Viewer:
    @resolved(description="The person. Never null.")
    def user(self, info: Info) -> User:
        return User.from_caller(info.context.caller)

    @resolved(description="The person's accounts, in configuration order, as many as are configured.")
    def identities(self, info: Info) -> list[IdentityLink]:
        return identities_of(info.context.caller, info.context)

    @resolved(
        description=(
            "Tasks for the viewer, over all sources, at most 100 a page. Open ones, unless the filter names states. "
            "A failing source does not fail it: see `sources`."
        )
    )
    async def inbox(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        scope: Annotated[
            InboxScope | None, strawberry.argument(description="Which tasks; null means MINE.")
        ] = InboxScope.MINE,
        filter: Annotated[
            TaskFilter | None, strawberry.argument(description="Which of them; null means all open ones.")
        ] = strawberry.UNSET,
        order_by: OrderBy = DEFAULT_ORDER,
        freshness: Fresh = Freshness.CACHED,
    ) -> TaskConnection:
        asked = given(filter) or TaskFilter()
        wanted = asked.to_port(info.context)
        if not asked.names_state():
            wanted = _with_open_states(wanted)
        page = window(first, after, last, before)
        return await _list(info, scope or InboxScope.MINE, wanted, page, order_by, freshness)


@strawberry.type
class TaskQueries:
    @resolved(description="Who asks. Never null.")
    def viewer(self) -> Viewer:
        return Viewer()

    @resolved(
        description=(
            "A task by id. Null for an id that is malformed, of another type, unknown or invisible; null with an "
            "error if the source could not be asked."
        )
    )
    async def task(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of a Task.")],
        freshness: Fresh = Freshness.CACHED,
    ) -> Task | None:
        return await task_by_id(decode(id), info.context, fresh=freshness is Freshness.FRESH)

    @resolved(
        description=(
            "All tasks that the viewer may see, over all sources, at most 100 a page. A failing source does not fail "
            "it: see `sources`."
        )
    )
    async def tasks(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            TaskFilter | None, strawberry.argument(description="Which of them; null means all.")
        ] = strawberry.UNSET,
        order_by: OrderBy = DEFAULT_ORDER,
        freshness: Fresh = Freshness.CACHED,
    ) -> TaskConnection:
        wanted = (given(filter) or TaskFilter()).to_port(info.context)
        page = window(first, after, last, before)
        return await _list(info, InboxScope.ALL_VISIBLE, wanted, page, order_by, freshness)


async def task_by_id(
    found: GlobalId | None, context: Context, *, fresh: bool = False, is_listed: bool = False
) -> Task | None:
    ref = task_ref(found)
    if ref is None or ref.source not in context.sources:
        return None
    task = await (context.fresh_task_by_ref if fresh else context.task_by_ref).load(ref)
    if task is None:
        return None
    if fresh:
        context.task_by_ref.put(ref, task)
    return Task.from_model(task, context, is_listed=is_listed)


async def comment_by_id(found: GlobalId | None, context: Context) -> Comment | None:
    """A comment on a task that the viewer sees."""
    if found is None or found.type != "Comment" or found.parts[0] not in context.sources:
        return None
    source, task_id, comment_id = found.parts
    ref = TaskRef(source, task_id)
    detail = await context.task_detail.load((ref, DetailAspect.COMMENTS))
    comments = () if detail is None else detail.comments or ()
    return next((Comment.from_model(one, ref, context) for one in comments if one.native_id == comment_id), None)


async def tasks_of_person(
    info: Info,
    owner: port.PersonId,
    page: Window,
    filter: TaskFilter | None,
    order_by: list[TaskOrder] | None,
) -> TaskConnection:
    """Open tasks unless the filter names states, of one owner."""
    asked = filter or TaskFilter()
    mine = port.TaskFilter(assignees=frozenset({owner}), all_of=(asked.to_port(info.context),))
    wanted = mine if asked.names_state() else _with_open_states(mine)
    return await _list(info, InboxScope.ALL_VISIBLE, wanted, page, order_by, None)


async def _list(
    info: Info,
    scope: InboxScope,
    wanted: port.TaskFilter,
    page: Window,
    order_by: list[TaskOrder] | None,
    freshness: Freshness | None,
) -> TaskConnection:
    context = info.context
    request = TaskListRequest(
        scope=scope,
        filter=wanted,
        order=sort_keys(order_by),
        first=page.size,
        after=page.cursor,
        backward=page.backward,
        fresh=freshness is Freshness.FRESH,
        count=selects(info, ("totalCount",), ("totalAccuracy",), ("sources", "count")),
        now=context.now,
    )
    return TaskConnection.from_list(await context.federation.list_tasks(context.caller, request), context)


def _with_open_states(wanted: port.TaskFilter) -> port.TaskFilter:
    return port.TaskFilter(states=OPEN_STATES, all_of=(wanted,))
