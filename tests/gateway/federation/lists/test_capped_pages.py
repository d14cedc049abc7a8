"""Lists over vendors that cap their pages, or announce more than they give: forms/ui-capped-page.json, c8-short-page.json."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector, CamundaSettings
from connectors.sdk.connector import Connector
from connectors.sdk.model import CountAccuracy
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField
from connectors.sdk.testing import Reply
from connectors.uipath import UiPathConnector, UiPathSettings
from gateway.federation.service import FederatedSources
from schema.ports import InboxScope, StatsRequest, TaskListRequest
from tests.gateway.federation.memory_source import federation, person

HELD = 250
START = "2026-06-15T{:02}:{:02}:00.000Z"
NEWEST = (SortKey(TaskOrderField.CREATED_AT, SortDirection.DESC),)
CAROL = person("carol", "one", admin=True)


def shown(answer: object) -> httpx2.Response:
    return Reply(200, body=msgspec.json.encode(answer)).response()


class Server:
    """Gives at most `most` rows a page, and `given` rows in all; announces `HELD`."""

    def __init__(self, *, most: int, given: int = HELD) -> None:
        self.most, self.given = most, given

    def rows(self, start: int, limit: int) -> range:
        return range(start, min(start + min(limit, self.most), self.given))

    def uipath(self, request: httpx2.Request) -> httpx2.Response:
        params = request.url.params
        behind = int(params.get("$filter", "Id gt 0").rpartition("Id gt ")[2])
        start = max(int(params.get("$skip", 0)), behind)
        found = self.rows(start, int(params["$top"]))
        rows = [
            {
                "Id": number + 1,
                "OrganizationUnitId": 828,
                "Title": "Review",
                "Status": "Pending",
                "AssignedToUserId": 7,
                "CreationTime": START.format(23 - number // 60, 59 - number % 60),
            }
            for number in found
        ]
        answer: dict[str, Any] = {"@odata.count": HELD - behind, "value": rows}
        if found and found[-1] + 1 < self.given:
            answer["@odata.nextLink"] = "https://uipath.test/next"
        return shown(answer)

    def camunda(self, request: httpx2.Request) -> httpx2.Response:
        body = msgspec.json.decode(request.content)
        if body["filter"].get("assignee", {}).get("$exists") is False:
            return shown({"items": [], "page": {"totalItems": 0}})
        start = int(body["page"].get("after", 0))
        found = self.rows(start, body["page"]["limit"])
        rows = [
            {
                "userTaskKey": str(number + 1),
                "state": "CREATED",
                "assignee": "alice",
                "creationDate": START.format(23 - number // 60, 59 - number % 60),
            }
            for number in found
        ]
        page = {"totalItems": HELD, "hasMoreTotalItems": False, "endCursor": str(found[-1] + 1) if found else None}
        return shown({"items": rows, "page": page})


def uipath(server: Server) -> Connector[Any]:
    settings = UiPathSettings.model_validate(
        {
            "key": "one",
            "name": "One",
            "vendor": "uipath",
            "base_url": "https://uipath.test",
            "credentials": {"kind": "bearer", "token": "t"},
            "options": {"organization": "acme", "tenant": "main", "maestro": False},
        }
    )
    return UiPathConnector.open(settings, transport=httpx2.MockTransport(server.uipath))


def camunda(server: Server) -> Connector[Any]:
    settings = CamundaSettings.model_validate(
        {"key": "one", "name": "One", "vendor": "camunda", "base_url": "https://camunda.test"}
    )
    return CamundaConnector.open(settings, transport=httpx2.MockTransport(server.camunda))


Make = Callable[[Server], Connector[Any]]


async def pages(sources: FederatedSources) -> tuple[list[str], list[tuple[int | None, CountAccuracy, bool]]]:
    """Native ids over all pages of 100; total, accuracy and "something is missing" of each page."""
    found: list[str] = []
    told = []
    after: str | None = None
    for _ in range(10):
        page = await sources.list_tasks(
            CAROL,
            TaskListRequest(scope=InboxScope.ALL_VISIBLE, first=100, after=after, order=NEWEST, count=True),
        )
        found += [edge.task.native_id.rpartition("-")[2] for edge in page.edges]
        [report] = page.sources
        told.append((report.count, report.count_accuracy, report.truncated))
        after = page.edges[-1].cursor() if page.edges else None
        if not page.has_next_page:
            return found, told
    raise AssertionError("no end")


@pytest.mark.parametrize("make", [uipath, camunda])
async def test_all_rows_come_over_capped_pages(make: Make) -> None:
    """And the total is that of the vendor on each page, in lists and in statistics."""
    sources = federation(make(Server(most=40)), people=[CAROL])
    found, told = await pages(sources)
    stats = await sources.task_stats(CAROL, StatsRequest(group_by=()))

    assert [str(number + 1) for number in range(HELD)] == found
    assert {(HELD, CountAccuracy.EXACT, False)} == set(told)
    assert (HELD, CountAccuracy.EXACT) == (stats.total, stats.accuracy)


@pytest.mark.parametrize("make", [uipath, camunda])
async def test_rows_that_are_announced_and_not_given_are_told(make: Make) -> None:
    """A list that ends before its count is truncated and has no exact count; so are statistics."""
    sources = federation(make(Server(most=40, given=120)), people=[CAROL])
    found, told = await pages(sources)
    stats = await sources.task_stats(CAROL, StatsRequest(group_by=()))

    assert [str(number + 1) for number in range(120)] == found
    assert told[-1][1:] == (CountAccuracy.LOWER_BOUND, True)
    assert all(count == HELD for count, _, _ in told)
    assert stats.accuracy is CountAccuracy.LOWER_BOUND
    assert stats.sources[0].truncated
