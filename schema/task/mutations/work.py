"""Work on a task: start, suspend, resume, save a draft, complete."""

from typing import Annotated

import strawberry

from connectors.sdk.errors import InputError
from schema.core.arguments import given
from schema.core.payload import json_object
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.ports import CompleteIntent, ResumeIntent, SaveDraftIntent, StartIntent, SuspendIntent
from schema.task.mutations.write import Info, TaskActionInput, TaskPayload, TaskWriteInput, write_task


@strawberry.input(description="Input of `saveTaskDraft`.")
class SaveTaskDraftInput(TaskWriteInput):
    data: JSON = strawberry.field(description="Form data, a JSON object by keys of form fields.")


@strawberry.input(description="Input of `completeTask`.")
class CompleteTaskInput(TaskWriteInput):
    outcome: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Code of one of the task's `outcomes`. Null if the task has none. A source may require an outcome although it lists none (App tasks of UiPath).",
    )
    data: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Form data, a JSON object by keys of form fields. Null means none."
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Comment for the source's history. The outcome tells whether it must, may or cannot be sent. Null means none.",
    )
    claim_if_needed: bool | None = strawberry.field(
        default=False, description="Whether to claim the task first if it has no owner."
    )


@strawberry.type
class WorkMutations:
    @resolved(description="Reports that the viewer, the owner, has started work.")
    async def start_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="The task to start.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: StartIntent(reason=given(input.reason)))

    @resolved(description="Suspends a task.")
    async def suspend_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="The task to suspend.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: SuspendIntent(reason=given(input.reason)))

    @resolved(description="Resumes a suspended task.")
    async def resume_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="The task to resume.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: ResumeIntent(reason=given(input.reason)))

    @resolved(description="Saves form data without completing the task. It replaces data saved before.")
    async def save_task_draft(
        self,
        info: Info,
        input: Annotated[SaveTaskDraftInput, strawberry.argument(description="The task and its form data.")],
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _draft(input))

    @resolved(description="Completes a task with an outcome and data, if the task has these.")
    async def complete_task(
        self,
        info: Info,
        input: Annotated[CompleteTaskInput, strawberry.argument(description="The task, its outcome and data.")],
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _completion(input))


def _draft(input: SaveTaskDraftInput) -> SaveDraftIntent:
    data = json_object(input.data, "data", "form field keys")
    if data is None:
        raise InputError("data must be an object, keyed by form field keys", field=("data",))
    return SaveDraftIntent(data=data)


def _completion(input: CompleteTaskInput) -> CompleteIntent:
    return CompleteIntent(
        outcome=given(input.outcome),
        data=json_object(input.data, "data", "form field keys"),
        comment=given(input.comment),
        claim_if_needed=input.claim_if_needed is True,
    )
