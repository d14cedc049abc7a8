"""The claim of the next task: takeNextTask."""

from typing import Annotated

import strawberry

from connectors.sdk.errors import InputError
from schema.core.arguments import given
from schema.core.payload import WriteInput, client_mutation_id, idempotency_key, refused
from schema.core.resolver import resolved
from schema.ports import TakeNextRequest
from schema.task.dataloaders import note_task_written
from schema.task.filters import TaskFilter
from schema.task.mutations.write import Info, TaskPayload
from schema.task.sorting import DEFAULT_ORDER, TaskOrder, sort_keys


@strawberry.input(description="Input of `takeNextTask`.")
class TakeNextTaskInput(WriteInput):
    filter: TaskFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Condition on the tasks. Null means all that the viewer may claim."
    )
    order_by: list[TaskOrder] | None = strawberry.field(
        default_factory=lambda: DEFAULT_ORDER,
        description="Sort keys, the first is the most significant. Of tasks that are equal by them, each person gets another one first.",
    )


@strawberry.type
class NextTaskMutations:
    @resolved(
        description="Claims the first task that the viewer may claim. If another person gets it first, the next one is tried, 10 at most; each claim is a write of its own, and the search ends with the first one that is APPLIED, PENDING or UNKNOWN. With nothing to take: REJECTED, INVALID_STATE, and `task` is null."
    )
    async def take_next_task(
        self,
        info: Info,
        input: Annotated[TakeNextTaskInput, strawberry.argument(description="Which tasks, and in which order.")],
    ) -> TaskPayload:
        context, own_id = info.context, client_mutation_id(input)
        try:
            request = TakeNextRequest(
                filter=(given(input.filter) or TaskFilter()).to_port(context),
                order=sort_keys(given(input.order_by)),
                idempotency_key=idempotency_key(input),
            )
        except InputError as error:
            return TaskPayload.from_result(refused(error), context, own_id)
        result = await context.federation.take_next(context.caller, request)
        if result.task is not None:
            note_task_written(result.task.ref, result.task, context)
        return TaskPayload.from_result(result, context, own_id)
