"""`taskgate serve`: the gateway."""

import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.cli.asgi_server import AsgiServer, bound
from gateway.cli.configuration import load_or_fail
from gateway.cli.failure import fail
from gateway.cli.logs import log_as_json
from gateway.cli.options import LOCALHOST, ConfigFile, Port
from gateway.cli.run import forever, run

if TYPE_CHECKING:
    from gateway.settings import GatewaySettings


def serve(config: ConfigFile, host: str = LOCALHOST, port: Port = 8000) -> None:
    """The gateway."""
    log_as_json()
    settings = load_or_fail(config)
    from gateway.app import create_app
    from gateway.composition import journal_fault

    fault = journal_fault(settings)
    if fault is not None:
        fail(fault)
    run(_serve(create_app(settings), settings.gateway, host, port))


async def _serve(application: Callable[..., Any], gateway: "GatewaySettings", host: str, port: int) -> None:
    async with AsgiServer(application, bound(host, port), gateway):
        # Schema and settings stay: the collections that the rows of lists cause need not look at them again.
        gc.collect()
        gc.freeze()
        print(f"GraphQL http://{host}:{port}/graphql", file=sys.stderr, flush=True)
        await forever()
