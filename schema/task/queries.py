"""Tasks by id and in lists, and the viewer."""

from typing import Annotated

import strawberry

from connectors.sdk.model import DetailAspect, TaskRef
from schema.core.arguments import FreshnessArgument, given, task_ref
from schema.core.context import Context
from schema.core.enums import Freshness
from schema.core.pagination import After, Before, First, Last, page_arguments
from schema.core.relay import GlobalId, decode
from schema.core.resolver import resolved
from schema.core.tasks import FreshTaskByRefLoader, TaskByRefLoader, list_tasks
from schema.execution import selects_cursors, selects_data, selects_total, spares_candidates
from schema.task.connection import TaskConnection
from schema.task.dataloaders import TaskDetailByAspectLoader
from schema.task.filters import TaskFilter
from schema.task.history import Comment
from schema.task.sorting import DEFAULT_ORDER, OrderBy, sort_keys
from schema.task.types import Task
from schema.task.viewer import Viewer

Info = strawberry.Info[Context, None]


@strawberry.type
class TaskQueries:
    @resolved(description="The person who sends the request.")
    def viewer(self) -> Viewer:
        return Viewer()

    @resolved(
        description=(
            "A task by id. Null if the id is malformed, of another type, unknown or invisible; null plus an error if the source cannot be read."
        )
    )
    async def task(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the task.")],
        freshness: FreshnessArgument = Freshness.CACHED,
    ) -> Task | None:
        return await task_by_id(decode(id), info.context, fresh=freshness is Freshness.FRESH)

    @resolved(
        description=(
            "All tasks that the viewer sees, over all sources. `sources` tells how each source answered; a failing source does not fail the list."
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
            TaskFilter | None, strawberry.argument(description="Condition on the tasks. Null means all.")
        ] = strawberry.UNSET,
        order_by: OrderBy = DEFAULT_ORDER,
        freshness: FreshnessArgument = Freshness.CACHED,
    ) -> TaskConnection:
        wanted = (given(filter) or TaskFilter()).to_port(info.context)
        found = await list_tasks(
            info.context,
            wanted,
            page_arguments(first, after, last, before),
            count=selects_total(info),
            without_candidates=spares_candidates(info),
            with_data=selects_data(info),
            cursors=selects_cursors(info),
            order=sort_keys(order_by),
            fresh=freshness is Freshness.FRESH,
        )
        return TaskConnection.from_list(found, info.context)


async def task_by_id(
    found: GlobalId | None, context: Context, *, fresh: bool = False, is_listed: bool = False
) -> Task | None:
    ref = task_ref(found)
    if ref is None or ref.source not in context.sources:
        return None
    task = await context.loader(FreshTaskByRefLoader if fresh else TaskByRefLoader).load(ref)
    if task is None:
        return None
    if fresh:
        context.loader(TaskByRefLoader).put(ref, task)
        context.note_fresh([task])
    return Task.from_model(task, context, is_listed=is_listed)


async def comment_by_id(found: GlobalId | None, context: Context) -> Comment | None:
    """A comment of a task that the viewer sees."""
    if found is None or found.type != "Comment" or found.parts[0] not in context.sources:
        return None
    source, task_id, comment_id = found.parts
    ref = TaskRef(source, task_id)
    detail = await context.loader(TaskDetailByAspectLoader).load((ref, DetailAspect.COMMENTS))
    comments = () if detail is None else detail.comments or ()
    return next((Comment.from_model(one, ref, context) for one in comments if one.native_id == comment_id), None)
