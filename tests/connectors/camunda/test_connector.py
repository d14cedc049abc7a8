from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CONNECTOR, CamundaConnector
from connectors.sdk.errors import ForbiddenError, MalformedResponseError, UnavailableError
from connectors.sdk.model import OPEN_STATES, CountAccuracy, DetailAspect, OutcomeNature, Requirement, Task, TaskOutcome
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField, TaskQuery
from connectors.sdk.registry import connector_types
from sandbox.camunda.stand_in import CamundaStandIn

Answering = Callable[..., CamundaConnector]
Drain = Callable[..., Any]


def noting(asked: list[httpx2.Request], response: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return response

    return answer


def page_of(*rows: Any, **page: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"items": rows, "page": page})


def test_the_vendor_is_registered() -> None:
    """Under its own name, by its folder alone."""
    assert connector_types()["camunda"] is CONNECTOR is CamundaConnector


@pytest.mark.parametrize("limit", [7, 50, 100])
async def test_pages_joined_give_every_task_once(
    connector: CamundaConnector, stand_in: CamundaStandIn, drain: Drain, limit: int
) -> None:
    """Also where the last page is exactly full (250 tasks by 50)."""
    tasks = await drain(connector, TaskQuery(), limit)

    assert sorted(row.user_task_key for row in stand_in.store.tasks.rows) == sorted(task.native_id for task in tasks)


async def test_a_list_comes_in_the_order_asked_for(connector: CamundaConnector, drain: Drain) -> None:
    """Priority down, then due date up, then creation date up."""
    order = (SortKey(TaskOrderField.PRIORITY, SortDirection.DESC), SortKey(TaskOrderField.DUE_AT))
    query = TaskQuery(states=OPEN_STATES, present=frozenset({TaskOrderField.DUE_AT}), order=order)

    tasks = await drain(connector, query)

    assert tasks
    assert tasks == sorted(tasks, key=lambda task: (-(task.priority_score or 0), task.due_at, task.created_at))


async def test_a_list_counts_what_the_vendor_holds(connector: CamundaConnector) -> None:
    """The total is that of the query, not of the page."""
    page = await connector.list_tasks(TaskQuery(), limit=5)

    assert (len(page.items), page.total, page.total_accuracy) == (5, 250, CountAccuracy.EXACT)


async def test_a_query_that_matches_nothing_asks_nobody(answering: Answering) -> None:
    """An empty page without a call."""
    asked: list[httpx2.Request] = []
    connector = answering(noting(asked, page_of()))

    page = await connector.list_tasks(TaskQuery(assignees=frozenset()), limit=10)

    assert (list(page.items), page.total, asked) == ([], 0, [])


@pytest.mark.parametrize(
    ("page", "after", "expected"),
    [
        ({"totalItems": 9, "endCursor": "b"}, "a", "b"),
        ({"totalItems": 9, "endCursor": "a"}, "a", None),
        ({"totalItems": 9, "endCursor": None}, "a", None),
        ({"totalItems": 9}, None, None),
        ({"totalItems": 9, "endCursor": ""}, None, None),
    ],
)
async def test_a_page_without_a_new_cursor_is_the_last(
    page: dict[str, Any], after: str | None, expected: str | None, answering: Answering
) -> None:
    """Null, absent (8.8) and unchanged cursors end a list instead of repeating it."""
    connector = answering(lambda _: page_of({"userTaskKey": "1"}, {"userTaskKey": "2"}, **page))

    answer = await connector.list_tasks(TaskQuery(), limit=2, after=after)

    assert expected == answer.next_cursor


@pytest.mark.parametrize(
    ("page", "total", "accuracy"),
    [
        ({"totalItems": 3, "hasMoreTotalItems": False}, 3, CountAccuracy.EXACT),
        ({"totalItems": 10_000, "hasMoreTotalItems": True}, 10_000, CountAccuracy.LOWER_BOUND),
        ({"totalItems": 10_000, "hasMoreTotalItems": False}, 10_000, CountAccuracy.EXACT),
        ({"totalItems": 10_000}, 10_000, CountAccuracy.LOWER_BOUND),
        ({"totalItems": 3}, 3, CountAccuracy.EXACT),
        ({}, None, CountAccuracy.UNKNOWN),
    ],
)
async def test_a_capped_count_is_a_lower_bound(
    page: dict[str, Any], total: int | None, accuracy: CountAccuracy, answering: Answering
) -> None:
    """`hasMoreTotalItems` is about the count; 8.8 does not say it."""
    answer = await answering(lambda _: page_of(**page)).list_tasks(TaskQuery(), limit=2)

    assert (total, accuracy, None) == (answer.total, answer.total_accuracy, answer.next_cursor)


async def test_a_list_with_a_row_that_does_not_fit_names_the_member(answering: Answering) -> None:
    """A row is never dropped in silence."""
    connector = answering(lambda _: page_of({"userTaskKey": "1"}, {"userTaskKey": "2", "state": 4}))

    with pytest.raises(MalformedResponseError, match=r"\$\.state"):
        await connector.list_tasks(TaskQuery(), limit=2)


async def test_tasks_by_id_are_found_absent_or_an_error(answering: Answering) -> None:
    """Unknown ids are absent, foreign ones are not asked for, a refused one is its error."""
    answers = {
        "1": httpx2.Response(200, json={"userTaskKey": "1", "state": "CREATED"}),
        "2": httpx2.Response(404, json={"title": "NOT_FOUND", "detail": "User Task with key '2' not found"}),
        "3": httpx2.Response(403, json={"title": "FORBIDDEN", "detail": "Unauthorized"}),
        "4": httpx2.Response(503, json={"title": "UNAVAILABLE"}),
    }
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path.rpartition("/")[2])
        return answers[asked[-1]]

    found = await answering(answer).get_tasks(["1", "2", "3", "4", "1", "x/../1", "", "007"])

    assert sorted(asked) == ["1", "2", "3", "4"]
    assert {"1": Task, "3": ForbiddenError, "4": UnavailableError} == {key: type(each) for key, each in found.items()}


async def test_a_task_by_id_equals_its_row(connector: CamundaConnector) -> None:
    """Lists and single reads show the same record."""
    page = await connector.list_tasks(TaskQuery(states=OPEN_STATES), limit=10)

    found = await connector.get_tasks([task.native_id for task in page.items])

    assert {task.native_id: task.version for task in page.items} == {
        key: task.version for key, task in found.items() if isinstance(task, Task)
    }


async def test_data_are_read_whole_and_page_by_page(task: Task, answering: Answering) -> None:
    """Until a page is not full, with values that are not truncated."""
    asked: list[tuple[str, int]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        page = msgspec.json.decode(request.content)["page"]
        asked.append((request.url.params["truncateValues"], page["from"]))
        count = page["limit"] if page["from"] == 0 else 1
        return page_of(*({"name": f"v{page['from'] + number}", "value": "1"} for number in range(count)))

    detail = await answering(answer).get_detail(task, {DetailAspect.DATA})

    assert asked == [("false", 0), ("false", 1000)]
    assert isinstance(detail.data, dict)
    assert len(detail.data) == 1001


async def test_endless_data_are_an_error(task: Task, answering: Answering) -> None:
    """A vendor that never ends its pages is not followed."""
    full = [{"name": f"v{number}", "value": "1"} for number in range(1000)]

    with pytest.raises(MalformedResponseError, match="more than 10000 variables"):
        await answering(lambda _: page_of(*full)).get_detail(task, {DetailAspect.DATA})


async def test_data_of_the_stand_in_are_values(connector: CamundaConnector, drain: Drain) -> None:
    """No JSON in strings is left."""
    task = (await drain(connector, TaskQuery(states=OPEN_STATES)))[0]

    detail = await connector.get_detail(task, {DetailAspect.DATA})

    assert isinstance(detail.data, dict)
    assert detail.data
    assert not any(isinstance(value, str) and value.startswith('"') for value in detail.data.values())


async def test_outcomes_are_the_configured_ones_without_a_call(task: Task, answering: Answering) -> None:
    """Camunda has none of its own; nothing else is loaded."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    aspects = {DetailAspect.OUTCOMES, DetailAspect.DESCRIPTION, DetailAspect.PREVIOUS_STEPS}

    detail = await answering(refuse).get_detail(task, aspects)

    outcome = TaskOutcome(
        code="approve",
        label="Approve",
        nature=OutcomeNature.POSITIVE,
        data=Requirement.OPTIONAL,
        comment=Requirement.UNSUPPORTED,
    )
    assert ((outcome,), None, None, None) == (detail.outcomes, detail.form, detail.data, detail.previous_steps)


async def test_people_and_groups_are_found_by_id(connector: CamundaConnector) -> None:
    """Those that the directory does not know are absent."""
    users = await connector.get_users(["alice", "bob", "alice", "nobody"])
    groups = await connector.get_groups(["accounting", "nothing"])

    assert {key: user.name for key, user in users.items()} == {"alice": "Alice Moreno", "bob": "Bob Keller"}
    assert {key: (group.name, group.aliases) for key, group in groups.items()} == {
        "accounting": ("Accounting", ("Accounting",))
    }


async def test_a_directory_is_asked_once_per_hundred_ids(answering: Answering) -> None:
    """250 distinct names are three calls, none names more than 100."""
    asked: list[int] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(len(msgspec.json.decode(request.content)["filter"]["username"]["$in"]))
        return page_of()

    await answering(answer).get_users([f"u{number % 250}" for number in range(500)])

    assert asked == [100, 100, 50]


async def test_no_ids_are_no_call(answering: Answering) -> None:
    """Neither for people nor for groups, tasks or flows."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    connector = answering(refuse)

    assert [
        await connector.get_users([]),
        await connector.get_groups([]),
        await connector.get_tasks([]),
        await connector.get_flows([]),
    ] == [{}, {}, {}, {}]
