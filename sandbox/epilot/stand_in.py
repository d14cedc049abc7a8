"""The stand-in for epilot: finds the operation, checks the token, answers as the API does to which it belongs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox import people
from sandbox.epilot import access
from sandbox.epilot.analytics import AnalyticsOperations
from sandbox.epilot.calls import Call, Reply, Route
from sandbox.epilot.directory import IDS_BY_KEY, TIME_ZONE, USERS
from sandbox.epilot.entities import title_of
from sandbox.epilot.flow_operations import FlowOperations
from sandbox.epilot.kanban import Kanban
from sandbox.epilot.large_answers import PREFIX, LargeAnswers
from sandbox.epilot.people_operations import PeopleOperations
from sandbox.epilot.projection import Row, flow_rows
from sandbox.epilot.refusals import RefusalError, refused, too_many_requests
from sandbox.epilot.sample import made
from sandbox.epilot.store import FlowStore
from sandbox.epilot.workflow_operations import WorkflowOperations
from sandbox.epilot.workflows import Workflows
from sandbox.stand_in import Clock, StandIn, utc_now

OPERATIONS = "operations"
OPERATIONS_NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)

_READS = (":search", "/search", ":execute")


class EpilotStandIn(StandIn):
    """The workflow execution, user, kanban and query APIs of one organisation, on one origin.

    `read_lag_ms` holds for the kanban and query APIs only: the others show a change at once.
    """

    vendor: ClassVar[str] = "epilot"

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(clock=clock)
        self.large_answers = LargeAnswers()
        self.reset(tasks=0, seed=0, now=None, scenario=None)

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Make fresh data; the one scenario is "operations", whose own time is used where none is given."""
        if scenario not in (None, OPERATIONS):
            raise ValueError(f"no scenario {scenario!r}: there is {OPERATIONS!r}")
        moment = (now or (OPERATIONS_NOW if scenario else self.clock())).astimezone(UTC)
        sample = made(tasks, seed, moment, operations=scenario is not None)
        self.flows = FlowStore(flow_rows(title_of), sample.new_id)
        self.flows.engine.take_over(sample.engine)
        for flow in sample.flows:
            self.flows.put(flow, moment, timedelta(0))
        self.workflows = Workflows()
        for workflow in sample.workflows:
            self.workflows.put(workflow)
        self._routes = _Routes(
            (
                *FlowOperations(self.flows, self.effects, self.settings).routes(),
                *WorkflowOperations(self.workflows, self.effects, sample.new_id).routes(),
                *PeopleOperations().routes(),
                *Kanban(self._rows).routes(),
                *AnalyticsOperations(self._rows).routes(),
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
            "credentials": {"kind": "bearer", "token": access.access_token()},
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
        caller = access.caller_of(
            headers.get("authorization"), headers.get("x-epilot-org-id"), headers.get("x-request-id"), now
        )
        if route is None:
            raise RefusalError(404, "Not Found")
        self.flows.settle(now, timedelta(milliseconds=self.settings.read_lag_ms))
        return route.operation(Call(caller, ids, _query(request), content, now))


class _Routes:
    """Finds a route piece by piece, in the path as it was sent: an encoded slash is part of an id."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: defaultdict[tuple[str, int], list[tuple[list[str], Route]]] = defaultdict(list)
        for route in routes:
            pieces = route.path.split("/")
            self._by_length[route.method, len(pieces)].append((pieces, route))

    def find(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        raw = request.scope.get("raw_path") or request.scope["path"].encode()
        pieces = [unquote(piece) for piece in raw.decode("latin-1").partition("?")[0].split("/")]
        for template, route in self._by_length.get((request.method, len(pieces)), ()):
            ids: dict[str, str] = {}
            for wanted, piece in zip(template, pieces, strict=True):
                if wanted.startswith("{"):
                    ids[wanted[1:-1]] = piece
                elif wanted != piece:
                    break
            else:
                return route, ids
        return None, {}


def _query(request: Request) -> dict[str, str]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True):
        values[name].append(value)
    return {name: ",".join(found) for name, found in values.items()}


def _answer(reply: Reply) -> Response:
    return Response(reply.content, reply.status, media_type="application/json" if reply.content else None)
