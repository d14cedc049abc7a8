"""What a detail shows of a task: data and drafts, comments, history, outcomes; and who completed it."""

from collections.abc import Iterable

from connectors.camunda7 import wire
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.formats import data_of, value_of
from connectors.camunda7.mapping import utc
from connectors.camunda7.settings import Camunda7Settings
from connectors.sdk import (
    Activity,
    ActivityType,
    Comment,
    MalformedResponseError,
    NotFoundError,
    Task,
    UserRef,
    decode_json_value,
    decode_record,
)

# Entries and variables of one task that are read.
MOST_ENTRIES = 1000

OPERATIONS = {
    "Create": ActivityType.CREATED,
    "Claim": ActivityType.ASSIGNED,
    "Assign": ActivityType.ASSIGNED,
    "Complete": ActivityType.COMPLETED,
    "Delete": ActivityType.DELETED,
    "Delegate": ActivityType.FORWARDED,
    "Resolve": ActivityType.FORWARDED,
    "Update": ActivityType.UPDATED,
    "SetOwner": ActivityType.UPDATED,
    "SetPriority": ActivityType.UPDATED,
    "AddUserLink": ActivityType.UPDATED,
    "DeleteUserLink": ActivityType.UPDATED,
    "AddGroupLink": ActivityType.UPDATED,
    "DeleteGroupLink": ActivityType.UPDATED,
    "SetVariable": ActivityType.SAVED,
    "ModifyVariable": ActivityType.SAVED,
    "Suspend": ActivityType.SUSPENDED,
    "Activate": ActivityType.RESUMED,
}
_WITH_OWNER = frozenset({"Claim", "Assign", "Delegate"})


class Data:
    """The variables of one task, read once. `whole` are those that the task sees, `draft` what was saved of its form."""

    def __init__(self, client: Camunda7Client, task: Task, settings: Camunda7Settings) -> None:
        self._client = client
        self._task = task
        self._settings = settings
        self._read: dict[str, object] | None = None

    async def read(self) -> dict[str, object]:
        """With the draft on top. A closed task shows the variables of its process as they are now."""
        if self._read is None:
            self._read = await self._open() if self._task.is_open else await self._closed()
        return self._read

    async def _open(self) -> dict[str, object]:
        return _with_draft(await self._client.get_variables(self._task.native_id), self._settings)

    async def _closed(self) -> dict[str, object]:
        flow = self._task.flow_id
        if flow is None or not self._settings.options.history:
            return {}
        rows = await self._client.list_historic_variables(flow, limit=MOST_ENTRIES)
        if len(rows) >= MOST_ENTRIES:
            raise MalformedResponseError(f"the process instance has {MOST_ENTRIES} variables or more")
        return data_of({row.name: row.as_variable() for row in rows if row.task_id is None and row.state != "DELETED"})


def data_in(task: Task, settings: Camunda7Settings) -> dict[str, object] | None:
    """The data that a row of a list has brought; None if it has none, or has Java objects, which lists show in another form."""
    if not task.is_open or task.payload is None:
        return None
    found = decode_record(task.payload, wire.RowVariables)
    variables = None if found.record is None else found.record.variables
    if variables is None or any(each.type == "Object" for each in variables.values()):
        return None
    return _with_draft(dict(variables), settings)


def _with_draft(found: dict[str, wire.Variable], settings: Camunda7Settings) -> dict[str, object]:
    draft = found.pop(settings.options.draft_variable, None)
    return {**data_of(found), **({} if draft is None else draft_of(draft))}


def draft_of(variable: wire.Variable) -> dict[str, object]:
    """Empty for a text that no draft is."""
    text = value_of(variable)
    try:
        found = decode_json_value(text) if isinstance(text, str) else None
    except MalformedResponseError:
        return {}
    return found if isinstance(found, dict) else {}


async def comments(client: Camunda7Client, task: Task) -> tuple[Comment, ...]:
    """The oldest first."""
    found = [
        Comment(
            native_id=each.id,
            text=each.message or "",
            author=UserRef(native_id=each.user_id) if each.user_id else None,
            created_at=utc(each.time),
        )
        for each in await client.list_comments(task.native_id)
    ]
    return tuple(sorted(found, key=lambda each: (each.created_at is not None, each.created_at, each.native_id)))


async def activities(client: Camunda7Client, task: Task) -> tuple[Activity, ...]:
    """The engine's log of what users did. It has no entry for what a process or an unauthenticated request did."""
    return activities_of(await client.list_operations(task.native_id, limit=MOST_ENTRIES))


def activities_of(rows: Iterable[wire.UserOperation]) -> tuple[Activity, ...]:
    """One activity for each changed property, oldest first."""
    found = [each for row in rows if (each := _activity(row)) is not None]
    return tuple(sorted(found, key=lambda each: each.at))


async def completer(client: Camunda7Client, id: str) -> UserRef | None:
    """Who completed the task by the engine's log; None if it does not say."""
    try:
        rows = await client.list_operations(id, limit=MOST_ENTRIES)
    except NotFoundError:
        return None
    names = [row.user_id for row in rows if row.operation_type == "Complete" and row.user_id]
    return UserRef(native_id=names[-1]) if names else None


def _activity(row: wire.UserOperation) -> Activity | None:
    at = utc(row.timestamp)
    if at is None:
        return None
    kind = OPERATIONS.get(row.operation_type or "", ActivityType.OTHER)
    if row.operation_type in _WITH_OWNER and row.property == "assignee":
        kind = _assignment(row)
    owner = row.new_value if row.property == "assignee" else None
    return Activity(
        at=at,
        type=kind,
        native_type=row.operation_type,
        actor=UserRef(native_id=row.user_id) if row.user_id else None,
        target=UserRef(native_id=owner) if owner else None,
        before=None if row.org_value is None else {row.property or "value": row.org_value},
        after=None if row.new_value is None else {row.property or "value": row.new_value},
    )


def _assignment(row: wire.UserOperation) -> ActivityType:
    if not row.new_value:
        return ActivityType.UNASSIGNED
    return ActivityType.REASSIGNED if row.org_value else ActivityType.ASSIGNED
