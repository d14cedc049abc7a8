"""The vendor's HTTP interface over engine and store."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.camunda import cluster_endpoints, directory_endpoints, instance_endpoints, seeding, task_endpoints
from sandbox.camunda.authentication import AUDIENCE, CLIENT_ID, CLIENT_SECRET, TOKEN_PATH, Authentication
from sandbox.camunda.call import Answer, Call, Endpoint, read_body
from sandbox.camunda.engine import Engine
from sandbox.camunda.listeners import deployed
from sandbox.camunda.problems import ProblemError, problem
from sandbox.camunda.processes import FIRST_FREE_KEY
from sandbox.camunda.release import RELEASES, Release
from sandbox.camunda.scenario import Method, Scenario
from sandbox.camunda.searchables import Searchables
from sandbox.camunda.store import Store
from sandbox.people import DEMO_PEOPLE
from sandbox.stand_in import Clock, StandIn, utc_now

USER = PASSWORD = "demo"  # noqa: S105 # as Camunda 8 Run has it


class CamundaStandIn(StandIn):
    """`release` is the server's minor version, `authentication` how callers prove who they are, until a reset says otherwise.

    `listeners` are the task listeners: a test may add its own by element id and event; a reset brings back those deployed.
    """

    vendor = "camunda"

    def __init__(self, *, clock: Clock = utc_now, release: str = "8.9", authentication: Method = "basic") -> None:
        super().__init__(clock=clock)
        self._usual = Scenario(RELEASES[release], authentication)
        self._make(self._usual, seeding.Seeded([], [], FIRST_FREE_KEY, 0), 0)

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Make fresh data; the operations have a time of their own, used where none is given."""
        wanted = self._usual.with_words(scenario)
        moment = now or (seeding.OPERATIONS_NOW if wanted.operations else self.clock())
        self._make(wanted, seeding.seeded(tasks, seed, moment, wanted), seed)

    def _make(self, scenario: Scenario, data: seeding.Seeded, seed: int) -> None:
        self.scenario = scenario
        self.listeners = deployed()
        self.store = Store(seed, scenario.release, data.tasks, data.instances)
        self.searchables = Searchables(self.store)
        self.engine = Engine(data, self.store, self.listeners, self.clock, self.effects)
        self.authentication = Authentication(scenario, self.clock, (USER, PASSWORD))
        self._app = Starlette(
            routes=[
                *(Route(f"/v2{path}", self._endpoint(answer), methods=[method]) for method, path, answer in _endpoints(scenario.release)),
                Route("/v2/status", _status),
                Route(TOKEN_PATH, self.authentication.token, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _no_endpoint},
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        """Give what a proxy before the cluster would: the server itself documents no 429."""
        response = problem(429, "Too Many Requests", "Too many requests, try again later.", "/v2")
        response.headers.update({"Retry-After": str(retry_after_s), **headers})
        return response

    def is_write(self, method: str, path: str) -> bool:
        return method != "GET" and not path.endswith("/search") and path != TOKEN_PATH

    def source_config(self, base_url: str) -> dict[str, Any]:
        credentials: dict[Method, dict[str, str]] = {
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

    def identities(self) -> dict[str, dict[str, Any]]:
        return {person.key: {"id": person.key, "groups": list(person.groups)} for person in DEMO_PEOPLE}

    def _endpoint(self, answer: Answer) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                caller = self.authentication.caller(request)
                body = await read_body(request)
                now = self.clock()
                self.engine.settle(now)
                self.store.settle(now, self.settings)
                release, store = self.scenario.release, self.store
                return answer(Call(request, body, caller, release, store, self.searchables, self.engine))
            except ProblemError as error:
                return error.response(request.url.path)

        return endpoint


def _endpoints(release: Release) -> list[Endpoint]:
    return [
        *task_endpoints.ENDPOINTS,
        *((task_endpoints.EFFECTIVE_VARIABLES,) if release.has_effective_variables else ()),
        *((task_endpoints.AUDIT_LOGS,) if release.has_audit_logs else ()),
        *instance_endpoints.ENDPOINTS,
        *(instance_endpoints.SUSPENSION if release.has_suspension else ()),
        *directory_endpoints.ENDPOINTS,
        *cluster_endpoints.ENDPOINTS,
    ]


async def _no_endpoint(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = "Method Not Allowed" if status == 405 else "Not Found"
    return problem(status, title, f"No endpoint {request.method} {request.url.path}.", request.url.path)


async def _status(request: Request) -> Response:
    """Answer without authentication, as the vendor does."""
    return Response(status_code=204)
