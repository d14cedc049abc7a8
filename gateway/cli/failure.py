"""How a command fails."""

import sys
from typing import NoReturn

import typer


def fail(line: str) -> NoReturn:
    """Print the line to stderr and end the command with exit code 1."""
    print(line, file=sys.stderr)
    raise typer.Exit(1)
