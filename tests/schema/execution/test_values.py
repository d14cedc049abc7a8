"""The values of arguments are bounded before anything runs, in variables as in the document."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from schema.api import build_schema
from schema.core.limits import DocumentLimits
from schema.core.relay import global_id
from schema.execution import Execution, RequestError

LIMITS = DocumentLimits()
TASKS = "query ($f: TaskFilter) { tasks(filter: $f, first: 1) { totalCount } }"
TASK = global_id("Task", "camunda", "1")


@pytest.fixture(scope="module")
def execution() -> Execution:
    return Execution(build_schema(), LIMITS)


def refusal(execution: Execution, query: str, variables: dict[str, Any] | None = None) -> str | None:
    """Why the request is refused, None if it would run. Only TOO_COSTLY is expected."""
    try:
        execution.read(query, None, variables)
    except RequestError as error:
        (told,) = error.answer.errors
        assert told["extensions"]["code"] == "TOO_COSTLY"
        return str(told["message"])
    return None


def tree(depth: int) -> dict[str, Any]:
    return {"isOpen": True} if depth == 0 else {"or": [tree(depth - 1), {"and": [tree(depth - 1)]}]}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


HOSTILE: dict[str, tuple[Any, str]] = {
    "text": ({"text": "a" * 501}, "$f.text has 501 characters; at most 500"),
    "title": ({"title": {"contains": "a" * 200_000}}, "$f.title.contains has 200000 characters"),
    "subject": ({"subject": {"label": "a" * 501}}, "$f.subject.label has 501"),
    "id": ({"id": {"eq": "a" * 200_000}}, "$f.id.eq has 200000 characters"),
    "ids": ({"id": {"in": ["x"] * 4_000}}, "$f.id.in has 4000 entries; at most 500"),
    "texts": ({"or": [{"text": f"q{n}"} for n in range(8_000)]}, "$f.or has 8000 entries"),
    "conditions": ({"or": [{"text": f"q{n}"} for n in range(101)]}, "$f.or has more than 90 conditions"),
    "empty filters": ({"or": [{}] * 101}, "$f.or has more than 90 conditions"),
    "several lists": ({"title": {"in": ["x"] * 500}, "tag": {"in": ["x"] * 500}, "definitionKey": {"in": ["x"] * 500}, "businessKey": {"in": ["x"] * 500}, "and": [{"title": {"in": ["x"] * 500}}, {"tag": {"in": ["x"] * 500}}]}, "has more than 90 conditions"),
    "a tree": (tree(11), "$f.or"),
    "depth": (json.loads('{"not":' * 20 + "{}" + "}" * 20), "is nested more than 16 levels deep"),
    "unknown members": ({f"m{n}": 1 for n in range(1_000)}, "$f has more members than a TaskFilter can have"),
    "another type": ({"text": [0] * 20_000}, "$f.text has more than 10000 values"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_filter_beyond_a_bound_is_refused_by_name(execution: Execution, name: str) -> None:
    wanted, told = HOSTILE[name]

    assert told in (refusal(execution, TASKS, {"f": wanted}) or "")


@pytest.mark.parametrize(
    "wanted",
    [
        {"text": "a" * 500},
        {"or": [{"text": f"q{n}"} for n in range(50)]},
        {"id": {"in": [TASK] * 500}},
        tree(3),
        {"state": {"in": ["READY"]}, "dueAt": {"lt": "2026-06-15T09:00:00Z"}, "not": {"tag": {"eq": "urgent"}}},
        None,
    ],
)
def test_an_ordinary_filter_is_served(execution: Execution, wanted: Any) -> None:
    """In a variable, and the same as the default of one."""
    assert refusal(execution, TASKS, {"f": wanted}) is None


def test_literals_have_the_same_bounds(execution: Execution) -> None:
    """Also where a variable stands in a literal, over and over."""
    long = refusal(execution, '{ tasks(filter: {text: "' + "a" * 501 + '"}) { totalCount } }')
    many = refusal(execution, "{ tasks(filter: {or: [" + '{text: "q"} ' * 101 + "]}) { totalCount } }")
    again = refusal(
        execution,
        "query ($f: TaskFilter!) { tasks(filter: {or: [" + "$f " * 11 + "]}) { totalCount } }",
        {"f": {"or": [{"text": f"q{n}"} for n in range(10)]}},
    )

    assert long == "filter.text has 501 characters; at most 500 are served."
    assert many == "filter.or has more than 90 conditions."
    assert again == "filter.or has more than 90 conditions."


def test_every_list_of_an_operation_counts(execution: Execution) -> None:
    """Beside each other, in fragments, and for each row that it stands below."""

    def lists(count: int) -> str | None:
        return refusal(execution, "{" + " ".join(f"a{n}: tasks(first: 1) {{ totalCount }}" for n in range(count)) + "}")

    below = "{ tasks(first: 20) { nodes { assignee { tasks(first: 1) { totalCount } } } } }"
    fragment = "{ a: viewer { ...V } b: viewer { ...V } } fragment V on Viewer { " + " ".join(
        f"a{n}: inbox(first: 1) {{ totalCount }}" for n in range(8)
    )

    assert lists(10) is None
    assert "99 conditions in all its lists; at most 90" in (lists(11) or "")
    assert "189 conditions" in (refusal(execution, below) or "")
    assert "144 conditions" in (refusal(execution, fragment + " }") or "")


def test_every_sort_key_counts(execution: Execution) -> None:
    """Lists are sorted by all of their keys."""

    def lists(count: int) -> str | None:
        return refusal(
            execution,
            "{"
            + " ".join(
                f"a{n}: tasks(orderBy: [{{field: TITLE}}, {{field: STATE}}], first: 1) {{ totalCount }}"
                for n in range(count)
            )
            + "}",
        )

    assert lists(6) is None
    assert "91 conditions in all its lists; at most 90" in (lists(7) or "")


def test_every_dimension_of_counts_counts(execution: Execution) -> None:
    """In the document and in a variable."""

    def counts(count: int) -> str | None:
        stats = " ".join(
            f"a{n}: taskStats(groupBy: [STATE, ASSIGNEE, TAG, DEFINITION]) {{ total }}" for n in range(count)
        )
        return refusal(execution, f"{{ {stats} }}")

    query = "query ($g: [TaskDimension!]!) { a: taskStats(groupBy: $g) { total } b: taskStats(groupBy: $g) { total } }"
    many = {
        "g": ["STATE", "ASSIGNEE", "TAG", "DEFINITION", "KIND", "PRIORITY", "VENDOR", "SOURCE", "OVERDUE", "DUE_DAY"]
    }

    assert counts(3) is None
    assert "100 conditions in all its lists; at most 90" in (counts(4) or "")
    assert "98 conditions" in (refusal(execution, query, many) or "")


MUTATION = "mutation ($i: {}!) {{ {}(input: $i) {{ status }} }}"


@pytest.mark.parametrize(
    ("query", "variables", "told"),
    [
        ("query ($s: String) { users(search: $s) { totalCount } }", {"s": "a " * 300}, "search has 600 characters"),
        ("query ($s: String) { groups(search: $s) { totalCount } }", {"s": "a" * 501}, "search has 501 characters"),
        ("query ($o: [TaskOrder!]) { tasks(orderBy: $o) { totalCount } }", {"o": [{"field": "TITLE"}] * 501}, "$o has 501 entries"),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 501}, "$ids has 501 entries"),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x" * 2_001]}, "$ids has 2001 characters"),
        ("query ($g: [TaskDimension!]!) { taskStats(groupBy: $g) { total } }", {"g": ["STATE"] * 501}, "$g has 501 entries"),
        (MUTATION.format("AddTaskCommentInput", "addTaskComment"), {"i": {"taskId": TASK, "text": "a" * 65_537}}, "$i.text has 65537"),
        (MUTATION.format("SaveTaskDraftInput", "saveTaskDraft"), {"i": {"taskId": TASK, "data": [0] * 10_001}}, "$i.data has more than 10000 values"),
        (MUTATION.format("SaveTaskDraftInput", "saveTaskDraft"), {"i": {"taskId": TASK, "data": nested(33)}}, "$i.data is nested more than 32 levels"),
        (MUTATION.format("SaveTaskDraftInput", "saveTaskDraft"), {"i": {"taskId": TASK, "data": 10**1_001}}, "$i.data has a number with more than 1000 digits"),
        ("mutation ($i: BulkTaskActionInput!) { bulkTaskAction(input: $i) { results { status } } }", {"i": {"taskIds": ["x"] * 501}}, "$i.taskIds has 501 entries"),
    ],
)  # fmt: skip
def test_other_values_are_bounded_too(execution: Execution, query: str, variables: dict[str, Any], told: str) -> None:
    assert told in (refusal(execution, query, variables) or "")


@pytest.mark.parametrize("number", ["9" * 1_001, "1." + "9" * 1_001])
def test_a_number_of_the_document_has_as_many_digits(execution: Execution, number: str) -> None:
    query = "mutation { saveTaskDraft(input: {taskId: 1, data: {a: NUMBER}}) { status } }".replace("NUMBER", number)

    assert refusal(execution, query) == "input.data.a has a number with more than 1000 digits."


def test_the_walk_ends_at_the_first_excess(execution: Execution) -> None:
    """Thirty uses of a large variable, in ten fragments, are not counted one by one."""
    visited: list[int] = []

    class Counted(list[Any]):
        def __iter__(self) -> Any:
            for each in super().__iter__():
                visited.append(1)
                yield each

    wanted = {"or": Counted([{"text": f"q{n}"} for n in range(500)])}
    query = "query ($f: TaskFilter) {" + " ".join(f"a{n}: tasks(filter: $f) {{ totalCount }}" for n in range(30)) + "}"

    assert refusal(execution, query, {"f": wanted}) is not None
    assert len(visited) <= 500


RANGES: dict[str, Callable[[str], str]] = {
    "a filter": lambda time: f'{{ tasks(filter: {{dueAt: {{gte: "{time}"}}}}) {{ totalCount }} }}',
    "an update": lambda time: f'mutation {{ updateTask(input: {{taskId: 1, dueAt: "{time}"}}) {{ status }} }}',
}


@pytest.mark.parametrize("what", RANGES)
@pytest.mark.parametrize(
    "time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+23:59"]
)
def test_a_time_beyond_the_calendar_is_the_clients_fault(execution: Execution, what: str, time: str) -> None:
    with pytest.raises(RequestError) as raised:
        execution.read(RANGES[what](time))

    (told,) = raised.value.answer.errors
    assert told["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "years 1 to 9999" in told["message"]


def test_fields_of_an_answer_count_for_each_row(execution: Execution) -> None:
    """A list of a row counts once, however long it is: its length is the source's."""

    def wide(aliases: int) -> str | None:
        groups = " ".join(f"a{n}: candidateGroups {{ name source {{ key name }} }}" for n in range(aliases))
        return refusal(execution, f"{{ tasks(first: 100) {{ nodes {{ {groups} }} }} }}")

    assert wide(8) is None
    assert "may answer with 14601 fields; at most 5000 are served" in (wide(29) or "")
