"""The vendor's HTTP interface over engine and store."""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.camunda import searchables, seeding
from sandbox.camunda.engine import Caller, Engine
from sandbox.camunda.problems import ProblemError, bad_request, invalid_argument, not_found, problem
from sandbox.camunda.processes import FORMS
from sandbox.camunda.records import Member, UserTask
from sandbox.camunda.searching import search
from sandbox.camunda.store import Store
from sandbox.camunda.table import Table, bits
from sandbox.people import DEMO_PEOPLE, members
from sandbox.stand_in import Clock, StandIn, utc_now

USER = PASSWORD = "demo"  # noqa: S105 # as Camunda 8 Run has it
VERSION = "8.9.2"
LONGEST_VALUE = 8191
"""Characters of a variable's value that a search gives unless asked for all."""

_LONG = 1 << 63

Answer = Callable[["CamundaStandIn", Request, Any, Caller], Response]


class CamundaStandIn(StandIn):
    vendor = "camunda"
    port_offset = 1

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self.store, self.engine = self._made(seeding.Seeded([], [], 0, 0), 0)
        self._app = Starlette(
            routes=[Route(f"/v2{path}", self._endpoint(answer), methods=[method]) for method, path, answer in _ROUTES]
            + [Route("/v2/status", _status)],
            exception_handlers={HTTPException: _no_endpoint},
        )

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Make fresh data; the one scenario is "operations", whose own time is used where none is given."""
        if scenario not in (None, seeding.OPERATIONS):
            raise ValueError(f"no scenario {scenario!r}: there is {seeding.OPERATIONS!r}")
        moment = now or (seeding.OPERATIONS_NOW if scenario else self.clock())
        self.store, self.engine = self._made(seeding.seeded(tasks, seed, moment, scenario), seed)

    def _made(self, data: seeding.Seeded, seed: int) -> tuple[Store, Engine]:
        store = Store(seed, data.tasks, data.instances)
        self.tasks_search = searchables.tasks(
            lambda task: store.variables_of(task.process_instance_key), store.locals_of
        )
        self.instances_search = searchables.instances(lambda each: store.variables_of(each.process_instance_key))
        return store, Engine(data, store, self.clock, self.effects)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        """Give what a proxy before the cluster would: the server itself documents no 429."""
        response = problem(429, "Too Many Requests", "Too many requests, try again later.", "/v2")
        response.headers.update({"Retry-After": str(retry_after_s), **headers})
        return response

    def is_write(self, method: str, path: str) -> bool:
        return method != "GET" and not path.endswith("/search")

    def source_config(self, base_url: str) -> dict[str, Any]:
        return {
            "key": "camunda",
            "name": "Camunda 8",
            "vendor": self.vendor,
            "base_url": base_url,
            "acts_as": "service",
            "credentials": {"kind": "basic", "username": USER, "password": PASSWORD},
        }

    def identities(self) -> dict[str, dict[str, Any]]:
        return {person.key: {"id": person.key, "groups": list(person.groups)} for person in DEMO_PEOPLE}

    def _endpoint(self, answer: Answer) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                caller = Caller(_user(request), request.headers.get("x-request-id"))
                body = await _body(request)
                self.store.settle(self.clock(), self.settings)
                return answer(self, request, body, caller)
            except ProblemError as error:
                return error.response(request.url.path)

        return endpoint


def _user(request: Request) -> str:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    if scheme.lower() != "basic" or (user, password) != (USER, PASSWORD):
        raise ProblemError(401, "Unauthorized", "An Authentication object was not found in the SecurityContext")
    return user


async def _body(request: Request) -> Any:
    content = await request.body()
    if not content:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ProblemError(415, "Unsupported Media Type", f"Content-Type '{kind}' is not supported.")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise bad_request("Failed to read request") from error


async def _no_endpoint(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = "Method Not Allowed" if status == 405 else "Not Found"
    return problem(status, title, f"No endpoint {request.method} {request.url.path}.", request.url.path)


async def _status(request: Request) -> Response:
    """Answer without authentication, as the vendor does."""
    return Response(status_code=204)


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def _key(request: Request, name: str) -> str:
    value: str = request.path_params[name]
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19 and -_LONG <= int(value) < _LONG):
        raise bad_request(f"Failed to convert '{name}' with value: '{value}'")
    return str(int(value))


def _task(stand_in: CamundaStandIn, request: Request) -> UserTask:
    key = _key(request, "userTaskKey")
    task = stand_in.store.tasks.get(key)
    if task is None:
        raise not_found(f"User Task with key '{key}' not found")
    return task


def _object(body: Any, members: Mapping[str, type]) -> Mapping[str, Any]:
    """Read a command's closed body; null counts as absent."""
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise bad_request("Failed to read request")
    for name, value in body.items():
        if name not in members or not (value is None or isinstance(value, members[name])):
            raise bad_request(f"Request property [{name}] cannot be parsed")
    return {name: value for name, value in body.items() if value is not None}


def _search_tasks(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    return _json(search(stand_in.store.tasks, stand_in.tasks_search, body))


def _get_task(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    return _json(_task(stand_in, request))


def _assign(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    key = _key(request, "userTaskKey")
    if body is None:
        raise bad_request("Required request body is missing")
    wanted = _object(body, {"assignee": str, "allowOverride": bool, "action": str})
    if not wanted.get("assignee", "").strip():
        raise invalid_argument("No assignee provided")
    stand_in.engine.assign(key, wanted["assignee"], caller, override=wanted.get("allowOverride", True))
    return Response(status_code=204)


def _unassign(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    stand_in.engine.unassign(_key(request, "userTaskKey"), caller)
    return Response(status_code=204)


def _complete(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    key = _key(request, "userTaskKey")
    wanted = _object(body, {"variables": dict, "action": str})
    stand_in.engine.complete(key, wanted.get("variables", {}), caller)
    return Response(status_code=204)


def _update(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    key = _key(request, "userTaskKey")
    wanted = _object(body, {"changeset": dict, "action": str})
    stand_in.engine.update(key, wanted.get("changeset", {}), wanted.get("action"), caller)
    return Response(status_code=204)


def _get_form(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    form = FORMS.get(_task(stand_in, request).element_id)
    return Response(status_code=204) if form is None else _json(form)


def _search_variables(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    return _variables(stand_in, request, body, effective=False)


def _search_effective_variables(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    return _variables(stand_in, request, body, effective=True)


def _variables(stand_in: CamundaStandIn, request: Request, body: Any, *, effective: bool) -> Response:
    truncate = request.query_params.get("truncateValues", "true").lower()
    if truncate not in ("true", "false"):
        raise bad_request(f"Failed to convert 'truncateValues' with value: '{truncate}'")
    variables = stand_in.store.scoped_variables(_task(stand_in, request), effective=effective)
    if truncate == "true":
        variables = [
            msgspec.structs.replace(each, value=each.value[:LONGEST_VALUE], is_truncated=True)
            if len(each.value) > LONGEST_VALUE
            else each
            for each in variables
        ]
    searchable = searchables.EFFECTIVE_VARIABLES if effective else searchables.VARIABLES
    return _json(search(Table(searchables.VARIABLE_SHAPE, variables), searchable, body))


def _search_audit_logs(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    logs = stand_in.store.audit_of(_task(stand_in, request))
    return _json(search(Table(searchables.AUDIT_SHAPE, logs), searchables.AUDIT_LOGS, body))


def _search_instances(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    return _json(search(stand_in.store.instances, stand_in.instances_search, body))


def _get_instance(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    key = _key(request, "processInstanceKey")
    instance = stand_in.store.instances.get(key)
    if instance is None:
        raise not_found(f"Process Instance with key '{key}' not found")
    return _json(instance)


def _cancel_instance(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    key = _key(request, "processInstanceKey")
    _object(body, {"operationReference": int})
    stand_in.engine.cancel(key, caller)
    return Response(status_code=204)


def _search_definitions(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    table = stand_in.store.definitions
    filter_ = body.get("filter") if isinstance(body, dict) else None
    if not isinstance(filter_, dict) or filter_.get("isLatestVersion") is not True:
        if isinstance(filter_, dict) and filter_.get("isLatestVersion") in (None, False):
            body = {**body, "filter": {name: each for name, each in filter_.items() if name != "isLatestVersion"}}
        return _json(search(table, searchables.DEFINITIONS, body))
    newest: dict[str, int] = {}
    for ordinal, row in enumerate(table.rows):
        kept = newest.get(row.process_definition_id)
        if kept is None or table.rows[kept].version < row.version:
            newest[row.process_definition_id] = ordinal
    rest = {name: each for name, each in filter_.items() if name != "isLatestVersion"}
    latest = bits(newest.values(), len(table.rows))
    return _json(search(table, searchables.LATEST_DEFINITIONS, {**body, "filter": rest}, latest=latest))


def _get_definition(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    key = _key(request, "processDefinitionKey")
    definition = stand_in.store.definitions.get(key)
    if definition is None:
        raise not_found(f"Process Definition with key '{key}' not found")
    return _json(definition)


def _search_users(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    return _json(search(stand_in.store.users, searchables.USERS, body))


def _get_user(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    username = request.path_params["username"]
    user = stand_in.store.users.get(username)
    if user is None:
        raise not_found(f"User with username '{username}' not found")
    return _json(user)


def _search_groups(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    return _json(search(stand_in.store.groups, searchables.GROUPS, body))


def _get_group(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    group_id = request.path_params["groupId"]
    group = stand_in.store.groups.get(group_id)
    if group is None:
        raise not_found(f"Group with id '{group_id}' not found")
    return _json(group)


def _search_members(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    group_id = request.path_params["groupId"]
    if stand_in.store.groups.get(group_id) is None:
        raise not_found(f"Group with id '{group_id}' not found")
    rows = [Member(person.key) for person in members(group_id)]
    return _json(search(Table(searchables.MEMBER_SHAPE, rows), searchables.MEMBERS, body))


def _topology(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    partition = {"partitionId": 1, "role": "leader", "health": "healthy"}
    return _json(
        {
            "brokers": [
                {"nodeId": 0, "host": "127.0.0.1", "port": 26501, "partitions": [partition], "version": VERSION}
            ],
            "clusterId": None,
            "clusterSize": 1,
            "partitionsCount": 1,
            "replicationFactor": 1,
            "gatewayVersion": VERSION,
            "lastCompletedChangeId": "-1",
        }
    )


def _authentication(stand_in: CamundaStandIn, request: Request, body: Any, caller: Caller) -> Response:
    return _json(
        {
            "username": caller.user,
            "displayName": "Demo",
            "email": "demo@example.com",
            "authorizedComponents": ["*"],
            "tenants": [{"tenantId": "<default>", "name": "Default", "description": None}],
            "groups": [],
            "roles": ["admin"],
            "salesPlanType": None,
            "c8Links": {},
            "canLogout": True,
        }
    )


_ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("POST", "/user-tasks/search", _search_tasks),
    ("GET", "/user-tasks/{userTaskKey}", _get_task),
    ("POST", "/user-tasks/{userTaskKey}/assignment", _assign),
    ("DELETE", "/user-tasks/{userTaskKey}/assignee", _unassign),
    ("POST", "/user-tasks/{userTaskKey}/completion", _complete),
    ("PATCH", "/user-tasks/{userTaskKey}", _update),
    ("GET", "/user-tasks/{userTaskKey}/form", _get_form),
    ("POST", "/user-tasks/{userTaskKey}/variables/search", _search_variables),
    ("POST", "/user-tasks/{userTaskKey}/effective-variables/search", _search_effective_variables),
    ("POST", "/user-tasks/{userTaskKey}/audit-logs/search", _search_audit_logs),
    ("POST", "/process-instances/search", _search_instances),
    ("GET", "/process-instances/{processInstanceKey}", _get_instance),
    ("POST", "/process-instances/{processInstanceKey}/cancellation", _cancel_instance),
    ("POST", "/process-definitions/search", _search_definitions),
    ("GET", "/process-definitions/{processDefinitionKey}", _get_definition),
    ("POST", "/users/search", _search_users),
    ("GET", "/users/{username}", _get_user),
    ("POST", "/groups/search", _search_groups),
    ("GET", "/groups/{groupId}", _get_group),
    ("POST", "/groups/{groupId}/users/search", _search_members),
    ("GET", "/topology", _topology),
    ("GET", "/authentication/me", _authentication),
)
