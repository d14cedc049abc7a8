"""Task and user records as records of the model: states, times, people, letter cases."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import GroupRef, Sla, Tag, Task, TaskKind, TaskPriority, TaskState, UserRef
from connectors.uipath import wire
from connectors.uipath.formats import decode_record
from connectors.uipath.mapping import group_of, is_group, state_of, task_from_wire, user_of
from connectors.uipath.settings import UiPathSettings
from tests.connectors.uipath.tenant import NOW, settings_with

GUID = "0b9d7c1e-4a5f-4d7b-9e61-6a1f6b1d2c3d"


def task_of(settings: UiPathSettings, **members: Any) -> Task:
    row = {"Id": 101, "OrganizationUnitId": 828, "Title": "Review", "Status": "Unassigned", **members}
    return task_from_wire(decode_record(msgspec.Raw(msgspec.json.encode(row)), wire.Task), settings, fetched_at=NOW)


@pytest.mark.parametrize(
    ("status", "owner", "deleted", "state", "rule"),
    [
        ("Unassigned", None, False, TaskState.READY, "uipath.unassigned"),
        (0, None, False, TaskState.READY, "uipath.unassigned"),
        ("Pending", 7, False, TaskState.RESERVED, "uipath.pending.assigned"),
        (1, 7, False, TaskState.RESERVED, "uipath.pending.assigned"),
        ("Pending", None, False, TaskState.READY, "uipath.pending.shared"),
        (1, None, None, TaskState.READY, "uipath.pending.shared"),
        ("Completed", 7, False, TaskState.COMPLETED, "uipath.completed"),
        (2, None, None, TaskState.COMPLETED, "uipath.completed"),
        ("Unassigned", None, True, TaskState.CANCELED, "uipath.deleted"),
        ("Pending", 7, True, TaskState.CANCELED, "uipath.deleted"),
        (2, 7, True, TaskState.CANCELED, "uipath.deleted"),
        ("Forwarded", 7, False, TaskState.UNKNOWN, "uipath.unknown"),
        (3, None, False, TaskState.UNKNOWN, "uipath.unknown"),
        (-1, None, False, TaskState.UNKNOWN, "uipath.unknown"),
        ("pending", 7, False, TaskState.UNKNOWN, "uipath.unknown"),
        (None, None, False, TaskState.UNKNOWN, "uipath.unknown"),
    ],
)
def test_the_state_follows_status_owner_and_deletion(
    settings: UiPathSettings,
    status: str | int | None,
    owner: int | None,
    deleted: bool | None,
    state: TaskState,
    rule: str,
) -> None:
    """As text and as number. The deleted flag takes precedence."""
    task = task_of(settings, Status=status, AssignedToUserId=owner, IsDeleted=deleted)

    assert (state, rule) == (task.state, task.rule)
    assert ("DELETED" if deleted else None) == task.state_reason


def test_a_status_outside_the_table_is_kept_as_text(settings: UiPathSettings) -> None:
    """A number is kept as its digits."""
    assert "9" == task_of(settings, Status=9).native_state
    assert "Parked" == task_of(settings, Status="Parked").native_state
    assert (TaskState.UNKNOWN, "uipath.unknown") == state_of(None, owned=True, deleted=False)


@pytest.mark.parametrize(
    ("native", "kind", "name"),
    [
        ("FormTask", TaskKind.FORM, "FormTask"),
        (0, TaskKind.FORM, "FormTask"),
        ("ExternalTask", TaskKind.EXTERNAL, "ExternalTask"),
        (1, TaskKind.EXTERNAL, "ExternalTask"),
        ("DocumentValidationTask", TaskKind.DOCUMENT, "DocumentValidationTask"),
        ("DocumentClassificationTask", TaskKind.DOCUMENT, "DocumentClassificationTask"),
        ("DataLabelingTask", TaskKind.DOCUMENT, "DataLabelingTask"),
        ("AppTask", TaskKind.APP, "AppTask"),
        (5, TaskKind.APP, "AppTask"),
        (6, TaskKind.UNKNOWN, "QuickFormTask"),
        ("QuickFormTask", TaskKind.UNKNOWN, "QuickFormTask"),
        (17, TaskKind.UNKNOWN, "17"),
        (None, TaskKind.UNKNOWN, None),
    ],
)
def test_the_kind_follows_the_type(
    settings: UiPathSettings, native: str | int | None, kind: TaskKind, name: str | None
) -> None:
    """As text and as number. An unknown type keeps its name."""
    task = task_of(settings, Type=native)

    assert (kind, name) == (task.kind, task.native_type)


@pytest.mark.parametrize(
    ("native", "priority", "score"),
    [
        ("Low", TaskPriority.LOW, 25),
        ("Medium", TaskPriority.MEDIUM, 50),
        (2, TaskPriority.HIGH, 75),
        ("Critical", TaskPriority.CRITICAL, 100),
        ("Urgent", None, None),
        (None, None, None),
    ],
)
def test_priorities_are_one_to_one(
    settings: UiPathSettings, native: str | int | None, priority: TaskPriority | None, score: int | None
) -> None:
    """As text and as number."""
    task = task_of(settings, Priority=native)

    assert (priority, score) == (task.priority, task.priority_score)


def test_both_letter_cases_read_the_same(settings: UiPathSettings) -> None:
    """In the record and in nested records, also mixed."""
    pascal: dict[str, Any] = {
        "AssignedToUser": {"Id": 7, "Name": "Ana", "Surname": "Gil", "EmailAddress": "ana@x.test"},
        "AssignedToUserId": 7,
        "Status": "Pending",
        "TaskSlaDetail": {
            "ExpiryTime": "2026-06-16T09:00:00Z",
            "Status": "OverdueSoon",
            "StartCriteria": "TaskCreated",
        },
        "Tags": [{"Name": "region", "DisplayName": "Region", "Value": "north"}],
    }
    camel = {
        "assignedToUser": {"id": 7, "Name": "Ana", "surname": "Gil", "emailAddress": "ana@x.test"},
        "assignedToUserId": 7,
        "status": 1,
        "taskSlaDetail": {"expiryTime": "2026-06-16T09:00:00Z", "status": 1, "startCriteria": 0},
        "tags": [{"name": "region", "DisplayName": "Region", "value": "north"}],
    }
    row = {"id": 101, "organizationUnitId": 828, "title": "Review", **camel}
    other = task_from_wire(decode_record(msgspec.Raw(msgspec.json.encode(row)), wire.Task), settings, fetched_at=NOW)
    one = task_of(settings, **pascal)

    assert one == other
    assert (UserRef(native_id="7", name="Ana Gil", email="ana@x.test"),) == one.assignees
    assert (Tag(name="region", value="north", label="Region"),) == one.tags
    assert datetime(2026, 6, 16, 9, tzinfo=UTC) == one.due_at
    assert (
        Sla(
            status="OverdueSoon",
            starts_on="TaskCreated",
            ends_on="2026-06-16T09:00:00Z",
            expires_at=datetime(2026, 6, 16, 9, tzinfo=UTC),
        )
        == one.sla
    )


def test_large_ids_stay_whole(settings: UiPathSettings) -> None:
    """Up to int64. Larger ones do not fit the documentation."""
    most = (1 << 63) - 1
    task = task_of(settings, Id=most, OrganizationUnitId=most, AssignedToUserId=most - 1)

    assert f"{most}-{most}" == task.native_id
    assert (UserRef(native_id=str(most - 1)),) == task.assignees
    with pytest.raises(MalformedResponseError):
        task_of(settings, Id=most + 1)


@pytest.mark.parametrize(
    "members",
    [
        {"Id": "101"},
        {"Id": None},
        {"Id": 1.5},
        {"Title": 5},
        {"Tags": {}},
        {"OrganizationUnitId": None},
        {"Tags": [{}]},
    ],
)
def test_a_record_of_another_shape_is_malformed(settings: UiPathSettings, members: dict[str, Any]) -> None:
    """A task without a folder has no id. The message does not contain values."""
    with pytest.raises(MalformedResponseError) as caught:
        task_of(settings, Action="very private", **members)

    assert "very private" not in str(caught.value)


def test_null_members_are_absent_ones(settings: UiPathSettings) -> None:
    """Every member except the ids may be null or missing."""
    names = [field.encode_name for field in msgspec.structs.fields(wire.Task)]
    nulls = {name: None for name in names if name not in {"id", "organizationUnitId"}}
    row = {"id": 101, "organizationUnitId": 828}
    read = [
        task_from_wire(decode_record(msgspec.Raw(msgspec.json.encode(each)), wire.Task), settings, fetched_at=NOW)
        for each in (row, {**nulls, **row})
    ]

    assert read[0] == read[1]
    assert "101" == read[0].title


def test_a_group_assignment_names_the_group_as_candidate(settings: UiPathSettings) -> None:
    """A group has the type of one, or neither type nor surname nor mail address. A login that is named twice counts once."""
    group = {"Id": 9, "Name": "Accounting", "UserName": "accounting", "Type": "DirectoryGroup"}
    person = {"Id": 7, "Name": "Ana", "Surname": "Gil", "EmailAddress": "ana@x.test"}
    task = task_of(
        settings,
        Status="Pending",
        TaskAssignments=[{"Assignee": group}, {"Assignee": person}, {"Assignee": group}, {"Assignee": None}, {}],
        TaskAssignees=[person, {"Id": None, "Name": "Without id"}],
    )
    untyped = task_of(
        settings, Status="Pending", TaskAssignments=[{"Assignee": {"Id": 9, "DisplayName": "Accounting"}}]
    )

    assert TaskState.READY is task.state
    assert (GroupRef(native_id="9", name="Accounting"),) == task.candidate_groups == untyped.candidate_groups
    assert (UserRef(native_id="7", name="Ana Gil", email="ana@x.test"),) == task.candidate_users
    assert () == untyped.candidate_users


def test_without_its_assignments_a_shared_task_names_the_group_by_name(settings: UiPathSettings) -> None:
    """Without any candidate all people might claim it."""
    task = task_of(settings, Status="Pending", TaskAssigneeName="Accounting")

    assert (GroupRef(native_id="Accounting", name="Accounting"),) == task.candidate_groups


def test_an_owned_task_names_no_candidates(settings: UiPathSettings) -> None:
    """Its assignments only repeat the owner."""
    person = {"Id": 7, "Name": "Ana"}
    task = task_of(
        settings,
        Status="Pending",
        AssignedToUserId=7,
        AssignedToUser=person,
        TaskAssignments=[{"Assignee": person}],
    )

    assert (UserRef(native_id="7", name="Ana"),) == task.assignees
    assert ((), ()) == (task.candidate_users, task.candidate_groups)


def test_the_id_of_the_owner_counts_if_the_record_is_another_users(settings: UiPathSettings) -> None:
    """Filters of lists compare the id."""
    task = task_of(settings, Status="Pending", AssignedToUserId=8, AssignedToUser={"Id": 7, "Name": "Ana"})

    assert (UserRef(native_id="8"),) == task.assignees


@pytest.mark.parametrize(
    ("job", "flow"),
    [
        (GUID, f"828-{GUID}"),
        (GUID.upper(), f"828-{GUID}"),
        (None, None),
        ("", None),
        ("00000000-0000-0000-0000-000000000000", None),
        ("' or 1 eq 1", None),
    ],
)
def test_the_flow_is_the_creators_job(settings: UiPathSettings, job: str | None, flow: str | None) -> None:
    """None if no job created the task, and for a text that is no GUID."""
    assert flow == task_of(settings, CreatorJobKey=job).flow_id


def test_the_vendors_overdue_counts_while_the_task_is_open(settings: UiPathSettings) -> None:
    """A completed task is not overdue. The earliest of several due dates counts."""
    late = {"ExpiryTime": "2026-01-01T00:00:00Z", "Status": "Overdue"}
    several = [{"expiryTime": None}, {"expiryTime": "2026-02-02T00:00:00Z"}, {"expiryTime": "2026-01-02T00:00:00Z"}]

    assert task_of(settings, TaskSlaDetail=late).is_overdue is True
    assert task_of(settings, TaskSlaDetail=late, Status="Completed").is_overdue is None
    assert task_of(settings, TaskSlaDetail={**late, "Status": "OverdueLater"}).is_overdue is None
    assert datetime(2026, 1, 2, tzinfo=UTC) == task_of(settings, TaskSlaDetails=several).due_at
    assert task_of(settings, TaskSlaDetails=[]).sla is None
    assert task_of(settings, TaskSlaDetails=[{"expiryTime": None}]).due_at is None


def test_the_action_is_the_outcome_of_a_completed_task(settings: UiPathSettings) -> None:
    """The action of an open task is not a result."""
    assert "Approve" == task_of(settings, Status="Completed", Action="Approve").outcome
    assert task_of(settings, Status="Pending", AssignedToUserId=7, Action="Approve").outcome is None


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({}, "https://uipath.test/acme/DefaultTenant/actions_/current-task/tasks/101"),
        (
            {"ui_host": "cloud.uipath.com"},
            "https://cloud.uipath.com/acme/DefaultTenant/actions_/current-task/tasks/101",
        ),
        ({"url_template": "https://x.test/{tenant}/{folder}/{id}"}, "https://x.test/DefaultTenant/828/101"),
        ({"url_template": None}, None),
    ],
)
def test_the_link_comes_from_the_template(options: dict[str, Any], url: str | None) -> None:
    """With host, organization, tenant, folder and id."""
    assert url == task_of(settings_with(**options)).url


def test_the_api_host_is_not_the_one_for_people() -> None:
    """The host of the interface has no pages."""
    settings = settings_with().model_copy(update={"base_url": "https://api.uipath.com"})

    assert "https://cloud.uipath.com/acme/DefaultTenant/actions_/current-task/tasks/101" == task_of(settings).url


def test_a_link_has_the_scheme_of_the_base_url() -> None:
    """An Orchestrator without TLS has its pages without TLS. An empty template is no link."""
    settings = settings_with().model_copy(update={"base_url": "http://127.0.0.1:8202"})

    assert "http://127.0.0.1:8202/acme/DefaultTenant/actions_/current-task/tasks/101" == task_of(settings).url
    assert task_of(settings_with(url_template="")).url is None


def test_people_and_groups_are_told_apart() -> None:
    """Robots and applications are neither users nor groups."""
    logins = [
        wire.UserLogin(id=1, name="Ana", surname="Gil", type="DirectoryUser"),
        wire.UserLogin(id=2, name="Bo", email_address="bo@x.test"),
        wire.UserLogin(id=3, name="Accounting", type="DirectoryGroup"),
        wire.UserLogin(id=4, name="Sales", type=3),
        wire.UserLogin(id=5, name="Unattended", type="DirectoryRobot"),
        wire.UserLogin(id=6, name="App", type=5),
        wire.UserLogin(name="Without id", email_address="x@x.test"),
    ]

    assert ["1", "2"] == [user.native_id for each in logins if (user := user_of(each)) is not None]
    assert ["3", "4"] == [group.native_id for each in logins if (group := group_of(each)) is not None]
    assert not is_group(wire.UserLogin(id=8))
