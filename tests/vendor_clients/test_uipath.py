"""The stand-in for UiPath, called by the vendor's own client @uipath/uipath-typescript."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from sandbox.server import serve
from sandbox.uipath import APP, PERSONAL_TOKENS, READER_APP, STAND_IN, UiPathStandIn
from sandbox.uipath.auth import Application
from sandbox.uipath.directory import CLAIMS, DIRECTORY_GROUPS, FINANCE, FOLDERS, PEOPLE, SERVICE, folder_users
from sandbox.uipath.records import Task
from tests.vendor_clients.conftest import told_by_node

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
ALICE, BOB = PEOPLE["alice"].id, PEOPLE["bob"].id

Json = dict[str, Any]


@pytest.fixture
def uipath() -> UiPathStandIn:
    stand_in = STAND_IN()
    stand_in.reset(tasks=120, seed=7, now=NOW, scenario=None)
    return stand_in


@pytest.fixture
async def address(uipath: UiPathStandIn) -> AsyncIterator[str]:
    """The address of the stand-in, behind its control interface."""
    async with serve([uipath], host="127.0.0.1", base_port=0) as urls:
        yield urls["uipath"]


async def token(address: str, app: Application = APP) -> str:
    form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.client_secret}
    async with httpx2.AsyncClient(base_url=address, timeout=300) as client:
        answer = await client.post("/identity_/connect/token", data=form)
    access_token: str = answer.json()["access_token"]
    return access_token


def readable(uipath: UiPathStandIn) -> list[Task]:
    """Tasks with ids that JavaScript can represent, not deleted, newest first."""
    tasks = [task for task in uipath.store.tasks.values() if task.id < 1 << 53]
    return sorted(tasks, key=lambda task: (task.created, task.id), reverse=True)


def some(uipath: UiPathStandIn, type: str, **wanted: object) -> Task:
    for task in readable(uipath):
        if task.type == type and task.is_open and all(getattr(task, name) == value for name, value in wanted.items()):
            return task
    raise LookupError(type)


async def test_reads(node: str, uipath: UiPathStandIn, address: str) -> None:
    """Lists with every option, single tasks of every type, and the users of a folder."""
    everything = list(uipath.store.tasks.values())
    shown = readable(uipath)
    chosen = {task.type: task for task in shown if task.is_open}
    group = DIRECTORY_GROUPS["accounting"].id
    shared = next(task for task in shown if [each.assignee for each in task.assignments] == [group] and task.is_open)
    of_job = next(task for task in shown if task.source == "Maestro")
    told = await told_by_node(
        node,
        "uipath_reads.mjs",
        {
            "url": address,
            "secret": await token(address),
            "byType": {type: task.id for type, task in chosen.items()},
            "allUsers": shared.id,
            "job": of_job.job,
        },
    )
    ids = [task.id for task in shown]

    assert len(everything) == told["all"] == told["asAdmin"]
    assert [ids[:7], ids[7:14], ids[14:21]] == told["pages"]
    assert ids[:7] == told["back"]
    assert [len(ids), -(-len(ids) // 7), 1, True, True] == told["totals"]
    assert ["Pending", "Unassigned"] == told["open"]
    assert [FINANCE.id] == told["inFolder"]
    # The client always expands the users and adds a status.
    assert {"id", "title", "status", "assignedToUser", "creatorUser", "lastModifierUser"} == set(told["selected"])
    assert [of_job.id] == told["ofJob"]
    assert {task.id for task in shown if task.type == "ExternalTask"} == set(told["external"])
    assert ["Pending", None, [[group, "DirectoryGroup"]], "Created"] == told["assignments"]
    assert {"FormTask", "ExternalTask", "AppTask", "DocumentValidationTask"} <= set(told["byType"])
    for type, task in chosen.items():
        found = told["byType"][type]

        assert (task.id, type, task.status, task.folder, task.data, task.layout, True, True) == (
            found["id"],
            found["type"],
            found["status"],
            found["folderId"],
            found["data"],
            found.get("formLayout"),
            found["same"],
            found["methods"],
        )
    assert "Custom" == told["byType"]["AppTask"]["app"]
    users = folder_users(FINANCE)

    assert {(user.id, user.type, user.display_name) for user in users} == {tuple(each) for each in told["users"]}
    assert (["alice@example.com"], len(users)) == (told["named"], told["userPage"])


async def test_writes(node: str, uipath: UiPathStandIn, address: str) -> None:
    """Create, assign, reassign, unassign and complete have their effect, and list the failed items."""
    form = some(uipath, "FormTask", status="Pending")
    app = some(uipath, "AppTask", status="Pending")
    told = await told_by_node(
        node,
        "uipath_writes.mjs",
        {
            "url": address,
            "secret": await token(address),
            "alice": ALICE,
            "bob": BOB,
            "self": SERVICE.id,
            "form": form.id,
            "app": app.id,
        },
    )
    made, other = told["ids"]

    assert ["Count the stock", "Unassigned", "ExternalTask", "High", {"Shelf": "A-7"}, FINANCE.id] == told["made"]
    assert [{"success": True, "data": [{"taskId": made, "userId": ALICE}]}, ["Pending", ALICE, None]] == told[
        "assigned"
    ]
    assert (False, [(made, BOB, 1000)]) == _failed(told["claimLost"])
    assert (False, [(999999999, BOB, 1002)]) == _failed(told["some"])
    assert ["Pending", BOB, None] == told["others"]
    assert ["Pending", BOB, None] == told["reassigned"][1]
    assert [{"success": True, "data": [{"taskId": made}, {"taskId": other}]}, ["Unassigned", None, None]] == told[
        "unassigned"
    ]
    assert (False, [(made, None, 1000)]) == _failed(told["notAssigned"])
    assert ["Completed", None, "Counted"] == told["completed"][1]
    assert {"Found": 12} == told["completed"][2]
    assert [True, True, True, True, ["Completed", None, None]] == told["attached"]
    assert [["Completed", SERVICE.id, "Approve"], {"note": "fine"}] == told["form"] == told["app"]
    assert [
        ("create_task", made), ("create_task", other), ("assign", made), ("assign", other), ("assign", made),
        ("unassign", made), ("unassign", other), ("complete", made),
        ("assign", other), ("assign", other), ("unassign", other), ("complete", other),
        ("assign", form.id), ("complete", form.id), ("assign", app.id), ("complete", app.id),
    ] == [(effect.action, int(effect.task.partition("-")[2])) for effect in uipath.effects.all()]  # fmt: skip


async def test_errors(node: str, uipath: UiPathStandIn, address: str) -> None:
    """The client finds its own error types and the vendor's texts in every refusal."""
    form = some(uipath, "FormTask", folder=FINANCE.id, status="Pending", assignee=ALICE)
    told = await told_by_node(
        node,
        "uipath_errors.mjs",
        {
            "url": address,
            "secret": await token(address),
            "reader": await token(address, READER_APP),
            "form": form.id,
            "folderKey": FINANCE.key,
        },
    )
    expected: dict[str, tuple[str, int | None, str]] = {
        "badToken": ("AuthenticationError", 401, "You are not authenticated!"),
        "badFilter": ("ValidationError", 400, "Invalid OData query options."),
        "noTask": ("NotFoundError", 404, "Action does not exist."),
        "noFolder": ("NotFoundError", 404, "Folder does not exist"),
        "noTitle": ("ValidationError", 400, "The Title field is required."),
        "notMine": ("ValidationError", 400, "Only the assignee can complete this action."),
        "wrongPath": ("ValidationError", 400, "A task of type FormTask cannot be completed"),
        "wrongFolder": ("NotFoundError", 404, "Action does not exist."),
        "readOnly": ("AuthorizationError", 403, "You are not authorized!"),
        "noInstance": ("NotFoundError", 404, "The instance was not found"),
        "noFolderKey": ("ValidationError", 400, "Required header 'x-uipath-folderkey' is missing or empty"),
        "pageTooLarge": ("ValidationError", 400, "The page size must be between 1 and 500"),
        "away": ("ServerError", 503, ""),
        "cut": ("NetworkError", None, ""),
        "tooMany": ("RateLimitError", 429, "Too many requests."),
    }

    assert set(expected) == set(told)
    for name, (type, status, message) in expected.items():
        found = told[name]

        assert (type, status) == (found["type"], found.get("status")), name
        assert message in found["message"], name
    assert [] == uipath.effects.all()


async def test_instances(node: str, uipath: UiPathStandIn, address: str) -> None:
    """Lists by page and filter, one instance, and pause, resume and cancel."""
    instances = uipath.store.instances
    running = next(
        task.job
        for task in readable(uipath)
        if task.is_open and task.job in instances and instances[task.job].status == "Running"
    )
    assert running is not None
    instance = instances[running]
    told = await told_by_node(
        node,
        "uipath_instances.mjs",
        {
            "url": address,
            "secret": PERSONAL_TOKENS["carol"] if instance.folder == CLAIMS.id else await token(address),
            "instance": instance.id,
            "folderKey": FOLDERS[instance.folder].key,
        },
    )
    pages = [*told["pages"][0], *told["pages"][1]]

    assert (8, True) == (len(set(pages)), told["hasNextPage"])
    assert [instance.package] == told["ofPackage"]
    assert 1 == len(told["ofProcess"])
    assert {"Faulted"} == set(told["ofError"])
    assert [instance.id, "Running", FOLDERS[instance.folder].key, "string", None] == told["one"]
    assert _accepted(instance.id, "Pausing") == told["paused"]
    assert _accepted(instance.id, "Resuming") == told["resumed"]
    assert _accepted(instance.id, "Canceling") == told["cancelled"]
    assert ("Paused", "Running", "Cancelled") == (told["afterPause"], told["afterResume"], told["afterCancel"])
    assert [True] == told["tasks"]
    assert ["suspend_flow", "resume_flow", "cancel_flow"] == [each.action for each in uipath.effects.all()]


async def test_no_request_of_the_client_leaves_this_machine(node: str, address: str) -> None:
    """The client tries to send telemetry, which is refused before a connection is made."""
    given = {"url": address, "secret": PERSONAL_TOKENS["alice"]}
    told = await told_by_node(node, "uipath_telemetry.mjs", given, OTEL_BLRP_SCHEDULE_DELAY="10")

    assert ["127.0.0.1"] == told["reached"]
    assert all(host.endswith(".applicationinsights.azure.com") for host in told["refused"])
    assert told["refused"]


def _failed(answer: Json) -> tuple[bool, list[tuple[int, int | None, int]]]:
    return answer["success"], [(each["taskId"], each["userId"], each["errorCode"]) for each in answer["data"]]


def _accepted(id: str, status: str) -> Json:
    return {"success": True, "data": {"instanceId": id, "status": status}}
