"""The stand-in for GEOtareas: checks headers, finds the operation, answers in the vendor's envelope."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.geotareas import answers
from sandbox.geotareas.parameters import (
    DEFINITION_STATUSES,
    ENTITY_TYPES,
    INSTANCE_STATUSES,
    TASK_STATUSES,
    CompleteBody,
    LoginBody,
    Query,
    ReassignBody,
    body_of,
)
from sandbox.geotareas.refusals import RefusalError, forbidden, missing_headers, not_found, rate_limited, unauthorized
from sandbox.geotareas.sessions import Sessions
from sandbox.geotareas.staff import ALICE, API_KEY, BOB, CAROL, SERVICE, TENANT, TIME_ZONE, Account, Permission, User
from sandbox.geotareas.store import Store
from sandbox.geotareas.workflows import WORKFLOWS
from sandbox.stand_in import Clock, Limits, StandIn, utc_now

PREFIX = "/apidev/v1/"
LOGIN = PREFIX + "login"
TASKS = "workflow/tasks"
MOST_CACHED = 2000


class GeotareasStandIn(StandIn):
    """The documented operations of one tenant.

    `read_cache_ms` serves an answer again for that long, also over a write (the vendor documents 15 s for reads and
    does not say where); it is off unless set.
    """

    vendor: ClassVar[str] = "geotareas"
    port_offset: ClassVar[int] = 5

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self._sessions = Sessions(clock)
        self._store = Store(tasks=0, seed=0, now=clock(), scenario=None)
        self._cached: dict[tuple[str, bytes], tuple[float, bytes]] = {}
        self._lists: dict[str, Callable[[Query], bytes]] = {
            TASKS: self._list_tasks,
            "workflow/instances": self._list_instances,
            "workflow/definitions": self._list_definitions,
        }

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Replace the data; tokens stay valid, as they belong to accounts and not to the data."""
        self._store = Store(tasks=tasks, seed=seed, now=now or self.clock(), scenario=scenario)
        self._cached.clear()
        self._sessions.forget_attempts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        request_id = f"req_{uuid4().hex}"
        try:
            response = _json(await self._answer(request, request_id), request_id)
        except RefusalError as refusal:
            response = _refused(refusal, request_id, with_data=scope["path"] == LOGIN)
        await response(scope, receive, send)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        response = _refused(rate_limited(retry_after_s), f"req_{uuid4().hex}", with_data=False)
        response.headers.update(headers)
        return response

    def is_write(self, method: str, path: str) -> bool:
        return method == "POST" and path != LOGIN

    def default_limits(self) -> Limits:
        return Limits(30, 10, 60_000)

    def rate_headers(self, limit: int, remaining: int, reset_epoch: int) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(reset_epoch),
        }

    def source_config(self, base_url: str) -> dict[str, Any]:
        return {
            "key": "geotareas",
            "name": "GEOtareas",
            "vendor": self.vendor,
            "base_url": base_url,
            "acts_as": "service",
            "credentials": {
                "kind": "login",
                "email": SERVICE.email,
                "password": SERVICE.password,
                "api_key": API_KEY,
                "tenant": TENANT,
            },
            "time_zone": TIME_ZONE,
        }

    def identities(self) -> dict[str, dict[str, Any]]:
        return {user.login: {"id": user.id, "groups": list(user.groups)} for user in (ALICE, BOB, CAROL)}

    async def _answer(self, request: Request, request_id: str) -> bytes:
        path, method = request.scope["path"], request.method
        if (method, path) == ("POST", LOGIN):
            return self._log_in(request, await request.body())
        account = _authenticated(request, self._sessions)
        if not path.startswith(PREFIX):
            raise not_found("Path")
        parts = path.removeprefix(PREFIX).split("/")
        is_task = "/".join(parts[:2]) == TASKS
        if method == "GET" and (len(parts) == 2 or (is_task and len(parts) == 3)):
            _require(account, "APICLI_WORKFLOW_READ")
            return self._read(path, request.scope["query_string"], parts)
        if method == "POST" and is_task and len(parts) == 4 and parts[3] in ("complete", "reassign"):
            _require(account, "APICLI_WORKFLOW_EXECUTE")
            _require_json(request)
            write = self._complete if parts[3] == "complete" else self._reassign
            return write(parts[2], await request.body(), account.user, request_id)
        raise not_found("Path")

    def _log_in(self, request: Request, content: bytes) -> bytes:
        tenant = request.headers.get("tenant")
        if not tenant:
            raise missing_headers(["tenant"])
        _require_json(request)
        body = body_of(content, LoginBody)
        if tenant != TENANT:
            raise unauthorized("Unknown tenant.")
        return answers.success({"authorization": self._sessions.log_in(body.email, body.password)})

    def _read(self, path: str, query_string: bytes, parts: list[str]) -> bytes:
        now = self.clock().timestamp()
        kept_s = self.settings.read_cache_ms / 1000
        key = (path, query_string)
        until, content = self._cached.get(key, (now, b""))
        if kept_s and now < until:
            return content
        self._store.publish(now)
        if len(parts) == 3:
            content = self._get_task(parts[2])
        else:
            operation = self._lists.get("/".join(parts))
            if operation is None:
                raise not_found("Path")
            content = operation(Query(query_string))
        if kept_s:
            if len(self._cached) >= MOST_CACHED:
                self._cached.clear()
            self._cached[key] = (now + kept_s, content)
        return content

    def _list_tasks(self, query: Query) -> bytes:
        limit, offset = _page(query)
        listing = self._store.tasks
        key = (
            query.choice("status", TASK_STATUSES),
            query.text("definition_id", longest=30),
            query.text("entity_type"),
        )
        overdue = query.flag("overdue_only")
        numbers = self._store.overdue(key, self.clock().timestamp()) if overdue else listing.numbers(*key)
        rows = [answers.task_row(task) for task in listing.page(numbers, limit, offset)]
        return answers.success(rows, _page_meta(len(numbers), limit, offset))

    def _get_task(self, id: str) -> bytes:
        task = self._store.tasks.get(id)
        if task is None:
            raise not_found("Task")
        return answers.success(answers.task_detail(task))

    def _list_instances(self, query: Query) -> bytes:
        limit, offset = _page(query)
        listing = self._store.instances
        numbers: Sequence[int] = listing.numbers(
            query.choice("status", INSTANCE_STATUSES),
            query.text("definition_id", longest=30),
            query.text("entity_type"),
        )
        entity_id = query.text("entity_id", longest=30)
        start, end = query.moment("startdate"), query.moment("enddate")
        # Numbers count up with the time of the start, so the bounds are places in the list.
        first = 0 if start is None else bisect_left(numbers, start, key=lambda number: listing.at(number).started_at)
        last = (
            len(numbers)
            if end is None
            else bisect_right(numbers, end, key=lambda number: listing.at(number).started_at)
        )
        numbers = numbers[first:last]
        if entity_id is not None:
            numbers = [number for number in numbers if listing.at(number).entity.id == entity_id]
        rows = [answers.instance_row(each) for each in listing.page(numbers, limit, offset)]
        return answers.success(rows, _page_meta(len(numbers), limit, offset))

    def _list_definitions(self, query: Query) -> bytes:
        limit, offset = _page(query)
        status = query.choice("status", DEFINITION_STATUSES) or "active"
        entity_type = query.choice("entity_type", ENTITY_TYPES)
        search = (query.text("search", longest=120) or "").casefold()
        found = [
            workflow
            for workflow in WORKFLOWS
            if (status == "all" or workflow.active == (status == "active"))
            and entity_type in (None, workflow.entity_type)
            and search in f"{workflow.name}\n{workflow.description or ''}".casefold()
        ]
        now = self.clock().timestamp()
        rows = [answers.definition_row(workflow, now) for workflow in found[offset : offset + limit]]
        return answers.success(rows, _page_meta(len(found), limit, offset))

    def _complete(self, id: str, content: bytes, user: User, request_id: str) -> bytes:
        body = body_of(content, CompleteBody)
        now = self.clock()
        instance, following = self._store.complete(id, body, user, now, self._lag_s)
        self.effects.record("complete", id, user.id, request_id)
        return answers.success(
            {
                "task_id": id,
                "status": "COMPLETED",
                "result": body.result_code,
                "completed_at": answers.local_time(now.timestamp()),
                "instance_status": instance.status,
                "next_step": None if following is None else following.template.name,
            }
        )

    def _reassign(self, id: str, content: bytes, user: User, request_id: str) -> bytes:
        body = body_of(content, ReassignBody)
        now = self.clock()
        task = self._store.reassign(id, body.assign_to_user_id, body.assign_to_group_id, now, self._lag_s)
        self.effects.record("assign", id, user.id, request_id)
        return answers.success(
            {
                "task_id": id,
                "assigned_to_user": answers.user_ref(task.user),
                "assigned_to_group": answers.group_ref(task.group),
                "reassigned_at": answers.local_time(now.timestamp()),
            }
        )

    @property
    def _lag_s(self) -> float:
        return self.settings.read_lag_ms / 1000


def _authenticated(request: Request, sessions: Sessions) -> Account:
    """Check the three headers; raise 400 where one is missing, 401 where one is wrong."""
    missing = [name for name in ("Authorization", "X-API-Key", "tenant") if not request.headers.get(name)]
    if missing:
        raise missing_headers(missing)
    scheme, _, token = request.headers["Authorization"].partition(" ")
    account = sessions.account(token) if scheme.lower() == "bearer" else None
    if account is None or request.headers["tenant"] != TENANT:
        raise unauthorized("Invalid or expired token.")
    if request.headers["X-API-Key"] != API_KEY:
        raise unauthorized("Invalid API key.")
    return account


def _require(account: Account, permission: Permission) -> None:
    if permission not in account.permissions:
        raise forbidden()


def _require_json(request: Request) -> None:
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise missing_headers(["Content-Type: application/json"])


def _page(query: Query) -> tuple[int, int]:
    return query.number("limit", default=25, least=1, most=100), query.number("offset", default=0, least=0)


def _page_meta(total: int, limit: int, offset: int) -> dict[str, int]:
    return {"total": total, "limit": limit, "offset": offset}


def _json(content: bytes, request_id: str, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json", headers={"X-Request-Id": request_id})


def _refused(refusal: RefusalError, request_id: str, *, with_data: bool) -> Response:
    response = _json(answers.failure(refusal, with_data=with_data), request_id, refusal.status)
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response
