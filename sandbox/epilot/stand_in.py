"""The application of the stand-in for epilot: the operation, the token, then the answer in the manner of its API."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox import people
from sandbox.epilot.answers import PREFIX, LargeAnswers, Reply
from sandbox.epilot.auth import access_token, caller_of
from sandbox.epilot.directory import IDS_BY_KEY, TIME_ZONE, USERS
from sandbox.epilot.errors import RefusalError, refused, too_many_requests
from sandbox.epilot.operations import (
    AnalyticsOperations,
    FlowOperations,
    KanbanOperations,
    PeopleOperations,
    WorkflowOperations,
)
from sandbox.epilot.requests import Call
from sandbox.epilot.routes import Route, RouteTable, flow_routes, people_routes, query_routes, workflow_routes
from sandbox.epilot.sample import make_sample, title_of
from sandbox.epilot.search import Row, flow_rows
from sandbox.epilot.store import FlowStore, WorkflowStore
from sandbox.stand_in import Clock, StandIn, utc_now

OPERATIONS = "operations"
OPERATIONS_NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)

_READS = (":search", "/search", ":execute")


class EpilotStandIn(StandIn):
    """The workflow execution, user, kanban and query APIs of one organisation, on one origin.

    `read_lag_ms` applies to the kanban and query APIs only. The others show a change at once.
    """

    vendor: ClassVar[str] = "epilot"

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self.large_answers = LargeAnswers()
        self.reset(tasks=0, seed=0, now=None, scenario=None)

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Make fresh data. The only scenario is "operations", at its own time unless `now` is given."""
        if scenario not in (None, OPERATIONS):
            raise ValueError(f"no scenario {scenario!r}: there is {OPERATIONS!r}")
        moment = (now or (OPERATIONS_NOW if scenario else self.clock())).astimezone(UTC)
        sample = make_sample(tasks, seed, moment, operations=scenario is not None)
        self.flows = FlowStore(flow_rows(title_of), sample.new_id)
        self.flows.engine.take_over(sample.engine)
        for flow in sample.flows:
            self.flows.put(flow, moment, timedelta(0))
        self.workflows = WorkflowStore()
        for workflow in sample.workflows:
            self.workflows.put(workflow)
        self._routes = RouteTable(
            (
                *flow_routes(FlowOperations(self.flows, self.effects, self.settings)),
                *workflow_routes(WorkflowOperations(self.workflows, self.effects, sample.new_id)),
                *people_routes(PeopleOperations()),
                *query_routes(KanbanOperations(self._rows), AnalyticsOperations(self._rows)),
            )
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = await self._response(request)
        await response(scope, receive, send)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        response = too_many_requests(retry_after_s)
        response.headers.update(headers)
        return response

    def is_write(self, method: str, path: str) -> bool:
        return method != "GET" and not unquote(path).endswith(_READS)

    def source_config(self, base_url: str) -> dict[str, Any]:
        return {
            "key": "epilot",
            "name": "epilot",
            "vendor": self.vendor,
            "base_url": base_url,
            "acts_as": "service",
            "credentials": {"kind": "bearer", "token": access_token()},
            "options": {"user_url": base_url, "kanban_url": base_url, "query_url": base_url},
            "time_zone": TIME_ZONE,
        }

    def identities(self) -> dict[str, dict[str, Any]]:
        return {
            person.key: {"id": IDS_BY_KEY[person.key], "groups": list(USERS[IDS_BY_KEY[person.key]].groups)}
            for person in people.DEMO_PEOPLE
        }

    def _rows(self, now: datetime) -> Iterable[Row]:
        return self.flows.rows.all(now)

    async def _response(self, request: Request) -> Response:
        if request.url.path.startswith(PREFIX):
            return self.large_answers.fetched(request)
        route, ids = self._routes.find(request)
        try:
            reply = self._reply(request, route, ids, await request.body())
        except RefusalError as refusal:
            described = refusal.described and (route is None or refusal.status not in route.bodiless)
            return refused(refusal, api="workflow" if route is None else route.api, described=described)
        return self.large_answers.answered(request, reply.content, _answer(reply))

    def _reply(self, request: Request, route: Route | None, ids: Mapping[str, str], content: bytes) -> Reply:
        now, headers = self.clock(), request.headers
        caller = caller_of(
            headers.get("authorization"), headers.get("x-epilot-org-id"), headers.get("x-request-id"), now
        )
        if route is None:
            raise RefusalError(404, "Not Found")
        self.flows.settle(now, timedelta(milliseconds=self.settings.read_lag_ms))
        return route.operation(Call(caller, ids, _query(request), content, now))


def _query(request: Request) -> dict[str, str]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True):
        values[name].append(value)
    return {name: ",".join(found) for name, found in values.items()}


def _answer(reply: Reply) -> Response:
    return Response(reply.content, reply.status, media_type="application/json" if reply.content else None)
