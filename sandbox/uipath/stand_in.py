"""The application of the stand-in for UiPath: Orchestrator, Maestro and the identity server's tokens."""

from collections.abc import Mapping
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.people import DEMO_PEOPLE
from sandbox.stand_in import Clock, StandIn, utc_now
from sandbox.uipath.answers import json_response
from sandbox.uipath.auth import APP, Sessions
from sandbox.uipath.directory import DIRECTORY_GROUPS, ORGANIZATION, PEOPLE, TENANT
from sandbox.uipath.errors import INVALID, RefusalError
from sandbox.uipath.requests import Call
from sandbox.uipath.routes import MAESTRO, ORCHESTRATOR, Routes
from sandbox.uipath.store import Store
from sandbox.uipath.variants import AnswerStyle

OPERATIONS = "operations"
OPERATIONS_NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
TOKEN_PATHS = ("/identity_/connect/token", f"/{ORGANIZATION}/identity_/connect/token")
SCOPE = "OR.Tasks OR.Folders.Read OR.Users.Read PIMS"

_PREFIX = f"/{ORGANIZATION}/{TENANT}/".lower()
_PIMS = "pims_"


class UiPathStandIn(StandIn):
    """One tenant, mounted at the root of its port as the vendor's clients need it.

    `style` is the spelling of answers: the vendor's services differ. For `read_lag_ms` milliseconds an instance stays
    Canceling, Pausing or Resuming; reads of tasks have no lag.
    """

    vendor: ClassVar[str] = "uipath"
    page_paths = rf"/{ORGANIZATION}/{TENANT}/actions_/current-task/tasks/[0-9]+"

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self.style = AnswerStyle()
        self.store = Store(tasks=0, seed=0, now=clock(), scenario=None)
        self._sessions = Sessions(clock)
        self._services: dict[str, Routes] = {
            "orchestrator_": Routes(ORCHESTRATOR),
            _PIMS: Routes(MAESTRO),
        }

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Replace the data; tokens stay valid. The only scenario is "operations", at its own time unless `now` is given."""
        if scenario not in (None, OPERATIONS):
            raise ValueError(f"no scenario {scenario!r}: there is {OPERATIONS!r}")
        moment = now or (OPERATIONS_NOW if scenario else self.clock())
        self.store = Store(tasks=tasks, seed=seed, now=moment.astimezone(UTC), scenario=scenario)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except RefusalError as refusal:
            response = refusal.response()
        await response(scope, receive, send)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        """Answer with Retry-After: the vendor does not document it, but its own clients use it."""
        refusal = RefusalError(429, "Too many requests.", INVALID).response()
        refusal.headers.update({"Retry-After": str(retry_after_s), **headers})
        return refusal

    def is_write(self, method: str, path: str) -> bool:
        return method in ("POST", "PUT") and path not in TOKEN_PATHS

    def source_config(self, base_url: str) -> dict[str, Any]:
        return {
            "key": "uipath",
            "name": "UiPath",
            "vendor": self.vendor,
            "base_url": base_url,
            "acts_as": "service",
            "credentials": {
                "kind": "oauth",
                "token_url": f"{base_url}{TOKEN_PATHS[0]}",
                "client_id": APP.client_id,
                "client_secret": APP.client_secret,
                "scope": SCOPE,
            },
            # With this option people can complete Form and App tasks through the gateway's account.
            "options": {"organization": ORGANIZATION, "tenant": TENANT, "assign_before_completing": True},
        }

    def identities(self) -> dict[str, dict[str, Any]]:
        return {
            person.key: {
                "id": str(PEOPLE[person.key].id),
                "username": PEOPLE[person.key].user_name,
                "email": person.email,
                "groups": [str(DIRECTORY_GROUPS[group].id) for group in person.groups],
            }
            for person in DEMO_PEOPLE
        }

    async def _answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        if path in TOKEN_PATHS and request.method == "POST":
            form = dict(parse_qsl((await request.body()).decode("latin-1")))
            return json_response(self._sessions.issue(form), headers={"Cache-Control": "no-store"})
        service, slash, rest = path[len(_PREFIX) :].partition("/")
        routes = self._services.get(service.lower())
        if not path.lower().startswith(_PREFIX) or routes is None:
            return Response(status_code=404)
        try:
            caller = self._sessions.caller(request.headers.get("authorization"))
        except RefusalError as refusal:
            # Maestro's gateway sends no body.
            return Response(status_code=401) if service.lower() == _PIMS else refusal.response()
        found = routes.find(request.method, slash + rest)
        if isinstance(found, int):
            return Response(status_code=found)
        handler, parts = found
        now = self.clock()
        self.store.settle(now)
        lag_ms = self.settings.read_lag_ms
        call = Call(request, parts, caller, self.store, self.style, now, self.effects, lag_ms)
        answer = handler(call)
        return await answer if isawaitable(answer) else answer
