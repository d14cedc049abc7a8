"""Queries of the stand-in for epilot return what a scan of all tasks returns."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sandbox.epilot.directory import ALICE, BOB
from tests.sandbox.epilot.organisation import KANBAN, OVERVIEW, Json, Organisation, organisation_of

AUTOCOMPLETE = "/v1/kanban/query/flows:autocomplete"


@pytest.fixture(scope="module")
async def epilot() -> AsyncIterator[Organisation]:
    """One for all tests of this file, which only read."""
    async with organisation_of(400) as organisation:
        yield organisation


def item(key: str, operator: str, value: Any = None, data_type: str = "string") -> Json:
    return {"key": key, "operator": operator, "data_type": data_type} | ({} if value is None else {"value": value})


def due(row: Json) -> str:
    """The date of the due date. Without a zone it counts as UTC."""
    text: str = row.get("due_date") or ""
    return text[:10]


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        (item("status", "EQUALS", "PENDING"), lambda row: row["status"] == "PENDING"),
        (item("status", "NOT_EQUALS", "PENDING"), lambda row: row["status"] != "PENDING"),
        (item("status", "IS_ONE_OF", ["FAILED", "ON_HOLD"]), lambda row: row["status"] in ("FAILED", "ON_HOLD")),
        (
            item("status", "IS_NONE_OF", ["PENDING", "COMPLETED"]),
            lambda row: row["status"] not in ("PENDING", "COMPLETED"),
        ),
        (item("name", "CONTAINS", "CALL"), lambda row: "call" in row["name"].lower()),
        (item("name", "NOT_CONTAINS", "the"), lambda row: "the" not in row["name"].lower()),
        (item("assignee", "EQUALS", ALICE), lambda row: ALICE in row["assignee"]),
        (item("assignee", "NOT_EQUALS", ALICE), lambda row: ALICE not in row["assignee"]),
        (item("assignee", "IS_ONE_OF", [ALICE, BOB]), lambda row: bool({ALICE, BOB} & set(row["assignee"]))),
        (item("assignee", "EMPTY"), lambda row: not row["assignee"]),
        (item("due_date", "NOT_EMPTY"), lambda row: "due_date" in row),
        (item("enabled", "EQUALS", False, "boolean"), lambda row: row["enabled"] is False),
        (item("contexts.title", "EQUALS", "Acme Corp"), lambda row: row["contexts"][0]["title"] == "Acme Corp"),
        (item("due_date", "EQUALS", "TODAY", "date"), lambda row: due(row) == "2026-06-15"),
        (item("due_date", "EQUALS", "2026-06-15", "date"), lambda row: due(row) == "2026-06-15"),
        (item("due_date", "LESS_THAN", "2026-06-15T00:00:00.000Z", "date"), lambda row: "" < due(row) < "2026-06-15"),
        (item("due_date", "GREATER_THAN", "TODAY", "date"), lambda row: due(row) > "2026-06-15"),
        (item("due_date", "GREATER_THAN_OR_EQUAL", "TODAY", "date"), lambda row: due(row) >= "2026-06-15"),
        (item("due_date", "LESS_THAN_OR_EQUAL", "TODAY", "date"), lambda row: "" < due(row) <= "2026-06-15"),
        (
            item("due_date", "IS_ONE_OF", ["TODAY", "TOMORROW"], "date"),
            lambda row: due(row) in ("2026-06-15", "2026-06-16"),
        ),
        (item("due_date", "EQUALS", "TODAY_OR_EARLIER", "date"), lambda row: "" < due(row) <= "2026-06-15"),
        (item("due_date", "EQUALS", "THIS_WEEK", "date"), lambda row: "2026-06-15" <= due(row) <= "2026-06-21"),
        (item("due_date", "EQUALS", "LAST_WEEK", "date"), lambda row: "2026-06-08" <= due(row) <= "2026-06-14"),
        (item("due_date", "EQUALS", "NEXT_MONTH", "date"), lambda row: due(row).startswith("2026-07")),
        (item("created_at", "EQUALS", "LAST_MONTH", "date"), lambda row: row["created_at"].startswith("2026-05")),
    ],
)
async def test_each_operator_gives_what_a_scan_gives(
    epilot: Organisation, condition: Json, matches: Callable[[Json], bool]
) -> None:
    """For strings, lists, booleans and dates."""
    everything = await epilot.rows()
    expected = [row["id"] for row in everything if matches(row)]

    assert 0 < len(expected) < len(everything)
    assert expected == [row["id"] for row in await epilot.rows(condition)]


async def test_groups_join_conditions(epilot: Organisation) -> None:
    """Groups use AND, OR, and one within the other. An empty group matches every row."""
    pending, hers, bobs = (
        item("status", "EQUALS", "PENDING"),
        item("assignee", "EQUALS", ALICE),
        item("assignee", "EQUALS", BOB),
    )
    everything = await epilot.rows()
    nested = await epilot.rows(pending, {"items": [hers, bobs], "combination": "OR"})

    assert [row for row in everything if row["status"] == "PENDING" or ALICE in row["assignee"]] == await epilot.rows(
        pending, hers, combination="OR"
    )
    assert [row for row in everything if row["status"] == "PENDING" and {ALICE, BOB} & set(row["assignee"])] == nested
    assert nested
    assert everything == await epilot.rows()


async def test_pages_joined_are_the_whole_list(epilot: Organisation) -> None:
    """The totals are exact. The default is ten rows."""
    whole = await epilot.rows(sorting={"field": "due_date", "direction": "asc"})
    pages = [
        await epilot.told("POST", KANBAN, {"sorting": {"field": "due_date"}, "from": start, "size": 150})
        for start in (0, 150, 300, 450)
    ]
    first = await epilot.told("POST", KANBAN, {})

    assert whole == [row for page in pages for row in page["results"]]
    assert {"hits": 400, "page_number": 2, "page_size": 150, "total_pages": 3}.items() <= pages[1].items()
    assert [150, 150, 100, 0] == [len(page["results"]) for page in pages]
    assert (10, 10, 40) == (len(first["results"]), first["page_size"], first["total_pages"])


@pytest.mark.parametrize("field", ["due_date", "created_at", "name", "status", "enabled"])
async def test_sorting_is_by_one_column_with_empty_ones_last(epilot: Organisation, field: str) -> None:
    """For both directions. Equal rows keep their order."""
    for direction in ("asc", "desc"):
        rows = await epilot.rows(sorting={"field": field, "direction": direction})
        values = [str(row[field]).lower().replace(".000z", ".000") for row in rows if row.get(field) not in (None, "")]

        assert 400 == len(rows)
        assert sorted(values, reverse=direction == "desc") == values
        assert all(row.get(field) not in (None, "") for row in rows[: len(values)])


async def test_grouping_keeps_one_row_each(epilot: Organisation) -> None:
    """One row for each task, each phase of a flow, or each entity."""
    everything = await epilot.rows()
    counts = {field: len(await epilot.rows(group_by={"field": field})) for field in ("task", "phase", "context_entity")}

    assert {
        "task": 400,
        "phase": len({(row["execution_id"], row["phase_id"]) for row in everything}),
        "context_entity": len({row["contexts"][0]["entity_id"] for row in everything}),
    } == counts


@pytest.mark.parametrize(
    "query",
    [
        {"size": 0},
        {"from": -1},
        {"sorting": {"direction": "asc"}},
        {"filters": {"items": [{"key": "status"}], "combination": "AND"}},
        {"filters": {"items": [item("status", "LIKE", "x")], "combination": "AND"}},
        {"filters": {"items": [item("status", "EQUALS")], "combination": "AND"}},
        {"filters": {"items": [item("due_date", "LESS_THAN", "soon", "date")], "combination": "AND"}},
        {"filters": {"items": []}},
        {
            "filters": {
                "items": [{"items": [{"items": [], "combination": "AND"}], "combination": "AND"}],
                "combination": "AND",
            }
        },
        {"group_by": {"field": "name"}},
    ],
)
async def test_an_invalid_query_is_refused(epilot: Organisation, query: Json) -> None:
    """The answer is 400 with the status in its body."""
    answer = await epilot.ask("POST", KANBAN, query)

    assert (400, 400) == (answer.status_code, answer.json()["status"])


async def test_values_of_a_column_are_completed(epilot: Organisation) -> None:
    """The values begin with the typed text; the answer has their number."""
    names = {row["name"] for row in await epilot.rows()}
    told = await epilot.told("GET", AUTOCOMPLETE, attribute="name", input="c", size=2)
    rest = await epilot.told("GET", AUTOCOMPLETE, attribute="name", input="c", size=200, **{"from": 2})
    flags = await epilot.told("GET", AUTOCOMPLETE, attribute="enabled")

    assert sorted(name for name in names if name.lower().startswith("c")) == told["results"] + rest["results"]
    assert (2, told["hits"]) == (len(told["results"]), 2 + len(rest["results"]))
    assert [False, True] == flags["results"]
    assert [400, 400] == [
        (await epilot.ask("GET", AUTOCOMPLETE)).status_code,
        (await epilot.ask("GET", AUTOCOMPLETE, params={"attribute": "name", "size": 251})).status_code,
    ]


async def test_the_overview_lists_tasks_in_the_words_of_version_1(epilot: Organisation) -> None:
    """The overview filters by assignee, optionally with unassigned tasks, and by due date. Pages count from 1."""
    everything = await epilot.rows()
    base = {"dataset": "workflow_tasks_overview", "assignee_ids": [ALICE], "page_size": 500}
    hers = await epilot.told("POST", OVERVIEW, base)
    both = await epilot.told("POST", OVERVIEW, base | {"include_unassigned": True})
    week = await epilot.told("POST", OVERVIEW, base | {"due_date_from": "2026-06-10", "due_date_to": "2026-06-20"})
    small = [
        (await epilot.told("POST", OVERVIEW, base | {"page_size": 3, "page_number": n}))["results"] for n in (0, 1, 2)
    ]

    assert {row["id"] for row in everything if ALICE in row["assignee"]} == {task["id"] for task in hers["results"]}
    assert len([row for row in everything if ALICE in row["assignee"] or not row["assignee"]]) == both["hits"]
    assert 0 < week["hits"] < hers["hits"]
    assert all("2026-06-10" <= task["dueDate"][:10] <= "2026-06-20" for task in week["results"])
    assert {"UNASSIGNED", "ASSIGNED", "COMPLETED", "IN_PROGRESS"} >= {task["status"] for task in both["results"]}
    assert small[0] == small[1] == hers["results"][:3]
    assert small[2] == hers["results"][3:6]


async def test_numbers_of_flows_add_up(epilot: Organisation) -> None:
    """The datasets count by state and by month. Other datasets are refused."""
    flows = {row["execution_id"]: row["execution_status"] for row in await epilot.rows()}
    states = await epilot.told("POST", OVERVIEW, {"dataset": "total_count_of_workflow_executions"})
    months = await epilot.told("POST", OVERVIEW, {"dataset": "workflow_execution_time_series"})
    summed = await epilot.told("POST", OVERVIEW, {"dataset": "cumulative_sum_of_workflows"})
    meters = await epilot.told("POST", OVERVIEW, {"workflow_definition_ids": ["tpl_meter_exchange"]})

    assert {state: list(flows.values()).count(state) for state in states["labels"]} == dict(
        zip(states["labels"], states["data"], strict=True)
    )
    assert (["2026-05", "2026-06"], len(flows)) == (months["labels"], sum(months["data"]))
    assert len(flows) == summed["data"][-1]
    assert 0 < sum(meters["data"]) < len(flows)
    assert 400 == (await epilot.ask("POST", OVERVIEW, {"dataset": "phases_count"}, described=False)).status_code
