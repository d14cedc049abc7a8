"""How the suite reads from a connector. Every record is checked; a failure says what the connector did and should do."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from msgspec import Struct
from msgspec.structs import replace

from connectors.sdk.commands import FlowCommand, FlowOutcome, Outcome, TaskCommand
from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError, NotFoundError, UnsupportedActionError
from connectors.sdk.http import Answer, Upstream
from connectors.sdk.model import Definition, Flow, Group, Task, User
from connectors.sdk.query import FlowQuery, Page, TaskQuery
from connectors.sdk.testing.record_check import check, check_page

# More pages than any stand-in has, and more empty ones in a row, to find lists without an end.
MOST_PAGES = 500
MOST_EMPTY_PAGES = 30

LEAVE_OUT = "get_tasks must leave an unknown id out of its answer; see get_each"


async def drain(connector: Connector[Any], query: TaskQuery, limit: int) -> list[Task]:
    """All pages joined. AssertionError for a page above `limit`, a cursor given twice, or pages without end."""
    return await _drained(lambda after: connector.list_tasks(query, limit=limit, after=after), Task, limit)


async def drain_listing(connector: Connector[Any], listing: Listing, limit: int) -> list[str]:
    """The native ids of a whole list. AssertionError as for `drain`."""
    match listing:
        case Listing.FLOWS:
            query = connector.pushdown_flows(FlowQuery())
            try:
                flows = await _drained(lambda at: connector.list_flows(query, limit=limit, after=at), Flow, limit)
            except UnsupportedActionError:
                return []  # the vendor lists flows only with a filter
            return [flow.native_id for flow in flows]
        case Listing.USERS:
            users = await _drained(lambda at: connector.list_users(limit=limit, after=at), User, limit)
            return [user.native_id for user in users]
        case Listing.GROUPS:
            groups = await _drained(lambda at: connector.list_groups(limit=limit, after=at), Group, limit)
            return [group.native_id for group in groups]
        case _:
            definitions = await _drained(
                lambda at: connector.list_task_definitions(limit=limit, after=at), Definition, limit
            )
            return [definition.native_id for definition in definitions]


async def _drained(
    page_after: Callable[[str | None], Awaitable[Page[Any]]], record_type: type[Struct], limit: int
) -> list[Any]:
    rows: list[Any] = []
    given_by: dict[str, int] = {}
    after: str | None = None
    empty_since: int | None = None
    for number in range(1, MOST_PAGES + 1):
        page = await page_after(after)
        check_page(page, record_type)
        if len(page.items) > limit:
            raise AssertionError(f"page {number} has {len(page.items)} rows; limit={limit} was asked for")
        rows += page.items
        after = page.next_cursor
        if after is None:
            return rows
        empty_since = None if page.items else empty_since or number
        if empty_since is not None and number - empty_since >= MOST_EMPTY_PAGES:
            raise AssertionError(
                f"page {empty_since} is empty and has a next_cursor, and so have the {number - empty_since} pages after it: "
                "the last page must have next_cursor=None"
            )
        if after in given_by:
            raise AssertionError(
                f"page {number} has the next_cursor of page {given_by[after]}, {after!r}: the list has no end"
            )
        given_by[after] = number
    raise AssertionError(f"the list has more than {MOST_PAGES} pages: the last page must have next_cursor=None")


async def get(connector: Connector[Any], ids: Collection[str]) -> Mapping[str, Task | ConnectorError]:
    """What `get_tasks` gives. AssertionError for a task under the id of another one, and for NotFoundError."""
    try:
        found = await connector.get_tasks(list(ids))
    except NotFoundError as error:
        raise AssertionError(f"get_tasks raised NotFoundError for {list(ids)}: {LEAVE_OUT}") from error
    for native_id, task in found.items():
        assert not isinstance(task, NotFoundError), f"get_tasks has NotFoundError under {native_id!r}: {LEAVE_OUT}"
        if isinstance(task, ConnectorError):
            continue
        assert isinstance(task, Task), f"get_tasks must give a Task under {native_id!r}, gives {task!r}"
        check(task)
        if task.native_id != native_id:
            raise AssertionError(f"get_tasks has the task {task.native_id!r} under {native_id!r}")
    return found


async def find(connector: Connector[Any], native_id: str) -> Task | None:
    """The record of a task, None if it is absent; an error is raised."""
    match (await get(connector, [native_id])).get(native_id):
        case ConnectorError() as error:
            raise error
        case other:
            return other


async def read(connector: Connector[Any], native_id: str) -> Task:
    """The record of a task; LookupError if it is absent."""
    task = await find(connector, native_id)
    if task is None:
        raise LookupError(f"get_tasks does not find {native_id!r}")
    return task


async def read_flow(connector: Connector[Any], native_id: str) -> Flow:
    """The record of a flow; LookupError if it is absent."""
    match (await connector.get_flows([native_id])).get(native_id):
        case Flow() as flow:
            check(flow)
            return flow
        case ConnectorError() as error:
            raise error
        case _:
            raise LookupError(f"get_flows does not find {native_id!r}")


@contextmanager
def counting_writes() -> Iterator[list[str]]:
    """Gives method and path of each write that the block sends, by whatever connector."""
    sent: list[str] = []
    send = Upstream.write

    async def counted(upstream: Upstream, method: str, path: str, *ids: str, **more: Any) -> Answer:
        sent.append(f"{method} {path}")
        return await send(upstream, method, path, *ids, **more)

    with patch.object(Upstream, "write", counted):
        yield sent


async def carried_out(connector: Connector[Any], command: TaskCommand) -> Outcome:
    """The checked outcome of a command's last step; each step is performed on the task that the one before has left."""
    first, *further = await connector.steps(command)
    outcome = await perform(connector, first)
    for step in further:
        outcome = await perform(connector, replace(step, task=outcome.task))
    return outcome


async def perform(connector: Connector[Any], command: TaskCommand) -> Outcome:
    """The checked outcome of a command that is one step. AssertionError if that took several writes."""
    with counting_writes() as sent:
        outcome = await connector.perform(command)
    assert len(sent) < 2, (
        f"each step is one write, {type(command).__name__} sent {', '.join(sent)}: give several writes as steps"
    )
    assert isinstance(outcome, Outcome), (
        f"the method of {type(command).__name__} must return an Outcome, returns {outcome!r}"
    )
    check(outcome)
    return outcome


async def perform_on_flow(connector: Connector[Any], command: FlowCommand) -> FlowOutcome:
    """As `perform`."""
    with counting_writes() as sent:
        outcome = await connector.perform_on_flow(command)
    assert len(sent) < 2, f"{type(command).__name__} must be one write, sent {', '.join(sent)}"
    assert isinstance(outcome, FlowOutcome), (
        f"the method of {type(command).__name__} must return a FlowOutcome, returns {outcome!r}"
    )
    check(outcome)
    return outcome


async def errors_of(act: Callable[[], Awaitable[object]]) -> list[ConnectorError]:
    """The error that `act` raises, or the errors among the values that it returns."""
    try:
        result = await act()
    except ConnectorError as error:
        return [error]
    values = result.values() if isinstance(result, Mapping) else ()
    return [value for value in values if isinstance(value, ConnectorError)]
