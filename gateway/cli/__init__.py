"""The commands of `taskgate`."""

from gateway.cli.commands import app

__all__ = ["app"]
