"""What verbs send, and the task afterwards."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    AddComment,
    Assign,
    CancelFlowOfTask,
    Claim,
    Command,
    Complete,
    CreateTask,
    DeleteTask,
    MutationStatus,
    Release,
    SaveDraft,
    SetTags,
    TaskCommand,
    Unassign,
    Update,
)
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    IdentityNotLinkedError,
    MalformedResponseError,
    NotFoundError,
    UnavailableError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import Tag, Task, TaskKind, TaskPriority, TaskState
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import carried_out
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.tenant import Tenant
from tests.connectors.uipath.vendor import ALICE, APP, FORM, ODATA, PENDING, REST, TASK, Vendor, owned

Scripted = Callable[..., UiPathConnector]


@pytest.mark.parametrize(
    ("command", "method", "path", "body", "folder"),
    [
        (
            Claim(task=TASK, actor=ALICE),
            "POST",
            ODATA + "AssignTasks",
            {"taskAssignments": [{"TaskId": 101, "UserId": 7}]},
            None,
        ),
        (
            # Assigned to a group, so already Pending.
            Claim(task=replace(PENDING, state=TaskState.READY, assignees=()), actor=ALICE),
            "POST",
            ODATA + "ReassignTasks",
            {"taskAssignments": [{"TaskId": 101, "UserId": 7}]},
            None,
        ),
        (
            Assign(task=TASK, user_id="9007199254740993"),
            "POST",
            ODATA + "AssignTasks",
            {"taskAssignments": [{"TaskId": 101, "UserId": 9007199254740993}]},
            None,
        ),
        (
            Assign(task=TASK, user_id="mia@x.test"),
            "POST",
            ODATA + "AssignTasks",
            {"taskAssignments": [{"TaskId": 101, "UserNameOrEmail": "mia@x.test"}]},
            None,
        ),
        (
            Assign(task=PENDING, user_id="7", override=True),
            "POST",
            ODATA + "ReassignTasks",
            {"taskAssignments": [{"TaskId": 101, "UserId": 7}]},
            None,
        ),
        (
            Assign(task=TASK, group_id="9"),
            "POST",
            ODATA + "AssignTasks",
            {"taskAssignments": [{"TaskId": 101, "UserId": 9, "AssignmentCriteria": "AllUsers"}]},
            None,
        ),
        (
            Assign(task=TASK, group_id="9", options={"criteria": "RoundRobin"}),
            "POST",
            ODATA + "AssignTasks",
            {"taskAssignments": [{"TaskId": 101, "UserId": 9, "AssignmentCriteria": "RoundRobin"}]},
            None,
        ),
        (
            Assign(task=TASK, group_id="Accounting", options={"criteria": "Workload"}),
            "POST",
            ODATA + "AssignTasks",
            {"taskAssignments": [{"TaskId": 101, "UserNameOrEmail": "Accounting", "AssignmentCriteria": "Workload"}]},
            None,
        ),
        (Release(task=PENDING), "POST", ODATA + "UnassignTasks", {"taskIds": [101]}, None),
        (Unassign(task=PENDING), "POST", ODATA + "UnassignTasks", {"taskIds": [101]}, None),
        (DeleteTask(task=TASK), "POST", ODATA + "DeleteTasks", {"taskIds": [101]}, None),
        (
            Complete(task=TASK),
            "POST",
            REST + "/tasks/GenericTasks/CompleteTask",
            {"taskId": 101},
            "828",
        ),
        (
            Complete(task=TASK, outcome="Approve", data={"Sum": 1.5}),
            "POST",
            REST + "/tasks/GenericTasks/CompleteTask",
            {"taskId": 101, "action": "Approve", "data": {"Sum": 1.5}},
            "828",
        ),
        (
            Complete(task=FORM, outcome="Submit", data={}),
            "POST",
            REST + "/forms/TaskForms/CompleteTask",
            {"taskId": 101, "action": "Submit", "data": {}},
            "828",
        ),
        (
            Complete(task=APP, outcome="Approve"),
            "POST",
            REST + "/tasks/AppTasks/CompleteAppTask",
            {"taskId": 101, "action": "Approve", "data": {}},
            "828",
        ),
        (
            SaveDraft(task=TASK, data={"a": None}),
            "PUT",
            REST + "/tasks/GenericTasks/SaveTaskData",
            {"TaskId": 101, "Data": {"a": None}},
            "828",
        ),
        (
            SaveDraft(task=FORM, data={"a": 1}),
            "PUT",
            REST + "/forms/TaskForms/SaveTaskData",
            {"TaskId": 101, "Data": {"a": 1}},
            "828",
        ),
        (
            SaveDraft(task=APP, data={"a": 1}),
            "PUT",
            REST + "/tasks/AppTasks/SaveAppTasksData",
            {"TaskId": 101, "Data": {"a": 1}},
            "828",
        ),
        (
            SetTags(task=TASK, tags=(Tag(name="urgent"), Tag(name="region", value="north", label="Region"))),
            "PUT",
            REST + "/tasks/GenericTasks/SaveTaskTags",
            {
                "TaskId": 101,
                "Tags": [
                    {"Name": "urgent", "DisplayName": "urgent"},
                    {"Name": "region", "DisplayName": "Region", "Value": "north", "DisplayValue": "north"},
                ],
            },
            "828",
        ),
        (SetTags(task=TASK), "PUT", REST + "/tasks/GenericTasks/SaveTaskTags", {"TaskId": 101, "Tags": []}, "828"),
        (
            Update(task=TASK, title="Other", priority=TaskPriority.CRITICAL, options={"noteText": "why"}),
            "POST",
            ODATA + "EditTaskMetadata",
            {"TaskId": 101, "Title": "Other", "Priority": "Critical", "NoteText": "why"},
            "828",
        ),
        (
            Update(task=TASK, title="Other", reason="because"),
            "POST",
            ODATA + "EditTaskMetadata",
            {"TaskId": 101, "Title": "Other", "NoteText": "because"},
            "828",
        ),
    ],
)
async def test_a_verb_is_one_write(
    scripted: Scripted, command: Any, method: str, path: str, body: object, folder: str | None
) -> None:
    """With this method, path, body and folder."""
    vendor = Vendor()
    outcome = await scripted(vendor, allow_delete=True).perform(command)

    assert [(method, path, body, folder)] == vendor.writes
    assert MutationStatus.APPLIED is outcome.status
    assert "828-101" == outcome.task.native_id


async def test_decimals_are_sent_as_numbers(scripted: Scripted) -> None:
    """With all their digits."""
    sent: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.content)
        return httpx2.Response(204)

    data: dict[str, object] = {"sum": Decimal("1234567890.123456789012345678"), "id": 9007199254740993}
    await scripted(answer).perform(Complete(task=TASK, data=data))

    assert b'{"taskId":101,"data":{"sum":1234567890.123456789012345678,"id":9007199254740993}}' == sent[0]


async def test_a_new_task_is_external_and_in_a_folder(scripted: Scripted) -> None:
    """The answer is in camelCase with enums as numbers."""
    answer = {"id": 205, "title": "Check", "status": 0, "type": 1, "priority": 2, "organizationUnitId": 828}
    vendor = Vendor(CreateTask=httpx2.Response(201, json=answer))
    command = CreateTask(
        title="Check",
        priority=TaskPriority.HIGH,
        data={"Amount": 5},
        options={"folderId": "828", "externalTag": "jira", "taskCatalogName": "Loans"},
    )
    outcome = await scripted(vendor).perform(command)
    body = {
        "type": "ExternalTask",
        "title": "Check",
        "priority": "High",
        "data": {"Amount": 5},
        "externalTag": "jira",
        "taskCatalogName": "Loans",
    }

    assert [("POST", REST + "/tasks/GenericTasks/CreateTask", body, "828")] == vendor.sent
    assert ("828-205", TaskState.READY, TaskKind.EXTERNAL, TaskPriority.HIGH) == (
        outcome.task.native_id,
        outcome.task.state,
        outcome.task.kind,
        outcome.task.priority,
    )


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (CreateTask(title="", options={"folderId": "828"}), ValidationFailedError),
        (CreateTask(title="x" * 513, options={"folderId": "828"}), ValidationFailedError),
        (CreateTask(title="Check", description="long", options={"folderId": "828"}), ValidationFailedError),
        (Claim(task=TASK), IdentityNotLinkedError),
        (Claim(task=TASK, actor=Identity(native_id="alice")), IdentityNotLinkedError),
        (Assign(task=TASK, user_id="x" * 257), ValidationFailedError),
        (Assign(task=PENDING, user_id="7"), AlreadyAssignedError),
        (Complete(task=TASK, comment="well"), ValidationFailedError),
        (Complete(task=FORM, data={}), ValidationFailedError),
        (Complete(task=FORM, outcome="Submit"), ValidationFailedError),
        (Complete(task=APP), ValidationFailedError),
        (Complete(task=replace(TASK, native_type="DocumentValidationTask")), UnsupportedActionError),
        (Complete(task=replace(TASK, native_type="QuickFormTask")), UnsupportedActionError),
        (Complete(task=replace(TASK, native_type=None)), UnsupportedActionError),
        (Complete(task=replace(TASK, native_id="101")), NotFoundError),
        (SaveDraft(task=replace(TASK, native_type="DataLabelingTask"), data={}), UnsupportedActionError),
        (AddComment(task=TASK, text="x" * 513), ValidationFailedError),
        (AddComment(task=TASK, text="  "), ValidationFailedError),
        (SetTags(task=TASK, tags=(Tag(name="x" * 257),)), ValidationFailedError),
        (SetTags(task=TASK, tags=(Tag(name=""),)), ValidationFailedError),
        (Update(task=TASK, title="x" * 513), ValidationFailedError),
        (Update(task=TASK, title="Other", reason="x" * 513), ValidationFailedError),
        (Update(task=TASK, description="long"), UnsupportedActionError),
        (DeleteTask(task=TASK), UnsupportedActionError),
    ],
)
async def test_what_the_vendor_does_not_accept_is_refused_without_a_call(
    scripted: Scripted, command: Any, kind: type[ConnectorError]
) -> None:
    """Before anything is sent."""
    vendor = Vendor()
    with pytest.raises(kind):
        await scripted(vendor).perform(command)

    assert [] == vendor.sent


async def test_a_claim_is_read_back(scripted: Scripted) -> None:
    """Two assignments at the same time both succeed for the vendor; the owner that is read decides."""
    row = {"Id": 101, "OrganizationUnitId": 828, "Status": "Pending", "AssignedToUserId": 8}
    vendor = Vendor(**{"Tasks(101)": httpx2.Response(200, json=row)})
    with pytest.raises(AlreadyAssignedError) as caught:
        await scripted(vendor).perform(Claim(task=TASK, actor=ALICE))

    assert not caught.value.maybe_applied
    assert ["POST", "GET"] == [method for method, *_ in vendor.sent]


async def test_a_claim_that_a_read_does_not_show_may_be_applied(scripted: Scripted) -> None:
    """No other person has the task: the read is older than the assignment, or nothing was assigned."""
    row = {"Id": 101, "OrganizationUnitId": 828, "Status": "Unassigned"}
    vendor = Vendor(**{"Tasks(101)": httpx2.Response(200, json=row)})
    with pytest.raises(MalformedResponseError) as caught:
        await scripted(vendor).perform(Claim(task=TASK, actor=ALICE))

    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    "command", [Claim(task=TASK, actor=ALICE), Assign(task=TASK, group_id="9", options={"criteria": "Workload"})]
)
async def test_a_write_that_cannot_be_read_back_may_be_applied(scripted: Scripted, command: Any) -> None:
    """The vendor accepted it, but its effect is not known."""
    vendor = Vendor(**{"Tasks(101)": httpx2.Response(503)})
    with pytest.raises(UnavailableError) as caught:
        await scripted(vendor).perform(command)

    assert caught.value.maybe_applied


async def test_a_group_whose_members_may_all_claim_is_the_candidate(tenant: Tenant) -> None:
    """With a criterion that picks a member, that member is the owner."""
    unassigned = [
        task
        for task in await tenant.drain(TaskQuery(states=frozenset({TaskState.READY})))
        if task.native_state == "Unassigned" and task.native_id.startswith("828-")
    ]
    group = tenant.identity("alice").groups[0]
    everyone = await tenant.connector.perform(Assign(task=unassigned[0], group_id=group))
    picked = await tenant.connector.perform(
        Assign(task=unassigned[1], group_id=group, options={"criteria": "Workload"})
    )
    shown = (await tenant.connector.get_tasks([unassigned[0].native_id]))[unassigned[0].native_id]

    assert isinstance(shown, Task)
    assert (TaskState.READY, TaskState.READY) == (everyone.task.state, shown.state)
    assert [group] == [each.native_id for each in everyone.task.candidate_groups or ()]
    assert [group] == [each.native_id for each in shown.candidate_groups or ()]
    assert TaskState.RESERVED is picked.task.state
    assert 1 == len(picked.task.assignees)

    claimed = await tenant.connector.perform(Claim(task=shown, actor=tenant.identity("alice")))

    assert TaskState.RESERVED is claimed.task.state


async def test_every_write_has_one_effect(tenant: Tenant) -> None:
    """On its task, in the record of the stand-in."""
    task = await owned(tenant, "ExternalTask", tenant.identity("alice").native_id)
    commands: list[Any] = [
        SetTags(task=task, tags=(Tag(name="urgent"),)),
        Update(task=task, priority=TaskPriority.LOW),
        SaveDraft(task=task, data={"a": 1}),
        AddComment(task=task, text="Hello"),
        Complete(task=task, outcome="done"),
    ]
    tenant.stand_in.effects.clear()
    for command in commands:
        await tenant.connector.perform(command)
    applied = tenant.stand_in.effects.all()

    assert ["set_tags", "update", "save_draft", "comment", "complete"] == [each.action for each in applied]
    assert {task.native_id} == {each.task for each in applied}


def test_the_supported_commands_are_declared() -> None:
    """And no others."""
    names = {command.__name__ for command in UiPathConnector.declared()}

    assert {
        "Claim", "Release", "Unassign", "Assign", "Update", "SetTags", "SaveDraft", "AddComment", "CreateTask", "Complete",
        "DeleteTask", "CancelFlowOfTask", "CancelFlow", "SuspendFlow", "ResumeFlow",
    } == names  # fmt: skip
    assert all(issubclass(command, Command) for command in UiPathConnector.declared())


DOCUMENT = replace(TASK, kind=TaskKind.DOCUMENT, native_type="DocumentValidationTask")
DELETED = replace(TASK, state=TaskState.CANCELED, state_reason="DELETED")
ROBOT = Identity(native_id="robot")


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (Complete(task=DOCUMENT, actor=ALICE, outcome="ok"), UnsupportedActionError),
        (SaveDraft(task=DOCUMENT, actor=ALICE, data={}), UnsupportedActionError),
        (CancelFlowOfTask(task=TASK, actor=ALICE), ConflictError),
        (AddComment(task=DELETED, actor=ALICE, text="hello"), ConflictError),
        (Claim(task=TASK, actor=ROBOT), IdentityNotLinkedError),
    ],
)
async def test_what_the_record_tells_is_refused_without_a_call(
    scripted: Scripted, command: TaskCommand, error: type[ConnectorError]
) -> None:
    """By `refusal_of`, which permittedActions asks too; not on a task where it is possible."""
    vendor = Vendor()
    connector = scripted(vendor)
    known = connector.refusal_of(command.task, command.action, command.actor)
    possible = replace(FORM, flow_id="828-0b1c9c1e-6b3a-4c55-9d0e-000000000001")

    with pytest.raises(error):
        await connector.perform(command)
    assert type(known) is error
    assert connector.refusal_of(possible, command.action, ALICE) is None
    assert [] == vendor.sent


async def test_a_completion_by_the_account_leaves_the_task_with_the_account(tenant: Tenant) -> None:
    """As the vendor shows it: the gateway, not the record, knows who completed it."""
    task = await owned(tenant, "FormTask", tenant.identity("alice").native_id)
    connector = tenant.open(assign_before_completing=True)
    done = (await carried_out(connector, Complete(task=task, outcome="approve", data={}))).task
    shown = (await connector.get_tasks([task.native_id]))[task.native_id]

    assert isinstance(shown, Task)
    assert [user.native_id for user in shown.assignees] == [user.native_id for user in done.assignees]
    assert [user.native_id for user in task.assignees] != [user.native_id for user in done.assignees]
