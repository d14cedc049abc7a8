"""The four lists of tasks."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.epilot import EpilotConnector
from connectors.epilot.ids import task_id
from connectors.epilot.paging import numbered_page
from connectors.epilot.settings import Generation, ListBy
from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import OPEN_STATES, CountAccuracy, FlowState, TaskKind, TaskState
from connectors.sdk.query import FlowQuery, TaskQuery
from connectors.sdk.testing import drain
from tests.connectors.epilot.example import answering, everything

Scripted = Callable[..., EpilotConnector]


ROW = {
    "id": "task/1",
    "executionId": "exec 1",
    "executionName": "Lead",
    "executionStatus": "STARTED",
    "definitionId": "tt",
    "name": "Call",
    "type": "MANUAL",
    "executionType": "MANUAL",
    "status": "ASSIGNED",
    "assignedTo": ["10010730"],
    "created": "2026-06-01T09:00:00.000Z",
    "dueDate": "2026-06-15T00:00:00.000",
    "enabled": True,
    "contexts": [{"id": "e1", "title": "Acme", "schema": "opportunity"}],
}


KANBAN_ROW = {"id": "t1", "execution_id": "e1", "status": "PENDING", "assignee": ["10010730"], "enabled": True}


# The overview


async def test_an_overview_row_is_a_task(scripted: Scripted) -> None:
    """Its ids are percent-encoded. A deprecated status is PENDING."""
    connector = scripted(answering({"results": [ROW], "hits": 1}), list_by="overview")
    page = await connector.list_tasks(TaskQuery(), limit=20)
    task: Any = page.items[0]

    assert (page.total, page.total_accuracy, page.next_cursor) == (1, CountAccuracy.EXACT, None)
    assert (task.native_id, task.flow_id) == ("v2/exec%201/task%2F1", "v2/exec%201")
    assert (task.state, task.kind, task.flow_name) == (TaskState.RESERVED, TaskKind.MANUAL, "Lead")
    assert (task.subjects[0].type, task.subjects[0].label) == ("opportunity", "Acme")


@pytest.mark.parametrize(
    ("change", "state", "kind"),
    [
        ({"status": "UNASSIGNED", "assignedTo": None}, TaskState.READY, TaskKind.MANUAL),
        ({"enabled": False}, TaskState.CREATED, TaskKind.MANUAL),
        ({"executionStatus": "CLOSED"}, TaskState.CANCELED, TaskKind.MANUAL),
        ({"executionType": None, "type": "STEP"}, TaskState.RESERVED, TaskKind.UNKNOWN),
        ({"executionType": "AUTOMATION", "status": "FAILED"}, TaskState.FAILED, TaskKind.AUTOMATION),
        ({"status": "ARCHIVED"}, TaskState.UNKNOWN, TaskKind.MANUAL),
    ],
)
async def test_an_overview_row_decides_state_and_kind(
    scripted: Scripted, change: dict[str, Any], state: TaskState, kind: TaskKind
) -> None:
    """State and kind come from the row."""
    connector = scripted(answering({"results": [{**ROW, **change}], "hits": 1}), list_by="overview")
    task = (await connector.list_tasks(TaskQuery(), limit=20)).items[0]

    assert (task.state, task.kind) == (state, kind)


async def test_the_overview_filters_by_assignees(scripted: Scripted) -> None:
    """Without assignees it is asked for all tasks, also unassigned ones. The page size divides the offset."""
    seen: list[Any] = []
    connector = scripted(
        answering({"results": [ROW], "hits": 900}, seen), list_by="overview", definition_ids=["d1"], first_page=0
    )
    people = frozenset({"2", "1"})
    await connector.list_tasks(TaskQuery(assignees=people), limit=20)
    await connector.list_tasks(TaskQuery(), limit=20, after="50")
    shared = {"dataset": "workflow_tasks_overview", "sort_by": "creation_date_descending"}

    assert connector.pushdown(TaskQuery(assignees=people, states=OPEN_STATES)) == TaskQuery(assignees=people)
    assert seen == [
        {
            **shared,
            "include_unassigned": False,
            "page_number": 0,
            "page_size": 20,
            "assignee_ids": ["1", "2"],
            "workflow_definition_ids": ["d1"],
        },
        # 50 rows were seen: pages of 25, the third of them.
        {
            **shared,
            "include_unassigned": True,
            "page_number": 2,
            "page_size": 25,
            "workflow_definition_ids": ["d1"],
        },
    ]


async def test_a_wrong_first_page_is_noticed(scripted: Scripted) -> None:
    """An empty page although `hits` counts more rows: otherwise tasks would be missing without an error."""
    connector = scripted(answering({"results": [], "hits": 3}), list_by="overview")

    with pytest.raises(MalformedResponseError, match="first_page"):
        await connector.list_tasks(TaskQuery(), limit=20)


async def test_a_page_may_be_shorter_than_asked_for(scripted: Scripted) -> None:
    """The next page begins behind the received rows. Only the count or an empty page is the end."""
    connector = scripted(answering({"results": [ROW, None], "hits": 5}), list_by="overview")
    page = await connector.list_tasks(TaskQuery(), limit=20)

    assert (len(page.items), (page.next_cursor or "").partition(".")[0]) == (1, "2")

    uncounted = scripted(answering({"results": [ROW]}), list_by="overview")
    page = await uncounted.list_tasks(TaskQuery(), limit=20)

    assert ((page.next_cursor or "").partition(".")[0], page.total) == ("1", None)
    assert page.total_accuracy is CountAccuracy.UNKNOWN


@pytest.mark.parametrize("list_by", [ListBy.OVERVIEW, ListBy.KANBAN])
async def test_an_empty_set_of_assignees_costs_no_call(scripted: Scripted, list_by: ListBy) -> None:
    """The query fits no task."""

    def never(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    page = await scripted(never, list_by=list_by).list_tasks(TaskQuery(assignees=frozenset()), limit=5)

    assert (page.items, page.total) == ((), 0)


async def test_the_overview_on_the_stand_in_has_the_same_tasks(organisation: Any) -> None:
    """The same tasks of a user as the kanban list."""
    alice = frozenset({organisation.identity("alice").native_id})
    overview = organisation.open(list_by="overview")
    poor = {task.native_id for task in await everything(overview, TaskQuery(assignees=alice))}
    rich = await everything(organisation.connector, TaskQuery(assignees=alice))

    assert {task.native_id for task in rich} == poor
    assert any(task.is_open for task in rich)


# Kanban


async def test_a_kanban_list_filters_by_assignee_and_state(scripted: Scripted) -> None:
    """In the vendor's format, behind the configured filters."""
    seen: list[Any] = []
    connector = scripted(
        answering({"results": [], "hits": 0}, seen),
        kanban_filters=[{"key": "task_type", "operator": "EQUALS", "value": "MANUAL"}],
        kanban_columns={"assignee": "owner"},
    )
    mine = connector.pushdown(TaskQuery(states=OPEN_STATES, assignees=frozenset({"2", "1"}), text="x"))
    await connector.list_tasks(mine, limit=500)
    await connector.list_tasks(connector.pushdown(TaskQuery(has_assignee=False)), limit=5, after="10")
    manual = {"key": "task_type", "operator": "EQUALS", "value": "MANUAL"}

    assert mine.states == frozenset(TaskState) - {
        TaskState.COMPLETED,
        TaskState.SKIPPED,
        TaskState.FAILED,
        TaskState.CANCELED,
    }
    assert seen == [
        {
            "filters": {
                "items": [
                    manual,
                    {
                        "key": "status",
                        "operator": "IS_NONE_OF",
                        "value": ["COMPLETED", "FAILED", "SKIPPED"],
                        "data_type": "string",
                    },
                    {
                        "key": "execution_status",
                        "operator": "IS_NONE_OF",
                        "value": ["CLOSED", "DONE"],
                        "data_type": "string",
                    },
                    {"key": "owner", "operator": "IS_ONE_OF", "value": ["1", "2"], "data_type": "string"},
                ],
                "combination": "AND",
            },
            "sorting": {"field": "created_at", "direction": "desc"},
            "from": 0,
            "size": 100,
        },
        {
            "filters": {"items": [manual, {"key": "owner", "operator": "EMPTY"}], "combination": "AND"},
            "sorting": {"field": "created_at", "direction": "desc"},
            "from": 10,
            "size": 5,
        },
    ]


@pytest.mark.parametrize(
    ("assignee", "people"),
    [(["1", "2"], ["1", "2"]), ("1", ["1"]), (7, ["7"]), (None, []), ("", []), ([{"variable": "v"}], [])],
)
async def test_a_kanban_row_may_name_people_in_any_way(scripted: Scripted, assignee: object, people: list[str]) -> None:
    """One or several users: the vendor's example has a text."""
    connector = scripted(answering({"results": [{**KANBAN_ROW, "assignee": assignee}], "hits": 1}))
    task = (await connector.list_tasks(TaskQuery(), limit=5)).items[0]

    assert [user.native_id for user in task.assignees] == people


async def test_kanban_columns_have_the_configured_names(scripted: Scripted) -> None:
    """A status may be in lower case."""
    row = {"task": "t1", "flow": "e1", "state": "in_progress", "title": "Call", "unknown": {"deep": [1]}}
    columns = {"id": "task", "execution_id": "flow", "status": "state", "name": "title"}
    connector = scripted(answering({"results": [row], "hits": 1}), kanban_columns=columns)
    task = (await connector.list_tasks(TaskQuery(), limit=5)).items[0]

    assert (task.native_id, task.state, task.title) == ("v2/e1/t1", TaskState.IN_PROGRESS, "Call")


@pytest.mark.parametrize(
    "row",
    [{}, {"id": "t1"}],
)
async def test_rows_without_the_configured_columns_are_malformed(scripted: Scripted, row: object) -> None:
    """Not one row has the column of an id: the configuration names another one."""
    with pytest.raises(MalformedResponseError, match="kanban_columns"):
        await scripted(answering({"results": [row], "hits": 1})).list_tasks(TaskQuery(), limit=5)


async def test_a_row_of_a_current_task_is_ready(scripted: Scripted) -> None:
    """If the row has the column `is_current`."""
    rows = [{**KANBAN_ROW, "id": str(current), "is_current": current} for current in (True, False)]
    page = await scripted(answering({"results": rows, "hits": 2})).list_tasks(TaskQuery(), limit=5)

    assert [task.state for task in page.items] == [TaskState.RESERVED, TaskState.CREATED]


@pytest.mark.parametrize("cursor", ["-1", "x", "1:0", "٣", "1" * 10, ""])
@pytest.mark.parametrize("list_by", ListBy)
async def test_another_lists_cursor_is_refused(scripted: Scripted, list_by: ListBy, cursor: str) -> None:
    """Before any call."""
    connector = scripted(
        answering({"results": []}), list_by=list_by, entities=[{"entity_schema": "s", "entity_id": "i"}]
    )

    with pytest.raises(ValidationFailedError):
        await connector.list_tasks(TaskQuery(), limit=5, after=cursor)


async def test_tasks_of_entities_come_once(organisation: Any) -> None:
    """All tasks of the flows of the configured entities. A flow with two of them is listed with the first."""
    every = await everything(organisation.connector)
    subjects = list(dict.fromkeys((s.type, s.native_id) for task in every for s in task.subjects or ()))
    entities = [{"entity_schema": type_, "entity_id": native_id} for type_, native_id in subjects]
    connector = organisation.open(list_by="entities", entities=entities)
    small = [task.native_id for task in await drain(connector, TaskQuery(), 3)]

    assert sorted(small) == sorted(task.native_id for task in every)
    assert {task.native_id: task.version for task in await everything(connector)} == {
        task.native_id: task.version for task in every
    }


async def test_without_entities_nothing_is_listed(organisation: Any) -> None:
    """There are no tasks. Listing flows is an error."""
    connector = organisation.open(list_by="entities")

    assert (await connector.list_tasks(TaskQuery(), limit=5)).items == ()
    with pytest.raises(UnsupportedActionError):
        await connector.list_flows(FlowQuery(), limit=5)
    assert organisation.asked == []


async def test_entities_are_searched_in_v1_too(organisation: Any) -> None:
    """By the parameters `context` and `schema`."""
    old = await everything(organisation.open(list_by="executions_v1"))
    subject = old[0].subjects[0]
    entity = {"entity_schema": subject.type, "entity_id": subject.native_id}
    connector = organisation.open(list_by="entities", generation="v1", entities=[entity])
    found = await everything(connector)

    assert {task.native_id for task in found} == {task.native_id for task in old if subject in task.subjects}


# The list of workflows


async def test_workflows_are_listed_at_once_and_read_for_their_states(organisation: Any) -> None:
    """One call for the list, one for each workflow. Flows cost one call: the list has all that they need."""
    connector = organisation.open(list_by="executions_v1")
    organisation.forget()
    tasks = await everything(connector)
    flow_ids = {task.flow_id.removeprefix("v1/") for task in tasks}

    assert organisation.asked[0] == "GET /v1/workflows/executions"
    assert set(organisation.asked[1:]) == {f"GET /v1/workflows/executions/{flow}" for flow in flow_ids}
    assert len(organisation.asked) == 1 + len(flow_ids)
    assert {Generation.V1} == {task_id(task.native_id).flow.generation for task in tasks}
    assert {TaskState.RESERVED, TaskState.COMPLETED} <= {task.state for task in tasks}

    flows = await connector.list_flows(FlowQuery(), limit=1000)

    assert {flow.native_id for flow in flows.items} == {task.flow_id for task in tasks}


async def test_tasks_of_workflows_are_as_they_are_by_id(organisation: Any) -> None:
    """States and owners. The vendor's list says neither."""
    connector = organisation.open(list_by="executions_v1")
    page = await connector.list_tasks(TaskQuery(), limit=1000)
    by_id = await connector.get_tasks([task.native_id for task in page.items])

    assert [(task.state, task.assignees) for task in page.items] == [
        (by_id[task.native_id].state, by_id[task.native_id].assignees) for task in page.items
    ]
    assert {TaskState.COMPLETED, TaskState.RESERVED} <= {task.state for task in page.items}
    assert {task.state for task in page.items if task.assignees} == {TaskState.COMPLETED, TaskState.RESERVED}
    assert (page.truncated, page.total_accuracy) == (False, CountAccuracy.EXACT)


async def test_only_running_workflows_are_read_for_open_tasks(organisation: Any) -> None:
    """A task of a workflow that has ended is not open, whatever its status is."""
    connector = organisation.open(list_by="executions_v1")
    every = await everything(connector)
    flows = (await connector.list_flows(FlowQuery(), limit=1000)).items
    query = connector.pushdown(TaskQuery(states=OPEN_STATES))
    organisation.forget()
    found = await everything(connector, query)

    opened = {task.native_id: task.flow_id for task in every if task.state in OPEN_STATES}
    assert opened.keys() == {task.native_id for task in found if task.state in OPEN_STATES}
    running = {flow.native_id.removeprefix("v1/") for flow in flows if flow.state is FlowState.ACTIVE}
    assert set(organisation.asked[1:]) == {f"GET /v1/workflows/executions/{each}" for each in running}
    assert len(running) < len(flows)


@pytest.mark.parametrize(
    "options", [{"list_by": "executions_v1"}, {"list_by": "entities", "generation": "v1"}], ids=["all", "entities"]
)
async def test_what_is_not_known_of_a_workflow_is_unknown(
    organisation: Any, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    """With more workflows than are read one by one: the states of the others, and the number of tasks of a person."""
    known = await everything(organisation.open(list_by="executions_v1"))
    subject = known[0].subjects[0]
    if options["list_by"] == "entities":
        options = {**options, "entities": [{"entity_schema": subject.type, "entity_id": subject.native_id}]}
    monkeypatch.setattr("connectors.epilot.search.MOST_IN_FULL", 0)
    connector = organisation.open(**options)
    page = await connector.list_tasks(TaskQuery(), limit=1000)

    assert {(TaskState.UNKNOWN, ())} == {(task.state, task.assignees) for task in page.items}
    assert page.truncated
    assert page.total_accuracy is not CountAccuracy.EXACT


async def test_a_workflow_that_cannot_be_read_hides_no_other(organisation: Any) -> None:
    """Its tasks are UNKNOWN, and the list says that it is not complete."""
    connector = organisation.open(list_by="executions_v1")
    every = await everything(connector)
    broken = every[0].flow_id
    await organisation.control(
        "POST",
        "faults",
        {
            "method": "GET",
            "path": f"/v1/workflows/executions/{broken.removeprefix('v1/')}",
            "kind": "status",
            "status": 400,
            "times": 9,
        },
    )
    page = await connector.list_tasks(TaskQuery(), limit=1000)

    assert {broken} == {task.flow_id for task in page.items if task.state is TaskState.UNKNOWN}
    assert {task.native_id for task in every} == {task.native_id for task in page.items}
    assert page.truncated


async def test_rows_that_are_counted_and_not_given_are_told(organisation: Any) -> None:
    """The overview and the kanban API count the rows of all pages: here more than they give."""
    for list_by, path in (
        ("overview", "/v2/query/domain/workflows:execute"),
        ("kanban", "/v1/kanban/query/flows:execute"),
    ):
        connector = organisation.open(list_by=list_by)
        page = await connector.list_tasks(TaskQuery(), limit=5)
        for hits, total in ((400, 400), ("400", 400), (-1, None), (None, None)):
            # The list steps back before it believes an empty page.
            body = msgspec.json.encode({"results": [], "hits": hits}).decode()
            await organisation.control(
                "POST",
                "faults",
                {"method": "POST", "path": path, "kind": "status", "status": 200, "body": body, "times": 3},
            )
            rest = await connector.list_tasks(TaskQuery(), limit=5, after=page.next_cursor)

            assert (rest.items, rest.next_cursor, rest.truncated) == ((), None, True)
            assert rest.total == total


# All lists


async def test_tasks_of_a_flow_are_read_from_it(organisation: Any) -> None:
    """With any list. One call for each flow, if there are at most ten."""
    connector = organisation.connector
    every = await everything(connector)
    flows = sorted({task.flow_id for task in every})
    organisation.forget()
    found = await everything(connector, TaskQuery(flows=frozenset(flows[:2]), states=OPEN_STATES))

    assert organisation.asked == [f"GET /v2/flows/executions/{flow.removeprefix('v2/')}" for flow in flows[:2]]
    assert {task.native_id for task in found} == {task.native_id for task in every if task.flow_id in flows[:2]}
    assert connector.pushdown(TaskQuery(flows=frozenset(map(str, range(11))))).flows is None


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(candidate_users=frozenset({"1"}), states=OPEN_STATES),
        TaskQuery(candidate_groups=frozenset({"g"})),
        TaskQuery(has_candidates=True),
    ],
)
async def test_candidates_cost_no_call(organisation: Any, query: TaskQuery) -> None:
    """Tasks have no candidates."""
    assert await everything(organisation.connector, query) == []
    assert organisation.asked == []


async def test_a_flow_that_cannot_be_read_fails_its_list(organisation: Any) -> None:
    """An unknown flow has no tasks."""
    connector = organisation.connector
    page = await connector.list_tasks(TaskQuery(flows=frozenset({"v2/none", "no id"})), limit=5)

    assert page.items == ()

    organisation.transport = httpx2.MockTransport(lambda _: httpx2.Response(500, stream=httpx2.ByteStream(b"")))
    with pytest.raises(ConnectorError):
        await connector.list_tasks(TaskQuery(flows=frozenset({"v2/none"})), limit=5)


@pytest.mark.parametrize("list_by", ListBy)
def test_every_list_says_what_it_may_leave_out(scripted: Scripted, list_by: ListBy) -> None:
    """`list_note` is text for people."""
    assert len(scripted(answering({}), list_by=list_by).info.list_note) > 20


@pytest.mark.parametrize("list_by", ["overview", "kanban"])
@pytest.mark.parametrize("total", [True, False])
async def test_a_task_that_ends_between_two_pages_hides_no_other(scripted: Scripted, list_by: str, total: bool) -> None:
    """The overview counts pages, so that a page may begin before the last row of the page before."""
    held = list(range(330))
    asked: list[int] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        size = body.get("page_size") or body["size"]
        start = body["from"] if "from" in body else (body["page_number"] - 1) * size
        asked.append(size)
        rows = [
            (ROW if list_by == "overview" else KANBAN_ROW) | {"id": f"t{each}"} for each in held[start : start + size]
        ]
        hits = len(held) if total else None
        if len(asked) in {1, 3}:
            del held[0]
        return httpx2.Response(200, json={"results": rows, "hits": hits})

    connector = scripted(answer, list_by=list_by)
    found: set[str] = set()
    after: str | None = None
    while True:
        page = await connector.list_tasks(TaskQuery(), limit=100, after=after)
        assert len(page.items) <= 100
        assert not page.truncated
        found |= {task.native_id for task in page.items}
        after = page.next_cursor
        if after is None:
            break

    assert {f"v2/exec%201/t{each}" if list_by == "overview" else f"v2/e1/t{each}" for each in range(330)} <= found
    assert len(asked) <= 10
    assert max(asked) <= 100


@pytest.mark.slow
def test_a_numbered_page_has_the_row_that_is_asked_for() -> None:
    """And at least one behind it where more than one is wanted."""
    for offset in range(2000):
        for size in (1, 2, 3, 51, 100):
            number, page_size = numbered_page(offset, size)
            begin = number * page_size

            assert page_size <= 100
            assert begin <= offset < begin + page_size
            assert size == 1 or offset + 1 < begin + page_size
