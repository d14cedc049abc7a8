"""Batch functions: each computes one field for all rows of a list. A single task is a list of one.

Functions that may load are asynchronous. If the value of a row cannot be loaded, the exception is returned for it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Activity, ActivityType, Comment, DetailAspect, FlowRef, Task, TaskDetail
from schema.core.context import Context
from schema.flow import Flow
from schema.people import Group, User
from schema.task.dataloaders import loaded_details
from schema.task.details import PreviousStep, TaskForm, TaskOutcome

T = TypeVar("T")


def assignees_of(tasks: Sequence[Task], context: Context) -> list[list[User]]:
    return [[User.from_row(row, task.source, context) for row in task.assignees] for task in tasks]


def assignee_of(tasks: Sequence[Task], context: Context) -> list[User | None]:
    return [User.from_row(task.assignee, task.source, context) if task.assignee else None for task in tasks]


def candidate_users_of(tasks: Sequence[Task], context: Context) -> list[list[User] | None]:
    return [
        None
        if task.candidate_users is None
        else [User.from_row(row, task.source, context) for row in task.candidate_users]
        for task in tasks
    ]


def candidate_groups_of(tasks: Sequence[Task], context: Context) -> list[list[Group] | None]:
    return [
        None
        if task.candidate_groups is None
        else [Group.from_row(row, task.source, context) for row in task.candidate_groups]
        for task in tasks
    ]


def completed_by_of(tasks: Sequence[Task], context: Context) -> list[User | None]:
    return [User.from_row(task.completed_by, task.source, context) if task.completed_by else None for task in tasks]


async def completed_by_in_history_of(tasks: Sequence[Task], context: Context) -> list[User | ConnectorError | None]:
    """The actor of the last completion in the history of each task."""

    def actor(task: Task, detail: TaskDetail) -> User | None:
        done = [each for each in detail.activities or () if each.type is ActivityType.COMPLETED and each.actor]
        return User.from_row(done[-1].actor, task.source, context) if done and done[-1].actor else None

    return await _details(tasks, DetailAspect.ACTIVITIES, context, actor)


def flows_of(tasks: Sequence[Task], context: Context) -> list[Flow | None]:
    return [
        None
        if task.flow_id is None
        else Flow.stub(FlowRef(task.source, task.flow_id), task.flow_name, task.fetched_at, context)
        for task in tasks
    ]


async def descriptions_of(tasks: Sequence[Task], context: Context) -> list[str | ConnectorError | None]:
    return await _details(tasks, DetailAspect.DESCRIPTION, context, lambda _, detail: detail.description)


async def forms_of(tasks: Sequence[Task], context: Context) -> list[TaskForm | ConnectorError | None]:
    return await _details(
        tasks,
        DetailAspect.FORM,
        context,
        lambda _, detail: None if detail.form is None else TaskForm.from_model(detail.form),
    )


async def outcomes_of(tasks: Sequence[Task], context: Context) -> list[list[TaskOutcome] | ConnectorError | None]:
    return await _details(
        tasks,
        DetailAspect.OUTCOMES,
        context,
        lambda _, detail: (
            None if detail.outcomes is None else [TaskOutcome.from_model(outcome) for outcome in detail.outcomes]
        ),
    )


async def data_of(
    tasks: Sequence[Task], context: Context, names: Sequence[str] | None = None
) -> list[object | ConnectorError | None]:
    """Data of each task. Of a JSON object the members in `names`, or all if `names` is None."""
    return await _details(tasks, DetailAspect.DATA, context, lambda _, detail: _members(detail.data, names))


async def previous_steps_of(
    tasks: Sequence[Task], context: Context
) -> list[list[PreviousStep] | ConnectorError | None]:
    return await _details(
        tasks,
        DetailAspect.PREVIOUS_STEPS,
        context,
        lambda task, detail: (
            None
            if detail.previous_steps is None
            else [PreviousStep.from_model(step, task.source, context) for step in detail.previous_steps]
        ),
    )


async def comments_of(tasks: Sequence[Task], context: Context) -> list[tuple[Comment, ...] | ConnectorError | None]:
    return await _details(tasks, DetailAspect.COMMENTS, context, lambda _, detail: detail.comments)


async def activities_of(tasks: Sequence[Task], context: Context) -> list[tuple[Activity, ...] | ConnectorError | None]:
    return await _details(tasks, DetailAspect.ACTIVITIES, context, lambda _, detail: detail.activities)


async def _details(
    tasks: Sequence[Task], aspect: DetailAspect, context: Context, read: Callable[[Task, TaskDetail], T]
) -> list[T | ConnectorError | None]:
    found = await loaded_details(tasks, aspect, context)
    return [
        read(task, detail) if isinstance(detail, TaskDetail) else detail
        for task, detail in zip(tasks, found, strict=True)
    ]


def _members(data: object, names: Sequence[str] | None) -> object:
    if names is None or not isinstance(data, Mapping):
        return data
    return {name: data[name] for name in names if name in data}
