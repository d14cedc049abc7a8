"""The effect of greedy users on a vendor's limit, and of the limit on them: `python benchmarks/limits.py [--seconds
N]`.

The GEOtareas stand-in accepts 30 reads and 10 writes in 6 s, a tenth of the documented minute, and is 0-300 ms away in
each direction. 180 users read tasks by id and 20 assign them; together they try far more than the limit. There are
three runs: writes at half of their limit while reads use all of theirs; all users greedy; and the same with a gateway
that does not count.

Accepted and refused requests are counted in the stand-in's records. Ages and times are those of the answers to users.
Only the wait of a write is reported by the gateway itself (`extensions.taskgate.waitedMs`, with the wait of its read).
"""

import argparse
import asyncio
import contextlib
import logging
import random
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import structlog
import uvicorn
import uvloop
from msgspec import Struct
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.app import create_app
from gateway.settings import load
from sandbox.config import toml
from sandbox.control import Control
from sandbox.geotareas.stand_in import GeotareasStandIn

READS, WRITES, WINDOW = 30, 10, 6.0
TRAVEL = 0.3
# The usable part of the limit: a slot is in use for a window and, on average, for one way to the vendor and back.
LEFT = WINDOW / (WINDOW + TRAVEL)
USERS, WRITERS, TASKS = 200, 20, 60
# Seconds for which an answer is fresh, and for which a query may wait for the source.
FRESH, DEADLINE = 3.0, 2.0
# Seconds that an answer may take from the cache to the user.
SLACK = 0.1
# Seconds between an answer and the next request. Modest writers use half of their limit, so they wait longer.
READER_PAUSE, GREEDY_PAUSE, MODEST_PAUSE = 1.0, 1.0, WRITERS / (WRITES / WINDOW / 2) - 1.0
# One request in `INSISTENT` is FRESH.
INSISTENT = 10
# Seconds at the start of a run that are not measured, because the cache is still empty.
WARM_UP = WINDOW
# Seconds between looks at whether this process is late.
PULSE = 0.05
DEFAULT_SECONDS = 54.0

BUDGET = {"requests": READS, "writes": WRITES, "window": WINDOW}
# Never binds: a slot is free again a millisecond after its answer.
NO_BUDGET = {"requests": READS, "writes": WRITES, "window": 0.001}

LIST = """
query List($after: String) {
  tasks(first: 100, after: $after) {
    nodes { id isOpen assignee { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
READ = "query Read($id: ID!, $freshness: Freshness) { task(id: $id, freshness: $freshness) { title fetchedAt } }"
WRITE = """
mutation Write($task: ID!, $user: ID!) {
  assignTask(input: {taskId: $task, userId: $user, override: true}) { status errors { code } }
}
"""

Act = Callable[[str, random.Random], Awaitable[None]]


class Run(Struct, frozen=True):
    """`tells`: the vendor reports its limits in headers."""

    title: str
    limits: dict[str, float]
    pause: float
    tells: bool


RUNS = (
    Run("writes at half", BUDGET, MODEST_PAUSE, tells=True),
    Run("all greedy", BUDGET, GREEDY_PAUSE, tells=True),
    Run("no budget", NO_BUDGET, GREEDY_PAUSE, tells=False),
)


class Given(Struct, frozen=True):
    """The answer to one user, with its seconds. `age` is set if it has data, `waited` if the gateway reports a wait."""

    what: str
    seconds: float
    age: float | None = None
    waited: float = 0.0


class Seen(Struct):
    """The measurements of one run: the answers to users, the counts of the stand-in, and the seconds by which this
    process was late because it or the machine was busy.
    """

    reads: list[Given] = []
    writes: list[Given] = []
    delays: list[float] = []
    seconds: float = 0.0
    refused: int = 0
    reads_taken: int = 0
    writes_taken: int = 0

    def count(self, records: Sequence[dict[str, Any]], is_write: Callable[[str, str], bool]) -> None:
        taken = [each for each in records if each["status"] != 429]
        self.refused = len(records) - len(taken)
        self.writes_taken = sum(is_write(each["method"], each["path"]) for each in taken)
        self.reads_taken = len(taken) - self.writes_taken


class Distant:
    """`app`, up to `TRAVEL` seconds away. The headers with limits are removed unless it `tells`."""

    def __init__(self, app: ASGIApp, *, tells: bool) -> None:
        self._app = app
        self._tells = tells
        self._random = random.Random(7)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def travel_back(message: Message) -> None:
            if message["type"] == "http.response.start":
                if not self._tells:
                    kept = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"x-ratelimit")]
                    message = {**message, "headers": kept}
                await asyncio.sleep(self._random.uniform(0, TRAVEL))
            await send(message)

        await asyncio.sleep(self._random.uniform(0, TRAVEL))
        await self._app(scope, receive, travel_back)


class Server(uvicorn.Server):
    """Leaves signals to the benchmark."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(
            uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1)
        )
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


class Crowd:
    """Users of one gateway. Each sends the next request soon after the last answer."""

    def __init__(self, gateway: httpx2.AsyncClient, seen: Seen, pause: float) -> None:
        self._gateway = gateway
        self._seen = seen
        self._pause = pause
        self._tasks: list[str] = []
        self._open: list[str] = []
        self._people: list[str] = []

    async def look_around(self) -> None:
        """Find tasks and people, before the limit is switched on."""
        after, people = None, set()
        while True:
            answer = await self._ask("u000", LIST, after=after)
            page = answer["data"]["tasks"]
            self._tasks += [node["id"] for node in page["nodes"]]
            self._open += [node["id"] for node in page["nodes"] if node["isOpen"]]
            people |= {node["assignee"]["id"] for node in page["nodes"] if node["assignee"]}
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        self._people = sorted(people)

    async def be_greedy(self) -> None:
        """Send requests until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(USERS):
                writes = number < WRITERS
                act, pause = (self._write, self._pause) if writes else (self._read, READER_PAUSE)
                group.create_task(_again_and_again(act, f"u{number:03}", random.Random(number), pause))

    async def _read(self, person: str, chance: random.Random) -> None:
        freshness = "FRESH" if chance.randrange(INSISTENT) == 0 else "CACHED"
        began = time.perf_counter()
        answer = await self._ask(person, READ, id=chance.choice(self._tasks), freshness=freshness)
        seconds = time.perf_counter() - began
        task = (answer.get("data") or {}).get("task")
        if task is None:
            self._seen.reads.append(Given(_code(answer), seconds))
            return
        age = (datetime.now(UTC) - datetime.fromisoformat(task["fetchedAt"])).total_seconds()
        self._seen.reads.append(Given("OK" if age <= FRESH + SLACK else "STALE", seconds, age))

    async def _write(self, person: str, chance: random.Random) -> None:
        began = time.perf_counter()
        answer = await self._ask(person, WRITE, task=chance.choice(self._open), user=chance.choice(self._people))
        seconds = time.perf_counter() - began
        payload = (answer.get("data") or {}).get("assignTask")
        what = _code(answer) if payload is None else next((e["code"] for e in payload["errors"]), payload["status"])
        waited = answer.get("extensions", {}).get("taskgate", {}).get("waitedMs", 0.0) / 1000
        self._seen.writes.append(Given(what, seconds, waited=waited))

    async def _ask(self, person: str, query: str, **variables: object) -> Any:
        body = {"query": query, "variables": variables}
        return (await self._gateway.post("/graphql", json=body, headers={"Authorization": f"Bearer {person}"})).json()


async def _again_and_again(act: Act, person: str, chance: random.Random, pause: float) -> None:
    """`pause` is the average of the seconds from an answer to the next request."""
    await asyncio.sleep(chance.uniform(0, pause))
    while True:
        await act(person, chance)
        await asyncio.sleep(chance.uniform(0, 2 * pause))


def _code(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"]) if answer.get("errors") else "NOTHING"


async def measured(run: Run, seconds: float) -> Seen:
    stand_in = GeotareasStandIn()
    stand_in.reset(tasks=TASKS, seed=7, now=None, scenario=None)
    control = Control(stand_in)
    seen = Seen()
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        vendor = await stack.enter_async_context(_client(control))
        limits = {"limit": READS, "write_limit": WRITES, "window_ms": int(WINDOW * 1000)}
        (await vendor.post("/__sandbox__/rate-limit", json=limits)).raise_for_status()
        url = await stack.enter_async_context(served(Distant(control, tells=run.tells)))
        app = create_app(load(_configuration(Path(folder), stand_in, url, run)))
        await stack.enter_async_context(app.router.lifespan_context(app))
        crowd = Crowd(await stack.enter_async_context(_client(app)), seen, run.pause)
        await crowd.look_around()
        running = asyncio.create_task(crowd.be_greedy())
        await asyncio.sleep(min(WARM_UP, seconds))
        await vendor.delete("/__sandbox__/requests")
        seen.reads.clear()
        seen.writes.clear()
        began = time.perf_counter()
        await _pass(seconds, seen.delays)
        seen.seconds = time.perf_counter() - began
        seen.count((await vendor.get("/__sandbox__/requests")).json()["requests"], stand_in.is_write)
        running.cancel()
        await asyncio.wait({running})
    return seen


async def _pass(seconds: float, delays: list[float]) -> None:
    began = time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        await asyncio.sleep(PULSE)
        delays.append(time.perf_counter() - now - PULSE)


def _client(app: ASGIApp) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://benchmark.test", timeout=60)


def _configuration(folder: Path, stand_in: GeotareasStandIn, url: str, run: Run) -> Path:
    source = stand_in.source_config(url) | {
        "deadline": DEADLINE,
        "cache": {"detail_seconds": FRESH},
        "limits": run.limits,
    }
    people = [{"key": f"u{number:03}", "name": f"User {number}", "roles": ["task_admin"]} for number in range(USERS)]
    path = folder / "taskgate.toml"
    path.write_text(
        toml(
            {
                # The users share the event loop with the gateway.
                "gateway": {"graphiql": False, "admission": {"lag_seconds": 10.0}},
                "auth": {"mode": "demo", "default_person": "u000"},
                "people": people,
                "sources": [source],
            }
        ),
        encoding="utf-8",
    )
    return path


def rows(seen: Seen) -> Iterator[tuple[str, str, str]]:
    """Name of the measurement, goal and value."""
    windows = seen.seconds / WINDOW
    yield "vendor: answers with 429", "0", str(seen.refused)
    yield "vendor: reads taken, of the limit", ">= 85 %", _share(seen.reads_taken, READS * windows)
    yield "  of what travel leaves of it", "", _share(seen.reads_taken, READS * windows * LEFT)
    yield "vendor: writes taken, of the limit", "", _share(seen.writes_taken, WRITES * windows)
    yield from _outcomes("reads", ("OK", "STALE", "RATE_LIMITED"), seen.reads)
    yield "  age of data: p50, p99", "", _times([each.age for each in seen.reads if each.age is not None], 0.5, 0.99)
    yield "  time to an answer: p99, longest", f"<= {DEADLINE:.2f}", _times([e.seconds for e in seen.reads], 0.99, 1)
    refusals = [each.seconds for each in seen.reads if each.what == "RATE_LIMITED"]
    yield "  time to RATE_LIMITED: p50, p99", "", _times(refusals, 0.5, 0.99)
    yield from _outcomes("writes", ("APPLIED", "RATE_LIMITED"), seen.writes)
    waits = [each.waited for each in seen.writes]
    yield "  waited: p99, longest", "<= 1.00", _times(waits, 0.99, 1)
    yield "  time to an answer: p50, p99", "", _times([each.seconds for each in seen.writes], 0.5, 0.99)
    yield "this process was late: p50, p99", "", _times(seen.delays, 0.5, 0.99)


def _outcomes(of: str, whats: Sequence[str], given: Sequence[Given]) -> Iterator[tuple[str, str, str]]:
    yield f"{of} that users asked for", "", str(len(given))
    for what in whats:
        yield f"  {what}", "", _share(sum(each.what == what for each in given), len(given))
    yield "  anything else", "", _share(sum(each.what not in whats for each in given), len(given))


def _share(part: int, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _times(seconds: Sequence[float], *parts: float) -> str:
    """Quantiles of seconds. The part 1 is the longest time."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return "  ".join(f"{ordered[min(last, int(part * len(ordered)))]:.2f}" for part in parts) if ordered else "-"


async def all_measured(seconds: float) -> list[Seen]:
    return [await measured(run, seconds / len(RUNS)) for run in RUNS]


def main() -> None:
    arguments = argparse.ArgumentParser(description="What greedy users do to a vendor's limit.")
    arguments.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="that count, of all runs together")
    seconds: float = arguments.parse_args().seconds
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    columns = [list(rows(seen)) for seen in uvloop.run(all_measured(seconds))]
    print(
        f"{READS} reads and {WRITES} writes in {WINDOW:.0f} s, 0-{TRAVEL * 1000:.0f} ms each way; "
        f"{USERS - WRITERS} readers and {WRITERS} writers of {TASKS} tasks;\n"
        f"answers fresh for {FRESH:.0f} s, one question in {INSISTENT} insists on FRESH; {seconds / len(RUNS):.0f} s a run. "
        "Times in seconds.\n"
    )
    print(f"{'':36}{'goal':>9}" + "".join(f"{run.title:>16}" for run in RUNS))
    for cells in zip(*columns, strict=True):
        what, goal, _ = cells[0]
        print(f"{what:36}{goal:>9}" + "".join(f"{value:>16}" for _, _, value in cells))
    print(
        "\nno budget: the same numbers within a window of 1 ms, which is never used up, and the stand-in's X-RateLimit\n"
        "headers withheld. What is left are its 429s with their Retry-After, and 8 to 16 requests at once.\n"
        f"travel: a slot that is counted from its answer is away for {TRAVEL:.1f} s more than the window, which leaves {LEFT:.0%} of\n"
        f"the limit at most, and would leave {60 / (60 + TRAVEL):.1%} of a minute's."
    )


if __name__ == "__main__":
    main()
