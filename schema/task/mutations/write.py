"""Shared by all writes to a task: input fields, payload, and the call of the port."""

from collections.abc import Callable
from typing import Self

import strawberry

from connectors.sdk.errors import InputError
from connectors.sdk.model import TaskRef
from schema.core.arguments import argument, given
from schema.core.context import Context
from schema.core.payload import (
    REASON,
    VIEWER,
    WriteInput,
    WritePayload,
    client_mutation_id,
    idempotency_key,
    members_of,
    refused,
)
from schema.core.resolver import resolved
from schema.ports import Intent, WriteRequest, WriteResult
from schema.task.dataloaders import note_task_written
from schema.task.types import Task
from schema.task.viewer import Viewer

Info = strawberry.Info[Context, None]


@strawberry.input
class _TaskId:
    """A base of its own, so that `taskId` is the first field of every input."""

    task_id: strawberry.ID = strawberry.field(description="Global id of the task.")


@strawberry.input
class TaskTargetInput(WriteInput, _TaskId):
    """Fields of the inputs of writes that do not check the version."""


@strawberry.input
class TaskWriteInput(TaskTargetInput):
    """Fields of the inputs of writes to a task."""

    expected_version: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="`version` of the task that the person saw. VERSION_CONFLICT if the task has changed since. Null means no check.",
    )


@strawberry.input(description="Input of writes that need nothing but the task.")
class TaskActionInput(TaskWriteInput):
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=REASON)


@strawberry.type(description="Result of a write to a task.")
class TaskPayload(WritePayload):
    task: Task | None = strawberry.field(
        description="The task as the source will show it. Null if it could not be read, or if the viewer cannot see it."
    )

    @resolved(description=VIEWER)
    def viewer(self) -> Viewer:
        return Viewer()

    @classmethod
    def from_result(cls, result: WriteResult, context: Context, client_mutation_id: str | None) -> Self:
        return cls(
            task=None if result.task is None else Task.from_model(result.task, context),
            **members_of(result, client_mutation_id),
        )


async def write_task(context: Context, input: TaskTargetInput, intent: Callable[[TaskRef], Intent]) -> TaskPayload:
    """Send the intent that `intent` makes for the task. Wrong arguments are errors of the payload."""
    own_id = client_mutation_id(input)
    try:
        ref = TaskRef(*argument(input.task_id, "Task", ("taskId",)).parts)
        request = WriteRequest(
            target=ref,
            intent=intent(ref),
            expected_version=given(input.expected_version) if isinstance(input, TaskWriteInput) else None,
            idempotency_key=idempotency_key(input),
        )
    except InputError as error:
        return TaskPayload.from_result(refused(error), context, own_id)
    result = await context.federation.perform(context.caller, request)
    note_task_written(ref, result.task, context)
    return TaskPayload.from_result(result, context, own_id)
