"""Commands as other programs call them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from typer.testing import CliRunner

from gateway.cli import app

PATIENCE_S = 300
STAND_INS = {
    "camunda": 1,
    "uipath": 2,
    "epilot": 3,
    "littlehorse": 4,
    "geotareas": 5,
    "camunda7": 6,
}
"""Vendors, with the distance of each port from the sandbox's own port."""


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of a command that ends by itself, run in this process."""
    result = CliRunner().invoke(app, [*arguments])
    failure = result.exception
    told = "" if failure is None or isinstance(failure, SystemExit) else f"\n{type(failure).__name__}: {failure}"
    return result.exit_code, result.output + told


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command as a process of its own, killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from gateway.cli import app; app()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_until(process: subprocess.Popen[str], text: str) -> str:
    """The output up to the line with `text`, or all of it if the process ends before that."""
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if text in line:
            break
    return printed
