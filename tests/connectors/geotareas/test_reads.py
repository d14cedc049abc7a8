"""Lists, tasks, details and flows of a tenant."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from connectors.geotareas import GeotareasConnector
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError, MalformedResponseError, UnavailableError, ValidationFailedError
from connectors.sdk.model import OPEN_STATES, CountAccuracy, DetailAspect, Flow, FlowState, Task, TaskDetail, TaskState
from connectors.sdk.query import FlowQuery, Page, TaskQuery

Scripted = Callable[..., GeotareasConnector]

OPEN = TaskQuery(states=OPEN_STATES)
NOT_OPEN = frozenset(TaskState) - OPEN_STATES
LIST = "GET workflow/tasks"


async def drained(connector: Connector[Any], query: TaskQuery, limit: int = 100) -> list[Task]:
    tasks: list[Task] = []
    cursor: str | None = None
    while True:
        page = await connector.list_tasks(query, limit=limit, after=cursor)
        tasks += page.items
        if page.next_cursor is None:
            return tasks
        assert page.next_cursor != cursor
        cursor = page.next_cursor


def rows(*ids: str, total: int | None = None, **changes: Any) -> dict[str, Any]:
    data = [{"id": each, "status": "PENDING"} | changes for each in ids]
    return {"success": True, "data": data, "meta": {} if total is None else {"total": total, "limit": 100, "offset": 0}}


async def test_pages_joined_give_every_open_task_once(tenant: Any) -> None:
    """Pages of PENDING and then IN_PROGRESS give the open tasks of the unfiltered list."""
    everything = await drained(tenant.connector, TaskQuery())
    by_threes = await drained(tenant.connector, OPEN, limit=3)

    assert len(everything) == 40
    assert Counter(task.native_id for task in by_threes) == Counter(
        task.native_id for task in everything if task.is_open
    )


async def test_closed_states_read_the_completed_tasks(tenant: Any) -> None:
    """There is one stream, so the vendor's total is valid."""
    page = await tenant.connector.list_tasks(TaskQuery(states=NOT_OPEN), limit=100)

    assert {TaskState.COMPLETED} == {task.state for task in page.items}
    assert (len(page.items), CountAccuracy.EXACT) == (page.total, page.total_accuracy)


async def test_a_list_of_two_statuses_has_no_total(tenant: Any) -> None:
    """Each answer counts only its own status."""
    page = await tenant.connector.list_tasks(OPEN, limit=100)

    assert (page.total, page.total_accuracy, page.next_cursor) == (None, CountAccuracy.UNKNOWN, "IN_PROGRESS:0")


async def test_the_same_cursor_gives_the_same_page(tenant: Any) -> None:
    """Only the cursor decides where a page begins."""
    first = await tenant.connector.list_tasks(OPEN, limit=5)
    second = await tenant.connector.list_tasks(OPEN, limit=5, after=first.next_cursor)
    again = await tenant.connector.list_tasks(OPEN, limit=5, after=first.next_cursor)

    assert (first.next_cursor or "").startswith("PENDING:5.")
    assert [task.native_id for task in second.items] == [task.native_id for task in again.items]


async def test_an_empty_set_of_states_needs_no_call(tenant: Any) -> None:
    """It matches nothing."""
    page = await tenant.connector.list_tasks(TaskQuery(states=frozenset()), limit=100)

    assert (page.items, page.next_cursor) == ((), None)
    assert await tenant.paths() == []


@pytest.mark.parametrize("cursor", ["", "PENDING", "PENDING:", "PENDING:-1", "COMPLETED:0", "ALL:0", "x" * 9999, "٣:٣"])
async def test_a_cursor_of_another_list_is_refused_without_a_call(tenant: Any, cursor: str) -> None:
    """So is a malformed cursor."""
    with pytest.raises(ValidationFailedError):
        await tenant.connector.list_tasks(OPEN, limit=10, after=cursor)

    assert await tenant.paths() == []


async def test_a_page_has_at_most_a_hundred_rows(scripted: Scripted) -> None:
    """The vendor refuses a larger limit."""
    limits: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        limits.append(request.url.params["limit"])
        return httpx2.Response(200, json=rows(total=0))

    await scripted(answer).list_tasks(TaskQuery(), limit=5000)

    assert limits == ["100"]


async def test_a_repeated_row_is_one_task(scripted: Scripted) -> None:
    """The next page begins after the rows that differ."""
    connector = scripted(lambda _: httpx2.Response(200, json=rows("1", "2", "1", total=9)))
    page = await connector.list_tasks(TaskQuery(), limit=3)

    assert [task.native_id for task in page.items] == ["1", "2"]
    assert (page.next_cursor or "").startswith("ALL:2.")


async def test_an_empty_page_ends_a_list_whatever_its_total(scripted: Scripted) -> None:
    """A total that promises more than comes does not loop. It is told."""
    page = await scripted(lambda _: httpx2.Response(200, json=rows(total=9))).list_tasks(TaskQuery(), limit=3)

    assert (page.items, page.next_cursor, page.truncated) == ((), None, True)
    assert (page.total, page.total_accuracy) == (9, CountAccuracy.LOWER_BOUND)


@pytest.mark.parametrize(
    ("meta", "calls", "truncated"),
    [
        ({"total": 3}, 1, False),
        ({"total": "3"}, 1, False),
        ({}, 3, True),
        (None, 3, True),
        ([], 3, True),
        ("many", 3, True),
        ({"total": None}, 3, True),
        ({"total": -1}, 3, True),
        ({"total": "many"}, 3, True),
        ({"total": 9}, 3, True),
        ({"total": 1}, 3, True),
    ],
)
async def test_the_same_page_is_not_read_for_ever(
    scripted: Scripted, meta: object, calls: int, truncated: bool
) -> None:
    """Whatever the count is: a vendor that gives the same rows again gives no more. Flows as well as tasks."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.params["offset"])
        body = {"success": True, "data": [{"id": each, "status": "RUNNING"} for each in "123"], "meta": meta}
        return httpx2.Response(200, json=body)

    connector = scripted(answer)
    tasks = await pages_of(lambda after: connector.list_tasks(TaskQuery(), limit=50, after=after))
    assert len(asked) == calls
    flows = await pages_of(lambda after: connector.list_flows(FlowQuery(), limit=50, after=after))

    assert len(asked) == 2 * calls
    for pages in (tasks, flows):
        assert pages[-1].truncated is truncated
        assert {row.native_id for page in pages for row in page.items} == set("123")
        assert not truncated or all(page.total_accuracy is not CountAccuracy.EXACT for page in pages[1:])


async def pages_of(read: Callable[[str | None], Awaitable[Page[Any]]]) -> list[Page[Any]]:
    pages = [await read(None)]
    while pages[-1].next_cursor is not None:
        pages.append(await read(pages[-1].next_cursor))
    return pages


async def test_a_flow_is_not_looked_for_in_the_same_page_again(scripted: Scripted) -> None:
    """Of the five pages that it may be on, two are read."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.params["offset"])
        return httpx2.Response(200, json={"success": True, "data": [{"id": "1", "status": "RUNNING"}], "meta": None})

    assert {} == await scripted(answer).get_flows(["7"])
    assert asked == ["0", "1"]


async def test_without_a_total_the_empty_page_ends_the_list(scripted: Scripted) -> None:
    """`meta` may be absent or null."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        offset = int(request.url.params["offset"])
        body = rows(str(offset + 1)) if offset < 2 else rows()
        return httpx2.Response(200, json=body | {"meta": None})

    assert [task.native_id for task in await drained(scripted(answer), TaskQuery())] == ["1", "2"]


async def test_a_row_keeps_the_vendors_bytes(scripted: Scripted) -> None:
    """With spaces and unknown members."""
    row = b'{"id": "1",  "status":"PENDING","new":9007199254740993}'
    body = b'{"success":true,"data":[' + row + b"]}"
    page = await scripted(lambda _: httpx2.Response(200, content=body)).list_tasks(TaskQuery(), limit=3)

    assert page.items[0].payload is not None
    assert row == bytes(page.items[0].payload)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"success":true}',
        b'{"success":true,"data":null}',
        b'{"success":true,"data":{}}',
        b'{"success":true,"data":[' + b"[" * 50_000,
        b'{"success":false}',
        b'{"success":false,"data":[],"error":{"code":"NEW"}}',
    ],
)
async def test_an_answer_that_does_not_fit_is_malformed(scripted: Scripted, body: bytes) -> None:
    """The list fails; no row is dropped."""
    connector = scripted(lambda _: httpx2.Response(200, content=body))

    with pytest.raises(MalformedResponseError) as caught:
        await connector.list_tasks(TaskQuery(), limit=3)
    assert not caught.value.maybe_applied


async def test_an_answer_beyond_the_bound_is_malformed(scripted: Scripted) -> None:
    """`max_response_bytes` is for decoded bytes."""
    connector = scripted(lambda _: httpx2.Response(200, content=b" " * 70_000), max_response_bytes=65_536)

    with pytest.raises(MalformedResponseError, match="larger than max_response_bytes"):
        await connector.list_tasks(TaskQuery(), limit=3)


async def test_an_undocumented_status_is_unknown(scripted: Scripted) -> None:
    """It is not an error."""
    connector = scripted(lambda _: httpx2.Response(200, json=rows("1", total=1, status="ON_HOLD")))
    page = await connector.list_tasks(TaskQuery(), limit=3)

    assert [(task.state, task.native_state) for task in page.items] == [(TaskState.UNKNOWN, "ON_HOLD")]


async def test_tasks_are_found_by_id_with_one_call_each(tenant: Any) -> None:
    """A repeated id needs one call, an unknown one is absent, and an invalid one needs no call."""
    row = (await tenant.connector.list_tasks(OPEN, limit=1)).items[0]
    await tenant.control("DELETE", "requests")
    found = await tenant.connector.get_tasks([row.native_id, row.native_id, "1", "../1", "", "１", "1" * 31])

    assert [row.native_id] == list(found)
    assert row.version == found[row.native_id].version
    assert sorted([f"{LIST}/{row.native_id}", f"{LIST}/1"]) == sorted(await tenant.paths())


async def test_a_task_that_cannot_be_read_is_its_error(scripted: Scripted) -> None:
    """The other tasks are returned."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/2"):
            return httpx2.Response(503)
        return httpx2.Response(200, json={"success": True, "data": {"id": "1", "status": "PENDING"}})

    found = await scripted(answer).get_tasks(["1", "2"])

    assert isinstance(found["1"], Task)
    assert isinstance(found["2"], UnavailableError)


@pytest.mark.parametrize(
    "data",
    [
        {"id": "2", "status": "PENDING"},
        "x",
        [],
        None,
    ],
)
async def test_a_record_that_does_not_fit_is_its_tasks_error(scripted: Scripted, data: object) -> None:
    """So is the record of another task."""
    connector = scripted(lambda _: httpx2.Response(200, json={"success": True, "data": data}))
    found = await connector.get_tasks(["1"])

    assert isinstance(found["1"], MalformedResponseError)


@pytest.mark.slow
async def test_a_huge_detail_is_read_completely(scripted: Scripted) -> None:
    """Thousands of fields, steps and results, up to the bound of an answer."""
    names = [f"field {number}" for number in range(5000)]
    data = {
        "id": "1",
        "status": "PENDING",
        "step_name": "x" * 100_000,
        "fields": [{"id": "f", "name": name, "type": "text", "value": name} for name in names],
        "available_results": [{"code": name} for name in names],
        "previous_steps_data": [{"step_name": name, "captured_data": {name: 2**70}} for name in names],
    }
    connector = scripted(lambda _: httpx2.Response(200, json={"success": True, "data": data}))
    task = (await connector.get_tasks(["1"]))["1"]
    assert isinstance(task, Task)
    detail = await connector.get_detail(task, frozenset(DetailAspect))

    assert "x" * 100_000 == task.title
    assert dict(zip(names, names, strict=True)) == detail.data
    assert names == [each.code for each in detail.outcomes or ()]
    assert [{name: 2**70} for name in names] == [each.data for each in detail.previous_steps or ()]


async def test_a_detail_is_one_call_for_all_aspects(tenant: Any) -> None:
    """Without an aspect there is no call."""
    task = (await tenant.connector.list_tasks(OPEN, limit=1)).items[0]
    await tenant.control("DELETE", "requests")
    none = await tenant.connector.get_detail(task, frozenset())
    detail = await tenant.connector.get_detail(task, frozenset(DetailAspect))

    assert none == TaskDetail()
    assert detail.form is not None
    assert detail.outcomes
    assert [f"{LIST}/{task.native_id}"] == await tenant.paths()


async def test_the_record_of_one_task_is_its_detail(tenant: Any) -> None:
    """It is not read twice. The row of a list lacks what a detail needs."""
    row = (await tenant.connector.list_tasks(OPEN, limit=1)).items[0]
    task = (await tenant.connector.get_tasks([row.native_id]))[row.native_id]
    await tenant.control("DELETE", "requests")
    known = tenant.connector.detail_in(task, frozenset(DetailAspect))
    none = tenant.connector.detail_in(row, frozenset(DetailAspect))
    asked = await tenant.paths()

    assert (known, None, []) == (await tenant.connector.get_detail(row, frozenset(DetailAspect)), none, asked)


async def test_flows_are_found_in_the_list_of_instances(tenant: Any) -> None:
    """One page has all of them in this test. An unknown one is absent."""
    tasks = (await tenant.connector.list_tasks(OPEN, limit=5)).items
    ids = [task.flow_id or "" for task in tasks]
    await tenant.control("DELETE", "requests")
    found = await tenant.connector.get_flows([*ids, "1", "x"])

    assert set(ids) == set(found)
    assert {FlowState.ACTIVE} == {flow.state for flow in found.values()}
    assert await tenant.paths() == ["GET workflow/instances"]


async def test_the_search_for_flows_has_an_end(scripted: Scripted) -> None:
    """All ids found, 2,000 instances in pages of 100, or `flow_scan_pages`. Then what was not seen is absent.

    What was seen stays, also when a page fails.
    """
    calls: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        offset = request.url.params["offset"]
        calls.append(offset)
        return httpx2.Response(200, json=rows(str(int(offset) + 10), total=1000, status="RUNNING"))

    def failing(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(500) if request.url.params["offset"] == "1" else answer(request)

    bounded = scripted(answer)
    bounded.settings = bounded.settings.model_copy(
        update={"options": bounded.settings.options.model_copy(update={"flow_scan_pages": 5})}
    )
    found = await bounded.get_flows(["11", "99"])
    few = list(calls)
    calls.clear()
    await scripted(answer).get_flows(["11", "28"])
    as_needed = len(calls)
    calls.clear()
    await scripted(answer).get_flows(["11", "99"])
    at_most = len(calls)
    partial = await scripted(failing).get_flows(["10", "99"])

    assert (list(found), few) == (["11"], ["0", "1", "2", "3", "4"])
    assert (as_needed, at_most) == (19, 20)
    assert isinstance(partial["10"], Flow)
    assert isinstance(partial["99"], ConnectorError)


async def test_without_ids_of_flows_there_is_no_call(tenant: Any) -> None:
    """There is no directory either."""

    assert await tenant.connector.get_flows(["", "no number"]) == {}
    assert await tenant.connector.get_users(["1"]) == {}
    assert await tenant.paths() == []


async def test_ping_logs_in_and_reads_once(tenant: Any) -> None:
    """The cheapest check of credentials and permission."""
    await tenant.connector.ping()

    assert await tenant.paths() == ["POST login", LIST]


@pytest.mark.parametrize("spoiled", ["shrunk", "repeated"])
async def test_a_task_that_ends_between_two_pages_hides_no_other(scripted: Scripted, spoiled: str) -> None:
    """Tasks and flows. Nor does a row that each page repeats."""
    held: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        found = held[offset : offset + limit]
        total = len(held)
        if spoiled == "repeated":
            found += found[-1:]
        elif offset == 0 and len(held) == 130:
            del held[0]
        data = [{"id": each, "status": "RUNNING"} for each in found]
        return httpx2.Response(200, json={"success": True, "data": data, "meta": {"total": total}})

    connector = scripted(answer)
    for read in (
        lambda after: connector.list_tasks(TaskQuery(), limit=100, after=after),
        lambda after: connector.list_flows(FlowQuery(), limit=100, after=after),
    ):
        held[:] = [str(number) for number in range(1, 131)]
        pages: list[Page[Any]] = await pages_of(read)

        assert {str(number) for number in range(1, 131)} == {row.native_id for page in pages for row in page.items}
        assert not any(page.truncated for page in pages)
        assert len(pages) <= 3


async def test_rows_are_found_in_the_lists_of_open_tasks(tenant: Any) -> None:
    """Two calls, one for each status; as the read of one task shows them. A task that is not open is not there."""
    tasks = await drained(tenant.connector, TaskQuery())
    wanted = {task.native_id: task for task in tasks[:20]}
    await tenant.control("DELETE", "requests")
    rows_found = await tenant.connector.find_rows(tuple(wanted), most_calls=6)

    assert [LIST, LIST] == await tenant.paths()
    assert {one.native_id: one.version for one in rows_found} == {
        native_id: task.version for native_id, task in wanted.items() if task.is_open
    }


@pytest.mark.parametrize(
    ("total", "most_calls", "calls", "again"), [(150, 9, 4, 0), (90, 9, 2, 2), (90, 1, 1, 1), (900, 9, 1, 0)]
)
async def test_lists_are_read_as_long_as_they_cost_less_than_the_tasks(
    scripted: Scripted, total: int, most_calls: int, calls: int, again: int
) -> None:
    """For three tasks that neither of two lists shows. The next time it knows how long they are."""
    asked = 0

    def answer(_: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        return httpx2.Response(200, json=rows(str(asked), total=total))

    connector, counts = scripted(answer), []
    for _ in range(2):
        asked = 0
        assert not await connector.find_rows(("101", "102", "103"), most_calls=most_calls)
        counts.append(asked)

    assert [calls, again] == counts
