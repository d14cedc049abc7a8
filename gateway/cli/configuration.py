"""The configuration file of a command."""

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.failure import fail

if TYPE_CHECKING:
    from gateway.settings import Settings


def load_or_fail(path: Path) -> "Settings":
    from gateway.settings import ConfigurationError, load

    try:
        return load(path)
    except ConfigurationError as error:
        fail(str(error))


def write_private(path: Path, text: str) -> None:
    """Only the owner may read the file: it holds credentials."""
    try:
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path}: cannot be written ({error.strerror})")
