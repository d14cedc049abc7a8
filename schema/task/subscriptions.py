"""`taskChanged`, `inboxChanged`: changes of tasks, as the sources show them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated

import strawberry

from connectors.sdk.errors import InputError
from schema.core.arguments import given, task_ref
from schema.core.context import Context
from schema.core.enums import ChangeKind, InboxScope
from schema.core.relay import decode, global_id
from schema.core.resolver import resolved, subscribed
from schema.core.tasks import only_open
from schema.ports import InboxWatchRequest, TaskEvent
from schema.task.filters import TaskFilter
from schema.task.types import Task

Info = strawberry.Info[Context, None]

MOST_TASKS = 100
"""Tasks that one subscription may name."""


def _id_of(event: TaskEvent) -> strawberry.ID | None:
    return None if event.ref is None else global_id("Task", event.ref.source, event.ref.native_id)


def _task_of(event: TaskEvent, context: Context) -> Task | None:
    return None if event.task is None else Task.from_model(event.task, context, is_listed=True)


@strawberry.type(description="A change of one of the tasks of `taskChanged`.")
class TaskChange:
    kind: ChangeKind = strawberry.field(description="What has happened.")
    task_id: strawberry.ID | None = strawberry.field(description="The task. Null with RESYNC.")
    at: datetime = strawberry.field(description="When the gateway learned of it.")

    event: strawberry.Private[TaskEvent]

    @resolved(description="The task as it is now, as in a list. Null with REMOVED and RESYNC.")
    def task(self, info: Info) -> Task | None:
        return _task_of(self.event, info.context)

    @classmethod
    def from_event(cls, event: TaskEvent) -> "TaskChange":
        return cls(kind=event.kind, task_id=_id_of(event), at=event.at, event=event)


@strawberry.type(description="A change of the list of `inboxChanged`.")
class InboxChange:
    kind: ChangeKind = strawberry.field(
        description="What has happened. RESYNC: something may have been missed; read the list again."
    )
    task_id: strawberry.ID | None = strawberry.field(description="The task. Null with RESYNC.")
    at: datetime = strawberry.field(description="When the gateway learned of it.")

    event: strawberry.Private[TaskEvent]

    @resolved(description="The task as it is now, as in the list. Null with REMOVED and RESYNC.")
    def task(self, info: Info) -> Task | None:
        return _task_of(self.event, info.context)

    @classmethod
    def from_event(cls, event: TaskEvent) -> "InboxChange":
        return cls(kind=event.kind, task_id=_id_of(event), at=event.at, event=event)


@strawberry.type
class TaskSubscriptions:
    @subscribed(
        description="Changes of tasks. A task that the viewer cannot see is silent as if it did not exist, and is told as ADDED when it becomes visible."
    )
    async def task_changed(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description=f"Global ids of the tasks, at most {MOST_TASKS}. An unknown id is silent."),
        ],
    ) -> AsyncGenerator[TaskChange, None]:
        if len(ids) > MOST_TASKS:
            raise InputError(f"ids has {len(ids)} entries; at most {MOST_TASKS} are served", field=("ids",))
        refs = [ref for ref in map(task_ref, map(decode, ids)) if ref is not None]
        async with aclosing(info.context.federation.watch_tasks(info.context.caller, refs)) as events:
            async for event in events:
                yield TaskChange.from_event(event)

    @subscribed(
        description="Changes of the viewer's inbox: which tasks come, change and go. Open tasks only, unless the filter has a condition on the state."
    )
    async def inbox_changed(
        self,
        info: Info,
        scope: Annotated[
            InboxScope | None, strawberry.argument(description="Which tasks. Null means MINE.")
        ] = InboxScope.MINE,
        filter: Annotated[
            TaskFilter | None, strawberry.argument(description="Condition on the tasks. Null means all open ones.")
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[InboxChange, None]:
        asked = given(filter) or TaskFilter()
        wanted = asked.to_port(info.context)
        request = InboxWatchRequest(
            scope=scope or InboxScope.MINE, filter=wanted if asked.names_state() else only_open(wanted)
        )
        async with aclosing(info.context.federation.watch_inbox(info.context.caller, request)) as events:
            async for event in events:
                yield InboxChange.from_event(event)
