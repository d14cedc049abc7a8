"""Counts of tasks agree with the lists that they stand for."""

import pytest

from connectors.sdk.model import CountAccuracy, TaskState
from schema.ports import InboxScope, StatsRequest, TaskDimension, TaskFilter, TaskListRequest
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task

ALICE = person("alice", "north", "south")
NORTH = [
    task("north", "1"),
    task("north", "2", owner="alice"),
    task("north", "3", owner="bob"),
    task("north", "4", owner="bob", candidate_groups=()),
    task("north", "5", owner="alice", state=TaskState.COMPLETED, title="Done"),
]
SOUTH = [task("south", "6", candidate_groups=()), task("south", "7", owner="alice")]
EXPECTED = {
    InboxScope.MINE: {"2", "5", "7"},
    InboxScope.CLAIMABLE: {"1"},
    InboxScope.MINE_OR_CLAIMABLE: {"1", "2", "5", "7"},
    InboxScope.MY_GROUPS: {"1", "2", "3", "5", "7"},
    InboxScope.ALL_VISIBLE: {"1", "2", "3", "5", "7"},
}


@pytest.mark.parametrize(
    "wanted", [TaskFilter(), TaskFilter(states=frozenset({TaskState.READY}))], ids=["all", "ready"]
)
@pytest.mark.parametrize("scope", InboxScope)
async def test_stats_and_the_list_of_a_scope_agree(scope: InboxScope, wanted: TaskFilter) -> None:
    """Number for number, and in the sum of the buckets."""
    sources = federation(MemoryConnector("north", NORTH), MemoryConnector("south", SOUTH), people=[ALICE])

    listed = await sources.list_tasks(ALICE, TaskListRequest(scope=scope, filter=wanted))
    stats = await sources.task_stats(
        ALICE, StatsRequest(scope=scope, filter=wanted, group_by=(TaskDimension.SOURCE, TaskDimension.STATE))
    )

    shown = {edge.task.native_id for edge in listed.edges}
    assert shown == EXPECTED[scope] - ({"2", "3", "5", "7"} if wanted.states else set())
    assert (len(shown), CountAccuracy.EXACT) == (stats.total, stats.accuracy) == (listed.total, listed.total_accuracy)
    assert stats.total == sum(bucket.count for bucket in stats.buckets)
