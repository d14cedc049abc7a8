"""`taskgate serve`: the gateway."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.asgi_server import AsgiServer, bound
from gateway.cli.configuration import load_or_fail
from gateway.cli.failure import fail
from gateway.cli.logs import change_level, log_requests
from gateway.cli.options import LOCALHOST, ConfigFile, LogFormat, LogLevel, Port
from gateway.cli.reload import Reloads
from gateway.cli.run import forever, run

if TYPE_CHECKING:
    from gateway.settings import Settings


def serve(
    config: ConfigFile,
    host: str = LOCALHOST,
    port: Port = 8000,
    log_level: Annotated[
        LogLevel | None,
        typer.Option(
            help="Log lines from this level on, instead of those of [gateway] log_level; one a request at info."
        ),
    ] = None,
    log_format: Annotated[LogFormat, typer.Option(help="A JSON object a line, or text for people.")] = "json",
) -> None:
    """The gateway."""
    # What is imported and built until the start stays: looking through it for garbage again and again costs time.
    gc.disable()
    log_requests(log_level or "info", log_format)
    settings = load_or_fail(config)
    change_level(log_level or settings.gateway.log_level)
    from gateway.app import create_app
    from gateway.inspection import faults_before_start

    faults = "\n".join(faults_before_start(settings))
    if faults:
        fail(faults)
    application = create_app(settings)
    reloads = Reloads(
        config, application.state.reload, [lambda changed: change_level(log_level or changed.gateway.log_level)]
    )
    hangups: set[asyncio.Task[object]] = set()

    def on_hangup() -> None:
        application.state.reopen_audit()
        task: asyncio.Task[object] = asyncio.ensure_future(reloads())
        hangups.add(task)
        task.add_done_callback(hangups.discard)

    run(_serve(application, settings, reloads, host, port), on_hangup=on_hangup)


async def _serve(application: Callable[..., Any], settings: "Settings", reloads: Reloads, host: str, port: int) -> None:
    server = AsgiServer(application, bound(host, port), settings.gateway)
    reloads.applied.append(lambda changed: server.change(changed.gateway))
    async with (
        server,
        _controlled(settings.gateway.journal, reloads),
    ):
        # Schema and settings stay: the collections that the rows of lists cause need not look at them again. One now would find
        # next to nothing, and take a tenth of the start.
        gc.freeze()
        gc.enable()
        print(f"GraphQL http://{host}:{port}/graphql", file=sys.stderr, flush=True)
        await forever()


@asynccontextmanager
async def _controlled(journal: Path, reloads: Reloads) -> AsyncIterator[None]:
    """`taskgate reload` reaches the gateway. It serves without that where the socket cannot be made."""
    import structlog

    from gateway.reloading import ControlSocket

    control = ControlSocket(journal, reloads)
    try:
        control.open()
    except OSError as error:
        structlog.get_logger("taskgate.reload").warning(
            "no control socket: `taskgate reload` cannot reach this gateway, SIGHUP can", reason=error.strerror
        )
    try:
        yield
    finally:
        await control.close()
