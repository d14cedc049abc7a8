"""Looks at a source's own account: when the source is opened, and again from time to time.

What the account can do may change while the gateway runs, because an operator sets it up, or takes a right from it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

import anyio

from connectors.sdk.errors import ConnectorError, RejectedError
from gateway.federation.traffic import CallContext, Priority, in_context

# Seconds until the next look: after one that failed or found something missing, and after one that found nothing, also
# because the vendor does not tell.
SOON = 300.0
LATER = 3600.0
# Seconds that a look may take.
TIMEOUT = 15.0


class AccountWatch:
    """`look` tells whether the account can do everything. The looks have no caller, and go last."""

    def __init__(self, look: Callable[[], Awaitable[bool]]) -> None:
        self._look = look
        self._task: asyncio.Task[None] | None = None

    async def start(self, *, within: float) -> None:
        """The first look, for at most so many seconds; it goes on in the background, and so do the next ones."""
        looked = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._watch(looked), context=Context())
        with anyio.move_on_after(within):
            await looked.wait()

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self, looked: asyncio.Event) -> None:
        while True:
            try:
                context = CallContext(priority=Priority.BACKGROUND).with_deadline(TIMEOUT)
                with in_context(context), anyio.fail_after(TIMEOUT):
                    pause = LATER if await self._look() else SOON
            except RejectedError:
                pause = LATER
            except (ConnectorError, TimeoutError):
                # Whether the source answers is found out, and told, by others.
                pause = SOON
            looked.set()
            await anyio.sleep(pause)
