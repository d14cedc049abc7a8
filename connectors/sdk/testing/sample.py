"""What a vendor tells the contract suite about its stand-in, and how each verb is tried on it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct
from pydantic import SecretStr

from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    AddComment,
    Assign,
    Cancel,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Complete,
    CreateTask,
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
    StartFlow,
    Suspend,
    SuspendFlow,
    TaskCommand,
    Unassign,
    Update,
    UpdateField,
)
from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError, UnsupportedActionError
from connectors.sdk.model import OPEN_STATES, Flow, FlowState, Tag, Task, TaskPriority, TaskState
from connectors.sdk.query import FlowQuery, Interval, Page, TaskOrderField, TaskQuery

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

# Verbs of the owner: tried on a task that `actor` owns.
_OWNED = frozenset({Release, Unassign, Start, Suspend, Resume, SaveDraft, Complete})

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

COMMENT = "Asked the supplier; the answer comes on Monday."

# More pages than any stand-in holds: a cursor that never ends is found, not followed.
MOST_PAGES = 500


class ContractSample(Struct, frozen=True, kw_only=True):
    """What the fresh stand-in holds. All ids are native.

    `unowned` are at least three READY tasks that `actor` and `other` may claim; `outcome`, `data` and `comment`
    complete each of them. `starts` names the task to begin with for verbs that do not apply to those, `flow` an ACTIVE
    flow. `create` and `start_flow` are commands that the vendor takes, where it has such.
    """

    unowned: tuple[str, ...]
    actor: Identity
    other: Identity
    unknown_id: str
    outcome: str | None = None
    data: dict[str, object] | None = None
    comment: str | None = None
    starts: dict[type[TaskCommand], str] = {}
    flow: str | None = None
    create: CreateTask | None = None
    start_flow: StartFlow | None = None


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


async def drain_listing(connector: Connector[Any], listing: Listing, limit: int) -> list[str]:
    """The native ids of everything of that kind; ValueError as for `drain`."""
    ids: list[str] = []
    after: str | None = None
    for _ in range(MOST_PAGES):
        page: Page[Any]
        match listing:
            case Listing.FLOWS:
                query = connector.pushdown_flows(FlowQuery())
                try:
                    page = await connector.list_flows(query, limit=limit, after=after)
                except UnsupportedActionError:
                    return []  # lists some flows only, which nobody asked for here
            case Listing.USERS:
                page = await connector.list_users(limit=limit, after=after)
            case Listing.GROUPS:
                page = await connector.list_groups(limit=limit, after=after)
            case _:
                page = await connector.list_task_definitions(limit=limit, after=after)
        if len(page.items) > limit:
            raise ValueError(f"a page of {len(page.items)} where {limit} were asked for")
        ids += [item.native_id for item in page.items]
        after = page.next_cursor
        if after is None:
            return ids
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
    yield from _business(everything)
    for field in TaskOrderField:
        yield TaskQuery(present=frozenset({field}))
        yield TaskQuery(absent=frozenset({field}))


def _business(everything: Sequence[Task]) -> Iterator[TaskQuery]:
    """By what rows carry, with values that are there."""
    ids = frozenset(task.native_id for task in everything)
    yield TaskQuery(ids=frozenset(sorted(ids)[:3]))
    for kind in {task.kind for task in everything}:
        yield TaskQuery(kinds=frozenset({kind}))
    for priority in TaskPriority:
        yield TaskQuery(priorities=frozenset({priority}), states=OPEN_STATES)
    keys = sorted({task.definition.key for task in everything if task.definition is not None})
    yield TaskQuery(definition_keys=frozenset(keys[:1]))
    yield TaskQuery(definition_keys=frozenset(keys[:2]), states=OPEN_STATES)
    yield TaskQuery(business_keys=frozenset(sorted({t.business_key for t in everything if t.business_key})[:2]))
    subjects = sorted({(s.type, s.native_id) for task in everything for s in task.subjects or ()})[:1]
    for kind_of_subject, subject_id in subjects:
        yield TaskQuery(subject_types=frozenset({kind_of_subject}))
        yield TaskQuery(subject_types=frozenset({kind_of_subject}), subject_ids=frozenset({subject_id}))
    times = sorted({task.due_at for task in everything if task.due_at is not None})
    if times:
        middle = times[len(times) // 2]
        yield TaskQuery(times=((TaskOrderField.DUE_AT, Interval(lt=middle)),))
        yield TaskQuery(times=((TaskOrderField.DUE_AT, Interval(gte=middle)),), states=OPEN_STATES)
        yield TaskQuery(overdue_at=middle)
    created = sorted({task.created_at for task in everything if task.created_at is not None})
    if created:
        middle = created[len(created) // 2]
        yield TaskQuery(times=((TaskOrderField.CREATED_AT, Interval(gt=created[0], lte=middle)),))
    yield TaskQuery(is_escalated=True)
    yield TaskQuery(text=everything[0].title[:6].upper())


async def prepared(connector: Connector[Any], sample: ContractSample, verb: type[TaskCommand]) -> TaskCommand:
    """A command that `verb` may carry out now: owned tasks are made by claiming, or assigning, an unowned one."""
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
    """The command of that verb that is tried on a task."""
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


async def some_write(connector: Connector[Any], sample: ContractSample) -> TaskCommand:
    """A command on an unowned task that one request carries out, else the first that there is; LookupError for none.

    What is not atomic may begin with a read, whose failure applies nothing.
    """
    declared = [verb for verb in COMMANDS if verb in connector.info.capabilities]
    for verb in sorted(declared, key=lambda verb: not connector.info.capabilities[verb].atomic):
        return await prepared(connector, sample, verb)
    raise LookupError("the connector declares no verb")


def by(actor: Identity, command: TaskCommand) -> TaskCommand:
    """The same command, decided by somebody else."""
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


async def read_flow(connector: Connector[Any], native_id: str) -> Flow:
    """The record of a flow that is there; LookupError when it is not."""
    match (await connector.get_flows([native_id])).get(native_id):
        case Flow() as flow:
            return flow
        case ConnectorError() as error:
            raise error
        case _:
            raise LookupError(native_id)


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
