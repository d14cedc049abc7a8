"""The stand-ins and the gateway, each in a process of its own."""

import asyncio
import logging
import multiprocessing
import socket
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from benchmarks.processes import serve_until_closed, started
from benchmarks.write_parts.people import crowd, identities
from gateway.app import create_app
from gateway.settings import load
from sandbox import people
from sandbox.config import configuration, toml
from sandbox.registry import stand_ins


def stand_in_process(pipe: Connection, other_end: Connection, tasks: int, seed: int, names: Sequence[str]) -> None:
    """Sends the gateway's configuration and the addresses."""
    more = crowd()
    # Before the vendors' modules are imported, which make their directories of it.
    vars(people)["ALL_PEOPLE"] = (*people.ALL_PEOPLE, *more)
    chosen = [kind() for name, kind in stand_ins().items() if not names or name in names]
    found = {one.vendor: identities(one, more) for one in chosen}
    for each in chosen:
        each.reset(tasks=tasks, seed=seed, now=None, scenario=None)

    def told(urls: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        document = tomllib.loads(configuration(chosen, urls, "a secret of a benchmark"))
        document["people"] += [
            {
                "key": one.key,
                "name": one.name,
                "groups": list(one.groups),
                "identities": {vendor: known[one.key] for vendor, known in found.items()},
            }
            for one in more
        ]
        return document, dict(urls)

    serve_until_closed(pipe, other_end, chosen, told)


def gateway_process(path: Path, port: int, ready: Connection) -> None:
    """A gateway, until it is killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))

    class Told(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.send(listening.getsockname()[1])

    Told(uvicorn.Config(create_app(load(path)), log_config=None, access_log=False)).run(sockets=[listening])


class Gateway:
    """A gateway that can be killed and comes back under its address."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._port = 0
        self._starting = multiprocessing.get_context("forkserver")
        self._starting.set_forkserver_preload(["__main__"])
        self.kills = 0
        self.start()

    def start(self) -> None:
        ours, theirs = self._starting.Pipe()
        self._process = self._starting.Process(
            target=gateway_process, args=(self._path, self._port, theirs), daemon=True
        )
        self._process.start()
        theirs.close()
        self._port = ours.recv()
        ours.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    async def die_and_return(self) -> None:
        self.kill()
        self.kills += 1
        await asyncio.to_thread(self.start)


@contextmanager
def vendors(tasks: int, seed: int, names: Sequence[str] = ()) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Those of the stand-ins, or all: their configuration and addresses."""
    with started("spawn", stand_in_process, tasks, seed, names) as found:
        yield found


@contextmanager
def gateway(document: Mapping[str, Any], folder: Path, **source: float) -> Iterator[Gateway]:
    """With a journal of its own, and `source` in each source's settings."""
    path = folder / "taskgate.toml"
    # Refusals of a busy gateway are the subject of another benchmark.
    settings = {
        **document["gateway"],
        "graphiql": False,
        "journal": str(folder / "journal.sqlite3"),
        "admission": {"lag_seconds": 10},
    }
    sources = [{**one, **source} for one in document["sources"]]
    path.write_text(toml({**document, "gateway": settings, "sources": sources}), encoding="utf-8")
    running = Gateway(path)
    try:
        yield running
    finally:
        running.kill()
