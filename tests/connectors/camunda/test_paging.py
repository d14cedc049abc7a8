"""Cursors and counts of the vendor's searches."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.paging import batches
from connectors.sdk.model import CountAccuracy
from connectors.sdk.query import TaskQuery

Answering = Callable[..., CamundaConnector]


def page_of(*rows: Any, **page: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"items": rows, "page": page})


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
    """`hasMoreTotalItems` is about the count; server 8.8 leaves it out."""
    answer = await answering(lambda _: page_of(**page)).list_tasks(TaskQuery(), limit=2)

    assert (total, accuracy, None) == (answer.total, answer.total_accuracy, answer.next_cursor)


def test_ids_are_asked_for_in_batches_of_a_hundred() -> None:
    """Each id once, in the order of the first."""
    assert [["b", "a"]] == batches(["b", "a", "b"])
    assert [100, 50] == [len(batch) for batch in batches(str(number % 150) for number in range(300))]
