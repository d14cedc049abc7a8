"""taskgate beside other GraphQL gateways: `python benchmarks/peers.py [--seconds S] [--rounds N] [--only TEXT] [--alone]`.

One REST backend on loopback has 100 tasks with assignees. GraphQL Mesh with Hive Gateway, Tailcall and taskgate answer the
same question over it, in one run, each in its own process. Before anything is measured, each answer is compared with what
the backend has. A case is measured in short rounds, the gateways in turn, so that a busy machine is busy for all of them. For each
case and gateway it prints the CPU milliseconds a query (of the gateway's processes, from /proc; the least round), requests
a second, calls of the backend a query, the median and the 99th percentile of the wait, memory, and the ratio of the CPU to
each peer's. CPU is the steady figure; requests a second depend on what else the machine does.

asked          every query asks the backend; 16 connections
asked, alone   the same over one connection
warm           the answers of the backend are kept; each request has another variable, which the query does not use
warm, declared the same; the page size is a variable of 21 values
identical      one and the same request
slow source    as "asked, alone", but the backend takes 20 ms for each call

At the end it prints the goals, and by how much they are missed. The overhead over the slow source is the wait without the 20 ms.

Each peer has its own remedies switched on: Mesh `valueKeyField` and compiled operations, and kept whole answers for the last
case; Tailcall its compiled execution, batches, `dedupe`, and kept answers of the backend. Mesh has no line where it keeps
nothing. Without Node.js, or with `--alone`, taskgate runs alone.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.peer_parts import (  # noqa: E402 started as a program, the tree is not on the path yet
    PEOPLE,
    TASKS,
    Gateway,
    Kind,
    Load,
    Question,
    hive,
    installed,
    serve,
    tailcall,
    taskgate,
)
from benchmarks.processes import started  # noqa: E402

ROW = "nodes { id title state priorityScore dueAt createdAt assignee { id displayName email } }"
OWN = "orderBy: [{field: CREATED_AT}]"
CONNECTIONS = 16
WARMING = 0.3
SLOW = 20
"""Milliseconds of a call in the last case."""
SWITCHES = ("TASKGATE_FAST",)


class Case(Struct, frozen=True):
    """`variables` of request number N. `kept`: from kept answers; who keeps none has no line."""

    name: str
    variables: Callable[[int], dict[str, Any]]
    connections: int = CONNECTIONS
    kept: tuple[Kind, ...] | None = None
    is_declared: bool = False
    slow: int = 0


def _none(number: int) -> dict[str, Any]:
    return {}


def _other(number: int) -> dict[str, Any]:
    return {"x": number}


CASES = (
    Case("asked", _other),
    Case("asked, alone", _other, connections=1),
    Case("warm", _other, kept=(Kind.TASKGATE, Kind.TAILCALL)),
    Case(
        "warm, declared",
        lambda number: {"n": TASKS - 20 + number % 21, "x": number},
        kept=(Kind.TASKGATE, Kind.TAILCALL),
        is_declared=True,
    ),
    Case("identical", _none, kept=(Kind.TASKGATE, Kind.HIVE, Kind.TAILCALL)),
    Case("slow source", _other, connections=1, slow=SLOW),
)
# CPU of taskgate in one case, as a multiple of a peer's.
RATIOS = (
    ("asked", Kind.TAILCALL, 1.0),
    ("asked, alone", Kind.TAILCALL, 2.0),
    ("warm", Kind.TAILCALL, 1.0),
    ("warm, declared", Kind.TAILCALL, 1.0),
    ("identical", Kind.TAILCALL, 1.0),
    ("asked", Kind.HIVE, 0.1),
    ("identical", Kind.HIVE, 0.1),
)
MOST_OVERHEAD = (("median", 3.0), ("late", 10.0))
"""Milliseconds over the slow source."""
MOST_MEMORY = 120.0


class Line(Struct):
    """The sums of a gateway's rounds in a case."""

    cpu: float = 0.0
    rate: float = 0.0
    calls: float = 0.0
    median: float = 0.0
    late: float = 0.0
    memory: float = 0.0


def question(case: Case, kind: Kind) -> Question:
    first = "$n" if case.is_declared else str(TASKS)
    declared = "query($n: Int!) " if case.is_declared else ""
    more = f", {OWN}" + ("" if case.kept else ", freshness: FRESH") if kind is Kind.TASKGATE else ""
    return Question(f"{declared}{{ tasks(first: {first}{more}) {{ {ROW} }} }}", case.variables)


async def check(gateway: Gateway, case: Case) -> None:
    """SystemExit unless the answer has what the backend has. Ids are the gateway's own."""
    answer = await Load(gateway.port).answer(question(case, gateway.kind))
    rows = (answer.get("data") or {}).get("tasks", {}).get("nodes") or []
    least = TASKS - 20 if case.is_declared else TASKS
    is_right = len(rows) >= least and all(
        row["title"] == f"Approve invoice {number}"
        and row["state"] == "RESERVED"
        and row["priorityScore"] == number % 100
        and row["dueAt"] == f"2026-07-{1 + number % 28:02}T09:00:00.000Z"
        and row["createdAt"] == f"2026-06-01T{number // 60:02}:{number % 60:02}:00.000Z"
        and row["assignee"]["displayName"] == f"Person {number % PEOPLE}"
        and row["assignee"]["email"] == f"person{number % PEOPLE}@example.com"
        and bool(row["id"])
        and bool(row["assignee"]["id"])
        for number, row in enumerate(rows)
    )
    if not is_right or answer.get("errors"):
        raise SystemExit(f"{gateway.kind} answers {case.name} wrongly: {str(answer)[:500]}")


async def measure(
    gateways: list[Gateway], case: Case, calls: Callable[[], Awaitable[int]], *, rounds: int, seconds: float
) -> dict[Kind, Line]:
    lines: dict[Kind, Line] = {}
    for gateway in gateways:
        await check(gateway, case)
        await Load(gateway.port).run(question(case, gateway.kind), connections=case.connections, seconds=WARMING)
    for _ in range(rounds):
        for gateway in gateways:
            cpu, before = gateway.cpu(), await calls()
            done = await Load(gateway.port).run(
                question(case, gateway.kind), connections=case.connections, seconds=seconds
            )
            spent = (gateway.cpu() - cpu) * 1000 / done.answers
            line = lines.get(gateway.kind)
            if line is None or spent < line.cpu:
                lines[gateway.kind] = Line(
                    cpu=spent,
                    rate=done.answers / done.seconds,
                    calls=(await calls() - before) / done.answers,
                    median=done.wait(0.5) * 1000,
                    late=done.wait(0.99) * 1000,
                    memory=gateway.memory(),
                )
    return lines


def told(case: Case, lines: dict[Kind, Line]) -> None:
    own = lines[Kind.TASKGATE]
    for kind, line in lines.items():
        ratio = "" if kind is Kind.TASKGATE or not line.cpu else f"  taskgate is {own.cpu / line.cpu:5.2f} times that"
        print(
            f"{case.name:15} {kind:12} {line.cpu:8.3f} ms CPU {line.rate:8.0f} a second {line.calls:6.2f} calls "
            f"{line.median:7.2f} ms median {line.late:8.2f} ms p99 {line.memory:6.0f} MiB{ratio}",
            flush=True,
        )


def tell_goals(found: dict[str, dict[Kind, Line]]) -> None:
    """Of the cases that ran."""
    print("goals")
    for name, peer, most in RATIOS:
        lines = found.get(name, {})
        if peer in lines and lines[peer].cpu:
            tell_goal(f"{name}, CPU as a multiple of {peer}", lines[Kind.TASKGATE].cpu / lines[peer].cpu, most)
    slow = found.get("slow source", {}).get(Kind.TASKGATE)
    if slow is not None:
        for what, most in MOST_OVERHEAD:
            name = "median" if what == "median" else "p99"
            tell_goal(f"overhead over a source of {SLOW} ms, {name}, ms", getattr(slow, what) - SLOW, most)
    if found:
        memory = max(lines[Kind.TASKGATE].memory for lines in found.values())
        tell_goal("memory, MiB", memory, MOST_MEMORY)


def tell_goal(what: str, is_now: float, most: float) -> None:
    print(f"  {what:52} {is_now:7.2f}  goal {most:6.2f}  {'reached' if is_now <= most else 'missed'}")


async def compare(port: int, folder: Path, options: argparse.Namespace) -> None:
    backend = f"http://127.0.0.1:{port}"
    why = "--alone was given" if options.alone else installed()
    if why is not None:
        print(f"taskgate runs alone: {why}.")

    async def told_by_backend(target: str) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {target} HTTP/1.1\r\n\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        number = int(await reader.readexactly(length))
        writer.close()
        return number

    with contextlib.ExitStack() as stack:
        switches = {name: os.environ[name] for name in SWITCHES if name in os.environ}
        gateways = [stack.enter_context(taskgate(backend, folder, switches))]
        if why is None:
            for keeps in (False, True):
                gateways.append(stack.enter_context(tailcall(backend, folder, keeps=keeps)))
                gateways.append(stack.enter_context(hive(backend, folder, keeps=keeps)))
        found: dict[str, dict[Kind, Line]] = {}
        for case in CASES:
            if options.only is not None and options.only not in case.name:
                continue
            chosen = [
                each
                for each in gateways
                if each.kind is Kind.TASKGATE
                or (each.keeps == (case.kept is not None) and (case.kept is None or each.kind in case.kept))
            ]
            await told_by_backend(f"/slow?ms={case.slow}")
            lines = await measure(
                chosen, case, lambda: told_by_backend("/calls"), rounds=options.rounds, seconds=options.seconds
            )
            found[case.name] = lines
            told(case, lines)
        tell_goals(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.5, help="of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="cases whose names have this text")
    parser.add_argument("--alone", action="store_true", help="taskgate without its peers")
    options = parser.parse_args()
    with started("spawn", serve) as port, tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(port, Path(folder), options))


if __name__ == "__main__":
    main()
