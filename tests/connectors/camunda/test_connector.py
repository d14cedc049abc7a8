"""Lists of tasks, tasks by id, and pings."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.camunda import CONNECTOR, CamundaConnector
from connectors.sdk.errors import ForbiddenError, UnavailableError
from connectors.sdk.model import OPEN_STATES, CountAccuracy, Task
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
    """By the name of its folder; there is no list of vendors."""
    assert connector_types()["camunda"] is CONNECTOR is CamundaConnector


@pytest.mark.parametrize("limit", [7, 50, 100])
async def test_all_pages_together_have_each_task_once(
    connector: CamundaConnector, stand_in: CamundaStandIn, drain: Drain, limit: int
) -> None:
    """Also if the last page is exactly full (250 tasks by 50)."""
    tasks = await drain(connector, TaskQuery(), limit)

    assert sorted(row.user_task_key for row in stand_in.store.tasks.rows) == sorted(task.native_id for task in tasks)


async def test_a_list_has_the_requested_order(connector: CamundaConnector, drain: Drain) -> None:
    """Priority descending, due date ascending, creation date ascending."""
    order = (SortKey(TaskOrderField.PRIORITY, SortDirection.DESC), SortKey(TaskOrderField.DUE_AT))
    query = TaskQuery(states=OPEN_STATES, present=frozenset({TaskOrderField.DUE_AT}), order=order)

    tasks = await drain(connector, query)

    assert tasks
    assert tasks == sorted(tasks, key=lambda task: (-(task.priority_score or 0), task.due_at, task.created_at))


async def test_the_total_is_that_of_the_query(connector: CamundaConnector) -> None:
    """Not the number of rows in the page."""
    page = await connector.list_tasks(TaskQuery(), limit=5)

    assert (len(page.items), page.total, page.total_accuracy) == (5, 250, CountAccuracy.EXACT)


async def test_a_query_that_matches_nothing_needs_no_call(answering: Answering) -> None:
    """The page is empty and its total exact."""
    asked: list[httpx2.Request] = []
    connector = answering(noting(asked, page_of()))

    page = await connector.list_tasks(TaskQuery(assignees=frozenset()), limit=10)

    assert (list(page.items), page.total, asked) == ([], 0, [])


async def test_tasks_by_id_are_found_absent_or_an_error(answering: Answering) -> None:
    """Unknown ids are absent, texts that are no keys need no call, and a failed read is its error."""
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


async def test_without_ids_there_is_no_call(answering: Answering) -> None:
    """For users, groups, tasks and flows."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    connector = answering(refuse)

    assert [
        await connector.get_users([]),
        await connector.get_groups([]),
        await connector.get_tasks([]),
        await connector.get_flows([]),
    ] == [{}, {}, {}, {}]


async def test_a_ping_fails_without_a_healthy_partition(answering: Answering) -> None:
    """The topology can still be read; the status tells."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(503) if request.url.path.endswith("/status") else httpx2.Response(200, json={})

    with pytest.raises(UnavailableError):
        await answering(answer).ping()
