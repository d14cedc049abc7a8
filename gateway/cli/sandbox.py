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
    issuer: Annotated[
        bool, typer.Option("--issuer", help="Serve an identity provider too, where the people sign in.")
    ] = False,
    config_out: Annotated[Path | None, typer.Option(help="Write a configuration that `serve` takes.")] = None,
) -> None:
    """The stand-ins of the vendors' systems, and an identity provider."""
    chosen = filled_stand_ins(vendor, tasks=tasks, seed=seed)
    run(_sandbox(chosen, host, port, latency_ms, config_out, with_issuer=issuer))


async def _sandbox(
    chosen: "Sequence[StandIn]",
    host: str,
    port: int,
    latency_ms: float,
    config_out: Path | None,
    *,
    with_issuer: bool,
) -> None:
    import secrets
    from contextlib import AsyncExitStack

    from sandbox.accounts import with_accounts
    from sandbox.config import configuration
    from sandbox.issuer import SmallIssuer
    from sandbox.ports import ISSUER_OFFSET
    from sandbox.server import serve as serve_stand_ins
    from sandbox.server import serve_issuer

    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(
            serve_stand_ins(chosen, host=host, base_port=port, latency_ms=latency_ms)
        )
        address = None
        if with_issuer:
            address = await stack.enter_async_context(
                serve_issuer(
                    SmallIssuer(people=with_accounts(chosen)), host=host, port=port + ISSUER_OFFSET if port else 0
                )
            )
        if config_out is not None:
            write_private(config_out, configuration(chosen, urls, secrets.token_urlsafe(32), issuer=address))
            print(f"configuration written: taskgate serve --config {config_out}")
        for name, url in urls.items():
            print(f"{name:<12} {url}")
        if address is not None:
            print(f"{'issuer':<12} {address}")
        sys.stdout.flush()
        await forever()
