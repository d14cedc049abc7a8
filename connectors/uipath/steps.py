"""A completion by the account: only the assignee may complete a Form or App task, so the account takes it over first."""

from msgspec.structs import replace

from connectors.sdk import (
    Assign,
    Complete,
    ConflictError,
    IfLate,
    Task,
    TaskCommand,
    TaskKind,
    Unassign,
    UnsupportedActionError,
)
from connectors.uipath.client import UiPathClient
from connectors.uipath.forms import completion_of
from connectors.uipath.ids import TaskId
from connectors.uipath.settings import UiPathOptions

WITHOUT_USER = (
    "the source's credentials do not belong to a user, so the task cannot be assigned to it for the completion"
)


def takes_over(task: Task, options: UiPathOptions) -> bool:
    """Whether a completion assigns the task to the account first. External tasks need no assignee."""
    return task.native_type != "ExternalTask" and options.assign_before_completing


async def steps_of(client: UiPathClient, command: Complete) -> tuple[TaskCommand, ...]:
    """The take-over and the completion, whose data are checked, read and made before the take-over.

    ConflictError for a task that could not be given back after a completion that fails.
    """
    completion = await completion_of(client, command, TaskId.require(command.task.native_id))
    data = None if completion.data is None else dict(completion.data)
    complete = replace(command, data=data, is_ready=True, expects_version=False)
    user = await client.get_current_user()
    if user is None:
        raise UnsupportedActionError(WITHOUT_USER)
    account, task = str(user.id), command.task
    if task.assignee is not None and task.assignee.native_id == account:
        return (complete,)
    take_over = Assign(task=task, actor=command.actor, user_id=account, override=True)
    if undo_of(take_over, task) is None:
        raise ConflictError("the task is given to several people or groups at once; claim it before you complete it")
    return (take_over, complete)


def undo_of(step: TaskCommand, before: Task) -> TaskCommand | None:
    """To the owner or group that `before` shows, or to no assignee. None for several groups or people: no call takes them."""
    if not isinstance(step, Assign):
        return None
    owner, groups, people = before.assignee, before.candidate_groups or (), before.candidate_users or ()
    if owner is not None:
        return Assign(task=before, actor=step.actor, user_id=owner.native_id, override=True)
    if before.native_state == "Unassigned":
        return Unassign(task=before, actor=step.actor)
    if len(groups) == 1 and not people:
        return Assign(task=before, actor=step.actor, group_id=groups[0].native_id, override=True)
    return None


def if_late(step: TaskCommand, undo: TaskCommand) -> IfLate:
    """That only the assignee completes a task is documented for Form tasks; of a group the account may be a member."""
    is_form = isinstance(step, Complete) and step.task.kind is TaskKind.FORM
    leaves_account = not (isinstance(undo, Assign) and undo.user_id is None)
    return IfLate.REFUSED if is_form and leaves_account else IfLate.HARMLESS
