"""Five thousand tasks, page by page."""

import time

from msgspec.structs import replace

from connectors.camunda7 import Camunda7Connector
from connectors.sdk.model import CountAccuracy, Task, TaskState
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField, TaskQuery
from connectors.sdk.testing import FaultyTransport
from tests.real.operaton.company import Company

FLOWS, EACH = 10, 500


async def test_five_thousand_tasks_are_listed_once_each_with_their_candidates(
    company: Company, connector: Camunda7Connector, transport: FaultyTransport, measured: list[str]
) -> None:
    """In order, with an exact count. Candidates, which are read for the first page, cost a few calls and not one a task."""
    flows = frozenset([await company.start("bulk", count=EACH) for _ in range(FLOWS)])
    query = connector.pushdown(TaskQuery(flows=flows, states=frozenset({TaskState.READY})))
    ordered = TaskQuery(
        flows=query.flows,
        states=query.states,
        order=(SortKey(TaskOrderField.CREATED_AT, SortDirection.DESC),),
    )
    began = time.monotonic()
    seen: list[Task] = []
    after: str | None = None
    pages = 0
    await connector.look_at_account()
    limit = connector.info.scan_page or 200
    with transport.counting() as requests:
        while True:
            query = replace(ordered, without_candidates=pages > 0)
            page = await connector.list_tasks(query, limit=limit, after=after)
            seen += page.items
            pages += 1
            if pages == 1:
                of_first = len(requests)
            after = page.next_cursor
            if after is None:
                break
        sent = len(requests)
    took = time.monotonic() - began
    measured.append(f"{len(seen)} tasks on {pages} pages with {sent} requests in {took:.1f} s")

    assert FLOWS * EACH == len(seen) == len({task.native_id for task in seen})
    assert (FLOWS * EACH, CountAccuracy.EXACT) == (page.total, page.total_accuracy)
    assert {("operations", "sales"), ()} == {
        tuple(each.native_id for each in task.candidate_groups or ()) for task in seen
    }
    assert limit == len([task for task in seen if task.candidate_groups])
    created = [task.created_at for task in seen if task.created_at is not None]
    assert sorted(created, reverse=True) == created
    assert of_first <= 12
    assert sent - of_first == (pages - 1) * 3
