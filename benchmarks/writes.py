"""What faults and kills do to writes: `python benchmarks/writes.py [--writes N] [--kills N] [--claims N] [--seed N]`.
Options: `--vendors camunda uipath` for some of the stand-ins; `--journal` for the journal's cost alone; `--documented`
to write within the limits that vendors document (GEOtareas: 10 writes a minute), which are lifted otherwise.

The stand-ins run in their own process, the gateway in another one, which is killed (kill -9) at random moments
and started again over its journal. People send writes of all verbs that the tasks allow, each with an idempotency key,
and a share of the requests of the gateway meets a fault: an answer that is lost, late or wrong, a connection that is cut
before or after the stand-in applied the write, a failure with and without an effect. A call without an answer, because
the gateway was killed, is sent again with its key.

Then the faults end, and every write that is still UNKNOWN or PENDING is asked for by its id until it is settled: within
60 seconds, or when it can no longer be applied if that is later. What people were told is compared with the stand-ins'
logs of effects. Of the writes of one kind to one target:

  lies   APPLIED, and the stand-in did not do it
  more   done, although no write was APPLIED or may have been applied: done twice, or REJECTED and done

Before that, 50 people claim one task of each vendor at once, within the vendors' own limits. At the end the journal
alone: what it adds to a write.

Exits with 1 where a write lied, was done twice, or has no end in time, where a claim had not one winner, or where the journal
adds more than 3 ms (p99).
"""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import structlog
import uvloop

from benchmarks.write_parts.journal import journal_cost
from benchmarks.write_parts.people import CROWD
from benchmarks.write_parts.processes import gateway, vendors
from benchmarks.write_parts.report import HEAD, row, verdicts
from benchmarks.write_parts.world import FAULTY, World

# Seconds. The vendors are near, so that lost answers do not make the run long.
SOURCE = {
    "connect_timeout": 1.0,
    "read_timeout": 5.0,
    "write_timeout": 1.5,
    "deadline": 8.0,
    "late_max": 6.0,
    "read_lag": 2.0,
}
# People who write to each vendor at the same time: four, and more where there is much to write. Most of them wait.
WORKERS, WRITES_EACH = 4, 100
TOLD_EVERY = 1000
# Rounds in which the journal is measured: after the writes, and alone.
ROUNDS, ALONE = 5, 20
SLOW_MS = 3.0


@asynccontextmanager
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    # The gateway closes a connection that was idle for 5 s: a request must not meet that.
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=40, keepalive_expiry=2)
    async with httpx2.AsyncClient(timeout=60, limits=limits, verify=False, trust_env=False) as made:
        yield made


async def claimed(document: Mapping[str, Any], urls: Mapping[str, str], folder: Path, most: int) -> bool:
    """Print who got the task at each vendor. Whether one did, and all others were told so."""
    is_right = True
    with gateway(document, folder) as running:
        async with client() as connected:
            world = World(running, urls, connected, 0)
            print(f"{most} people claim one task at once")
            for vendor in urls:
                effects, told = await world.claims(vendor, most)
                is_right &= effects == 1 and told["APPLIED"] == 1
                is_right &= told["REJECTED, ALREADY_ASSIGNED"] == most - 1
                answers = "; ".join(f"{count} {what}" for what, count in told.most_common())
                print(f"  {vendor:12} effects {effects}; {answers}")
    return is_right


async def written(
    document: Mapping[str, Any],
    urls: Mapping[str, str],
    folder: Path,
    *,
    most: int,
    kills: int,
    seed: int,
    lifted: bool,
) -> bool:
    """Print what became of the writes. Whether all of it is true, and has an end."""
    with gateway(document, folder, **SOURCE) as running:
        async with client() as connected:
            world = World(running, urls, connected, seed)
            for vendor in urls:
                if lifted:
                    await world.control(vendor, "rate-limit", {"limit": 1_000_000, "write_limit": 1_000_000})
                await world.control(vendor, "effects", method="DELETE")
            found_slots = await asyncio.gather(*(world.slots(vendor, most // 4 + 40) for vendor in urls))
            slots = dict(zip(urls, found_slots, strict=True))
            began = time.perf_counter()
            dying = asyncio.create_task(killing(world, most, kills, random.Random(seed)))
            telling = asyncio.create_task(told(world))
            while len(world.written) < most and any(slots.values()):
                # Each vendor has its share, so that a fast one does not take it all. What has no targets left leaves its share.
                share = -(-(most - len(world.written)) // sum(map(bool, slots.values())))
                await asyncio.gather(
                    *(
                        world.work(slots[vendor], vendor, world.sent[vendor] + share)
                        for vendor in urls
                        if slots[vendor]
                        for _ in range(max(WORKERS, share // WRITES_EACH))
                    )
                )
            world.is_done = True
            await dying
            telling.cancel()
            await world.heal()
            seconds = time.perf_counter() - began
            await world.settled(over_after=SOURCE["write_timeout"] + SOURCE["late_max"] + SOURCE["read_lag"])
            found = await verdicts(world, urls)
    resent = sum(one.resent for one in world.written)
    print(
        f"\n{len(world.written)} writes in {seconds:.0f} s, a fault planted for {FAULTY:.0%} of them; {running.kills} kills, "
        f"{resent} calls sent again\n"
    )
    print(f"{'':29}" + "".join(f"{name:>8}" for name in HEAD) + "   p50 s  max s")
    for vendor, verb, verdict in found:
        print(row(vendor, verb, verdict))
    for _, _, verdict in found:
        for target in verdict.wrong:
            print(f"\nwrong: {target}")
    wrong = sum(one.lies + one.more for _, _, one in found)
    still_open = sum(one.was_open and not one.is_settled for one in world.written)
    late = sum(one.is_late for one in world.written)
    print(
        f"\nlies and more: {wrong}; without an end: {still_open}; with a late one: {late}; "
        "seconds are those of unclear writes to their end"
    )
    return not wrong and not still_open and not late


async def told(world: World) -> None:
    """Print how far the run is, every thousand writes."""
    began, after = time.perf_counter(), TOLD_EVERY
    while True:
        await asyncio.sleep(0.5)
        while len(world.written) >= after:
            print(f"{after} writes after {time.perf_counter() - began:.0f} s", flush=True)
            after += TOLD_EVERY


async def killing(world: World, most: int, kills: int, chance: random.Random) -> None:
    """Kill the gateway when so many writes were sent as a random number says."""
    for at in sorted(chance.sample(range(most // 10, most * 9 // 10), kills)):
        while len(world.written) < at and not world.is_done:  # noqa: ASYNC110 a count has no event
            await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0, 0.3))
        await world.gateway.die_and_return()


async def run(most: int, kills: int, claims: int, seed: int, chosen: Sequence[str], *, lifted: bool) -> bool:
    is_right = True
    with tempfile.TemporaryDirectory() as folder:
        if claims:
            with vendors(40, seed, chosen) as (document, urls):
                is_right &= await claimed(document, urls, _folder(folder, "claims"), claims)
        if most:
            with vendors(max(120, most // 4), seed, chosen) as (document, urls):
                is_right &= await written(
                    document, urls, _folder(folder, "writes"), most=most, kills=kills, seed=seed, lifted=lifted
                )
        cost = await journal_cost(Path(folder), rounds=ROUNDS if most else ALONE)
        print()
        for line in cost.lines(goal=SLOW_MS):
            print(line)
    return is_right and cost.added.worst <= SLOW_MS


def _folder(parent: str, name: str) -> Path:
    made = Path(parent) / name
    made.mkdir()
    return made


def main() -> None:
    arguments = argparse.ArgumentParser(description="What faults and kills do to writes.")
    arguments.add_argument("--writes", type=int, default=10_000)
    arguments.add_argument("--kills", type=int, default=40)
    arguments.add_argument("--claims", type=int, default=CROWD, help="people who claim one task at once; 0: none")
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--vendors", nargs="+", default=[], help="some of the stand-ins; all without it")
    arguments.add_argument("--journal", action="store_true", help="measure the cost of the journal alone")
    arguments.add_argument("--documented", action="store_true", help="leave the vendors' documented limits as they are")
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    most, claims = (0, 0) if given.journal else (given.writes, given.claims)
    done = run(most, given.kills, claims, given.seed, given.vendors, lifted=not given.documented)
    sys.exit(0 if uvloop.run(done) else 1)


if __name__ == "__main__":
    main()
