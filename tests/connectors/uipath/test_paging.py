"""Pages of tasks, also while tasks enter and leave the list."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.sdk.errors import ValidationFailedError
from connectors.sdk.model import CountAccuracy, TaskState
from connectors.sdk.query import Interval, SortDirection, SortKey, TaskOrderField, TaskQuery
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.tenant import Tenant

NEWEST = (SortKey(TaskOrderField.CREATED_AT, SortDirection.DESC),)
Scripted = Callable[..., UiPathConnector]


def row(number: int, **members: Any) -> dict[str, Any]:
    return {"Id": number, "OrganizationUnitId": 828, "Title": "Review", "Status": "Unassigned", **members}


class Shelf:
    """Answers a list by `$skip`, `$top` and the id behind which it continues. Tests change its rows between pages.

    It gives at most `most` rows, with a link if that is less than was asked for, and counts if it `counts`.
    """

    def __init__(self, count: int, *, most: int = 1000, counts: bool = True) -> None:
        self.most, self.counts = most, counts
        self.ids = list(range(1, count + 1))
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        params = request.url.params
        behind = int(params.get("$filter", "Id gt 0").split("Id gt ")[-1])
        ids = [each for each in self.ids if each > behind]
        skip, top = int(params.get("$skip", "0")), min(int(params["$top"]), self.most)
        answer: dict[str, Any] = {"value": [row(each) for each in ids[skip : skip + top]]}
        if self.counts:
            answer["@odata.count"] = len(ids)
        if top < int(params["$top"]) and skip + top < len(ids):
            answer["@odata.nextLink"] = f"http://uipath.test/odata/Tasks?$skip={skip + top}"
        return httpx2.Response(200, json=answer)


async def test_every_list_asks_for_all_it_needs(scripted: Scripted) -> None:
    """Page size, count, expansion and an order that ends with the id, in the tenant's path, without a folder."""
    shelf = Shelf(1)
    await scripted(shelf).list_tasks(TaskQuery(), limit=5)
    request = shelf.asked[0]

    assert (
        "/acme/DefaultTenant/orchestrator_/odata/Tasks/UiPath.Server.Configuration.OData.GetTasksAcrossFolders"
        == request.url.path
    )
    assert {
        "$expand": "AssignedToUser,TaskAssignments($expand=Assignee)",
        "$orderby": "Id asc",
        "$top": "5",
        "$count": "true",
    } == dict(request.url.params)
    assert "Bearer rt_secret" == request.headers["authorization"]
    assert "x-uipath-organizationunitid" not in request.headers


@pytest.mark.parametrize("order", [(), NEWEST])
@pytest.mark.parametrize("counts", [True, False])
async def test_a_page_that_the_vendor_cuts_is_not_the_end(
    scripted: Scripted, order: tuple[SortKey, ...], counts: bool
) -> None:
    """forms/ui-capped-page.json: 100 rows whatever $top says, with the count, the link or both."""
    shelf = Shelf(250, most=100, counts=counts)
    connector = scripted(shelf)
    found: list[str] = []
    totals: list[tuple[int | None, CountAccuracy]] = []
    after: str | None = None
    while True:
        page = await connector.list_tasks(TaskQuery(order=order), limit=200, after=after)
        assert not page.truncated
        found += [task.native_id for task in page.items]
        totals.append((page.total, page.total_accuracy))
        after = page.next_cursor
        if after is None:
            break

    assert [f"828-{number}" for number in range(1, 251)] == found
    assert totals[0] == ((250, CountAccuracy.EXACT) if counts else (None, CountAccuracy.UNKNOWN))
    assert len(shelf.asked) == 3


async def test_tasks_by_id_are_read_over_pages_that_the_vendor_cuts(scripted: Scripted) -> None:
    """An id whose row is on a second page is not unknown."""
    shelf = Shelf(0, most=15)

    def answer(request: httpx2.Request) -> httpx2.Response:
        shelf.ids = [int(each) for each in re.findall(r"Id eq (\d+)", request.url.params["$filter"])]
        changed = httpx2.Request("GET", request.url.copy_remove_param("$filter"))
        return shelf(changed)

    ids = [f"828-{number}" for number in range(1, 41)]

    assert set(ids) == set(await scripted(answer).get_tasks(ids))
    assert len(shelf.asked) == 3


@pytest.mark.parametrize("order", [(), NEWEST])
async def test_rows_that_are_counted_and_not_given_are_told(scripted: Scripted, order: tuple[SortKey, ...]) -> None:
    """After the first page there is nothing, or the same row again."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        is_first = "$skip" not in request.url.params and "$filter" not in request.url.params
        rows = [row(1), row(2)] if is_first else []
        return httpx2.Response(200, json={"@odata.count": 9, "value": rows})

    connector = scripted(answer)
    first = await connector.list_tasks(TaskQuery(order=order), limit=2)
    second = await connector.list_tasks(TaskQuery(order=order), limit=2, after=first.next_cursor)

    assert (False, True) == (first.truncated, second.truncated)
    assert second.next_cursor is None


@pytest.mark.parametrize(
    ("count", "total"), [("250", 250), (" 2 ", 2), (-5, None), ("-5", None), ("many", None), (2.5, None), ([], None)]
)
async def test_a_count_of_another_kind_takes_no_row_away(scripted: Scripted, count: object, total: int | None) -> None:
    """A whole number as text is a count, anything else is none. The list is read on."""
    page = await scripted(
        lambda _: httpx2.Response(200, json={"@odata.count": count, "value": [row(1), row(2)]})
    ).list_tasks(TaskQuery(), limit=2)

    assert ["828-1", "828-2"] == [task.native_id for task in page.items]
    assert (total, total != 2) == (page.total, page.next_cursor is not None)


async def test_an_administrators_list_has_a_path_of_its_own(scripted: Scripted) -> None:
    """With the option as_task_admin."""
    shelf = Shelf(1)
    await scripted(shelf, as_task_admin=True).list_tasks(TaskQuery(), limit=5)

    assert shelf.asked[0].url.path.endswith(".GetTasksAcrossFoldersForAdmin")


async def test_no_page_asks_for_more_than_the_vendor_gives(scripted: Scripted) -> None:
    """For any limit. A page of an ordered list begins with the last row of the page before."""
    shelf = Shelf(3)
    connector = scripted(shelf)
    await connector.list_tasks(TaskQuery(), limit=100_000)
    first = await connector.list_tasks(TaskQuery(order=NEWEST), limit=2)
    await connector.list_tasks(TaskQuery(order=NEWEST), limit=100_000, after=first.next_cursor)

    assert [999, 2, 1000] == [int(request.url.params["$top"]) for request in shelf.asked]


async def test_an_unordered_list_goes_on_behind_the_last_id(scripted: Scripted) -> None:
    """A task that leaves the list does not hide another."""
    shelf = Shelf(6)
    connector = scripted(shelf)
    first = await connector.list_tasks(TaskQuery(), limit=2)
    shelf.ids.remove(1)
    second = await connector.list_tasks(TaskQuery(), limit=2, after=first.next_cursor)

    assert ["828-1", "828-2"] == [task.native_id for task in first.items]
    assert ["828-3", "828-4"] == [task.native_id for task in second.items]
    assert (6, CountAccuracy.EXACT) == (first.total, first.total_accuracy)
    assert (None, CountAccuracy.UNKNOWN) == (second.total, second.total_accuracy)


async def given_in_all(connector: UiPathConnector, change: Callable[[], None]) -> list[int]:
    """Ids of three pages of three newest tasks; `change` happens before the second."""
    query, found, after = TaskQuery(order=NEWEST), [], None
    for number in range(3):
        if number == 1:
            change()
        page = await connector.list_tasks(query, limit=3, after=after)
        found += [int(task.native_id.removeprefix("828-")) for task in page.items]
        after = page.next_cursor
    return found


async def test_an_ordered_list_is_read_by_one_call_a_page(scripted: Scripted) -> None:
    """Each page reads the last row of the page before again, to see that nothing moved. The row is not repeated."""
    shelf = Shelf(9)
    found = await given_in_all(scripted(shelf), lambda: None)

    assert list(range(1, 10)) == found
    assert [None, "2", "5"] == [request.url.params.get("$skip") for request in shelf.asked]


async def test_an_ordered_list_loses_no_task_when_others_leave_it(scripted: Scripted) -> None:
    """It steps back to the last row of the page before."""
    shelf = Shelf(9)

    def leave() -> None:
        shelf.ids = [each for each in shelf.ids if each not in {1, 2}]

    found = await given_in_all(scripted(shelf), leave)

    assert list(range(1, 10)) == found


async def test_an_ordered_list_gives_no_task_twice_when_others_join_it(scripted: Scripted) -> None:
    """Rows before the last row of the page before were returned already, or are new."""
    shelf = Shelf(6)

    def join() -> None:
        shelf.ids = [70, 71, *shelf.ids]

    found = await given_in_all(scripted(shelf), join)

    assert [1, 2, 3, 4, 5, 6] == found


async def test_an_ordered_list_goes_on_when_the_last_row_itself_left(scripted: Scripted) -> None:
    """Some rows may be repeated; none is missing."""
    shelf = Shelf(9)
    found = await given_in_all(scripted(shelf), lambda: shelf.ids.remove(3))

    assert {1, 2, 3, 4, 5, 6} <= set(found)


class Changing:
    """Tasks in the order of their last change, newest first. Tests change the times between pages."""

    def __init__(self, count: int) -> None:
        self.times = {number: 1000 - number // 2 for number in range(1, count + 1)}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        params = request.url.params
        ids = sorted(self.times, key=lambda each: (-self.times[each], each))
        skip, top = int(params.get("$skip", "0")), int(params["$top"])
        start = datetime(2026, 6, 15, tzinfo=UTC)
        rows = [
            row(each, LastModificationTime=(start + timedelta(seconds=self.times[each])).isoformat())
            for each in ids[skip : skip + top]
        ]
        return httpx2.Response(200, json={"@odata.count": len(ids), "value": rows})


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(1, 4),
    changes=st.lists(
        st.lists(st.tuples(st.integers(1, 30), st.none() | st.integers(980, 1010)), min_size=1, max_size=10),
        min_size=1,
        max_size=5,
    ),
)
@example(limit=1, changes=[*[[(30, None)]] * 4, [(3, None), (4, None), (5, None)]])
async def test_an_ordered_list_loses_no_task_whatever_happens_to_others(
    scripted: Scripted, limit: int, changes: list[list[tuple[int, int | None]]]
) -> None:
    """Many leave at once, also the last row of the page before; others move before or behind it."""
    vendor, after, found = Changing(24), None, set()
    touched: set[int] = set()
    connector = scripted(vendor)
    query = TaskQuery(order=(SortKey(TaskOrderField.UPDATED_AT, SortDirection.DESC),))
    for number in range(200):
        page = await connector.list_tasks(query, limit=limit, after=after)
        found |= {int(task.native_id.removeprefix("828-")) for task in page.items}
        after = page.next_cursor
        if after is None:
            break
        for which, time in changes[number] if number < len(changes) else ():
            touched.add(which)
            vendor.times.pop(which, None)
            if time is not None:
                vendor.times[which] = time

    assert after is None
    assert set(range(1, 25)) - touched <= found


@pytest.mark.parametrize(
    ("query", "after"),
    [
        *((TaskQuery(), after) for after in ("", "0", "x", "id:5", "99999999999999999999", "1 or 1 eq 1")),
        (TaskQuery(), "rows:1"),
        *((TaskQuery(order=NEWEST), after) for after in ("", "5", "at:1:1:")),
        (TaskQuery(order=NEWEST), "rows:-1"),
        (TaskQuery(order=NEWEST), "rows:1.1.1.x.0."),
    ],
)
async def test_a_cursor_of_another_list_is_refused(scripted: Scripted, query: TaskQuery, after: str) -> None:
    """Without a call."""
    shelf = Shelf(1)
    with pytest.raises(ValidationFailedError):
        await scripted(shelf).list_tasks(query, limit=5, after=after)

    assert [] == shelf.asked


async def test_a_list_that_nothing_can_match_costs_no_call(scripted: Scripted) -> None:
    """Its total is 0."""
    shelf = Shelf(3)
    page = await scripted(shelf).list_tasks(TaskQuery(states=frozenset({TaskState.SKIPPED})), limit=5)

    assert ((), 0, CountAccuracy.EXACT, []) == (page.items, page.total, page.total_accuracy, shelf.asked)


async def test_texts_are_compared_again(scripted: Scripted) -> None:
    """The vendor's database may ignore letter case. Then its count is not the total."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        rows = [row(1, ExternalTag="jira"), row(2, ExternalTag="JIRA")]
        return httpx2.Response(200, json={"@odata.count": 2, "value": rows})

    page = await scripted(answer).list_tasks(TaskQuery(business_keys=frozenset({"jira"})), limit=5)

    assert ["828-1"] == [task.native_id for task in page.items]
    assert (None, CountAccuracy.UNKNOWN) == (page.total, page.total_accuracy)


async def test_a_repeated_row_counts_once(scripted: Scripted) -> None:
    """Without a count the total is unknown."""
    page = await scripted(lambda request: httpx2.Response(200, json={"value": [row(1), row(1)]})).list_tasks(
        TaskQuery(), limit=5
    )

    assert ["828-1"] == [task.native_id for task in page.items]
    assert (None, None) == (page.total, page.next_cursor)


async def test_a_vendor_that_ignores_the_position_ends_the_list(scripted: Scripted) -> None:
    """The same page again does not continue the list. It is told."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"value": [row(1), row(2)]})

    page = await scripted(answer).list_tasks(TaskQuery(), limit=2, after="2")

    assert (None, True) == (page.next_cursor, page.truncated)


async def test_a_source_of_some_folders_shows_no_others(tenant: Tenant) -> None:
    """In lists and by id."""
    everything = await tenant.drain()
    other = next(task for task in everything if not task.native_id.startswith("828-"))
    connector = tenant.open(folders=[828])
    page = await connector.list_tasks(connector.pushdown(TaskQuery()), limit=500)

    assert {task.native_id for task in everything if task.native_id.startswith("828-")} == {
        task.native_id for task in page.items
    }
    assert {} == await connector.get_tasks([other.native_id])


async def test_deleted_tasks_are_canceled(tenant: Tenant) -> None:
    """They stay in lists, but not in lists of open tasks."""
    task = (await tenant.drain(TaskQuery(states=frozenset({TaskState.READY}))))[0]
    tenant.stand_in.store.tasks[int(task.native_id.split("-")[1])].deleted = tenant.now
    canceled = await tenant.drain(TaskQuery(states=frozenset({TaskState.CANCELED})))
    ready = await tenant.drain(TaskQuery(states=frozenset({TaskState.READY})))

    assert task.native_id in {each.native_id for each in canceled}
    assert task.native_id not in {each.native_id for each in ready}


@pytest.mark.parametrize("order", [(), NEWEST])
@pytest.mark.parametrize("count", [0, 5, "40"])
async def test_a_count_below_the_rows_ends_no_list(
    scripted: Scripted, order: tuple[SortKey, ...], count: object
) -> None:
    """It counts as none, and the total is no exact one."""
    shelf = Shelf(130)

    def answer(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(shelf(request).content)
        return httpx2.Response(200, json={**body, "@odata.count": count})

    connector = scripted(answer)
    first = await connector.list_tasks(TaskQuery(order=order), limit=50)
    found, after = [task.native_id for task in first.items], first.next_cursor
    while after is not None:
        page = await connector.list_tasks(TaskQuery(order=order), limit=50, after=after)
        found += [task.native_id for task in page.items]
        after = page.next_cursor

    assert CountAccuracy.LOWER_BOUND is first.total_accuracy
    assert [f"828-{number}" for number in range(1, 131)] == found


async def test_a_row_that_each_page_repeats_costs_no_other(scripted: Scripted) -> None:
    """Rows that differ count, and each page costs one call."""
    shelf = Shelf(130)

    def answer(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(shelf(request).content)
        return httpx2.Response(200, json={**body, "value": [*body["value"], *body["value"][-1:]]})

    connector = scripted(answer)
    found: list[str] = []
    after: str | None = None
    for _ in range(3):
        page = await connector.list_tasks(TaskQuery(order=NEWEST), limit=50, after=after)
        found += [task.native_id for task in page.items]
        after = page.next_cursor

    assert (None, False, 3) == (after, page.truncated, len(shelf.asked))
    assert [f"828-{number}" for number in range(1, 131)] == found


async def test_a_time_is_shown_as_it_is_filtered(scripted: Scripted) -> None:
    """The vendor's clock has seven digits, the graph's three."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.params.get("$filter", ""))
        at = "2026-06-15T09:00:00.9204567Z"
        return httpx2.Response(200, json={"value": [row(1, CreationTime=at, LastModificationTime=at)]})

    connector = scripted(answer)
    task = (await connector.list_tasks(TaskQuery(), limit=5)).items[0]
    shown = datetime(2026, 6, 15, 9, 0, 0, 920_000, UTC)
    for interval in (Interval(lte=shown), Interval(gt=shown)):
        await connector.list_tasks(TaskQuery(times=((TaskOrderField.CREATED_AT, interval),)), limit=5)

    assert (shown, shown) == (task.created_at, task.updated_at)
    assert ["CreationTime lt 2026-06-15T09:00:00.921000Z", "CreationTime ge 2026-06-15T09:00:00.921000Z"] == asked[1:]
