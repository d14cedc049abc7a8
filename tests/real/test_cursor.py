"""Long lists: a thousand tasks of one process."""

import asyncio

import pytest
from msgspec.structs import replace

from connectors.camunda import CamundaConnector
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField, TaskQuery
from tests.real.cluster import Cluster, until

MANY = 1000
PROCESS = "quality-check"
AT_ONCE = 16
TASKS = TaskQuery(definition_keys=frozenset({f"{PROCESS}/check_quality"}))


@pytest.fixture(scope="module")
async def many(cluster: Cluster) -> int:
    """The number of tasks of that process."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def start() -> None:
        async with gate:
            await cluster.start(PROCESS)

    await asyncio.gather(*(start() for _ in range(MANY)))
    body = {"filter": {"processDefinitionId": PROCESS, "state": "CREATED"}, "page": {"limit": 1}}

    async def count() -> int:
        return int((await cluster.post("/user-tasks/search", body))["page"]["totalItems"])

    return await until(count, lambda there: there >= MANY, patience_s=120)


@pytest.mark.parametrize(
    "order", [(), (SortKey(TaskOrderField.CREATED_AT, SortDirection.DESC),)], ids=["by key", "newest"]
)
@pytest.mark.parametrize("limit", [7, 100])
async def test_pages_joined_give_a_thousand_tasks_once(
    connector: CamundaConnector, many: int, limit: int, order: tuple[SortKey, ...]
) -> None:
    """For any page size. Several tasks may be created within one millisecond."""
    query = replace(connector.pushdown(TASKS), order=order)
    ids: list[str] = []
    times = []
    after: str | None = None
    while True:
        page = await connector.list_tasks(query, limit=limit, after=after)
        ids += [task.native_id for task in page.items]
        times += [task.created_at for task in page.items if task.created_at is not None]
        after = page.next_cursor
        if after is None:
            break

    assert many == len(ids) == len(set(ids))
    assert not order or times == sorted(times, reverse=True)
