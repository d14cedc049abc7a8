"""Single tasks, details and comments: which calls they take, and what the bridge's oddities make of them."""

from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest

from connectors.littlehorse import LittlehorseConnector
from connectors.sdk.commands import AddComment
from connectors.sdk.errors import (
    UnavailableError,
    UnsupportedActionError,
)
from connectors.sdk.model import OPEN_STATES, ActivityType, DetailAspect, FlowState, Task, TaskDetail, TaskState
from connectors.sdk.query import TaskQuery
from tests.connectors.littlehorse.conftest import NOW, Tenant

Scripted = Callable[..., LittlehorseConnector]

OPEN = TaskQuery(states=OPEN_STATES)
EVERYTHING = frozenset(DetailAspect)


@pytest.mark.parametrize("acts_as", ["service", "viewer"])
async def test_list_and_detail_are_the_same_task(tenant: Tenant, acts_as: str) -> None:
    """Although the bridge names people and groups by other ids in each."""
    connector = tenant.open(acts_as)
    with tenant.as_person("alice"):
        tasks = await tenant.drain(connector, connector.pushdown(OPEN))
        found = await connector.get_tasks([task.native_id for task in tasks])

    assert {task.native_id: task.version for task in tasks} == {
        key: task.version for key, task in found.items() if isinstance(task, Task)
    }


async def test_an_unknown_id_is_absent_when_the_bridge_works(tenant: Tenant) -> None:
    """It is a 500 as any fault: `/init` tells."""
    unknown = "f" * 32 + ":0-1"
    assert {} == await tenant.open().get_tasks([unknown])
    account = tenant.sent
    tenant.forget()
    with tenant.as_person("alice"):
        assert {} == await tenant.open("viewer").get_tasks([unknown])

    task = f"/tasks/{'f' * 32}/0-1"
    assert [f"GET /admin{task}", f"GET {task}", "GET /init"] == account
    assert [f"GET {task}", "GET /init"] == tenant.sent


async def test_a_bridge_that_fails_is_not_an_unknown_id(scripted: Scripted) -> None:
    """Where `/init` fails too, so does the read."""
    connector = scripted(lambda _: httpx2.Response(500))
    found = await connector.get_tasks(["r:0-1"])

    assert isinstance(found["r:0-1"], UnavailableError)
    await connector.aclose()


async def test_somebody_elses_task_is_hidden_from_a_person(tenant: Tenant) -> None:
    """By their own token on either side; whoever has the admin role reads it."""
    connector = tenant.open("viewer")
    bobs = next(
        task
        for task in tenant.stand_in.bridge.kernel.all()
        if task.status == "ASSIGNED" and task.user == "bob@example.com"
    )
    native_id = f"{bobs.wf_run_id}:{bobs.id}"
    with tenant.as_person("alice"):
        assert {} == await connector.get_tasks([native_id])
    asked = tenant.sent
    with tenant.as_person("carol"):
        assert [native_id] == list(await connector.get_tasks([native_id]))

    path = f"/tasks/{bobs.wf_run_id}/{bobs.id}"
    assert [f"GET {path}", f"GET /admin{path}"] == asked


async def test_finished_tasks_that_an_old_bridge_cannot_show(tenant_with: type[Tenant]) -> None:
    """Up to 0.16.1 the admin's detail of them is a 500: the account reads its own on the other side, others' in lists."""
    tenant = tenant_with(knows_completion=False)
    connector = tenant.open()
    done = next(iter(tenant.ids("DONE")))
    found = await connector.get_tasks([done])
    listed = {task.native_id for task in await tenant.drain(connector, TaskQuery())}

    assert isinstance(found[done], UnsupportedActionError)
    assert done in listed
    await connector.aclose()


async def test_a_detail_is_one_call_for_the_record_and_one_for_the_comments(tenant: Tenant) -> None:
    """No aspect, no call; the account's record holds the history too."""
    connector = tenant.open()
    task = await tenant.one(status="DONE", user="alice@example.com")
    assert TaskDetail() == await connector.get_detail(task, frozenset())
    assert [] == tenant.sent
    detail = await connector.get_detail(task, EVERYTHING)
    run, _, id = task.native_id.partition(":")

    assert [f"GET /tasks/{run}/{id}/comments", f"GET /admin/tasks/{run}/{id}"] == tenant.sent
    assert detail.form is not None
    assert {field.key: field.value for field in detail.form.fields} == detail.data
    assert (task.description, (), ()) == (detail.description, detail.comments, detail.outcomes)
    assert detail.activities is not None
    assert ActivityType.COMPLETED is detail.activities[-1].type
    assert sorted(each.at for each in detail.activities) == [each.at for each in detail.activities]


async def test_a_persons_detail_is_read_by_their_own_token(tenant: Tenant) -> None:
    """Only the history takes the account, and is missing without one."""
    for credentials, activities in ((True, True), (False, False)):
        connector = tenant.open("viewer", credentials=credentials)
        with tenant.as_person("alice"):
            [task, *_] = await tenant.drain(connector, connector.pushdown(OPEN))
            tenant.forget()
            detail = await connector.get_detail(task, frozenset({DetailAspect.FORM, DetailAspect.ACTIVITIES}))
        path = task.native_id.replace(":", "/")

        assert detail.form is not None
        assert activities is (detail.activities is not None)
        assert [f"GET /tasks/{path}", *([f"GET /admin/tasks/{path}"] if activities else [])] == tenant.sent


async def test_a_history_that_the_bridge_cannot_show_is_missing(tenant_with: type[Tenant]) -> None:
    """The rest of the detail is not lost for it."""
    tenant = tenant_with(knows_completion=False)
    connector = tenant.open("viewer")
    with tenant.as_person("alice"):
        [task, *_] = await tenant.drain(
            connector, connector.pushdown(TaskQuery(states=frozenset({TaskState.COMPLETED})))
        )
        detail = await connector.get_detail(task, EVERYTHING)

    assert detail.activities is None
    assert detail.data
    await connector.aclose()


async def test_comments_are_read_edited_and_deleted(tenant: Tenant) -> None:
    """As the token's person; the bridge tells each comment's latest event only."""
    connector = tenant.open("viewer")
    with tenant.as_person("alice") as alice:
        [task, *_] = await tenant.drain(connector, connector.pushdown(OPEN))
        for text in ("first", "second", "third"):
            await connector.perform(AddComment(task=task, actor=alice, text=text))
        tenant.now += timedelta(minutes=1)
        await connector.edit_comment(task.native_id, "2", "changed")
        await connector.delete_comment(task.native_id, "1")
        detail = await connector.get_detail(task, frozenset({DetailAspect.COMMENTS}))

    assert detail.comments is not None
    assert [("2", "changed", None, tenant.now), ("3", "third", NOW, None)] == [
        (each.native_id, each.text, each.created_at, each.edited_at) for each in detail.comments
    ]
    assert {"alice"} == {each.author.name for each in detail.comments if each.author is not None}


async def test_a_flow_is_a_stub_without_a_call(tenant: Tenant) -> None:
    """The bridge shows no runs."""
    found = await tenant.open().get_flows(["a", "", "b"])

    assert {"a": FlowState.UNKNOWN, "b": FlowState.UNKNOWN} == {
        key: flow.state for key, flow in found.items() if not isinstance(flow, Exception)
    }
    assert [] == tenant.sent
