"""Process instances as flows, starts of processes, and the task definitions of processes. Flows are read from the history, which has running ones too."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Raw, Struct

from connectors.camunda7 import wire
from connectors.camunda7.client import Camunda7Client, ProcessPath
from connectors.camunda7.formats import UserTask, user_tasks, variables_of
from connectors.camunda7.ids import definition_id, ids_of
from connectors.camunda7.mapping import to_wire, utc
from connectors.camunda7.options import StartFlowOptions
from connectors.camunda7.paging import BATCH
from connectors.camunda7.settings import Camunda7Settings
from connectors.sdk import (
    Announced,
    ConnectorError,
    Decoded,
    Definition,
    Flow,
    FlowQuery,
    FlowState,
    MalformedResponseError,
    OddRow,
    Page,
    StartFlow,
    UserRef,
    ValidationFailedError,
    decode_record,
    decode_rows,
    drain_by_offset,
    get_each,
    half_open,
    link_of,
    parse_options,
    read_cursor,
    readable_flow,
    write_cursor,
)

FLOW_STATES = {
    "ACTIVE": FlowState.ACTIVE,
    "SUSPENDED": FlowState.SUSPENDED,
    "COMPLETED": FlowState.COMPLETED,
    "EXTERNALLY_TERMINATED": FlowState.CANCELED,
    "INTERNALLY_TERMINATED": FlowState.CANCELED,
}
_FILTERS = {
    FlowState.ACTIVE: "active",
    FlowState.SUSPENDED: "suspended",
    FlowState.COMPLETED: "completed",
}
NEWEST_FIRST = ({"sortBy": "startTime", "sortOrder": "desc"}, {"sortBy": "instanceId", "sortOrder": "desc"})
RUNNING_ORDER = ({"sortBy": "instanceId", "sortOrder": "asc"},)

HIGHEST_VERSION = 2**31 - 1

Body = dict[str, object]


def read_flow(raw: bytes | Raw) -> Decoded[wire.HistoricProcessInstance]:
    return decode_record(raw, wire.HistoricProcessInstance)


def flow_of(
    row: wire.HistoricProcessInstance, raw: bytes | Raw, settings: Camunda7Settings, *, fetched_at: datetime
) -> Flow:
    state = FLOW_STATES.get(row.state or "", FlowState.UNKNOWN)
    definition = None
    if row.process_definition_id is not None and row.process_definition_key is not None:
        version = row.process_definition_version
        definition = Definition(
            native_id=row.process_definition_id,
            key=row.process_definition_key,
            name=row.process_definition_name,
            version=None if version is None else str(version),
        )
    return Flow(
        source=settings.key,
        native_id=row.id,
        state=state,
        rule=f"c7.flow.{(row.state or '').lower()}" if row.state in FLOW_STATES else "c7.flow.unknown",
        fetched_at=fetched_at,
        name=row.process_definition_name or row.process_definition_key,
        definition=definition,
        started_at=utc(row.start_time),
        ended_at=utc(row.end_time),
        started_by=UserRef(native_id=row.start_user_id) if row.start_user_id else None,
        business_key=row.business_key,
        parent_id=row.super_process_instance_id,
        root_id=row.root_process_instance_id,
        url=link_of(settings.options.flow_url_template, row.id),
        native_state=row.state,
        payload=Raw(raw),
    )


def running_row(raw: bytes | Raw) -> Decoded[wire.HistoricProcessInstance]:
    """A row of the running instances in the shape of the history's, where there is no history."""
    found = decode_record(raw, wire.ProcessInstance)
    row = found.record
    if row is None:
        return Decoded(None, found.odd)
    shown = wire.HistoricProcessInstance(
        id=row.id,
        business_key=row.business_key,
        process_definition_id=row.definition_id,
        process_definition_key=row.definition_key,
        state="SUSPENDED" if row.suspended else "ACTIVE",
    )
    return Decoded(shown, found.odd)


def pushdown(query: FlowQuery, settings: Camunda7Settings) -> FlowQuery:
    """The part of `query` that `filter_of` can express. Conditions on subjects stay: no flow of this vendor has one."""
    if not settings.options.history:
        return FlowQuery(ids=query.ids)
    started = query.started_at and half_open(query.started_at)
    return FlowQuery(
        ids=query.ids if query.ids is not None and len(query.ids) <= BATCH else None,
        states=query.states if query.states is not None and _state_filter(query.states) is not None else None,
        definition_keys=query.definition_keys,
        subject_types=query.subject_types,
        subject_ids=query.subject_ids,
        subject_label=query.subject_label,
        started_at=query.started_at if started is not None else None,
    )


def filter_of(query: FlowQuery) -> Body | None:
    """The filter of a query that was pushed down; None if nothing can match."""
    if any(asked is not None for asked in (query.subject_types, query.subject_ids, query.subject_label)):
        return None
    body: Body = {}
    if query.ids is not None:
        body["processInstanceIds"] = ids_of(query.ids)
    if query.definition_keys is not None:
        body["processDefinitionKeyIn"] = sorted(query.definition_keys)
    if query.states is not None:
        found = _state_filter(query.states)
        if found is None:
            return None
        body.update(found)
    if query.started_at is not None:
        bounds = half_open(query.started_at)
        if bounds is None:
            return None
        if bounds.gte is not None:
            body["startedAfter"] = to_wire(bounds.gte)
        if bounds.lt is not None:
            body["startedBefore"] = to_wire(bounds.lt - timedelta(milliseconds=1))
    # The engine ignores an empty list, and would give everything.
    return None if any(value == [] for value in body.values()) else body


async def flows_by_id(
    client: Camunda7Client, ids: Iterable[str], settings: Camunda7Settings, *, fetched_at: datetime
) -> dict[str, Flow | ConnectorError]:
    """One call for each 200 ids. A failure is that of all ids of the call."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Flow | ConnectorError] = {}
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        try:
            raws = await list_raw(client, {"processInstanceIds": batch}, settings, first=0, limit=len(batch))
        except ConnectorError as error:
            found.update(dict.fromkeys(batch, error))
            continue
        for raw in raws:
            row = read(raw, settings)
            if row.record is not None:
                flow = flow_of(row.record, raw, settings, fetched_at=fetched_at)
                found[flow.native_id] = readable_flow(flow, row.odd)
    return found


def read(raw: bytes | Raw, settings: Camunda7Settings) -> Decoded[wire.HistoricProcessInstance]:
    return read_flow(raw) if settings.options.history else running_row(raw)


async def list_raw(
    client: Camunda7Client, filter: Body, settings: Camunda7Settings, *, first: int, limit: int
) -> list[Raw]:
    if settings.options.history:
        return await client.list_historic_instances(filter, first=first, limit=limit, sorting=NEWEST_FIRST)
    return await client.list_instances(filter, first=first, limit=limit, sorting=RUNNING_ORDER)


async def count(client: Camunda7Client, filter: Body, settings: Camunda7Settings) -> int | None:
    if settings.options.history:
        return await client.count_historic_instances(filter)
    return await client.count_instances(filter)


def start_body(command: StartFlow) -> tuple[StartFlowOptions, Body]:
    """The body of the request that starts a process. ValidationFailedError names what the engine cannot take."""
    if command.subjects:
        raise ValidationFailedError("Camunda 7 links no business objects to a process instance", field=("subjects",))
    options = parse_options(command.options, StartFlowOptions)
    body: Body = {"variables": variables_of(command.data or {})}
    if options.business_key is not None:
        body["businessKey"] = options.business_key
    return options, body


def version_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and 0 < int(text) <= HIGHEST_VERSION):
        raise ValidationFailedError("is no version of a process: a number from 1", field=("version",))
    return int(text)


def _state_filter(states: frozenset[FlowState]) -> Body | None:
    """The states of one filter; None for a combination that no filter expresses."""
    known = states & frozenset(FLOW_STATES.values())
    if not known:
        return {"processInstanceIds": []} if FlowState.UNKNOWN not in states else None
    if known == {FlowState.ACTIVE, FlowState.SUSPENDED}:
        return {"unfinished": True}
    if known == {FlowState.COMPLETED, FlowState.CANCELED}:
        return {"finished": True}
    if len(known) == 1 and FlowState.CANCELED not in known:
        return {_FILTERS[next(iter(known))]: True}
    return {} if known == frozenset(FLOW_STATES.values()) else None


# Task definitions: the user tasks of the latest version of each process

# Processes of one request, and the most requests.
PROCESSES, MOST_PAGES = 200, 25


class Place(Struct, frozen=True, array_like=True):
    """Behind this element of this process."""

    process: str
    element: str


async def task_definitions(client: Camunda7Client, *, limit: int, after: str | None) -> Page[Definition]:
    """By process and element. A page reads the documents of the processes from which it has elements."""
    start = None if after is None else read_cursor(after, Place)

    async def one_page(offset: int) -> Announced[Raw]:
        raws = await client.list_definitions(first=offset, limit=PROCESSES)
        return Announced(raws, await client.count_definitions())

    raws, is_whole = await drain_by_offset(one_page, most_pages=MOST_PAGES)
    rows = decode_rows(raws, _read_definition)
    latest = {(row.key, row.tenant_id or ""): row for row in rows.records}
    processes = [latest[each] for each in sorted(latest)]
    if start is not None:
        processes = [each for each in processes if each.key >= start.process]
    found, odd = [], list(rows.odd)
    for first in range(0, len(processes), 8):
        batch = processes[first : first + 8]
        elements = await _elements(client, batch)
        for process in batch:
            found += _definitions_of(process, elements.get(process.id, []), start)
        if len(found) > limit:
            break
    page = found[:limit]
    cursor = None
    if len(found) > limit:
        key, _, element = page[-1].key.rpartition("/")
        cursor = write_cursor(Place(key, element))
    return Page(items=page, next_cursor=cursor, truncated=not is_whole and cursor is None, odd=_distinct(odd))


def _read_definition(raw: Raw) -> Decoded[wire.ProcessDefinition]:
    return decode_record(raw, wire.ProcessDefinition)


async def _elements(client: Camunda7Client, processes: Sequence[wire.ProcessDefinition]) -> dict[str, list[UserTask]]:
    """User tasks by the process's id. A process that was deleted meanwhile, or cannot be read as BPMN, has none."""
    keys = {process.id: process.key for process in processes}

    async def read(id: str) -> list[UserTask]:
        document = await client.get_process_xml(ProcessPath.of_version(id))
        try:
            return user_tasks(document, keys[id])
        except MalformedResponseError:
            return []

    found: dict[str, list[UserTask]] = {}
    for key, elements in (await get_each(keys, read)).items():
        if isinstance(elements, ConnectorError):
            raise elements
        found[key] = elements
    return found


def _definitions_of(
    process: wire.ProcessDefinition, elements: Sequence[UserTask], start: Place | None
) -> list[Definition]:
    ordered = sorted(elements, key=lambda each: each.element_id)
    if start is not None and process.key == start.process:
        ordered = [each for each in ordered if each.element_id > start.element]
    return [
        Definition(
            native_id=definition_id(process.id, each.element_id),
            key=definition_id(process.key, each.element_id),
            name=each.name,
            version=None if process.version is None else str(process.version),
        )
        for each in ordered
    ]


def _distinct(odd: Sequence[OddRow]) -> tuple[OddRow, ...]:
    return tuple({each.key: each for each in odd}.values())
