"""What `taskgate serve` costs to start and to keep: `python benchmarks/footprint.py [--queries N] [--people N]`.

The stand-ins of all vendors and the gateway run in processes of their own. Printed are the gateway's CPU seconds and the time
until its first answer to a query, its resident memory then, and its memory after each tenth of the queries, which different
people send in turn. Exit code 1 if a goal is missed: 2 CPU seconds, 120 MiB, and at most 5 % more memory in the second half
of the queries than in the first.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.processes import serve_until_closed, started  # noqa: E402 started as a program, the tree is not on the path yet
from sandbox.config import configuration, toml  # noqa: E402
from sandbox.registry import stand_ins  # noqa: E402

TASKS = 60
MOST_CPU_SECONDS = 2.0
MOST_MEMORY = 120.0
MOST_GROWTH = 1.05
CONNECTIONS = 8
QUERIES = (
    "{ viewer { user { displayName } inbox(first: 25) { nodes { id title state dueAt assignee { displayName } } } } }",
    "{ tasks(first: 10, filter: {state: {in: [READY, RESERVED]}}) { totalCount nodes { id title } } }",
    "{ sources { key status } }",
)
_TICKS = os.sysconf("SC_CLK_TCK")


def vendors(pipe: Connection, other_end: Connection) -> None:
    """The stand-ins. Sends the gateway's configuration."""
    chosen = [kind() for kind in stand_ins().values()]
    for each in chosen:
        each.reset(tasks=TASKS, seed=1, now=None, scenario=None)

    def told(urls: Mapping[str, str]) -> str:
        return configuration(chosen, urls, "a secret of a benchmark, long enough")

    serve_until_closed(pipe, other_end, chosen, told)


def with_more_people(text: str, number: int) -> str:
    """The configuration with people who have the groups of the first one, and accounts of their own."""
    document = tomllib.loads(text)
    # Refusals of a busy gateway are the subject of another benchmark.
    document["gateway"]["admission"] = {"lag_seconds": 10}
    first = document["people"][0]
    for each in range(number):
        identities = {
            source: {**known, "id": str(10_000_000 + each) if str(known["id"]).isdecimal() else f"p{each}"}
            for source, known in first["identities"].items()
        }
        document["people"].append(
            {"key": f"p{each}", "name": f"Person {each}", "groups": first["groups"], "identities": identities}
        )
    return toml(document)


class Process:
    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc") / str(pid)

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = (self._folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Resident now, in MiB."""
        lines = (self._folder / "status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


@contextmanager
def gateway(config: Path) -> Iterator[tuple[Process, str]]:
    """`taskgate serve` and its address, when its port is known; it may not answer yet."""
    command = [sys.executable, "-c", "from gateway.cli import app; app()", "serve", "--config", str(config)]
    # As an installation has them: without bytecode the start would compile the whole tree.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    packages = [str(ROOT / name) for name in ("gateway", "schema", "connectors")]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *packages], env=environment, check=True)  # noqa: S603 no words of others
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [*command, "--port", str(port), "--log-level", "error"]
    with subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True) as running:  # noqa: S603 no words of others
        try:
            assert running.stderr is not None
            said: list[str] = []
            for line in running.stderr:
                said.append(line)
                if line.startswith("GraphQL "):
                    yield Process(running.pid), line.split()[1]
                    return
            raise SystemExit(f"the gateway did not start: {''.join(said)}")
        finally:
            running.kill()


async def ask(client: httpx2.AsyncClient, url: str, person: str, query: str) -> None:
    """SystemExit unless the answer has data and no errors."""
    response = await client.post(url, json={"query": query}, headers={"Authorization": f"Bearer {person}"})
    answer: dict[str, Any] = response.json()
    if response.status_code != 200 or answer.get("errors"):
        raise SystemExit(f"{response.status_code}: {response.text[:300]}")


async def measure(process: Process, url: str, *, began: float, queries: int, people: int) -> bool:
    """Whether all goals are met."""
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx2.AsyncClient(limits=limits, timeout=60) as client:
        await ask(client, url, "alice", QUERIES[0])
        cpu, elapsed, first = process.cpu_seconds(), time.monotonic() - began, process.memory()
        print(
            f"first answer     {cpu:6.2f} s CPU   {elapsed:6.2f} s   {first:6.1f} MiB   goal {MOST_CPU_SECONDS} s CPU"
        )
        print(
            f"queries          memory   (goal {MOST_MEMORY:.0f} MiB; second half at most {MOST_GROWTH - 1:.0%} above the first)"
        )
        held: list[float] = []
        tenth = max(1, queries // 10)
        for start in range(0, queries, tenth):
            numbers = iter(range(start, min(start + tenth, queries)))

            async def worker(numbers: Iterator[int] = numbers) -> None:
                for number in numbers:
                    await ask(client, url, f"p{number % people}", QUERIES[number % len(QUERIES)])

            async with asyncio.TaskGroup() as group:
                for _ in range(CONNECTIONS):
                    group.create_task(worker())
            held.append(process.memory())
            print(f"{min(start + tenth, queries):7}        {held[-1]:6.1f} MiB")
    half = len(held) // 2
    growth = max(held[half:]) / max(held[:half]) if half else 1.0
    print(f"growth           {growth - 1:6.1%}")
    print(f"CPU a query      {(process.cpu_seconds() - cpu) * 1000 / queries:6.2f} ms")
    return cpu <= MOST_CPU_SECONDS and max(held) <= MOST_MEMORY and growth <= MOST_GROWTH


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--people", type=int, default=2_000)
    given = parser.parse_args()
    if not Path("/proc/self/status").exists():
        print("no /proc here: nothing can be measured")
        return 0
    with started("fork", vendors) as text, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "taskgate.toml"
        config.write_text(with_more_people(text, given.people), encoding="utf-8")
        began = time.monotonic()
        with gateway(config) as (process, url), contextlib.suppress(KeyboardInterrupt):
            is_met = asyncio.run(measure(process, url, began=began, queries=given.queries, people=given.people))
            return 0 if is_met else 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
