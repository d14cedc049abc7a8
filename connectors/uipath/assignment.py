"""Claim, assign, unassign, release and delete: one request for any number of tasks, each judged by its own line of the answer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import UNSET, Struct

from connectors.sdk import (
    AlreadyAssignedError,
    Assign,
    Claim,
    ConnectorError,
    DeleteTask,
    GroupRef,
    MalformedResponseError,
    NoOptions,
    Outcome,
    Release,
    Task,
    TaskCommand,
    Unassign,
    UnavailableError,
    UserRef,
    parse_options,
)
from connectors.uipath import after_write, mapping, options, wire
from connectors.uipath.client import UiPathClient
from connectors.uipath.errors import Refused
from connectors.uipath.ids import TaskId
from connectors.uipath.paging import TaskList

ARRAYS: frozenset[type[TaskCommand]] = frozenset({Claim, Release, Assign, Unassign, DeleteTask})
DELETED = "DELETED"


class _Item(Struct, frozen=True):
    """One task of a request. `expected` is the record after it; None if the vendor decides who gets the task: read it."""

    command: TaskCommand
    task: int
    assignee: wire.Assignee | None = None
    expected: Outcome | None = None


def path_of(command: TaskCommand) -> str:
    """The last part of the path of the request that performs the command."""
    if isinstance(command, Claim | Assign):
        return "ReassignTasks" if command.task.native_state == "Pending" else "AssignTasks"
    return "DeleteTasks" if isinstance(command, DeleteTask) else "UnassignTasks"


class Assignments:
    """Every command of `ARRAYS` is performed here, alone or with others of the same path."""

    def __init__(self, client: UiPathClient, tasks: TaskList, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._tasks = tasks
        self._clock = clock

    async def perform(self, command: TaskCommand) -> Outcome:
        found = (await self.perform_all([command]))[command.task.native_id]
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def perform_all(self, commands: Sequence[TaskCommand]) -> Mapping[str, Outcome | ConnectorError]:
        """By the native id of the task. All commands have one `path_of`. Raises ConnectorError if the request failed."""
        found: dict[str, Outcome | ConnectorError] = {}
        items = []
        for command in commands:
            try:
                items.append(self._item(command))
            except ConnectorError as error:
                found[command.task.native_id] = error
        if not items:
            return found
        refused = await self._sent(path_of(items[0].command), items)
        unread = []
        for item in items:
            native_id = item.command.task.native_id
            refusal = refused.by_task.get(item.task)
            if refusal is not None:
                found[native_id] = refusal
            elif refused.is_unclear:
                found[native_id] = MalformedResponseError(
                    "refused something else than the requested tasks", maybe_applied=True
                )
            elif item.expected is not None:
                found[native_id] = item.expected
            else:
                unread.append(item)
        return {**found, **await self._read_back(unread)}

    async def _sent(self, path: str, items: Sequence[_Item]) -> Refused:
        if path in {"AssignTasks", "ReassignTasks"}:
            assignees = {item.task: item.assignee for item in items if item.assignee is not None}
            return await self._client.assign(assignees, again=path == "ReassignTasks")
        change = self._client.delete_tasks if path == "DeleteTasks" else self._client.unassign
        return await change([item.task for item in items])

    def _item(self, command: TaskCommand) -> _Item:
        """Raises ConnectorError for what the vendor would not take."""
        task, number, now = command.task, TaskId.require(command.task.native_id).task, self._clock()
        match command:
            case Claim():
                return _Item(command, number, mapping.user_to_wire(command.require_actor().native_id))
            case Assign():
                return self._assignment(command, number, now)
            case DeleteTask():
                after = after_write.canceled(task, reason=DELETED, rule="uipath.deleted", fetched_at=now)
                effect = "deleted the task; a job that waits for it may wait forever"
                return _Item(command, number, expected=Outcome(task=after, effect=effect))
            case _:
                return _Item(command, number, expected=Outcome(task=after_write.unassigned(task, fetched_at=now)))

    def _assignment(self, command: Assign, number: int, now: datetime) -> _Item:
        task = command.task
        if task.assignees and not command.override and not _is_owned_by_actor(command):
            raise AlreadyAssignedError("the task already has an owner; use override to replace the owner")
        if command.group_id is None:
            parse_options(command.options, NoOptions)
            user_id = options.assignee_name(command.user_id, "userId")
            assignee = mapping.user_to_wire(user_id)
            after = after_write.assigned(task, UserRef(native_id=user_id), fetched_at=now)
            is_known = assignee.user_id is not UNSET
        else:
            criteria = parse_options(command.options, options.AssignToGroupOptions).criteria
            group_id = options.assignee_name(command.group_id, "groupId")
            assignee = mapping.group_to_wire(group_id, criteria)
            after = after_write.shared(task, GroupRef(native_id=group_id), fetched_at=now)
            is_known = criteria == "AllUsers" and assignee.user_id is not UNSET
        return _Item(command, number, assignee, Outcome(task=after) if is_known else None)

    async def _read_back(self, items: Sequence[_Item]) -> dict[str, Outcome | ConnectorError]:
        """The tasks after an assignment. An error with `maybe_applied` for each that cannot be read."""
        if not items:
            return {}
        read = await self._tasks.get([item.command.task.native_id for item in items])
        return {item.command.task.native_id: _after(item, read.get(item.command.task.native_id)) for item in items}


def _after(item: _Item, task: Task | ConnectorError | None) -> Outcome | ConnectorError:
    if not isinstance(task, Task):
        unread = UnavailableError(
            "accepted the assignment, but the task could not be read afterwards", maybe_applied=True
        )
        unread.__cause__ = task
        return unread
    command = item.command
    if isinstance(command, Claim) and not _owns(command.require_actor().native_id, task):
        if task.is_open and not task.assignees:
            return MalformedResponseError("accepted the assignment, but shows no owner yet", maybe_applied=True)
        return AlreadyAssignedError("the task was assigned to another user at the same time")
    return Outcome(task=task)


def _is_owned_by_actor(command: TaskCommand) -> bool:
    return command.actor is not None and _owns(command.actor.native_id, command.task)


def _owns(native_id: str, task: Task) -> bool:
    return any(user.native_id == native_id for user in task.assignees)
