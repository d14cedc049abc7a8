"""An assignment to a group. The engine has no call for it: the candidate groups are set, and the assignee is removed."""

from connectors.camunda.options import ActionOptions
from connectors.sdk import AlreadyAssignedError, Assign, Task, TaskCommand, Unassign, Update, UpdateField, parse_options


def steps_of(command: TaskCommand) -> tuple[TaskCommand, ...]:
    """First the group, then the owner: between the two, and if the second fails, the owner still has the task.

    Without override, a person who becomes the owner meanwhile keeps the task.
    """
    if not isinstance(command, Assign) or command.group_id is None:
        return (command,)
    regroup = regrouping(command)
    if command.task.assignee is None and not command.override:
        return (command,)
    return (regroup, Unassign(task=command.task, actor=command.actor))


def regrouping(command: Assign) -> Update:
    """The group as the only candidate group. AlreadyAssignedError if another person is the assignee, without override."""
    task, owner, actor = command.task, command.task.assignee, command.actor
    if owner is not None and not command.override and (actor is None or owner.native_id != actor.native_id):
        raise AlreadyAssignedError("another person is the assignee; send override to take the task away")
    parse_options(command.options, ActionOptions)
    groups = () if command.group_id is None else (command.group_id,)
    return Update(task=task, actor=actor, candidate_groups=groups, options=command.options)


def undo_of(step: TaskCommand, before: Task) -> TaskCommand | None:
    """The candidate groups that there were."""
    if not isinstance(step, Update) or before.candidate_groups is None:
        return None
    groups = tuple(group.native_id for group in before.candidate_groups)
    if groups:
        return Update(task=before, actor=step.actor, candidate_groups=groups)
    return Update(task=before, actor=step.actor, clear=frozenset({UpdateField.CANDIDATE_GROUPS}))
