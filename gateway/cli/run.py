"""Runs a command on an event loop until it ends or is stopped by a signal."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from gateway.cli.failure import fail


def run(main: Coroutine[Any, Any, None]) -> None:
    """SIGINT and SIGTERM cancel `main`, which then closes what it opened; the command ends with exit code 0."""
    import uvloop

    from sandbox.server import PortTakenError

    try:
        uvloop.run(_until_signal(main))
    except PortTakenError as error:
        fail(f"{error}; choose another port")


async def forever() -> None:
    """Waits until the command is stopped by a signal."""
    await asyncio.Event().wait()


async def _until_signal(main: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(main)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        print("stopping", file=sys.stderr)
