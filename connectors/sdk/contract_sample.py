"""What a vendor tells the contract suite about its stand-in, and how each verb is tried on it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from pydantic import SecretStr

from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    Assign,
    Cancel,
    CancelFlowOfTask,
    Claim,
    Command,
    Complete,
    DeleteTask,
    Release,
    Skip,
    Unassign,
)
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import OPEN_STATES, Task, TaskState
from connectors.sdk.query import TaskOrderField, TaskQuery

COMMANDS: tuple[type[Command], ...] = (
    Claim,
    Release,
    Assign,
    Unassign,
    Complete,
    Cancel,
    Skip,
    DeleteTask,
    CancelFlowOfTask,
)

# Ids that no vendor gives, most of them attempts to reach something else.
STRANGE_IDS = (
    "",
    ".",
    "..",
    "../users",
    "../../admin",
    "a/b",
    "/",
    "%2e%2e",
    "%2e%2e%2fusers",
    "..%2f..",
    "..;/users",
    "a\\..\\b",
    "a?b=c",
    "a#b",
    "a&b=c",
    "{}",
    "'\"",
    "\x00",
    "a\nb",
    "a\r\nX-Injected: 1",
    "\x7f",
    "@evil.test",
    "//evil.test/x",
    "日本",
    "9" * 600,
)

# More pages than any stand-in holds: a cursor that never ends is found, not followed.
MOST_PAGES = 500


class ContractSample(Struct, frozen=True, kw_only=True):
    """What the fresh stand-in holds. All ids are native.

    `unowned` are at least three READY tasks that `actor` and `other` may claim; `outcome`, `data` and `comment`
    complete each of them. `starts` names the task to begin with for verbs that do not apply to those.
    """

    unowned: tuple[str, ...]
    actor: Identity
    other: Identity
    unknown_id: str
    outcome: str | None = None
    data: dict[str, object] | None = None
    comment: str | None = None
    starts: dict[type[Command], str] = {}


def task_of(found: Mapping[str, Task | ConnectorError], native_id: str) -> Task | None:
    """The record found, None when absent; an error is raised."""
    match found.get(native_id):
        case ConnectorError() as error:
            raise error
        case other:
            return other


async def read(connector: Connector[Any], native_id: str) -> Task:
    """The record of a task that is there; LookupError when it is not."""
    task = task_of(await connector.get_tasks([native_id]), native_id)
    if task is None:
        raise LookupError(native_id)
    return task


async def drain(connector: Connector[Any], query: TaskQuery, limit: int) -> list[Task]:
    """All pages joined; ValueError for a page above `limit`, a cursor given twice, or pages without end."""
    tasks: list[Task] = []
    cursors: set[str | None] = {None}
    after: str | None = None
    for _ in range(MOST_PAGES):
        page = await connector.list_tasks(query, limit=limit, after=after)
        if len(page.items) > limit:
            raise ValueError(f"a page of {len(page.items)} tasks where {limit} were asked for")
        tasks += page.items
        after = page.next_cursor
        if after is None:
            return tasks
        if after in cursors:
            raise ValueError("a cursor was given twice")
        cursors.add(after)
    raise ValueError(f"more than {MOST_PAGES} pages")


def queries(sample: ContractSample, everything: Sequence[Task]) -> Iterator[TaskQuery]:
    """One query for each thing that can be asked, and some together."""
    people = frozenset({sample.actor.native_id})
    groups = frozenset(sample.actor.groups)
    flows = frozenset(task.flow_id for task in everything if task.flow_id is not None)
    yield TaskQuery()
    yield TaskQuery(states=OPEN_STATES)
    for state in TaskState:
        yield TaskQuery(states=frozenset({state}))
    yield TaskQuery(states=frozenset({TaskState.READY, TaskState.COMPLETED}))
    yield TaskQuery(assignees=people)
    yield TaskQuery(assignees=people, states=OPEN_STATES)
    yield TaskQuery(assignees=frozenset({sample.actor.native_id, sample.other.native_id}))
    yield TaskQuery(has_assignee=True)
    yield TaskQuery(has_assignee=False, states=frozenset({TaskState.READY}))
    yield TaskQuery(candidate_users=people)
    yield TaskQuery(candidate_groups=groups)
    yield TaskQuery(candidate_groups=groups, states=frozenset({TaskState.READY}), has_assignee=False)
    yield TaskQuery(has_candidates=True)
    yield TaskQuery(has_candidates=False)
    yield TaskQuery(flows=frozenset(sorted(flows)[:1]))
    yield TaskQuery(flows=frozenset(sorted(flows)[:3]), states=OPEN_STATES)
    for field in TaskOrderField:
        yield TaskQuery(present=frozenset({field}))
        yield TaskQuery(absent=frozenset({field}))


async def prepared(connector: Connector[Any], sample: ContractSample, verb: type[Command]) -> Command:
    """A command that `verb` may carry out now: owned tasks are made by claiming, or assigning, an unowned one."""
    task = await read(connector, sample.starts.get(verb, sample.unowned[0]))
    if verb in {Release, Unassign, Complete} and verb not in sample.starts:
        if Claim in connector.capabilities:
            await connector.perform(Claim(task=task, actor=sample.actor))
        elif Assign in connector.capabilities:
            await connector.perform(Assign(task=task, actor=sample.other, user_id=sample.actor.native_id))
        task = await read(connector, task.native_id)
    if verb is Assign:
        return Assign(task=task, actor=sample.actor, user_id=sample.other.native_id)
    if verb is Complete:
        return Complete(task=task, actor=sample.actor, outcome=sample.outcome, data=sample.data, comment=sample.comment)
    return verb(task=task, actor=sample.actor, reason="no longer needed")


async def some_write(connector: Connector[Any], sample: ContractSample) -> Command:
    """A command of the first verb that the connector has, on an unowned task; LookupError when it has none."""
    for verb in COMMANDS:
        if verb in connector.capabilities:
            return await prepared(connector, sample, verb)
    raise LookupError("the connector declares no verb")


def by(actor: Identity, command: Command) -> Command:
    """The same command, decided by somebody else."""
    return msgspec.structs.replace(command, actor=actor)


def took_effect(command: Command, task: Task | None) -> bool:
    """Whether the record shows what the verb promises; None is a task that the vendor no longer has."""
    if isinstance(command, (Complete, Cancel)) and task is None:
        return True
    if task is None:
        return False
    owners = {user.native_id for user in task.assignees}
    match command:
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


def secrets_of(value: object) -> set[str]:
    """The secrets within dumped settings, in plain text."""
    match value:
        case SecretStr():
            return {value.get_secret_value()}
        case dict():
            return set().union(*(secrets_of(each) for each in value.values()))
        case list() | tuple():
            return set().union(*(secrets_of(each) for each in value))
        case _:
            return set()
