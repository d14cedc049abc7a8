"""The application of the stand-in for the bridge, with the token endpoint of its identity provider."""

import asyncio
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
from starlette.types import Message, Receive, Scope, Send

from sandbox.littlehorse.auth import Issuer, TokenRefusedError, authenticated, token_claims
from sandbox.littlehorse.directory import (
    ACCOUNT_EMAIL,
    BRIDGE_CLIENTS,
    CLIENT_ID,
    CLIENT_SECRET,
    TENANT,
    Realm,
    user_called,
)
from sandbox.littlehorse.errors import RefusalError
from sandbox.littlehorse.operations import Bridge
from sandbox.littlehorse.routes import ROUTES, Operation
from sandbox.littlehorse.sample import OPERATIONS, Sample
from sandbox.littlehorse.store import Kernel
from sandbox.littlehorse.variants import BridgeVariant
from sandbox.people import DEMO_PEOPLE
from sandbox.stand_in import Clock, StandIn, utc_now

TOKEN_PATH = f"/realms/{TENANT}/protocol/openid-connect/token"

# On every answer of the bridge.
_HEADERS = (
    (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-cache, no-store, max-age=0, must-revalidate"),
    (b"pragma", b"no-cache"),
    (b"expires", b"0"),
)


class LittlehorseStandIn(StandIn):
    """One tenant. Tests change members of `variant`; existing data keeps the user ids that it was made with."""

    vendor: ClassVar[str] = "littlehorse"

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self.variant = BridgeVariant()
        self.realm = Realm(self.variant)
        self.issuer = Issuer(self.realm, clock)
        self.bridge = Bridge(Kernel((), seed=0, clock=clock), self.realm, self.variant, self.effects)
        self._app = Starlette(
            routes=[
                Route(TOKEN_PATH, self._token, methods=["POST"]),
                Route("/config/{tenant_id}", self._config, methods=["GET"]),
                *(
                    Route("/{tenant_id}" + path, self._endpoint(operation, path, status), methods=[method])
                    for method, path, status, operation in ROUTES
                ),
            ],
            exception_handlers={HTTPException: self._no_endpoint, RefusalError: self._refused},
        )

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Make fresh data. The only scenario is "operations"."""
        if scenario not in (None, OPERATIONS):
            raise ValueError(f"no scenario {scenario!r}: there is {OPERATIONS!r}")
        sample = Sample(seed, now or self.clock(), self.variant.user_id_claim)
        made = sample.operations() if scenario else sample.tasks(tasks)
        self.bridge = Bridge(Kernel(made, seed=seed, clock=self.clock), self.realm, self.variant, self.effects)

    def set_up(self) -> None:
        """Give the account an e-mail address: without one the bridge has no user id for it, and it completes nothing."""
        self.variant.account_email = ACCOUNT_EMAIL

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kernel = self.bridge.kernel
        kernel.lag = timedelta(milliseconds=self.settings.read_lag_ms)
        kernel.publish(self.clock())

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] != TOKEN_PATH:
                message["headers"] = [*_HEADERS, *message.get("headers", ())]
            await send(message)

        await self._app(scope, receive, with_headers)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        """Answer as a proxy in front of the bridge would: the bridge itself has no limits."""
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
        claim = self.variant.user_id_claim
        people = {person.key: user_called(person.key) for person in DEMO_PEOPLE}
        return {key: {"id": user.kernel_id(claim), "groups": list(user.groups)} for key, user in people.items()}

    def token(self, person: str, **changes: Any) -> str:
        """Return an access token for one of the people. `changes` are arguments of `Issuer.token`."""
        return self.issuer.token(user_called(person), **changes)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            return _json(self.issuer.grant(form))
        except TokenRefusedError as refusal:
            return _json(refusal.body, refusal.status)

    async def _config(self, request: Request) -> Response:
        if request.path_params["tenant_id"] != TENANT:
            raise RefusalError(404, shape="problem")
        providers = [
            {
                "vendor": "KEYCLOAK" if self.variant.identity_adapter else "OKTA",
                "labelName": "Stand-in",
                "issuer": f"stand-in/realms/{TENANT}",
                "clientId": client,
                "authorities": ["$.realm_access.roles", "$.resource_access.*.roles"],
            }
            for client in BRIDGE_CLIENTS
        ]
        return _json({"providers": providers})

    def _endpoint(self, operation: Operation, path: str, status: int) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            checks_tenant = not path.endswith("/comments")
            claims = authenticated(request, self.issuer, admin=path.startswith("/admin"), checks_tenant=checks_tenant)
            caller = self.bridge.caller(claims, has_valid_token=self.issuer.seconds_left(claims) > 0)
            result = operation(self.bridge, caller, request, await request.body())
            if isinstance(result, dict) and self.settings.row_ms:
                # The bridge asks the kernel and the identity provider for each row, one after the other.
                await asyncio.sleep(len(result.get("userTasks", ())) * self.settings.row_ms / 1000)
            if status == 204 or result == []:
                return Response(status_code=204)
            return Response(status_code=status) if result is None else _json(result, status)

        return answer

    async def _refused(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, RefusalError):
            raise error
        return error.response(request.url.path, self.clock)

    async def _no_endpoint(self, request: Request, error: Exception) -> Response:
        """The security filter comes first: without a token, a path that does not exist is refused like any other."""
        if not isinstance(error, HTTPException):
            raise error
        try:
            token_claims(request, self.issuer)
        except RefusalError as refusal:
            return refusal.response(request.url.path, self.clock)
        text = f"No static resource {request.url.path.removeprefix('/')}."
        if error.status_code == 405:
            text = f"Method '{request.method}' is not supported."
        headers = {name: value.replace("HEAD", "").strip(", ") for name, value in (error.headers or {}).items()}
        return RefusalError(error.status_code, text, headers=headers).response(request.url.path, self.clock)


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
