"""The bridge's refusals as errors, in both forms of an error body and without a body."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

import connectors.littlehorse
from connectors.littlehorse import LittlehorseConnector
from connectors.sdk import errors
from connectors.sdk.commands import Cancel
from connectors.sdk.model import Task, TaskState
from connectors.sdk.query import TaskQuery
from tests.connectors.littlehorse.conftest import NOW

Scripted = Callable[..., LittlehorseConnector]


@pytest.fixture
def task() -> Task:
    return Task(source="bridge", native_id="r:0-1", title="t", state=TaskState.READY, rule="", fetched_at=NOW)


def boot(status: int, message: str | None = None) -> httpx2.Response:
    """Spring Boot's own error."""
    body = {"timestamp": "2026-06-15T09:00:00Z", "status": status, "error": "x", "path": "/default/tasks"}
    return httpx2.Response(status, json=body if message is None else {**body, "message": message})


def problem(status: int, detail: str | None = None) -> httpx2.Response:
    body: dict[str, Any] = {"type": "about:blank", "title": "x", "status": status, "instance": "/default/tasks"}
    content = msgspec.json.encode(body if detail is None else {**body, "detail": detail})
    return httpx2.Response(status, content=content, headers={"Content-Type": "application/problem+json"})


def empty(status: int, challenge: str) -> httpx2.Response:
    return httpx2.Response(status, headers={"WWW-Authenticate": challenge})


OTHER_OWNER = "Current user is forbidden from accessing this UserTask information"
OTHER_OWNER_OR_GROUP = "Current user/userGroup is forbidden from accessing this UserTask information"
REFUSALS = [
    (boot(500, "NOT_FOUND: Specified UserTaskRun does not exist!"), errors.NotFoundError, False),
    (boot(500, "Could not find UserTaskRun!"), errors.NotFoundError, False),
    (boot(500, OTHER_OWNER), errors.AlreadyAssignedError, False),
    (boot(500, OTHER_OWNER_OR_GROUP), errors.AlreadyAssignedError, False),
    (boot(401, OTHER_OWNER), errors.AlreadyAssignedError, False),
    (problem(401, OTHER_OWNER_OR_GROUP), errors.AlreadyAssignedError, False),
    (boot(500, "UNAVAILABLE: io exception"), errors.UnavailableError, True),
    (boot(500), errors.UnavailableError, True),
    (problem(500), errors.UnavailableError, True),
    (problem(401), errors.UnauthenticatedError, False),
    (boot(401, "Invalid token"), errors.UnauthenticatedError, False),
    (empty(401, 'Bearer error="invalid_token"'), errors.UnauthenticatedError, False),
    (empty(403, 'Bearer error="insufficient_scope"'), errors.ForbiddenError, False),
    (boot(403, "The user is not a member of the group"), errors.ForbiddenError, False),
    (boot(403, "The UserTask you are trying to complete is already DONE or CANCELLED"), errors.ConflictError, False),
    (boot(403, "The UserTask you are trying to cancel is already DONE or CANCELLED"), errors.ConflictError, False),
    (problem(404), errors.NotFoundError, False),
    (boot(404, "User not found"), errors.NotFoundError, False),
    (boot(409, "UserTaskRun cannot be claimed!"), errors.AlreadyAssignedError, False),
    (boot(409, "FAILED_PRECONDITION: x"), errors.ConflictError, False),
    (boot(412, "FAILED_PRECONDITION: x"), errors.ConflictError, False),
    (boot(400, "INVALID_ARGUMENT: x"), errors.ValidationFailedError, False),
    (httpx2.Response(429, headers={"Retry-After": "7"}), errors.RateLimitedError, False),
    (httpx2.Response(502, text="<html>"), errors.UnavailableError, True),
    (httpx2.Response(500, content=b"\xff{"), errors.UnavailableError, True),
    (httpx2.Response(500, json=["NOT_FOUND"]), errors.UnavailableError, True),
    (httpx2.Response(500, json={"message": 1}), errors.UnavailableError, True),
]


@pytest.mark.parametrize(("response", "expected", "maybe_applied"), REFUSALS)
async def test_a_refusal_is_its_error(
    scripted: Scripted,
    task: Task,
    response: httpx2.Response,
    expected: type[errors.ConnectorError],
    maybe_applied: bool,
) -> None:
    """By status, and by its text if the status is not enough. Only a write may have been applied."""
    connector = scripted(lambda _: response)

    with pytest.raises(errors.ConnectorError) as written:
        await connector.perform(Cancel(task=task))
    with pytest.raises(errors.ConnectorError) as read:
        await connector.list_tasks(TaskQuery(), limit=1)

    assert (expected, expected) == (type(written.value), type(read.value))
    assert (maybe_applied, False) == (written.value.maybe_applied, read.value.maybe_applied)
    await connector.aclose()


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (httpx2.Response(403, text="<html>"), errors.ForbiddenError),
        (httpx2.Response(404), errors.NotFoundError),
        (httpx2.Response(409, json={"message": "UserTaskRun cannot be claimed!"}), errors.AlreadyAssignedError),
        (httpx2.Response(418, json={}), errors.RejectedError),
    ],
)
async def test_a_refusal_in_another_form_leaves_a_write_open(
    scripted: Scripted, task: Task, response: httpx2.Response, expected: type[errors.ConnectorError]
) -> None:
    """Both forms of the bridge repeat the status. A read is refused by its status."""
    connector = scripted(lambda _: response)

    with pytest.raises(errors.MalformedResponseError) as written:
        await connector.perform(Cancel(task=task))
    with pytest.raises(expected):
        await connector.list_tasks(TaskQuery(), limit=1)

    assert written.value.maybe_applied
    await connector.aclose()


async def test_a_bridge_without_an_adapter_lacks_a_verb_and_breaks_a_list(scripted: Scripted, task: Task) -> None:
    """406. A list is not empty because it cannot be read: the operator is told which option is wrong."""
    connector = scripted(lambda _: boot(406))
    with pytest.raises(errors.UnsupportedActionError):
        await connector.perform(Cancel(task=task))
    for read in (connector.list_tasks(TaskQuery(), limit=1), connector.list_users(limit=1)):
        with pytest.raises(errors.BrokenError, match="identity_adapter"):
            await read
    await connector.aclose()


GROUPLESS = (
    "Cannot assign Task to non-existent group, nor can the Task be assigned to an existing group that the "
    "requested user is not a member of."
)


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("Cannot assign Task to non-existent user.", ("userId",), "no such user"),
        (
            GROUPLESS,
            ("groupId",),
            "not a member",
        ),
        (
            "Mandatory Field(s): a, b contain invalid inputs (null or whitespace-only values)",
            ("data",),
            "a, b must not be blank",
        ),
        ("INVALID_ARGUMENT: [x,y] are mandatory fields", ("data",), "x, y are required"),
        (
            "INVALID_ARGUMENT: Field [name = x, type = STR] is not defined in UserTask schema or has different type",
            ("data",),
            "x does not fit",
        ),
        ("JSON parse error: value my-secret-value", (), "status 400"),
    ],
)
async def test_an_invalid_request_says_what_to_change(
    scripted: Scripted, task: Task, text: str, field: tuple[str, ...], said: str
) -> None:
    """In our words: the bridge's text may repeat what was sent."""
    connector = scripted(lambda _: boot(400, text))

    with pytest.raises(errors.ValidationFailedError) as caught:
        await connector.perform(Cancel(task=task))
    assert field == caught.value.field
    assert said in caught.value.message
    assert "my-secret-value" not in str(caught.value)
    await connector.aclose()


async def test_names_in_a_refusal_are_short_and_printable(scripted: Scripted, task: Task) -> None:
    """A hostile bridge cannot write control characters into logs."""
    connector = scripted(lambda _: boot(400, f"INVALID_ARGUMENT: [a\x1b[31m\u202e{'b' * 5000}] are mandatory fields"))

    with pytest.raises(errors.ValidationFailedError) as caught:
        await connector.perform(Cancel(task=task))
    assert len(caught.value.message) < 300
    assert caught.value.message.isprintable()
    await connector.aclose()


@pytest.mark.parametrize(
    ("name", "response", "code"),
    [
        ("UnauthorizedError", problem(401), "UNAUTHENTICATED"),
        ("ForbiddenError", empty(403, 'Bearer error="insufficient_scope"'), "FORBIDDEN"),
        ("ForbiddenError", boot(401, OTHER_OWNER), "ALREADY_ASSIGNED"),
        ("TaskStateError", boot(403, "The UserTask ... is already DONE or CANCELLED"), "INVALID_STATE"),
        ("AssignmentError", boot(409, "UserTaskRun cannot be claimed!"), "ALREADY_ASSIGNED"),
        ("AssignmentError", boot(400, "Cannot assign Task to non-existent user."), "VALIDATION_FAILED"),
        ("NotFoundError", boot(500, "NOT_FOUND: x"), "NOT_FOUND"),
        ("PreconditionFailedError", boot(412), "INVALID_STATE"),
        ("ValidationError", boot(400), "VALIDATION_FAILED"),
    ],
)
async def test_each_error_of_the_customers_page_has_its_code(
    scripted: Scripted, task: Task, name: str, response: httpx2.Response, code: str
) -> None:
    """For a write, as in the table of the README."""
    connector = scripted(lambda _: response)
    with pytest.raises(errors.ConnectorError) as caught:
        await connector.perform(Cancel(task=task))
    await connector.aclose()
    table = (Path(connectors.littlehorse.__file__).parent / "README.md").read_text(encoding="utf-8")
    [row] = [line for line in table.splitlines() if line.startswith(f"| {name} |")]

    assert code == caught.value.code
    assert code in row
