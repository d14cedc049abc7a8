"""Lists: which upstream lists they are made of, and that nothing is lost or given twice."""

from collections.abc import Callable

import httpx2
import pytest

from connectors.littlehorse import LittlehorseConnector
from connectors.littlehorse.listing import Shelf, Stream, cursor_of
from connectors.sdk.errors import (
    BrokenError,
    MalformedResponseError,
    UnavailableError,
)
from connectors.sdk.model import OPEN_STATES, DetailAspect, TaskState
from connectors.sdk.query import Interval, TaskOrderField, TaskQuery
from tests.connectors.littlehorse.conftest import Tenant

Scripted = Callable[..., LittlehorseConnector]

OPEN = TaskQuery(states=OPEN_STATES)
EVERYTHING = frozenset(DetailAspect)


async def test_the_account_lists_every_definition_in_each_status(tenant: Tenant) -> None:
    """Definitions first, then one request for each pair; all open tasks, each once."""
    connector = tenant.open()
    tasks = await tenant.drain(connector, connector.pushdown(OPEN))
    asked = [dict(each.url.params) for each in tenant.transport.requests if each.url.path.endswith("/admin/tasks")]

    assert ["GET /admin/taskTypes", *["GET /admin/tasks"] * 10] == tenant.sent
    assert tenant.ids("UNASSIGNED", "ASSIGNED") == {task.native_id for task in tasks}
    assert len(tasks) == len({task.native_id for task in tasks})
    assert 10 == len({(each["type"], each["status"]) for each in asked})
    assert all("limit" in each for each in asked)


async def test_a_person_lists_their_own_tasks_and_their_groups_queues(tenant: Tenant) -> None:
    """One request for what is assigned; one for the groups, and one a group for what may be claimed."""
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


async def test_a_person_of_several_groups_lists_one_queue_after_the_other(tenant: Tenant) -> None:
    """Kavya is in two groups; the cursor holds the place in each."""
    connector = tenant.open("viewer", credentials=False)
    tenant.stand_in.identities = lambda: {"kavya": {"id": "kavya@example.com", "groups": []}}  # type: ignore[method-assign]
    with tenant.as_person("kavya"):
        tasks = await tenant.drain(connector, connector.pushdown(OPEN), limit=2)

    groups = {group.native_id for task in tasks for group in task.candidate_groups or ()}
    assert {"operations", "sales"} <= groups
    assert 1 == tenant.sent.count("GET /groups")
    assert len(tasks) == len({task.native_id for task in tasks})


@pytest.mark.parametrize(("acts_as", "asked"), [("service", "GET /admin/tasks"), ("viewer", "GET /tasks")])
async def test_three_statuses_are_asked_for_all_at_once(tenant: Tenant, acts_as: str, asked: str) -> None:
    """The fourth is left out here; what a person owns is one request."""
    connector = tenant.open(acts_as, definitions=["approve-invoice"])
    query = connector.pushdown(TaskQuery(has_assignee=True))
    with tenant.as_person("alice"):
        tasks = await tenant.drain(connector, query)

    assert [asked] == tenant.sent
    assert {TaskState.RESERVED, TaskState.COMPLETED, TaskState.CANCELED} == {task.state for task in tasks}


async def test_one_group_is_asked_for_by_its_id(tenant: Tenant) -> None:
    """Looked up by its name; names without case are the same group."""
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


async def test_a_group_that_the_directory_lost_is_found_on_its_tasks(tenant: Tenant) -> None:
    """The bridge cannot be asked for it, so all are read; what comes out is exactly that group."""
    connector = tenant.open()
    tasks = await tenant.drain(connector, connector.pushdown(TaskQuery(candidate_groups=frozenset({"formerly-sales"}))))

    assert {"formerly-sales"} == {group.native_id for task in tasks for group in task.candidate_groups or ()}
    assert tasks


async def test_definitions_of_a_query_need_not_be_asked_for(tenant: Tenant) -> None:
    """One upstream list for each; an unknown one is empty."""
    connector = tenant.open()
    query = connector.pushdown(TaskQuery(definition_keys=frozenset({"approve-invoice", "no-such"})))
    tasks = await tenant.drain(connector, query)

    assert ["GET /admin/tasks"] * 2 == tenant.sent
    assert {"approve-invoice"} == {task.title for task in tasks}


async def test_many_definitions_of_a_query_are_looked_up(tenant: Tenant) -> None:
    """A thousand invented names are not a thousand calls."""
    connector = tenant.open()
    names = frozenset({f"invented-{number}" for number in range(1000)} | {"approve-invoice"})
    tasks = await tenant.drain(connector, connector.pushdown(TaskQuery(definition_keys=names)))

    assert ["GET /admin/taskTypes", "GET /admin/tasks"] == tenant.sent
    assert {"approve-invoice"} == {task.title for task in tasks}


async def test_configured_definitions_are_the_only_ones(tenant: Tenant) -> None:
    """Also for a query that names another."""
    connector = tenant.open(definitions=["approve-invoice"])
    tasks = await tenant.drain(connector, TaskQuery())
    other = await tenant.drain(connector, TaskQuery(definition_keys=frozenset({"assess-damage"})))

    assert ["GET /admin/tasks"] == tenant.sent
    assert {"approve-invoice"} == {task.title for task in tasks}
    assert [] == other


async def test_more_definitions_than_the_limit_are_an_error(tenant: Tenant) -> None:
    """A list that silently leaves some out would lie."""
    with pytest.raises(BrokenError, match=r"options\.definitions"):
        await tenant.open(definition_limit=4).list_tasks(TaskQuery(), limit=10)
    assert (await tenant.open(definition_limit=5).list_tasks(TaskQuery(), limit=10)).items


@pytest.mark.parametrize("limit", [1, 3, 10, 800])
async def test_partitions_make_short_and_empty_pages_that_are_not_the_end(
    tenant_with: type[Tenant], limit: int
) -> None:
    """Only the bookmark tells: everything is found, once."""
    tenant = tenant_with(partitions=5)
    connector = tenant.open()
    tasks = await tenant.drain(connector, TaskQuery(), limit=limit)

    assert tenant.ids("UNASSIGNED", "ASSIGNED", "DONE", "CANCELLED") == {task.native_id for task in tasks}
    assert len(tasks) == len({task.native_id for task in tasks}) == 40
    await connector.aclose()


async def test_a_bookmark_travels_as_it_is(tenant: Tenant) -> None:
    """Standard base64 with + / = in it, percent-encoded once."""
    connector = tenant.open(definitions=["approve-invoice"])
    first = await connector.list_tasks(TaskQuery(), limit=1)
    tenant.forget()
    second = await connector.list_tasks(TaskQuery(), limit=1, after=first.next_cursor)
    [request] = [each for each in tenant.transport.requests if each.url.path.endswith("/admin/tasks")]

    assert b"bookmark=%2B%2F%2B%2F" in request.url.query
    assert request.url.params["bookmark"].startswith("+/+/")
    assert first.items[0].native_id != second.items[0].native_id


async def test_times_of_creation_are_exact(tenant: Tenant) -> None:
    """Both bounds, included or not, to the millisecond; `Z`, because offsets are dropped."""
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
async def test_what_nothing_can_match_costs_no_call(tenant: Tenant, query: TaskQuery) -> None:
    """For the account as for a person."""
    for acts_as in ("service", "viewer"):
        connector = tenant.open(acts_as)
        with tenant.as_person("alice"):
            assert [] == await tenant.drain(connector, connector.pushdown(query))
    assert [] == tenant.sent


async def test_a_list_that_fails_in_one_part_fails(scripted: Scripted) -> None:
    """Rows of the other parts would look like the whole."""

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
        {"userTasks": [1]},
        {"userTasks": [{}]},
        {"userTasks": [{"id": "0-1"}]},
        {"userTasks": [{"id": "", "wfRunId": "r"}]},
        {"userTasks": [{"id": 1, "wfRunId": "r"}]},
        {"userTasks": [{"id": "0-1", "wfRunId": "r", "user": "alice"}]},
        {"userTasks": [], "bookmark": 7},
        {"userTasks": [{"id": str(number), "wfRunId": "r"} for number in range(20)]},
    ],
)
async def test_a_page_that_does_not_fit_is_malformed(scripted: Scripted, page: object) -> None:
    """What is no list of tasks, or longer than its limit, is never a shorter list."""
    connector = scripted(lambda _: httpx2.Response(200, json=page), definitions=("a",))

    with pytest.raises(MalformedResponseError):
        await connector.list_tasks(TaskQuery(), limit=10)
    await connector.aclose()


async def test_a_row_given_twice_counts_once(scripted: Scripted) -> None:
    """Whatever else the two of them say."""
    rows = [{"id": "0-1", "wfRunId": "r", "status": status} for status in ("UNASSIGNED", "ASSIGNED", "UNASSIGNED")]
    connector = scripted(lambda _: httpx2.Response(200, json={"userTasks": rows}), definitions=("a",))
    page = await connector.list_tasks(TaskQuery(), limit=10)

    assert ["r:0-1"] == [task.native_id for task in page.items]
    await connector.aclose()


async def test_a_bookmark_that_leads_nowhere_is_malformed(scripted: Scripted) -> None:
    """The same again would never end."""
    connector = scripted(lambda _: httpx2.Response(200, json={"userTasks": [], "bookmark": "AA=="}), definitions=("a",))
    page = await connector.list_tasks(TaskQuery(), limit=10)

    with pytest.raises(MalformedResponseError):
        await connector.list_tasks(TaskQuery(), limit=10, after=page.next_cursor)
    await connector.aclose()


async def test_a_task_that_cannot_be_addressed_is_still_listed(tenant: Tenant) -> None:
    """The same id in two runs makes two tasks, and two ids in one run as well."""
    connector = tenant.open()
    tasks = await tenant.drain(connector, TaskQuery())
    ids = [task.native_id.partition(":") for task in tasks]

    assert len({id for _, _, id in ids}) < len(ids)
    assert len({run for run, _, _ in ids}) < len(ids)


async def test_a_cursor_stays_within_what_the_token_may_list(tenant: Tenant) -> None:
    """One that names another group is refused by the bridge."""
    connector = tenant.open("viewer")
    foreign = cursor_of([Stream(Shelf.CLAIMABLE, group="00000000-0000-0000-0000-000000000000")])
    with tenant.as_person("alice"), pytest.raises(Exception, match="group"):
        await connector.list_tasks(TaskQuery(), limit=5, after=foreign)
