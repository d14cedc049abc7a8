"""The stand-in for the bridge: tokens, tenants and roles, then the operation; its identity provider beside it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.littlehorse import parameters
from sandbox.littlehorse.bridge import Bridge, Caller, Oddities
from sandbox.littlehorse.issuer import Issuer, TokenRefusedError, is_admin
from sandbox.littlehorse.kernel import Kernel, Key
from sandbox.littlehorse.realm import BRIDGE_CLIENTS, CLIENT_ID, CLIENT_SECRET, TENANT, user_called
from sandbox.littlehorse.refusals import RefusalError, insufficient_scope, invalid_token, no_token
from sandbox.littlehorse.sample import OPERATIONS, Sample
from sandbox.people import DEMO_PEOPLE
from sandbox.stand_in import Clock, StandIn, utc_now

TOKEN_PATH = f"/realms/{TENANT}/protocol/openid-connect/token"

Operation = Callable[[Bridge, Caller, Request, bytes], Any]


class LittlehorseStandIn(StandIn):
    """One tenant. `oddities` are switched by tests; data made before keeps the people's ids that it was made with."""

    vendor: ClassVar[str] = "littlehorse"
    port_offset: ClassVar[int] = 4

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self.oddities = Oddities()
        self.issuer = Issuer(clock)
        self.bridge = Bridge(Kernel((), seed=0, clock=clock), self.oddities, self.effects)
        self._app = Starlette(
            routes=[
                Route(TOKEN_PATH, self._token, methods=["POST"]),
                Route("/config/{tenant_id}", self._config, methods=["GET"]),
                *(
                    Route("/{tenant_id}" + path, self._endpoint(operation, path, status), methods=[method])
                    for method, path, status, operation in OPERATIONS_OF_BRIDGE
                ),
            ],
            exception_handlers={HTTPException: self._no_endpoint, RefusalError: self._refused},
        )

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Make fresh data; the one scenario is "operations"."""
        if scenario not in (None, OPERATIONS):
            raise ValueError(f"no scenario {scenario!r}: there is {OPERATIONS!r}")
        sample = Sample(seed, now or self.clock(), self.oddities.user_id_claim)
        made = sample.operations() if scenario else sample.tasks(tasks)
        self.bridge = Bridge(Kernel(made, seed=seed, clock=self.clock), self.oddities, self.effects)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kernel = self.bridge.kernel
        kernel.lag = timedelta(milliseconds=self.settings.read_lag_ms)
        kernel.publish(self.clock())
        await self._app(scope, receive, send)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        """The bridge has no limits: this is what a proxy before it would answer."""
        refusal = RefusalError(429, None, "empty", {**headers, "Retry-After": str(retry_after_s)})
        return refusal.response("", self.clock)

    def is_write(self, method: str, path: str) -> bool:
        return method != "GET" and path != TOKEN_PATH

    def source_config(self, base_url: str) -> dict[str, Any]:
        return {
            "key": "littlehorse",
            "name": "LittleHorse",
            "vendor": self.vendor,
            "base_url": base_url,
            "acts_as": "service",
            "credentials": {
                "kind": "oauth",
                "token_url": base_url + TOKEN_PATH,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            },
            "options": {"tenant": TENANT},
        }

    def identities(self) -> dict[str, dict[str, Any]]:
        claim = self.oddities.user_id_claim
        people = {person.key: user_called(person.key) for person in DEMO_PEOPLE}
        return {key: {"id": user.kernel_id(claim), "groups": list(user.groups)} for key, user in people.items()}

    def token(self, person: str, **changes: Any) -> str:
        """An access token of one of the people, as the bridge takes it unless `changes` spoil it."""
        return self.issuer.token(user_called(person), **changes)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            return _json(self.issuer.grant(form))
        except TokenRefusedError as refusal:
            return _json({"error": refusal.error}, refusal.status)

    async def _config(self, request: Request) -> Response:
        if request.path_params["tenant_id"] != TENANT:
            raise RefusalError(404, shape="problem")
        provider = {
            "vendor": "keycloak" if self.oddities.identity_adapter else "okta",
            "labelName": "Stand-in",
            "issuer": f"stand-in/realms/{TENANT}",
            "clientId": "user-tasks-console",
            "authorities": ["$.realm_access.roles"],
        }
        return _json({"providers": [provider]})

    def _endpoint(self, operation: Operation, path: str, status: int) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            caller = self._caller(
                request, admin=path.startswith("/admin"), checks_tenant=not path.endswith("/comments")
            )
            result = operation(self.bridge, caller, request, await request.body())
            if status == 204 or result == []:
                return Response(status_code=204)
            return Response(status_code=status) if result is None else _json(result, status)

        return answer

    def _caller(self, request: Request, *, admin: bool, checks_tenant: bool) -> Caller:
        """The security filter first, without bodies; then the controller's own look at the tenant."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise no_token()
        claims = self.issuer.claims(token)
        if claims is None:
            raise invalid_token()
        if admin and not is_admin(claims):
            raise insufficient_scope()
        tenant = request.path_params["tenant_id"]
        shape: Any = "problem" if request.method == "GET" else "boot"
        if checks_tenant and tenant != TENANT:
            raise RefusalError(500, None if shape == "problem" else "Unauthorized issuer", shape)
        if checks_tenant and (
            str(claims["allowed_tenant"]).lower() != tenant.lower() or claims["azp"] not in BRIDGE_CLIENTS
        ):
            raise RefusalError(401, "Invalid token", shape)
        return self.bridge.caller(claims)

    async def _refused(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, RefusalError):
            raise error
        return error.response(request.url.path, self.clock)

    async def _no_endpoint(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return RefusalError(status).response(request.url.path, self.clock)


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _key(request: Request) -> Key:
    return request.path_params["wf_run_id"], request.path_params["user_task_guid"]


def _id(request: Request) -> str | None:
    return request.headers.get("X-Request-Id")


def _comment(kind: str) -> Operation:
    def act(bridge: Bridge, caller: Caller, request: Request, body: bytes) -> Any:
        text = parameters.json_object(body).get("comment") if kind != "COMMENT_DELETED" else None
        number = None if kind == "COMMENT_ADDED" else parameters.integer(request.path_params, "comment_id")
        return bridge.comment(caller, _key(request), kind, id=number, text=text, request_id=_id(request))

    return act


def _commands(*, admin: bool) -> tuple[tuple[str, Operation], ...]:
    def claim(bridge: Bridge, caller: Caller, request: Request, body: bytes) -> None:
        bridge.claim(caller, _key(request), admin=admin, request_id=_id(request))

    def cancel(bridge: Bridge, caller: Caller, request: Request, body: bytes) -> None:
        bridge.cancel(caller, _key(request), admin=admin, request_id=_id(request))

    def complete(bridge: Bridge, caller: Caller, request: Request, body: bytes) -> None:
        bridge.complete(caller, _key(request), body, admin=admin, request_id=_id(request))

    return ("claim", claim), ("cancel", cancel), ("result", complete)


_TASK = "/tasks/{wf_run_id}/{user_task_guid}"

OPERATIONS_OF_BRIDGE: tuple[tuple[str, str, int, Operation], ...] = (
    ("GET", "/init", 200, lambda bridge, caller, request, body: None),
    ("GET", "/tasks", 200, lambda bridge, caller, request, body: bridge.my_tasks(caller, request.query_params)),
    ("GET", "/tasks/claimable", 200, lambda bridge, caller, request, body: bridge.claimable(caller, request.query_params)),
    ("GET", _TASK, 200, lambda bridge, caller, request, body: bridge.detail(caller, _key(request))),
    ("GET", _TASK + "/comments", 200, lambda bridge, caller, request, body: bridge.comments(_key(request))),
    ("POST", _TASK + "/comment", 200, _comment("COMMENT_ADDED")),
    ("PUT", _TASK + "/comment/{comment_id}", 200, _comment("COMMENT_EDITED")),
    ("DELETE", _TASK + "/comment/{comment_id}", 200, _comment("COMMENT_DELETED")),
    ("GET", "/groups", 200, lambda bridge, caller, request, body: bridge.own_groups(caller)),
    ("GET", "/userInfo", 200, lambda bridge, caller, request, body: bridge.me(caller)),
    ("GET", "/admin/tasks", 200, lambda bridge, caller, request, body: bridge.all_tasks(request.query_params)),
    ("GET", "/admin/taskTypes", 200, lambda bridge, caller, request, body: bridge.task_types(request.query_params)),
    ("GET", "/admin" + _TASK, 200, lambda bridge, caller, request, body: bridge.admin_detail(_key(request))),
    ("GET", "/admin/groups", 200, lambda bridge, caller, request, body: bridge.all_groups()),
    ("GET", "/admin/users", 200, lambda bridge, caller, request, body: bridge.users(request.query_params)),
    ("GET", "/admin/users/{user_id}", 200, lambda bridge, caller, request, body: bridge.user(request.path_params["user_id"])),
    (
        "POST",
        "/admin" + _TASK + "/assign",
        204,
        lambda bridge, caller, request, body: bridge.assign(caller, _key(request), body, request_id=_id(request)),
    ),
    *(
        ("POST", prefix + _TASK + "/" + verb, 204, operation)
        for prefix, admin in (("", False), ("/admin", True))
        for verb, operation in _commands(admin=admin)
    ),
)  # fmt: skip
