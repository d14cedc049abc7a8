"""One method per operation. The vendor's APIs are on a host each and share the credentials."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Raw

from connectors.epilot import wire
from connectors.epilot.errors import is_refusal, other_record, parse_error
from connectors.epilot.formats import LARGE, flow_execution, step_task, whole_answer, workflow_execution
from connectors.epilot.ids import FlowId
from connectors.epilot.settings import EpilotSettings, Generation
from connectors.epilot.wire import Execution
from connectors.sdk import (
    JSON_CREATED,
    JSON_OK,
    NO_CONTENT,
    AdmissionControl,
    Answer,
    Credentials,
    Decoded,
    DecodedRows,
    FixedHeaders,
    MalformedResponseError,
    NotFoundError,
    Success,
    Transport,
    Upstream,
    decode_json,
    decode_rows,
    read_once,
)

OVERVIEW = "/v2/query/domain/workflows:execute"
KANBAN = "/v1/kanban/query/flows:execute"

FLOWS = "/v2/flows/executions"
FLOW = FLOWS + "/{}"
TASK = FLOW + "/tasks/{}"

WORKFLOWS = "/v1/workflows/executions"
WORKFLOW = WORKFLOWS + "/{}"
STEP = WORKFLOW + "/steps/{}"

USERS = "/v2/users"
USER = USERS + "/{}"
GROUPS = "/v1/groups"
GROUP = GROUPS + "/{}"

Body = Mapping[str, object]
Params = Mapping[str, str | int]
TaskWithBytes = tuple[wire.Task, Raw]


class Api:
    """One host. Large answers are read from the address that the vendor sends in their place."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    async def read(
        self, method: str, path: str, *ids: str, params: Params | None = None, json: object = None
    ) -> Answer:
        answer = await self.upstream.read(method, path, *ids, params=params, json=json)
        return await whole_answer(answer, self.upstream)

    async def write(
        self,
        method: str,
        path: str,
        *ids: str,
        success: Success,
        params: Params | None = None,
        json: object = None,
    ) -> Answer:
        answer = await self.upstream.write(method, path, *ids, success=success, params=params, json=json)
        return await whole_answer(answer, self.upstream)


class EpilotClient:
    """All operations that the gateway uses. `workflow_api` is at the source's `base_url`."""

    def __init__(self, settings: EpilotSettings, *, transport: Transport | None = None) -> None:
        credentials = _credentials(settings)

        def api(address: str) -> Api:
            at_address = settings.model_copy(update={"base_url": address})
            return Api(
                Upstream(
                    at_address,
                    credentials=credentials,
                    parse_error=parse_error,
                    is_refusal=is_refusal,
                    transport=transport,
                )
            )

        self.workflow_api = api(settings.base_url)
        self.user_api = api(settings.options.user_url)
        self._kanban_api = api(settings.options.kanban_url)
        self._query_api = api(settings.options.query_url)
        self._apis = (self.workflow_api, self.user_api, self._kanban_api, self._query_api)
        self.flows = FlowsClient(self.workflow_api)
        self.workflows = WorkflowsClient(self.workflow_api)
        self.directory = DirectoryClient(self.user_api)

    async def execution(self, flow: FlowId) -> Execution:
        """An execution of either generation. This one record has the flow, its tasks and their details."""
        client = self.workflows if flow.generation is Generation.V1 else self.flows
        return await read_once(flow, lambda: client.get(flow.execution))

    async def close(
        self, flow: FlowId, *, reasons: Sequence[wire.Reason], description: str | None, closed_by: str | None
    ) -> Execution | None:
        """The closed execution; None for v1, which answers without a body. v2 does not take `closed_by`."""
        if flow.generation is Generation.V2:
            return await self.flows.close(flow.execution, reasons=reasons, description=description)
        await self.workflows.close(flow.execution, reasons=reasons, description=description, closed_by=closed_by)
        return None

    async def query_overview(self, body: Body) -> wire.TaskRows:
        """`body` is DatasetOptions.WorkflowTasksOverview. The vendor's own cache is bypassed."""
        answer = await self._query_api.read("POST", OVERVIEW, params={"no_cache": "true"}, json=body)
        return answer.decode(wire.TaskRows)

    async def query_kanban(self, body: Body) -> wire.TaskRows:
        """`body` is FlowsQueryRequest."""
        return (await self._kanban_api.read("POST", KANBAN, json=body)).decode(wire.TaskRows)

    def guard(self, admission: AdmissionControl) -> None:
        for api in self._apis:
            api.upstream.guard(admission)

    def read_directly(self, *, is_on: bool) -> None:
        for api in self._apis:
            api.upstream.read_directly(is_on=is_on)

    async def aclose(self) -> None:
        for api in self._apis:
            await api.upstream.aclose()


class FlowsClient:
    """Flows (v2). A task comes with its own bytes; a body has the vendor's names."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def start(self, template_id: str, contexts: Sequence[Body], *, purposes: Sequence[str] = ()) -> Execution:
        body: dict[str, object] = {
            "flow_template_id": template_id,
            "contexts": contexts,
            "trigger": {"type": "MANUAL"},
        }
        if purposes:
            body["purposes"] = purposes
        answer = await self._api.write("POST", FLOWS, success=JSON_CREATED, json=body)
        return flow_execution(answer.body, is_write=True)

    async def get(self, execution_id: str) -> Execution:
        return execution_in(await self._api.read("GET", FLOW, execution_id), execution_id)

    async def search(self, *, entity_id: str, entity_schema: str) -> DecodedRows[Execution]:
        """All flows of one business object: the operation has no paging."""
        body = {"entity_id": entity_id, "entity_schema": entity_schema}
        answer = await self._api.read("POST", FLOWS + ":search", json=body)
        return decode_rows(answer.decode(wire.FlowExecutions).results, lambda raw: _readable(raw, flow_execution))

    async def patch(self, execution_id: str, body: Body) -> Execution:
        """`body` may have `status`, `assigned_to`, `due_date`, `due_date_config`, `closing_reason`, `contexts`."""
        return execution_in(
            await self._api.write("PATCH", FLOW, execution_id, success=JSON_OK, json=body), execution_id
        )

    async def close(
        self, execution_id: str, *, reasons: Sequence[wire.Reason] = (), description: str | None = None
    ) -> Execution:
        """`reasons` are of those that the execution is configured with.

        MalformedResponseError, with `maybe_applied`, for an answer that does not show the flow closed.
        """
        given: dict[str, object] = {}
        if reasons:
            given["selected_reasons"] = _reasons(reasons)
        if description:
            given["extra_description"] = description
        body: dict[str, object] = {"status": "CLOSED"}
        closed = await self.patch(execution_id, {**body, "closing_reason": given} if given else body)
        if closed.record.status != body["status"]:
            raise MalformedResponseError("answered with a flow that is not closed", maybe_applied=True)
        return closed

    async def patch_task(self, execution_id: str, task_id: str, body: Body) -> TaskWithBytes:
        """`body` may have `name`, `status`, `due_date`, `assigned_to`, `description`, `next_condition_id`, ..."""
        return task_in(await self._api.write("PATCH", TASK, execution_id, task_id, success=JSON_OK, json=body), task_id)

    async def execute_task(self, execution_id: str, task_id: str) -> TaskWithBytes:
        return task_in(
            await self._api.write("POST", TASK + "/execute", execution_id, task_id, success=JSON_OK), task_id
        )

    async def run_automation(self, execution_id: str, task_id: str) -> TaskWithBytes:
        return task_in(
            await self._api.write("POST", TASK + "/automation:run", execution_id, task_id, success=JSON_OK), task_id
        )

    async def add_task(self, execution_id: str, *, previous: str, following: str, task: Body) -> TaskWithBytes:
        """Insert a task between two tasks of the execution. Their ids must be UUIDs."""
        body = {"previous_task_id": previous, "next_task_id": following, "task": task}
        return task_in(
            await self._api.write("POST", FLOW + "/tasks", execution_id, success=JSON_CREATED, json=body), None
        )


class WorkflowsClient:
    """Workflows (v1). A step comes as a task of v2 with its own bytes; a body has the vendor's names."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list_executions(
        self, *, entity_id: str | None = None, entity_schema: str | None = None
    ) -> DecodedRows[Execution]:
        """All executions in one answer: the operation has no paging. Steps may lack most members."""
        params: dict[str, str | int] = {}
        if entity_id is not None:
            params["context"] = entity_id
        if entity_schema is not None:
            params["schema"] = entity_schema
        answer = await self._api.read("GET", WORKFLOWS, params=params or None)
        return decode_rows(answer.decode(tuple[Raw, ...]), lambda raw: _readable(raw, workflow_execution))

    async def create(self, workflow_id: str, contexts: Sequence[Body], *, purposes: Sequence[str] = ()) -> Execution:
        body: dict[str, object] = {"workflowId": workflow_id, "trigger": "MANUAL", "contexts": contexts}
        if purposes:
            body["purposes"] = purposes
        answer = await self._api.write("POST", WORKFLOWS, success=JSON_CREATED, json=body)
        return workflow_execution(answer.body, is_write=True)

    async def get(self, execution_id: str) -> Execution:
        """NotFoundError also for status 200 without a body: the vendor's answer for an unknown execution."""
        answer = await self._api.read("GET", WORKFLOW, execution_id)
        if not answer.body.strip():
            raise NotFoundError("no such execution in this system", native_status=answer.status)
        execution = workflow_execution(answer.body)
        if execution.record.id != execution_id:
            raise other_record(answer, "execution")
        return execution

    async def update(self, execution_id: str, body: Body) -> None:
        """`body` may have `status`, `assignedTo`, `dueDate`, `contexts`, ... The answer has no body."""
        await self._api.write("PATCH", WORKFLOW, execution_id, success=NO_CONTENT, json=body)

    async def close(
        self,
        execution_id: str,
        *,
        reasons: Sequence[wire.Reason] = (),
        description: str | None = None,
        closed_by: str | None = None,
    ) -> None:
        body: dict[str, object] = {"status": "CLOSED"}
        if reasons:
            body["selectedClosingReasons"] = _reasons(reasons)
        if description:
            body["closingReasonDescription"] = description
        if closed_by is not None:
            body["closedBy"] = closed_by
        await self.update(execution_id, body)

    async def create_step(self, execution_id: str, body: Body) -> TaskWithBytes:
        """`name` and `insertionIndex` are required. The index counts within `sectionId` if `body` has one."""
        answer = await self._api.write("POST", WORKFLOW + "/steps", execution_id, success=JSON_CREATED, json=body)
        return step_task(answer.body, is_write=True), Raw(answer.body)

    async def update_step(self, execution_id: str, step_id: str, body: Body) -> TaskWithBytes:
        answer = await self._api.write("PATCH", STEP, execution_id, step_id, success=JSON_OK, json=body)
        task = step_task(answer.body, is_write=True)
        if task.id != step_id:
            raise other_record(answer, "step")
        return task, Raw(answer.body)


class DirectoryClient:
    """Users and groups of the organisation."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def me(self) -> wire.User:
        """The owner of the credentials. For an access token of an organisation that is the token, not a person."""
        return (await self._api.read("GET", USERS + "/me")).decode(wire.User)

    async def user(self, user_id: str) -> wire.User:
        """NotFoundError also for an empty answer: the description has no 404."""
        answer = await self._api.read("GET", USER, user_id)
        if answer.body.strip() in {b"", b"null", b"{}"}:
            raise NotFoundError("no such user in this organisation", native_status=answer.status)
        found = answer.decode(wire.User)
        if found.id not in {None, user_id}:
            raise other_record(answer, "user")
        return found

    async def users(self, *, search: str | None, limit: int, offset: int) -> tuple[Raw, ...]:
        """A page may have fewer users than `limit`: the vendor's limits are not documented. The last page is empty."""
        answer = await self._api.read("GET", USERS, params=_page_params(search, limit, offset))
        return answer.decode(wire.Users).results

    async def groups(self, *, search: str | None, limit: int, offset: int) -> wire.Groups:
        answer = await self._api.read("GET", GROUPS, params=_page_params(search, limit, offset))
        return answer.decode(wire.Groups)

    async def group(self, group_id: str, *, hydrate: bool = False) -> wire.Group:
        """With the ids of its users, or with their records if `hydrate`."""
        params = {"hydrate": "true"} if hydrate else None
        return group_in(await self._api.read("GET", GROUP, group_id, params=params), group_id)


def _readable(raw: Raw, read: Callable[[Raw], Execution]) -> Decoded[Execution]:
    """An execution lists its odd members itself. Only a record without an id is odd as a whole."""
    try:
        return Decoded(read(raw))
    except MalformedResponseError:
        return Decoded(None, ("id",))


def execution_in(answer: Answer, execution_id: str) -> Execution:
    """The flow in the answer; MalformedResponseError if it is another one."""
    execution = flow_execution(answer.body, is_write=answer.is_write)
    if execution.record.id != execution_id:
        raise other_record(answer, "execution")
    return execution


def task_in(answer: Answer, task_id: str | None) -> TaskWithBytes:
    """The task in the answer; MalformedResponseError if it is another one. `task_id` None: a new task."""
    task = decode_json(answer.body, wire.Task, maybe_applied=answer.is_write)
    if task_id not in {None, task.id}:
        raise other_record(answer, "task")
    return task, Raw(answer.body)


def group_in(answer: Answer, group_id: str) -> wire.Group:
    """The group in the answer; MalformedResponseError if it is another one."""
    found = answer.decode(wire.Group)
    if found.id != group_id:
        raise other_record(answer, "group")
    return found


def _reasons(reasons: Sequence[wire.Reason]) -> list[dict[str, str]]:
    return [{"id": each.id, "title": each.title or each.id} for each in reasons]


def _page_params(search: str | None, limit: int, offset: int) -> dict[str, str | int]:
    page: dict[str, str | int] = {"limit": limit, "offset": offset}
    return page if not search else {"query": search, **page}


def _credentials(settings: EpilotSettings) -> Credentials:
    headers = {
        "Authorization": f"Bearer {settings.credentials.token.get_secret_value()}",
        # As the vendor's own client. Answers that are not large are plain JSON nevertheless.
        "Accept": LARGE,
    }
    if settings.options.org_id is not None:
        headers["x-epilot-org-id"] = settings.options.org_id
    return FixedHeaders(headers)
