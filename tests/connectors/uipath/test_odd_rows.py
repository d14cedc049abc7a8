"""Rows of Orchestrator and Maestro that do not fit their descriptions: each costs itself."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.sdk.errors import ConnectorError, MalformedResponseError
from connectors.sdk.model import DetailAspect, Flow, FlowState, Task, TaskState
from connectors.sdk.query import FlowQuery, SortDirection, SortKey, TaskOrderField, TaskQuery
from connectors.uipath import UiPathConnector
from tests.connectors.odd_rows import changed, odd_members
from tests.connectors.uipath.test_flows import FLOW, GUID, OTHER, Tower, instance
from tests.connectors.uipath.vendor import TASK

Scripted = Callable[..., UiPathConnector]

ROW = {
    "Id": 2,
    "OrganizationUnitId": 828,
    "Title": "Review",
    "Status": "Pending",
    "AssignedToUserId": 7,
    "CreationTime": "2026-11-27T11:22:03Z",
    "Tags": [{"Name": "country", "Value": "PL"}],
}
ODD: dict[str, list[object]] = {
    "OrganizationUnitId": [None, 0, -5],
    "Tags": [[{"Name": None}], [{"Value": "x"}], [{"Name": "country", "Value": 5}]],
    "TaskAssignments": [[None]],
    "AssignedToUserId": ["bob"],
    "Id": [None, {"absent": True}, "63", 0, -1, 9223372036854775808],
    "whole row": [None, "x", {}],
}
NEWEST = (SortKey(TaskOrderField.CREATED_AT, SortDirection.DESC),)


class Shelf:
    """A list of rows, which it pages by `$skip` and `$top`, and by the id behind which a list goes on."""

    def __init__(self, *rows: object) -> None:
        self.rows = rows
        self.asked = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        params = request.url.params
        match = re.search(r"Id gt ([0-9]+)", params.get("$filter", ""))
        behind = 0 if match is None else int(match[1])
        rows = [each for each in self.rows if not behind or _id(each) > behind]
        skip, top = int(params.get("$skip", "0")), int(params["$top"])
        return httpx2.Response(200, json={"@odata.count": len(self.rows), "value": rows[skip : skip + top]})


def _id(row: object) -> int:
    number = row.get("Id") if isinstance(row, dict) else None
    return number if isinstance(number, int) else 0


def numbered(number: int, **members: object) -> dict[str, Any]:
    return {**ROW, "Id": number, **members}


@odd_members("uipath", ODD)
async def test_one_odd_row_costs_one_row(member: str, value: object, scripted: Scripted) -> None:
    """The others are listed, the odd one is left out and counted, and the count is the vendor's."""
    connector = scripted(Shelf(numbered(1), changed(ROW, member, value), numbered(3)))

    page = await connector.list_tasks(TaskQuery(), limit=50)

    assert ["828-1", "828-3"] == [task.native_id for task in page.items]
    assert (1, 3) == (len(page.odd), page.total)
    assert member == "whole row" or {member.lower()} == {each.lower() for row in page.odd for each in row.members}


@pytest.mark.parametrize("order", [(), NEWEST], ids=["by id", "newest"])
@pytest.mark.parametrize("odd", [None, {**ROW, "Id": 4, "Tags": 5}, {**ROW, "Id": "4"}])
async def test_odd_rows_do_not_end_a_list(order: tuple[SortKey, ...], odd: object, scripted: Scripted) -> None:
    """A page that ends with one is full; the next page begins behind it."""
    rows = [numbered(1), numbered(2), numbered(3), odd, numbered(5), numbered(6)]
    connector = scripted(Shelf(*rows))
    found: list[str] = []
    left_out: set[str] = set()
    after: str | None = None
    for _ in range(10):
        page = await connector.list_tasks(TaskQuery(order=order), limit=2, after=after)
        found += [task.native_id for task in page.items]
        left_out |= {row.key for row in page.odd}
        after = page.next_cursor
        if after is None:
            break

    is_lost = odd is None or odd == {**ROW, "Id": "4"}  # without an id, a filter by id never gives it
    assert ["828-1", "828-2", "828-3", "828-5", "828-6"] == list(dict.fromkeys(found))
    assert (0 if is_lost and not order else 1) == len(left_out)


async def test_an_odd_record_is_found_by_its_id_as_unknown(scripted: Scripted) -> None:
    """Alone and among several, with the people that can be read. Without a folder it is in the folder of its id."""

    async def read(row: object) -> Task | ConnectorError | None:
        return (await scripted(lambda _: httpx2.Response(200, json=row)).get_tasks(["828-2"])).get("828-2")

    named = await read({**ROW, "Tags": 5})
    no_folder = await read({**ROW, "OrganizationUnitId": None})
    several = await scripted(Shelf(numbered(1), {**ROW, "Tags": 5})).get_tasks(["828-1", "828-2"])
    elsewhere = await read({**ROW, "OrganizationUnitId": 9, "Tags": 5})

    for found in (named, no_folder, several["828-2"]):
        assert isinstance(found, Task)
        assert (TaskState.UNKNOWN, ["7"]) == (found.state, [user.native_id for user in found.assignees])
    assert elsewhere is None
    assert isinstance(await read("x"), MalformedResponseError)


async def test_a_readable_part_tells_whose_an_odd_row_is(scripted: Scripted) -> None:
    """Not where a member that names people is odd itself."""
    page = await scripted(Shelf({**ROW, "Tags": 5}, {**ROW, "AssignedToUser": 5})).list_tasks(TaskQuery(), limit=50)

    assert [["7"], None] == [each.task and [user.native_id for user in each.task.assignees] for each in page.odd]


async def test_flows_as_tasks(scripted: Scripted) -> None:
    """In a list, and by id. An instance that tells no state is UNKNOWN."""
    odd = {**instance(), "instanceId": OTHER, "packageId": 7}
    rows = [instance(), odd, None, {**instance(), "folderKey": "x"}]
    listed = await scripted(Tower(httpx2.Response(200, json={"instances": rows})), maestro=True).list_flows(
        FlowQuery(), limit=50
    )
    found = await scripted(
        Tower(httpx2.Response(200, json=instance(packageId=7, latestRunStatus=5))), maestro=True
    ).get_flows([FLOW.native_id])

    assert [f"828-{GUID}"] == [flow.native_id for flow in listed.items]
    assert 3 == len(listed.odd)
    flow = found[FLOW.native_id]
    assert isinstance(flow, Flow)
    assert (FlowState.UNKNOWN, None) == (flow.state, flow.native_state)


async def test_people(scripted: Scripted) -> None:
    """Users and groups of a folder, and the folders themselves."""
    logins = [
        {"Id": 7, "Name": "Alice", "Type": "DirectoryUser"},
        {"Id": 8, "Name": ["Bob"], "Type": "DirectoryUser"},
        {"Id": 9, "Name": "Finance", "Type": "DirectoryGroup"},
        None,
    ]

    def answer(request: httpx2.Request) -> httpx2.Response:
        is_folders = request.url.path.endswith("/odata/Folders")
        rows = [{"Id": 828, "Key": "k"}, {"Id": "x"}, None] if is_folders else logins
        return httpx2.Response(200, json={"value": rows, "@odata.count": len(rows)})

    users = await scripted(answer).list_users(limit=50)
    groups = await scripted(answer).list_groups(limit=50)

    assert (["7"], 2) == ([user.native_id for user in users.items], len(users.odd))
    assert (["9"], 2) == ([group.native_id for group in groups.items], len(groups.odd))


async def test_odd_notes_and_activities_keep_what_can_be_read(scripted: Scripted) -> None:
    """One without an id, or an activity without a time, is left out."""
    at = "2026-11-27T11:22:03Z"

    def answer(request: httpx2.Request) -> httpx2.Response:
        notes = [{"Id": 1, "Text": "a"}, {"Id": 2, "Text": "b", "CreatorUserId": "x"}, {"Text": "c"}, None]
        history = [{"ActivityType": "Created", "CreationTime": at}, {"ActivityType": [], "CreationTime": at}, "x"]
        return httpx2.Response(200, json={"value": notes if "TaskNotes" in request.url.path else history})

    detail = await scripted(answer).get_detail(TASK, {DetailAspect.COMMENTS, DetailAspect.ACTIVITIES})

    assert ["a", "b"] == [comment.text for comment in detail.comments or ()]
    assert 2 == len(detail.activities or ())


async def test_a_part_of_a_detail_fails_alone(scripted: Scripted) -> None:
    """The data record does not fit; the comments are shown."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        rows = {"value": [{"Id": 1, "Text": "a"}]}
        return httpx2.Response(200, json=rows if "TaskNotes" in request.url.path else {"id": "x"})

    detail = await scripted(answer).get_detail(TASK, {DetailAspect.COMMENTS, DetailAspect.DATA, DetailAspect.FORM})

    assert ["a"] == [comment.text for comment in detail.comments or ()]
    assert {DetailAspect.DATA, DetailAspect.FORM} == detail.failures.keys()


@pytest.mark.parametrize("total", [1, 9])
async def test_a_page_without_a_readable_id_ends_a_list(total: int, scripted: Scripted) -> None:
    """It is told if there are rows behind it."""
    answer = {"value": [{**ROW, "Id": "4"}], "@odata.count": total}
    page = await scripted(lambda _: httpx2.Response(200, json=answer)).list_tasks(TaskQuery(), limit=1)

    assert (1, None, total == 9) == (len(page.odd), page.next_cursor, page.truncated)


async def test_odd_rows_count_where_the_vendor_cuts_pages(scripted: Scripted) -> None:
    """Tasks by id, people and notes are read on behind a page of them, up to the vendor's count."""
    logins = [{"Id": 5, "Name": [1]}, {"Id": 6, "Name": [2]}, {"Id": 7, "Name": "Alice", "Type": "DirectoryUser"}]
    notes: list[object] = ["x", "y", {"Id": 3, "Text": "c"}]
    tasks: list[object] = [{**ROW, "Id": "a"}, {**ROW, "Id": "b"}, numbered(3)]

    def answer(request: httpx2.Request) -> httpx2.Response:
        path, skip = request.url.path, int(request.url.params.get("$skip", "0"))
        rows = logins if "GetTaskUsers" in path else notes if "TaskNotes" in path else tasks
        return httpx2.Response(200, json={"value": rows[skip : skip + 1], "@odata.count": 3})

    connector = scripted(answer, folders=[828])
    users = await connector.list_users(limit=50)
    detail = await connector.get_detail(TASK, {DetailAspect.COMMENTS})

    assert (["7"], 2, False) == ([user.native_id for user in users.items], len(users.odd), users.truncated)
    assert ["c"] == [comment.text for comment in detail.comments or ()]
    assert {"828-3"} == set(await connector.get_tasks(["828-3", "828-4"]))
