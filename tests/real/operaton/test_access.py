"""An account with the permissions that the connector's page names, and no more; authorization is switched on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.camunda7 import Camunda7Connector, Camunda7Settings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    AddComment,
    Assign,
    CancelFlow,
    Claim,
    Complete,
    Release,
    ResumeFlow,
    SaveDraft,
    Skip,
    StartFlow,
    SuspendFlow,
    Update,
)
from connectors.sdk.errors import ForbiddenError, UnauthenticatedError
from connectors.sdk.model import DetailAspect, Flow, TaskState
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import read
from tests.real.operaton.company import Company

ACCOUNT, PASSWORD = "taskgate", "taskgate-pw-1234"
# The engine's numbers of its resources.
PERMISSIONS = {
    6: "READ READ_TASK UPDATE_TASK READ_INSTANCE UPDATE_INSTANCE DELETE_INSTANCE CREATE_INSTANCE READ_HISTORY",
    8: "CREATE READ UPDATE DELETE",
    7: "CREATE READ UPDATE DELETE",
    1: "READ",
    2: "READ",
    17: "READ",
    19: "READ",
    20: "READ",
}


async def add_account(company: Company, name: str, permissions: dict[int, str]) -> None:
    profile = {"id": name, "firstName": name, "lastName": "", "email": ""}
    await company.post("/user/create", {"profile": profile, "credentials": {"password": PASSWORD}})
    for resource, names in permissions.items():
        body = {"type": 1, "permissions": names.split(), "userId": name, "resourceType": resource, "resourceId": "*"}
        await company.post("/authorization/create", body)


@pytest.fixture(scope="module")
async def account(company: Company) -> str:
    await add_account(company, ACCOUNT, PERMISSIONS)
    return ACCOUNT


@pytest.fixture
async def limited(source: dict[str, Any], account: str) -> AsyncIterator[Camunda7Connector]:
    credentials = {"kind": "basic", "username": account, "password": PASSWORD}
    made = Camunda7Connector.open(Camunda7Settings.model_validate(source | {"credentials": credentials}))
    yield made
    await made.aclose()


async def test_the_named_permissions_are_enough(
    company: Company, connector: Camunda7Connector, limited: Camunda7Connector, alice: Identity, bob: Identity
) -> None:
    """For every read and for the verbs on tasks and flows; a list has as many tasks as that of an administrator."""
    started = await limited.perform_on_flow(StartFlow(definition_key="invoice", data={"amount": 12}))
    assert started.flow is not None
    flow = started.flow
    [row] = await company.tasks(flow.native_id)
    id = str(row["id"])
    open_tasks = TaskQuery(states=frozenset({TaskState.READY, TaskState.RESERVED, TaskState.SUSPENDED}))
    [theirs, ours] = [(await one.list_tasks(one.pushdown(open_tasks), limit=5)).total for one in (connector, limited)]
    for command in (
        Claim(task=await read(limited, id), actor=alice),
        SaveDraft(task=await read(limited, id), actor=alice, data={"amount": 13}),
        AddComment(task=await read(limited, id), actor=alice, text="Looks fine"),
        Update(task=await read(limited, id), actor=alice, title="Approve it"),
        Release(task=await read(limited, id), actor=alice),
    ):
        await limited.perform(command)
    await limited.perform(Assign(task=await read(limited, id), actor=alice, user_id="bob"))
    aspects = frozenset(DetailAspect) - {DetailAspect.PREVIOUS_STEPS}
    detail = await limited.get_detail(await read(limited, id), aspects)
    await limited.perform_on_flow(SuspendFlow(flow=flow))
    await limited.perform_on_flow(ResumeFlow(flow=flow))
    await limited.perform(Complete(task=await read(limited, id), actor=bob, data={"amount": 5}))
    [second] = await company.tasks(flow.native_id)
    await limited.perform(Skip(task=await read(limited, str(second["id"])), actor=bob))
    other = (await limited.perform_on_flow(StartFlow(definition_key="invoice", data={"amount": 12}))).flow
    assert other is not None
    await limited.perform_on_flow(CancelFlow(flow=other))
    ended = (await limited.get_flows([other.native_id]))[other.native_id]
    closed = await read(limited, id)

    assert theirs == ours
    assert {} == dict(detail.failures)
    assert detail.activities
    assert ["Looks fine"] == [each.text for each in detail.comments or ()]
    assert (TaskState.COMPLETED, "bob") == (closed.state, closed.assignee and closed.assignee.native_id)
    assert isinstance(ended, Flow)
    assert "CANCELED" == ended.state.value
    assert (await limited.list_users(limit=5)).items
    assert (await limited.list_groups(limit=5)).items
    assert (await limited.list_members("accounting", limit=5)).items
    assert (await limited.list_task_definitions(limit=5)).items


async def test_without_permissions_reads_are_empty_and_writes_are_refused(
    company: Company, source: dict[str, Any], connector: Camunda7Connector, alice: Identity
) -> None:
    """The engine leaves out what an account may not see. A wrong password is told as such."""
    await add_account(company, "stranger", {})
    task = await read(connector, await company.task("invoice", amount=12))
    for password, error in ((PASSWORD, ForbiddenError), ("wrong", UnauthenticatedError)):
        credentials = {"kind": "basic", "username": "stranger", "password": password}
        made = Camunda7Connector.open(Camunda7Settings.model_validate(source | {"credentials": credentials}))
        with pytest.raises(error):
            await made.perform(Claim(task=task, actor=alice))
        if error is ForbiddenError:
            assert [] == list((await made.list_tasks(made.pushdown(TaskQuery()), limit=5)).items)
        await made.aclose()
