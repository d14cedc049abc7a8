"""Definitions by id: found in lists, with the same number of calls for any number of ids."""

import pytest

from connectors.sdk.errors import RateLimitedError, UnavailableError, UpstreamTimeoutError
from connectors.sdk.model import Definition, NativeRef
from tests.gateway.federation.memory_source import NOW, federation, person, task
from tests.gateway.federation.rich_source import RichConnector, flow

CAROL = person("carol", "north", admin=True)
ALICE = person("alice", "north")
LISTED = Definition(native_id="d2", key="d", name="Approve", version="2")
OLD = Definition(native_id="d1", key="d", name="Approve", version="1")
RUNS = Definition(native_id="p1", key="p", name="Invoice")


class CountingConnector(RichConnector):
    """Counts every call."""

    calls = 0

    def _count(self) -> None:
        self.calls += 1
        super()._count()


def connector() -> CountingConnector:
    """Lists one definition. Alice owns a task with an older definition in flow f1. Flow f2 is not visible to her."""
    mine = task("north", "1", definition=OLD, flow_id="f1", owner="alice", candidate_groups=())
    found = CountingConnector(
        "north",
        [mine],
        flows=[
            flow("north", "f1", definition=RUNS),
            flow("north", "f2", definition=Definition(native_id="p2", key="p")),
        ],
    )
    found.definitions = [LISTED]
    return found


@pytest.mark.parametrize(("native_id", "expected"), [("d2", LISTED), ("d1", OLD), ("d3", None)])
async def test_a_task_definition_is_found_if_it_is_listed_or_in_use(
    native_id: str, expected: Definition | None
) -> None:
    """An older version is no longer listed, but tasks still have it."""
    sources = federation(connector(), people=[ALICE, CAROL])

    assert expected == await sources.get_task_definition(ALICE, NativeRef("north", native_id))


async def test_a_definition_of_a_task_that_the_caller_cannot_see_is_unknown() -> None:
    """Only lists of definitions are visible to all callers."""
    bob = person("bob", "north")
    sources = federation(connector(), people=[ALICE, bob])

    assert await sources.get_task_definition(bob, NativeRef("north", "d1")) is None


@pytest.mark.parametrize(
    ("key", "native_id", "is_found"),
    [
        ("alice", "p1", True),
        ("alice", "p2", False),
        ("carol", "p1", True),
        ("carol", "p2", True),
        ("carol", "p3", False),
    ],
)
async def test_a_flow_definition_is_found_among_the_flows_that_the_caller_sees(
    key: str, native_id: str, is_found: bool
) -> None:
    """Task admins see all flows, other callers the flows of their tasks."""
    sources = federation(connector(), people=[ALICE, CAROL])
    found = await sources.get_flow_definition({"alice": ALICE, "carol": CAROL}[key], NativeRef("north", native_id))

    assert is_found == (found is not None)


async def test_an_unknown_source_has_no_definitions() -> None:
    """No call is made."""
    sources = federation(connector(), people=[CAROL])

    assert await sources.get_task_definition(CAROL, NativeRef("west", "d1")) is None
    assert await sources.get_flow_definition(CAROL, NativeRef("west", "p1")) is None


async def test_many_unknown_ids_cost_no_more_than_one() -> None:
    """All ids are searched in the same lists."""
    north = connector()
    sources = federation(north, people=[CAROL])
    await sources.get_task_definition(CAROL, NativeRef("north", "x"))
    await sources.get_flow_definition(CAROL, NativeRef("north", "x"))
    before = north.calls
    for number in range(20):
        await sources.get_task_definition(CAROL, NativeRef("north", f"x{number}"))
        await sources.get_flow_definition(CAROL, NativeRef("north", f"x{number}"))

    assert before == north.calls


async def test_a_failing_source_is_an_error_and_not_an_unknown_id() -> None:
    """With the time to retry, if it is known."""
    north = connector()
    sources = federation(north, people=[CAROL])
    north.fail = UpstreamTimeoutError("no answer")
    with pytest.raises(UnavailableError):
        await sources.get_flow_definition(CAROL, NativeRef("north", "p1"))
    north.fail = RateLimitedError("slow down", retry_at=NOW)
    with pytest.raises(RateLimitedError) as refused:
        await sources.get_task_definition(CAROL, NativeRef("north", "d2"))

    assert NOW == refused.value.retry_at
