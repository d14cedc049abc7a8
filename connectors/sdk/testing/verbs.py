"""How the suite tries each verb, and how a record shows that the verb took effect."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    AddComment,
    Assign,
    Cancel,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Complete,
    DeleteTask,
    FlowCommand,
    Release,
    Resume,
    ResumeFlow,
    Retry,
    SaveDraft,
    SetTags,
    Skip,
    Start,
    Suspend,
    SuspendFlow,
    TaskCommand,
    Unassign,
    Update,
    UpdateField,
)
from connectors.sdk.connector import Connector
from connectors.sdk.model import Flow, FlowState, Tag, Task, TaskPriority, TaskState
from connectors.sdk.testing.reading import read
from connectors.sdk.testing.sample import ContractSample

COMMANDS: tuple[type[TaskCommand], ...] = (
    Claim,
    Release,
    Assign,
    Unassign,
    Start,
    Suspend,
    Resume,
    Update,
    SetTags,
    SaveDraft,
    AddComment,
    Retry,
    Complete,
    Cancel,
    Skip,
    DeleteTask,
    CancelFlowOfTask,
)
FLOW_COMMANDS: tuple[type[FlowCommand], ...] = (SuspendFlow, ResumeFlow, CancelFlow)

# Verbs of the owner. They are tried on a task that `actor` owns.
_OWNED = frozenset({Release, Unassign, Start, Suspend, Resume, SaveDraft, Complete})


COMMENT = "Asked the supplier; the answer comes on Monday."


async def prepared(connector: Connector[Any], sample: ContractSample, verb: type[TaskCommand]) -> TaskCommand:
    """A command that can be performed now. An owned task is made by claiming, or assigning, an unowned one."""
    task = await read(connector, sample.starts.get(verb, sample.unowned[0]))
    if verb in _OWNED and verb not in sample.starts:
        if Claim in connector.info.capabilities:
            await connector.perform(Claim(task=task, actor=sample.actor))
        elif Assign in connector.info.capabilities:
            await connector.perform(Assign(task=task, actor=sample.other, user_id=sample.actor.native_id))
        task = await read(connector, task.native_id)
    if verb is Resume and verb not in sample.starts:
        await connector.perform(Suspend(task=task, actor=sample.actor))
        task = await read(connector, task.native_id)
    return command_on(connector, sample, verb, task)


def command_on(connector: Connector[Any], sample: ContractSample, verb: type[TaskCommand], task: Task) -> TaskCommand:
    """The command with which the suite tries a verb on a task."""
    actor = sample.actor
    if verb is Assign:
        return Assign(task=task, actor=actor, user_id=sample.other.native_id)
    if verb is Complete:
        return Complete(task=task, actor=actor, outcome=sample.outcome, data=sample.data, comment=sample.comment)
    if verb is Update:
        how = connector.info.capabilities.get(Update)
        return _update(task, sample, frozenset(UpdateField) if how is None else how.fields)
    if verb is SetTags:
        return SetTags(task=task, actor=actor, tags=(Tag(name="urgent"), Tag(name="region", value="north")))
    if verb is SaveDraft:
        return SaveDraft(task=task, actor=actor, data=sample.data or {"note": "not finished"})
    if verb is AddComment:
        return AddComment(task=task, actor=actor, text=COMMENT)
    return verb(task=task, actor=actor, reason="no longer needed")


def _update(task: Task, sample: ContractSample, fields: Collection[UpdateField]) -> Update:
    every: dict[UpdateField, tuple[str, object]] = {
        UpdateField.TITLE: ("title", "Another title"),
        UpdateField.DESCRIPTION: ("description", "Another description"),
        UpdateField.DUE_AT: ("due_at", datetime(2031, 5, 6, 7, 8, tzinfo=UTC)),
        UpdateField.FOLLOW_UP_AT: ("follow_up_at", datetime(2031, 4, 3, 2, 1, tzinfo=UTC)),
        UpdateField.PRIORITY: ("priority", TaskPriority.CRITICAL),
        UpdateField.CANDIDATE_USERS: ("candidate_users", (sample.other.native_id,)),
        UpdateField.CANDIDATE_GROUPS: ("candidate_groups", sample.actor.groups[:1]),
    }
    given: dict[str, Any] = dict(every[field] for field in fields)
    return Update(task=task, actor=sample.actor, **given)


async def some_write(connector: Connector[Any], sample: ContractSample) -> TaskCommand | None:
    """A command on an unowned task that takes one request, else the first declared one; None if none is declared.

    A command that is not atomic may begin with a read, and a failed read applies nothing.
    """
    declared = [verb for verb in COMMANDS if verb in connector.info.capabilities]
    for verb in sorted(declared, key=lambda verb: not connector.info.capabilities[verb].atomic):
        return await prepared(connector, sample, verb)
    return None


def by(actor: Identity, command: TaskCommand) -> TaskCommand:
    """The same command by another person."""
    return msgspec.structs.replace(command, actor=actor)


def took_effect(command: TaskCommand, task: Task | None) -> bool:
    """Whether the record shows what the verb promises; None is a task that the vendor no longer has."""
    if isinstance(command, (Complete, Cancel)) and task is None:
        return True
    if task is None:
        return False
    owners = {user.native_id for user in task.assignees}
    match command:
        case Update():
            return _shows_update(command, task)
        case SetTags(tags=tags):
            return {(tag.name, tag.value) for tag in tags} == {(tag.name, tag.value) for tag in task.tags or ()}
        case Start():
            return task.state is TaskState.IN_PROGRESS
        case Suspend():
            return task.state is TaskState.SUSPENDED
        case Resume():
            return task.is_open and task.state is not TaskState.SUSPENDED
        case Retry():
            return task.state is not TaskState.FAILED
        case SaveDraft() | AddComment():
            return task.is_open
        case Claim(actor=Identity(native_id=actor)):
            return owners == {actor} and task.state in {TaskState.RESERVED, TaskState.IN_PROGRESS}
        case Release() | Unassign():
            return not owners and task.is_open
        case Assign(user_id=user_id):
            return user_id in owners and task.is_open
        case Complete():
            return task.state is TaskState.COMPLETED
        case _:
            return not task.is_open


def _shows_update(command: Update, task: Task) -> bool:
    users = None if task.candidate_users is None else tuple(user.native_id for user in task.candidate_users)
    groups = None if task.candidate_groups is None else tuple(group.native_id for group in task.candidate_groups)
    pairs = (
        (command.title, task.title),
        (command.description, task.description),
        (command.due_at, task.due_at),
        (command.follow_up_at, task.follow_up_at),
        (command.priority, task.priority),
        (command.candidate_users, users),
        (command.candidate_groups, groups),
    )
    return all(wanted is None or wanted == shown for wanted, shown in pairs)


def flow_took_effect(command: FlowCommand, flow: Flow | None) -> bool:
    """Whether the record shows what the verb promises; None is a flow that the vendor no longer has."""
    match command:
        case SuspendFlow():
            return flow is not None and flow.state is FlowState.SUSPENDED
        case ResumeFlow():
            return flow is not None and flow.state is FlowState.ACTIVE
        case _:
            return flow is None or flow.state not in {FlowState.ACTIVE, FlowState.SUSPENDED}
