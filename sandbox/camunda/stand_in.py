"""The application of the stand-in for Camunda: routes of the release, authentication, then the operation."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.camunda.auth import (
    AUDIENCE,
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN_LIFETIME_S,
    TOKEN_PATH,
    Authentication,
    Trusted,
)
from sandbox.camunda.definitions import FIRST_FREE_KEY, deployed_listeners
from sandbox.camunda.engine import Engine
from sandbox.camunda.errors import ProblemError, problem
from sandbox.camunda.requests import Call, read_body
from sandbox.camunda.routes import Operation, endpoints
from sandbox.camunda.sample import OPERATIONS_NOW, SampleData, make_sample
from sandbox.camunda.store import SearchStore, StoreSearches
from sandbox.camunda.variants import RELEASES, Release, Scenario, SignInMethod
from sandbox.people import DEMO_PEOPLE
from sandbox.stand_in import Clock, StandIn, utc_now

USER = PASSWORD = "demo"  # noqa: S105 # the default of Camunda 8 Run


class CamundaStandIn(StandIn):
    """`release` and `authentication` are the defaults of a reset's scenario.

    `listeners` are the task listeners. A test may add listeners by element id and event; a reset restores the deployed ones.
    """

    vendor = "camunda"
    page_paths = r"/(tasklist|operate/processes)/[0-9]+"

    def __init__(self, *, clock: Clock = utc_now, release: str = "8.9", authentication: SignInMethod = "basic") -> None:
        super().__init__(clock=clock)
        self._apps: dict[Release, Starlette] = {}
        self.trusted: Trusted = lambda _token: None
        self._usual = Scenario(RELEASES[release], authentication)
        self._make(self._usual, SampleData([], [], FIRST_FREE_KEY), 0)

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Make fresh data. The scenario "operations" is at its own time unless `now` is given."""
        wanted = self._usual.with_words(scenario)
        moment = now or (OPERATIONS_NOW if wanted.operations else self.clock())
        self._make(wanted, make_sample(tasks, seed, moment, wanted), seed)

    def _make(self, scenario: Scenario, data: SampleData, seed: int) -> None:
        self.scenario = scenario
        self.listeners = deployed_listeners()
        self.store = SearchStore(seed, scenario.release, data.tasks, data.instances)
        self.searches = StoreSearches(self.store)
        self.engine = Engine(data, self.store, self.listeners, self.clock, self.effects)
        self.authentication = Authentication(scenario, self.clock, (USER, PASSWORD), self._trusts)

    def _trusts(self, token: str) -> Mapping[str, Any] | None:
        """Asked at each request: what is trusted may be set after a reset."""
        return self.trusted(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        release = self.scenario.release
        if release not in self._apps:
            self._apps[release] = self._app_of(release)
        await self._apps[release](scope, receive, send)

    def _app_of(self, release: Release) -> Starlette:
        return Starlette(
            routes=[
                *(Route(f"/v2{path}", self._endpoint(operation), methods=[method]) for method, path, operation in endpoints(release)),
                Route("/v2/status", _status),
                Route(TOKEN_PATH, self._token, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _no_endpoint},
        )  # fmt: skip

    async def _token(self, request: Request) -> Response:
        return await self.authentication.token(request)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        """Answer as a proxy in front of the cluster would: the server itself documents no 429."""
        response = problem(429, "Too Many Requests", "Too many requests, try again later.", "/v2")
        response.headers.update({"Retry-After": str(retry_after_s), **headers})
        return response

    def is_write(self, method: str, path: str) -> bool:
        return method != "GET" and not path.endswith("/search") and path != TOKEN_PATH

    def source_config(self, base_url: str) -> dict[str, Any]:
        credentials: dict[SignInMethod, dict[str, str]] = {
            "basic": {"kind": "basic", "username": USER, "password": PASSWORD},
            "oidc": {
                "kind": "oauth",
                "token_url": f"{base_url}{TOKEN_PATH}",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "audience": AUDIENCE,
            },
            "none": {"kind": "none"},
        }
        return {
            "key": "camunda",
            "name": "Camunda 8",
            "vendor": self.vendor,
            "base_url": base_url,
            "acts_as": "service",
            "credentials": credentials[self.scenario.method],
        }

    def token(self, person: str, *audience: str, lifetime_s: int = TOKEN_LIFETIME_S) -> str:
        """Return a token with which a person signed in. Without an audience it is for the cluster."""
        return self.authentication.grant(person, audience or (AUDIENCE,), lifetime_s)

    def identities(self) -> dict[str, dict[str, Any]]:
        return {person.key: {"id": person.key, "groups": list(person.groups)} for person in DEMO_PEOPLE}

    def _endpoint(self, operation: Operation) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                caller = self.authentication.caller(request)
                body = await read_body(request)
                now = self.clock()
                self.engine.settle(now)
                self.store.settle(now, self.settings)
                release, store = self.scenario.release, self.store
                return operation(Call(request, body, caller, release, store, self.searches, self.engine))
            except ProblemError as error:
                return error.response(request.url.path)

        return endpoint


async def _no_endpoint(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = "Method Not Allowed" if status == 405 else "Not Found"
    return problem(status, title, f"No endpoint {request.method} {request.url.path}.", request.url.path)


async def _status(request: Request) -> Response:
    """Answer without authentication, as the vendor does."""
    return Response(status_code=204)
