"""The application of the stand-in for GEOtareas: headers, then the operation, then the vendor's envelope."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.geotareas import answers
from sandbox.geotareas.auth import API_KEY, SERVICE, TENANT, Sessions, require
from sandbox.geotareas.directory import ALICE, BOB, CAROL, TIME_ZONE
from sandbox.geotareas.errors import RefusalError, missing_headers, not_found, rate_limited, unauthorized
from sandbox.geotareas.operations import Operations
from sandbox.geotareas.requests import LoginBody, body_of, require_json
from sandbox.geotareas.routes import LOGIN, Read, read_of, write_of
from sandbox.geotareas.store import Store
from sandbox.stand_in import Clock, Limits, StandIn, utc_now

MOST_CACHED = 2000


class GeotareasStandIn(StandIn):
    """The documented operations of one tenant.

    For `read_cache_ms` milliseconds an answer is served again unchanged, even after a write. The vendor documents 15 s
    for reads without saying which ones; here it is off unless set.
    """

    vendor: ClassVar[str] = "geotareas"

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self._sessions = Sessions(clock)
        self._use(Store(tasks=0, seed=0, now=clock(), scenario=None))
        self._cached: dict[tuple[str, bytes], tuple[float, bytes]] = {}

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Replace the data. Tokens stay valid: they belong to accounts, not to the data."""
        self._use(Store(tasks=tasks, seed=seed, now=now or self.clock(), scenario=scenario))
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

    def _use(self, store: Store) -> None:
        self.store = store
        self._operations = Operations(store, self.clock, self.effects, self.settings)

    async def _answer(self, request: Request, request_id: str) -> bytes:
        path, method = request.scope["path"], request.method
        if (method, path) == ("POST", LOGIN):
            return self._log_in(request, await request.body())
        account = self._sessions.authenticated(request)
        read = read_of(method, path)
        if read is not None:
            require(account, "APICLI_WORKFLOW_READ")
            return self._read(read, path, request.scope["query_string"])
        found = write_of(method, path)
        if found is None:
            raise not_found("Path")
        require(account, "APICLI_WORKFLOW_EXECUTE")
        require_json(request)
        write, task_id = found
        return write(self._operations, task_id, await request.body(), account.user, request_id)

    def _log_in(self, request: Request, content: bytes) -> bytes:
        tenant = request.headers.get("tenant")
        if not tenant:
            raise missing_headers(["tenant"])
        require_json(request)
        body = body_of(content, LoginBody)
        if tenant != TENANT:
            raise unauthorized("Unknown tenant.")
        return answers.success({"authorization": self._sessions.log_in(body.email, body.password)})

    def _read(self, read: Read, path: str, query_string: bytes) -> bytes:
        now = self.clock().timestamp()
        kept_s = self.settings.read_cache_ms / 1000
        key = (path, query_string)
        until, content = self._cached.get(key, (now, b""))
        if kept_s and now < until:
            return content
        self.store.publish(now)
        content = read(self._operations, query_string)
        if kept_s:
            if len(self._cached) >= MOST_CACHED:
                self._cached.clear()
            self._cached[key] = (now + kept_s, content)
        return content


def _json(content: bytes, request_id: str, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json", headers={"X-Request-Id": request_id})


def _refused(refusal: RefusalError, request_id: str, *, with_data: bool) -> Response:
    response = _json(answers.failure(refusal, with_data=with_data), request_id, refusal.status)
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response
