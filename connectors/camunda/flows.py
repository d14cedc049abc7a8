"""Process instances as flows, and the task definitions of processes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from connectors.camunda import wire
from connectors.camunda.client import CamundaClient
from connectors.camunda.formats import Filter, UserTask, user_tasks
from connectors.camunda.forms import variables_of
from connectors.camunda.ids import keys_of
from connectors.camunda.mapping import task_definition, utc, version_of
from connectors.camunda.options import start_flow_options
from connectors.camunda.paging import SCAN_PAGE, batches, drain_search, following, nothing, page_of, page_request
from connectors.camunda.search import outward
from connectors.camunda.settings import CamundaOptions, CamundaSettings
from connectors.sdk import (
    BATCH_CONCURRENCY,
    Clock,
    ConnectorError,
    Decoded,
    DecodedRows,
    Definition,
    Flow,
    FlowQuery,
    FlowState,
    Page,
    StartFlow,
    Task,
    TaskState,
    ValidationFailedError,
    decode_record,
    decode_rows,
    distinct,
    get_each,
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
    "TERMINATED": FlowState.CANCELED,
}

# The key orders instances that started in the same millisecond.
NEWEST_FIRST = ({"field": "startDate", "order": "DESC"}, {"field": "processInstanceKey", "order": "DESC"})

# A version of a process counts from 1 and is a 32-bit integer.
HIGHEST_VERSION = 2**31 - 1

# Processes that one search asks for.
PROCESSES = 100


# Process instances


def read_flow(raw: bytes | Raw) -> Decoded[wire.ProcessInstance]:
    return decode_record(raw, wire.ProcessInstance)


def flow_of(row: wire.ProcessInstance, raw: bytes | Raw, settings: CamundaSettings, *, fetched_at: datetime) -> Flow:
    """`raw` are the bytes of the row."""
    return Flow(
        source=settings.key,
        native_id=row.process_instance_key,
        state=FLOW_STATES.get(row.state or "", FlowState.UNKNOWN),
        rule=f"c8.flow.{(row.state or '').lower()}" if row.state in FLOW_STATES else "c8.flow.unknown",
        fetched_at=fetched_at,
        name=row.process_definition_name or row.process_definition_id,
        definition=process_definition(
            key=row.process_definition_key,
            id=row.process_definition_id,
            name=row.process_definition_name,
            version=row.process_definition_version,
        ),
        has_incident=row.has_incident,
        started_at=utc(row.start_date),
        ended_at=utc(row.end_date),
        business_key=row.business_id,
        parent_id=row.parent_process_instance_key,
        root_id=row.root_process_instance_key,
        url=link_of(settings.flow_link, row.process_instance_key),
        native_state=row.state,
        payload=Raw(raw),
    )


async def page(
    client: CamundaClient, query: FlowQuery, settings: CamundaSettings, *, limit: int, after: str | None, clock: Clock
) -> Page[Flow]:
    """One search for a page of at most SCAN_PAGE flows; none if nothing can match."""
    filter = filter_of(query, settings.options)
    if filter is None:
        return nothing()
    limit = min(limit, SCAN_PAGE)
    answer = await _search_newest(client, filter, page_request(limit, after))
    found = decode_rows(answer.items, read_flow)
    return page_of(flows_of(found, settings, fetched_at=clock()), answer, limit=limit, after=after, odd=found.odd)


def flows_of(
    found: DecodedRows[wire.ProcessInstance], settings: CamundaSettings, *, fetched_at: datetime
) -> list[Flow]:
    """The flows of one page, each once."""
    made = (flow_of(row, raw, settings, fetched_at=fetched_at) for row, raw in found.rows)
    return distinct(made, attrgetter("native_id"))


def readable_flows(rows: Iterable[Raw], settings: CamundaSettings, *, fetched_at: datetime) -> list[Flow]:
    """The flows that were asked for by id: in state UNKNOWN where a record can be read in part only."""
    return [
        readable_flow(flow_of(found.record, raw, settings, fetched_at=fetched_at), found.odd)
        for raw in rows
        if (found := read_flow(raw)).record is not None
    ]


async def flows_by_id(
    client: CamundaClient, ids: Iterable[str], settings: CamundaSettings, *, fetched_at: datetime
) -> dict[str, Flow | ConnectorError]:
    """One call for each 100 ids, and more if the server caps pages. A failure is that of all ids of the call."""
    found: dict[str, Flow | ConnectorError] = {}
    for batch in batches(ids):
        filter = filter_of(FlowQuery(ids=frozenset(batch)), settings.options) or {}
        try:
            rows, _ = await drain_search(partial(_search_newest, client, filter), limit=len(batch) + 1)
        except ConnectorError as error:
            found.update(dict.fromkeys(batch, error))
        else:
            shown = readable_flows(rows, settings, fetched_at=fetched_at)
            found.update((each.native_id, each) for each in shown)
    return found


async def _search_newest(
    client: CamundaClient, filter: dict[str, object], page: dict[str, object]
) -> wire.SearchPage[Raw]:
    return await client.search_process_instances(filter=filter, sort=NEWEST_FIRST, page=page)


def process_definition(*, key: str | None, id: str | None, name: str | None, version: int | None) -> Definition | None:
    """The process of an instance; None if the vendor left out its key or id."""
    if key is None or id is None:
        return None
    return Definition(native_id=key, key=id, name=name, version=version_of(version))


def pushdown(query: FlowQuery, options: CamundaOptions) -> FlowQuery:
    """The part of `query` that `filter_of` can express. Conditions on subjects stay: no flow of this vendor has one."""
    return FlowQuery(
        ids=query.ids,
        states=_pushed_states(query.states, options),
        definition_keys=query.definition_keys,
        subject_types=query.subject_types,
        subject_ids=query.subject_ids,
        subject_label=query.subject_label,
        has_start=query.has_start,
        started_at=None if query.started_at is None else outward(query.started_at),
    )


def filter_of(query: FlowQuery, options: CamundaOptions) -> dict[str, object] | None:
    """The filter of a query that was pushed down; None if nothing can match, so that no call is needed."""
    if any(asked is not None for asked in (query.subject_types, query.subject_ids, query.subject_label)):
        return None
    states = query.states
    native = None if states is None else [name for name, each in _native_states(options).items() if each in states]
    filter = Filter()
    filter.one_of("processInstanceKey", None if query.ids is None else keys_of(query.ids))
    filter.one_of("state", native)
    filter.one_of("processDefinitionId", query.definition_keys)
    filter.exists("startDate", wanted=query.has_start)
    if query.started_at is not None:
        filter.within("startDate", query.started_at)
    return filter.to_wire()


def start_request(command: StartFlow, options: CamundaOptions) -> dict[str, object]:
    """The body of the request that starts a process. ValidationFailedError names what the server cannot take."""
    if command.subjects:
        raise ValidationFailedError("Camunda 8 links no business objects to a process instance", field=("subjects",))
    body: dict[str, object] = {
        "processDefinitionId": command.definition_key,
        "variables": variables_of(command.data or {}),
    }
    if command.version is not None:
        body["processDefinitionVersion"] = _version_number(command.version)
    body.update(msgspec.to_builtins(parse_options(command.options, start_flow_options(options))))
    return body


def task_within_flow(task: Task, flow: Flow) -> Task:
    """The task as suspended if its flow is. From server 8.10 a process instance can be suspended."""
    if not task.is_open or flow.state is not FlowState.SUSPENDED:
        return task
    return replace(task, state=TaskState.SUSPENDED, state_reason="FLOW_SUSPENDED", rule="c8.flow.suspended")


def _pushed_states(states: frozenset[FlowState] | None, options: CamundaOptions) -> frozenset[FlowState] | None:
    """UNKNOWN alone is not pushed down: the filter cannot express "any value but these"."""
    if states is None or FlowState.UNKNOWN not in states or states & frozenset(_native_states(options).values()):
        return states
    return None


def _native_states(options: CamundaOptions) -> Mapping[str, FlowState]:
    """The states that the configured server knows. It refuses a search by another state."""
    return {name: state for name, state in FLOW_STATES.items() if name != "SUSPENDED" or options.minor >= 10}


def _version_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and 0 < int(text) <= HIGHEST_VERSION):
        raise ValidationFailedError("is no version of a process: a number from 1", field=("version",))
    return int(text)


# Task definitions: the user tasks of the latest version of each process


class DefinitionCursor(Struct, frozen=True, array_like=True):
    """Where a page ended: in the search page behind the cursor `after`, at an element of a process.

    `process` is its id and tenant. It is not its key, which changes if a version is deployed between two pages.
    """

    after: str | None = None
    process: tuple[str, str | None] | None = None
    element_id: str | None = None


async def task_definitions(client: CamundaClient, *, limit: int, after: str | None) -> Page[Definition]:
    """One search, and one read for each process until there are `limit` definitions.

    A process has any number of user tasks, so a page may end within a process. The next page reads that process again.
    """
    start = DefinitionCursor() if after is None else read_cursor(after, DefinitionCursor)
    answer = await client.search_process_definitions(page=page_request(PROCESSES, start.after))
    rows = decode_rows(answer.items, lambda raw: decode_record(raw, wire.ProcessDefinition))
    processes = _rest_of_processes(rows.records, start)
    found: list[Definition] = []
    while processes:
        width = min(BATCH_CONCURRENCY, limit - len(found))
        batch, processes = processes[:width], processes[width:]
        elements = await _elements(client, batch)
        for process in batch:
            rest = _rest_of_elements(elements.get(process.process_definition_key, []), process, start)
            room = limit - len(found)
            found += [_definition_of(process, each) for each in rest[:room]]
            is_last = process is batch[-1] and not processes
            if len(rest) > room or (len(rest) == room and not is_last):
                inside = DefinitionCursor(start.after, _identity(process), rest[room - 1].element_id)
                return Page(items=found, next_cursor=write_cursor(inside), odd=rows.odd)
    end = following(answer, limit=PROCESSES, after=start.after)
    cursor = None if end.cursor is None else write_cursor(DefinitionCursor(end.cursor))
    return Page(items=found, next_cursor=cursor, truncated=end.truncated, odd=rows.odd)


async def _elements(client: CamundaClient, processes: Sequence[wire.ProcessDefinition]) -> dict[str, list[UserTask]]:
    """User tasks by the process's key. A process that was deleted meanwhile, or has no document, has none.

    Any other failure is raised: otherwise definitions would be missing from the list without a sign.
    """
    ids = {process.process_definition_key: process.process_definition_id for process in processes}

    async def read(key: str) -> list[UserTask]:
        document = await client.get_process_definition_xml(key)
        return [] if document is None else user_tasks(document, ids[key])

    found: dict[str, list[UserTask]] = {}
    for key, elements in (await get_each(ids, read)).items():
        if isinstance(elements, ConnectorError):
            raise elements
        found[key] = elements
    return found


def _definition_of(process: wire.ProcessDefinition, element: UserTask) -> Definition:
    return task_definition(
        process_key=process.process_definition_key,
        process_id=process.process_definition_id,
        element_id=element.element_id,
        name=element.name,
        version=process.version,
    )


def _rest_of_processes(rows: Sequence[wire.ProcessDefinition], start: DefinitionCursor) -> list[wire.ProcessDefinition]:
    """The processes from the one where the page before ended; all processes if that one is not there any more.

    A server that keeps deleted processes lists them too, and a server that does not know the filter lists old versions.
    """
    latest: dict[tuple[str, str | None], wire.ProcessDefinition] = {}
    for row in rows:
        known = latest.get(_identity(row))
        if row.state != "DELETED" and (known is None or (row.version or 0) > (known.version or 0)):
            latest[_identity(row)] = row
    identities = list(latest)
    first = identities.index(start.process) if start.process in latest else 0
    return [latest[identity] for identity in identities[first:]]


def _rest_of_elements(
    elements: list[UserTask], process: wire.ProcessDefinition, start: DefinitionCursor
) -> list[UserTask]:
    """The elements after the last one of the page before."""
    ids = [each.element_id for each in elements]
    if _identity(process) != start.process or start.element_id not in ids:
        return elements
    return elements[ids.index(start.element_id) + 1 :]


def _identity(process: wire.ProcessDefinition) -> tuple[str, str | None]:
    return process.process_definition_id, process.tenant_id
