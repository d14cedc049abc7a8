"""The journal's file is for its owner only."""

import contextlib
import os
import stat
from pathlib import Path


def make_private(path: Path) -> None:
    """The file names people and holds results: only its owner may read and write it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        with contextlib.suppress(PermissionError):  # the file of another user, who lets us write it
            path.chmod(0o600)
