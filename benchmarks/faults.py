"""The effect of one failing source of five on the others: `python benchmarks/faults.py [--seconds N]`.

The stand-ins run in their own process, 10 ms away. All sources are healthy at first and at the end. In between UiPath
fails in three ways: it is a black hole (takes requests and never answers), slow (a random tenth of the answers is 10 s
late), or flapping (3 s of 503, then 7 s healthy). In each state a new gateway gets queries at a fixed rate, whether it
answers or not: for the whole inbox, and for the inbox of the four healthy sources. All are FRESH, so every query calls
the vendors.

Times are response times. The requests to the failing source are counted in its stand-in's records.
"""

import argparse
import asyncio
import logging
import random
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import httpx2
import structlog
import uvloop
from msgspec import Struct

from benchmarks.processes import serve_until_closed, started
from gateway.app import create_app
from gateway.settings import load
from sandbox.config import configuration, toml
from sandbox.registry import stand_ins
from schema.core.relay import global_id

SICK = "uipath"
LATENCY_MS = 10
# Seconds that an answer of each source may take, and seconds between two probes.
DEADLINE, PROBES = 0.8, 5.0
# Queries per second. Half of them are for the whole inbox.
RATE = 8.0
# One answer in `SLOW` is late by `LATE` seconds.
SLOW, LATE = 10, 10.0
DOWN, UP = 3.0, 7.0
WARM_UPS = 5
DEFAULT_SECONDS = 48.0
EVER = 1_000_000_000

INBOX = """
query Inbox($sources: [ID!]) {
  viewer {
    inbox(first: 25, freshness: FRESH, filter: {source: {in: $sources}}) {
      nodes { id title dueAt }
      sources { source { key } status error { code } }
    }
  }
}
"""


class Answer(Struct, frozen=True):
    """`at` is the start of the query on the performance counter. `status` and `code` are those of each source, by key."""

    at: float
    seconds: float
    status: Mapping[str, str]
    code: Mapping[str, str | None]

    @property
    def has_healthy(self) -> bool:
        return all(status == "OK" for key, status in self.status.items() if key != SICK)

    @property
    def is_sick(self) -> bool:
        return self.status[SICK] != "OK"


class Phase(Struct):
    """The measurements while the failing source is in one state. `asked` counts the requests that it received.

    `delays` are the seconds by which queries were sent too late because this process or the machine was busy.
    """

    title: str
    whole: list[Answer] = []
    healthy: list[Answer] = []
    delays: list[float] = []
    asked: int = 0
    seconds: float = 0.0


class Seen(Struct):
    """One run. `detecting` are the queries before the gateway stopped waiting for the black hole, `sent` its requests
    until then. `recoveries` are the seconds from the return of a flapping source to its first rows.
    """

    phases: tuple[Phase, Phase, Phase, Phase, Phase]
    detecting: list[Answer] = []
    sent: int = 0
    recoveries: list[float] = []


def stand_in_process(pipe: Connection, other_end: Connection) -> None:
    """Sends the gateway's configuration and the addresses."""
    chosen = [kind() for kind in stand_ins().values()]
    for each in chosen:
        each.set_up()
        each.reset(tasks=40, seed=7, now=None, scenario=None)
    serve_until_closed(
        pipe,
        other_end,
        chosen,
        lambda urls: (configuration(chosen, urls, "a secret of a benchmark"), dict(urls)),
        latency_ms=LATENCY_MS,
    )


class World:
    """The stand-ins seen from outside, and new gateways."""

    def __init__(self, text: str, urls: Mapping[str, str], control: httpx2.AsyncClient) -> None:
        self._text = text
        self._url = f"{urls[SICK]}/__sandbox__"
        self._control = control

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator["Gateway"]:
        """A new gateway that has signed in and knows the vendors' limits."""
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            path = Path(folder) / "taskgate.toml"
            # All clients share the event loop with the gateway.
            text = self._text.replace("[gateway]\n", "[gateway]\nadmission.lag_seconds = 10\n", 1)
            path.write_text(text, encoding="utf-8")
            app = create_app(load(path))
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx2.ASGITransport(app)
            gateway = Gateway(
                await stack.enter_async_context(
                    httpx2.AsyncClient(transport=transport, base_url="http://gateway.test", timeout=60)
                )
            )
            for _ in range(WARM_UPS):
                await gateway.ask()
            yield gateway

    async def plant(self, **fault: object) -> None:
        (await self._control.post(f"{self._url}/faults", json=fault)).raise_for_status()

    async def heal(self) -> None:
        (await self._control.delete(f"{self._url}/faults")).raise_for_status()

    async def asked(self, since: datetime) -> int:
        """The number of requests that the failing source received."""
        records = (await self._control.get(f"{self._url}/requests")).json()["requests"]
        return sum(datetime.fromisoformat(each["at"]) >= since for each in records)


class Gateway:
    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def ask(self, *, without_sick: bool = False) -> Answer:
        keys = [key for key in stand_ins() if not (without_sick and key == SICK)]
        body = {"query": INBOX, "variables": {"sources": [global_id("Source", key) for key in keys]}}
        at = time.perf_counter()
        answer = (await self._client.post("/graphql", json=body)).json()
        seconds = time.perf_counter() - at
        reports = {each["source"]["key"]: each for each in answer["data"]["viewer"]["inbox"]["sources"]}
        return Answer(
            at,
            seconds,
            {key: each["status"] for key, each in reports.items()},
            {key: each["error"] and each["error"]["code"] for key, each in reports.items()},
        )

    async def ask_steadily(self, phase: Phase, seconds: float) -> None:
        """Send `RATE` queries per second, whether the previous one is answered or not."""

        async def one(number: int) -> None:
            without_sick = bool(number % 2)
            answer = await self.ask(without_sick=without_sick)
            (phase.healthy if without_sick else phase.whole).append(answer)

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(max(2, int(seconds * RATE))):
                due = began + number / RATE
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                phase.delays.append(time.perf_counter() - due)
                group.create_task(one(number))
        phase.seconds += time.perf_counter() - began


async def measured(seconds: float, world: World) -> Seen:
    """Divide `seconds` among the states in the same proportions as the default."""
    part = seconds / DEFAULT_SECONDS
    well, hole, slow = Phase("all well"), Phase("black hole"), Phase("slow")
    down, up = Phase("flapping, down"), Phase("flapping, up")
    seen = Seen((well, hole, slow, down, up))
    async with world.gateway() as gateway:
        await watch(world, gateway, well, 6 * part)
    async with world.gateway() as gateway:
        await world.plant(kind="delay", delay_ms=3_600_000, times=EVER)
        began = datetime.now(UTC)
        while len(seen.detecting) < 20 and (not seen.detecting or seen.detecting[-1].seconds > DEADLINE / 2):
            seen.detecting.append(await gateway.ask())
        seen.sent = await world.asked(began)
        await watch(world, gateway, hole, 8 * part)
        await world.heal()
    chance = random.Random(7)
    async with world.gateway() as gateway:
        for _ in range(int(8 * part * RATE / SLOW) + 1):
            await world.plant(kind="delay", delay_ms=0, times=chance.randrange(1, 2 * SLOW - 2))
            await world.plant(kind="delay", delay_ms=int(LATE * 1000))
        await watch(world, gateway, slow, 8 * part)
        await world.heal()
    async with world.gateway() as gateway:
        for _ in range(max(1, round(20 * part / (DOWN + UP)))):
            await world.plant(kind="status", status=503, times=EVER)
            await watch(world, gateway, down, min(1.0, 2 * part) * DOWN)
            await world.heal()
            back = time.perf_counter()
            await watch(world, gateway, up, min(1.0, 2 * part) * UP)
            times = [each.at + each.seconds - back for each in up.whole if each.at >= back and not each.is_sick]
            seen.recoveries.append(min(times, default=float("inf")))
    async with world.gateway() as gateway:
        await watch(world, gateway, well, 6 * part)
    return seen


async def watch(world: World, gateway: Gateway, phase: Phase, seconds: float) -> None:
    began = datetime.now(UTC)
    await gateway.ask_steadily(phase, seconds)
    phase.asked += await world.asked(began)


def verdicts(seen: Seen) -> Iterator[tuple[str, str, str, str, bool]]:
    """Goal, subject, allowed value, measured value, and whether it is within the goal."""
    well, hole, slow, down, up = seen.phases
    usual, worst = quantile(well.whole, 0.5), quantile(well.whole, 0.99)
    is_told = [each.has_healthy and each.code[SICK] == "UPSTREAM_UNAVAILABLE" for each in hole.whole]
    longest = quantile([*seen.detecting, *(each for phase in seen.phases for each in phase.whole)], 1)
    yield _most("A1", "black hole: whole inbox, p50, ms", quantile(hole.whole, 0.5), usual + 5)
    yield _most("A1", "black hole: whole inbox, p99, ms", quantile(hole.whole, 0.99), 1.25 * worst)
    share = sum(is_told) / len(is_told)
    yield "A1", "black hole: healthy rows, and told UPSTREAM_UNAVAILABLE", "100 %", f"{share:.0%}", share == 1
    yield _most("A2", "black hole: requests until the circuit breaker opens", seen.sent, 3)
    yield _most("A2", "longest whole inbox of all, ms", longest, (DEADLINE + 0.05) * 1000)
    for phase in (slow, hole, down, up):
        healthy = quantile(phase.healthy, 0.99), 1.25 * quantile(well.healthy, 0.99)
        yield _most("A3", f"{phase.title}: inbox of the healthy, p99, ms", *healthy)
    yield _most("A5", "flapping: first rows after its return, longest, s", max(seen.recoveries), PROBES + 1)
    yield _most("R7", "flapping, down: requests a whole inbox", down.asked / len(down.whole), 1.1)
    yield _most("R7", "black hole: probes in 5 s", hole.asked / (hole.seconds // PROBES + 1), 1)


def _most(goal: str, what: str, value: float, most: float) -> tuple[str, str, str, str, bool]:
    return goal, what, f"<= {most:.4g}", f"{value:.4g}", value <= most


def quantile(answers: Sequence[Answer], part: float) -> float:
    """In milliseconds. The part 1 is the longest time."""
    return _quantile([each.seconds for each in answers], part)


def _quantile(seconds: Sequence[float], part: float) -> float:
    return 1000 * sorted(seconds)[min(len(seconds) - 1, int(part * len(seconds)))]


def _middle_and_worst(seconds: Sequence[float]) -> str:
    return f"{_quantile(seconds, 0.5):.0f}  {_quantile(seconds, 0.99):.0f}"


def _share(answers: Sequence[Answer], has: Callable[[Answer], bool]) -> str:
    return f"{sum(map(has, answers)) / len(answers):.0%}"


TABLE: Sequence[tuple[str, Callable[[Phase], str]]] = (
    ("whole inbox: queries", lambda phase: str(len(phase.whole))),
    ("  p50, p99, ms", lambda phase: _middle_and_worst([each.seconds for each in phase.whole])),
    ("  with rows of all four healthy", lambda phase: _share(phase.whole, lambda each: each.has_healthy)),
    ("  with rows of the sick one", lambda phase: _share(phase.whole, lambda each: not each.is_sick)),
    ("inbox of the healthy: queries", lambda phase: str(len(phase.healthy))),
    ("  p50, p99, ms", lambda phase: _middle_and_worst([each.seconds for each in phase.healthy])),
    ("  with rows of all four", lambda phase: _share(phase.healthy, lambda each: each.has_healthy)),
    ("requests that the sick one saw", lambda phase: str(phase.asked)),
    ("queries sent late, p50, p99, ms", lambda phase: _middle_and_worst(phase.delays)),
)


async def run(seconds: float, text: str, urls: Mapping[str, str]) -> Seen:
    async with httpx2.AsyncClient(timeout=30) as control:
        limits = {"limit": EVER // 1000, "write_limit": EVER // 1000}
        (await control.post(f"{urls['geotareas']}/__sandbox__/rate-limit", json=limits)).raise_for_status()
        return await measured(seconds, World(configured(text), urls, control))


def configured(text: str) -> str:
    """The stand-ins' configuration, with our deadline for each source."""
    document = tomllib.loads(text)
    document["gateway"]["graphiql"] = False
    for source in document["sources"]:
        source["deadline"] = DEADLINE
    return toml(document)


def main() -> None:
    arguments = argparse.ArgumentParser(description="What one sick source of five does to the others.")
    arguments.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="of queries, all states together")
    seconds: float = arguments.parse_args().seconds
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with started("fork", stand_in_process) as (text, urls):
        seen = uvloop.run(run(seconds, text, urls))
    print(
        f"five sources, {LATENCY_MS} ms away; {SICK} is the sick one; a source has {DEADLINE} s; {RATE:.0f} queries a second, "
        "all FRESH\n"
    )
    print(f"{'':34}" + "".join(f"{phase.title:>16}" for phase in seen.phases))
    for what, cell in TABLE:
        print(f"{what:34}" + "".join(f"{cell(phase):>16}" for phase in seen.phases))
    print(
        f"\nBlack hole: from the first query that did not wait for it; the {len(seen.detecting)} until then took "
        + ", ".join(f"{each.seconds:.2f}" for each in seen.detecting)
        + " s.\nQueries are sent late where this process or the machine is busy: then all times are worth less.\n"
    )
    for goal, what, most, value, is_met in verdicts(seen):
        print(f"{goal}  {what:58}{most:>10}{value:>10}  {'OK' if is_met else 'MISSED'}")


if __name__ == "__main__":
    main()
