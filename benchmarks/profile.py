"""Where a query's CPU time goes: `python benchmarks/profile.py [--queries N] [--top N] [--query TEXT | --case NAME]`.

The whole operation in one process: the ASGI application is called with the request of `benchmarks/peers.py` (100 tasks with
assignees over one REST backend, which is a process of its own), without a socket before it. For each case it prints the CPU
milliseconds a query without the profiler, which slows small functions down; then the functions that take most, with it.

warm       kept answers of the backend; each request is another one
identical  one and the same request
fresh      each query asks the backend
"""

import argparse
import asyncio
import gc
import io
import itertools
import logging
import sys
import tempfile
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import orjson
import structlog

ROOT = Path(__file__).resolve().parents[1]
# The folder of this program holds a module of the name `profile`, which the standard library has too.
sys.path[:] = [str(ROOT), *(each for each in sys.path if Path(each or ".").resolve() != ROOT / "benchmarks")]

import cProfile  # noqa: E402 it imports `profile`
import pstats  # noqa: E402 as above

from benchmarks.peer_parts import TASKS, configured, serve  # noqa: E402 started as a program
from benchmarks.processes import started  # noqa: E402
from gateway.app import create_app  # noqa: E402
from gateway.settings import load  # noqa: E402

ROW = "nodes { id title state priorityScore dueAt createdAt assignee { id displayName email } }"
CASES = {
    "warm": ("", True),
    "identical": ("", False),
    "fresh": (", freshness: FRESH", True),
}
HEADERS = [(b"host", b"gateway"), (b"content-type", b"application/json"), (b"accept", b"application/json")]
ROUNDS = 3
NUMBERS = itertools.count()


async def ask(app: Any, text: str, number: int | None) -> bytes:
    """One request through the application, as the server would call it."""
    body = orjson.dumps({"query": text, "variables": {} if number is None else {"x": number}})
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [*HEADERS, (b"content-length", b"%d" % len(body))],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "state": {},
        "app": app,
    }
    sent = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


async def spend(app: Any, text: str, queries: int, *, is_distinct: bool) -> None:
    for _ in range(queries):
        await ask(app, text, next(NUMBERS) if is_distinct else None)


async def look(app: Any, name: str, text: str, options: argparse.Namespace, *, is_distinct: bool) -> None:
    answer = orjson.loads(await ask(app, text, -1))
    if answer.get("errors"):
        raise SystemExit(f"the query fails: {answer['errors']}")
    await spend(app, text, 3, is_distinct=is_distinct)
    least = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        await spend(app, text, options.queries, is_distinct=is_distinct)
        least = min(least, (time.process_time() - began) * 1000 / options.queries)
    print(f"{name}: {least:.3f} ms CPU a query")
    profiler = cProfile.Profile()
    profiler.enable()
    await spend(app, text, options.queries, is_distinct=is_distinct)
    profiler.disable()
    told = io.StringIO()
    pstats.Stats(profiler, stream=told).sort_stats("tottime").print_stats(options.top)
    lines = told.getvalue().replace(f"{ROOT}/", "").splitlines()
    print("\n".join(line for line in lines if line.strip() and "Random listing" not in line), flush=True)


async def run(port: int, folder: Path, options: argparse.Namespace) -> None:
    app = create_app(load(configured(f"http://127.0.0.1:{port}", folder)))
    async with app.router.lifespan_context(app):
        gc.collect()
        gc.freeze()
        for name, (freshness, is_distinct) in CASES.items():
            if options.case is None or options.case == name:
                own = f"{{ tasks(first: {TASKS}, orderBy: [{{field: CREATED_AT}}]{freshness}) {{ {ROW} }} }}"
                await look(app, name, options.query or own, options, is_distinct=is_distinct)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--top", type=int, default=25)
    parser.add_argument("--query", help="in place of the 100 tasks")
    parser.add_argument("--case", choices=CASES)
    options = parser.parse_args()
    logging.disable()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[lambda *_: ""])
    with started("spawn", serve) as port, tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        asyncio.run(run(port, Path(folder), options))


if __name__ == "__main__":
    main()
