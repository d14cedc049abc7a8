"""The full record, notes and history of a task."""

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
    FormFieldType,
    FormKind,
    OutcomeNature,
    Requirement,
    Task,
    TaskDetail,
    TaskKind,
    TaskState,
    UserRef,
)
from connectors.uipath import UiPathConnector
from connectors.uipath.detail import ACTIVITIES
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
LAYOUT: dict[str, Any] = {
    "components": [
        {"type": "htmlelement", "key": "title", "input": False},
        {
            "type": "columns",
            "key": "columns",
            "input": False,
            "columns": [
                {"components": [{"type": "textfield", "key": "name", "label": "Name", "validate": {"required": True}}]},
                {"components": [{"type": "number", "key": "sum", "input": True, "description": "In euros"}]},
            ],
        },
        {"type": "select", "key": "grade", "data": {"values": [{"value": "a", "label": "A"}, {"value": 2}, "x"]}},
        {"type": "radio", "key": "size", "values": [{"value": "s", "label": "Small"}], "defaultValue": "s"},
        {"type": "datagrid", "key": "lines", "components": [{"type": "textfield", "key": "line"}]},
        {"type": "signature", "key": "sign", "input": True},
        {"type": "textfield", "key": 5},
        {"type": "textfield"},
        "noise",
        {"type": "button", "key": "approve", "label": "Approve", "action": "submit", "input": True},
        {"type": "button", "key": "again", "label": "Reset", "action": "reset", "input": True},
        {"type": "button", "key": "", "label": "Reject", "action": "event"},
    ]
}


def answering(body: dict[str, Any]) -> tuple[list[httpx2.Request], Callable[[httpx2.Request], httpx2.Response]]:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        if "/odata/" in request.url.path:
            return httpx2.Response(200, json={"value": []})
        return httpx2.Response(200, json={"id": 101, **body})

    return asked, answer


async def test_a_forms_fields_and_buttons_come_from_its_layout(scripted: Scripted) -> None:
    """Nested ones too, with the values that were saved; what takes no input is no field."""
    data = {"name": "Ana", "sum": 1.5}
    asked, answer = answering({"formLayout": LAYOUT, "data": data})
    connector = scripted(answer, outcomes=[{"code": "Reject", "nature": "NEGATIVE"}])
    detail = await connector.get_detail(TASK, {DetailAspect.FORM, DetailAspect.OUTCOMES, DetailAspect.DATA})
    form = detail.form

    assert form is not None
    assert FormKind.FIELDS is form.kind
    assert LAYOUT == form.vendor_schema
    assert [
        ("name", FormFieldType.TEXT, True, "Ana"),
        ("sum", FormFieldType.NUMBER, False, Decimal("1.5")),
        ("grade", FormFieldType.SELECT, False, None),
        ("size", FormFieldType.SELECT, False, "s"),
        ("lines", FormFieldType.JSON, False, None),
        ("sign", FormFieldType.UNKNOWN, False, None),
    ] == [(field.key, field.type, field.required, field.value) for field in form.fields]
    assert "In euros" == form.fields[1].description
    assert ["a", "2"] == [option.value for option in form.fields[2].options or ()]
    assert [
        ("approve", "Approve", OutcomeNature.NEUTRAL, Requirement.REQUIRED),
        ("Reject", "Reject", OutcomeNature.NEGATIVE, Requirement.REQUIRED),
    ] == [(each.code, each.label, each.nature, each.data) for each in detail.outcomes or ()]
    assert {"name": "Ana", "sum": Decimal("1.5")} == detail.data
    assert 1 == len(asked)


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
    """In the task's folder."""
    asked, answer = answering({})
    task = replace(TASK, native_type=native_type, kind=kind)
    await scripted(answer).get_detail(task, {DetailAspect.DATA})

    assert [f"/acme/DefaultTenant/orchestrator_/{path}"] == [request.url.path for request in asked]
    assert {"taskId": "101", **extra} == dict(asked[0].url.params)
    assert "828" == asked[0].headers["x-uipath-organizationunitid"]


async def test_an_app_is_opened_at_its_address(scripted: Scripted) -> None:
    """Its actions are what is configured; nothing else tells them."""
    _, answer = answering({"appTasksMetadata": {"appId": "IDapp"}, "data": {"a": 1}})
    task = replace(TASK, kind=TaskKind.APP, native_type="AppTask")
    detail = await scripted(answer).get_detail(task, {DetailAspect.FORM, DetailAspect.OUTCOMES})
    configured = await scripted(answer, outcomes=[{"code": "ok", "label": "OK", "nature": "POSITIVE"}]).get_detail(
        task, {DetailAspect.OUTCOMES}
    )

    assert detail.form is not None
    assert (FormKind.EXTERNAL_URL, task.url, "IDapp") == (detail.form.kind, detail.form.url, detail.form.key)
    assert detail.outcomes is None
    assert [("ok", OutcomeNature.POSITIVE)] == [(each.code, each.nature) for each in configured.outcomes or ()]


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
    """Its keys keep their case, its numbers their digits; JSON within a text is read."""
    _, answer = answering({"data": data})

    assert expected == (await scripted(answer).get_detail(TASK, {DetailAspect.DATA})).data


@pytest.mark.parametrize(
    "layout", [None, 5, "text", [], {"components": None}, '{"components": [{"type": "number", "key": "n"}]}']
)
async def test_a_strange_layout_is_a_form_without_what_it_lacks(scripted: Scripted, layout: object) -> None:
    """And deep nesting ends."""
    _, answer = answering({"formLayout": layout})
    detail = await scripted(answer).get_detail(TASK, {DetailAspect.FORM, DetailAspect.OUTCOMES})

    assert detail.form is not None
    assert (1 if isinstance(layout, str) and layout != "text" else 0) == len(detail.form.fields)
    assert detail.outcomes is None


async def test_deep_layouts_end(scripted: Scripted) -> None:
    """Deeper than people nest them, fields are not looked for."""
    layout: dict[str, Any] = {"type": "textfield", "key": "inner"}
    for _ in range(200):
        layout = {"components": [layout]}
    _, answer = answering({"formLayout": layout})
    detail = await scripted(answer).get_detail(TASK, {DetailAspect.FORM})

    assert detail.form is not None
    assert () == detail.form.fields


async def test_nothing_asked_for_costs_nothing(scripted: Scripted) -> None:
    """And a description there is none."""
    asked, answer = answering({})

    assert TaskDetail() == await scripted(answer).get_detail(TASK, {DetailAspect.DESCRIPTION})
    assert [] == asked


async def test_a_record_without_its_id_is_malformed(scripted: Scripted) -> None:
    """Whatever else is there."""
    with pytest.raises(MalformedResponseError):
        await scripted(lambda request: httpx2.Response(200, json={"data": {}})).get_detail(TASK, {DetailAspect.DATA})


async def test_long_histories_are_read_page_by_page(scripted: Scripted) -> None:
    """In the order of their ids; a note given twice counts once."""
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
async def test_an_activity_is_one_of_ours(scripted: Scripted, native: str | int, kind: ActivityType) -> None:
    """By its type; with who, whom, when and the note's text; what has no time is left out."""
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
    """Of each type: comments and activities, a Form its fields."""
    tasks = {task.native_type: task for task in await tenant.drain() if task.is_open}
    for native_type, task in tasks.items():
        await tenant.connector.perform(AddComment(task=task, text="Asked the supplier"))
        detail = await tenant.connector.get_detail(task, EVERYTHING)

        assert "Asked the supplier" == (detail.comments or ())[-1].text
        assert ActivityType.CREATED is (detail.activities or ())[0].type
        assert (native_type == "FormTask") == bool(detail.form is not None and detail.form.fields)
    assert {"FormTask", "ExternalTask", "AppTask"} <= tasks.keys()
