"""The data record, comments and activities of a task."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from connectors.sdk.commands import AddComment
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import (
    ActivityType,
    DetailAspect,
    Task,
    TaskDetail,
    TaskKind,
    TaskState,
    UserRef,
)
from connectors.uipath import UiPathConnector
from connectors.uipath.details import ACTIVITIES
from tests.connectors.uipath.tenant import NOW, Tenant

Scripted = Callable[..., UiPathConnector]
EVERYTHING = frozenset(DetailAspect)
TASK = Task(
    source="uipath",
    native_id="828-101",
    title="Review",
    state=TaskState.READY,
    rule="uipath.unassigned",
    kind=TaskKind.FORM,
    native_type="FormTask",
    native_state="Unassigned",
    url="https://uipath.test/101",
    fetched_at=NOW,
)


def answering(body: dict[str, Any]) -> tuple[list[httpx2.Request], Callable[[httpx2.Request], httpx2.Response]]:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        if "/odata/" in request.url.path:
            return httpx2.Response(200, json={"value": []})
        return httpx2.Response(200, json={"id": 101, **body})

    return asked, answer


@pytest.mark.parametrize(
    ("native_type", "kind", "path", "extra"),
    [
        ("FormTask", TaskKind.FORM, "forms/TaskForms/GetTaskFormById", {"expandOnFormLayout": "true"}),
        ("AppTask", TaskKind.APP, "tasks/AppTasks/GetAppTaskById", {}),
        ("ExternalTask", TaskKind.EXTERNAL, "tasks/GenericTasks/GetTaskDataById", {}),
        ("DocumentValidationTask", TaskKind.DOCUMENT, "tasks/GenericTasks/GetTaskDataById", {}),
        ("QuickFormTask", TaskKind.UNKNOWN, "tasks/GenericTasks/GetTaskDataById", {}),
        (None, TaskKind.UNKNOWN, "tasks/GenericTasks/GetTaskDataById", {}),
    ],
)
async def test_the_full_record_is_read_by_the_path_of_its_type(
    scripted: Scripted, native_type: str | None, kind: TaskKind, path: str, extra: dict[str, str]
) -> None:
    """With the task's folder in a header."""
    asked, answer = answering({})
    task = replace(TASK, native_type=native_type, kind=kind)
    await scripted(answer).get_detail(task, {DetailAspect.DATA})

    assert [f"/acme/DefaultTenant/orchestrator_/{path}"] == [request.url.path for request in asked]
    assert {"taskId": "101", **extra} == dict(asked[0].url.params)
    assert "828" == asked[0].headers["x-uipath-organizationunitid"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"Amount": 12345678901234567890, "Nested": {"Id": 1}}, {"Amount": 12345678901234567890, "Nested": {"Id": 1}}),
        ('{"Amount": 1.10}', {"Amount": Decimal("1.10")}),
        ("[1]", [1]),
        ("plain", "plain"),
        ("{broken", "{broken"),
        (None, None),
    ],
)
async def test_data_stays_what_it_is(scripted: Scripted, data: object, expected: object) -> None:
    """Keys keep their case and numbers their digits. JSON in a text is read."""
    _, answer = answering({"data": data})

    assert expected == (await scripted(answer).get_detail(TASK, {DetailAspect.DATA})).data


async def test_without_a_known_aspect_there_is_no_call(scripted: Scripted) -> None:
    """This vendor has no description."""
    asked, answer = answering({})

    assert TaskDetail() == await scripted(answer).get_detail(TASK, {DetailAspect.DESCRIPTION})
    assert [] == asked


async def test_a_record_without_its_id_is_malformed(scripted: Scripted) -> None:
    """Also if its other members fit."""
    with pytest.raises(MalformedResponseError):
        await scripted(lambda request: httpx2.Response(200, json={"data": {}})).get_detail(TASK, {DetailAspect.DATA})


async def test_long_histories_are_read_page_by_page(scripted: Scripted) -> None:
    """In the order of their ids. A repeated note is dropped."""
    asked: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        skip = int(request.url.params["$skip"])
        asked.append((request.url.params["$orderby"], str(skip)))
        assert "828" == request.headers["x-uipath-organizationunitid"]
        count = 500 if skip == 0 else 3
        rows = [{"Id": skip + number, "Text": "n"} for number in range(1, count + 1)]
        return httpx2.Response(200, json={"value": [*rows[:-1], rows[0]] if skip else rows})

    detail = await scripted(answer).get_detail(TASK, {DetailAspect.COMMENTS})

    assert 502 == len(detail.comments or ())
    assert [("Id asc", "0"), ("Id asc", "500")] == asked


@pytest.mark.parametrize(
    ("native", "kind"),
    [*ACTIVITIES.items(), ("Escalated", ActivityType.OTHER), (0, ActivityType.CREATED), (99, ActivityType.OTHER)],
)
async def test_activities_have_a_type_of_the_model(scripted: Scripted, native: str | int, kind: ActivityType) -> None:
    """With actor, target, time and the text of the note. An activity without a time is dropped."""
    row = {
        "ActivityType": native,
        "CreatorUser": {"Id": 7, "Name": "Ana"},
        "TargetUserId": 8,
        "TaskNote": {"Id": 1, "Text": "Hello"},
        "CreationTime": "2026-06-15T09:00:00Z",
    }

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"value": [row, {"ActivityType": native}]})

    found = (await scripted(answer).get_detail(TASK, {DetailAspect.ACTIVITIES})).activities or ()

    assert [(kind, UserRef(native_id="7", name="Ana"), UserRef(native_id="8"), "Hello", NOW)] == [
        (each.type, each.actor, each.target, each.message, each.at) for each in found
    ]


async def test_a_task_of_the_stand_in_shows_everything(tenant: Tenant) -> None:
    """Comments and activities for each type, and fields for a Form."""
    tasks = {task.native_type: task for task in await tenant.drain() if task.is_open}
    for native_type, task in tasks.items():
        await tenant.connector.perform(AddComment(task=task, text="Asked the supplier"))
        detail = await tenant.connector.get_detail(task, EVERYTHING)

        assert "Asked the supplier" == (detail.comments or ())[-1].text
        assert ActivityType.CREATED is (detail.activities or ())[0].type
        assert (native_type == "FormTask") == bool(detail.form is not None and detail.form.fields)
    assert {"FormTask", "ExternalTask", "AppTask"} <= tasks.keys()
