"""Lists of tasks. No API lists all tasks, so there are four lists; the option `list_by` chooses one.

Whatever the choice, the tasks of a few named flows are read from these flows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Raw
from msgspec.structs import replace

from connectors.epilot import wire
from connectors.epilot.client import EpilotClient
from connectors.epilot.flows import MOST_CALLS, executions_of
from connectors.epilot.formats import check_columns, kanban_row, overview_row
from connectors.epilot.ids import flow_id
from connectors.epilot.mapping import FLOW_STATES, OWNERS, odd_tasks_of, task_from_wire, tasks_of
from connectors.epilot.paging import MOST_ROWS, cut, cut_at, nothing, numbered_page
from connectors.epilot.settings import Entity, EpilotSettings, KanbanColumns, ListBy
from connectors.epilot.wire import Execution, FlowOfTask
from connectors.sdk import (
    Announced,
    ConnectorError,
    CountAccuracy,
    Decoded,
    FlowState,
    MalformedResponseError,
    OddRow,
    OffsetCursor,
    Page,
    Task,
    TaskOrderField,
    TaskQuery,
    TaskState,
    distinct,
    get_each,
    split_rows,
)

Row = tuple[wire.Task, FlowOfTask]
DecodedRow = tuple[Decoded[Row], Raw]
TaskRows = tuple[list[Task], tuple[OddRow, ...]]

# Workflows that one list reads one by one.
MOST_IN_FULL = 50

# Order fields that no task has.
NEVER_FILLED = frozenset({TaskOrderField.FOLLOW_UP_AT, TaskOrderField.PRIORITY})

ENDED_STATES = frozenset({TaskState.COMPLETED, TaskState.SKIPPED, TaskState.FAILED})
NOT_ENDED_STATES = frozenset(TaskState) - ENDED_STATES
STATES_IN_RUNNING_FLOWS = NOT_ENDED_STATES - {TaskState.CANCELED}


class TaskList(ABC):
    """`note` says what the list may leave out or show late, as text for people."""

    note: ClassVar[str]

    def __init__(self, settings: EpilotSettings, client: EpilotClient, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.client = client
        self.clock = clock

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """As `Connector.pushdown`."""
        return TaskQuery()

    @abstractmethod
    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        """As `Connector.list_tasks`."""

    def tasks_of(self, executions: Iterable[Execution]) -> TaskRows:
        return _tasks_of(executions, self.settings, self.clock())

    def rows_of(self, rows: Sequence[DecodedRow], owners: frozenset[str]) -> TaskRows:
        """The tasks of a page, and the rows that do not fit."""
        now = self.clock()

        def made(row: Row, raw: Raw) -> Task:
            return task_from_wire(*row, self.settings, fetched_at=now, payload=raw)

        found = split_rows(rows, as_task=made, people=owners)
        return [made(row, raw) for row, raw in found.rows], found.odd


class Overview(TaskList):
    """The query API's data set of tasks. Filters by assignees."""

    note = (
        "the overview is made from analytics and lags behind writes, the vendor does not say by how long; "
        "it has five statuses and two types only, so that tasks on hold, scheduled or failed look like pending ones; "
        "it does not say which tasks of a flow are current"
    )

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """The API can include unassigned tasks, but not ask for them alone, and does not filter by state."""
        return TaskQuery(assignees=query.assignees)

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        if query.assignees == frozenset():
            return nothing()

        async def read(offset: int, size: int) -> Announced[DecodedRow]:
            number, page_size = numbered_page(offset, size)
            answer = await self.client.query_overview(self._body(query, number, page_size))
            before = offset - number * page_size
            raws = answer.results[before : before + size]
            is_missing = answer.total is not None and answer.total > offset and not raws
            if is_missing and (answer.results or after is None):
                raise MalformedResponseError("the overview's pages do not add up; try the other options.first_page")
            rows = [(overview_row(raw, self.settings.generation), raw) for raw in raws]
            # The page may end before `size` rows, so that its end says nothing.
            return Announced(rows, answer.total, asked=len(rows))

        page = await OffsetCursor.parse(after).page(read, limit=limit, most=MOST_ROWS, key=_key)
        tasks, odd = self.rows_of(page.rows, OWNERS)
        return page.page(tasks, odd=odd)

    def _body(self, query: TaskQuery, number: int, page_size: int) -> dict[str, object]:
        options = self.settings.options
        body: dict[str, object] = {
            "dataset": "workflow_tasks_overview",
            # Without it the vendor leaves out unassigned tasks, also where no assignee is asked for.
            "include_unassigned": query.assignees is None,
            "sort_by": "creation_date_descending",
            "page_number": number + options.first_page,
            "page_size": page_size,
        }
        if query.assignees is not None:
            body["assignee_ids"] = sorted(query.assignees)
        if options.definition_ids:
            body["workflow_definition_ids"] = list(options.definition_ids)
        return body


class Kanban(TaskList):
    """The kanban API's data set of tasks. Filters by each column."""

    note = (
        "the vendor does not publish the columns of the kanban data set: a value is missing where its column is not "
        "named as in kanban_columns; tasks that kanban_filters exclude are missing; "
        "which generations the data set contains is not documented"
    )

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """Assignees, and classes of states: the narrowest class that the filters express, so that lists share answers."""
        states = query.states
        if states:
            classes = (STATES_IN_RUNNING_FLOWS, NOT_ENDED_STATES, ENDED_STATES)
            states = next((each for each in classes if states <= each), None)
        return TaskQuery(states=states, assignees=query.assignees, has_assignee=query.has_assignee)

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        if query.states == frozenset() or query.assignees == frozenset():
            return nothing()
        if query.assignees is not None and query.has_assignee is False:
            return nothing()
        generation, columns = self.settings.generation, self.settings.options.kanban_columns

        async def read(offset: int, size: int) -> Announced[DecodedRow]:
            answer = await self.client.query_kanban(self._body(query, offset, size))
            check_columns(answer.results, columns)
            rows = [(kanban_row(raw, generation, columns), raw) for raw in answer.results]
            return Announced(rows, answer.total)

        page = await OffsetCursor.parse(after).page(read, limit=limit, most=MOST_ROWS, key=_key)
        tasks, odd = self.rows_of(page.rows, frozenset({columns.assignee}))
        # The vendor's filter compares letter case, so that it may let through a status that it should exclude.
        matching = list(filter(query.test(), tasks))
        return page.page(matching, odd=odd)

    def _body(self, query: TaskQuery, offset: int, size: int) -> dict[str, object]:
        options = self.settings.options
        body: dict[str, object] = {
            "sorting": {"field": options.kanban_columns.created_at, "direction": "desc"},
            "from": offset,
            "size": size,
        }
        configured = [each.model_dump(exclude_none=True) for each in options.kanban_filters]
        items = [*configured, *_kanban_conditions(query, options.kanban_columns)]
        if items:
            body["filters"] = {"items": items, "combination": "AND"}
        return body


class OfEntities(TaskList):
    """All tasks of the flows of the configured business objects, one search for each."""

    note = "only tasks of flows of the configured entities"

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        """A page has tasks of one entity; the cursor is `<index of the entity>:<offset within its tasks>`."""
        entities = self.settings.options.entities
        if not entities:
            return nothing()
        streams = tuple(map(str, range(len(entities))))
        cursor = OffsetCursor.parse(after, streams)
        index = int(cursor.stream)
        found = await executions_of(entities[index], self.settings.generation, self.client)
        others = [each for each in found.records if not _belongs_to_any(each, entities[:index])]
        executions, is_whole = await in_full(others, self.client)
        tasks, odd = self.tasks_of(executions)
        page = await cut_at(tasks, cursor, limit=limit, key=_native_id, streams=streams)
        following = replace(page.following, truncated=page.following.truncated or not is_whole)
        return following.page(tuple(page.rows), odd=(*found.odd, *odd))


class ExecutionsV1(TaskList):
    """All tasks of all workflows (v1): one answer, and one for each workflow whose steps have no status there."""

    note = (
        f"only workflows (v1); the vendor's list of them has no status and no assignees of their steps, so that each of up to "
        f"{MOST_IN_FULL} workflows is read; the steps of further ones are UNKNOWN, and the list is not complete"
    )

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """That open tasks are asked for: workflows that have ended have none, so they need not be read."""
        states = query.states or frozenset()
        asks_for_open = states <= STATES_IN_RUNNING_FLOWS and bool(states - {TaskState.UNKNOWN})
        return TaskQuery(states=STATES_IN_RUNNING_FLOWS) if asks_for_open else TaskQuery()

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> Page[Task]:
        if query.states == frozenset():
            return nothing()
        cursor = OffsetCursor.parse(after)
        found = await self.client.workflows.list_executions()
        asked = [each for each in found.records if query.states is None or _is_running(each)]
        executions, is_whole = await in_full(asked, self.client)
        tasks, odd = self.tasks_of(executions)
        matching = list(filter(query.test(), tasks))
        page = await cut(matching, cursor, limit=limit, key=_native_id, odd=(*found.odd, *odd))
        if is_whole:
            return page
        return replace(page, truncated=True, total_accuracy=CountAccuracy.LOWER_BOUND)


async def in_full(executions: Sequence[Execution], client: EpilotClient) -> tuple[list[Execution], bool]:
    """The executions with what the states and owners of their tasks need, and whether all of them have it now.

    An execution whose steps have no status is read: running ones first, `MOST_IN_FULL` at most. One that cannot be read
    stays as it is, and so its tasks are UNKNOWN.
    """
    light = [each for each in executions if _is_light(each)]
    light.sort(key=lambda each: not _is_running(each))
    ids = [each.flow for each in light[:MOST_IN_FULL]]
    read = await get_each(ids, client.execution) if ids else {}
    whole = {key: each for key, each in read.items() if isinstance(each, Execution)}
    found = [whole.get(each.flow, each) if _is_light(each) else each for each in executions]
    return found, not any(map(_is_light, found))


TASK_LISTS: Mapping[ListBy, type[TaskList]] = {
    ListBy.OVERVIEW: Overview,
    ListBy.KANBAN: Kanban,
    ListBy.ENTITIES: OfEntities,
    ListBy.EXECUTIONS_V1: ExecutionsV1,
}


def pushed_down(query: TaskQuery, tasks: TaskList) -> TaskQuery:
    """Candidates alone (they fit no task, see `asks_for_candidates`), else a few flows alone, else what the list filters by."""
    if asks_for_candidates(query):
        return TaskQuery(
            candidate_users=query.candidate_users,
            candidate_groups=query.candidate_groups,
            has_candidates=query.has_candidates,
        )
    if query.flows is not None and len(query.flows) <= MOST_CALLS:
        return TaskQuery(flows=query.flows)
    return tasks.pushdown(query)


def asks_for_candidates(query: TaskQuery) -> bool:
    """Tasks have no candidates, so such a query costs no call."""
    return query.candidate_users is not None or query.candidate_groups is not None or query.has_candidates is True


async def tasks_of_flows(
    flows: Iterable[str],
    client: EpilotClient,
    settings: EpilotSettings,
    clock: Callable[[], datetime],
) -> TaskRows:
    """The tasks of these flows by native id, and those that do not fit. An unknown flow has none; a flow that cannot be read raises its error."""
    executions = await get_each(sorted(flows), lambda native_id: client.execution(flow_id(native_id)))
    readable: list[Execution] = []
    for found in executions.values():
        if isinstance(found, ConnectorError):
            raise found
        readable.append(found)
    tasks, odd = _tasks_of(readable, settings, clock())
    return sorted(tasks, key=_native_id), odd


def _tasks_of(executions: Iterable[Execution], settings: EpilotSettings, now: datetime) -> TaskRows:
    tasks: list[Task] = []
    odd: list[OddRow] = []
    for each in executions:
        tasks += tasks_of(each, settings, fetched_at=now).values()
        odd += odd_tasks_of(each, settings, fetched_at=now)
    return distinct(tasks, _native_id), tuple(odd)


def _is_light(execution: Execution) -> bool:
    """Whether the record lacks the status of a task. An odd one counts: the record may lack its owners as well."""
    odd = (row.record for row, _ in execution.odd_tasks if row.record is not None and "status" not in row.odd)
    return any(row.status is None for row in (*(row for row, _ in execution.tasks), *odd))


def _is_running(execution: Execution) -> bool:
    return FLOW_STATES.get(execution.record.status or "") not in {FlowState.COMPLETED, FlowState.CANCELED}


def _native_id(task: Task) -> str:
    return task.native_id


def _key(row: DecodedRow) -> object:
    """Flow and task, or the bytes of a row whose ids cannot be read."""
    found, raw = row
    if found.record is None:
        return bytes(raw)
    task, flow = found.record
    return flow.flow, task.id


def _belongs_to_any(execution: Execution, entities: Sequence[Entity]) -> bool:
    contexts = {(each.entity_schema, each.entity_id) for each in execution.record.contexts or ()}
    return any((each.entity_schema, each.entity_id) in contexts for each in entities)


def _kanban_conditions(query: TaskQuery, columns: KanbanColumns) -> list[dict[str, object]]:
    """The kanban API's filter for a query that was pushed down."""

    def condition(key: str, operator: str, value: Sequence[str]) -> dict[str, object]:
        return {"key": key, "operator": operator, "value": value, "data_type": "string"}

    found: list[dict[str, object]] = []
    if query.states is not None:
        operator = "IS_ONE_OF" if query.states == ENDED_STATES else "IS_NONE_OF"
        found.append(condition(columns.status, operator, ("COMPLETED", "FAILED", "SKIPPED")))
    if query.states == STATES_IN_RUNNING_FLOWS:
        found.append(condition(columns.execution_status, "IS_NONE_OF", ("CLOSED", "DONE")))
    if query.assignees is not None:
        found.append(condition(columns.assignee, "IS_ONE_OF", sorted(query.assignees)))
    elif query.has_assignee is not None:
        found.append({"key": columns.assignee, "operator": "NOT_EMPTY" if query.has_assignee else "EMPTY"})
    return found
