"""The form and outcomes of a task, and completions that need the assignee."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from connectors.sdk.capability import Support
from connectors.sdk.commands import Complete, IfLate, SaveDraft, TaskAction
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    RejectedError,
    UnsupportedActionError,
    ValidationFailedError,
    VersionConflictError,
)
from connectors.sdk.model import (
    DetailAspect,
    FormFieldType,
    FormKind,
    GroupRef,
    OutcomeNature,
    Requirement,
    Task,
    TaskState,
    UserRef,
)
from connectors.sdk.testing import carried_out
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.tenant import NOW, Tenant
from tests.connectors.uipath.vendor import APP, FORM, ODATA, REST, TASK, Vendor, owned

Scripted = Callable[..., UiPathConnector]
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
    """Also nested ones, with the saved values. A component that takes no input is not a field."""
    data = {"name": "Ana", "sum": 1.5}
    asked, answer = answering({"formLayout": LAYOUT, "data": data})
    connector = scripted(answer, outcomes=[{"code": "Reject", "nature": "NEGATIVE"}])
    detail = await connector.get_detail(FORM, {DetailAspect.FORM, DetailAspect.OUTCOMES, DetailAspect.DATA})
    form = detail.form

    assert form is not None
    assert FormKind.FIELDS is form.kind
    assert LAYOUT == form.vendor_schema
    assert [
        ("name", FormFieldType.TEXT, True, "Ana"),
        ("sum", FormFieldType.NUMBER, False, Decimal("1.5")),
        ("grade", FormFieldType.SELECT, False, None),
        ("size", FormFieldType.SELECT, False, None),
        ("lines", FormFieldType.JSON, False, None),
        ("sign", FormFieldType.UNKNOWN, False, None),
    ] == [(field.key, field.type, field.required, field.value) for field in form.fields]
    assert ("s", "In euros") == (form.fields[3].default_value, form.fields[1].description)
    assert ["a", "2"] == [option.value for option in form.fields[2].options or ()]
    assert [
        ("approve", "Approve", OutcomeNature.NEUTRAL, Requirement.OPTIONAL),
        ("Reject", "Reject", OutcomeNature.NEGATIVE, Requirement.OPTIONAL),
    ] == [(each.code, each.label, each.nature, each.data) for each in detail.outcomes or ()]
    assert {"name": "Ana", "sum": Decimal("1.5")} == detail.data
    assert 1 == len(asked)


async def test_an_app_is_opened_at_its_address(scripted: Scripted) -> None:
    """Its outcomes are the configured ones; no operation lists them."""
    _, answer = answering({"appTasksMetadata": {"appId": "IDapp"}, "data": {"a": 1}})
    task = replace(APP, url="https://uipath.test/101")
    detail = await scripted(answer).get_detail(task, {DetailAspect.FORM, DetailAspect.OUTCOMES})
    configured = await scripted(answer, outcomes=[{"code": "ok", "label": "OK", "nature": "POSITIVE"}]).get_detail(
        task, {DetailAspect.OUTCOMES}
    )

    assert detail.form is not None
    assert (FormKind.EXTERNAL_URL, task.url, "IDapp") == (detail.form.kind, detail.form.url, detail.form.key)
    assert detail.outcomes is None
    assert [("ok", OutcomeNature.POSITIVE)] == [(each.code, each.nature) for each in configured.outcomes or ()]


async def test_the_colour_of_a_button_is_its_nature(scripted: Scripted) -> None:
    """Unless it is configured."""
    themes = {"a": "success", "b": "danger", "c": "primary", "d": "danger"}
    buttons = [{"type": "button", "key": key, "theme": theme} for key, theme in themes.items()]
    _, answer = answering({"formLayout": {"components": buttons}})
    detail = await scripted(answer, outcomes=[{"code": "d", "nature": "POSITIVE"}]).get_detail(
        FORM, {DetailAspect.OUTCOMES}
    )

    assert [("a", "POSITIVE"), ("b", "NEGATIVE"), ("c", "NEUTRAL"), ("d", "POSITIVE")] == [
        (each.code, each.nature) for each in detail.outcomes or ()
    ]


@pytest.mark.parametrize(
    "layout", [None, 5, "text", [], {"components": None}, '{"components": [{"type": "number", "key": "n"}]}']
)
async def test_a_layout_of_another_form_has_no_fields(scripted: Scripted, layout: object) -> None:
    """Only a layout with components has fields. JSON in a text is read."""
    _, answer = answering({"formLayout": layout})
    detail = await scripted(answer).get_detail(FORM, {DetailAspect.FORM, DetailAspect.OUTCOMES})

    assert detail.form is not None
    assert (1 if isinstance(layout, str) and layout != "text" else 0) == len(detail.form.fields)
    assert detail.outcomes is None


async def test_deeply_nested_components_are_ignored(scripted: Scripted) -> None:
    """Below a depth of twenty."""
    layout: dict[str, Any] = {"type": "textfield", "key": "inner"}
    for _ in range(200):
        layout = {"components": [layout]}
    _, answer = answering({"formLayout": layout})
    detail = await scripted(answer).get_detail(FORM, {DetailAspect.FORM})

    assert detail.form is not None
    assert () == detail.form.fields


@pytest.mark.parametrize("native_type", ["FormTask", "AppTask"])
async def test_a_task_of_another_user_is_completed_only_by_assigning_it_first(tenant: Tenant, native_type: str) -> None:
    """Without assign_before_completing the vendor refuses the completion."""
    alice = tenant.identity("alice").native_id
    task = await owned(tenant, native_type, alice)
    command = Complete(task=task, outcome="approve", data={"amount": 1})
    with pytest.raises(RejectedError):
        await tenant.open(assign_before_completing=False).perform(command)

    connector = tenant.open(assign_before_completing=True)
    outcome = await carried_out(connector, command)
    shown = (await connector.get_tasks([task.native_id]))[task.native_id]

    assert isinstance(shown, Task)
    assert (TaskState.COMPLETED, TaskState.COMPLETED) == (outcome.task.state, shown.state)
    assert (Support.EMULATED, False) == (
        connector.info.capabilities[Complete].support,
        connector.info.capabilities[Complete].atomic,
    )


def assignments_of(vendor: Vendor) -> list[tuple[str, object]]:
    return [
        (path.removeprefix(ODATA).removeprefix(REST), body.get("taskAssignments", body.get("taskIds")))
        for _, path, body, _ in vendor.writes
    ]


OWNED = replace(FORM, native_state="Pending", assignees=(UserRef(native_id="8"),))
SHARED = replace(FORM, native_state="Pending", candidate_groups=(GroupRef(native_id="9"),))


@pytest.mark.parametrize(
    ("task", "take_over", "undo"),
    [
        (OWNED, "ReassignTasks", ("ReassignTasks", [{"TaskId": 101, "UserId": 8}])),
        (FORM, "AssignTasks", ("UnassignTasks", [101])),
        (
            SHARED,
            "ReassignTasks",
            ("ReassignTasks", [{"TaskId": 101, "UserId": 9, "AssignmentCriteria": "AllUsers"}]),
        ),
    ],
)
async def test_a_completion_by_the_account_is_two_steps_and_the_first_can_be_undone(
    scripted: Scripted, task: Task, take_over: str, undo: tuple[str, object]
) -> None:
    """The task goes back to its owner or group, or has none again."""
    vendor = Vendor(GetCurrentUser=httpx2.Response(200, json={"Id": 77}))
    connector = scripted(vendor, assign_before_completing=True)
    first, second = await connector.steps(Complete(task=task, outcome="Submit", data={}))
    nothing = list(vendor.writes)
    left = (await connector.perform(first)).task
    back = connector.undo_of(first, task)
    assert back is not None
    await connector.perform(replace(back, task=left))
    await connector.perform(replace(second, task=left))

    assert [] == nothing
    assert [
        (take_over, [{"TaskId": 101, "UserId": 77}]),
        undo,
        ("/forms/TaskForms/CompleteTask", None),
    ] == assignments_of(vendor)
    assert connector.undo_of(second, task) is None
    assert connector.if_late(second, back) is (IfLate.HARMLESS if task is SHARED else IfLate.REFUSED)
    assert IfLate.HARMLESS is connector.if_late(replace(second, task=APP), back)


async def test_a_task_of_the_account_is_completed_in_one_step(scripted: Scripted) -> None:
    """Nothing has to be taken over."""
    vendor = Vendor(GetCurrentUser=httpx2.Response(200, json={"Id": 77}))
    connector = scripted(vendor, assign_before_completing=True)
    task = replace(FORM, native_state="Pending", assignees=(UserRef(native_id="77"),))
    await carried_out(connector, Complete(task=task, outcome="Submit", data={}))

    assert [("/forms/TaskForms/CompleteTask", None)] == assignments_of(vendor)


async def test_a_task_that_could_not_be_given_back_is_not_taken_over(scripted: Scripted) -> None:
    """No call assigns a task to several people or groups."""
    vendor = Vendor(GetCurrentUser=httpx2.Response(200, json={"Id": 77}))
    several = replace(SHARED, candidate_users=(UserRef(native_id="8"),))
    with pytest.raises(ConflictError, match="claim it before"):
        await scripted(vendor, assign_before_completing=True).steps(Complete(task=several, outcome="Submit", data={}))

    assert [] == vendor.writes


async def test_without_a_user_of_its_own_the_account_cannot_complete(scripted: Scripted) -> None:
    """The task cannot be assigned to it."""
    vendor = Vendor(GetCurrentUser=httpx2.Response(204))
    with pytest.raises(UnsupportedActionError):
        await scripted(vendor, assign_before_completing=True).steps(Complete(task=APP, outcome="Submit"))

    assert [] == vendor.writes


async def test_an_account_without_a_user_is_offered_no_form_to_complete(scripted: Scripted) -> None:
    """Once it was looked at: a Form or App task would have to be assigned to it. External tasks need no assignee."""
    vendor = Vendor(GetCurrentUser=httpx2.Response(204))
    connector = scripted(vendor, assign_before_completing=True)
    told = await connector.look_at_account()
    refusals = [connector.refusal_of(task, TaskAction.COMPLETE, None) for task in (FORM, APP, TASK)]
    as_it_is = scripted(vendor)
    await as_it_is.look_at_account()

    assert "an application without a user" == told
    assert [True, True, False] == [isinstance(refusal, UnsupportedActionError) for refusal in refusals]
    assert as_it_is.refusal_of(FORM, TaskAction.COMPLETE, None) is None


async def test_an_external_task_is_completed_by_one_write_in_any_case(scripted: Scripted) -> None:
    """The vendor does not require the assignee."""
    vendor = Vendor()
    await carried_out(scripted(vendor, assign_before_completing=True), Complete(task=TASK))

    assert 1 == len(vendor.sent)


REQUIRED = {"components": [{"type": "textfield", "key": "iban", "label": "IBAN", "validate": {"required": True}}]}


def holding(layout: object, data: object, **members: object) -> Vendor:
    return Vendor(GetTaskFormById=httpx2.Response(200, json={"id": 101, "formLayout": layout, "data": data, **members}))


@pytest.mark.parametrize(
    ("layout", "held", "given", "sent"),
    [
        (REQUIRED, {"iban": "", "ref": 1}, {"iban": "DE1"}, {"iban": "DE1", "ref": 1}),
        (REQUIRED, '{"ref": 1.50}', {"iban": "DE1"}, {"ref": 1.5, "iban": "DE1"}),
        (REQUIRED, {"iban": "DE1"}, None, {"iban": "DE1"}),
        (None, {"ref": 1}, {"any": 2}, {"ref": 1, "any": 2}),
        (REQUIRED, None, {"iban": "DE1"}, {"iban": "DE1"}),
    ],
)
async def test_a_form_is_sent_with_the_data_that_the_task_holds(
    scripted: Scripted, layout: object, held: object, given: dict[str, object] | None, sent: object
) -> None:
    """Completions and drafts. What a form does not show stays; without a layout everything is taken."""
    vendor = holding(layout, held)
    connector = scripted(vendor)
    await connector.perform(Complete(task=FORM, outcome="Submit", data=given, given=given or {}))
    await connector.perform(SaveDraft(task=FORM, data=given or {}, given=given or {}))

    assert [sent, sent] == [body.get("data", body.get("Data")) for _, _, body, _ in vendor.writes]


@pytest.mark.parametrize(
    ("data", "expected"), [({}, "REQUIRED"), ({"iban": ""}, "REQUIRED"), ({"iban": "DE1"}, "OPTIONAL")]
)
async def test_an_outcome_requires_data_while_a_field_lacks_a_value(
    scripted: Scripted, data: dict[str, str], expected: str
) -> None:
    """One that it demands under all conditions. What may be left out is kept."""
    button = {"type": "button", "key": "submit", "label": "Submit"}
    hidden = {**REQUIRED["components"][0], "key": "why", "conditional": {"show": True, "when": "iban", "eq": "x"}}
    connector = scripted(holding({"components": [*REQUIRED["components"], hidden, button]}, data))

    detail = await connector.get_detail(FORM, {DetailAspect.OUTCOMES})

    assert [expected] == [outcome.data for outcome in detail.outcomes or ()]


@pytest.mark.parametrize(
    ("modified", "updated", "error"),
    [
        ("2026-06-15T08:00:00Z", NOW, VersionConflictError),
        ("2026-06-15T09:00:00Z", NOW, None),
        (None, NOW, VersionConflictError),
        (None, None, None),
    ],
)
async def test_the_version_that_the_caller_expects_is_compared_before_anything_is_sent(
    scripted: Scripted, modified: str | None, updated: datetime | None, error: type[ConnectorError] | None
) -> None:
    """By the time of the last modification, which is null until there is one."""
    vendor = holding(REQUIRED, {}, lastModificationTime=modified)
    connector = scripted(vendor, assign_before_completing=True)
    command = Complete(
        task=replace(FORM, updated_at=updated), outcome="Submit", data={}, given={"iban": "x"}, expects_version=True
    )
    draft = SaveDraft(task=command.task, data={}, given={"iban": "x"}, expects_version=True)
    if error is None:
        await connector.perform(draft)
        assert [{"iban": "x"}] == [body["Data"] for _, _, body, _ in vendor.writes]
        return
    for attempt in (connector.steps(command), connector.perform(command), connector.perform(draft)):
        with pytest.raises(error):
            await attempt

    assert [] == vendor.writes


async def test_data_that_the_form_refuses_by_now_are_not_sent(scripted: Scripted) -> None:
    """Nor is the task taken over. Data that the gateway did not judge before are the caller's affair."""
    vendor = holding(REQUIRED, {})
    connector = scripted(vendor, assign_before_completing=True)
    with pytest.raises(ValidationFailedError, match="IBAN is required; nam is no field") as caught:
        await connector.steps(Complete(task=FORM, outcome="Submit", data={}, given={"nam": 1}))
    before = list(vendor.writes)
    await scripted(vendor).perform(Complete(task=FORM, outcome="Submit", data={}))

    assert ("data", "iban") == caught.value.field
    assert [] == before
    assert 1 == len(vendor.writes)
