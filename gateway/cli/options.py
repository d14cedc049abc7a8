"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer

LOCALHOST = "127.0.0.1"

Tasks = Annotated[int, typer.Option(min=0, max=1_000_000, help="Tasks in each system.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same data.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The TOML configuration.", show_default=False)]
Port = Annotated[int, typer.Option(min=1, max=65535)]

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "console"]
