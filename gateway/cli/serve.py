"""`taskgate serve`: the gateway."""

import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.asgi_server import AsgiServer, bound
from gateway.cli.configuration import load_or_fail
from gateway.cli.failure import fail
from gateway.cli.logs import log_requests
from gateway.cli.options import LOCALHOST, ConfigFile, LogFormat, LogLevel, Port
from gateway.cli.run import forever, run

if TYPE_CHECKING:
    from gateway.settings import GatewaySettings


def serve(
    config: ConfigFile,
    host: str = LOCALHOST,
    port: Port = 8000,
    log_level: Annotated[LogLevel, typer.Option(help="Log lines from this level on; one a request at info.")] = "info",
    log_format: Annotated[LogFormat, typer.Option(help="A JSON object a line, or text for people.")] = "json",
) -> None:
    """The gateway."""
    log_requests(log_level, log_format)
    settings = load_or_fail(config)
    from gateway.app import create_app
    from gateway.inspection import faults_before_start

    faults = "\n".join(faults_before_start(settings))
    if faults:
        fail(faults)
    application = create_app(settings)
    # Without a file of its own, a hang-up ends the process as any other.
    on_hangup = None if settings.gateway.audit is None else application.state.reopen_audit
    run(_serve(application, settings.gateway, host, port), on_hangup=on_hangup)


async def _serve(application: Callable[..., Any], gateway: "GatewaySettings", host: str, port: int) -> None:
    async with AsgiServer(application, bound(host, port), gateway):
        # Schema and settings stay: the collections that the rows of lists cause need not look at them again.
        gc.collect()
        gc.freeze()
        print(f"GraphQL http://{host}:{port}/graphql", file=sys.stderr, flush=True)
        await forever()
