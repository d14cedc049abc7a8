"""Reads that decide about writes."""

import time

import anyio

from connectors.sdk.capability import Support, handles
from connectors.sdk.commands import Claim, Outcome
from connectors.sdk.model import TaskState, UserRef
from gateway.federation.traffic import CallContext, current_context, in_context
from gateway.federation.writes.looks import Looks
from schema.ports import ClaimIntent, WriteResult
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, PEOPLE, REF, codes, perform


class EmulatedClaims(MemoryConnector):
    """A vendor without a claim: the last of two assignments wins."""

    @handles(Claim, support=Support.EMULATED, atomic=False)
    async def claim(self, command: Claim) -> Outcome:
        owner = UserRef(native_id=command.require_actor().native_id)
        return self._write("claim", command.task, state=TaskState.RESERVED, assignees=(owner,))


async def test_fifty_claims_at_once_cost_three_looks() -> None:
    """One that allows the first claim, one that finds the vendor showing it, and one that refuses all others."""
    crowd = [person(f"p{n}", "north") for n in range(50)]
    north = EmulatedClaims("north", [task("north", "1")])
    sources = federation(north, people=crowd)
    results: list[WriteResult] = []

    async def claim(n: int) -> None:
        results.append(await perform(sources, ClaimIntent(), crowd[n]))

    with in_context(CallContext(asked_at=time.monotonic())):
        async with anyio.create_task_group() as group:
            for n in range(50):
                group.start_soon(claim, n)

    assert (["claim"], 3) == (north.writes, north.gets)
    assert 49 == sum(codes(result) == ["ALREADY_ASSIGNED"] for result in results)


async def test_what_another_look_allows_is_looked_at_again() -> None:
    """A look of this moment may refuse a write. An emulated verb is sent only on a record that was read for it."""
    north = EmulatedClaims("north", [task("north", "1", owner="carol")])
    sources = federation(north, people=PEOPLE)
    await perform(sources, ClaimIntent(), ALICE)
    north.held["1"] = task("north", "1")
    refused = await perform(sources, ClaimIntent(), BOB)
    looked_at = north.gets
    sources._writes._tasks._looks._begun.clear()  # the moment is over
    north.held["1"] = task("north", "1")
    with in_context(CallContext(asked_at=time.monotonic())):
        await sources.get_tasks(CAROL, [REF], fresh=True)
        north.held["1"] = task("north", "1", owner="carol")
        late = await perform(sources, ClaimIntent(), BOB)

    assert (["ALREADY_ASSIGNED"], 1) == (codes(refused), looked_at)
    assert (["ALREADY_ASSIGNED"], 3, []) == (codes(late), north.gets, north.writes)


def test_a_look_is_of_one_moment() -> None:
    now = [100.0]
    looks = Looks(monotonic=lambda: now[0])
    asked: list[float | None] = []

    def look() -> None:
        with looks.shared(REF):
            asked.append(current_context().asked_at)

    for at in (100.0, 100.4, 101.0, 101.1):
        now[0] = at
        look()
    with in_context(CallContext(asked_at=90.0)):
        look()
    with in_context(CallContext(asked_at=5.0)), looks.since(7.0):
        asked.append(current_context().asked_at)

    assert [100.0, 100.0, 100.0, 101.1, 90.0, 7.0] == asked
