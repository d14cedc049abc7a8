"""Cursors and counts of the vendor's searches."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.paging import batches
from connectors.sdk.model import CountAccuracy
from connectors.sdk.query import FlowQuery, Page, TaskQuery

Answering = Callable[..., CamundaConnector]


def page_of(*rows: Any, **page: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"items": rows, "page": page})


@pytest.mark.parametrize(
    ("page", "after", "expected", "truncated"),
    [
        ({"totalItems": 9, "endCursor": "b"}, "2:a", "4:b", False),
        # A cursor that leads nowhere, or none although there are more rows.
        ({"totalItems": 9, "endCursor": "a"}, "2:a", None, True),
        ({"totalItems": 9, "endCursor": None}, "2:a", None, True),
        ({"totalItems": 9}, None, None, True),
        ({"totalItems": 9, "endCursor": ""}, None, None, True),
        ({"totalItems": 4, "endCursor": None}, "2:a", None, False),
        ({"totalItems": 2}, None, None, False),
    ],
)
async def test_a_page_without_a_new_cursor_is_the_last(
    page: dict[str, Any], after: str | None, expected: str | None, truncated: bool, answering: Answering
) -> None:
    """Null, absent (8.8) and unchanged cursors end a list instead of repeating it. Missing rows are told."""
    connector = answering(lambda _: page_of({"userTaskKey": "1"}, {"userTaskKey": "2"}, **page))

    answer = await connector.list_tasks(TaskQuery(), limit=2, after=after)

    assert (expected, truncated) == (answer.next_cursor, answer.truncated)


class Capped:
    """A server that gives at most `most` rows of every search, whatever `limit` says, with its count and cursors."""

    def __init__(self, held: int, most: int) -> None:
        self.held, self.most = held, most
        self.asked = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        page = msgspec.json.decode(request.content)["page"]
        start = int(page.get("after", "0"))
        end = min(start + min(self.most, page["limit"]), self.held)
        rows = [
            {"userTaskKey": key, "processInstanceKey": key, "username": key, "groupId": key}
            for key in (str(number + 1) for number in range(start, end))
        ]
        cursor = {"endCursor": str(end)} if rows else {}
        return page_of(*rows, totalItems=self.held, hasMoreTotalItems=False, **cursor)


READS: dict[str, Callable[[CamundaConnector, int, str | None], Awaitable[Page[Any]]]] = {
    "tasks": lambda connector, limit, after: connector.list_tasks(TaskQuery(), limit=limit, after=after),
    "flows": lambda connector, limit, after: connector.list_flows(FlowQuery(), limit=limit, after=after),
    "users": lambda connector, limit, after: connector.list_users(limit=limit, after=after),
    "groups": lambda connector, limit, after: connector.list_groups(limit=limit, after=after),
}


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize(
    ("held", "most", "calls"),
    # A server that fills its pages costs no call more than there are pages; a capped one an empty page.
    [(90, 100, 1), (250, 100, 3), (200, 100, 3), (0, 100, 1), (350, 20, 19)],
)
async def test_a_short_page_is_not_the_end(what: str, held: int, most: int, calls: int, answering: Answering) -> None:
    """forms/c8-short-page.json: all rows over the pages."""
    server = Capped(held, most)
    connector = answering(server)
    found: list[str] = []
    after: str | None = None
    while True:
        page = await READS[what](connector, 100, after)
        found += [row.native_id for row in page.items]
        assert (held, CountAccuracy.EXACT, False) == (page.total, page.total_accuracy, page.truncated)
        after = page.next_cursor
        if after is None:
            break

    assert [str(number + 1) for number in range(held)] == found
    assert calls == server.asked


async def test_records_by_id_are_read_over_short_pages(answering: Answering) -> None:
    """Flows, users and groups: an id whose row is on a second page is not unknown."""
    ids = [str(number + 1) for number in range(90)]
    found = [
        await answering(Capped(90, 20)).get_flows(ids),
        await answering(Capped(90, 20)).get_users(ids),
        await answering(Capped(90, 20)).get_groups(ids),
    ]

    assert [set(ids)] * 3 == [set(each) for each in found]


async def test_the_same_page_again_ends_the_list_truncated(answering: Answering) -> None:
    """A server that ignores the cursor gives the same cursor again."""
    rows = [{"userTaskKey": str(number + 1)} for number in range(20)]
    connector = answering(lambda _: page_of(*rows, totalItems=350, hasMoreTotalItems=False, endCursor="b"))
    first = await connector.list_tasks(TaskQuery(), limit=100)
    second = await connector.list_tasks(TaskQuery(), limit=100, after=first.next_cursor)

    assert (CountAccuracy.EXACT, False) == (first.total_accuracy, first.truncated)
    assert (None, True) == (second.next_cursor, second.truncated)
    assert (350, CountAccuracy.LOWER_BOUND) == (second.total, second.total_accuracy)


@pytest.mark.parametrize(
    ("page", "total", "accuracy"),
    [
        ({"totalItems": 3, "hasMoreTotalItems": False}, 3, CountAccuracy.EXACT),
        ({"totalItems": 10_000, "hasMoreTotalItems": True}, 10_000, CountAccuracy.LOWER_BOUND),
        ({"totalItems": 10_000, "hasMoreTotalItems": False}, 10_000, CountAccuracy.EXACT),
        ({"totalItems": 10_000}, 10_000, CountAccuracy.LOWER_BOUND),
        ({"totalItems": 3}, 3, CountAccuracy.EXACT),
        ({"totalItems": "3"}, 3, CountAccuracy.EXACT),
        ({"totalItems": -1}, None, CountAccuracy.UNKNOWN),
        ({"totalItems": "many"}, None, CountAccuracy.UNKNOWN),
        ({}, None, CountAccuracy.UNKNOWN),
    ],
)
async def test_a_capped_count_is_a_lower_bound(
    page: dict[str, Any], total: int | None, accuracy: CountAccuracy, answering: Answering
) -> None:
    """`hasMoreTotalItems` is about the count; server 8.8 leaves it out."""
    rows = [{"userTaskKey": str(number + 1)} for number in range(3)]
    answer = await answering(lambda _: page_of(*rows, **page)).list_tasks(TaskQuery(), limit=3, after="9997:a")

    assert (total, accuracy, None) == (answer.total, answer.total_accuracy, answer.next_cursor)


def test_ids_are_asked_for_in_batches_of_a_hundred() -> None:
    """Each id once, in the order of the first."""
    assert [["b", "a"]] == batches(["b", "a", "b"])
    assert [100, 50] == [len(batch) for batch in batches(str(number % 150) for number in range(300))]


@pytest.mark.parametrize("what", READS)
async def test_a_scan_asks_for_a_thousand_rows_at_once(what: str, answering: Answering) -> None:
    """Tasks, flows, users and groups; never for more."""
    asked: list[int] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(msgspec.json.decode(request.content)["page"]["limit"])
        return page_of(totalItems=0)

    connector = answering(answer)
    for limit in (101, 1000, 10_000):
        await READS[what](connector, limit, None)

    assert [101, 1000, 1000] == asked
