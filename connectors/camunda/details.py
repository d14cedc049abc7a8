"""The parts of a task that need calls of their own, and the outcomes, which are configured."""

from collections.abc import Awaitable, Callable, Iterable
from operator import attrgetter

from msgspec.structs import replace

from connectors.camunda import wire
from connectors.camunda.client import CamundaClient
from connectors.camunda.forms import external_form, form_of, schema_of
from connectors.camunda.mapping import read_task, utc
from connectors.camunda.paging import DRAIN_PAGE, MOST_PAGES, drain_search, total_of
from connectors.camunda.settings import CamundaSettings
from connectors.sdk import (
    Activity,
    ActivityType,
    Announced,
    ConnectorError,
    Form,
    MalformedResponseError,
    NotFoundError,
    Task,
    TaskKind,
    TaskState,
    UserRef,
    decode_json,
    decode_json_value,
    distinct,
    drain_by_offset,
    readable_rows,
)
from connectors.sdk.form_js import has_inputs

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


class Variables:
    """The variables that a task sees, read at most once for all aspects that need them."""

    def __init__(self, client: CamundaClient, task: Task, *, minor: int) -> None:
        self._client = client
        self._task = task
        self._minor = minor
        self._found: dict[str, object] | ConnectorError | None = None

    async def read(self) -> dict[str, object]:
        if self._found is None:
            try:
                self._found = await data(self._client, self._task, minor=self._minor)
            except MalformedResponseError as error:
                self._found = error
        if isinstance(self._found, ConnectorError):
            raise self._found
        return self._found


async def form(client: CamundaClient, task: Task, variables: Variables) -> Form:
    """One call, and the variables if the form has inputs; no call for the form of another application, whose reference is
    in the task's record.
    """
    if task.kind is TaskKind.EXTERNAL and task.payload is not None:
        reference = decode_json(task.payload, wire.FormReference, what="a user task").external_form_reference
        if reference:
            return external_form(reference)
    found = await client.get_user_task_form(task.native_id)
    return form_of(found, await variables.read() if has_inputs(schema_of(found)) else {})


async def data(client: CamundaClient, task: Task, *, minor: int) -> dict[str, object]:
    """The variables that the task sees, by name. Servers without that search give the variables of all scopes."""
    if minor >= 9:
        try:
            return data_of(await _variables(client.search_effective_variables, task.native_id))
        except NotFoundError:
            # Either the task is unknown, or the server is older than `server_version` says.
            pass
    return data_of(innermost(await _variables(client.search_variables, task.native_id)))


async def with_outcome(client: CamundaClient, task: Task, settings: CamundaSettings) -> Task:
    """A completed task with its outcome out of the configured variable.

    Each task of a process writes the same variable, so it tells the outcome of the one that was completed last. The
    outcomes of the others are not known, and neither is one that cannot be read now.
    """
    name = settings.options.outcome_variable
    if name is None or task.state is not TaskState.COMPLETED or task.flow_id is None:
        return task
    try:
        last = await client.search_user_tasks(
            filter={"processInstanceKey": task.flow_id, "state": "COMPLETED"},
            sort=({"field": "completionDate", "order": "DESC"},),
            page={"limit": 1},
        )
        found = [read_task(raw).record for raw in last.items]
        if [row.user_task_key for row in found if row is not None] != [task.native_id]:
            return task
        search = client.search_effective_variables if settings.options.minor >= 9 else client.search_variables
        value = data_of(innermost((await search(task.native_id, offset=0, limit=DRAIN_PAGE, name=name)).items)).get(
            name
        )
    except ConnectorError:
        return task
    codes = {outcome.code for outcome in settings.options.outcomes}
    is_known = isinstance(value, str) and (not codes or value in codes)
    return replace(task, outcome=value) if is_known else task


async def activities(client: CamundaClient, task: Task, *, minor: int) -> tuple[Activity, ...] | None:
    """Oldest first; None if the server has no audit log."""
    if minor < 9:
        return None
    try:
        entries, is_whole = await drain_search(lambda page: client.search_audit_logs(task.native_id, page=page))
    except NotFoundError:
        return None
    if not is_whole:
        raise MalformedResponseError(f"the task has more than {DRAIN_PAGE * MOST_PAGES} entries in its audit log")
    shown = map(activity_of, distinct(readable_rows(entries, wire.AuditLog), attrgetter("audit_log_key")))
    return tuple(activity for activity in shown if activity is not None)


def activity_of(entry: wire.AuditLog) -> Activity | None:
    """None for an entry without a time. A refused operation is OTHER; a client is not shown as a person."""
    at = utc(entry.timestamp)
    if at is None:
        return None
    failed = entry.result == "FAIL"
    return Activity(
        type=ActivityType.OTHER if failed else OPERATIONS.get(entry.operation_type or "", ActivityType.OTHER),
        native_type=entry.operation_type,
        at=at,
        actor=_person(entry.actor_id, entry.actor_type),
        account=entry.actor_id if entry.actor_type == "CLIENT" else None,
        target=_person(entry.related_entity_key, entry.related_entity_type),
        message=entry.result if failed else None,
    )


def data_of(variables: Iterable[wire.Variable]) -> dict[str, object]:
    """Values by name, decoded from the JSON in their texts. Decimals and long integers keep every digit."""
    return {variable.name: _value(variable.value) for variable in variables}


def innermost(variables: Iterable[wire.Variable]) -> list[wire.Variable]:
    """Of variables with the same name the one that the task sees: the one of the innermost scope.

    That scope has the highest key: a scope is created after the scope around it, and a partition counts its keys upwards.
    """
    found: dict[str, wire.Variable] = {}
    for variable in variables:
        known = found.get(variable.name)
        if known is None or _scope(variable) > _scope(known):
            found[variable.name] = variable
    return list(found.values())


def _person(id: str | None, type: str | None) -> UserRef | None:
    return UserRef(native_id=id) if id and type == "USER" else None


async def _variables(search: Callable[..., Awaitable[wire.SearchPage[wire.Variable]]], key: str) -> list[wire.Variable]:
    async def one_page(offset: int) -> Announced[wire.Variable]:
        answer = await search(key, offset=offset, limit=DRAIN_PAGE)
        return Announced(answer.items, total_of(answer))

    found, is_whole = await drain_by_offset(one_page, most_pages=MOST_PAGES)
    if not is_whole:
        raise MalformedResponseError(f"the task has more than {DRAIN_PAGE * MOST_PAGES} variables")
    return found


def _scope(variable: wire.Variable) -> int:
    """The key of the variable's scope as a number; -1 if it has none."""
    key = variable.scope_key or ""
    return int(key) if key.isdecimal() else -1


def _value(text: str | None) -> object:
    """A text that is not JSON is its own value."""
    if text is None:
        return None
    try:
        return decode_json_value(text)
    except MalformedResponseError:
        return text
