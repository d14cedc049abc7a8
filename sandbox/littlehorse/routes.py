"""The operation of each method and path, with the status of its success."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from sandbox.littlehorse import requests
from sandbox.littlehorse.auth import Caller
from sandbox.littlehorse.operations import Bridge
from sandbox.littlehorse.records import Key

Operation = Callable[[Bridge, Caller, Request, bytes], Any]
"""Takes the request's body last. Returns the JSON of the answer, None for an answer without a body."""


def _key(request: Request) -> Key:
    return request.path_params["wf_run_id"], request.path_params["user_task_guid"]


def _id(request: Request) -> str | None:
    return request.headers.get("X-Request-Id")


def _comment(kind: str) -> Operation:
    def act(bridge: Bridge, caller: Caller, request: Request, body: bytes) -> Any:
        text = requests.json_object(body).get("comment") if kind != "COMMENT_DELETED" else None
        number = None if kind == "COMMENT_ADDED" else requests.integer(request.path_params, "comment_id")
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

ROUTES: tuple[tuple[str, str, int, Operation], ...] = (
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
    ("GET", "/admin/tasks", 200, lambda bridge, caller, request, body: bridge.all_tasks(caller, request.query_params)),
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
