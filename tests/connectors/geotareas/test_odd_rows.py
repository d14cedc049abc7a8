"""Records that do not fit the vendor's documentation: each costs itself, and each part of a detail costs that part."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.geotareas import GeotareasConnector
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import DetailAspect, Flow, FlowState, Task, TaskState
from connectors.sdk.query import FlowQuery, TaskQuery
from tests.connectors.odd_rows import changed, odd_members

Scripted = Callable[..., GeotareasConnector]

ROW = {
    "id": "2",
    "instance_id": "180537819781354651",
    "workflow_name": "Damage Survey",
    "step_name": "Release Repair Budget",
    "status": "PENDING",
    "assigned_to_user": {"id": "7", "name": "Alice Moreno"},
    "assigned_to_group": None,
    "due_date": "2027-01-04T05:23:00",
    "escalated": False,
}
ODD: dict[str, list[object]] = {
    "id": [None, 5, "abc", "", {"absent": True}],
    "step_name": [5],
    "status": [1],
    "assigned_to_user": ["x", {}],
    "assigned_to_group": [[]],
    "due_date": [5],
    "escalated": ["yes"],
    "whole row": [None, {}, "x"],
}


def listing(*rows: object) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        body = {"success": True, "data": rows[offset : offset + limit], "meta": {"total": len(rows)}}
        return httpx2.Response(200, json=body)

    return answer


def reading(record: object) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _: httpx2.Response(200, json={"success": True, "data": record})


def numbered(number: int) -> dict[str, Any]:
    return {**ROW, "id": str(number)}


@odd_members("geotareas", ODD)
async def test_one_odd_row_costs_one_row(member: str, value: object, scripted: Scripted) -> None:
    """The others are listed, the odd one is left out and counted. A status that is not told is UNKNOWN."""
    connector = scripted(listing(numbered(1), changed(ROW, member, value), numbered(3)))

    page = await connector.list_tasks(TaskQuery(), limit=50)
    states = {task.native_id: task.state for task in page.items}

    assert (TaskState.RESERVED, TaskState.RESERVED) == (states.pop("1"), states.pop("3"))
    assert ([TaskState.UNKNOWN] if (member, value) == ("status", None) else []) == list(states.values())
    assert 3 == len(page.items) + len(page.odd)


@pytest.mark.parametrize(
    "row",
    [
        b'{"status":"PENDING"}',
        b'{"id":1,"status":"PENDING"}',
        b'{"id":"","status":"PENDING"}',
        b'{"id":"1\\n","status":"PENDING"}',
        b'{"id":"../1","status":"PENDING"}',
        b'{"id":"' + b"1" * 31 + b'","status":"PENDING"}',
        b'{"id":"1","status":"PENDING","step_name":"\xff"}',
    ],
)
async def test_a_row_that_does_not_fit_is_left_out(scripted: Scripted, row: bytes) -> None:
    """And counted."""
    connector = scripted(lambda _: httpx2.Response(200, content=b'{"success":true,"data":[' + row + b"]}"))
    page = await connector.list_tasks(TaskQuery(), limit=3)

    assert (0, 1) == (len(page.items), len(page.odd))


async def test_a_page_of_odd_rows_alone_is_not_read_for_ever(scripted: Scripted) -> None:
    """A vendor that gives them again gives no more."""
    connector = scripted(lambda _: httpx2.Response(200, json={"success": True, "data": [None, {"id": 5}]}))
    first = await connector.list_tasks(TaskQuery(), limit=50)
    second = await connector.list_tasks(TaskQuery(), limit=50, after=first.next_cursor)

    assert (2, False) == (len(first.odd), first.next_cursor is None)
    assert (0, None, True) == (len(second.odd), second.next_cursor, second.truncated)


async def test_odd_rows_count_for_the_next_page(scripted: Scripted) -> None:
    """Also two of them, and one at the end of a page."""
    connector = scripted(listing(numbered(1), None, "x", numbered(4), numbered(5)))
    found: list[str] = []
    left_out = 0
    after: str | None = None
    for _ in range(5):
        page = await connector.list_tasks(TaskQuery(), limit=2, after=after)
        found += [task.native_id for task in page.items]
        left_out += len(page.odd)
        after = page.next_cursor
        if after is None:
            break

    assert (["1", "4", "5"], 2) == (found, left_out)


async def test_an_odd_record_is_found_by_its_id_as_unknown(scripted: Scripted) -> None:
    """With the people that can be read. Members that only details need decide nothing."""

    async def read(**members: object) -> Task:
        found = (await scripted(reading({**ROW, **members})).get_tasks(["2"]))["2"]
        assert isinstance(found, Task)
        return found

    named, hidden, nameless = await read(escalated="yes"), await read(assigned_to_user="x"), await read(id=2)
    detailed = await read(fields=[{"required": None}], available_results=[{}], step_description=5)

    assert (TaskState.UNKNOWN, ["7"]) == (named.state, [user.native_id for user in named.assignees])
    assert (TaskState.UNKNOWN, ()) == (hidden.state, hidden.assignees)
    assert (TaskState.UNKNOWN, "2") == (nameless.state, nameless.native_id)
    assert (TaskState.RESERVED, "Release Repair Budget") == (detailed.state, detailed.title)


async def test_a_part_of_a_detail_fails_alone(task: Task, scripted: Scripted) -> None:
    """Outcomes need the form too: whether they require data."""
    record: dict[str, Any] = {
        **ROW,
        "id": task.native_id,
        "step_description": "Read",
        "fields": [],
        "available_results": [{}],
    }
    aspects = {DetailAspect.FORM, DetailAspect.OUTCOMES, DetailAspect.DESCRIPTION}
    no_outcomes = await scripted(reading(record)).get_detail(task, aspects)
    no_form = await scripted(reading({**record, "fields": [{"required": None}]})).get_detail(task, aspects)

    assert "Read" == no_outcomes.description == no_form.description
    assert ({DetailAspect.OUTCOMES}, False) == (set(no_outcomes.failures), no_outcomes.form is None)
    assert {DetailAspect.OUTCOMES, DetailAspect.FORM} == set(no_form.failures)
    with pytest.raises(MalformedResponseError):
        await scripted(reading(record)).get_detail(task, {DetailAspect.OUTCOMES})


async def test_a_readable_part_tells_whose_an_odd_row_is(scripted: Scripted) -> None:
    """Not where a member that names people is odd itself."""
    rows: tuple[object, ...] = ({**ROW, "escalated": "yes"}, {**ROW, "id": "3", "assigned_to_group": []})

    page = await scripted(listing(*rows)).list_tasks(TaskQuery(), limit=50)

    assert [["7"], None] == [each.task and [user.native_id for user in each.task.assignees] for each in page.odd]


async def test_flows_as_tasks(scripted: Scripted) -> None:
    """In a list, and by id."""
    rows = [{"id": "1", "status": "RUNNING"}, {"id": "2", "status": "RUNNING", "definition_name": 5}, None, {"id": 3}]
    listed = await scripted(listing(*rows)).list_flows(FlowQuery(), limit=50)
    found = await scripted(listing(*rows)).get_flows(["1", "2", "3"])

    assert ["1"] == [flow.native_id for flow in listed.items]
    assert 3 == len(listed.odd)
    assert {"1": FlowState.ACTIVE, "2": FlowState.UNKNOWN} == {
        key: flow.state for key, flow in found.items() if isinstance(flow, Flow)
    }


async def test_definitions(scripted: Scripted) -> None:
    page = await scripted(listing({"id": "1", "name": "A"}, {"id": "2", "name": 5}, None)).extras.list_definitions(
        limit=50
    )

    assert (["1"], 2) == ([each.native_id for each in page.items], len(page.odd))
