"""The parts of a task that cost calls of their own: form, data, history."""

from collections.abc import Awaitable, Callable

from connectors.camunda import paging, wire
from connectors.camunda.client import CamundaClient
from connectors.camunda.form import external_form, form_of
from connectors.camunda.mapping import data_of, innermost, read_task, utc
from connectors.sdk import Activity, ActivityType, Form, MalformedResponseError, NotFoundError, Task, TaskKind, UserRef

# Entries that one call asks for, and the most calls for one part of one task.
ENTRIES = 1000
MOST_PAGES = 10

OPERATIONS = {
    "CREATE": ActivityType.CREATED,
    "ASSIGN": ActivityType.ASSIGNED,
    "UNASSIGN": ActivityType.UNASSIGNED,
    "UPDATE": ActivityType.UPDATED,
    "COMPLETE": ActivityType.COMPLETED,
    "CANCEL": ActivityType.CANCELED,
    "DELETE": ActivityType.DELETED,
    "SUSPEND": ActivityType.SUSPENDED,
    "RESUME": ActivityType.RESUMED,
}


async def form(client: CamundaClient, task: Task) -> Form:
    if task.kind is TaskKind.EXTERNAL and task.payload is not None:
        reference = read_task(task.payload).external_form_reference
        if reference:
            return external_form(reference)
    return form_of(await client.get_user_task_form(task.native_id))


async def data(client: CamundaClient, task: Task, *, minor: int) -> dict[str, object]:
    """The variables that the task sees. A server without that search gives those of all scopes: then we choose."""
    if minor >= 9:
        try:
            return data_of(await _variables(client.search_effective_variables, task.native_id))
        except NotFoundError:
            # An unknown task, or a server older than its configuration says.
            pass
    return data_of(innermost(await _variables(client.search_variables, task.native_id)))


async def activities(client: CamundaClient, task: Task, *, minor: int) -> tuple[Activity, ...] | None:
    """Oldest first; None where the server keeps no audit log."""
    if minor < 9:
        return None
    entries: dict[str, wire.AuditLog] = {}
    after: str | None = None
    for _ in range(MOST_PAGES):
        try:
            page = await client.search_audit_logs(task.native_id, page=paging.asked(ENTRIES, after))
        except NotFoundError:
            return None
        entries.update((entry.audit_log_key, entry) for entry in page.items)
        after = paging.next_cursor(page.page, rows=len(page.items), limit=ENTRIES, after=after)
        if after is None:
            shown = map(activity_of, entries.values())
            return tuple(activity for activity in shown if activity is not None)
    raise MalformedResponseError(f"the task has more than {ENTRIES * MOST_PAGES} entries in its audit log")


def activity_of(entry: wire.AuditLog) -> Activity | None:
    """A refused operation is no activity of its kind, and a client is no person. None for an entry without a time."""
    at = utc(entry.timestamp)
    if at is None:
        return None
    failed = entry.result == "FAIL"
    return Activity(
        type=ActivityType.OTHER if failed else OPERATIONS.get(entry.operation_type or "", ActivityType.OTHER),
        native_type=entry.operation_type,
        at=at,
        actor=_person(entry.actor_id, entry.actor_type),
        target=_person(entry.related_entity_key, entry.related_entity_type),
        message=entry.result if failed else None,
    )


def _person(id: str | None, type: str | None) -> UserRef | None:
    return UserRef(native_id=id) if id and type == "USER" else None


async def _variables(search: Callable[..., Awaitable[wire.VariablePage]], key: str) -> list[wire.Variable]:
    found: list[wire.Variable] = []
    for page in range(MOST_PAGES):
        answer = await search(key, offset=page * ENTRIES, limit=ENTRIES)
        found += answer.items
        if len(answer.items) < ENTRIES:
            return found
    raise MalformedResponseError(f"the task has more than {ENTRIES * MOST_PAGES} variables")
