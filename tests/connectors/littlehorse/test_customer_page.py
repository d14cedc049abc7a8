"""Every method on the customer's page: our client sends the same request as the vendor's own clients did when recorded."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from connectors.littlehorse import LittlehorseSettings
from connectors.littlehorse.client import LittlehorseClient, Side
from connectors.littlehorse.ids import TaskId
from connectors.sdk.http import FixedHeaders, Upstream

USER = Side(FixedHeaders({"Authorization": "Bearer person"}))
ADMIN = Side(FixedHeaders({"Authorization": "Bearer account"}), "/admin")
TASK = TaskId("workflow-456", "task-123")
PATH = "/default/tasks/workflow-456/task-123"
ADMIN_PATH = "/default/admin/tasks/workflow-456/task-123"
LIST: dict[str, str | int] = {
    "limit": 10,
    "status": "ASSIGNED",
    "earliest_start_date": "2024-01-01T00:00:00Z",
    "latest_start_date": "2024-12-31T23:59:59Z",
    "user_group_id": "group-456",
    "bookmark": "CAESBAgBEAE+/w==",
}
LIST_QUERY = (
    "limit=10&status=ASSIGNED&earliest_start_date=2024-01-01T00%3A00%3A00Z"
    "&latest_start_date=2024-12-31T23%3A59%3A59Z&user_group_id=group-456&bookmark=CAESBAgBEAE%2B%2Fw%3D%3D"
)
RESULT: dict[str, dict[str, object]] = {
    "approved": {"type": "BOOLEAN", "value": True},
    "comment": {"type": "STRING", "value": "Looks good!"},
}
RESULT_BODY = '{"approved":{"type":"BOOLEAN","value":true},"comment":{"type":"STRING","value":"Looks good!"}}'

Act = Callable[[LittlehorseClient], Awaitable[Any]]

METHODS: dict[str, tuple[Act, str, str]] = {
    # User methods
    "claimUserTask": (lambda c: c.claim(USER, TASK), f"POST {PATH}/claim", ""),
    "cancelUserTask": (lambda c: c.cancel(USER, TASK), f"POST {PATH}/cancel", ""),
    "completeUserTask": (lambda c: c.complete(USER, TASK, RESULT), f"POST {PATH}/result", RESULT_BODY),
    "getUserTask": (lambda c: c.get_task(USER, TASK), f"GET {PATH}", ""),
    "listUserTasks": (lambda c: c.list_my_tasks(USER, LIST), f"GET /default/tasks?{LIST_QUERY}", ""),
    "listUserGroups": (lambda c: c.list_groups(USER), "GET /default/groups", ""),
    # Admin methods
    "adminCancelUserTask": (lambda c: c.cancel(ADMIN, TASK), f"POST {ADMIN_PATH}/cancel", ""),
    "adminAssignUserTask": (
        lambda c: c.assign(ADMIN, TASK, user_id="user-789", group_id="group-123"),
        f"POST {ADMIN_PATH}/assign",
        '{"userId":"user-789","userGroup":"group-123"}',
    ),
    "adminAssignUserTask to a user": (
        lambda c: c.assign(ADMIN, TASK, user_id="user-789"),
        f"POST {ADMIN_PATH}/assign",
        '{"userId":"user-789","userGroup":""}',
    ),
    "adminAssignUserTask to a group": (
        lambda c: c.assign(ADMIN, TASK, group_id="group-123"),
        f"POST {ADMIN_PATH}/assign",
        '{"userId":"","userGroup":"group-123"}',
    ),
    "adminListUsers": (
        lambda c: c.list_users(ADMIN, {"first_result": 0, "max_results": 50}),
        "GET /default/admin/users?first_result=0&max_results=50",
        "",
    ),
    "adminListUserGroups": (lambda c: c.list_groups(ADMIN), "GET /default/admin/groups", ""),
    "adminListUserTaskDefNames": (
        lambda c: c.list_definitions(ADMIN, {"limit": 20, "bookmark": "next-page-token"}),
        "GET /default/admin/taskTypes?limit=20&bookmark=next-page-token",
        "",
    ),
    "adminGetUserTask": (lambda c: c.get_task(ADMIN, TASK), f"GET {ADMIN_PATH}", ""),
    "adminListUserTasks": (
        lambda c: c.list_all_tasks(ADMIN, {"type": "approval", **LIST, "user_id": "user-123"}),
        f"GET /default/admin/tasks?type=approval&{LIST_QUERY}&user_id=user-123",
        "",
    ),
    "adminCompleteUserTask": (lambda c: c.complete(ADMIN, TASK, RESULT), f"POST {ADMIN_PATH}/result", RESULT_BODY),
    # Not on the page, but in the vendor's present client
    "getClaimableTasks": (
        lambda c: c.list_claimable(USER, {"limit": 10, "user_group_id": "group-456"}),
        "GET /default/tasks/claimable?limit=10&user_group_id=group-456",
        "",
    ),
    "adminClaimUserTask": (lambda c: c.claim(ADMIN, TASK), f"POST {ADMIN_PATH}/claim", ""),
    "getUserTaskComments": (lambda c: c.list_comments(USER, TASK), f"GET {PATH}/comments", ""),
    "postUserTaskComment": (lambda c: c.add_comment(USER, TASK, "hi"), f"POST {PATH}/comment", '{"comment":"hi"}'),
    "editUserTaskComment": (
        lambda c: c.edit_comment(USER, TASK, "7", "hi"),
        f"PUT {PATH}/comment/7",
        '{"comment":"hi"}',
    ),
    "deleteUserTaskComment": (lambda c: c.delete_comment(USER, TASK, "7"), f"DELETE {PATH}/comment/7", ""),
    "getMyUserInfo": (lambda c: c.get_me(USER), "GET /default/userInfo", ""),
    "getUserInfo": (lambda c: c.get_user(ADMIN, "user-789"), "GET /default/admin/users/user-789", ""),
    "checkConnection": (lambda c: c.check_connection(USER), "GET /default/init", ""),
    "getIdentityProviderConfig": (lambda c: c.check_tenant(), "GET /config/default", ""),
}


@pytest.mark.parametrize("method", METHODS)
async def test_a_method_on_the_page_is_one_request(settings: LittlehorseSettings, method: str) -> None:
    """Values are percent-encoded once; a request has a Content-Type if it has a body."""
    act, line, body = METHODS[method]
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        if request.method == "POST" and "/comment" not in request.url.path:
            return httpx2.Response(204, stream=httpx2.ByteStream(b""))
        return httpx2.Response(200, stream=httpx2.ByteStream(b"[]" if "comments" in str(request.url) else ANY))

    upstream = Upstream(settings, transport=httpx2.MockTransport(answer))
    await act(LittlehorseClient(upstream, "default"))
    await upstream.aclose()
    [request] = seen
    token = (
        None if method == "getIdentityProviderConfig" else "Bearer account" if "/admin/" in line else "Bearer person"
    )

    assert line == f"{request.method} {request.url.raw_path.decode()}"
    assert body == request.content.decode()
    assert ("application/json" if body else None) == request.headers.get("content-type")
    assert token == request.headers.get("authorization")


# Fits every answer of the bridge.
ANY = (
    b'{"id":"task-123","wfRunId":"workflow-456","userTasks":[],"userTaskDefNames":[],"users":[],"groups":[],'
    b'"providers":[],"bookmark":null,"event":{"commentId":7}}'
)


@pytest.mark.parametrize(("tenant", "first"), [("default", "default"), ("acme corp", "acme%20corp"), ("%41", "%2541")])
async def test_a_tenant_is_one_part_of_the_path(settings: LittlehorseSettings, tenant: str, first: str) -> None:
    """Special characters in it are percent-encoded, as in the ids of run and task."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path.decode())
        return httpx2.Response(200, stream=httpx2.ByteStream(ANY))

    upstream = Upstream(settings, transport=httpx2.MockTransport(answer))
    await LittlehorseClient(upstream, tenant).get_task(USER, TaskId("a/b", "?x"))
    await upstream.aclose()

    assert [f"/{first}/tasks/a%2Fb/%3Fx"] == seen
