"""Changes that take two writes: a replacement of the task, one candidate a write, the removal of the owner.

Each step is a command that `perform` carries out with one write. More than two are refused before anything is sent.
"""

from collections.abc import Sequence

from msgspec.structs import replace as changed

from connectors.camunda7.assignment import Links, links_of, wanted_of
from connectors.camunda7.formats import LINKS
from connectors.camunda7.mapping import Candidates
from connectors.sdk import (
    AlreadyAssignedError,
    Assign,
    Task,
    TaskCommand,
    Unassign,
    Update,
    UpdateField,
    ValidationFailedError,
)

MOST_STEPS = 2
TOO_MANY = (
    "the engine takes one candidate user or group a request, and at most two requests belong to one change: "
    "change fewer candidates at once"
)


def steps_of_update(command: Update, before: Candidates) -> Sequence[TaskCommand]:
    """The members that a replacement changes first, then each candidate; new candidates before those that go."""
    links = links_of(before, *wanted_of(command))
    others = command.fields - LINKS
    if links.count + bool(others) <= 1:
        return (command,)
    steps: list[TaskCommand] = []
    if others:
        alone = {"candidate_users": None, "candidate_groups": None, "clear": command.clear - LINKS}
        steps.append(changed(command, **alone))
    plain = Update(task=command.task, actor=command.actor, reason=command.reason)
    steps += [_with(plain, each) for each in _stages(before, links)]
    return _checked(steps)


def steps_of_assignment(command: Assign, before: Candidates, owner: str | None) -> Sequence[TaskCommand]:
    """First the group, then the owner: between the two, and if the second fails, the owner still has the task.

    Without override, a person who becomes the owner meanwhile keeps the task.
    """
    actor = command.actor and command.actor.native_id
    if owner is not None and not command.override and owner != actor:
        raise AlreadyAssignedError("another person is the owner; send override to take the task away")
    group = command.group_id or ""
    plain = Update(task=command.task, actor=command.actor, reason=command.reason)
    links = links_of(before, None, [group])
    steps: list[TaskCommand] = [_with(plain, each) for each in _stages(before, links)]
    if owner is not None or command.override or not steps:
        steps.append(Unassign(task=command.task, actor=command.actor))
    return _checked(steps)


def undo_of(step: TaskCommand, before: Task) -> TaskCommand | None:
    """The values that there were."""
    if not isinstance(step, Update):
        return None
    values: dict[UpdateField, tuple[str, object]] = {
        UpdateField.TITLE: ("title", before.title),
        UpdateField.DESCRIPTION: ("description", before.description),
        UpdateField.DUE_AT: ("due_at", before.due_at),
        UpdateField.FOLLOW_UP_AT: ("follow_up_at", before.follow_up_at),
        UpdateField.PRIORITY: ("priority", before.priority),
        UpdateField.CANDIDATE_USERS: (
            "candidate_users",
            tuple(each.native_id for each in before.candidate_users or ()) or None,
        ),
        UpdateField.CANDIDATE_GROUPS: (
            "candidate_groups",
            tuple(each.native_id for each in before.candidate_groups or ()) or None,
        ),
    }
    given = {name: value for field, (name, value) in values.items() if field in step.fields and value is not None}
    clear = frozenset(field for field, (_, value) in values.items() if field in step.fields and value is None)
    return changed(Update(task=before, actor=step.actor, clear=clear), **given)


def _stages(before: Candidates, links: Links) -> list[Candidates]:
    """The candidates after each link."""
    users, groups = list(before.users), list(before.groups)
    stages = []
    for link in links.add:
        for member, names in (("userId", users), ("groupId", groups)):
            if member in link:
                names.append(str(link[member]))
        stages.append(Candidates(tuple(users), tuple(groups)))
    for link in links.remove:
        for member, names in (("userId", users), ("groupId", groups)):
            if member in link:
                names.remove(str(link[member]))
        stages.append(Candidates(tuple(users), tuple(groups)))
    return stages


def _with(command: Update, found: Candidates) -> Update:
    clear = {
        field
        for field, names in (
            (UpdateField.CANDIDATE_USERS, found.users),
            (UpdateField.CANDIDATE_GROUPS, found.groups),
        )
        if not names
    }
    return changed(
        command,
        candidate_users=found.users or None,
        candidate_groups=found.groups or None,
        clear=frozenset(clear),
    )


def _checked(steps: list[TaskCommand]) -> Sequence[TaskCommand]:
    if len(steps) > MOST_STEPS:
        raise ValidationFailedError(TOO_MANY, field=("candidateGroupIds",))
    return tuple(steps)
