"""New tasks: createTask."""

from typing import Annotated

import strawberry

from connectors.sdk.errors import InputError
from schema.core.arguments import argument, flow_ref, given, source_key
from schema.core.enums import TaskPriority
from schema.core.payload import (
    VENDOR_OPTIONS,
    WriteInput,
    client_mutation_id,
    idempotency_key,
    json_object,
    refused,
    vendor_options,
)
from schema.core.relay import decode
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.ports import CreateTaskIntent, SourceRef, WriteRequest
from schema.task.mutations.write import Info, TaskPayload


@strawberry.input(description="Input of `createTask`.")
class CreateTaskInput(WriteInput):
    source_id: strawberry.ID = strawberry.field(description="Global id of the source in which the task is created.")
    title: str = strawberry.field(description="Title.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="Description. Null means none.")
    priority: TaskPriority | None = strawberry.field(
        default=strawberry.UNSET, description="Priority. Null means the source's default."
    )
    data: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Data of the task, a JSON object. Null means none."
    )
    flow_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Global id of the flow that the task belongs to. Null means none."
    )
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)


@strawberry.type
class CreateMutations:
    @resolved(
        description="Creates a task, within a flow or without one, as the source supports it. Requires the role task_admin."
    )
    async def create_task(
        self, info: Info, input: Annotated[CreateTaskInput, strawberry.argument(description="The task to create.")]
    ) -> TaskPayload:
        context, own_id = info.context, client_mutation_id(input)
        try:
            request = WriteRequest(
                target=SourceRef(source_key(input.source_id, ("sourceId",), context)),
                intent=_creation(input),
                idempotency_key=idempotency_key(input),
            )
        except InputError as error:
            return TaskPayload.from_result(refused(error), context, own_id)
        result = await context.federation.perform(context.caller, request)
        return TaskPayload.from_result(result, context, own_id)


def _creation(input: CreateTaskInput) -> CreateTaskIntent:
    if not input.title.strip():
        raise InputError("title must not be empty", field=("title",))
    flow_id = given(input.flow_id)
    flow = None if flow_id is None else flow_ref(decode(flow_id))
    if flow_id is not None and flow is None:
        raise InputError("flowId is not the id of a Flow", field=("flowId",))
    source = argument(input.source_id, "Source", ("sourceId",)).parts[0]
    if flow is not None and flow.source != source:
        raise InputError("flowId must be a flow of the same source", field=("flowId",))
    return CreateTaskIntent(
        title=input.title,
        description=given(input.description),
        priority=given(input.priority),
        data=json_object(input.data, "data", "the field names of the source"),
        flow=flow,
        options=vendor_options(input.vendor_options),
    )
