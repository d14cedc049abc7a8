"""Searches of the stand-in for Camunda: filters, sorting, pages, and fresh data."""

import random
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import httpx2
import pytest

from sandbox.camunda.search import search
from sandbox.camunda.stand_in import CamundaStandIn
from tests.effort import sized

Task = dict[str, Any]


async def found(engine: httpx2.AsyncClient, **body: Any) -> list[Task]:
    answer = await engine.post("/user-tasks/search", json={"page": {"limit": 10_000}} | body)
    assert answer.status_code == 200, answer.text
    items: list[Task] = answer.json()["items"]
    return items


def keys(tasks: list[Task]) -> list[str]:
    return [task["userTaskKey"] for task in tasks]


def sorted_plainly(tasks: list[Task], sort: list[tuple[str, str]]) -> list[Task]:
    """Sort as documented, without an index: rows without a value last, ties by key."""
    tasks = sorted(tasks, key=lambda task: int(task["userTaskKey"]))
    for field, order in reversed(sort):
        present = [task for task in tasks if task[field] is not None]
        missing = [task for task in tasks if task[field] is None]
        present.sort(key=lambda task: task[field], reverse=order == "DESC")
        tasks = present + missing
    return tasks


FILTERS: list[tuple[dict[str, Any], Any]] = [
    ({"state": "CREATED"}, lambda t: t["state"] == "CREATED"),
    ({"state": {"$in": ["completed", "CANCELED"]}}, lambda t: t["state"] in ("COMPLETED", "CANCELED")),
    ({"state": {"$neq": "CREATED"}}, lambda t: t["state"] != "CREATED"),
    ({"state": {"$like": "C*ED"}}, lambda t: fnmatchcase(t["state"], "C*ED")),
    ({"assignee": {"$exists": False}}, lambda t: t["assignee"] is None),
    ({"assignee": {"$neq": "alice"}}, lambda t: t["assignee"] != "alice"),
    ({"assignee": {"$notIn": ["alice", "bob"]}}, lambda t: t["assignee"] not in ("alice", "bob")),
    ({"assignee": {"$like": "?o*"}}, lambda t: fnmatchcase(t["assignee"] or "", "?o*")),
    (
        {"candidateGroup": {"$in": ["legal", "sales"]}, "state": "CREATED"},
        lambda t: {"legal", "sales"} & set(t["candidateGroups"]) and t["state"] == "CREATED",
    ),
    ({"candidateGroup": {"$exists": False}}, lambda t: not t["candidateGroups"]),
    ({"candidateUser": "bob"}, lambda t: "bob" in t["candidateUsers"]),
    ({"priority": {"$gte": 50, "$lt": 90}}, lambda t: 50 <= t["priority"] < 90),
    ({"priority": {"$in": [10, 90]}}, lambda t: t["priority"] in (10, 90)),
    ({"name": {"$like": "*invoice*"}}, lambda t: "invoice" in t["name"]),
    ({"name": {"$like": "Approve\\*"}}, lambda _: False),
    (
        {"dueDate": {"$gte": "2026-06-15T11:00:00+02:00", "$lt": "2026-06-16T00:00:00Z"}},
        lambda t: "2026-06-15T09:00:00.000Z" <= (t["dueDate"] or "") < "2026-06-16T00:00:00.000Z",
    ),
    ({"dueDate": {"$exists": False}}, lambda t: t["dueDate"] is None),
    (
        {"dueDate": {"$lt": "2026-06-15T09:30:15Z"}},
        lambda t: t["dueDate"] and t["dueDate"] < "2026-06-15T09:30:15.000Z",
    ),
    ({"creationDate": {"$gt": "2026-06-10T00:00:00Z"}}, lambda t: t["creationDate"] > "2026-06-10T00:00:00.000Z"),
    ({"tags": ["vip"]}, lambda t: "vip" in t["tags"]),
    ({"processDefinitionId": "invoice", "assignee": None}, lambda t: t["processDefinitionId"] == "invoice"),
    ({"elementId": "sign_contract"}, lambda t: t["elementId"] == "sign_contract"),
]


@pytest.mark.parametrize(("filter_", "test"), FILTERS)
async def test_a_filter_finds_what_a_scan_finds(engine: httpx2.AsyncClient, filter_: Task, test: Any) -> None:
    """A search by index finds the same tasks as a test of every task."""
    everything = await found(engine)
    expected = [task for task in everything if test(task)]

    assert keys(expected) == keys(await found(engine, filter=filter_))
    assert len(expected) < len(everything)


async def test_a_task_is_found_by_its_own_keys(engine: httpx2.AsyncClient) -> None:
    """Members with keys match exactly. An unknown key matches no task."""
    task = (await found(engine))[50]
    for name in ("userTaskKey", "elementInstanceKey"):
        assert [task] == await found(engine, filter={name: task[name]})
    of_instance = await found(engine, filter={"processInstanceKey": task["processInstanceKey"]})

    assert task in of_instance
    assert [] == await found(engine, filter={"userTaskKey": "1"})


MANY_TASKS = sized(100_000, 10_000)
SORTS = [
    [("dueDate", "ASC")],
    [("dueDate", "DESC")],
    [("priority", "DESC"), ("creationDate", "ASC")],
    [("name", "ASC"), ("dueDate", "DESC"), ("priority", "ASC")],
    [("followUpDate", "ASC"), ("name", "DESC")],
    [("completionDate", "DESC")],
]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 7, 40])
@pytest.mark.parametrize("filter_", [{}, {"state": "CREATED"}, {"assignee": "alice"}])
async def test_pages_by_cursor_join_to_the_whole_in_both_directions(
    camunda: CamundaStandIn, engine: httpx2.AsyncClient, sort: list[tuple[str, str]], limit: int, filter_: Task
) -> None:
    """For rare and for common matches, no row is lost, repeated or out of order."""
    expected = keys(sorted_plainly(await found(engine, filter=filter_), sort))
    query = {"filter": filter_, "sort": [{"field": field, "order": order} for field, order in sort]}
    forwards: list[str] = []
    cursor: dict[str, Any] = {}
    while rows := (
        answer := search(camunda.store.tasks, camunda.searches.tasks, query | {"page": {"limit": limit} | cursor})
    )["items"]:
        forwards += [row.user_task_key for row in rows]
        cursor = {"after": answer["page"]["endCursor"]}
    last = search(
        camunda.store.tasks, camunda.searches.tasks, query | {"page": {"limit": 1, "from": len(expected) - 1}}
    )
    backwards = [row.user_task_key for row in last["items"]]
    cursor = {"before": last["page"]["startCursor"]}
    while rows := (
        answer := search(camunda.store.tasks, camunda.searches.tasks, query | {"page": {"limit": limit} | cursor})
    )["items"]:
        backwards = [row.user_task_key for row in rows] + backwards
        cursor = {"before": answer["page"]["startCursor"]}

    assert expected == forwards
    assert expected == backwards


async def test_an_offset_page_is_a_slice_of_the_whole(engine: httpx2.AsyncClient) -> None:
    """`from` skips rows."""
    sort = [{"field": "dueDate", "order": "desc"}]
    whole = await found(engine, sort=sort)

    assert whole[30:55] == await found(engine, sort=sort, page={"from": 30, "limit": 25})


async def test_the_default_page_has_a_hundred_and_the_total_of_all(engine: httpx2.AsyncClient) -> None:
    """The body is optional. Limit 0 returns only the total."""
    answer = (await engine.post("/user-tasks/search")).json()
    counted = (await engine.post("/user-tasks/search", json={"page": {"limit": 0}})).json()

    assert (100, 300, False) == (
        len(answer["items"]),
        answer["page"]["totalItems"],
        answer["page"]["hasMoreTotalItems"],
    )
    assert {"totalItems": 300, "hasMoreTotalItems": False, "startCursor": None, "endCursor": None} == counted["page"]


async def test_variables_are_matched_as_json(engine: httpx2.AsyncClient) -> None:
    """The quotes of a string are part of the value."""
    conditions = [{"name": "country", "value": '"DE"'}, {"name": "supplier", "value": {"$exists": True}}]
    tasks = await found(engine, filter={"processInstanceVariables": conditions, "state": "CREATED"})

    assert tasks
    for task in tasks:
        answer = await engine.post(f"/user-tasks/{task['userTaskKey']}/variables/search", json={})
        values = {each["name"]: each["value"] for each in answer.json()["items"]}
        assert '"DE"' == values["country"]
    assert [] == await found(engine, filter={"processInstanceVariables": [{"name": "country", "value": "DE"}]})


@pytest.mark.parametrize(
    ("body", "title", "detail"),
    [
        (
            {"sort": [{"field": "state"}]},
            "Bad Request",
            (
                "Unexpected value 'state' for enum field 'field'. Use any of the following values: "
                "[creationDate, completionDate, followUpDate, dueDate, priority, name]"
            ),
        ),
        ({"filter": {"state": "OPEN"}}, "Bad Request", "Unexpected value 'OPEN' for enum field 'state'. "),
        ({"page": {"from": 1, "after": "x"}}, "Bad Request", "Only one of [from, after, before] is allowed."),
        ({"pages": {}}, "Bad Request", "Request property [pages] cannot be parsed"),
        ({"filter": {"candidateGroups": "a"}}, "Bad Request", "Request property [filter.candidateGroups] cannot be"),
        ({"filter": {"$or": [{}]}}, "Bad Request", "Request property [filter.$or] cannot be parsed"),
        ({"filter": {"userTaskKey": {"$in": ["1"]}}}, "Bad Request", "Request property [filter.userTaskKey] cannot"),
        (
            {"filter": {"state": {"$notIn": ["CREATED"]}}},
            "Bad Request",
            "Request property [filter.state.$notIn] cannot",
        ),
        ({"filter": {"priority": "50"}}, "Bad Request", "Request property [filter.priority] cannot be parsed"),
        ({"filter": {"dueDate": "soon"}}, "INVALID_ARGUMENT", "The provided dueDate 'soon' cannot be parsed as a date"),
        (
            {"filter": {"userTaskKey": "abc"}},
            "INVALID_ARGUMENT",
            "The provided userTaskKey 'abc' is not a valid key. Expected a numeric value.",
        ),
        (
            {"filter": {"dueDate": "soon", "processInstanceKey": ""}},
            "INVALID_ARGUMENT",
            "The provided dueDate 'soon' cannot be parsed as a date according to RFC 3339, section 5.6. The provided processInstanceKey '' is not a valid key.",
        ),
        ({"sort": [{"order": "ASC"}]}, "INVALID_ARGUMENT", "Sort field must not be null."),
        (
            {"page": {"limit": -1}},
            "INVALID_ARGUMENT",
            "The value for page.limit is '-1' but must be a non-negative number.",
        ),
        ({"page": {"after": "!"}}, "INVALID_ARGUMENT", "Cannot decode pagination cursor '!'"),
        (
            {"filter": {"processInstanceVariables": [{"name": "a"}]}},
            "INVALID_ARGUMENT",
            "Variable value must not be null.",
        ),
    ],
)
async def test_a_value_that_is_not_allowed_is_refused(
    engine: httpx2.AsyncClient, body: Task, title: str, detail: str
) -> None:
    """The answer is 400 with the documented title and text."""
    answer = await engine.post("/user-tasks/search", json=body)
    problem = answer.json()

    assert (400, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert (title, True) == (problem["title"], problem["detail"].startswith(detail)), problem


async def test_process_instances_can_be_searched_by_alternatives(engine: httpx2.AsyncClient) -> None:
    """`$or` and the members beside it must all hold."""
    filter_ = {
        "state": "ACTIVE",
        "$or": [{"processDefinitionId": "invoice"}, {"processDefinitionName": {"$like": "*review"}}],
    }
    answer = await engine.post("/process-instances/search", json={"filter": filter_, "page": {"limit": 1000}})
    items = answer.json()["items"]

    assert {("ACTIVE", "invoice"), ("ACTIVE", "contract-review")} == {
        (each["state"], each["processDefinitionId"]) for each in items
    }


async def test_the_same_seed_and_time_give_the_same_bytes(camunda: CamundaStandIn, engine: httpx2.AsyncClient) -> None:
    """Another seed gives other data."""
    now = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    bodies = []
    for seed in (7, 8, 7):
        camunda.reset(tasks=120, seed=seed, now=now, scenario=None)
        bodies.append((await engine.post("/user-tasks/search", json={"page": {"limit": 1000}})).content)

    assert bodies[0] == bodies[2]
    assert bodies[0] != bodies[1]


@pytest.mark.parametrize("tasks", [10, 40, 1000])
async def test_alice_has_own_tasks_and_tasks_to_claim(
    camunda: CamundaStandIn, engine: httpx2.AsyncClient, tasks: int
) -> None:
    """There are exactly as many tasks as requested."""
    camunda.reset(tasks=tasks, seed=7, now=None, scenario=None)
    own = await found(engine, filter={"state": "CREATED", "assignee": "alice"})
    free = await found(
        engine, filter={"state": "CREATED", "assignee": {"$exists": False}, "candidateGroup": "accounting"}
    )

    assert tasks == len(await found(engine))
    assert (True, True) == (len(own) >= 5, len(free) >= 5)


async def test_the_operations_scenario_has_twelve_tasks_for_accounting(
    camunda: CamundaStandIn, engine: httpx2.AsyncClient
) -> None:
    """Twelve open tasks are visible to the viewer's groups, three of them are hers."""
    camunda.reset(tasks=40, seed=7, now=None, scenario="operations")
    open_ = [task for task in await found(engine) if task["state"] not in ("COMPLETED", "CANCELED")]

    assert 12 == sum("accounting" in task["candidateGroups"] for task in open_)
    assert 3 == sum(task["assignee"] == "alice" for task in open_)
    assert [] == [
        task for task in open_ if "accounting" not in task["candidateGroups"] and "alice" in task["candidateUsers"]
    ]
    assert [] == [task for task in open_ if not task["candidateGroups"] and not task["candidateUsers"]]


class CountedRows(list[Any]):
    """Counts the rows that are read one by one."""

    reads = 0

    def __getitem__(self, place: Any) -> Any:
        self.reads += 1
        return super().__getitem__(place)


def test_a_page_of_many_thousands_reads_few_rows() -> None:
    """A page of an indexed search reads a small share of the rows, also far from the first page."""
    camunda = CamundaStandIn()
    camunda.reset(tasks=MANY_TASKS, seed=7, now=datetime.fromisoformat("2026-06-15T09:00:00+00:00"), scenario=None)
    table = camunda.store.tasks
    table.rows = rows = CountedRows(table.rows)
    queries: list[dict[str, Any]] = [
        {"filter": {"state": "CREATED", "assignee": "alice"}, "sort": [{"field": "dueDate"}]},
        {"filter": {"state": "CREATED", "assignee": {"$exists": False}, "candidateGroup": {"$in": ["accounting"]}},
         "sort": [{"field": "priority", "order": "DESC"}, {"field": "creationDate"}]},
        {"filter": {"state": "CREATED", "dueDate": {"$lt": "2026-06-15T09:00:00Z"}}, "sort": [{"field": "dueDate"}]},
        {"filter": {"state": "UPDATING"}, "sort": [{"field": "creationDate", "order": "DESC"}]},
        {"filter": {"name": {"$like": "*contract*"}}},
    ]  # fmt: skip
    read = []
    for query in queries:
        cursor: dict[str, str] = {}
        for _ in range(5):
            rows.reads = 0
            page = search(table, camunda.searches.tasks, query | {"page": {"limit": 100} | cursor})["page"]
            read.append(rows.reads)
            cursor = {"after": page["endCursor"]} if page["endCursor"] else {}

    assert max(read) < MANY_TASKS / 8, read


async def test_indexes_stay_right_through_changes(camunda: CamundaStandIn, engine: httpx2.AsyncClient) -> None:
    """After many commands, filters and sorting agree with a test of every task."""
    rng = random.Random(3)
    for task in rng.sample(await found(engine, filter={"state": "CREATED"}), 60):
        path = f"/user-tasks/{task['userTaskKey']}"
        changeset = {
            "priority": rng.randrange(101),
            "dueDate": rng.choice(["", "2026-07-01T10:00:00Z"]),
            "candidateGroups": ["legal"],
        }
        await engine.patch(path, json={"changeset": changeset})
        await engine.post(f"{path}/assignment", json={"assignee": rng.choice(["alice", "zoe"])})
        if rng.random() < 0.3:
            await engine.post(f"{path}/completion", json={})
    everything = await found(engine)
    sort = [("dueDate", "ASC"), ("priority", "DESC")]
    query = [{"field": field, "order": order} for field, order in sort]

    assert keys(sorted_plainly(everything, sort)) == keys(await found(engine, sort=query))
    for filter_, test in FILTERS:
        assert keys([task for task in everything if test(task)]) == keys(await found(engine, filter=filter_))


async def test_later_servers_find_tasks_of_several_instances_and_by_business_id(
    camunda: CamundaStandIn, engine: httpx2.AsyncClient
) -> None:
    """8.10 has operators on keys, and the business id of the process instance."""
    camunda.reset(tasks=100, seed=7, now=None, scenario="8.10")
    everything = await found(engine)
    first, last = everything[0], everything[-1]
    instances = [first["processInstanceKey"], last["processInstanceKey"]]
    ids = sorted(task["businessId"] for task in everything)

    assert keys([task for task in everything if task["processInstanceKey"] in instances]) == keys(
        await found(engine, filter={"processInstanceKey": {"$in": instances}})
    )
    assert keys([task for task in everything if task["businessId"] == last["businessId"]]) == keys(
        await found(engine, filter={"businessId": last["businessId"]})
    )
    assert ids == [task["businessId"] for task in await found(engine, sort=[{"field": "businessId"}])]
    assert [] == await found(engine, filter={"businessId": {"$exists": False}})
