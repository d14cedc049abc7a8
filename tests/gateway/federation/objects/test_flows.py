"""Flows by id."""

from collections.abc import Mapping, Sequence

import anyio
import pytest
from structlog.testing import capture_logs

from connectors.sdk.errors import ConnectorError, UnavailableError
from connectors.sdk.model import Flow, FlowRef, FlowState
from schema.ports import CancelFlowIntent, WriteRequest
from tests.gateway.federation.memory_source import federation, person, task
from tests.gateway.federation.rich_source import RichConnector, flow

ADMIN = person("carol", "north", admin=True)
ALICE = person("alice", "north")
REF = FlowRef("north", "f1")


async def test_a_flow_is_visible_through_one_of_its_tasks() -> None:
    """For other callers it does not exist, unless they are task admins."""
    visible, hidden = flow("north", "f1"), flow("north", "f2")
    tasks = [task("north", "1"), task("north", "2", owner="bob", candidate_groups=(), flow_id="f2")]
    sources = federation(RichConnector("north", tasks, flows=[visible, hidden]), people=[ADMIN, ALICE])

    assert visible == await sources.get_visible_flow(ALICE, REF)
    assert None is await sources.get_visible_flow(ALICE, FlowRef("north", "f2"))
    assert hidden == await sources.get_visible_flow(ADMIN, FlowRef("north", "f2"))


async def test_several_flows_are_visible_through_one_list_of_tasks() -> None:
    """Where they have more than a page of tasks, the rest is asked for without those that were found."""
    flows = [flow("north", f"f{number}") for number in range(50)]
    tasks = [task("north", f"1.{number}", flow_id="f1") for number in range(120)]
    tasks += [task("north", str(number), flow_id=f"f{number}") for number in range(2, 50, 2)]
    tasks += [
        task("north", str(number), owner="bob", candidate_groups=(), flow_id=f"f{number}") for number in range(3, 50, 2)
    ]
    north = RichConnector("north", tasks, flows=flows)
    sources = federation(north, people=[ADMIN, ALICE])
    refs = [one.ref for one in flows]

    seen = await sources.get_visible_flows(ALICE, [*refs, FlowRef("west", "f1")])
    one_by_one = {ref for ref in refs if await sources.get_visible_flow(ALICE, ref) is not None}

    assert one_by_one == set(seen)
    assert 1 < len(seen) < 50
    assert 50 == len(await sources.get_visible_flows(ADMIN, refs))


async def test_a_flow_that_cannot_be_read_has_its_error() -> None:
    """A flow of an unknown source is absent. A read of a single flow raises the error."""
    north = RichConnector("north", flows=[flow("north", "f1")])
    north.fail = UnavailableError("is down")
    sources = federation(north, people=[ADMIN])

    found = await sources.get_flows(ADMIN, [REF, FlowRef("west", "f1")])

    assert {REF: UnavailableError} == {ref: type(error) for ref, error in found.items()}
    with pytest.raises(UnavailableError):
        await sources.get_visible_flow(ADMIN, REF)


async def test_a_flow_is_shown_as_after_our_write() -> None:
    """While the vendor's reads lag."""
    north = RichConnector("north", flows=[flow("north", "f1")])
    north.lag_flows()
    sources = federation(north, people=[ADMIN])
    await sources.perform(ADMIN, WriteRequest(target=REF, intent=CancelFlowIntent()))

    found = (await sources.get_flows(ADMIN, [REF]))[REF]

    assert FlowState.CANCELED is getattr(found, "state", None)


async def test_the_flows_of_a_page_cost_one_call_for_each_source() -> None:
    """Each is kept by its id: another page asks for the ones that are missing, in one call."""

    class Counting(RichConnector):
        def __init__(self, key: str) -> None:
            super().__init__(key, flows=[flow(key, f"f{number}") for number in range(40)])
            self.asked: list[list[str]] = []

        async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
            self.asked.append(list(ids))
            return await super().get_flows(ids)

    north, south = Counting("north"), Counting("south")
    sources = federation(north, south, people=[ADMIN])
    page = [FlowRef(key, f"f{number}") for key in ("north", "south") for number in range(30)]
    found = await sources.get_flows(ADMIN, [*page, FlowRef("north", "unknown")])
    more = await sources.get_flows(ADMIN, [FlowRef("north", f"f{number}") for number in range(20, 40)])
    fresh = await sources.get_flows(ADMIN, page[:30], fresh=True)

    assert (60, 20, 30) == (len(found), len(more), len(fresh))
    assert [31, 10, 30] == [len(ids) for ids in north.asked]
    assert [30] == [len(ids) for ids in south.asked]


async def test_pages_at_once_ask_for_each_flow_once() -> None:
    """Two requests that want the same flow wait for one answer."""

    class Counting(RichConnector):
        asked = 0

        async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
            self.asked += len(ids)
            return await super().get_flows(ids)

    north = Counting("north", flows=[flow("north", f"f{number}") for number in range(20)])
    sources = federation(north, people=[ADMIN])
    refs = [FlowRef("north", f"f{number}") for number in range(20)]
    async with anyio.create_task_group() as group:
        for start in range(10):
            group.start_soon(sources.get_flows, ADMIN, refs[start : start + 11])

    assert 20 == north.asked


async def test_one_failing_call_for_many_flows_is_the_error_of_each() -> None:
    """Of each flow that it was for; it is logged once."""
    north = RichConnector("north", flows=[flow("north", f"f{number}") for number in range(20)])
    north.fail = UnavailableError("is down")
    refs = [FlowRef("north", f"f{number}") for number in range(20)]
    with capture_logs() as logs:
        found = await federation(north, people=[ADMIN]).get_flows(ADMIN, refs)

    assert ({UnavailableError}, 20) == ({type(one) for one in found.values()}, len(found))
    assert 1 == len(logs)
