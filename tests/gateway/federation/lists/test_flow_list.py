"""Lists of flows over several sources."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from connectors.sdk.errors import InputError, NotFoundError, UnavailableError
from connectors.sdk.model import Flow, FlowState
from connectors.sdk.query import FlowQuery
from gateway.federation.service import FederatedSources
from schema.ports import FlowListRequest, SourceStatus
from tests.gateway.federation.lists.test_staleness import Clock, kept
from tests.gateway.federation.memory_source import NOW, MemoryConnector, federation, person
from tests.gateway.federation.rich_source import RichConnector, flow

CAROL = person("carol", "north", "south", admin=True)
ALICE = person("alice", "north", "south")
PEOPLE = [CAROL, ALICE]


async def walked(sources: FederatedSources, first: int, *, backward: bool = False, **more: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        request = FlowListRequest(first=first, after=after, backward=backward, count=False, **more)
        page = await sources.list_flows(CAROL, request)
        ids = [edge.item.native_id for edge in page.edges]
        found = ids + found if backward else found + ids
        if not (page.has_previous_page if backward else page.has_next_page):
            return found
        after = page.edges[0 if backward else -1].cursor()


MINUTES = st.one_of(st.none(), st.integers(0, 3))


@pytest.mark.slow
@given(st.lists(MINUTES, max_size=12), st.lists(MINUTES, max_size=12), st.integers(1, 5), st.booleans(), st.booleans())
async def test_pages_joined_are_all_flows_newest_first(
    north: list[int | None], south: list[int | None], first: int, sorts: bool, pushes: bool
) -> None:
    """Whether or not a source sorts or filters itself. Flows without a start come last; source and id break ties."""
    connectors = []
    for key, starts in (("north", north), ("south", south)):
        flows = [
            flow(
                key,
                f"{key}{number:02}",
                started_at=None if start is None else NOW + timedelta(minutes=start),
                state=FlowState.ACTIVE if number % 3 else FlowState.COMPLETED,
            )
            for number, start in enumerate(starts)
        ]
        connector = RichConnector(key, flows=flows)
        connector.info = structs.replace(
            connector.info, sorts_flows=sorts and all(start is not None for start in starts)
        )
        connector.pushes_states = pushes
        connectors.append(connector)
    everything = [one for connector in connectors for one in connector.flows.values()]
    active = [one for one in everything if one.state is FlowState.ACTIVE]

    sources = federation(*connectors, people=PEOPLE)
    if any(connector.info.sorts_flows for connector in connectors):
        with pytest.raises(InputError):
            await walked(sources, first, backward=True)
    else:
        assert in_order(everything) == await walked(sources, first, backward=True)
    assert in_order(everything) == await walked(federation(*connectors, people=PEOPLE), first)
    assert in_order(active) == await walked(
        federation(*connectors, people=PEOPLE), first, query=FlowQuery(states=frozenset({FlowState.ACTIVE}))
    )


def in_order(flows: list[Flow]) -> list[str]:
    def rank(one: Flow) -> tuple[bool, float, str, str]:
        return (
            one.started_at is None,
            0 if one.started_at is None else -one.started_at.timestamp(),
            one.source,
            one.native_id,
        )

    return [one.native_id for one in sorted(flows, key=rank)]


async def test_each_source_reports() -> None:
    """One fails, one lists no flows, one is not asked. The flows of the others are returned."""
    north, south = RichConnector("north", flows=[flow("north", "f1")]), RichConnector("south")
    south.fail = UnavailableError("is down")
    sources = federation(north, south, MemoryConnector("west"), people=PEOPLE)

    page = await sources.list_flows(CAROL, FlowListRequest())
    narrowed = await sources.list_flows(CAROL, FlowListRequest(sources=frozenset({"south"})))

    assert ["f1"] == [edge.item.native_id for edge in page.edges]
    assert [SourceStatus.OK, SourceStatus.UNAVAILABLE, SourceStatus.SKIPPED] == [
        report.status for report in page.sources
    ]
    assert [SourceStatus.SKIPPED, SourceStatus.UNAVAILABLE, SourceStatus.SKIPPED] == [
        report.status for report in narrowed.sources
    ]


async def test_flows_stay_visible_while_the_vendor_has_no_such_list() -> None:
    """As for any failure."""
    clock, north = Clock(), RichConnector("north", flows=[flow("north", "f1")])
    sources = federation(north, people=PEOPLE, answers=kept(clock))
    await sources.list_flows(CAROL, FlowListRequest())
    north.fail = NotFoundError("no such record in this source", native_status=404)
    clock.now = 600.0
    page = await sources.list_flows(CAROL, FlowListRequest())

    assert (["f1"], SourceStatus.STALE) == ([edge.item.native_id for edge in page.edges], page.sources[0].status)


async def test_flows_are_listed_for_task_admins_only() -> None:
    """For others the report says FORBIDDEN, and the count is unknown."""
    north = RichConnector("north", flows=[flow("north", "f1")])

    page = await federation(north, people=PEOPLE).list_flows(ALICE, FlowListRequest())

    assert ([], [(SourceStatus.FORBIDDEN, None, "FORBIDDEN")]) == (
        page.edges,
        [(one.status, one.count, one.error.code if one.error else None) for one in page.sources],
    )


async def test_a_cursor_of_another_list_is_refused() -> None:
    """In this test, of a list with another filter."""
    north = RichConnector("north", flows=[flow("north", "f1"), flow("north", "f2")])
    sources = federation(north, people=PEOPLE)
    cursor = (await sources.list_flows(CAROL, FlowListRequest(first=1))).edges[0].cursor()
    other = FlowQuery(states=frozenset({FlowState.ACTIVE}))

    with pytest.raises(InputError):
        await sources.list_flows(CAROL, FlowListRequest(after=cursor, query=other))
