"""The commands: demo, serve, sandbox, check, schema."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

    from gateway.settings import Settings
    from sandbox.stand_in import StandIn

app = typer.Typer(
    help="One GraphQL inbox over every human-task system of a company.", no_args_is_help=True, add_completion=False
)

HOST = "127.0.0.1"
INBOX = """query Inbox {
  viewer { user { displayName }
    inbox(first: 100, scope: MINE) {
      totalCount
      nodes { title state dueAt source { name } }
      sources { source { name } status upstreamCalls error { message } }
    }
  }
}"""
FIRST_QUERY = "{ viewer { inbox(first: 5, scope: MINE_OR_CLAIMABLE) { totalCount nodes { id title state dueAt source { key } } } } }"

Tasks = Annotated[int, typer.Option(min=0, max=1_000_000, help="Tasks in each system.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same data.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The TOML configuration.", show_default=False)]
Port = Annotated[int, typer.Option(min=1, max=65535)]


@app.command()
def demo(
    port: Port = 8000,
    sandbox_port: Port = 9100,
    tasks: Tasks = 40,
    seed: Seed = 7,
    once: Annotated[bool, typer.Option("--once", help="Exit after printing the inbox.")] = False,
) -> None:
    """Sandbox and gateway in one process: prints the addresses, the people and the viewer's inbox."""
    _quiet_logs()
    _run(_demo(port, sandbox_port, tasks, seed, once=once))


@app.command()
def serve(config: ConfigFile, host: str = HOST, port: Port = 8000) -> None:
    """The gateway."""
    _json_logs()
    settings = _load(config)
    from gateway.app import create_app

    _run(_serve_until_told(create_app(settings), host, port))


@app.command()
def sandbox(
    host: str = HOST,
    port: Port = 9100,
    vendor: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    tasks: Tasks = 40,
    seed: Seed = 7,
    latency_ms: Annotated[float, typer.Option(min=0, help="Added to every answer.")] = 0,
    config_out: Annotated[Path | None, typer.Option(help="Write a configuration that `serve` takes.")] = None,
) -> None:
    """The stand-ins of the vendors' systems."""
    chosen = _stand_ins(vendor)
    _run(_sandbox(chosen, host, port, tasks, seed, latency_ms, config_out))


@app.command()
def check(config: ConfigFile) -> None:
    """Validate the configuration and ask every source whether it answers; exit 0 when all do, else 1."""
    _quiet_logs()
    settings = _load(config)
    if not asyncio.run(_check(settings)):
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the SDL."""
    from schema.api import sdl

    print(sdl(), end="")


async def _demo(port: int, sandbox_port: int, tasks: int, seed: int, *, once: bool) -> None:
    import secrets

    from gateway.app import create_app
    from gateway.settings import load
    from sandbox.config import configuration
    from sandbox.server import serve as serve_stand_ins

    chosen = _stand_ins(None)
    for stand_in in chosen:
        stand_in.reset(tasks=tasks, seed=seed, now=None, scenario=None)
    with tempfile.TemporaryDirectory(prefix="taskgate-demo-") as folder:
        async with serve_stand_ins(chosen, host=HOST, base_port=sandbox_port) as urls:
            path = Path(folder) / "taskgate.toml"
            path.write_text(configuration(chosen, urls, secrets.token_urlsafe(32)), encoding="utf-8")
            settings = load(path)
            async with _served(create_app(settings), HOST, port):
                address = f"http://{HOST}:{port}/graphql"
                _print_people(settings, address, {"sandbox": f"http://{HOST}:{sandbox_port}", **urls})
                complete = await _print_inbox(address)
                if once:
                    if not complete:
                        raise typer.Exit(1)
                    return
                _print_invitation(address)
                await _told()


async def _sandbox(
    chosen: "Sequence[StandIn]",
    host: str,
    port: int,
    tasks: int,
    seed: int,
    latency_ms: float,
    config_out: Path | None,
) -> None:
    import secrets

    from sandbox.config import configuration
    from sandbox.server import serve as serve_stand_ins

    for stand_in in chosen:
        stand_in.reset(tasks=tasks, seed=seed, now=None, scenario=None)
    async with serve_stand_ins(chosen, host=host, base_port=port, latency_ms=latency_ms) as urls:
        if config_out is not None:
            _write(config_out, configuration(chosen, urls, secrets.token_urlsafe(32)))
            print(f"configuration written: taskgate serve --config {config_out}")
        for name, url in urls.items():
            print(f"{name:<12} {url}")
        sys.stdout.flush()
        await _told()


async def _check(settings: "Settings") -> bool:
    from connectors.sdk.errors import ConnectorError
    from connectors.sdk.registry import connector_types

    async def verdict(section: Any) -> tuple[str, ...]:
        connector = connector_types()[section.vendor].open(section)
        try:
            await connector.ping()
        except ConnectorError as error:
            return section.key, section.vendor, error.code, error.message
        finally:
            await connector.aclose()
        return section.key, section.vendor, "OK", "answers, and accepts our credentials"

    rows = await asyncio.gather(*(verdict(section) for section in settings.sources))
    _table(("source", "vendor", "status", ""), rows)
    return all(row[2] == "OK" for row in rows)


async def _print_inbox(address: str) -> bool:
    """The default person's inbox by a real request; True when every source gave its part."""
    import httpx2

    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        answer = (await client.post(address, json={"query": INBOX})).json()
    if "errors" in answer:
        print(f"the inbox could not be read: {answer['errors'][0]['message']}", file=sys.stderr)
        return False
    viewer = answer["data"]["viewer"]
    inbox = viewer["inbox"]
    print(f"\n{viewer['user']['displayName']}'s inbox, {inbox['totalCount']} open tasks, soonest due first:\n")
    _table(
        ("due", "task", "state", "system"),
        [
            (
                "-" if node["dueAt"] is None else node["dueAt"][:16].replace("T", " "),
                node["title"],
                node["state"],
                node["source"]["name"],
            )
            for node in inbox["nodes"]
        ],
    )
    failed = [report for report in inbox["sources"] if report["status"] != "OK"]
    for report in failed:
        reason = report["error"]["message"] if report["error"] else ""
        print(f"{report['source']['name']}: {report['status']} {reason}", file=sys.stderr)
    return not failed


def _print_people(settings: "Settings", address: str, stand_ins: dict[str, str]) -> None:
    print(f"GraphQL      {address}")
    for name, url in stand_ins.items():
        print(f"{name:<12} {url}")
    print()
    _table(
        ("person", "name", "groups", "roles"),
        [
            (person.key, person.name, ", ".join(person.groups), ", ".join(person.roles) or "-")
            for person in settings.people
        ],
    )


def _print_invitation(address: str) -> None:
    print(f"""
Without a token you are alice. Ask, as bob for example:

  curl -s {address} -H 'Authorization: Bearer bob' -H 'Content-Type: application/json' \\
    -d '{{"query": "{FIRST_QUERY}"}}'

Stop with Ctrl-C.""")
    sys.stdout.flush()


def _table(head: tuple[str, ...], rows: "Sequence[tuple[str, ...]]") -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, tuple("-" * width for width in widths), *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _stand_ins(vendors: list[str] | None) -> "list[StandIn]":
    from sandbox.registry import stand_ins

    known = stand_ins()
    for vendor in vendors or ():
        if vendor not in known:
            _fail(f"there is no stand-in for {vendor!r}; there are {', '.join(known)}")
    return [kind() for name, kind in known.items() if not vendors or name in vendors]


def _write(path: Path, text: str) -> None:
    """For the owner only: it holds credentials."""
    try:
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        _fail(f"{path}: cannot be written ({error.strerror})")


def _load(path: Path) -> "Settings":
    from gateway.settings import ConfigurationError, load

    try:
        return load(path)
    except ConfigurationError as error:
        _fail(str(error))


class _served:  # noqa: N801 a context manager that reads like `serve_stand_ins`
    """An application on a port of this process, until the block ends; the process's signals stay ours."""

    def __init__(self, application: "FastAPI", host: str, port: int) -> None:
        import contextlib
        import socket

        import uvicorn

        class Embedded(uvicorn.Server):
            def capture_signals(self) -> Any:
                return contextlib.nullcontext()

        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            _fail(f"the gateway cannot listen on {host}:{port}: {error.strerror}; choose another --port")
        self._server = Embedded(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._running = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._running.done():
                self._running.result()
                _fail("the gateway could not start")
            await asyncio.sleep(0.005)

    async def __aexit__(self, *raised: object) -> None:
        self._server.should_exit = True
        if self._running is not None:
            await self._running
        self._socket.close()


async def _serve_until_told(application: "FastAPI", host: str, port: int) -> None:
    async with _served(application, host, port):
        print(f"GraphQL http://{host}:{port}/graphql", file=sys.stderr, flush=True)
        await _told()


async def _told() -> None:
    """For as long as nobody sends SIGINT or SIGTERM."""
    await asyncio.Event().wait()


async def _until_told(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end, or until SIGINT or SIGTERM, which unwind `main` from wherever it is."""
    task = asyncio.create_task(main)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        print("stopping", file=sys.stderr)


def _run(main: Coroutine[Any, Any, None]) -> None:
    import uvloop

    from sandbox.server import PortTakenError

    try:
        uvloop.run(_until_told(main))
    except PortTakenError as error:
        _fail(f"{error}; choose another port")


def _fail(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    raise typer.Exit(1)


def _json_logs() -> None:
    import logging

    import orjson
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _quiet_logs() -> None:
    """What commands print for people is not mixed with log lines below errors."""
    import logging

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
