"""The user tasks of the latest version of each process."""

from collections.abc import Sequence

from msgspec import Raw, Struct

from connectors.camunda7 import wire
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.formats import UserTask, user_tasks
from connectors.camunda7.ids import definition_id
from connectors.sdk import (
    Announced,
    ConnectorError,
    Decoded,
    Definition,
    MalformedResponseError,
    OddRow,
    Page,
    decode_record,
    decode_rows,
    drain_by_offset,
    get_each,
    read_cursor,
    write_cursor,
)

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
    rows = decode_rows(raws, _read)
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


def _read(raw: Raw) -> Decoded[wire.ProcessDefinition]:
    return decode_record(raw, wire.ProcessDefinition)


async def _elements(client: Camunda7Client, processes: Sequence[wire.ProcessDefinition]) -> dict[str, list[UserTask]]:
    """User tasks by the process's id. A process that was deleted meanwhile, or cannot be read as BPMN, has none."""
    keys = {process.id: process.key for process in processes}

    async def read(id: str) -> list[UserTask]:
        document = await client.get_process_xml(id)
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
