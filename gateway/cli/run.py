"""Runs a command on an event loop until it ends or is stopped by a signal."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from gateway.cli.failure import fail


def run(main: Coroutine[Any, Any, None], *, on_hangup: Callable[[], None] | None = None) -> None:
    """SIGINT and SIGTERM cancel `main`, which then closes what it opened; the command ends with exit code 0.

    `on_hangup` is called at each SIGHUP.
    """
    import uvloop

    from sandbox.server import PortTakenError

    try:
        uvloop.run(_until_signal(main, on_hangup))
    except PortTakenError as error:
        fail(f"{error}; choose another port")


async def forever() -> None:
    """Waits until the command is stopped by a signal."""
    await asyncio.Event().wait()


async def _until_signal(main: Coroutine[Any, Any, None], on_hangup: Callable[[], None] | None) -> None:
    task = asyncio.create_task(main)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    if on_hangup is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_hangup)
    try:
        await task
    except asyncio.CancelledError:
        print("stopping", file=sys.stderr)
