"""Writes: at most once each, expected failures as data of the payload."""

from collections.abc import Callable, Mapping
from typing import Annotated
from uuid import uuid4

import strawberry

from connectors.sdk.capability import Support
from connectors.sdk.commands import CancelStrategy, MutationStatus
from connectors.sdk.errors import ValidationFailedError
from connectors.sdk.model import TaskRef
from schema.arguments import argument, given, group, person
from schema.context import Context
from schema.enumeration import describe
from schema.errors import UserError
from schema.port import (
    AssignIntent,
    CancelIntent,
    ClaimIntent,
    CompleteIntent,
    Intent,
    Problem,
    ReleaseIntent,
    UnassignIntent,
    WriteRequest,
    WriteResult,
)
from schema.resolver import resolved
from schema.task.types import Task
from schema.task.writes import AssignTaskInput, CancelTaskInput, ClaimTaskInput, CompleteTaskInput, TaskActionInput

Info = strawberry.Info[Context, None]

describe(
    MutationStatus,
    "What became of a write.",
    APPLIED="The source has it.",
    PENDING="The source accepted it and is not through with it.",
    UNKNOWN="It may or may not have happened: the source gave no clear answer. It is not repeated.",
    REJECTED="It did not happen; `errors` say why.",
)
describe(
    Support,
    "How far a source has an operation.",
    NATIVE="As an operation of its own.",
    EMULATED="By other calls, maybe several.",
    UNSUPPORTED="Not at all.",
)


@strawberry.type(description="What became of a write to a task.")
class TaskPayload:
    status: MutationStatus = strawberry.field(description="Whether it happened. Never null.")
    task: Task | None = strawberry.field(
        description="The task as the source will show it; null if it could not be read or the viewer cannot see it."
    )
    errors: list[UserError] = strawberry.field(description="What is in the way; empty if it was applied. Never null.")
    support: Support = strawberry.field(description="How the source has the operation. Never null.")
    atomic: bool = strawberry.field(description="Whether one call of the source decides. Never null.")
    effect: str | None = strawberry.field(description="What else happened, for people; null if nothing did.")
    operation_id: strawberry.ID = strawberry.field(
        description="Id of the write, for support; an id without a record if nothing was tried. Never null."
    )
    replayed: bool = strawberry.field(description="True if the answer was kept from the same `idempotencyKey`.")
    upstream_calls: int = strawberry.field(description="Calls that the write cost the source.")
    client_mutation_id: str | None = strawberry.field(description="As sent; null if none was.")

    @classmethod
    def from_result(cls, result: WriteResult, context: Context, client_mutation_id: str | None) -> "TaskPayload":
        return cls(
            status=result.status,
            task=None if result.task is None else Task.from_model(result.task, context),
            errors=[UserError.from_problem(problem) for problem in result.problems],
            support=result.support,
            atomic=result.atomic,
            effect=result.effect,
            operation_id=strawberry.ID(result.operation_id),
            replayed=result.replayed,
            upstream_calls=result.upstream_calls,
            client_mutation_id=client_mutation_id,
        )


@strawberry.type
class TaskMutations:
    @resolved(description="Make the viewer the owner, unless somebody else is.")
    async def claim_task(
        self, info: Info, input: Annotated[ClaimTaskInput, strawberry.argument(description="What to claim.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: ClaimIntent())

    @resolved(description="The viewer, being the owner, gives the task back to its candidates.")
    async def release_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to release.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: ReleaseIntent(reason=given(input.reason)))

    @resolved(description="Give the task to a person, or to a group.")
    async def assign_task(
        self, info: Info, input: Annotated[AssignTaskInput, strawberry.argument(description="What, and to whom.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda ref: _assignment(input, ref, info.context))

    @resolved(description="Take the owner away, by somebody with the authority to do so.")
    async def unassign_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to unassign.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: UnassignIntent(reason=given(input.reason)))

    @resolved(description="Complete the task, with outcome and data where it has such.")
    async def complete_task(
        self, info: Info, input: Annotated[CompleteTaskInput, strawberry.argument(description="What, and how.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: _completion(input))

    @resolved(description="End the task without completing it, by the first allowed way that the source has.")
    async def cancel_task(
        self, info: Info, input: Annotated[CancelTaskInput, strawberry.argument(description="What, and by which ways.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: _cancellation(input))


AnyInput = ClaimTaskInput | TaskActionInput | AssignTaskInput | CompleteTaskInput | CancelTaskInput


async def _write(context: Context, input: AnyInput, intent: Callable[[TaskRef], Intent]) -> TaskPayload:
    client_mutation_id = given(input.client_mutation_id)
    try:
        ref = TaskRef(*argument(input.task_id, "Task", ("taskId",)).parts)
        request = WriteRequest(
            task=ref,
            intent=intent(ref),
            expected_version=given(input.expected_version),
            idempotency_key=given(input.idempotency_key),
        )
    except ValidationFailedError as error:
        return TaskPayload.from_result(_refused(error), context, client_mutation_id)
    result = await context.federation.perform(context.caller, request)
    context.note_written(ref, result.task)
    return TaskPayload.from_result(result, context, client_mutation_id)


def _refused(error: ValidationFailedError) -> WriteResult:
    """Nothing was tried, so the operation has an id but no record."""
    return WriteResult(status=MutationStatus.REJECTED, operation_id=str(uuid4()), problems=(Problem.from_error(error),))


def _assignment(input: AssignTaskInput, ref: TaskRef, context: Context) -> AssignIntent:
    user_id, group_id = given(input.user_id), given(input.group_id)
    if (user_id is None) == (group_id is None):
        field = ("userId",) if user_id is None else ("groupId",)
        raise ValidationFailedError("give exactly one of userId and groupId", field=field)
    new_group = None if group_id is None else group(group_id, ("groupId",))
    if new_group is not None and new_group.source != ref.source:
        raise ValidationFailedError("groupId is a group of another source than the task's", field=("groupId",))
    return AssignIntent(
        user=None if user_id is None else person(user_id, ("userId",), context),
        group=new_group,
        override=input.override is True,
        keep_group=input.keep_group is not False,
        reason=given(input.reason),
    )


def _completion(input: CompleteTaskInput) -> CompleteIntent:
    data = given(input.data)
    if data is not None and not isinstance(data, Mapping):
        raise ValidationFailedError("data must be an object, keyed by form field keys", field=("data",))
    return CompleteIntent(
        outcome=given(input.outcome),
        data=None if data is None else dict(data),
        comment=given(input.comment),
        claim_if_needed=input.claim_if_needed is True,
    )


def _cancellation(input: CancelTaskInput) -> CancelIntent:
    allow = input.allow
    return CancelIntent(allow=(CancelStrategy.NATIVE,) if allow is None else tuple(allow), reason=given(input.reason))
