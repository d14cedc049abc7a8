"""Records that do not fit the vendor's descriptions: each costs itself, in lists and within an execution."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.epilot import EpilotConnector
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import DetailAspect, Flow, FlowState, Task, TaskState
from connectors.sdk.query import FlowQuery, TaskQuery
from tests.connectors.epilot import example
from tests.connectors.odd_rows import changed, odd_members

Scripted = Callable[..., EpilotConnector]

ROW = {
    "execution_id": "e1",
    "execution_status": "STARTED",
    "contexts": [],
    "id": "t2",
    "name": "T",
    "status": "PENDING",
    "task_type": "MANUAL",
    "assignee": ["10010730"],
    "enabled": True,
    "is_current": True,
    "due_date": None,
}
ODD: dict[str, list[object]] = {
    "due_date": [1764547200000, 5],
    "enabled": ["true"],
    "is_current": ["yes"],
    "taxonomies": ["x"],
    "contexts": [[None]],
    "status": [3],
    "assignee": [{"id": "1"}],
    "name": [{"de": "x"}],
    "id": [None, {"absent": True}, 9007199254740993, ""],
    "whole row": [None, "x", {}],
}
FLOW = "v2/exec_abc123def456"
CURRENT = f"{FLOW}/task_7hj28a"


def answering(body: object) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _: httpx2.Response(200, json=body)


def listing(*rows: object) -> Callable[[httpx2.Request], httpx2.Response]:
    return answering({"results": rows, "hits": len(rows)})


def execution(**changes: Any) -> Callable[[httpx2.Request], httpx2.Response]:
    return answering({**example.flow_execution(), **changes})


def numbered(number: int) -> dict[str, Any]:
    return {**ROW, "id": f"t{number}"}


@odd_members("epilot", ODD)
async def test_one_odd_row_costs_one_row(member: str, value: object, scripted: Scripted) -> None:
    """In the kanban list: the others are listed, the odd one is left out and counted."""
    connector = scripted(listing(numbered(1), changed(ROW, member, value), numbered(3)))

    page = await connector.list_tasks(TaskQuery(), limit=50)

    assert ["v2/e1/t1", "v2/e1/t3"] == [task.native_id for task in page.items]
    assert (1, 3) == (len(page.odd), page.total)
    assert member == "whole row" or (member,) == page.odd[0].members


@pytest.mark.parametrize("odd", [None, {"id": 7}, {"id": "t2", "executionId": "e1", "dueDate": 5}])
async def test_the_overview_as_the_kanban_list(odd: object, scripted: Scripted) -> None:
    rows = [{"id": f"t{number}", "executionId": "e1", "status": "PENDING"} for number in (1, 3)]
    page = await scripted(listing(rows[0], odd, rows[1]), list_by="overview").list_tasks(TaskQuery(), limit=50)

    assert ["v2/e1/t1", "v2/e1/t3"] == [task.native_id for task in page.items]
    assert 1 == len(page.odd)


async def test_lists_of_executions_leave_out_one_task_or_one_execution(scripted: Scripted) -> None:
    """A task that does not fit, and an execution that has no id."""
    odd = example.with_task(0, name=5)
    one = {**example.flow_execution(), "tasks": odd}
    entities = [{"entity_schema": "opportunity", "entity_id": "3fa3fa86"}]
    by_entity = await scripted(listing(one, None), list_by="entities", entities=entities).list_tasks(
        TaskQuery(), limit=50
    )
    v1 = scripted(answering([example.workflow_execution(), {"id": 7}]), list_by="executions_v1", generation="v1")
    by_execution = await v1.list_tasks(TaskQuery(), limit=50)

    assert (3, 2) == (len(by_entity.items), len(by_entity.odd))
    assert 1 == len(by_execution.odd)
    assert by_execution.items


@pytest.mark.parametrize(
    "change",
    [
        {"tasks": [{"name": "no id"}, *example.flow_execution()["tasks"]]},
        {"tasks": [None, *example.flow_execution()["tasks"]]},
        {"tasks": example.with_task(0, name=5)},
        {"phases": [*example.flow_execution()["phases"], {"name": "x"}]},
        {"phases": 5, "edges": 5, "closing_reason": []},
        {"tasks": [{**each, "journey": 5, "schedule": 5} for each in example.flow_execution()["tasks"]]},
    ],
    ids=["no id", "null", "name", "phase", "parts", "details"],
)
async def test_another_record_of_the_execution_does_not_decide(change: dict[str, Any], scripted: Scripted) -> None:
    """The task that was asked for is shown, and its flow."""
    connector = scripted(execution(**change))
    task = (await connector.get_tasks([CURRENT]))[CURRENT]
    flow = (await connector.get_flows([FLOW]))[FLOW]

    assert isinstance(task, Task)
    assert isinstance(flow, Flow)
    assert TaskState.UNKNOWN is not task.state
    assert FlowState.ACTIVE is flow.state
    assert change.get("phases") == 5 or 2 == len(flow.phases or ())


async def test_an_odd_task_is_found_by_its_id_as_unknown(scripted: Scripted) -> None:
    """With the people that can be read. Where ids cannot be read, an unknown id may be one of them."""
    call = f"{FLOW}/task_call"

    async def read(native_id: str = call, **changes: Any) -> object:
        return (await scripted(execution(**changes)).get_tasks([native_id])).get(native_id)

    named = await read(tasks=example.with_task(0, name=5))
    hidden = await read(tasks=example.with_task(0, assigned_to={}))
    unjudged = await read(CURRENT, crt_tasks=[7])

    assert isinstance(named, Task)
    assert isinstance(hidden, Task)
    assert isinstance(unjudged, Task)
    assert {TaskState.UNKNOWN} == {named.state, hidden.state, unjudged.state}
    assert (["10010730"], ()) == ([user.native_id for user in named.assignees], hidden.assignees)
    assert await read(f"{FLOW}/other") is None
    unreadable: tuple[object, ...] = (None, {}, [None])
    for tasks in unreadable:
        assert isinstance(await read(tasks=tasks), MalformedResponseError)


async def test_flows_with_odd_members(scripted: Scripted) -> None:
    """By id UNKNOWN; left out of a list."""
    odd = {**example.flow_execution(), "id": "e2", "due_date": 5}
    flow = (await scripted(answering(odd)).get_flows(["v2/e2"]))["v2/e2"]
    query = FlowQuery(subject_types=frozenset({"opportunity"}), subject_ids=frozenset({"3fa3fa86"}))
    listed = await scripted(listing(example.flow_execution(), odd, None)).list_flows(query, limit=50)

    assert isinstance(flow, Flow)
    assert FlowState.UNKNOWN is flow.state
    assert ([FLOW], 2) == ([each.native_id for each in listed.items], len(listed.odd))


async def test_a_part_of_a_detail_fails_alone(task: Task, scripted: Scripted) -> None:
    """A journey that does not fit costs the form."""
    tasks = [{**each, "journey": 5} for each in example.flow_execution()["tasks"]]
    detail = await scripted(execution(tasks=tasks)).get_detail(task, frozenset(DetailAspect))

    assert {DetailAspect.FORM} == set(detail.failures)
    assert detail.activities is not None
    assert ["Kunden anrufen"] == [step.name for step in detail.previous_steps or ()]


async def test_people(scripted: Scripted) -> None:
    """Users, groups, and members of a group."""
    users = await scripted(answering({"results": [{"id": "7"}, {"id": 8}, None]})).list_users(limit=50)
    groups = await scripted(answering({"groups": [{"id": "7"}, {"id": 8}, None], "hits": 3})).list_groups(limit=50)
    body = {"id": "g", "users": ["7", None, 8, {"id": "9"}]}
    members = await scripted(answering(body)).list_members("g", limit=50)

    assert (["7"], 2) == ([user.native_id for user in users.items], len(users.odd))
    assert (["7"], 2, 3) == ([group.native_id for group in groups.items], len(groups.odd), groups.total)
    assert (["7", "9"], 1) == ([user.native_id for user in members.items], len(members.odd))
