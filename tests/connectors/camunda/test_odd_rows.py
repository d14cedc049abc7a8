"""Rows of the server that do not fit its documentation: each costs itself."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector
from connectors.sdk.errors import ConnectorError, MalformedResponseError
from connectors.sdk.model import DetailAspect, FlowState, Task, TaskState
from connectors.sdk.query import FlowQuery, TaskQuery
from tests.connectors.odd_rows import changed, odd_members

Answering = Callable[..., CamundaConnector]

ODD: dict[str, list[object]] = {
    "dueDate": [5],
    "priority": ["50", 50.5],
    "userTaskKey": [None, {"absent": True}, 2251799813685732, "", "x/../1"],
    "state": [3],
    "candidateGroups": ["accounting", [None], [1]],
    "assignee": [5, {}],
    "whole row": [None, {}, "x"],
}


def searching(*rows: object) -> Callable[[httpx2.Request], httpx2.Response]:
    page = {"totalItems": len(rows), "hasMoreTotalItems": False}
    return lambda _: httpx2.Response(200, json={"items": rows, "page": page})


def reading(row: object) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _: httpx2.Response(200, json=row)


async def read(connector: CamundaConnector, key: str) -> Task | ConnectorError | None:
    return (await connector.get_tasks([key])).get(key)


@odd_members("camunda", ODD)
async def test_one_odd_row_costs_one_row(member: str, value: object, row: dict[str, Any], answering: Answering) -> None:
    """The others are listed. The odd one is left out and counted, or has no value in that member."""
    others = [{**row, "userTaskKey": str(number)} for number in (1, 2)]
    connector = answering(searching(others[0], changed(row, member, value), others[1]))

    page = await connector.list_tasks(TaskQuery(), limit=50)

    assert {"1", "2"} <= {task.native_id for task in page.items}
    assert 3 == len(page.items) + len(page.odd)
    assert 3 == page.total


async def test_odd_rows_count_as_rows_where_a_list_ends(row: dict[str, Any], answering: Answering) -> None:
    """A page of odd rows only is not the end, and the vendor's count is reached with them."""
    pages: dict[str | None, tuple[list[object], str | None]] = {
        None: ([None, None], "a"),
        "a": ([{**row, "userTaskKey": "1"}, None], None),
    }

    def answer(request: httpx2.Request) -> httpx2.Response:
        rows, end = pages[msgspec.json.decode(request.content)["page"].get("after")]
        page = {"totalItems": 4, "hasMoreTotalItems": False, "endCursor": end}
        return httpx2.Response(200, json={"items": rows, "page": page})

    connector = answering(answer)
    first = await connector.list_tasks(TaskQuery(), limit=50)
    second = await connector.list_tasks(TaskQuery(), limit=50, after=first.next_cursor)

    assert ([], 2, False) == (first.items, len(first.odd), first.truncated)
    assert (["1"], 1) == ([task.native_id for task in second.items], len(second.odd))
    assert (None, False, 4) == (second.next_cursor, second.truncated, second.total)


@odd_members("camunda", ODD)
async def test_a_row_is_left_out_for_a_member_that_lists_need(
    member: str, value: object, row: dict[str, Any], answering: Answering
) -> None:
    """An unreadable time and the key of a form do not decide over the row."""
    is_kept = member == "formKey" or (isinstance(value, str) and member in {"dueDate", "followUpDate", "creationDate"})
    connector = answering(searching(changed(row, member, value)))

    page = await connector.list_tasks(TaskQuery(), limit=50)

    assert [] == [each.members for each in page.odd] if is_kept else 1 == len(page.odd)
    assert member == "whole row" or all(each.members == (member,) for each in page.odd)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999000+00:00"),
        ("2026-12-08T17:00Z", "2026-12-08T17:00:00+00:00"),
        ("+10000-01-01T04:59:59.000Z", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("2026-12-01T00:00:00", None),
        ("1-01-01T00:00:00Z", None),
        ("", None),
    ],
)
async def test_a_time_at_the_edge_of_the_calendar_is_read_or_null(
    text: str, due: str | None, row: dict[str, Any], answering: Answering
) -> None:
    """The row stays, in lists and by its key, and has its state."""
    odd = {**row, "dueDate": text}
    [listed] = (await answering(searching(odd)).list_tasks(TaskQuery(), limit=50)).items
    found = await read(answering(reading(odd)), row["userTaskKey"])

    assert isinstance(found, Task)
    assert (due, TaskState.READY) == (listed.due_at and listed.due_at.isoformat(), listed.state)
    assert (due, TaskState.READY) == (found.due_at and found.due_at.isoformat(), found.state)


async def test_a_priority_beyond_what_the_graph_carries_is_the_nearest(
    row: dict[str, Any], answering: Answering
) -> None:
    """An `Int` of the graph has 32 bits."""
    rows = [{**row, "userTaskKey": str(n + 1), "priority": p} for n, p in enumerate((1 << 31, 10**30, -(10**30)))]

    page = await answering(searching(*rows)).list_tasks(TaskQuery(), limit=50)

    assert [(1 << 31) - 1, (1 << 31) - 1, -(1 << 31)] == [task.priority_score for task in page.items]


async def test_an_odd_record_is_found_by_its_key_as_unknown(row: dict[str, Any], answering: Answering) -> None:
    """It has the people and other members that can be read; unreadable candidates are not told to be none."""
    key = row["userTaskKey"]
    named = await read(answering(reading({**row, "assignee": "bob", "priority": "50"})), key)
    hidden = await read(answering(reading({**row, "candidateGroups": 7, "candidateUsers": [1]})), key)
    nameless = await read(answering(reading({**row, "userTaskKey": 7})), key)

    assert isinstance(named, Task)
    assert isinstance(hidden, Task)
    assert isinstance(nameless, Task)
    assert {TaskState.UNKNOWN} == {named.state, hidden.state, nameless.state}
    assert {key} == {named.native_id, hidden.native_id, nameless.native_id}
    assert ["bob"] == [user.native_id for user in named.assignees]
    assert ["accounting"] == [group.native_id for group in named.candidate_groups or ()]
    assert (None, None) == (hidden.candidate_users, hidden.candidate_groups)
    assert ((), key) == (nameless.assignees, nameless.title)


@pytest.mark.parametrize("body", [None, "x", {}, []])
async def test_an_answer_that_is_no_record_is_an_error(body: object, answering: Answering) -> None:
    assert isinstance(await read(answering(reading(body)), "7"), MalformedResponseError)


async def test_a_readable_part_tells_whose_an_odd_row_is(row: dict[str, Any], answering: Answering) -> None:
    """Not where a member that names people is odd itself."""
    rows = ({**row, "assignee": "bob", "state": 3}, {**row, "assignee": 5})

    page = await answering(searching(*rows)).list_tasks(TaskQuery(), limit=50)

    assert [["bob"], None] == [each.task and [user.native_id for user in each.task.assignees] for each in page.odd]


async def test_equal_odd_rows_count_each(answering: Answering) -> None:
    page = await answering(searching(None, None, {"name": 7})).list_tasks(TaskQuery(), limit=50)

    assert 3 == len({each.key for each in page.odd})


async def test_flows_as_tasks(instance: dict[str, Any], answering: Answering) -> None:
    """In a list, and by id."""
    odd = {**instance, "processInstanceKey": "7", "hasIncident": "no"}
    listed = await answering(searching(instance, odd, None)).list_flows(FlowQuery(), limit=50)
    found = await answering(searching(instance, odd, None)).get_flows([instance["processInstanceKey"], "7"])

    assert [instance["processInstanceKey"]] == [flow.native_id for flow in listed.items]
    assert 2 == len(listed.odd)
    assert [FlowState.ACTIVE, FlowState.UNKNOWN] == [getattr(flow, "state", flow) for flow in found.values()]


async def test_people(answering: Answering) -> None:
    """Users, groups, members, and both by their ids."""
    users = answering(searching({"username": "alice"}, {"username": 7}, None, {"username": "bob", "email": []}))
    groups = answering(searching({"groupId": "a", "name": "A"}, {"groupId": "b", "name": 7}, "x"))

    listed = await users.list_users(limit=50)
    members = await users.list_members("accounting", limit=50)
    found = await groups.list_groups(limit=50)

    assert (["alice"], 3) == ([user.native_id for user in listed.items], len(listed.odd))
    assert (["alice"], 3) == ([user.native_id for user in members.items], len(members.odd))
    assert (["a"], 2) == ([group.native_id for group in found.items], len(found.odd))
    assert ["alice"] == list(await users.get_users(["alice", "bob"]))
    assert ["a"] == list(await groups.get_groups(["a", "b"]))


async def test_definitions(answering: Answering) -> None:
    """A process that does not fit is left out."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/xml"):
            return httpx2.Response(204)
        return searching({"processDefinitionKey": "1", "processDefinitionId": "a"}, {"version": 7}, None)(request)

    page = await answering(answer).list_task_definitions(limit=50)

    assert 2 == len(page.odd)


async def test_an_odd_entry_of_the_audit_log_keeps_what_can_be_read(task: Task, answering: Answering) -> None:
    """One without its key, or without a time, is left out."""
    at = "2026-01-05T08:15:30.123Z"
    entries = (
        {"auditLogKey": "1", "operationType": "CREATE", "timestamp": at},
        {"auditLogKey": "2", "operationType": "ASSIGN", "timestamp": at, "actorId": 7},
        {"auditLogKey": 3, "timestamp": at},
        None,
    )
    detail = await answering(searching(*entries)).get_detail(task, {DetailAspect.ACTIVITIES})

    assert ["CREATE", "ASSIGN"] == [activity.native_type for activity in detail.activities or ()]


async def test_a_part_of_a_detail_fails_alone(task: Task, answering: Answering) -> None:
    """The form is no form; the variables are shown."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/form"):
            return httpx2.Response(200, json={"schema": 7})
        return searching({"name": "amount", "value": "12"})(request)

    detail = await answering(answer).get_detail(task, {DetailAspect.FORM, DetailAspect.DATA})

    assert ({"amount": 12}, None, [DetailAspect.FORM]) == (detail.data, detail.form, list(detail.failures))


async def test_the_form_does_not_need_the_rest_of_the_row(row: dict[str, Any], answering: Answering) -> None:
    """A task whose record is odd still has its form."""
    connector = answering(reading({**row, "externalFormReference": "https://forms.test/1", "priority": "50"}))
    found = await read(connector, row["userTaskKey"])

    assert isinstance(found, Task)
    assert "https://forms.test/1" == getattr((await connector.get_detail(found, {DetailAspect.FORM})).form, "url", None)
