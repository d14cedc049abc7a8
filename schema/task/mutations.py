"""Writes to tasks: at most once each, expected failures as data of the payload."""

from collections.abc import Callable, Sequence
from typing import Annotated

import strawberry

from connectors.sdk.commands import CancelStrategy, UpdateField
from connectors.sdk.errors import InputError
from connectors.sdk.model import Tag, TaskRef
from schema.core.arguments import argument, flow_ref, given, group, person, source_key
from schema.core.context import Context
from schema.core.payload import WritePayload, json_object, members_of, refused, vendor_options
from schema.core.relay import decode
from schema.core.resolver import resolved
from schema.ports import Intent, PersonId, SourceRef, Target, WriteRequest, WriteResult
from schema.ports import writes as intents
from schema.task.types import Task
from schema.task.writes import (
    AddTaskCommentInput,
    AssignTaskInput,
    CancelTaskInput,
    ClaimTaskInput,
    CompleteTaskInput,
    CreateTaskInput,
    SaveTaskDraftInput,
    TaskActionInput,
    UpdateTaskInput,
)

Info = strawberry.Info[Context, None]


@strawberry.type(description="What became of a write to a task.")
class TaskPayload(WritePayload):
    task: Task | None = strawberry.field(
        description="The task as the source will show it; null if it could not be read or the viewer cannot see it."
    )

    @classmethod
    def from_result(cls, result: WriteResult, context: Context, client_mutation_id: str | None) -> "TaskPayload":
        return cls(
            task=None if result.task is None else Task.from_model(result.task, context),
            **members_of(result, client_mutation_id),
        )


@strawberry.type
class TaskMutations:
    @resolved(description="Make the viewer the owner, unless somebody else is.")
    async def claim_task(
        self, info: Info, input: Annotated[ClaimTaskInput, strawberry.argument(description="What to claim.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: intents.ClaimIntent())

    @resolved(description="The viewer, being the owner, gives the task back to its candidates.")
    async def release_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to release.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: intents.ReleaseIntent(reason=given(input.reason)))

    @resolved(description="Give the task to a person, or to a group.")
    async def assign_task(
        self, info: Info, input: Annotated[AssignTaskInput, strawberry.argument(description="What, and to whom.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda ref: _assignment(input, ref, info.context))

    @resolved(description="Take the owner away, by somebody with the authority to do so.")
    async def unassign_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to unassign.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: intents.UnassignIntent(reason=given(input.reason)))

    @resolved(description="The viewer, being the owner, reports that work has begun.")
    async def start_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to start.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: intents.StartIntent(reason=given(input.reason)))

    @resolved(description="Pause the task.")
    async def suspend_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to pause.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: intents.SuspendIntent(reason=given(input.reason)))

    @resolved(description="Go on with a paused task.")
    async def resume_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to go on with.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: intents.ResumeIntent(reason=given(input.reason)))

    @resolved(description="Change dates, priority, candidates, texts or tags of the task, by one write.")
    async def update_task(
        self, info: Info, input: Annotated[UpdateTaskInput, strawberry.argument(description="What, and how.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: _update(input, info.context))

    @resolved(description="Keep form data without completing the task; what was kept before is replaced.")
    async def save_task_draft(
        self, info: Info, input: Annotated[SaveTaskDraftInput, strawberry.argument(description="What to keep.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: _draft(input))

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

    @resolved(description="Say something about the task.")
    async def add_task_comment(
        self,
        info: Info,
        input: Annotated[AddTaskCommentInput, strawberry.argument(description="About what, and what.")],
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: _comment(input))

    @resolved(description="Let the source try a failed automatic task again.")
    async def retry_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to try again.")]
    ) -> TaskPayload:
        return await _write(info.context, input, lambda _: intents.RetryIntent(reason=given(input.reason)))

    @resolved(description="Make a new task: by itself, or within a flow, as the source has it.")
    async def create_task(
        self, info: Info, input: Annotated[CreateTaskInput, strawberry.argument(description="What to make.")]
    ) -> TaskPayload:
        context, client_mutation_id = info.context, given(input.client_mutation_id)
        try:
            request = WriteRequest(
                target=SourceRef(source_key(input.source_id, ("sourceId",), context)),
                intent=_creation(input),
                idempotency_key=given(input.idempotency_key),
            )
        except InputError as error:
            return TaskPayload.from_result(refused(error), context, client_mutation_id)
        result = await context.federation.perform(context.caller, request)
        return TaskPayload.from_result(result, context, client_mutation_id)


AnyInput = (
    ClaimTaskInput
    | TaskActionInput
    | AssignTaskInput
    | UpdateTaskInput
    | SaveTaskDraftInput
    | CompleteTaskInput
    | CancelTaskInput
    | AddTaskCommentInput
)


async def _write(context: Context, input: AnyInput, intent: Callable[[TaskRef], Intent]) -> TaskPayload:
    client_mutation_id = given(input.client_mutation_id)
    try:
        ref = TaskRef(*argument(input.task_id, "Task", ("taskId",)).parts)
        target: Target = ref
        request = WriteRequest(
            target=target,
            intent=intent(ref),
            expected_version=None if isinstance(input, AddTaskCommentInput) else given(input.expected_version),
            idempotency_key=given(input.idempotency_key),
        )
    except InputError as error:
        return TaskPayload.from_result(refused(error), context, client_mutation_id)
    result = await context.federation.perform(context.caller, request)
    context.note_written(ref, result.task)
    return TaskPayload.from_result(result, context, client_mutation_id)


def _assignment(input: AssignTaskInput, ref: TaskRef, context: Context) -> intents.AssignIntent:
    user_id, group_id = given(input.user_id), given(input.group_id)
    if (user_id is None) == (group_id is None):
        field = ("userId",) if user_id is None else ("groupId",)
        raise InputError("give exactly one of userId and groupId", field=field)
    new_group = None if group_id is None else group(group_id, ("groupId",))
    if new_group is not None and new_group.source != ref.source:
        raise InputError("groupId is a group of another source than the task's", field=("groupId",))
    return intents.AssignIntent(
        user=None if user_id is None else person(user_id, ("userId",), context),
        group=new_group,
        override=input.override is True,
        keep_group=input.keep_group is not False,
        reason=given(input.reason),
        options=vendor_options(input.vendor_options),
    )


def _update(input: UpdateTaskInput, context: Context) -> Intent:
    users, groups, tags = given(input.candidate_user_ids), given(input.candidate_group_ids), given(input.tags)
    changes = intents.UpdateIntent(
        title=given(input.title),
        description=given(input.description),
        due_at=given(input.due_at),
        follow_up_at=given(input.follow_up_at),
        priority=given(input.priority),
        candidate_users=None if users is None else _people(users, context),
        candidate_groups=None if groups is None else tuple(group(one, ("candidateGroupIds",)) for one in groups),
        clear=_cleared(given(input.clear) or ()),
        options=vendor_options(input.vendor_options),
    )
    both = sorted(changes.clear & changes.given)
    if both:
        raise InputError(f"{both[0]} is both given and cleared", field=("clear",))
    if tags is not None:
        if changes.fields:
            raise InputError(
                "tags are changed by a write of their own; send them in a second updateTask", field=("tags",)
            )
        return intents.TagIntent(tags=tuple(Tag(name=tag.name, value=given(tag.value)) for tag in tags))
    if not changes.fields:
        raise InputError("name something to change")
    return changes


def _people(ids: Sequence[str], context: Context) -> tuple[PersonId, ...]:
    return tuple(person(one, ("candidateUserIds",), context) for one in ids)


def _cleared(names: Sequence[str]) -> frozenset[UpdateField]:
    known = {field.value: field for field in UpdateField}
    for name in names:
        if name not in known:
            raise InputError(f"clear takes {', '.join(known)}", field=("clear",))
        if name == UpdateField.TITLE:
            raise InputError("a task always has a title", field=("clear",))
    return frozenset(known[name] for name in names)


def _draft(input: SaveTaskDraftInput) -> intents.SaveDraftIntent:
    data = json_object(input.data, "data", "form field keys")
    if data is None:
        raise InputError("data must be an object, keyed by form field keys", field=("data",))
    return intents.SaveDraftIntent(data=data)


def _comment(input: AddTaskCommentInput) -> intents.CommentIntent:
    if not input.text.strip():
        raise InputError("the comment says nothing", field=("text",))
    return intents.CommentIntent(text=input.text)


def _completion(input: CompleteTaskInput) -> intents.CompleteIntent:
    return intents.CompleteIntent(
        outcome=given(input.outcome),
        data=json_object(input.data, "data", "form field keys"),
        comment=given(input.comment),
        claim_if_needed=input.claim_if_needed is True,
    )


def _cancellation(input: CancelTaskInput) -> intents.CancelIntent:
    allow = input.allow
    return intents.CancelIntent(
        allow=(CancelStrategy.NATIVE,) if allow is None else tuple(allow), reason=given(input.reason)
    )


def _creation(input: CreateTaskInput) -> intents.CreateTaskIntent:
    if not input.title.strip():
        raise InputError("a task always has a title", field=("title",))
    flow_id = given(input.flow_id)
    flow = None if flow_id is None else flow_ref(decode(flow_id))
    if flow_id is not None and flow is None:
        raise InputError("flowId is not the id of a Flow", field=("flowId",))
    source = argument(input.source_id, "Source", ("sourceId",)).parts[0]
    if flow is not None and flow.source != source:
        raise InputError("flowId is a flow of another source", field=("flowId",))
    return intents.CreateTaskIntent(
        title=input.title,
        description=given(input.description),
        priority=given(input.priority),
        data=json_object(input.data, "data", "the names that the source takes"),
        flow=flow,
        options=vendor_options(input.vendor_options),
    )
