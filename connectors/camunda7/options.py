"""Options of commands: what this vendor accepts beyond the arguments that all vendors share; what it refuses of a task."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from connectors.camunda7.formats import changes_of, draft_text, variables_of
from connectors.camunda7.settings import Camunda7Options, Camunda7Settings
from connectors.sdk import (
    Assign,
    CancelStrategy,
    Complete,
    ConflictError,
    NoOptions,
    Options,
    RejectedError,
    SaveDraft,
    Task,
    TaskAction,
    TaskCommand,
    TaskState,
    UnsupportedActionError,
    Update,
    ValidationFailedError,
    parse_options,
)

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Moment = Annotated[datetime, Meta(tz=True)]


class StartFlowOptions(Options, frozen=True, kw_only=True, rename="camel"):
    """For StartFlow. `tenant_id` is for engines in which several tenants have a process of that key."""

    business_key: Text | None = None
    tenant_id: Text | None = None


class CreateTaskOptions(Options, frozen=True, kw_only=True, rename="camel"):
    """For CreateTask."""

    assignee: Text | None = None
    tenant_id: Text | None = None


# Characters of the columns of the engine's database.
LONGEST_NAME, LONGEST_DESCRIPTION = 255, 4000


def check_arguments(command: TaskCommand, options: Camunda7Options) -> None:
    """ValidationFailedError for what the engine takes for no task."""
    match command:
        case Update():
            parse_options(command.options, NoOptions)
            changes_of(command, options.priority)
            _check_length(command.title, LONGEST_NAME, "title")
            _check_length(command.description, LONGEST_DESCRIPTION, "description")
        case Assign():
            parse_options(command.options, NoOptions)
            if command.user_id is not None and not command.user_id.strip():
                raise ValidationFailedError("names no user to assign to", field=("userId",))
        case SaveDraft():
            draft_text(command.data)
        case Complete() if command.comment:
            raise ValidationFailedError("Camunda 7 cannot store a comment with a completion", field=("comment",))
        case Complete():
            variables_of(command.data or {})
        case _:
            pass


# What the engine accepts for a task of a suspended process instance.
WHILE_SUSPENDED = frozenset({TaskAction.SAVE_DRAFT, TaskAction.COMMENT, TaskAction.CANCEL_FLOW, TaskAction.RESUME_FLOW})


def refusal_of(task: Task, action: TaskAction, strategies: Sequence[CancelStrategy]) -> RejectedError | None:
    """A task of a process cannot be deleted, one outside of a process not skipped; a suspended one takes few actions."""
    if task.state is TaskState.SUSPENDED and action not in WHILE_SUSPENDED:
        return ConflictError("the process instance is suspended")
    if action is TaskAction.CANCEL and task.flow_id is not None:
        return UnsupportedActionError(
            "a task of a process instance cannot be deleted; skip it, or cancel the process instance",
            alternatives=tuple(each for each in strategies if each is not CancelStrategy.DELETE_TASK),
        )
    if action is TaskAction.SKIP and task.flow_id is None:
        return ConflictError("the task belongs to no process instance that could go on")
    return None


def _check_length(text: str | None, longest: int, field: str) -> None:
    if text is not None and len(text) > longest:
        raise ValidationFailedError(f"has more than {longest} characters", field=(field,))


def by_batch(settings: Camunda7Settings) -> bool:
    """Whether a flow that is cancelled with a reason is ended by a batch of the engine."""
    return settings.options.cancel_reasons


def at_once(settings: Camunda7Settings) -> bool:
    return not settings.options.cancel_reasons
