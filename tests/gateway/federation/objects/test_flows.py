"""Flows by id."""

import pytest

from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import FlowRef, FlowState
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
