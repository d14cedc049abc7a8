"""The fields of a task, and the calls that each needs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.errors import NotFoundError, RateLimitedError
from connectors.sdk.model import (
    CountAccuracy,
    DetailAspect,
    Flow,
    FlowRef,
    FlowState,
    Form,
    FormField,
    FormFieldType,
    FormKind,
    Group,
    GroupRef,
    NativeRef,
    PendingTransition,
    PreviousStep,
    Sla,
    TaskDetail,
    TaskOutcome,
    TaskRef,
    TaskState,
    User,
    UserRef,
)
from schema.core.relay import global_id, person_id
from schema.ports import TaskStats
from tests.schema.conftest import NOW, Ask
from tests.schema.fake_federation import FETCHED_AT, FakeFederation, a_task

TASK = global_id("Task", "c8", "1")
LATE, SOON = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
ZONELESS = Sla(ends_on="2026-06-15 10:00")


async def _task(ask: Ask, fields: str, **more: Any) -> dict[str, Any]:
    result = await ask(f"query($id: ID!) {{ task(id: $id) {{ {fields} }} }}", id=TASK, **more)
    assert [] == result.errors
    assert result.data is not None
    task: dict[str, Any] = result.data["task"]
    return task


@pytest.mark.parametrize(
    ("row", "overdue"),
    [
        ({"due_at": LATE}, True),
        ({"due_at": SOON}, False),
        ({"due_at": NOW}, False),
        ({"due_at": LATE, "state": TaskState.COMPLETED}, False),
        ({}, False),
        ({"sla": ZONELESS}, None),
        ({"sla": ZONELESS, "is_overdue": True}, True),
        ({"sla": ZONELESS, "is_overdue": False}, False),
        ({"sla": ZONELESS, "state": TaskState.CANCELED}, False),
        ({"sla": Sla(status="ok")}, False),
    ],
)
async def test_overdue_means_open_and_due_before_now(
    row: dict[str, Any], overdue: bool | None, ask: Ask, federation: FakeFederation
) -> None:
    """Null only if the due time has no zone and the vendor does not say."""
    federation.add(a_task(**row))

    assert {"isOverdue": overdue} == await _task(ask, "isOverdue")


@pytest.mark.parametrize(
    ("row", "is_open", "actionable"),
    [
        ({}, True, True),
        ({"state": TaskState.UNKNOWN}, True, False),
        ({"state": TaskState.CREATED}, False, False),
        ({"pending_transition": PendingTransition.COMPLETE}, True, False),
        ({"state": TaskState.COMPLETED}, False, False),
    ],
)
async def test_actionable_means_open_known_and_settled(
    row: dict[str, Any], is_open: bool, actionable: bool, ask: Ask, federation: FakeFederation
) -> None:
    """An unknown state is open, but it is unclear what can be done."""
    federation.add(a_task(**row))

    assert {"isOpen": is_open, "isActionable": actionable} == await _task(ask, "isOpen isActionable")


async def test_times_are_utc_with_milliseconds(ask: Ask, federation: FakeFederation) -> None:
    """For any precision of the row."""
    federation.add(a_task())

    assert {"fetchedAt": "2026-06-15T08:59:30.123Z"} == await _task(ask, "fetchedAt")


async def test_fresh_task_is_read_from_the_source(ask: Ask, federation: FakeFederation) -> None:
    """CACHED and null allow a cached answer."""
    federation.add(a_task())
    await ask("query($id: ID!) { task(id: $id, freshness: FRESH) { id } }", id=TASK)
    await ask("query($id: ID!) { task(id: $id, freshness: null) { id } }", id=TASK)

    assert {"get_tasks fresh": [[TaskRef("c8", "1")]], "get_tasks": [[TaskRef("c8", "1")]]} == federation.calls


async def test_linked_person_needs_no_call(ask: Ask, federation: FakeFederation) -> None:
    """Name and mail address are from the configuration, and the id is the person's."""
    federation.add(a_task(assignees=(UserRef(native_id="alice.c8"),)))
    person = {"id": person_id("alice"), "displayName": "Alice", "email": "alice@example.com", "isActive": None}

    assert {"assignee": person} == await _task(ask, "assignee { id displayName email isActive }")
    assert ["get_tasks"] == list(federation.calls)


async def test_person_needs_a_call_only_for_fields_that_the_row_lacks(ask: Ask, federation: FakeFederation) -> None:
    """Ids and names in rows need none. A user who cannot be loaded has only the id."""
    rows = (UserRef(native_id="zoe", name="Zoe"), UserRef(native_id="yan"), UserRef(native_id="gone"))
    federation.add(a_task(assignees=rows))
    federation.users[NativeRef("c8", "yan")] = User(native_id="yan", username="yan.x", is_active=True)
    ids = [global_id("User", "c8", row.native_id) for row in rows]

    assert {"assignees": [{"id": id_} for id_ in ids]} == await _task(ask, "assignees { id }")
    assert {"assignee": {"displayName": "Zoe"}} == await _task(ask, "assignee { displayName }")
    assert "get_users" not in federation.calls
    named = [{"displayName": "Zoe"}, {"displayName": "yan.x"}, {"displayName": None}]
    assert {"assignees": named} == await _task(ask, "assignees { displayName }")
    assert [[NativeRef("c8", "yan"), NativeRef("c8", "gone")]] == federation.calls["get_users"]


async def test_a_user_name_is_shown_where_no_name_is_known(ask: Ask, federation: FakeFederation) -> None:
    """The directory's name comes first."""
    rows = (UserRef(native_id="yan", username="yan.x"), UserRef(native_id="gone", username="gone.x"))
    federation.add(a_task(assignees=rows))
    federation.users[NativeRef("c8", "yan")] = User(native_id="yan", name="Yan Xu")

    named = [{"displayName": "Yan Xu"}, {"displayName": "gone.x"}]
    assert {"assignees": named} == await _task(ask, "assignees { displayName }")


async def test_group_is_named_by_the_row_the_directory_or_its_id(ask: Ask, federation: FakeFederation) -> None:
    """In this order. Null candidates differ from an empty list."""
    groups = (GroupRef(native_id="1", name="One"), GroupRef(native_id="2"), GroupRef(native_id="3"))
    federation.add(a_task(candidate_groups=groups, candidate_users=()))
    federation.groups[NativeRef("c8", "2")] = Group(native_id="2", name="Two", aliases=("II",), member_count=5)
    task = await _task(ask, "candidateUsers { id } candidateGroups { name source { key } } completedBy { id }")

    assert ["One", "Two", "3"] == [group["name"] for group in task["candidateGroups"]]
    assert ([], None) == (task["candidateUsers"], task["completedBy"])
    assert 1 == len(federation.calls["get_groups"])
    more = await _task(ask, "candidateGroups { aliases memberCount }")
    assert {"aliases": ["II"], "memberCount": 5} == more["candidateGroups"][1]
    assert {"aliases": [], "memberCount": None} == more["candidateGroups"][2]


async def test_flow_needs_no_call_before_its_state_is_selected(ask: Ask, federation: FakeFederation) -> None:
    """Id, name and source are from the row. The state of a flow that is not found is UNKNOWN."""
    federation.add(a_task(flow_id="f", flow_name="Invoice"))
    free = await _task(ask, "flow { id name source { key } fetchedAt native { nativeId } }")

    assert {
        "id": global_id("Flow", "c8", "f"),
        "name": "Invoice",
        "source": {"key": "c8"},
        "fetchedAt": "2026-06-15T08:59:30.123Z",
        "native": {"nativeId": "f"},
    } == free["flow"]
    assert "get_flows" not in federation.calls
    stub = await _task(ask, "flow { state startedAt native { rule state } }")
    assert {"state": "UNKNOWN", "startedAt": None, "native": {"rule": "flow.stub", "state": None}} == stub["flow"]
    assert [[FlowRef("c8", "f")]] == federation.calls["get_flows"]


async def test_loaded_flow_shows_its_record(ask: Ask, federation: FakeFederation) -> None:
    """From a task or by id. Parents are stubs."""
    federation.add(a_task(flow_id="f"))
    federation.flows[FlowRef("c8", "f")] = Flow(
        source="c8",
        native_id="f",
        state=FlowState.ACTIVE,
        rule="c8.active",
        fetched_at=FETCHED_AT,
        started_by=UserRef(native_id="alice.c8"),
        parent_id="p",
        native_state="ACTIVE",
    )
    fields = "state startedBy { displayName } parent { id } root { id } native { state rule }"
    seen = await _task(ask, f"flow {{ {fields} }}")
    found = await ask(f"query($id: ID!) {{ flow(id: $id) {{ {fields} }} }}", id=global_id("Flow", "c8", "f"))

    assert {
        "state": "ACTIVE",
        "startedBy": {"displayName": "Alice"},
        "parent": {"id": global_id("Flow", "c8", "p")},
        "root": None,
        "native": {"state": "ACTIVE", "rule": "c8.active"},
    } == seen["flow"]
    assert {"flow": seen["flow"]} == found.data


async def test_failing_flow_is_an_error_on_its_nullable_fields(ask: Ask, federation: FakeFederation) -> None:
    """The state is never null, so it is UNKNOWN. The rest of the task is returned."""
    federation.add(a_task(flow_id="f"))
    federation.flows[FlowRef("c8", "f")] = RateLimitedError("slow down").at("c8", "get_flows")
    result = await ask("query($id: ID!) { task(id: $id) { title flow { id state startedAt } } }", id=TASK)

    flow = {"id": global_id("Flow", "c8", "f"), "state": "UNKNOWN", "startedAt": None}
    assert result.data == {"task": {"title": "Task 1", "flow": flow}}
    assert [["task", "flow", "startedAt"]] == [error["path"] for error in result.errors]


async def test_details_of_one_task_are_one_call(ask: Ask, federation: FakeFederation) -> None:
    """With all selected aspects, and no others."""
    federation.add(a_task())
    federation.details[TaskRef("c8", "1")] = TaskDetail(
        description="Check it",
        form=Form(
            kind=FormKind.FIELDS,
            fields=(FormField(key="amount", type=FormFieldType.NUMBER, required=True, value=Decimal("0.10")),),
        ),
        outcomes=(TaskOutcome(code="ok"),),
        previous_steps=(
            PreviousStep(name="Enter", completed_by=UserRef(native_id="ana", name="Ana López"), data={"n": 2**53 + 1}),
        ),
    )
    fields = """description form { kind fields { key type value options { value } } } outcomes { code nature data }
      previousSteps { name completedBy { id displayName } data }"""
    task = await _task(ask, fields)

    assert {
        "description": "Check it",
        "form": {"kind": "FIELDS", "fields": [{"key": "amount", "type": "NUMBER", "value": 0.1, "options": None}]},
        "outcomes": [{"code": "ok", "nature": "NEUTRAL", "data": "UNKNOWN"}],
        "previousSteps": [
            {
                "name": "Enter",
                "completedBy": {"id": global_id("User", "c8", "ana"), "displayName": "Ana López"},
                "data": {"n": 9007199254740993},
            }
        ],
    } == task
    aspects = frozenset(DetailAspect) - {DetailAspect.DATA, DetailAspect.COMMENTS, DetailAspect.ACTIVITIES}
    assert [{TaskRef("c8", "1"): aspects}] == federation.calls["get_details"]


async def test_detail_that_cannot_be_loaded_is_null_on_its_path(ask: Ask, federation: FakeFederation) -> None:
    """The rest of the task is returned. The error has the source and the time to retry."""
    federation.add(a_task())
    federation.details[TaskRef("c8", "1")] = RateLimitedError("slow down", retry_at=SOON).at("c8", "get_details")
    result = await ask("query($id: ID!) { task(id: $id) { title form { kind } data } }", id=TASK)

    assert result.data == {"task": {"title": "Task 1", "form": None, "data": None}}
    extensions = {"code": "RATE_LIMITED", "source": "c8", "retryAt": "2026-06-15T09:00:01.000Z"}
    assert {("task", "form"), ("task", "data")} == {tuple(error["path"]) for error in result.errors}
    assert [extensions, extensions] == [error["extensions"] for error in result.errors]


async def test_data_keeps_decimals_and_long_integers(ask: Ask, federation: FakeFederation) -> None:
    """Numbers that a double cannot hold exactly are strings. `names` selects members."""
    federation.add(a_task())
    data = {"price": Decimal("10.25"), "exact": Decimal("0.1234567890123456789"), "id": 2**63 - 1, "huge": 2**70}
    federation.details[TaskRef("c8", "1")] = TaskDetail(data={**data, "list": [Decimal(1), None, True]})
    task = await _task(ask, 'data some: data(names: ["id", "absent"]) none: data(names: [])')

    assert {
        "price": 10.25,
        "exact": "0.1234567890123456789",
        "id": 9223372036854775807,
        "huge": "1180591620717411303424",
        "list": [1.0, None, True],
    } == task["data"]
    assert {"id": 9223372036854775807} == task["some"]
    assert {} == task["none"]


async def test_payload_is_for_task_admins(ask: Ask, carol: Caller, federation: FakeFederation) -> None:
    """For other people it is null and is not decoded."""
    payload = msgspec.Raw(b'{"key":9007199254740993,"rate":1.10}')
    federation.add(a_task(payload=payload, native_state="CREATED", native_type="BPMN"))
    native = {"nativeId": "1", "type": "BPMN", "state": "CREATED", "rule": "c8.created.unassigned"}
    fields = "native { nativeId type state rule payload }"

    assert {"native": {**native, "payload": None}} == await _task(ask, fields)
    shown = {"native": {**native, "payload": {"key": 9007199254740993, "rate": 1.1}}}
    assert shown == await _task(ask, fields, caller=carol)


async def test_unknown_task_is_null_and_failing_task_is_an_error(ask: Ask, federation: FakeFederation) -> None:
    """So is a task that the viewer cannot see. The error has code and source."""
    federation.tasks[TaskRef("geo", "2")] = NotFoundError("gone").at("geo", "get_task")
    unknown = await ask("query($id: ID!) { task(id: $id) { id } }", id=TASK)
    failing = await ask("query($id: ID!) { task(id: $id) { id } }", id=global_id("Task", "geo", "2"))

    assert (unknown.data, unknown.errors) == ({"task": None}, [])
    assert failing.data == {"task": None}
    assert [{"code": "NOT_FOUND", "source": "geo"}] == [error["extensions"] for error in failing.errors]


async def test_viewer_sources_and_users(ask: Ask) -> None:
    """From the configuration."""
    document = """query($u: ID!, $linked: ID!, $nobody: ID!, $s: [ID!]) {
      viewer { user { id } identities { source { key } nativeId username email linkedBy verified } }
      user(id: $u) { id identities { nativeId } displayName }
      linked: user(id: $linked) { id identities { nativeId } }
      nobody: user(id: $nobody) { id }
      sources(ids: $s) { id key name vendor status statusReason actsAs lastSuccessAt timeZone }
      all: sources { key actsAs }
    }"""
    unlinked = global_id("User", "c8", "zoe")
    result = await ask(
        document,
        u=unlinked,
        linked=global_id("User", "geo", "17"),
        nobody=person_id("nobody"),
        s=[global_id("Source", "geo")],
    )

    assert [] == result.errors
    identity = {"linkedBy": "CONFIG", "verified": True}
    assert result.data == {
        "viewer": {
            "user": {"id": person_id("alice")},
            "identities": [
                {"source": {"key": "c8"}, "nativeId": "alice.c8", "username": "alice", "email": None, **identity},
                {"source": {"key": "geo"}, "nativeId": "17", "username": None, "email": "a@geo.example", **identity},
            ],
        },
        "user": {"id": unlinked, "identities": [], "displayName": None},
        "linked": {"id": person_id("alice"), "identities": [{"nativeId": "alice.c8"}, {"nativeId": "17"}]},
        "nobody": None,
        "sources": [
            {
                "id": global_id("Source", "geo"),
                "key": "geo",
                "name": "Field work",
                "vendor": "geotareas",
                "status": "UNAVAILABLE",
                "statusReason": "no answer",
                "actsAs": "VIEWER",
                "lastSuccessAt": "2026-06-15T08:59:30.123Z",
                "timeZone": "Europe/Madrid",
            }
        ],
        "all": [{"key": "c8", "actsAs": "SERVICE"}, {"key": "geo", "actsAs": "VIEWER"}],
    }


@pytest.mark.parametrize(
    ("number", "shown"), [(2**31 - 1, 2**31 - 1), (2**31, 2**31 - 1), (10**30, 2**31 - 1), (-(2**40), -(2**31))]
)
async def test_a_number_beyond_an_int_is_cut(number: int, shown: int, ask: Ask, federation: FakeFederation) -> None:
    """Of tasks, groups and counts alike; no error."""
    federation.add(a_task(priority_score=number))
    federation.groups[NativeRef("c8", "g")] = Group(native_id="g", name="G", member_count=number)
    federation.stats = TaskStats(total=number, accuracy=CountAccuracy.EXACT, overdue=0, buckets=(), sources=())
    group = global_id("Group", "c8", "g")
    result = await ask(
        f'{{ task(id: "{TASK}") {{ priorityScore }} group(id: "{group}") {{ memberCount }} taskStats(groupBy: []) {{ total }} }}'
    )

    assert ([], {"task": {"priorityScore": shown}, "group": {"memberCount": shown}, "taskStats": {"total": shown}}) == (
        result.errors,
        result.data,
    )
