"""`taskgate sandbox`: the stand-ins of the vendors' systems."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.configuration import write_private
from gateway.cli.options import LOCALHOST, Port, Seed, Tasks
from gateway.cli.run import forever, run
from gateway.cli.stand_ins import filled_stand_ins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.stand_in import StandIn


def sandbox(
    host: str = LOCALHOST,
    port: Port = 9100,
    vendor: Annotated[list[str] | None, typer.Option(help="Serve only this vendor; may be repeated.")] = None,
    tasks: Tasks = 40,
    seed: Seed = 7,
    latency_ms: Annotated[float, typer.Option(min=0, help="Added to every answer.")] = 0,
    config_out: Annotated[Path | None, typer.Option(help="Write a configuration that `serve` takes.")] = None,
) -> None:
    """The stand-ins of the vendors' systems."""
    chosen = filled_stand_ins(vendor, tasks=tasks, seed=seed)
    run(_sandbox(chosen, host, port, latency_ms, config_out))


async def _sandbox(
    chosen: "Sequence[StandIn]", host: str, port: int, latency_ms: float, config_out: Path | None
) -> None:
    import secrets

    from sandbox.config import configuration
    from sandbox.server import serve as serve_stand_ins

    async with serve_stand_ins(chosen, host=host, base_port=port, latency_ms=latency_ms) as urls:
        if config_out is not None:
            write_private(config_out, configuration(chosen, urls, secrets.token_urlsafe(32)))
            print(f"configuration written: taskgate serve --config {config_out}")
        for name, url in urls.items():
            print(f"{name:<12} {url}")
        sys.stdout.flush()
        await forever()
