"""The application of the stand-in for the bridge, with the token endpoint of its identity provider."""

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

from sandbox.littlehorse.auth import Issuer, TokenRefusedError, authenticated
from sandbox.littlehorse.directory import CLIENT_ID, CLIENT_SECRET, TENANT, user_called
from sandbox.littlehorse.errors import RefusalError
from sandbox.littlehorse.operations import Bridge
from sandbox.littlehorse.routes import ROUTES, Operation
from sandbox.littlehorse.sample import OPERATIONS, Sample
from sandbox.littlehorse.store import Kernel
from sandbox.littlehorse.variants import BridgeVariant
from sandbox.people import DEMO_PEOPLE
from sandbox.stand_in import Clock, StandIn, utc_now

TOKEN_PATH = f"/realms/{TENANT}/protocol/openid-connect/token"


class LittlehorseStandIn(StandIn):
    """One tenant. Tests change members of `variant`; existing data keeps the user ids that it was made with."""

    vendor: ClassVar[str] = "littlehorse"

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self.variant = BridgeVariant()
        self.issuer = Issuer(clock)
        self.bridge = Bridge(Kernel((), seed=0, clock=clock), self.variant, self.effects)
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
        self.bridge = Bridge(Kernel(made, seed=seed, clock=self.clock), self.variant, self.effects)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kernel = self.bridge.kernel
        kernel.lag = timedelta(milliseconds=self.settings.read_lag_ms)
        kernel.publish(self.clock())
        await self._app(scope, receive, send)

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
            return _json({"error": refusal.error}, refusal.status)

    async def _config(self, request: Request) -> Response:
        if request.path_params["tenant_id"] != TENANT:
            raise RefusalError(404, shape="problem")
        provider = {
            "vendor": "keycloak" if self.variant.identity_adapter else "okta",
            "labelName": "Stand-in",
            "issuer": f"stand-in/realms/{TENANT}",
            "clientId": "user-tasks-console",
            "authorities": ["$.realm_access.roles"],
        }
        return _json({"providers": [provider]})

    def _endpoint(self, operation: Operation, path: str, status: int) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            checks_tenant = not path.endswith("/comments")
            claims = authenticated(request, self.issuer, admin=path.startswith("/admin"), checks_tenant=checks_tenant)
            caller = self.bridge.caller(claims)
            result = operation(self.bridge, caller, request, await request.body())
            if status == 204 or result == []:
                return Response(status_code=204)
            return Response(status_code=status) if result is None else _json(result, status)

        return answer

    async def _refused(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, RefusalError):
            raise error
        return error.response(request.url.path, self.clock)

    async def _no_endpoint(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return RefusalError(status).response(request.url.path, self.clock)


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
