"""Refusals of the vendor."""

from collections.abc import Callable

import httpx2
import pytest

from connectors.sdk.commands import (
    AddComment,
    Assign,
    DeleteTask,
    Release,
)
from connectors.sdk.errors import (
    ConflictError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    ValidationFailedError,
)
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.vendor import PENDING, TASK, Vendor

Scripted = Callable[..., UiPathConnector]


def refused(code: int | str | None, task: int | None = 101) -> httpx2.Response:
    entry = {"TaskId": task, "UserId": 7, "ErrorCode": code, "ErrorMessage": "No.", "UserNameOrEmail": None}
    return httpx2.Response(200, json={"value": [entry]})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1002, NotFoundError),
        ("1002", NotFoundError),
        (1100, ForbiddenError),
        (1000, ConflictError),
        (2451, ConflictError),
        (None, ConflictError),
    ],
)
async def test_an_entry_inside_a_200_is_a_refusal(
    scripted: Scripted, code: int | str | None, kind: type[RejectedError]
) -> None:
    """The code decides the class of the error. Nothing was applied."""
    vendor = Vendor(UnassignTasks=refused(code))
    with pytest.raises(kind) as caught:
        await scripted(vendor).perform(Release(task=PENDING))

    assert (kind, None if code is None else str(code)) == (type(caught.value), caught.value.native_code)
    assert not caught.value.maybe_applied


async def test_an_entry_in_camel_case_is_a_refusal_too(scripted: Scripted) -> None:
    """OData answers may have either letter case."""
    vendor = Vendor(DeleteTasks=httpx2.Response(200, json={"Value": [{"taskId": 101, "errorCode": 1002}]}))
    with pytest.raises(NotFoundError):
        await scripted(vendor, allow_delete=True).perform(DeleteTask(task=TASK))


@pytest.mark.parametrize(
    "answer",
    [
        refused(1000, task=102),
        refused(1000, task=None),
        httpx2.Response(200, json={"value": [{"TaskId": 101, "ErrorCode": None, "ErrorMessage": None}]}),
        httpx2.Response(200, json={"value": [{"TaskId": 101, "ErrorCode": "", "ErrorMessage": ""}]}),
        httpx2.Response(200, json={}),
        httpx2.Response(200, json={"value": None}),
        httpx2.Response(200, json={"value": [5]}),
        httpx2.Response(200, json=[]),
        httpx2.Response(204),
        httpx2.Response(200, content=b"<html>"),
    ],
)
async def test_an_unclear_answer_may_be_applied(scripted: Scripted, answer: httpx2.Response) -> None:
    """An entry for another task, one without a number and a reason, an answer without a list, one that is not JSON."""
    vendor = Vendor(AssignTasks=answer)
    with pytest.raises(MalformedResponseError) as caught:
        await scripted(vendor).perform(Assign(task=TASK, user_id="7"))

    assert caught.value.maybe_applied


async def test_a_refusal_repeats_no_secret(scripted: Scripted) -> None:
    """The vendor's message is quoted, shortened and without control characters, unless it may contain a token."""
    for said, shown in (
        ("User\x00 has no permission" + "!" * 300, True),
        ("token eyJhbGciOiJIUzI1NiJ9", False),
        ("rt_secret", False),
    ):
        body = {"message": said, "errorCode": 1000, "traceId": "00-1"}
        vendor = Vendor(CreateTaskNote=httpx2.Response(400, json=body))
        with pytest.raises(ValidationFailedError) as caught:
            await scripted(vendor).perform(AddComment(task=TASK, text="Hello"))

        assert shown == ("has no permission" in str(caught.value))
        assert len(str(caught.value)) < 300
        assert str(caught.value).isprintable()
        assert "1000" == caught.value.native_code


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            httpx2.Response(429, headers={"Retry-After": "3"}, json={"message": "Too many", "errorCode": 1}),
            RateLimitedError,
        ),
        (httpx2.Response(502, content=b"<html>"), UnavailableError),
        (httpx2.Response(400, json={"message": "x", "errorCode": {"a": 1}}), ValidationFailedError),
        (httpx2.Response(400, content=b"[" * 5000), ValidationFailedError),
    ],
)
async def test_the_status_decides_for_the_answer_of_a_proxy(
    scripted: Scripted, answer: httpx2.Response, kind: type[Exception]
) -> None:
    """Its body may have any form."""
    with pytest.raises(kind):
        await scripted(lambda request: answer).ping()
