"""Work on a task: start, suspend, resume, save a draft, complete."""

from typing import Annotated

import strawberry

from connectors.sdk.errors import ValidationFailedError
from schema.core.arguments import given
from schema.core.payload import json_object
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.ports import CompleteIntent, ResumeIntent, SaveDraftIntent, StartIntent, SuspendIntent
from schema.task.mutations.write import Info, TaskActionInput, TaskPayload, TaskWriteInput, write_task


@strawberry.input(description="A task, and form data to keep.")
class SaveTaskDraftInput(TaskWriteInput):
    data: JSON = strawberry.field(description="An object, keyed by the form fields' keys.")


@strawberry.input(description="A task to complete, and how.")
class CompleteTaskInput(TaskWriteInput):
    outcome: str | None = strawberry.field(
        default=strawberry.UNSET, description="Code of one of the task's `outcomes`; null where it has none."
    )
    data: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="An object, keyed by the form fields' keys; null for none."
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET, description="For the source's history; the outcome says whether it can, or must."
    )
    claim_if_needed: bool | None = strawberry.field(
        default=False, description="Whether to claim the task first if nobody owns it."
    )


@strawberry.type
class WorkMutations:
    @resolved(description="The viewer, being the owner, reports that work has begun.")
    async def start_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to start.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: StartIntent(reason=given(input.reason)))

    @resolved(description="Pause the task.")
    async def suspend_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to pause.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: SuspendIntent(reason=given(input.reason)))

    @resolved(description="Go on with a paused task.")
    async def resume_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to go on with.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: ResumeIntent(reason=given(input.reason)))

    @resolved(description="Keep form data without completing the task; what was kept before is replaced.")
    async def save_task_draft(
        self, info: Info, input: Annotated[SaveTaskDraftInput, strawberry.argument(description="What to keep.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _draft(input))

    @resolved(description="Complete the task, with outcome and data where it has such.")
    async def complete_task(
        self, info: Info, input: Annotated[CompleteTaskInput, strawberry.argument(description="What, and how.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _completion(input))


def _draft(input: SaveTaskDraftInput) -> SaveDraftIntent:
    data = json_object(input.data, "data", "form field keys")
    if data is None:
        raise ValidationFailedError("data must be an object, keyed by form field keys", field=("data",))
    return SaveDraftIntent(data=data)


def _completion(input: CompleteTaskInput) -> CompleteIntent:
    return CompleteIntent(
        outcome=given(input.outcome),
        data=json_object(input.data, "data", "form field keys"),
        comment=given(input.comment),
        claim_if_needed=input.claim_if_needed is True,
    )
