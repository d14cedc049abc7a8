"""Process instances as flows."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from connectors.sdk.commands import (
    CancelFlow,
    CancelFlowOfTask,
    CancelStrategy,
    MutationStatus,
    ResumeFlow,
    SuspendFlow,
)
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import Flow, FlowState, Task, TaskState, UserRef
from connectors.sdk.query import FlowQuery, TaskQuery
from connectors.sdk.testing import read_flow
from connectors.uipath import UiPathConnector, wire
from connectors.uipath.flows import FLOW_STATES, KEPT, flow_from_wire
from connectors.uipath.settings import UiPathSettings
from tests.connectors.uipath.tenant import NOW, Tenant

Scripted = Callable[..., UiPathConnector]
GUID = "0b9d7c1e-4a5f-4d7b-9e61-6a1f6b1d2c3d"
OTHER = "1c9d7c1e-4a5f-4d7b-9e61-6a1f6b1d2c3d"
KEY = "7f1e0c52-9b1a-4c55-8a1e-0c6d1f2b3a4d"
NATIVE = f"828-{GUID}"
PIMS = "/acme/DefaultTenant/pims_/api/v1/instances"
FLOW = Flow(source="uipath", native_id=NATIVE, state=FlowState.ACTIVE, rule="uipath.instance.running", fetched_at=NOW)
TASK = Task(
    source="uipath",
    native_id="828-101",
    title="Review",
    state=TaskState.READY,
    rule="uipath.unassigned",
    flow_id=NATIVE,
    native_state="Unassigned",
    fetched_at=NOW,
)


def instance(**members: Any) -> dict[str, Any]:
    return {"instanceId": GUID, "latestRunStatus": "Running", "folderKey": KEY, "packageId": "Loans", **members}


class Tower:
    """Answers requests for folders and instances, and keeps the requests."""

    def __init__(self, *answers: httpx2.Response, folders: list[dict[str, Any]] | None = None) -> None:
        self.answers = list(answers)
        self.folders = [{"Id": 828, "Key": KEY.upper(), "DisplayName": "Finance"}] if folders is None else folders
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if request.url.path.endswith("/odata/Folders"):
            return httpx2.Response(200, json={"value": self.folders})
        return self.answers.pop(0) if self.answers else httpx2.Response(404)

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path.split('_/', 1)[1]}" for request in self.asked]


async def test_a_flow_is_found_by_its_folders_key(scripted: Scripted) -> None:
    """The key is looked up once and kept."""
    tower = Tower(httpx2.Response(200, json=instance()), httpx2.Response(200, json=instance()))
    connector = scripted(tower)
    flow = await read_flow(connector, NATIVE)
    await read_flow(connector, NATIVE)

    assert ["GET odata/Folders", f"GET api/v1/instances/{GUID}", f"GET api/v1/instances/{GUID}"] == tower.paths
    assert "Id eq 828" == tower.asked[0].url.params["$filter"]
    assert KEY == tower.asked[1].headers["x-uipath-folderkey"]
    assert (NATIVE, FlowState.ACTIVE, "Loans") == (flow.native_id, flow.state, flow.name)


async def test_a_plain_job_is_no_flow(scripted: Scripted) -> None:
    """Nothing else is read in its place."""
    tower = Tower(httpx2.Response(404, json={"type": "PIMS-100042", "title": "Not found", "status": 404}))

    assert {} == await scripted(tower).get_flows([NATIVE])
    assert 2 == len(tower.asked)


async def test_the_tasks_of_a_flow_are_no_others(scripted: Scripted) -> None:
    """The filter names job and folder. If it finds nothing, the list is empty."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.params["$filter"])
        return httpx2.Response(200, json={"@odata.count": 0, "value": []})

    connector = scripted(answer)
    page = await connector.list_tasks(connector.pushdown(TaskQuery(flows=frozenset({NATIVE}))), limit=5)

    assert () == page.items
    assert [f"((CreatorJobKey eq {GUID} and OrganizationUnitId eq 828))"] == asked


async def test_a_folder_that_is_not_shown_is_each_flows_error(scripted: Scripted) -> None:
    """The flow is not absent: it may exist."""
    found = await scripted(Tower(folders=[])).get_flows([NATIVE])

    assert isinstance(found[NATIVE], ForbiddenError)


async def test_an_answer_about_another_instance_is_malformed(scripted: Scripted) -> None:
    """Ids are compared."""
    found = await scripted(Tower(httpx2.Response(200, json=instance(instanceId=OTHER)))).get_flows([NATIVE])

    assert isinstance(found[NATIVE], MalformedResponseError)


async def test_failing_folders_fail_each_flow(scripted: Scripted) -> None:
    """With the error of the request for folders."""
    found = await scripted(lambda request: httpx2.Response(503)).get_flows([NATIVE, f"829-{OTHER}"])

    assert [True, True] == [isinstance(each, ConnectorError) for each in found.values()]


async def test_listed_flows_name_folders_by_id(scripted: Scripted) -> None:
    """Or by key, if the account may not read the id. The cursor is the vendor's token."""
    page = {
        "instances": [
            instance(userId=7, startedByUser="Ana", startedTimeUtc="2026-06-01T08:00:00Z", packageVersion="1.0.2"),
            instance(instanceId=OTHER, folderKey=OTHER),
        ],
        "nextPage": "opaque",
    }
    tower = Tower(httpx2.Response(200, json=page))
    found = await scripted(tower).list_flows(
        FlowQuery(definition_keys=frozenset({"Loans"})), limit=5000, after="before"
    )
    flow = found.items[0]

    assert [NATIVE, f"{OTHER}-{OTHER}"] == [each.native_id for each in found.items]
    assert {"pageSize": "500", "packageId": "Loans", "nextPage": "before"} == dict(tower.asked[0].url.params)
    assert ("opaque", None) == (found.next_cursor, found.total)
    assert UserRef(native_id="7", name="Ana") == flow.started_by
    assert flow.definition is not None
    assert ("Loans", "Loans:1.0.2", "1.0.2") == (
        flow.definition.key,
        flow.definition.native_id,
        flow.definition.version,
    )


async def test_a_listed_flow_is_found_again(tenant: Tenant) -> None:
    """By the id in the list and by the flow id of its tasks."""
    flows = (await tenant.connector.list_flows(FlowQuery(), limit=100)).items
    tasks = await tenant.drain()
    known = {flow.native_id for flow in flows}

    assert flows
    for flow in flows[:5]:
        assert flow == await read_flow(tenant.connector, flow.native_id)
    assert known & {task.flow_id for task in tasks}


async def test_several_packages_are_left_to_the_gateway(tenant: Tenant) -> None:
    """The vendor filters by one."""
    several = FlowQuery(definition_keys=frozenset({"a", "b"}), states=frozenset({FlowState.ACTIVE}))

    assert FlowQuery() == tenant.connector.pushdown_flows(several)
    page = await tenant.connector.list_flows(FlowQuery(definition_keys=frozenset()), limit=5)
    assert () == page.items


@pytest.mark.parametrize(
    ("command", "verb", "answered", "state", "status"),
    [
        (CancelFlow, "cancel", "Canceling", FlowState.ACTIVE, MutationStatus.PENDING),
        (CancelFlow, "cancel", "Cancelled", FlowState.CANCELED, MutationStatus.APPLIED),
        (SuspendFlow, "pause", "Pausing", FlowState.ACTIVE, MutationStatus.PENDING),
        (SuspendFlow, "pause", "Paused", FlowState.SUSPENDED, MutationStatus.APPLIED),
        (ResumeFlow, "resume", "Resuming", FlowState.ACTIVE, MutationStatus.PENDING),
        (ResumeFlow, "resume", "Running", FlowState.ACTIVE, MutationStatus.APPLIED),
    ],
)
async def test_a_flow_verb_is_pending_until_its_state_is_reached(
    scripted: Scripted, command: Any, verb: str, answered: str, state: FlowState, status: MutationStatus
) -> None:
    """Until then the flow has the state that the vendor shows. The reason is sent as comment."""
    tower = Tower(httpx2.Response(200, json={"instanceId": GUID, "status": answered}))
    outcome = await scripted(tower).perform_on_flow(command(flow=FLOW, reason="duplicate"))
    request = tower.asked[-1]

    assert (state, status, answered) == (outcome.flow.state, outcome.status, outcome.flow.native_state)
    assert ("POST", f"{PIMS}/{GUID}/{verb}") == (request.method, request.url.path)
    assert b'{"comment":"duplicate"}' == request.content
    assert KEY == request.headers["x-uipath-folderkey"]


async def test_without_a_reason_the_body_is_empty(scripted: Scripted) -> None:
    """The body is an empty object."""
    tower = Tower(httpx2.Response(200, json={"instanceId": GUID, "status": "Canceling"}))
    await scripted(tower).perform_on_flow(CancelFlow(flow=FLOW))

    assert b"{}" == tower.asked[-1].content


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (
            httpx2.Response(400, json={"type": "PIMS-100010", "title": "Instance is Pending"}),
            ConflictError,
            "PIMS-100010",
        ),
        (httpx2.Response(404, json={"type": "PIMS-100042", "title": "x"}), NotFoundError, "PIMS-100042"),
        (httpx2.Response(403, json={"type": "PIMS-150006", "title": "x"}), ForbiddenError, "PIMS-150006"),
        (httpx2.Response(400, json={"type": "PIMS-150007", "title": "x"}), ForbiddenError, "PIMS-150007"),
        (httpx2.Response(400, json={"type": "https://x.test/rfc", "title": "x"}), ValidationFailedError, None),
        (httpx2.Response(400, content=b"<html>"), MalformedResponseError, None),
        (httpx2.Response(409), MalformedResponseError, None),
        (httpx2.Response(409, json={"type": "PIMS-7", "title": "x"}), ConflictError, "PIMS-7"),
        (httpx2.Response(404, json={"message": "no route"}), MalformedResponseError, None),
        (httpx2.Response(200, json={"instanceId": OTHER, "status": "Canceling"}), MalformedResponseError, None),
        (httpx2.Response(200, json={"instanceId": GUID}), MalformedResponseError, None),
    ],
)
async def test_a_refused_flow_verb_is_an_error_by_code_and_status(
    scripted: Scripted, answer: httpx2.Response, kind: type[ConnectorError], code: str | None
) -> None:
    """After an answer about another instance, or one that is not in the vendor's form, the verb may be applied."""
    with pytest.raises(kind) as caught:
        await scripted(Tower(answer)).perform_on_flow(CancelFlow(flow=FLOW))

    assert (kind, code) == (type(caught.value), caught.value.native_code)
    assert caught.value.maybe_applied == (kind is MalformedResponseError)


async def test_cancelling_the_flow_of_a_task_reports_its_effect(tenant: Tenant) -> None:
    """PENDING, because the vendor does not say what happens to the task."""
    flows = {flow.native_id: flow for flow in (await tenant.connector.list_flows(FlowQuery(), limit=100)).items}
    task = next(
        each
        for each in await tenant.drain()
        if each.is_open and each.flow_id in flows and flows[each.flow_id].native_state == "Running"
    )
    outcome = await tenant.connector.perform(CancelFlowOfTask(task=task, reason="duplicate"))
    shown = (await tenant.connector.get_tasks([task.native_id]))[task.native_id]

    assert isinstance(shown, Task)
    assert (MutationStatus.PENDING, TaskState.CANCELED) == (outcome.status, outcome.task.state)
    assert TaskState.CANCELED is shown.state
    assert "with all its open tasks" in (outcome.effect or "")


async def test_a_task_without_a_job_has_no_flow_to_cancel(scripted: Scripted) -> None:
    """Without a call."""
    tower = Tower()
    with pytest.raises(ConflictError):
        await scripted(tower).perform(CancelFlowOfTask(task=replace(TASK, flow_id=None)))

    assert [] == tower.asked


async def test_a_plain_job_is_not_cancelled(scripted: Scripted) -> None:
    """Maestro has no such instance."""
    with pytest.raises(RejectedError):
        await scripted(Tower(httpx2.Response(404, json={"type": "PIMS-100042", "title": "x"}))).perform(
            CancelFlowOfTask(task=TASK)
        )


async def test_a_source_without_maestro_shows_no_flows(scripted: Scripted) -> None:
    """It cannot cancel flows either. Deleting tasks does not depend on it."""
    tower = Tower()
    connector = scripted(tower, maestro=False, allow_delete=True)
    with pytest.raises(UnsupportedActionError):
        await connector.perform_on_flow(CancelFlow(flow=FLOW))

    assert {} == await connector.get_flows([NATIVE])
    assert () == (await connector.list_flows(FlowQuery(), limit=5)).items
    assert (CancelStrategy.DELETE_TASK,) == connector.info.cancel_strategies
    assert (CancelStrategy.CANCEL_FLOW,) == scripted(tower).info.cancel_strategies
    assert [] == tower.asked


async def test_the_number_of_kept_folder_keys_is_bounded(scripted: Scripted) -> None:
    """The oldest pair is dropped first."""
    wanted = range(1, KEPT + 51)

    def answer(request: httpx2.Request) -> httpx2.Response:
        ids = [int(each.split(" ")[-1].strip("()")) for each in request.url.params["$filter"].split(" or ")]
        rows = [{"Id": each, "Key": f"{each:08x}-0000-4000-8000-000000000000"} for each in ids]
        return httpx2.Response(200, json={"value": rows})

    connector = scripted(answer)
    folders = connector._flows._folders
    found = await folders.keys_of(wanted)

    assert len(wanted) == len(found)
    assert KEPT == len(folders._keys)
    assert 1 not in folders._keys


async def test_a_key_that_is_no_guid_is_no_header(scripted: Scripted) -> None:
    """Only a GUID is sent as a header."""
    tower = Tower(folders=[{"Id": 828, "Key": "x\r\nX-Injected: 1"}])
    found = await scripted(tower).get_flows([NATIVE])

    assert isinstance(found[NATIVE], ForbiddenError)
    assert 1 == len(tower.asked)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *FLOW_STATES.items(),
        ("", FlowState.UNKNOWN),
        ("Hibernating", FlowState.UNKNOWN),
    ],
)
def test_the_flows_state_follows_the_latest_run(settings: UiPathSettings, status: str, state: FlowState) -> None:
    """A state that is not documented is UNKNOWN and keeps its text."""
    row = wire.Instance(instance_id=GUID.upper(), latest_run_status=status, folder_key=KEY)
    flow = flow_from_wire(row, settings, folder=828, fetched_at=NOW)

    assert (state, status, f"828-{GUID}") == (flow.state, flow.native_state, flow.native_id)


def test_the_states_of_flows_are_those_of_the_table() -> None:
    """Intermediate states are ACTIVE."""
    by_state = {state: {name for name, each in FLOW_STATES.items() if each is state} for state in FLOW_STATES.values()}

    assert {
        FlowState.ACTIVE: {"Pending", "Running", "Pausing", "Resuming", "Retrying", "Upgrading", "Canceling"},
        FlowState.SUSPENDED: {"Paused"},
        FlowState.COMPLETED: {"Completed"},
        FlowState.CANCELED: {"Cancelled"},
        FlowState.FAILED: {"Faulted"},
    } == by_state
