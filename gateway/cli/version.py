"""`taskgate --version`."""

from typing import Annotated

import typer


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"taskgate {version('taskgate')}")
        raise typer.Exit


def main(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """One GraphQL inbox over every human-task system of a company."""
