"""User task definitions: the elements of the latest version of every process."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from connectors.camunda import bpmn, paging, wire
from connectors.camunda.client import CamundaClient
from connectors.camunda.mapping import version_of
from connectors.sdk import BATCH_CONCURRENCY, ConnectorError, Definition, Page, ValidationFailedError, get_each

# Processes that one search asks for.
PROCESSES = 100


class Position(Struct, frozen=True, array_like=True):
    """Where a page ended: among the processes behind the vendor's cursor `after`, with that element of that process.

    By the process's id, not its key: a version that is deployed between two pages changes the key.
    """

    after: str | None = None
    process: tuple[str, str | None] | None = None
    element_id: str | None = None


async def task_definitions(client: CamundaClient, *, limit: int, after: str | None) -> Page[Definition]:
    """One search, and one read for each process until `limit` is reached.

    A process holds any number of user tasks: a page may end within one, which the next page reads again.
    """
    start = Position() if after is None else _read(after)
    answer = await client.search_process_definitions(page=paging.asked(PROCESSES, start.after))
    processes = _rest(answer.items, start)
    found: list[Definition] = []
    while processes:
        width = min(BATCH_CONCURRENCY, limit - len(found))
        batch, processes = processes[:width], processes[width:]
        elements = await _elements(client, batch)
        for process in batch:
            rest = _unseen(elements.get(process.process_definition_key, []), process, start)
            room = limit - len(found)
            found += [_definition(process, each) for each in rest[:room]]
            is_last = process is batch[-1] and not processes
            if len(rest) > room or (len(rest) == room and not is_last):
                end = Position(start.after, _identity(process), rest[room - 1].element_id)
                return Page(items=found, next_cursor=_written(end))
    cursor = paging.next_cursor(answer.page, rows=len(answer.items), limit=PROCESSES, after=start.after)
    return Page(items=found, next_cursor=None if cursor is None else _written(Position(cursor)))


async def _elements(
    client: CamundaClient, processes: Sequence[wire.ProcessDefinition]
) -> dict[str, list[bpmn.UserTask]]:
    """By the process's key; one that is gone by now, or has no document, has none. Any other failure is raised."""
    ids = {process.process_definition_key: process.process_definition_id for process in processes}

    async def read(key: str) -> list[bpmn.UserTask]:
        document = await client.get_process_definition_xml(key)
        return [] if document is None else bpmn.user_tasks(document, ids[key])

    found: dict[str, list[bpmn.UserTask]] = {}
    for key, elements in (await get_each(ids, read)).items():
        if isinstance(elements, ConnectorError):
            raise elements
        found[key] = elements
    return found


def _definition(process: wire.ProcessDefinition, element: bpmn.UserTask) -> Definition:
    """As a task made from it names it."""
    return Definition(
        native_id=f"{process.process_definition_key}/{element.element_id}",
        key=f"{process.process_definition_id}/{element.element_id}",
        name=element.name,
        version=version_of(process.version),
    )


def _rest(rows: Sequence[wire.ProcessDefinition], start: Position) -> list[wire.ProcessDefinition]:
    """The processes from the one where the page before ended; all of them where that one is gone.

    A server that keeps deleted processes lists them too, and one that does not know the filter lists old versions.
    """
    latest: dict[tuple[str, str | None], wire.ProcessDefinition] = {}
    for row in rows:
        known = latest.get(_identity(row))
        if row.state != "DELETED" and (known is None or (row.version or 0) > (known.version or 0)):
            latest[_identity(row)] = row
    identities = list(latest)
    first = identities.index(start.process) if start.process in latest else 0
    return [latest[identity] for identity in identities[first:]]


def _unseen(elements: list[bpmn.UserTask], process: wire.ProcessDefinition, start: Position) -> list[bpmn.UserTask]:
    ids = [each.element_id for each in elements]
    if _identity(process) != start.process or start.element_id not in ids:
        return elements
    return elements[ids.index(start.element_id) + 1 :]


def _identity(process: wire.ProcessDefinition) -> tuple[str, str | None]:
    return process.process_definition_id, process.tenant_id


def _written(position: Position) -> str:
    return msgspec.json.encode(position).decode()


def _read(cursor: str) -> Position:
    try:
        return msgspec.json.decode(cursor, type=Position)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise ValidationFailedError("is no cursor of this list", field=("after",)) from error
