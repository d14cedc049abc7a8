"""The application of the stand-in: credentials, then the operation, then the engine's JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.camunda7 import routes, sample
from sandbox.camunda7.auth import Guard, UnauthenticatedError
from sandbox.camunda7.directory import ADMIN, ADMIN_PASSWORD, Account
from sandbox.camunda7.engine import Engine
from sandbox.camunda7.errors import RefusalError, UnreadableError, no_path
from sandbox.camunda7.operations import Call, Plain
from sandbox.camunda7.requests import body_of, query_of
from sandbox.camunda7.store import Store
from sandbox.people import DEMO_PEOPLE
from sandbox.stand_in import Clock, StandIn, utc_now

FormRef = Literal["operatonFormRef", "camundaFormRef"]


class Camunda7StandIn(StandIn):
    """One engine with Basic authentication and authorizations. Reads show every earlier write.

    `asks_for_credentials` False: an engine as its REST starter comes, which asks for none. `form_ref` is the
    only name in which Operaton and Camunda 7 differ.
    """

    vendor: ClassVar[str] = "camunda7"

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self.asks_for_credentials = True
        self.form_ref: FormRef = "operatonFormRef"
        self._guard = Guard(clock)
        self.store = Store(clock, 0)

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        self.store = Store(self.clock, seed)
        sample.fill(self.store, tasks=tasks, seed=seed, now=now or self.clock(), scenario=scenario)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = _answer(await self._answer(request), request.method)
        except RefusalError as refusal:
            response = _json(refusal.body, refusal.status, request.method)
        except UnreadableError as error:
            response = Response(str(error), 400, media_type="text/plain")
        except UnauthenticatedError:
            response = Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="default"'})
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Any:
        path, method = request.scope["path"], request.method
        account: Account | None = None
        if self.asks_for_credentials and path != f"{routes.PREFIX}/engine":
            account = self._guard.account(request.headers.get("Authorization", ""))
        found = routes.find(method, path)
        if found is None:
            raise no_path()
        handler, ids = found
        call = Call(
            engine=Engine(self.store),
            effects=self.effects,
            account=account,
            base=f"{request.url.scheme}://{request.url.netloc}{routes.PREFIX}",
            form_ref=self.form_ref,
            query=query_of(request.scope["query_string"]),
            body=body_of(await request.body()),
            request_id=request.headers.get("X-Request-Id"),
        )
        return handler(call, *ids)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        """The engine has no limits; a proxy before it may have."""
        return Response(status_code=429, headers={"Retry-After": str(retry_after_s), **headers})

    def is_write(self, method: str, path: str) -> bool:
        return routes.is_write(method, path)

    def source_config(self, base_url: str) -> dict[str, Any]:
        return {
            "key": "camunda7",
            "name": "Camunda 7 (Operaton)",
            "vendor": self.vendor,
            "base_url": f"{base_url}{routes.PREFIX}",
            "acts_as": "service",
            "credentials": {"kind": "basic", "username": ADMIN, "password": ADMIN_PASSWORD},
            "options": {"outcome_variable": "outcome"},
        }

    def identities(self) -> dict[str, dict[str, Any]]:
        return {person.key: {"id": person.key, "groups": list(person.groups)} for person in DEMO_PEOPLE}


def _answer(found: Any, method: str) -> Response:
    if found is None:
        return Response(status_code=204)
    if isinstance(found, Plain):
        return Response(found.content, media_type="application/json")
    return _json(found, 200, method)


def _json(content: Any, status: int, method: str) -> Response:
    response = Response(msgspec.json.encode(content), status, media_type="application/json")
    if method == "GET":
        response.headers["Cache-Control"] = "no-cache"
    return response
