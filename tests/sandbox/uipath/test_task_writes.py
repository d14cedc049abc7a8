"""Writes of the stand-in for UiPath: what each item changes and who may write."""

from collections.abc import AsyncIterator

import pytest

from sandbox.uipath import READER_APP
from sandbox.uipath.directory import CLAIMS, COMMERCIAL, DIRECTORY_GROUPS, FINANCE, FOLDERS, PEOPLE, ROBOTS, SERVICE
from sandbox.uipath.records import Task
from tests.sandbox.uipath.tenant import (
    ACCOUNTING,
    ALICE,
    ASSIGN,
    BOB,
    CAROL,
    COMPLETE,
    DELETE,
    EDIT,
    ODATA,
    REASSIGN,
    UNASSIGN,
    Json,
    Tenant,
    refusal,
    tenant_of,
)

NOTES = f"/odata/TaskNotes/{ODATA}"


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with tenant_of(150) as tenant:
        yield tenant


async def completed(tenant: Tenant, task: Task, **body: object) -> int:
    answer = await tenant.send("POST", COMPLETE[task.type], {"taskId": task.id, **body}, folder=FOLDERS[task.folder])
    return answer.status_code


async def test_each_item_of_an_assignment_stands_alone(tenant: Tenant) -> None:
    """A 200 lists the failed items with their errors; the other items are applied."""
    free, taken = tenant.task(status="Unassigned", folder=828), tenant.task(assignee=ALICE)
    done = next(task for task in tenant.stand_in.store.tasks.values() if task.status == "Completed")
    answer = await tenant.send(
        "POST",
        ASSIGN,
        {
            "taskAssignments": [
                {"TaskId": taken.id, "UserId": BOB},
                {"TaskId": free.id, "UserNameOrEmail": "ALICE@example.com"},
                {"TaskId": done.id, "UserId": BOB},
                {"TaskId": 4711, "UserNameOrEmail": "bob@example.com"},
                {"TaskId": free.id, "UserId": BOB},
            ]
        },
    )
    errors = answer.json()["value"]

    assert [(taken.id, 1000), (done.id, 1000), (4711, 1002), (free.id, 1000)] == [
        (each["TaskId"], each["ErrorCode"]) for each in errors
    ]
    assert {
        "TaskId": 4711,
        "UserId": None,
        "ErrorCode": 1002,
        "ErrorMessage": "Action does not exist.",
        "UserNameOrEmail": "bob@example.com",
    } == errors[2]
    row = await tenant.row(free, "AssignedToUser,LastModifierUser")

    assert ("Pending", ALICE, "Alice Moreno", "taskgate") == (
        row["Status"],
        row["AssignedToUserId"],
        row["AssignedToUser"]["DisplayName"],
        row["LastModifierUser"]["UserName"],
    )
    assert [("assign", f"828-{free.id}")] == tenant.effects
    assert ("taskgate", "r1") == (
        tenant.stand_in.effects.all()[0].actor,
        tenant.stand_in.effects.all()[0].request_id,
    )


async def test_reassigning_and_unassigning_need_an_assignee(tenant: Tenant) -> None:
    """An all-users task cannot be unassigned, but reassigned to one of the users."""
    free, taken = tenant.task(status="Unassigned", folder=828), tenant.task(assignee=ALICE)
    shared = tenant.task(criteria="AllUsers", folder=828)

    assert [(free.id, 1000)] == await tenant.failed(REASSIGN, {"taskId": free.id, "userId": BOB})
    assert [] == await tenant.failed(REASSIGN, {"TASKID": taken.id, "USERID": BOB})
    assert [] == await tenant.failed(REASSIGN, {"taskId": shared.id, "userId": ALICE})
    other = tenant.task(criteria="AllUsers", folder=828)
    answer = await tenant.send("POST", UNASSIGN, {"TaskIds": [taken.id, free.id, other.id]})

    assert [free.id, other.id] == [each["TaskId"] for each in answer.json()["value"]]
    assert ("Unassigned", None) == (taken.status, taken.assignee)
    assert ("Pending", ALICE, "SingleUser") == (shared.status, shared.assignee, shared.criteria)


async def test_a_group_gets_a_task_by_criteria(tenant: Tenant) -> None:
    """Criteria choose all members, the one with the fewest tasks, or the next in turn.

    Without a criterion or with Hierarchy the item fails.
    """
    free = [task for task in tenant.stand_in.store.tasks.values() if task.is_open and task.status == "Unassigned"]
    everybody, least, *turns = [task for task in free if task.folder == FINANCE.id]
    group: Json = {"userId": ACCOUNTING}

    assert [(everybody.id, 1000)] == await tenant.failed(ASSIGN, {"taskId": everybody.id, **group})
    for criteria, expected in (("Hierarchy", [(everybody.id, 1000)]), ("AllUsers", [])):
        assert expected == await tenant.failed(
            ASSIGN, {"taskId": everybody.id, **group, "assignmentCriteria": criteria}
        )
    row = await tenant.row(everybody, "AssignedToUser,TaskAssignments($expand=Assignee)")

    assert ("Pending", None, "AllUsers", "Accounting") == (
        row["Status"],
        row["AssignedToUser"],
        row["TaskAssignmentCriteria"],
        row["TaskAssigneeName"],
    )
    assert [(ACCOUNTING, "DirectoryGroup")] == [
        (each["Assignee"]["Id"], each["Assignee"]["Type"]) for each in row["TaskAssignments"]
    ]
    members = DIRECTORY_GROUPS["accounting"].members
    load = {
        member: sum(1 for task in tenant.stand_in.store.tasks.values() if task.is_open and task.assignee == member)
        for member in members
    }

    assert [] == await tenant.failed(
        ASSIGN, {"taskId": least.id, "userNameOrEmail": "Accounting", "assignmentCriteria": "Workload"}
    )
    assert min(load.values()) == load[least.assignee or 0]
    for task in turns[: len(members)]:
        tenant.clock.forward(60)
        body = {"taskId": task.id, **group, "assignmentCriteria": "RoundRobin"}

        assert [] == await tenant.failed(ASSIGN, body)
    assert set(members) == {task.assignee for task in turns[: len(members)]}


async def test_several_users_may_share_a_task(tenant: Tenant) -> None:
    """Users are given by ids or names, with a criterion. A user without the folder is refused."""
    free = tenant.task(status="Unassigned", folder=828)
    ids = {"taskId": free.id, "assigneeUserIds": [ALICE, BOB]}
    names = {"taskId": free.id, "assigneeNamesOrEmails": ["alice@example.com", "bob@example.com"]}

    assert [(free.id, 1000)] == await tenant.failed(ASSIGN, ids)
    assert [(free.id, 1000)] == await tenant.failed(ASSIGN, {"taskId": free.id, "userId": PEOPLE["elena"].id})
    assert [(free.id, 1002)] == await tenant.failed(ASSIGN, {"taskId": free.id, "userId": 1})
    assert [(free.id, 1000)] == await tenant.failed(ASSIGN, {"taskId": free.id})
    assert [] == await tenant.failed(ASSIGN, {**ids, "assignmentCriteria": "AllUsers"})
    assert [] == await tenant.failed(REASSIGN, {**names, "assignmentCriteria": 2})
    assert [ALICE, BOB] == [each.assignee for each in free.assignments]


@pytest.mark.parametrize("type", ["FormTask", "AppTask"])
async def test_form_and_app_tasks_are_their_assignees_to_complete(tenant: Tenant, type: str) -> None:
    """A completion requires action and data. The account of the application is not the assignee."""
    task = tenant.task(type=type, assignee=ALICE)
    body = {"action": "Approve", "data": {"Note": "fine"}}

    assert 400 == await completed(tenant, task, **body)
    tenant.become("bob")
    assert 400 == await completed(tenant, task, **body)
    tenant.become("alice")
    assert 400 == await completed(tenant, task, action="Approve")
    assert 400 == await completed(tenant, task, data={})
    assert 204 == await completed(tenant, task, **body)
    assert 400 == await completed(tenant, task, **body)
    assert ("Completed", ALICE, "Approve", {"Note": "fine"}) == (
        task.status,
        task.completed_by,
        task.action,
        task.data,
    )
    assert [("complete", f"828-{task.id}")] == tenant.effects


async def test_a_member_of_the_group_completes_an_all_users_task(tenant: Tenant) -> None:
    """Other callers are refused."""
    task = tenant.task(type="FormTask", criteria="AllUsers", folder=828)
    task.assignments = [each for each in task.assignments if each.assignee == ACCOUNTING] or task.assignments
    tenant.become("carol")
    assert 400 == await completed(tenant, task, action="Approve", data={})
    tenant.become("bob")
    assert 204 == await completed(tenant, task, action="Approve", data={})
    assert BOB == task.completed_by


async def test_an_external_task_needs_no_assignee(tenant: Tenant) -> None:
    """Assignee, action and data are optional. Existing data stay if none are sent."""
    task = tenant.task(type="ExternalTask", status="Unassigned")
    before = task.data

    assert 204 == await completed(tenant, task)
    assert ("Completed", SERVICE.id, None, before) == (task.status, task.completed_by, task.action, task.data)


async def test_each_type_is_completed_on_its_own_path(tenant: Tenant) -> None:
    """Document tasks cannot be completed on any path."""
    form = tenant.task(type="FormTask", folder=828)
    document = tenant.task(type="DocumentValidationTask")
    for path, task in (
        (COMPLETE["ExternalTask"], form),
        (COMPLETE["AppTask"], form),
        *((path, document) for path in COMPLETE.values()),
    ):
        answer = await tenant.send(
            "POST", path, {"taskId": task.id, "action": "x", "data": {}}, folder=FOLDERS[task.folder]
        )

        assert (400, 1000) == refusal(answer)
    assert [] == tenant.effects


async def test_a_created_task_is_an_unassigned_external_one(tenant: Tenant) -> None:
    """Names in its data stay as they were sent."""
    body = {
        "TITLE": "Count",
        "data": {"Shelf": {"Row": 1}},
        "priority": "High",
        "externalTag": "CASE-1",
        "tags": [{"Name": "a", "Value": "b"}],
    }
    answer = await tenant.send("POST", "/tasks/GenericTasks/CreateTask", body, folder=FINANCE)
    made = answer.json()

    assert (201, "Unassigned", "ExternalTask", "High", {"Shelf": {"Row": 1}}, None) == (
        answer.status_code,
        made["status"],
        made["type"],
        made["priority"],
        made["data"],
        made["creatorJobKey"],
    )
    assert [("create_task", f"828-{made['id']}")] == tenant.effects
    again = await tenant.send(
        "GET", "/tasks/GenericTasks/GetTaskDataById", folder=FINANCE, params={"taskId": str(made["id"])}
    )

    assert made == again.json()


@pytest.mark.parametrize(
    "body",
    [{}, {"title": ""}, {"title": "x" * 513}, {"title": 5}, {"title": "x", "type": "FormTask"},
     {"title": "x", "data": "text"}, {"title": "x", "priority": "Urgent"}, {"title": "x", "taskCatalogName": "c" * 51},
     {"title": "x", "tags": [{"Value": "nameless"}]}],
)  # fmt: skip
async def test_a_wrong_task_is_not_created(tenant: Tenant, body: Json) -> None:
    """The status is 400."""
    assert (400, 1000) == refusal(await tenant.send("POST", "/tasks/GenericTasks/CreateTask", body, folder=FINANCE))
    assert [] == tenant.effects


async def test_metadata_tags_notes_and_drafts_are_kept(tenant: Tenant) -> None:
    """Tags and data replace the earlier ones. Every write adds an activity."""
    task = tenant.task(type="FormTask", folder=828)
    answers = [
        await tenant.send("POST", EDIT, {"TaskId": task.id, "Title": "Other", "Priority": "Critical", "NoteText": "n"}, folder=FINANCE),
        await tenant.send("PUT", "/tasks/GenericTasks/SaveTaskTags", {"TaskId": task.id, "Tags": [{"Name": "vip", "Value": "1"}]}, folder=FINANCE),
        await tenant.send("PUT", "/forms/TaskForms/SaveTaskData", {"TaskId": task.id, "Data": {"Half": 1}}, folder=FINANCE),
        await tenant.send("POST", f"{NOTES}.CreateTaskNote", {"TaskId": task.id, "Text": "Hello"}, folder=FINANCE),
    ]  # fmt: skip
    notes = await tenant.send(
        "GET",
        f"{NOTES}.GetByTaskId(taskId={task.id})",
        folder=FINANCE,
        params={"$expand": "CreatorUser", "$orderby": "Id"},
    )
    row = await tenant.row(task, "Activities($expand=CreatorUser,TaskNote)")

    assert [204, 204, 204, 201] == [answer.status_code for answer in answers]
    assert ("Other", "Critical", [("vip", "1")]) == (
        row["Title"],
        row["Priority"],
        [(tag["Name"], tag["Value"]) for tag in row["Tags"]],
    )
    assert {"Half": 1} == task.data
    assert ["n", "Hello"] == [note["Text"] for note in notes.json()["value"]][-2:]
    assert "taskgate" == notes.json()["value"][-1]["CreatorUser"]["UserName"]
    assert ["Commented", "Saved", "Commented"] == [each["ActivityType"] for each in row["Activities"]][-3:]
    assert "Hello" == row["Activities"][-1]["TaskNote"]["Text"]
    assert ["update", "set_tags", "save_draft", "comment"] == [action for action, _ in tenant.effects]


async def test_a_draft_is_saved_on_the_path_of_its_type(tenant: Tenant) -> None:
    """Notes and titles have a maximum length."""
    form = tenant.task(type="FormTask", folder=828)
    body: Json = {"TaskId": form.id, "Data": {}}
    for path in ("/tasks/GenericTasks/SaveTaskData", "/tasks/AppTasks/SaveAppTasksData"):
        assert (400, 1000) == refusal(await tenant.send("PUT", path, body, folder=FINANCE))
    for path, long in ((f"{NOTES}.CreateTaskNote", {"Text": "x" * 513}), (EDIT, {"Title": "x" * 513})):
        assert (400, 1000) == refusal(await tenant.send("POST", path, {"TaskId": form.id, **long}, folder=FINANCE))
    assert [] == tenant.effects


async def test_a_deleted_task_stays_in_lists_only(tenant: Tenant) -> None:
    """Lists show it as deleted, with its status. Every further write answers that it does not exist."""
    task = tenant.task(assignee=ALICE, type="FormTask")
    first = await tenant.send("POST", DELETE, {"taskIds": [task.id]})
    second = await tenant.send("POST", DELETE, {"taskIds": [task.id]})
    row = await tenant.row(task)

    assert ([], [(task.id, 1002)]) == (
        first.json()["value"],
        [(each["TaskId"], each["ErrorCode"]) for each in second.json()["value"]],
    )
    assert (True, "Pending", SERVICE.id) == (row["IsDeleted"], row["Status"], row["DeleterUserId"])
    assert 404 == await completed(tenant, task, action="x", data={})
    assert [(task.id, 1002)] == await tenant.failed(REASSIGN, {"taskId": task.id, "userId": BOB})
    assert (404, 1002) == refusal(
        await tenant.send("GET", "/tasks/GenericTasks/GetTaskDataById", folder=FINANCE, params={"taskId": str(task.id)})
    )
    assert [("cancel", f"828-{task.id}")] == tenant.effects


async def test_folder_headers_say_where_a_task_is(tenant: Tenant) -> None:
    """A folder is given by id, key, path or encoded path. A missing, wrong or forbidden folder is refused."""
    task = tenant.task(type="ExternalTask", folder=FINANCE.id)
    path = f"/acme/DefaultTenant/orchestrator_/tasks/GenericTasks/GetTaskDataById?taskId={task.id}"

    async def read(**headers: str) -> tuple[int, int]:
        sent = {"authorization": f"Bearer {tenant.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        answer = await tenant.client.get(path, headers=sent)
        return (200, 0) if answer.status_code == 200 else refusal(answer)

    assert (400, 1101) == await read()
    assert (200, 0) == await read(x_uipath_organizationunitid="828")
    assert (200, 0) == await read(x_uipath_folderkey=FINANCE.key.upper())
    assert (200, 0) == await read(x_uipath_folderpath="Shared/Finance")
    assert (200, 0) == await read(x_uipath_folderpath_encoded="UwBoAGEAcgBlAGQALwBGAGkAbgBhAG4AYwBlAA==")
    assert (404, 1002) == await read(x_uipath_organizationunitid=str(CLAIMS.id))
    for unknown in ("4711", "x", "-1", "9" * 30):
        assert (404, 1100) == await read(x_uipath_organizationunitid=unknown)
    assert (404, 1100) == await read(x_uipath_folderkey="x")
    assert (404, 1100) == await read(x_uipath_folderpath_encoded="%")
    tenant.become("elena")
    assert (404, 1100) == await read(x_uipath_organizationunitid="828")


async def test_an_account_that_may_only_read_writes_nothing(tenant: Tenant) -> None:
    """It has neither the scopes nor the permissions."""
    task = tenant.task(status="Unassigned", folder=828)
    await tenant.sign_in(READER_APP)
    item = {"taskAssignments": [{"taskId": task.id, "userId": ALICE}]}

    assert (403, 0) == refusal(await tenant.send("POST", ASSIGN, item))
    assert (403, 0) == refusal(await tenant.send("POST", COMPLETE[task.type], {"taskId": task.id}, folder=FINANCE))
    assert 200 == (await tenant.send("GET", f"/odata/Tasks({task.id})")).status_code


async def test_people_see_and_change_their_own_folders(tenant: Tenant) -> None:
    """A task in another folder does not exist for them."""
    foreign = tenant.task(folder=COMMERCIAL.id, status="Unassigned")
    tenant.become("alice")

    assert {828} == {row["OrganizationUnitId"] for row in await tenant.rows(top="1000")}
    assert (404, 1002) == refusal(await tenant.send("GET", f"/odata/Tasks({foreign.id})"))
    assert [(foreign.id, 1002)] == await tenant.failed(ASSIGN, {"taskId": foreign.id, "userId": ALICE})


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 400), (b"{}", "text/plain", 415), (b"{}", "application/json", 400),
     (b'{"taskAssignments": 5}', "application/json", 400), (b'{"taskAssignments": [{"TaskId": 0}]}', "application/json", 400),
     (b'{"taskAssignments": [{"TaskId": "5"}]}', "application/json", 400),
     (b'{"taskAssignments": [{"TaskId": 5, "AssignmentCriteria": "Luck"}]}', "application/json", 400),
     (b'{"taskAssignments": []}', "application/json; odata.metadata=minimal", 200)],
)  # fmt: skip
async def test_bodies_that_make_no_sense_are_refused_as_a_whole(
    tenant: Tenant, content: bytes, kind: str, status: int
) -> None:
    """No item is applied."""
    headers = {"authorization": f"Bearer {tenant.token}", "content-type": kind}
    path = f"/acme/DefaultTenant/orchestrator_{ASSIGN}"
    answer = await tenant.client.post(path, content=content, headers=headers)

    assert status == answer.status_code
    assert [] == tenant.effects


async def test_robots_have_tasks_too(tenant: Tenant) -> None:
    """The assignee is a robot of the folder."""
    task = tenant.task(assignee=ROBOTS[0].id)
    row = await tenant.row(task, "AssignedToUser")

    assert "DirectoryRobot" == row["AssignedToUser"]["Type"]
    assert CAROL == row["LastModifierUserId"]
