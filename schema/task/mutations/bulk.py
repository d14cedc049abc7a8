"""The same action on several tasks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import strawberry
from msgspec import structs

from connectors.sdk.commands import TaskAction as Action
from connectors.sdk.errors import InputError
from connectors.sdk.model import TaskRef
from schema.core.arguments import argument, given, group, person
from schema.core.context import Context
from schema.core.enums import CancelStrategy, MutationStatus, Support, TaskAction, TaskPriority
from schema.core.errors import UserError
from schema.core.pagination import MAX_PAGE
from schema.core.payload import REASON, VIEWER, WriteInput, client_mutation_id, idempotency_key, json_object, refused
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.ports import (
    AssignIntent,
    BulkEntry,
    BulkRequest,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    Problem,
    ReleaseIntent,
    TaskIntent,
    UnassignIntent,
    UpdateIntent,
    WriteResult,
)
from schema.task.dataloaders import note_task_written
from schema.task.mutations.write import Info
from schema.task.types import Task
from schema.task.viewer import Viewer

MOST_TASKS = MAX_PAGE
"""Tasks that one bulk action may name."""


@strawberry.input
class _TaskIds:
    """A base of its own, so that `taskIds` is the first field."""

    task_ids: list[strawberry.ID] = strawberry.field(
        description=f"Global ids of the tasks, at most {MOST_TASKS}. An id that is named twice is written to once and has two equal results."
    )
    action: TaskAction = strawberry.field(
        description="What to do: CLAIM, RELEASE, ASSIGN, UNASSIGN, COMPLETE, CANCEL, SKIP, UPDATE_DUE, UPDATE_PRIORITY or COMMENT."
    )


@strawberry.input(
    description="Input of `bulkTaskAction`. An argument that does not belong to the action is an error. With an `idempotencyKey` each task is a write of its own: the same key may come again with fewer or more tasks. Results are returned again, and what was refused for a reason that passes is tried again."
)
class BulkTaskActionInput(WriteInput, _TaskIds):
    assignee_user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="ASSIGN: global id of the new owner. Exactly one of user and group."
    )
    assignee_group_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="ASSIGN: global id of the new candidate group. Tasks of other sources than the group's are refused.",
    )
    outcome: str | None = strawberry.field(
        default=strawberry.UNSET, description="COMPLETE: the outcome of all tasks. Null if they have none."
    )
    data: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description="COMPLETE: form data of all tasks, a JSON object by keys of form fields. Null means none.",
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="COMMENT: text of the comment. COMPLETE: comment for the source's history.",
    )
    due_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="UPDATE_DUE: new due time.")
    priority: TaskPriority | None = strawberry.field(
        default=strawberry.UNSET, description="UPDATE_PRIORITY: new priority."
    )
    override: bool | None = strawberry.field(
        default=False, description="ASSIGN: whether to take tasks from their owners. Requires the role task_admin."
    )
    keep_group: bool | None = strawberry.field(
        default=True, description="ASSIGN: whether the tasks keep their candidate groups when a user gets them."
    )
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"RELEASE, ASSIGN, UNASSIGN, CANCEL, SKIP. {REASON}"
    )
    allow_cancel: list[CancelStrategy] | None = strawberry.field(
        default_factory=lambda: [CancelStrategy.NATIVE],
        description="CANCEL: strategies that may be used, as `allow` of `cancelTask`. Null means NATIVE only.",
    )
    dry_run: bool | None = strawberry.field(
        default=False,
        description="True: nothing is written. Each result tells what the write would do: PENDING if it would be sent.",
    )


@strawberry.type(description="What became of one task of a bulk action.")
class BulkTaskResult:
    task_id: strawberry.ID = strawberry.field(description="The id as it was sent.")
    status: MutationStatus = strawberry.field(
        description="Result of the write. In a dry run PENDING means that it would be sent."
    )
    task: Task | None = strawberry.field(
        description="The task as the source will show it. Null if it could not be read, or if the viewer cannot see it."
    )
    errors: list[UserError] = strawberry.field(
        description="Reasons why the write was not applied. Empty if it was applied. After RATE_LIMITED, and for tasks that there was no time for, send the same request again."
    )
    support: Support = strawberry.field(
        description="Whether the source supports the action itself or the gateway builds it from other calls."
    )
    atomic: bool = strawberry.field(
        description="True if the source decides in one call, so that of two concurrent writes only one succeeds."
    )
    effect: str | None = strawberry.field(
        description="Further consequences of the write, for people. Null if there are none."
    )
    operation_id: strawberry.ID | None = strawberry.field(
        description="Id for `operation(id:)`. Null if no operation was recorded: in a dry run, and for wrong arguments."
    )


@strawberry.type(description="Counts over the results of a bulk action. Each entry of `taskIds` counts.")
class BulkSummary:
    applied: int = strawberry.field(description="Results APPLIED.")
    pending: int = strawberry.field(description="Results PENDING. In a dry run: writes that would be sent.")
    rejected: int = strawberry.field(description="Results REJECTED.")
    unknown: int = strawberry.field(description="Results UNKNOWN.")
    upstream_calls: int = strawberry.field(
        description="Number of upstream calls that the bulk action made. In a dry run: calls that its writes would take at least."
    )


@strawberry.type(description="Result of `bulkTaskAction`.")
class BulkTaskPayload:
    results: list[BulkTaskResult] = strawberry.field(
        description="One for each entry of `taskIds`, in their order. One task's failure changes nothing for the others."
    )
    summary: BulkSummary = strawberry.field(description="Counts over the results.")
    dry_run: bool = strawberry.field(description="Whether this was a dry run: nothing was written.")
    client_mutation_id: str | None = strawberry.field(
        description="The value sent by the client. Null if none was sent, or if it was too long."
    )

    @resolved(description=VIEWER)
    def viewer(self) -> Viewer:
        return Viewer()


@strawberry.type
class BulkMutations:
    @resolved(
        description=f"Does the same to at most {MOST_TASKS} tasks: one write for each, and one result for each. Permissions are those of the single mutations. Tasks beyond a source's rate limit are refused with RATE_LIMITED and `retryAt`."
    )
    async def bulk_task_action(
        self,
        info: Info,
        input: Annotated[BulkTaskActionInput, strawberry.argument(description="The tasks and the action.")],
    ) -> BulkTaskPayload:
        return await _perform(input, info.context)


async def _perform(input: BulkTaskActionInput, context: Context) -> BulkTaskPayload:
    dry_run = input.dry_run is True
    entries: Mapping[TaskRef, BulkEntry] = {}
    calls = 0
    refs: dict[str, TaskRef] = {}
    refusals: dict[str, WriteResult] = {}
    for number, task_id in enumerate(input.task_ids):
        try:
            refs[task_id] = TaskRef(*argument(task_id, "Task", ("taskIds", str(number))).parts)
        except InputError as error:
            refusals.setdefault(task_id, refused(error))
    try:
        request = BulkRequest(
            targets=_targets(input, refs.values()),
            intent=_intent(input, context),
            idempotency_key=idempotency_key(input),
            dry_run=dry_run,
        )
    except InputError as error:
        refusals = dict.fromkeys(input.task_ids, refused(error))
    else:
        result = await context.federation.perform_bulk(context.caller, request)
        entries, calls = result.entries, result.upstream_calls
    if not dry_run:
        for ref, entry in entries.items():
            note_task_written(ref, entry.result.task, context)
    results = [
        _result(
            task_id,
            BulkEntry(refusals[task_id], is_recorded=False) if task_id in refusals else entries[refs[task_id]],
            context,
        )
        for task_id in input.task_ids
    ]
    return BulkTaskPayload(
        results=results,
        summary=_summary(results, calls),
        dry_run=dry_run,
        client_mutation_id=client_mutation_id(input),
    )


def _targets(input: BulkTaskActionInput, refs: Iterable[TaskRef]) -> tuple[TaskRef, ...]:
    if len(input.task_ids) > MOST_TASKS:
        raise InputError(f"taskIds takes at most {MOST_TASKS} tasks", field=("taskIds",))
    return tuple(refs)


def _result(task_id: str, entry: BulkEntry, context: Context) -> BulkTaskResult:
    result = entry.result
    return BulkTaskResult(
        task_id=strawberry.ID(task_id),
        status=result.status,
        task=None if result.task is None else Task.from_model(result.task, context),
        errors=[UserError.from_problem(_as_in_input(problem)) for problem in result.problems],
        support=result.support,
        atomic=result.atomic,
        effect=result.effect,
        operation_id=strawberry.ID(result.operation_id) if entry.is_recorded else None,
    )


def _summary(results: Sequence[BulkTaskResult], calls: int) -> BulkSummary:
    def count(status: MutationStatus) -> int:
        return sum(result.status is status for result in results)

    return BulkSummary(
        applied=count(MutationStatus.APPLIED),
        pending=count(MutationStatus.PENDING),
        rejected=count(MutationStatus.REJECTED),
        unknown=count(MutationStatus.UNKNOWN),
        upstream_calls=calls,
    )


# The names of the single mutations' arguments, and how this input calls them.
_NAMES = {"userId": "assigneeUserId", "groupId": "assigneeGroupId", "text": "comment", "allow": "allowCancel"}


def _as_in_input(problem: Problem) -> Problem:
    if problem.field and problem.field[0] in _NAMES:
        return structs.replace(problem, field=(_NAMES[problem.field[0]], *problem.field[1:]))
    return problem


# The actions, with the arguments that belong to each. `override`, `keepGroup` and `allowCancel` have defaults that say nothing.
_ARGUMENTS: Mapping[Action, frozenset[str]] = {
    Action.CLAIM: frozenset(),
    Action.RELEASE: frozenset({"reason"}),
    Action.ASSIGN: frozenset({"assigneeUserId", "assigneeGroupId", "override", "reason"}),
    Action.UNASSIGN: frozenset({"reason"}),
    Action.COMPLETE: frozenset({"outcome", "data", "comment"}),
    Action.CANCEL: frozenset({"reason"}),
    Action.SKIP: frozenset({"reason"}),
    Action.UPDATE_DUE: frozenset({"dueAt"}),
    Action.UPDATE_PRIORITY: frozenset({"priority"}),
    Action.COMMENT: frozenset({"comment"}),
}


def _intent(input: BulkTaskActionInput, context: Context) -> TaskIntent:
    """What is done to each task. InputError for arguments that are wrong for all of them."""
    if input.action not in _ARGUMENTS:
        raise InputError(f"bulkTaskAction takes {', '.join(_ARGUMENTS)}", field=("action",))
    for name in _sent(input):
        if name not in _ARGUMENTS[input.action]:
            raise InputError(f"{name} does not belong to {input.action}", field=(name,))
    return _MAKERS[input.action](input, context)


def _sent(input: BulkTaskActionInput) -> dict[str, object]:
    """The arguments of actions that were sent."""
    sent: dict[str, object] = {
        "assigneeUserId": given(input.assignee_user_id),
        "assigneeGroupId": given(input.assignee_group_id),
        "outcome": given(input.outcome),
        "data": given(input.data),
        "comment": given(input.comment),
        "dueAt": given(input.due_at),
        "priority": given(input.priority),
        "override": input.override or None,
        "reason": given(input.reason),
    }
    return {name: value for name, value in sent.items() if value is not None}


def _assignment(input: BulkTaskActionInput, context: Context) -> AssignIntent:
    user_id, group_id = given(input.assignee_user_id), given(input.assignee_group_id)
    if (user_id is None) == (group_id is None):
        field = ("assigneeUserId",) if user_id is None else ("assigneeGroupId",)
        raise InputError("give exactly one of assigneeUserId and assigneeGroupId", field=field)
    return AssignIntent(
        user=None if user_id is None else person(user_id, ("assigneeUserId",), context),
        group=None if group_id is None else group(group_id, ("assigneeGroupId",)),
        override=input.override is True,
        keep_group=input.keep_group is not False,
        reason=given(input.reason),
    )


def _completion(input: BulkTaskActionInput, _: Context) -> CompleteIntent:
    return CompleteIntent(
        outcome=given(input.outcome),
        data=json_object(input.data, "data", "form field keys"),
        comment=given(input.comment),
    )


def _cancellation(input: BulkTaskActionInput, _: Context) -> CancelIntent:
    allow = input.allow_cancel
    return CancelIntent(allow=(CancelStrategy.NATIVE,) if allow is None else tuple(allow), reason=given(input.reason))


def _due_time(input: BulkTaskActionInput, _: Context) -> UpdateIntent:
    due_at = given(input.due_at)
    if due_at is None:
        raise InputError("UPDATE_DUE needs dueAt", field=("dueAt",))
    return UpdateIntent(due_at=due_at)


def _priority(input: BulkTaskActionInput, _: Context) -> UpdateIntent:
    priority = given(input.priority)
    if priority is None:
        raise InputError("UPDATE_PRIORITY needs priority", field=("priority",))
    return UpdateIntent(priority=priority)


def _comment(input: BulkTaskActionInput, _: Context) -> CommentIntent:
    text = given(input.comment) or ""
    if not text.strip():
        raise InputError("comment must not be empty", field=("comment",))
    return CommentIntent(text=text)


_MAKERS: Mapping[Action, Callable[[BulkTaskActionInput, Context], TaskIntent]] = {
    Action.CLAIM: lambda _, __: ClaimIntent(),
    Action.RELEASE: lambda sent, _: ReleaseIntent(reason=given(sent.reason)),
    Action.ASSIGN: _assignment,
    Action.UNASSIGN: lambda sent, _: UnassignIntent(reason=given(sent.reason)),
    Action.COMPLETE: _completion,
    Action.CANCEL: _cancellation,
    Action.SKIP: lambda sent, _: CancelIntent(allow=(CancelStrategy.SKIP,), reason=given(sent.reason)),
    Action.UPDATE_DUE: _due_time,
    Action.UPDATE_PRIORITY: _priority,
    Action.COMMENT: _comment,
}
