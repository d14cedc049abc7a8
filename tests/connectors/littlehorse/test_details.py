"""Single tasks, their details and events, and flows: which calls they take, and how the bridge's quirks are handled."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.littlehorse import LittlehorseConnector, wire
from connectors.littlehorse.details import activities_of, comments_of
from connectors.littlehorse.settings import UserIdClaim
from connectors.sdk.errors import (
    AlreadyAssignedError,
    UnavailableError,
    UnsupportedActionError,
)
from connectors.sdk.model import (
    OPEN_STATES,
    ActivityType,
    DetailAspect,
    FlowState,
    Task,
    TaskDetail,
    TaskState,
    UserRef,
)
from connectors.sdk.query import TaskQuery
from tests.connectors.littlehorse.conftest import Tenant

Scripted = Callable[..., LittlehorseConnector]

OPEN = TaskQuery(states=OPEN_STATES)
EVERYTHING = frozenset(DetailAspect)
RUN = "3e5d1f0b6f8c4a7a9f1f5b0c2d3e4f50"
SUB = "9b8e1d52-0000-4000-8000-000000000001"


@pytest.mark.parametrize("acts_as", ["service", "viewer"])
async def test_a_task_is_the_same_in_list_and_detail(tenant: Tenant, acts_as: str) -> None:
    """Although the bridge uses different ids for people and groups in them."""
    connector = tenant.open(acts_as)
    with tenant.as_person("alice"):
        tasks = await tenant.drain(connector, connector.pushdown(OPEN))
        found = await connector.get_tasks([task.native_id for task in tasks])

    assert {task.native_id: task.version for task in tasks} == {
        key: task.version for key, task in found.items() if isinstance(task, Task)
    }


async def test_an_unknown_id_is_absent_if_the_bridge_works(tenant: Tenant) -> None:
    """The bridge answers 500, as for a fault; `/init` shows that it works."""
    unknown = "f" * 32 + ":0-1"
    assert {} == await tenant.open().get_tasks([unknown])
    account = tenant.sent
    tenant.forget()
    with tenant.as_person("alice"):
        assert {} == await tenant.open("viewer").get_tasks([unknown])

    task = f"/tasks/{'f' * 32}/0-1"
    assert [f"GET /admin{task}", f"GET {task}", "GET /init"] == account
    assert [f"GET {task}", "GET /init"] == tenant.sent


async def test_an_id_is_unavailable_if_the_bridge_fails(scripted: Scripted) -> None:
    """`/init` fails too."""
    connector = scripted(lambda _: httpx2.Response(500))
    found = await connector.get_tasks(["r:0-1"])

    assert isinstance(found["r:0-1"], UnavailableError)
    await connector.aclose()


async def test_the_task_of_another_person_is_hidden(tenant: Tenant) -> None:
    """From the user side and from the admin side: the vendor says that it is another person's. An admin can read it."""
    connector = tenant.open("viewer")
    bobs = next(
        task
        for task in tenant.stand_in.bridge.kernel.all()
        if task.status == "ASSIGNED" and task.user == "bob@example.com"
    )
    native_id = f"{bobs.wf_run_id}:{bobs.id}"
    with tenant.as_person("alice"):
        [found] = (await connector.get_tasks([native_id])).values()
        assert isinstance(found, AlreadyAssignedError)
    asked = tenant.sent
    with tenant.as_person("carol"):
        assert [native_id] == list(await connector.get_tasks([native_id]))

    path = f"/tasks/{bobs.wf_run_id}/{bobs.id}"
    assert [f"GET {path}", f"GET /admin{path}"] == asked


async def test_an_old_bridge_cannot_show_a_finished_task_by_id(tenant_with: type[Tenant]) -> None:
    """Up to 0.16.1 the admin side answers 500 for it. Tasks that another person finished are only in lists."""
    tenant = tenant_with(knows_completion=False)
    connector = tenant.open()
    done = next(iter(tenant.ids("DONE")))
    found = await connector.get_tasks([done])
    listed = {task.native_id for task in await tenant.drain(connector, TaskQuery())}

    assert isinstance(found[done], UnsupportedActionError)
    assert done in listed
    await connector.aclose()


async def test_a_detail_is_one_call_for_the_record_and_one_for_comments(tenant: Tenant) -> None:
    """No call without an aspect. The account's record also holds the events."""
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


async def test_a_detail_is_read_with_the_token_of_the_person(tenant: Tenant) -> None:
    """Only the activities need the account, and are missing without one."""
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


async def test_activities_are_missing_if_the_bridge_cannot_show_them(tenant_with: type[Tenant]) -> None:
    """The rest of the detail is there."""
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


async def test_a_flow_costs_no_call(tenant: Tenant) -> None:
    """The bridge does not show runs."""
    found = await tenant.open().get_flows(["a", "", "b"])

    assert {"a": FlowState.UNKNOWN, "b": FlowState.UNKNOWN} == {
        key: flow.state for key, flow in found.items() if not isinstance(flow, Exception)
    }
    assert [] == tenant.sent


def test_events_become_activities_oldest_first() -> None:
    """Every documented type and an unknown one. An event without a time is left out."""
    pairs: list[tuple[str | None, dict[str, Any] | None]] = [
        ("TASK_ASSIGNED", {"oldUserId": "", "oldUserGroup": "", "newUserId": "", "newUserGroup": "users"}),
        ("TASK_ASSIGNED", {"oldUserId": "", "oldUserGroup": "users", "newUserId": "a", "newUserGroup": "users"}),
        ("TASK_ASSIGNED", {"oldUserId": "a", "oldUserGroup": "users", "newUserId": "b", "newUserGroup": ""}),
        ("TASK_ASSIGNED", {"oldUserId": "b", "oldUserGroup": "", "newUserId": "", "newUserGroup": "users"}),
        ("TASK_ASSIGNED", {"oldUserId": "", "oldUserGroup": "users", "newUserId": "", "newUserGroup": "others"}),
        ("TASK_EXECUTED", {"wfRunId": RUN, "userTaskGuid": "g"}),
        ("COMMENT_ADDED", {"comment": "hello", "userId": f"{SUB}::my-user", "commentId": 1}),
        ("COMMENT_EDITED", {"comment": "hallo", "userId": f"{SUB}::my-user", "commentId": 1}),
        ("COMMENT_DELETED", {"userId": f"{SUB}::my-user", "commentId": 1}),
        ("TASK_CANCELLED", {"message": "no"}),
        ("TASK_COMPLETED", {"message": "Completed"}),
        ("TASK_SAVED", None),
        (None, None),
    ]
    events = [
        msgspec.convert({"time": f"2026-06-01T{hour:02}:00:00.000Z", "type": kind, "event": body}, wire.Event)
        for hour, (kind, body) in enumerate(pairs)
    ]
    found = activities_of([*reversed(events), wire.Event(type="TASK_COMPLETED", time=None)], "EMAIL")

    assert [
        ActivityType.ASSIGNED,
        ActivityType.ASSIGNED,
        ActivityType.REASSIGNED,
        ActivityType.UNASSIGNED,
        ActivityType.FORWARDED,
        ActivityType.OTHER,
        ActivityType.COMMENTED,
        ActivityType.COMMENT_EDITED,
        ActivityType.COMMENT_DELETED,
        ActivityType.CANCELED,
        ActivityType.COMPLETED,
        ActivityType.OTHER,
        ActivityType.OTHER,
    ] == [each.type for each in found]
    assert [kind for kind, _ in pairs] == [each.native_type for each in found]
    assert ({"user": "a", "group": "users"}, {"user": "b", "group": None}) == (found[2].before, found[2].after)
    assert (UserRef(native_id="b"), "Completed") == (found[2].target, found[10].message)
    assert UserRef(native_id=SUB, username="my-user") == found[6].actor


@pytest.mark.parametrize(("claim", "author"), [("EMAIL", SUB), ("SUB", SUB), ("PREFERRED_USERNAME", "my-user")])
def test_comments_have_their_latest_text(claim: UserIdClaim, author: str) -> None:
    """Deleted ones are left out. An edited one has no time of creation. The author is `<sub>::<username>`."""

    def event(number: int, kind: str, text: str | None) -> wire.Event:
        body = wire.EventBody(comment=text, user_id=f"{SUB}::my-user", comment_id=number)
        return wire.Event(type=kind, time=f"2026-06-01T0{number}:00:00.000Z", event=body)

    events = [event(3, "COMMENT_EDITED", "x"), event(2, "COMMENT_DELETED", None), event(1, "COMMENT_ADDED", "y")]
    found = comments_of([*events, wire.Event(), wire.Event(event=wire.EventBody())], claim)

    assert [("1", "y"), ("3", "x")] == [(each.native_id, each.text) for each in found]
    assert [(True, False), (False, True)] == [(bool(each.created_at), bool(each.edited_at)) for each in found]
    assert {author} == {each.author.native_id for each in found if each.author is not None}
