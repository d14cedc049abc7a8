"""What a vendor tells the contract suite about its stand-in, and how the suite reads from it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from pydantic import SecretStr

from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    CreateTask,
    StartFlow,
    TaskCommand,
)
from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError, UnsupportedActionError
from connectors.sdk.model import OPEN_STATES, Flow, Task, TaskPriority, TaskState
from connectors.sdk.query import FlowQuery, Interval, Page, TaskOrderField, TaskQuery

# Ids that no vendor gives. Most of them are attempts to reach another path.
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


# More pages than any stand-in has, to find lists without an end.
MOST_PAGES = 500


class ContractSample(Struct, frozen=True, kw_only=True):
    """What a fresh stand-in contains. All ids are native.

    `unowned` are at least three READY tasks that `actor` and `other` may claim; `outcome`, `data` and `comment`
    complete each of them. `starts` names the task to begin with for verbs that do not apply to those, `flow` an ACTIVE
    flow. `create` and `start_flow` are commands that the vendor accepts, None if it has no such command.
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
    """The record that was found, None if it is absent; an error is raised."""
    match found.get(native_id):
        case ConnectorError() as error:
            raise error
        case other:
            return other


async def read(connector: Connector[Any], native_id: str) -> Task:
    """The record of a task; LookupError if it is absent."""
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
    """The native ids of a whole list; ValueError as for `drain`."""
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
                    return []  # the vendor lists flows only with a filter
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
    """One query for each member of TaskQuery, and some combinations."""
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
    """By members of rows, with values that occur."""
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


async def read_flow(connector: Connector[Any], native_id: str) -> Flow:
    """The record of a flow; LookupError if it is absent."""
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


async def errors_of(act: Callable[[], Awaitable[object]]) -> list[ConnectorError]:
    """The error that `act` raises, or the errors among the values that it returns."""
    try:
        result = await act()
    except ConnectorError as error:
        return [error]
    values = result.values() if isinstance(result, Mapping) else ()
    return [value for value in values if isinstance(value, ConnectorError)]
