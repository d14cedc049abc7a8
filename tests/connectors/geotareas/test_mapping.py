"""Records of GEOtareas as tasks."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.geotareas import GeotareasSettings, after_write, details, flows, ids, mapping, wire
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import (
    DetailAspect,
    Flow,
    FlowState,
    FormFieldType,
    FormKind,
    GroupRef,
    Requirement,
    Sla,
    SubjectRef,
    Task,
    TaskDetail,
    TaskState,
    UserRef,
)

NOW = datetime(2026, 3, 19, 12, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
USER = {"id": "182736450918273645", "name": "Maria Garcia"}
GROUP = {"id": "293847102938471029", "name": "Sales Team"}
ROW: dict[str, Any] = {
    "id": "674839201748392018",
    "instance_id": "591847302948571634",
    "workflow_name": "New Account Onboarding",
    "step_name": "Send Welcome Email",
    "status": "PENDING",
    "assigned_to_user": None,
    "assigned_to_group": GROUP,
    "entity": {"type": "CUENTA", "id": "738291047382910473", "label": "Acme Corp"},
    "due_date": "2026-03-17T11:30:00",
    "escalated": False,
    "created_at": "2026-03-15T11:30:01",
}
DETAIL: dict[str, Any] = ROW | {
    "step_description": "Send the welcome email.",
    "available_results": [{"code": "sent", "label": "Email Sent"}, {"code": "failed", "label": "Email Failed"}],
    "fields": [
        {"id": "f_email", "name": "email_address", "type": "text", "required": True, "value": None},
        {"id": "f_amount", "name": "amount", "type": "number", "required": False, "value": 1.10},
    ],
    "previous_steps_data": [
        {
            "step_name": "Verify Contact Information",
            "completed_by": "jdoe",
            "completed_at": "2026-03-15T11:30:00",
            "result": "approved",
            "captured_data": {"contact_verified": True},
        }
    ],
}


def task_of(settings: GeotareasSettings, **changes: Any) -> Task:
    row = msgspec.convert(ROW | changes, wire.TaskRow)
    return mapping.task_from_wire(row, settings, fetched_at=NOW)


def record_of(**changes: Any) -> wire.TaskRecord:
    return msgspec.json.decode(msgspec.json.encode(DETAIL | changes), type=wire.TaskRecord)


@pytest.mark.parametrize(
    ("status", "user", "state", "rule"),
    [
        ("PENDING", None, TaskState.READY, "geo.pending.unassigned"),
        ("PENDING", USER, TaskState.RESERVED, "geo.pending.assigned"),
        ("IN_PROGRESS", None, TaskState.IN_PROGRESS, "geo.in_progress"),
        ("IN_PROGRESS", USER, TaskState.IN_PROGRESS, "geo.in_progress"),
        ("COMPLETED", None, TaskState.COMPLETED, "geo.completed"),
        ("COMPLETED", USER, TaskState.COMPLETED, "geo.completed"),
        ("ON_HOLD", USER, TaskState.UNKNOWN, "geo.unknown"),
        ("pending", None, TaskState.UNKNOWN, "geo.unknown"),
        ("", None, TaskState.UNKNOWN, "geo.unknown"),
    ],
)
def test_status_and_user_decide_the_state(
    settings: GeotareasSettings, status: str, user: object, state: TaskState, rule: str
) -> None:
    """Every row of the table of states, with its rule."""
    task = task_of(settings, status=status, assigned_to_user=user)

    assert (state, rule, status) == (task.state, task.rule, task.native_state)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("RUNNING", FlowState.ACTIVE),
        ("COMPLETED", FlowState.COMPLETED),
        ("CANCELLED", FlowState.CANCELED),
        ("ERROR", FlowState.FAILED),
        ("PAUSED", FlowState.UNKNOWN),
    ],
)
def test_an_instance_status_decides_the_flow_state(settings: GeotareasSettings, status: str, state: FlowState) -> None:
    """Every row of the table of flow states."""
    row = wire.InstanceRow(id="1", status=status, started_at="2026-07-01T10:00:00", definition_id="9")
    flow = flows.flow_from_wire(row, settings, fetched_at=NOW)

    assert (state, status, datetime(2026, 7, 1, 8, tzinfo=UTC)) == (flow.state, flow.native_state, flow.started_at)


def test_a_full_row_fills_every_member(settings: GeotareasSettings) -> None:
    """Every member of a row becomes a member of the task."""
    task = task_of(settings, assigned_to_user=USER)

    assert task.title == "Send Welcome Email"
    assert task.created_at == datetime(2026, 3, 15, 10, 30, 1, tzinfo=UTC)
    assert task.due_at == datetime(2026, 3, 17, 10, 30, tzinfo=UTC)
    assert task.sla == Sla(ends_on="2026-03-17T11:30:00")
    assert (task.is_overdue, task.is_escalated) == (None, False)
    assert task.assignees == (UserRef(native_id=USER["id"], name="Maria Garcia"),)
    assert (task.candidate_users, task.candidate_groups) == (
        None,
        (GroupRef(native_id=GROUP["id"], name="Sales Team"),),
    )
    assert task.definition is not None
    assert task.definition.native_id == task.definition.key == "New Account Onboarding/Send Welcome Email"
    assert (task.flow_id, task.flow_name) == ("591847302948571634", "New Account Onboarding")
    assert task.subjects == (
        SubjectRef(type="CUENTA", native_id="738291047382910473", label="Acme Corp", is_primary=True),
    )


def test_without_a_zone_times_stay_text(settings: GeotareasSettings) -> None:
    """A time without a zone cannot be converted."""
    task = task_of(settings.model_copy(update={"time_zone": None}))

    assert (task.created_at, task.due_at, task.sla and task.sla.ends_on) == (None, None, "2026-03-17T11:30:00")


def test_absent_and_null_members_are_tolerated(settings: GeotareasSettings) -> None:
    """Id and status are enough for a task."""
    row = msgspec.convert({"id": "7", "status": "PENDING"}, wire.TaskRow)
    task = mapping.task_from_wire(row, settings, fetched_at=NOW)
    nulls = dict.fromkeys(ROW) | {"id": "7", "status": "PENDING"}

    assert (task.title, task.assignees, task.subjects, task.definition) == ("7", (), (), None)
    assert task == mapping.task_from_wire(msgspec.convert(nulls, wire.TaskRow), settings, fetched_at=NOW)


def test_an_entity_of_no_type_is_no_subject(settings: GeotareasSettings) -> None:
    """The type NINGUNA has neither id nor label."""

    assert task_of(settings, entity={"type": "NINGUNA", "id": None, "label": None}).subjects == ()


def test_a_slash_in_a_name_keeps_keys_distinct(settings: GeotareasSettings) -> None:
    """`a/b` + `c` and `a` + `b/c` are two definitions."""
    one = task_of(settings, workflow_name="a/b", step_name="c").definition
    other = task_of(settings, workflow_name="a", step_name="b/c").definition

    assert one != other


@given(workflow=st.text(min_size=1), step=st.none() | st.text())
@example(workflow="%2F/%252F", step="%2F")
def test_the_workflow_is_read_back_from_a_definition_key(workflow: str, step: str | None) -> None:
    """For any slashes and percent signs in its name."""
    row = wire.TaskRow(id="1", status="PENDING", workflow_name=workflow, step_name=step)
    definition = mapping.definition_of(row)

    assert definition is not None
    assert workflow == ids.workflow_of(definition.key)


@pytest.mark.parametrize(
    ("next_step", "instance_status", "expected"),
    [
        ("Review Welcome Package", "RUNNING", "the flow goes on with Review Welcome Package"),
        (None, "COMPLETED", "the flow is COMPLETED"),
        (None, "ERROR", "the flow is ERROR"),
        (None, "RUNNING", None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_the_effect_of_a_completion_is_what_the_flow_does(
    next_step: str | None, instance_status: str | None, expected: str | None
) -> None:
    """As far as the answer says it. It need not name the next step or the end."""
    answer = wire.Completed(task_id="1", status="COMPLETED", next_step=next_step, instance_status=instance_status)

    assert expected == after_write.effect_of(answer)


def test_a_completed_task_is_not_overdue(settings: GeotareasSettings) -> None:
    """The value of the open task is dropped."""
    row = msgspec.convert(ROW, wire.TaskRow)
    late = mapping.task_from_wire(row, settings, fetched_at=NOW, is_overdue=True)
    answer = wire.Completed(task_id=late.native_id, status="COMPLETED")

    assert (True, None) == (late.is_overdue, after_write.completed(late, answer, None, fetched_at=NOW).is_overdue)


def test_the_order_of_members_and_unknown_members_have_no_effect(settings: GeotareasSettings) -> None:
    """The last value of a repeated member counts, as in most readers of JSON."""
    reordered = dict(reversed(DETAIL.items())) | {"new": {"id": "evil"}, "priority": 9}
    text = msgspec.json.encode(reordered).replace(b"{", b'{"status":"COMPLETED",', 1)
    record = msgspec.json.decode(text, type=wire.TaskRecord)

    assert mapping.task_from_wire(record_of(), settings, fetched_at=NOW) == mapping.task_from_wire(
        record, settings, fetched_at=NOW
    )
    assert details.detail_from_wire(record_of(), set(DetailAspect), settings) == details.detail_from_wire(
        record, set(DetailAspect), settings
    )


def test_null_members_of_a_detail_are_empty(settings: GeotareasSettings) -> None:
    """A form without fields, no outcomes, no earlier steps."""
    names = ("step_description", "available_results", "fields", "previous_steps_data")
    detail = details.detail_from_wire(record_of(**dict.fromkeys(names)), set(DetailAspect), settings)

    assert (None, (), {}, ()) == (detail.description, detail.outcomes, detail.data, detail.previous_steps)
    assert detail.form is not None
    assert () == detail.form.fields


def test_a_record_has_every_aspect(settings: GeotareasSettings) -> None:
    """Description, form, outcomes, data and earlier steps."""
    detail = details.detail_from_wire(record_of(), frozenset(DetailAspect), settings)

    assert detail.description == "Send the welcome email."
    assert detail.form is not None
    assert detail.form.kind is FormKind.FIELDS
    assert [(each.key, each.type, each.required) for each in detail.form.fields] == [
        ("email_address", FormFieldType.TEXT, True),
        ("amount", FormFieldType.NUMBER, False),
    ]
    assert [(each.code, each.data, each.comment) for each in detail.outcomes or ()] == [
        ("sent", Requirement.REQUIRED, Requirement.OPTIONAL),
        ("failed", Requirement.REQUIRED, Requirement.OPTIONAL),
    ]
    assert detail.data == {"amount": Decimal("1.1")}
    assert detail.previous_steps is not None
    assert detail.previous_steps[0].completed_at == datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
    assert detail.previous_steps[0].data == {"contact_verified": True}


def test_only_the_requested_aspects_are_filled(settings: GeotareasSettings) -> None:
    """The others keep their defaults."""

    assert TaskDetail(description="Send the welcome email.") == details.detail_from_wire(
        record_of(), {DetailAspect.DESCRIPTION}, settings
    )


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ("text", FormFieldType.TEXT),
        ("number", FormFieldType.NUMBER),
        ("date", FormFieldType.DATE),
        ("boolean", FormFieldType.BOOLEAN),
        ("select", FormFieldType.SELECT),
        ("file", FormFieldType.FILE),
        ("signature", FormFieldType.UNKNOWN),
    ],
)
def test_each_native_field_type_has_a_unified_type(
    settings: GeotareasSettings, native: str, expected: FormFieldType
) -> None:
    """A type that is not documented is UNKNOWN. Data are optional if no field is required."""
    record = record_of(fields=[{"id": "f", "name": "n", "type": native, "required": False, "value": 2**60 + 1}])
    detail = details.detail_from_wire(record, frozenset(DetailAspect), settings)

    assert detail.form is not None
    assert (expected, native, 2**60 + 1) == (
        detail.form.fields[0].type,
        detail.form.fields[0].native_type,
        detail.form.fields[0].value,
    )
    assert detail.outcomes is not None
    assert detail.outcomes[0].data is Requirement.OPTIONAL


@pytest.mark.parametrize("value", [b'"\xff"', b"1" * 5000, b"[" * 50_000 + b"]" * 50_000, b"1e9999999999999999999"])
def test_an_unreadable_field_value_is_a_malformed_answer(settings: GeotareasSettings, value: bytes) -> None:
    """Bytes that are not JSON raise no other exception."""
    record = wire.TaskRecord(
        id="1", status="PENDING", fields=(wire.Field(name="n", type="text", value=msgspec.Raw(value)),)
    )

    with pytest.raises(MalformedResponseError):
        details.detail_from_wire(record, frozenset(DetailAspect), settings)


def test_a_reassigned_task_has_the_user_and_group_of_the_answer(settings: GeotareasSettings) -> None:
    """They replace those of the record. The status does not change."""
    ref = wire.Ref(USER["id"], USER["name"])
    answer = wire.Reassigned(task_id="674839201748392018", assigned_to_user=ref, assigned_to_group=None)
    task = after_write.reassigned(task_of(settings), answer, fetched_at=NOW)
    started = after_write.reassigned(task_of(settings, status="IN_PROGRESS"), answer, fetched_at=NOW)

    assert (task.state, task.rule, task.candidate_groups) == (TaskState.RESERVED, "geo.pending.assigned", ())
    assert task.assignee == UserRef(native_id=USER["id"], name="Maria Garcia")
    assert started.state is TaskState.IN_PROGRESS


def test_a_completed_task_has_outcome_and_time_of_the_answer(settings: GeotareasSettings) -> None:
    """It is in the native state COMPLETED."""
    answer = wire.Completed(task_id="1", status="COMPLETED", result="sent", completed_at="2026-03-19T14:10:00")
    task = after_write.completed(task_of(settings), answer, settings.zone, fetched_at=NOW)

    assert (TaskState.COMPLETED, "sent", datetime(2026, 3, 19, 13, 10, tzinfo=UTC), "COMPLETED") == (
        task.state,
        task.outcome,
        task.completed_at,
        task.native_state,
    )


@pytest.mark.parametrize(
    ("flow_state", "status", "expected"),
    [
        (FlowState.CANCELED, "PENDING", (TaskState.CANCELED, "FLOW_CANCELED", "geo.instance.cancelled")),
        (FlowState.CANCELED, "COMPLETED", (TaskState.COMPLETED, None, "geo.completed")),
        (FlowState.FAILED, "PENDING", (TaskState.READY, None, "geo.pending.unassigned")),
    ],
)
def test_a_known_flow_can_end_an_open_task(
    settings: GeotareasSettings, flow_state: FlowState, status: str, expected: tuple[TaskState, str | None, str]
) -> None:
    """A cancelled instance ends its open tasks, and a failed one does not. Closed tasks do not change."""
    flow = Flow(source="geotareas", native_id="1", state=flow_state, rule="geo.instance", fetched_at=NOW)
    task = flows.task_within_flow(task_of(settings, status=status), flow)

    assert expected == (task.state, task.state_reason, task.rule)


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("delivery_note", "Delivery note"),
        ("email-address", "Email address"),
        ("ID", "ID"),
        ("__", None),
        ("año", "Año"),
    ],
)
def test_fields_are_labelled_by_their_keys(settings: GeotareasSettings, key: str, label: str | None) -> None:
    """The vendor has keys only; the key is what is sent."""
    record = record_of(fields=[{"id": "f1", "name": key, "type": "text", "required": False, "value": None}])
    form = details.detail_from_wire(record, {DetailAspect.FORM}, settings).form

    assert form is not None
    assert [(key, label)] == [(field.key, field.label) for field in form.fields]
