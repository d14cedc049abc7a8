"""Lists of tasks: which lists of the bridge are read, and that every task is found once."""

import re
from collections.abc import Callable

import httpx2
import msgspec
import pytest

from connectors.littlehorse import LittlehorseConnector
from connectors.littlehorse.paging import ListKind, Stream
from connectors.littlehorse.search import STATUSES
from connectors.sdk.errors import (
    BrokenError,
    MalformedResponseError,
    UnavailableError,
    ValidationFailedError,
)
from connectors.sdk.model import OPEN_STATES, TaskState
from connectors.sdk.paging import read_cursor, write_cursor
from connectors.sdk.query import Interval, TaskOrderField, TaskQuery
from sandbox.littlehorse.search import Bookmark
from tests.connectors.littlehorse.conftest import Tenant

Scripted = Callable[..., LittlehorseConnector]

OPEN = TaskQuery(states=OPEN_STATES)


async def test_the_account_lists_every_definition_in_each_status(tenant: Tenant) -> None:
    """The definitions first, then one request for each definition and status. Every open task is found once."""
    connector = tenant.open()
    tasks = await tenant.drain(connector, connector.pushdown(OPEN))
    asked = [dict(each.url.params) for each in tenant.transport.requests if each.url.path.endswith("/admin/tasks")]

    assert ["GET /admin/taskTypes", *["GET /admin/tasks"] * 10] == tenant.sent
    assert tenant.ids("UNASSIGNED", "ASSIGNED") == {task.native_id for task in tasks}
    assert len(tasks) == len({task.native_id for task in tasks})
    assert 10 == len({(each["type"], each["status"]) for each in asked})
    assert all("limit" in each for each in asked)


async def test_a_person_lists_their_own_tasks_and_those_of_their_groups(tenant: Tenant) -> None:
    """One request for assigned tasks; one for the groups, and one per group for tasks that may be claimed."""
    connector = tenant.open("viewer")
    with tenant.as_person("alice") as alice:
        mine = await tenant.drain(
            connector, connector.pushdown(TaskQuery(states=OPEN_STATES, assignees=frozenset({alice.native_id})))
        )
        first = tenant.sent
        tenant.forget()
        ready = await tenant.drain(connector, connector.pushdown(TaskQuery(states=frozenset({TaskState.READY}))))

    assert ["GET /tasks"] == first
    assert ["GET /groups", "GET /tasks/claimable"] == tenant.sent
    assert mine
    assert {("alice@example.com",)} == {tuple(user.native_id for user in task.assignees) for task in mine}
    assert ready
    assert {"accounting"} == {group.name for task in ready for group in task.candidate_groups or ()}


async def test_a_person_in_several_groups_lists_the_tasks_of_each(tenant: Tenant) -> None:
    """Kavya is in two groups, and the cursor holds the place in both."""
    connector = tenant.open("viewer", credentials=False)
    tenant.stand_in.identities = lambda: {"kavya": {"id": "kavya@example.com", "groups": []}}  # type: ignore[method-assign]
    with tenant.as_person("kavya"):
        tasks = await tenant.drain(connector, connector.pushdown(OPEN), limit=2)

    groups = {group.native_id for task in tasks for group in task.candidate_groups or ()}
    assert {"operations", "sales"} <= groups
    assert 1 == tenant.sent.count("GET /groups")
    assert len(tasks) == len({task.native_id for task in tasks})


@pytest.mark.parametrize(("acts_as", "asked"), [("service", "GET /admin/tasks"), ("viewer", "GET /tasks")])
async def test_three_statuses_are_one_request(tenant: Tenant, acts_as: str, asked: str) -> None:
    """The connector drops the fourth status."""
    connector = tenant.open(acts_as, definitions=["approve-invoice"])
    query = connector.pushdown(TaskQuery(has_assignee=True))
    with tenant.as_person("alice"):
        tasks = await tenant.drain(connector, query)

    assert [asked] == tenant.sent
    assert {TaskState.RESERVED, TaskState.COMPLETED, TaskState.CANCELED} == {task.state for task in tasks}


async def test_one_group_is_requested_by_its_id(tenant: Tenant) -> None:
    """The name is looked up, ignoring case."""
    connector = tenant.open()
    for name in ("accounting", "Accounting"):
        tenant.forget()
        query = connector.pushdown(TaskQuery(states=frozenset({TaskState.READY}), candidate_groups=frozenset({name})))
        tasks = await tenant.drain(connector, query)
        groups = {
            each.url.params.get("user_group_id")
            for each in tenant.transport.requests
            if each.url.path.endswith("/admin/tasks")
        }

        assert 1 == len(groups)
        assert None not in groups
        assert {"accounting"} == {group.native_id for task in tasks for group in task.candidate_groups or ()}
        assert ["GET /admin/groups", "GET /admin/taskTypes", *["GET /admin/tasks"] * 5] == sorted(
            tenant.sent, key=lambda sent: (sent.endswith("tasks"), sent)
        )


async def test_a_group_that_is_not_in_the_directory_is_found_in_tasks(tenant: Tenant) -> None:
    """The bridge takes its name in a filter, though the identity provider does not find it."""
    connector = tenant.open()
    tasks = await tenant.drain(connector, connector.pushdown(TaskQuery(candidate_groups=frozenset({"formerly-sales"}))))

    assert {"formerly-sales"} == {group.native_id for task in tasks for group in task.candidate_groups or ()}
    assert tasks


async def test_few_definitions_of_a_query_are_not_looked_up(tenant: Tenant) -> None:
    """One list for each; the list of an unknown definition is empty."""
    connector = tenant.open()
    query = connector.pushdown(TaskQuery(definition_keys=frozenset({"approve-invoice", "no-such"})))
    tasks = await tenant.drain(connector, query)

    assert ["GET /admin/tasks"] * 2 == tenant.sent
    assert {"approve-invoice"} == {task.title for task in tasks}


async def test_many_definitions_of_a_query_are_looked_up(tenant: Tenant) -> None:
    """A thousand unknown names do not cost a thousand calls."""
    connector = tenant.open()
    names = frozenset({f"invented-{number}" for number in range(1000)} | {"approve-invoice"})
    tasks = await tenant.drain(connector, connector.pushdown(TaskQuery(definition_keys=names)))

    assert ["GET /admin/taskTypes", "GET /admin/tasks"] == tenant.sent
    assert {"approve-invoice"} == {task.title for task in tasks}


async def test_only_configured_definitions_are_read(tenant: Tenant) -> None:
    """Also if a query names another definition."""
    connector = tenant.open(definitions=["approve-invoice"])
    tasks = await tenant.drain(connector, TaskQuery())
    other = await tenant.drain(connector, TaskQuery(definition_keys=frozenset({"assess-damage"})))

    assert ["GET /admin/tasks"] == tenant.sent
    assert {"approve-invoice"} == {task.title for task in tasks}
    assert [] == other


async def test_more_definitions_than_the_limit_are_an_error(tenant: Tenant) -> None:
    """Otherwise tasks would be missing without a sign."""
    with pytest.raises(BrokenError, match=r"options\.definitions"):
        await tenant.open(definition_limit=4).list_tasks(TaskQuery(), limit=10)
    assert (await tenant.open(definition_limit=5).list_tasks(TaskQuery(), limit=10)).items


@pytest.mark.parametrize("limit", [1, 3, 10, 800])
async def test_a_short_or_empty_page_is_not_the_end(tenant_with: type[Tenant], limit: int) -> None:
    """The kernel's partitions may cause such pages; only a missing bookmark is the end. Every task is found once."""
    tenant = tenant_with(partitions=5)
    connector = tenant.open()
    tasks = await tenant.drain(connector, TaskQuery(), limit=limit)

    assert tenant.ids("UNASSIGNED", "ASSIGNED", "DONE", "CANCELLED") == {task.native_id for task in tasks}
    assert len(tasks) == len({task.native_id for task in tasks}) == 40
    await connector.aclose()


async def test_a_bookmark_is_sent_unchanged(tenant: Tenant) -> None:
    """It is base64, percent-encoded once."""
    connector = tenant.open(definitions=["approve-invoice"])
    first = await connector.list_tasks(TaskQuery(), limit=1)
    tenant.forget()
    second = await connector.list_tasks(TaskQuery(), limit=1, after=first.next_cursor)
    [request] = [each for each in tenant.transport.requests if each.url.path.endswith("/admin/tasks")]

    assert re.search(rb"bookmark=[0-9A-Za-z%]+%3D(&|$)", request.url.query)
    assert Bookmark.parse(request.url.params["bookmark"]).text() == request.url.params["bookmark"]
    assert first.items[0].native_id != second.items[0].native_id


async def test_times_of_creation_are_exact(tenant: Tenant) -> None:
    """Both bounds, included or not, to the millisecond. They are sent in UTC, because the bridge ignores offsets."""
    connector = tenant.open()
    tasks = await tenant.drain(connector, TaskQuery())
    times = sorted(task.created_at for task in tasks if task.created_at is not None)
    low, high = times[5], times[20]
    for interval in (Interval(gt=low, lte=high), Interval(gte=low, lt=high), Interval(gte=low, lte=low)):
        tenant.forget()
        query = connector.pushdown(TaskQuery(times=((TaskOrderField.CREATED_AT, interval),)))
        found = await tenant.drain(connector, query)

        assert {task.native_id for task in tasks if interval.holds(task.created_at)} == {
            task.native_id for task in found
        }
        assert all(
            each.url.params["earliest_start_date"].endswith("Z")
            for each in tenant.transport.requests
            if each.url.path.endswith("/admin/tasks")
        )
    tenant.forget()
    empty = TaskQuery(times=((TaskOrderField.CREATED_AT, Interval(gt=high, lt=low)),))
    assert ([], []) == (await tenant.drain(connector, empty), tenant.sent)


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(states=frozenset()),
        TaskQuery(states=frozenset({TaskState.SUSPENDED})),
        TaskQuery(candidate_groups=frozenset()),
        TaskQuery(definition_keys=frozenset()),
        TaskQuery(states=frozenset({TaskState.READY}), assignees=frozenset({"alice@example.com"})),
    ],
)
async def test_a_query_without_possible_matches_costs_no_call(tenant: Tenant, query: TaskQuery) -> None:
    """For the account and for a person."""
    for acts_as in ("service", "viewer"):
        connector = tenant.open(acts_as)
        with tenant.as_person("alice"):
            assert [] == await tenant.drain(connector, connector.pushdown(query))
    assert [] == tenant.sent


async def test_a_page_fails_if_one_of_its_lists_fails(scripted: Scripted) -> None:
    """The rows of the other lists would look complete."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.params.get("type") == "b":
            return httpx2.Response(503)
        return httpx2.Response(200, json={"userTasks": [], "bookmark": None})

    connector = scripted(answer, definitions=("a", "b", "c"))
    with pytest.raises(UnavailableError):
        await connector.list_tasks(TaskQuery(), limit=30)
    await connector.aclose()


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"userTasks": None, "bookmark": None},
        {"userTasks": {}, "bookmark": None},
        {"userTasks": [], "bookmark": 7},
        {"userTasks": [{"id": str(number), "wfRunId": "r"} for number in range(20)]},
    ],
)
async def test_a_page_that_does_not_fit_is_malformed(scripted: Scripted, page: object) -> None:
    """An answer that is no list of tasks, or a page longer than its limit, is an error and not a shorter list."""
    connector = scripted(lambda _: httpx2.Response(200, json=page), definitions=("a",))

    with pytest.raises(MalformedResponseError):
        await connector.list_tasks(TaskQuery(), limit=10)
    await connector.aclose()


async def test_a_repeated_row_is_one_task(scripted: Scripted) -> None:
    """Even if the rows differ."""
    rows = [{"id": "0-1", "wfRunId": "r", "status": status} for status in ("UNASSIGNED", "ASSIGNED", "UNASSIGNED")]
    connector = scripted(lambda _: httpx2.Response(200, json={"userTasks": rows}), definitions=("a",))
    page = await connector.list_tasks(TaskQuery(), limit=10)

    assert ["r:0-1"] == [task.native_id for task in page.items]
    await connector.aclose()


async def test_a_bookmark_that_repeats_ends_the_list_truncated(scripted: Scripted) -> None:
    """The list would never end. The bridge's lists of the other definitions go on."""
    connector = scripted(
        lambda request: httpx2.Response(
            200, json={"userTasks": [], "bookmark": "AA==" if request.url.params["type"] == "a" else None}
        ),
        definitions=("a", "b"),
    )
    first = await connector.list_tasks(TaskQuery(), limit=10)
    second = await connector.list_tasks(TaskQuery(), limit=10, after=first.next_cursor)
    await connector.aclose()

    assert (False, True) == (first.truncated, second.truncated)
    assert second.next_cursor is None


async def test_a_list_of_definitions_does_not_repeat(scripted: Scripted) -> None:
    """The same bookmark again is the end, truncated."""
    names = {"userTaskDefNames": ["a"], "bookmark": "AA=="}
    connector = scripted(lambda _: httpx2.Response(200, json=names))
    page = await connector.list_task_definitions(limit=10, after="AA==")
    await connector.aclose()

    assert (None, True) == (page.next_cursor, page.truncated)


async def test_ids_of_runs_and_tasks_repeat_in_a_list(tenant: Tenant) -> None:
    """Two runs may have a task with the same id, and one run may have several tasks."""
    connector = tenant.open()
    tasks = await tenant.drain(connector, TaskQuery())
    ids = [task.native_id.partition(":") for task in tasks]

    assert len({id for _, _, id in ids}) < len(ids)
    assert len({run for run, _, _ in ids}) < len(ids)


async def test_a_cursor_cannot_list_more_than_the_token_may(tenant: Tenant) -> None:
    """The bridge refuses a group that the person is not in."""
    connector = tenant.open("viewer")
    foreign = write_cursor([Stream(ListKind.CLAIMABLE, group="00000000-0000-0000-0000-000000000000")])
    with tenant.as_person("alice"), pytest.raises(Exception, match="group"):
        await connector.list_tasks(TaskQuery(), limit=5, after=foreign)


def test_a_cursor_holds_the_place_in_each_list() -> None:
    """All members of a stream are restored."""
    streams = [Stream(ListKind.ALL, "a", "DONE", None, "+/+/AA=="), Stream(ListKind.CLAIMABLE, group="g")]

    assert streams == read_cursor(write_cursor(streams), list[Stream])


@pytest.mark.parametrize("cursor", ["", "x", "é", "W10", "bnVsbA==", "W1siZWxzZSJdXQ==", "W" * 10_000, "eyJhIjoxfQ=="])
async def test_a_foreign_cursor_is_refused_without_a_call(tenant: Tenant, cursor: str) -> None:
    """No part of the list is read."""
    with pytest.raises(ValidationFailedError):
        await tenant.open().list_tasks(TaskQuery(), limit=5, after=cursor)
    assert [] == tenant.sent


def test_a_list_is_requested_with_the_members_of_its_stream() -> None:
    """`limit` is always sent; members that are None are left out."""
    stream = Stream(ListKind.ALL, "approve", "DONE", "g", "b==")

    assert {
        "limit": 5,
        "type": "approve",
        "status": "DONE",
        "user_group_id": "g",
        "earliest_start_date": "x",
        "bookmark": "b==",
    } == stream.params({"earliest_start_date": "x"}, 5)
    assert {"limit": 1} == Stream(ListKind.MINE).params({}, 1)
    assert set(STATUSES.values()) == {"UNASSIGNED", "ASSIGNED", "DONE", "CANCELLED"}
    assert ["all"] == msgspec.json.decode(msgspec.json.encode(Stream(ListKind.ALL)))[:1]


async def test_rows_cost_the_bridge_time_so_that_few_are_requested_at_once(tenant: Tenant) -> None:
    """Of each list 20 rows, however many may come: what was read before the deadline is shown."""
    connector = tenant.open(definitions=["approve-invoice"])
    await connector.list_tasks(TaskQuery(), limit=2000)
    await connector.list_tasks(connector.pushdown(OPEN), limit=2000)

    asked = [each.url.params["limit"] for each in tenant.transport.requests if each.url.path.endswith("/admin/tasks")]
    assert (["20"] * 3, 160) == (asked, connector.info.page_limit)
