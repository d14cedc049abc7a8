"""A vendor that accepts every write, and tasks for the writes."""

from typing import Any

import httpx2
import msgspec
from msgspec.structs import replace

from connectors.sdk.caller import Identity
from connectors.sdk.commands import Assign
from connectors.sdk.model import Task, TaskKind, TaskState, UserRef
from tests.connectors.uipath.tenant import NOW, Tenant

ODATA = "/acme/DefaultTenant/orchestrator_/odata/Tasks/UiPath.Server.Configuration.OData."
REST = "/acme/DefaultTenant/orchestrator_"
ALICE = Identity(native_id="7")
TASK = Task(
    source="uipath",
    native_id="828-101",
    title="Review",
    state=TaskState.READY,
    rule="uipath.unassigned",
    kind=TaskKind.EXTERNAL,
    native_type="ExternalTask",
    native_state="Unassigned",
    fetched_at=NOW,
)
PENDING = replace(TASK, native_state="Pending", state=TaskState.RESERVED, assignees=(UserRef(native_id="8"),))
FORM = replace(TASK, kind=TaskKind.FORM, native_type="FormTask")
APP = replace(TASK, kind=TaskKind.APP, native_type="AppTask")


WITH_ANSWER = {"AssignTasks", "ReassignTasks", "UnassignTasks", "DeleteTasks"}


class Vendor:
    """Accepts every write, or gives the configured answer. Keeps method, path, body and folder of each request."""

    def __init__(self, **answers: httpx2.Response) -> None:
        self.answers = answers
        self.sent: list[tuple[str, str, Any, str | None]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        body = msgspec.json.decode(request.content) if request.content else None
        self.sent.append((request.method, request.url.path, body, request.headers.get("x-uipath-organizationunitid")))
        name = request.url.path.rsplit("/", 1)[-1].rsplit(".", 1)[-1]
        if name in self.answers:
            return self.answers[name]
        if request.method == "GET":
            row = {"Id": 101, "OrganizationUnitId": 828, "Status": "Pending", "AssignedToUserId": 7}
            return httpx2.Response(200, json={**row, "UserName": "taskgate"})
        # Assignments and deletions have an answer; the other writes have none.
        return httpx2.Response(200, json={"value": []}) if name in WITH_ANSWER else httpx2.Response(204)

    @property
    def writes(self) -> list[tuple[str, str, Any, str | None]]:
        return [each for each in self.sent if each[0] != "GET"]


async def owned(tenant: Tenant, native_type: str, owner: str) -> Task:
    """A Finance task of that type, owned by that person."""
    store = tenant.stand_in.store
    number = next(
        each.id
        for each in store.tasks.values()
        if each.is_open and each.type == native_type and each.folder == 828 and each.status == "Unassigned"
    )
    native_id = f"828-{number}"
    task = (await tenant.connector.get_tasks([native_id]))[native_id]
    assert isinstance(task, Task)
    outcome = await tenant.connector.perform(Assign(task=task, user_id=owner))
    return outcome.task
