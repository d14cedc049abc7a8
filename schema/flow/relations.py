"""Tasks of a flow, and its state."""

from collections.abc import Sequence

from connectors.sdk.model import Flow, FlowRef, FlowState, Task, TaskRef, TaskState
from schema.core.context import Context
from schema.core.pagination import PageArguments
from schema.core.tasks import BY_CREATION, FreshTaskByRefLoader, TaskByRefLoader, list_tasks
from schema.flow.dataloaders import flow_loader
from schema.ports import TaskFilter, TaskList

MOST_CURRENT_TASKS = 100

_WORKABLE = frozenset({TaskState.READY, TaskState.RESERVED, TaskState.IN_PROGRESS, TaskState.SUSPENDED})


async def tasks_of(
    ref: FlowRef, context: Context, *, states: frozenset[TaskState] | None, page: PageArguments, count: bool = False
) -> TaskList:
    """One page of the tasks of a flow that the viewer may see, by creation time. Only the flow's source is asked."""
    wanted = TaskFilter(sources=frozenset({ref.source}), flows=frozenset({ref}), states=states)
    return await list_tasks(context, wanted, page, count=count, order=BY_CREATION, fresh=context.is_fresh(ref))


async def tasks_in(ref: FlowRef, states: frozenset[TaskState], context: Context) -> list[Task]:
    """The first 100 tasks of a flow that have one of `states` and that the viewer may see."""
    listed = await tasks_of(
        ref, context, states=states, page=PageArguments(MOST_CURRENT_TASKS, None, None, backward=False)
    )
    return [edge.task for edge in listed.edges]


async def current_tasks_of(
    ref: FlowRef, record: Flow | None, context: Context, *, is_related: bool = False
) -> Sequence[Task]:
    """Tasks of the flow that can be worked on now: those that its record names, else a list by state."""
    found = record or await flow_loader(ref, context, is_related=is_related).load(ref)
    if found is None or found.current_task_ids is None:
        return await tasks_in(ref, _WORKABLE, context)
    refs = [TaskRef(ref.source, native_id) for native_id in found.current_task_ids[:MOST_CURRENT_TASKS]]
    is_fresh = context.is_fresh(ref)
    tasks = await context.loader(FreshTaskByRefLoader if is_fresh else TaskByRefLoader).load_many(refs)
    shown = [task for task in tasks if isinstance(task, Task)]
    if is_fresh:
        context.note_fresh(shown)
    return shown


async def state_of(ref: FlowRef, context: Context, *, is_related: bool = False) -> FlowState:
    """State of the flow; UNKNOWN if it cannot be loaded, because the field is non-null."""
    (found,) = await flow_loader(ref, context, is_related=is_related).load_many([ref])
    return found.state if isinstance(found, Flow) else FlowState.UNKNOWN
