"""Runs histories in batches and shrinks those that show a lie.

From the root of the repository: `python -m tests.gateway.federation.writes.model.explorer KIND SEED FIRST COUNT [GATEWAYS]`. Those of one write begin with FIRST = 1000000, those of many tasks with 2000000.
"""

import gc
import logging
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence

import anyio
import structlog
from msgspec import structs

from tests.gateway.federation.writes.model.checker import Lie, Tally, lies_of, tally
from tests.gateway.federation.writes.model.clock import ModelLoop
from tests.gateway.federation.writes.model.history import Plan, plan_of
from tests.gateway.federation.writes.model.kinds import ALL, Kind
from tests.gateway.federation.writes.model.many import MANY, many_of
from tests.gateway.federation.writes.model.singles import FIRST, single_of
from tests.gateway.federation.writes.model.vendor import Effect, Fault
from tests.gateway.federation.writes.model.world import World

BATCH = 100
# Of so many batches one reads through the cache, with each kind of vendor another one.
CACHED = 8


def explored(
    kind: Kind,
    seed: int,
    plans: Sequence[Plan],
    counted: Tally | None = None,
    *,
    has_cache: bool = False,
    size: int = 1,
) -> list[Lie]:
    """The lies of these histories in one world."""

    async def main() -> list[Lie]:
        world = World(kind, has_cache=has_cache, size=size)
        histories = await world.run(plans, seed)
        effects: defaultdict[str, list[Effect]] = defaultdict(list)
        for effect in world.vendor.effects:
            if effect.operation is not None:
                effects[effect.operation].append(effect)
        if counted is not None:
            tally(world, histories, counted)
        return [lie for history in histories for lie in lies_of(world, history, effects)]

    # A batch makes many objects and no cycles that matter: collecting them in between would take a fifth of the time.
    gc.disable()
    try:
        return anyio.run(main, backend="asyncio", backend_options={"loop_factory": ModelLoop})
    finally:
        gc.enable()


def explore(
    kind: Kind,
    seed: int,
    count: int,
    *,
    first: int = 0,
    counted: Tally | None = None,
    batch: int = BATCH,
    size: int = 1,
    cached: int = CACHED,
) -> Iterator[Lie]:
    """The lies of `count` histories, batch by batch, before `size` gateways. Of `cached` batches one reads through the cache."""
    for begin in range(first, first + count, batch):
        plans = [_plan(kind, seed, number) for number in range(begin, min(begin + batch, first + count))]
        # The cache has models of its own; some batches are to show that it does not mislead a write.
        has_cache = (begin % FIRST // batch + list(ALL).index(kind.name)) % cached == 0 and begin < MANY
        yield from explored(kind, seed, plans, counted, has_cache=has_cache, size=size)


def _plan(kind: Kind, seed: int, number: int) -> Plan:
    if number >= MANY:
        return many_of(kind, seed, number)
    return plan_of(kind, seed, number) if number < FIRST else single_of(kind, seed, number)


def shrunk(kind: Kind, seed: int, lie: Lie, *, size: int = 1) -> tuple[Plan, list[Lie]] | None:
    """The history alone, without each part that the lie does not need; None if it needs other histories."""
    plan = _plan(kind, seed, lie.number)

    def lies(one: Plan) -> list[Lie]:
        return [
            found
            for has_cache in ((False, True) if lie.number < MANY else (False,))
            for found in explored(kind, seed, [one], has_cache=has_cache, size=size)
            if found.what == lie.what
        ]

    found = lies(plan)
    if not found:
        return None
    while True:
        for smaller in _smaller(plan):
            again = lies(smaller)
            if again:
                plan, found = smaller, again
                break
        else:
            return plan, found


def _smaller(plan: Plan) -> Iterator[Plan]:
    for place in range(len(plan.rivals)):
        yield structs.replace(plan, rivals=plan.rivals[:place] + plan.rivals[place + 1 :])
    for place, write in enumerate(plan.writes):
        if len(plan.writes) > 1:
            yield structs.replace(plan, writes=plan.writes[:place] + plan.writes[place + 1 :])
        for number in range(1, len(write.calls)):
            fewer = structs.replace(write, calls=write.calls[:number] + write.calls[number + 1 :])
            yield structs.replace(plan, writes=(*plan.writes[:place], fewer, *plan.writes[place + 1 :]))
    if plan.kill is not None:
        yield structs.replace(plan, kill=None)
    for broken in plan.breaks:
        yield structs.replace(plan, breaks=plan.breaks - {broken})
    if plan.blind != (0.0, 0.0):
        yield structs.replace(plan, blind=(0.0, 0.0))
    for place, fault in enumerate(plan.faults):
        if fault is not Fault.NONE:
            faults = (*plan.faults[:place], Fault.NONE, *plan.faults[place + 1 :])
            yield structs.replace(plan, faults=faults)


def shown(plan: Plan) -> str:
    """A plan in a few lines: what is not as usual."""
    lines = [f"begins {plan.begins:.2f}, owner {[one.native_id for one in plan.task.assignees] if plan.task else '-'}"]
    for write in plan.writes:
        if write.intent is None:
            lines.append(f"{write.person} takes the next task at {write.calls}, key {write.key}")
            continue
        values = ", ".join(f"{name}={value!r}" for name, value in structs.asdict(write.intent).items() if value)
        calls = " ".join(f"{at:.2f}" for at in write.calls)
        of = f" of {len(write.targets)}" if write.targets else ""
        lines.append(f"{write.person} {type(write.intent).__name__}({values}){of} at {calls}")
    lines += [f"a page shows it {plan.looked:.1f} s before"] if plan.looked is not None else []
    lines += [f"rival {rival}" for rival in plan.rivals]
    last = max((place for place, fault in enumerate(plan.faults) if fault is not Fault.NONE), default=-1)
    lines.append(f"faults {[fault.value for fault in plan.faults[: last + 1]]}")
    lines += [f"{plan.kill}"] if plan.kill else []
    lines += [f"the journal fails in {sorted(plan.breaks)}"] if plan.breaks else []
    lines += [f"reads fail from {plan.blind[0]:.1f} to {plan.blind[1]:.1f}"] if plan.blind[1] else []
    return "\n      ".join(lines)


def _main(name: str, seed: str, first: str, count: str, size: str = "1") -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    counted = Tally()
    kind = ALL[name]
    whats: defaultdict[str, int] = defaultdict(int)
    for lie in explore(kind, int(seed), int(count), first=int(first), counted=counted, size=int(size)):
        whats[lie.what] += 1
        if whats[lie.what] <= 2 and "without an end" not in lie.what:
            print(lie)
            small = shrunk(kind, int(seed), lie, size=int(size))
            print("   needs other histories" if small is None else f"   {small[1][0].about}\n      {shown(small[0])}")
    print(name, counted, dict(whats))


if __name__ == "__main__":
    _main(*sys.argv[1:6])
