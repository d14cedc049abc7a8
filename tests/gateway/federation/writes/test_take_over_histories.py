"""Seeded histories of completions by the account, with random faults at every step and requests that arrive late.

Whatever happens: the task is completed at most once, no result claims more or less than was done, and in the end the task
is completed or with its owner.
"""

import asyncio
import random

import anyio
import pytest

from connectors.sdk.commands import MutationStatus
from gateway.federation.writes import lost_answer, undoing
from tests.gateway.federation.writes.interrupted import APPLIED, NOT_APPLIED, VendorWorld, started
from tests.gateway.federation.writes.test_take_over import APP, COMPLETION, FORM, INTENTS, REASSIGNMENT

HISTORIES = 16
FAULTS = (*NOT_APPLIED, *APPLIED, "none", "none", "429", "refused", "late", "late")


async def check_history(seed: int) -> None:
    """One, two or three completions by one person, one after the other."""
    chance = random.Random(seed)
    world = VendorWorld("uipath", late_max=4.0, read_lag=0)
    ref = chance.choice((FORM, FORM, APP))
    for path in (REASSIGNMENT, COMPLETION):
        world.transport.plant(path, *chance.choices(FAULTS, k=chance.randint(1, 4)))
    async with started(world):
        first = []
        for number in range(chance.randint(1, 3)):
            first.append(await world.write("alice", ref, INTENTS[ref], key=f"k{number}"))
            if chance.random() < 0.7:
                await world.transport.deliver_late()
        await world.transport.deliver_late()
        with anyio.fail_after(30):
            while True:
                if not world.undos:
                    break
                await anyio.sleep(0.05)
        found = [await world.sources.operation(world.people["alice"], one.operation_id) for one in first]
    shown = await world.shown(ref)
    last = [one.status for one in found if one is not None]
    completions = world.effects.count("complete")

    told = f"seed {seed}: {[one.status.value for one in first]} {last} {world.effects}"
    assert completions <= 1, told
    assert last.count(MutationStatus.APPLIED) <= completions, told
    assert not completions or set(last) != {MutationStatus.REJECTED}, told
    assert all(one.status in {MutationStatus.UNKNOWN, now} for one, now in zip(first, last, strict=True)), told
    assert completions or [world.native("alice")] == [owner.native_id for owner in shown.assignees], told


@pytest.mark.slow
async def test_no_history_loses_a_task_or_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Side by side: most of their time they wait."""
    monkeypatch.setattr(undoing, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(undoing, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(lost_answer, "PAUSES", (0.0,))

    await asyncio.gather(*map(check_history, range(HISTORIES)))
