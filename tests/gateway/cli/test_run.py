"""Signals to a command."""

import asyncio
import os
import signal

from gateway.cli.run import run


def test_a_hang_up_calls_what_the_command_gave_and_ends_nothing() -> None:
    """Each time. Then SIGTERM ends the command."""
    called: list[int] = []
    seen = asyncio.Event()

    def hang_up() -> None:
        called.append(len(called))
        seen.set()

    async def main() -> None:
        for _ in range(2):
            seen.clear()
            os.kill(os.getpid(), signal.SIGHUP)
            await seen.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    run(main(), on_hangup=hang_up)

    assert [0, 1] == called
