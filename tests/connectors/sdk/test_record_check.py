"""Records are checked against the types of the model: every field of every Struct, with the place of a fault."""

import inspect
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from connectors.sdk import model
from connectors.sdk.commands import FlowOutcome, Outcome
from connectors.sdk.model import (
    Flow,
    FlowPhase,
    FlowState,
    Form,
    FormField,
    FormFieldType,
    FormKind,
    Group,
    PhaseState,
    Tag,
    Task,
    TaskDetail,
    TaskState,
    User,
    UserRef,
)
from connectors.sdk.testing import check
from connectors.sdk.testing.record_check import _check_of

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TASK = Task(source="todo", native_id="7", title="Call back", state=TaskState.READY, rule="todo.open", fetched_at=NOW)
FLOW = Flow(source="todo", native_id="f", state=FlowState.ACTIVE, rule="flow", fetched_at=NOW)
RECORDS = [each for _, each in inspect.getmembers(model, inspect.isclass) if issubclass(each, Struct)]
CEST = timezone(timedelta(hours=2))


@pytest.mark.parametrize("record_type", [*RECORDS, Outcome, FlowOutcome], ids=lambda each: each.__name__)
def test_every_record_can_be_checked(record_type: type[Struct]) -> None:
    """A field of a new kind must be taught to the check."""
    assert callable(_check_of(record_type))


@pytest.mark.parametrize(
    "record",
    [
        TASK,
        replace(
            TASK,
            due_at=NOW,
            priority_score=50,
            is_overdue=False,
            assignees=(UserRef(native_id="alice", name="Alice"),),
            candidate_groups=(),
            tags=(Tag(name="urgent"),),
            payload=msgspec.Raw(b"{}"),
        ),
        replace(FLOW, phases=(FlowPhase(key="a", name="A", state=PhaseState.ACTIVE, progress=1),)),
        TaskDetail(data={"any": ["thing"]}),
        Outcome(task=TASK, effect="closed"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_right_record_passes(record: Struct) -> None:
    check(record)


def wrong(record: Struct, **changes: Any) -> Struct:
    return replace(record, **changes)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (wrong(TASK, native_id=7), "Task 7: native_id must be text, is int 7"),
        (wrong(TASK, title=None), "Task '7': title must be text, is NoneType None"),
        (wrong(TASK, state="READY"), "Task '7': state must be TaskState, is str 'READY'"),
        (wrong(TASK, due_at="2026-06-01"), "due_at must be a datetime, is str '2026-06-01'"),
        (
            wrong(TASK, due_at=NOW.replace(tzinfo=None)),
            "due_at must have a zone, is 2026-06-01 12:00:00: time_from_wire(",
        ),
        (
            wrong(TASK, due_at=NOW.astimezone(CEST)),
            "due_at must be in UTC, is 2026-06-01 14:00:00+02:00: astimezone(UTC)",
        ),
        (wrong(TASK, priority_score=True), "priority_score must be a whole number, is bool True"),
        (wrong(TASK, assignees=None), "assignees must be a tuple, is NoneType None"),
        (wrong(TASK, assignees=("alice",)), "assignees[0] must be UserRef, is str 'alice'"),
        (wrong(TASK, tags=(wrong(Tag(name="a"), name=3),)), "tags[0].name must be text, is int 3"),
        (wrong(TASK, payload={}), "payload must be Raw, is dict {}"),
        (wrong(TASK, title=1, url=2), "title must be text, is int 1; url must be text, is int 2"),
        (wrong(FLOW, current_task_ids=["1"]), "Flow 'f': current_task_ids must be a tuple, is list ['1']"),
        (User(native_id=9), "User 9: native_id must be text, is int 9"),  # type: ignore[arg-type]
        (wrong(Group(native_id="g", name="G"), member_count="3"), "member_count must be a whole number, is str '3'"),
        (Outcome(task=wrong(TASK, url=1)), "Outcome: task.url must be text, is int 1"),  # type: ignore[arg-type]
        (
            TaskDetail(
                form=Form(
                    kind=FormKind.FIELDS,
                    fields=(wrong(FormField(key="a", type=FormFieldType.TEXT, required=False), required=0),),  # type: ignore[arg-type]
                )
            ),
            "TaskDetail: form.fields[0].required must be True or False, is int 0",
        ),
    ],
)
def test_a_wrong_value_is_named(record: Struct, message: str) -> None:
    """With its place, the type that it must have, and the one that it has."""
    with pytest.raises(AssertionError, match=re.escape(message)):
        check(record)


def test_a_long_value_is_cut() -> None:
    with pytest.raises(AssertionError) as caught:
        check(wrong(TASK, assignees=["x" * 500]))

    assert len(str(caught.value)) < 150
