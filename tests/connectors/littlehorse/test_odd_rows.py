"""Records of the bridge that do not fit its description: each costs itself."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.littlehorse import LittlehorseConnector
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import DetailAspect, Task, TaskState
from connectors.sdk.query import TaskQuery
from tests.connectors.odd_rows import changed, odd_members

Scripted = Callable[..., LittlehorseConnector]

ROW = {
    "id": "2",
    "wfRunId": "72e6cc3ababced2057ee05cde00902c7",
    "userTaskDefName": "approve-invoice",
    "userGroup": {"id": "d972dbb8", "name": "accounting", "valid": True},
    "user": {"id": "a4696c5d", "email": "bob@example.com", "username": "bob", "valid": True},
    "status": "ASSIGNED",
    "notes": "Invoice of Delta Freight",
    "scheduledTime": "2026-11-23T19:28:25.763Z",
}
NATIVE = "72e6cc3ababced2057ee05cde00902c7:2"
ODD: dict[str, list[object]] = {
    "id": [None, {"absent": True}, "", 2],
    "wfRunId": [None],
    "status": [1],
    "user": ["alice@example.com"],
    "userGroup": [[]],
    "notes": [5],
    "whole row": [None, "x", {}],
}


def bridge(
    *rows: object, names: tuple[object, ...] = ("a",), record: object = None, comments: object = ()
) -> Callable[[httpx2.Request], httpx2.Response]:
    """Lists of tasks, of definitions, of users and groups, and a record."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.endswith("/taskTypes"):
            return httpx2.Response(200, json={"userTaskDefNames": names, "bookmark": None})
        if path.endswith("/tasks"):
            return httpx2.Response(200, json={"userTasks": rows, "bookmark": None})
        if path.endswith(("/users", "/groups")):
            return httpx2.Response(200, json={path.rsplit("/", 1)[-1]: rows})
        return httpx2.Response(200, json=comments if path.endswith("/comments") else record)

    return answer


def numbered(number: int) -> dict[str, Any]:
    return {**ROW, "id": str(number)}


@odd_members("littlehorse", ODD)
async def test_one_odd_row_costs_one_row(member: str, value: object, scripted: Scripted) -> None:
    """The others are listed, the odd one is left out and counted."""
    connector = scripted(bridge(numbered(1), changed(ROW, member, value), numbered(3)))

    page = await connector.list_tasks(TaskQuery(), limit=50)

    assert [f"{ROW['wfRunId']}:1", f"{ROW['wfRunId']}:3"] == [task.native_id for task in page.items]
    assert 1 == len(page.odd)
    assert member == "whole row" or (member,) == page.odd[0].members


async def test_definitions(scripted: Scripted) -> None:
    """A name that does not fit is left out. A list of tasks counts it too: the tasks of that definition are missing."""
    connector = scripted(bridge(numbered(1), names=("a", None, 5, "")))

    definitions = await connector.list_task_definitions(limit=50)
    tasks = await connector.list_tasks(TaskQuery(), limit=50)

    assert (["a"], 3) == ([each.native_id for each in definitions.items], len(definitions.odd))
    assert (1, 3) == (len(tasks.items), len(tasks.odd))


async def test_an_odd_record_is_found_by_its_id_as_unknown(scripted: Scripted) -> None:
    """With the people that can be read. Members that only details need decide nothing."""

    async def read(**members: object) -> Task:
        found = (await scripted(bridge(record={**ROW, **members})).get_tasks([NATIVE]))[NATIVE]
        assert isinstance(found, Task)
        return found

    named, hidden, nameless = await read(notes=5), await read(user="bob", userGroup=5), await read(id=2)
    detailed = await read(fields="x", results=[], events=[None, 5, {"type": "TASK_ASSIGNED", "time": 7}])

    assert (TaskState.UNKNOWN, ["bob@example.com"]) == (named.state, [user.native_id for user in named.assignees])
    assert (TaskState.UNKNOWN, (), None) == (hidden.state, hidden.assignees, hidden.candidate_groups)
    assert (TaskState.UNKNOWN, NATIVE) == (nameless.state, nameless.native_id)
    assert TaskState.RESERVED is detailed.state


@pytest.mark.parametrize("body", [None, "x", [], {}])
async def test_an_answer_that_is_no_record_is_an_error(body: object, scripted: Scripted) -> None:
    found = await scripted(bridge(record=body)).get_tasks([NATIVE])

    assert isinstance(found[NATIVE], MalformedResponseError)


async def test_a_part_of_a_detail_fails_alone(scripted: Scripted) -> None:
    """Odd events and comments are left out; odd fields cost form and outcomes, not the data."""
    at = "2026-11-23T19:28:25.763Z"
    record = {
        **ROW,
        "fields": [{"name": 5}],
        "results": {"amount": {"type": "INTEGER", "value": 7}},
        "events": [{"type": "TASK_COMPLETED", "time": at}, {"type": "TASK_ASSIGNED", "time": at, "event": 5}, None],
    }
    said = [{"type": "COMMENT_ADDED", "time": at, "event": {"comment": "a", "commentId": 1}}, {"event": 5}, None]
    connector = scripted(bridge(record=record, comments=said))
    task = (await connector.get_tasks([NATIVE]))[NATIVE]
    assert isinstance(task, Task)

    detail = await connector.get_detail(task, frozenset(DetailAspect))

    assert {DetailAspect.FORM, DetailAspect.OUTCOMES} == set(detail.failures)
    assert ({"amount": 7}, "Invoice of Delta Freight") == (detail.data, detail.description)
    assert ["a"] == [comment.text for comment in detail.comments or ()]
    assert 2 == len(detail.activities or ())


async def test_people(scripted: Scripted) -> None:
    users = scripted(bridge({"id": "7", "email": "a@example.com", "valid": True}, {"id": 8}, None))
    groups = scripted(bridge({"id": "1", "name": "accounting"}, {"id": "2", "name": []}, "x"))

    found = await users.list_users(limit=50)
    listed = await groups.list_groups(limit=50)

    assert (["a@example.com"], 2) == ([user.native_id for user in found.items], len(found.odd))
    assert (["accounting"], 2) == ([group.native_id for group in listed.items], len(listed.odd))


async def test_odd_users_count_for_the_next_page(scripted: Scripted) -> None:
    """The bridge does not count users. If it gives the same ones again, odd or not, the list ends truncated."""
    connector = scripted(bridge({"id": 8}, None))
    first = await connector.list_users(limit=50)
    second = await connector.list_users(limit=50, after=first.next_cursor)

    assert (2, True) == (len(first.odd), (first.next_cursor or "").startswith("2."))
    assert (0, None, True) == (len(second.odd), second.next_cursor, second.truncated)
