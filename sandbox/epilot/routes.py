"""The operation of each method and path."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Literal
from urllib.parse import unquote

from msgspec import Struct
from starlette.requests import Request

from sandbox.epilot.answers import Reply
from sandbox.epilot.operations import (
    AnalyticsOperations,
    FlowOperations,
    KanbanOperations,
    PeopleOperations,
    WorkflowOperations,
)
from sandbox.epilot.requests import Call

Api = Literal["workflow", "user", "kanban", "query"]

_FLOWS = "/v2/flows/executions"
_FLOW = _FLOWS + "/{execution_id}"
_TASK = _FLOW + "/tasks/{task_id}"
_FLOW_BODILESS = frozenset({401, 403, 404})
_WORKFLOWS = "/v1/workflows/executions"
_WORKFLOW = _WORKFLOWS + "/{execution_id}"
_USER_BODILESS = frozenset({403, 404, 422})


class Route(Struct, frozen=True):
    """`path` has names in braces. `bodiless` are the statuses for which the vendor describes no body."""

    method: str
    path: str
    operation: Callable[[Call], Reply]
    api: Api = "workflow"
    bodiless: frozenset[int] = frozenset()


class RouteTable:
    """Matches a path segment by segment, as it was sent: an encoded slash is part of an id."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: defaultdict[tuple[str, int], list[tuple[list[str], Route]]] = defaultdict(list)
        for route in routes:
            segments = route.path.split("/")
            self._by_length[route.method, len(segments)].append((segments, route))

    def find(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        """Return the first route that matches, with the decoded ids of the path."""
        raw = request.scope.get("raw_path") or request.scope["path"].encode()
        segments = [unquote(segment) for segment in raw.decode("latin-1").partition("?")[0].split("/")]
        for template, route in self._by_length.get((request.method, len(segments)), ()):
            ids: dict[str, str] = {}
            for wanted, segment in zip(template, segments, strict=True):
                if wanted.startswith("{"):
                    ids[wanted[1:-1]] = segment
                elif wanted != segment:
                    break
            else:
                return route, ids
        return None, {}


def flow_routes(flows: FlowOperations) -> list[Route]:
    return [
        Route("POST", _FLOWS, flows.start),
        Route("POST", _FLOWS + ":search", flows.search, bodiless=frozenset({401, 403})),
        Route("GET", _FLOW, flows.get, bodiless=_FLOW_BODILESS),
        Route("PATCH", _FLOW, flows.patch, bodiless=_FLOW_BODILESS),
        Route("DELETE", _FLOW, flows.delete, bodiless=_FLOW_BODILESS),
        Route("POST", _FLOW + "/tasks", flows.add_task),
        Route("PATCH", _FLOW + "/phases/{phase_id}", flows.patch_phase),
        Route("POST", _FLOW + "/schedules/{schedule_id}", flows.cancel_schedule),
        Route("PATCH", _TASK, flows.patch_task),
        Route("POST", _TASK + "/execute", flows.execute),
        Route("POST", _TASK + "/automation:run", flows.run_automation),
        Route("POST", _TASK + "/reconcile-automation", flows.reconcile),
        Route("DELETE", _TASK + "/schedule", flows.cancel_task_schedule),
        Route("POST", _TASK + "/schedule/run-now", flows.run_schedule),
    ]


def workflow_routes(workflows: WorkflowOperations) -> list[Route]:
    return [
        Route("GET", _WORKFLOWS, workflows.list),
        Route("POST", _WORKFLOWS, workflows.create),
        # Both searches come before the paths with an id, which would match them too.
        Route("POST", _WORKFLOWS + "/search", workflows.search),
        Route("POST", _WORKFLOWS + "/steps/search", workflows.search_steps),
        Route("GET", _WORKFLOW, workflows.get),
        Route("PATCH", _WORKFLOW, workflows.update),
        Route("DELETE", _WORKFLOW, workflows.delete, bodiless=frozenset({404})),
        Route("GET", _WORKFLOW + "/closing-reasons", workflows.reasons),
        Route("POST", _WORKFLOW + "/steps", workflows.create_step),
        Route("PATCH", _WORKFLOW + "/steps/{step_id}", workflows.update_step),
        Route("DELETE", _WORKFLOW + "/steps/{step_id}", workflows.delete_step),
    ]


def people_routes(people: PeopleOperations) -> Iterator[Route]:
    for method, path, operation in (
        ("GET", "/v2/users/me", people.me),
        ("GET", "/v2/users", people.list_users),
        ("GET", "/v2/users/{id}", people.get_user),
        ("GET", "/v2/users/{id}/groups", people.groups_of_user),
        ("GET", "/v1/users/me", people.me_v1),
        ("GET", "/v1/users", people.list_users_v1),
        ("GET", "/v1/users/{id}", people.get_user_v1),
        ("GET", "/v1/groups", people.list_groups),
        ("GET", "/v1/groups/{id}", people.get_group),
        ("POST", "/v1/groups/{id}/user:next", people.next_in_group),
    ):
        yield Route(method, path, operation, "user", _USER_BODILESS)


def query_routes(kanban: KanbanOperations, analytics: AnalyticsOperations) -> list[Route]:
    return [
        Route("POST", "/v1/kanban/query/flows:execute", kanban.execute, "kanban"),
        Route("GET", "/v1/kanban/query/flows:autocomplete", kanban.autocomplete, "kanban"),
        Route("POST", "/v2/query/domain/workflows:execute", analytics.execute, "query"),
        Route("GET", "/v2/query/workflows:autocomplete", analytics.autocomplete, "query"),
    ]
