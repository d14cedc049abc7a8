"""`taskgate schema`: the SDL."""

from typing import Annotated

import typer


def schema(
    subgraph: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="With the directives of this version of Apollo Federation: 2.3 to 2.9."),
    ] = None,
) -> None:
    """Print the SDL."""
    from typing import get_args

    from gateway.cli.failure import fail
    from schema.api import sdl
    from schema.core.federation_version import FederationVersion
    from schema.subgraph import subgraph_sdl

    known: tuple[FederationVersion, ...] = get_args(FederationVersion)
    if subgraph is None:
        print(sdl(), end="")
        return
    version = next((each for each in known if each == subgraph), None)
    if version is None:
        fail(f"--subgraph takes a version of {', '.join(known)}")
    print(subgraph_sdl(sdl(), version), end="")
