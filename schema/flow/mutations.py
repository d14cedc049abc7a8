"""Writes to flows, with their inputs and payload. For task admins only."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import strawberry

from connectors.sdk.errors import InputError
from connectors.sdk.model import OPEN_STATES, FlowRef, SubjectRef
from schema.core.arguments import argument, given, source_key
from schema.core.context import Context
from schema.core.payload import (
    REASON,
    VENDOR_OPTIONS,
    VIEWER,
    WriteInput,
    WritePayload,
    client_mutation_id,
    idempotency_key,
    json_object,
    members_of,
    refused,
    vendor_options,
)
from schema.core.presenters import present
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.flow.dataloaders import note_flow_written
from schema.flow.relations import tasks_in
from schema.flow.types import Flow
from schema.ports import (
    CancelFlowIntent,
    Intent,
    ResumeFlowIntent,
    SourceRef,
    StartFlowIntent,
    SuspendFlowIntent,
    Target,
    WriteRequest,
    WriteResult,
)

if TYPE_CHECKING:
    from schema.task import Task, Viewer

Info = strawberry.Info[Context, None]


@strawberry.input(description="A business object that a new flow is about.")
class SubjectInput:
    type: str = strawberry.field(description="Type of the object, as the source names it.")
    id: str = strawberry.field(description="Native id of the object.")
    is_primary: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether this is the main subject. Null if the source does not mark one."
    )


@strawberry.input(description="Input of `startFlow`.")
class StartFlowInput(WriteInput):
    source_id: strawberry.ID = strawberry.field(description="Global id of the source that runs the flow.")
    definition_key: str = strawberry.field(description="Key of the flow definition.")
    version: str | None = strawberry.field(
        default=strawberry.UNSET, description="Native version of the definition. Null means the newest."
    )
    data: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description="Data of the new flow, a JSON object. Null means none. Judged by the form of the start, if it has one.",
    )
    subjects: list[SubjectInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Business objects that the flow is about. Null means none."
    )
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)


@strawberry.input
class _FlowId:
    """A base of its own, so that `flowId` is the first field of every input."""

    flow_id: strawberry.ID = strawberry.field(description="Global id of the flow.")


@strawberry.input(description="Input of `suspendFlow` and `resumeFlow`.")
class FlowActionInput(WriteInput, _FlowId):
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=REASON)


@strawberry.input(description="Input of `cancelFlow`.")
class CancelFlowInput(FlowActionInput):
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)


@strawberry.type(description="Result of a write to a flow.")
class FlowPayload(WritePayload):
    flow: Flow | None = strawberry.field(
        description="The flow as the source will show it. Null if it could not be read."
    )

    @resolved(
        graphql_type=list[Annotated["Task", strawberry.lazy("schema.task")]],
        description="Open tasks of the flow, at most 100, as far as the source shows them already. Costs a list of tasks.",
    )
    async def tasks(self, info: Info) -> "list[Task]":
        if self.flow is None:
            return []
        return [present(task, info.context) for task in await tasks_in(self.flow.ref, OPEN_STATES, info.context)]

    @resolved(graphql_type=Annotated["Viewer", strawberry.lazy("schema.task")], description=VIEWER)
    def viewer(self, info: Info) -> "Viewer":
        viewer: Viewer = present(info.context.caller, info.context)
        return viewer

    @classmethod
    def from_result(cls, result: WriteResult, context: Context, client_mutation_id: str | None) -> "FlowPayload":
        return cls(
            flow=None if result.flow is None else Flow.from_model(result.flow, context),
            **members_of(result, client_mutation_id),
        )


@strawberry.type
class FlowMutations:
    @resolved(description="Starts a flow. Requires the role task_admin.")
    async def start_flow(
        self, info: Info, input: Annotated[StartFlowInput, strawberry.argument(description="The flow to start.")]
    ) -> FlowPayload:
        return await _write(
            info.context, input, lambda: SourceRef(source_key(input.source_id, ("sourceId",), info.context)), _start
        )

    @resolved(description="Suspends a flow. Requires the role task_admin.")
    async def suspend_flow(
        self, info: Info, input: Annotated[FlowActionInput, strawberry.argument(description="The flow to suspend.")]
    ) -> FlowPayload:
        return await _write(
            info.context, input, lambda: _flow(input), lambda one: SuspendFlowIntent(reason=given(one.reason))
        )

    @resolved(description="Resumes a suspended flow. Requires the role task_admin.")
    async def resume_flow(
        self, info: Info, input: Annotated[FlowActionInput, strawberry.argument(description="The flow to resume.")]
    ) -> FlowPayload:
        return await _write(
            info.context, input, lambda: _flow(input), lambda one: ResumeFlowIntent(reason=given(one.reason))
        )

    @resolved(description="Ends a flow and all its open tasks. Requires the role task_admin.")
    async def cancel_flow(
        self, info: Info, input: Annotated[CancelFlowInput, strawberry.argument(description="The flow to end.")]
    ) -> FlowPayload:
        return await _write(info.context, input, lambda: _flow(input), _cancellation)


AnyInput = TypeVar("AnyInput", bound=StartFlowInput | FlowActionInput)


async def _write(
    context: Context, input: AnyInput, target: Callable[[], Target], intent: Callable[[AnyInput], Intent]
) -> FlowPayload:
    own_id = client_mutation_id(input)
    try:
        request = WriteRequest(target=target(), intent=intent(input), idempotency_key=idempotency_key(input))
    except InputError as error:
        return FlowPayload.from_result(refused(error), context, own_id)
    result = await context.federation.perform(context.caller, request)
    note_flow_written(result.flow, context)
    return FlowPayload.from_result(result, context, own_id)


def _flow(input: FlowActionInput) -> FlowRef:
    return FlowRef(*argument(input.flow_id, "Flow", ("flowId",)).parts)


def _start(input: StartFlowInput) -> StartFlowIntent:
    if not input.definition_key:
        raise InputError("definitionKey must not be empty", field=("definitionKey",))
    return StartFlowIntent(
        definition_key=input.definition_key,
        version=given(input.version),
        data=json_object(input.data, "data", "the names that the definition takes"),
        subjects=tuple(
            SubjectRef(type=one.type, native_id=one.id, is_primary=given(one.is_primary))
            for one in given(input.subjects) or ()
        ),
        options=vendor_options(input.vendor_options),
    )


def _cancellation(input: CancelFlowInput) -> CancelFlowIntent:
    return CancelFlowIntent(reason=given(input.reason), options=vendor_options(input.vendor_options))
