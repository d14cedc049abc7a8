"""The right to be the only one that writes to a target: in this process, and over all gateways on one journal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import structlog

from connectors.sdk.model import Task
from gateway.shared import Leases
from gateway.store import Journal
from schema.ports import Target

log = structlog.get_logger("taskgate.write")

# Seconds between two looks at a target that another gateway holds: the first pause, and the longest.
FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.1


class TargetLeases:
    """Writes to one target run one after the other: an emulated claim reads before it writes."""

    def __init__(
        self,
        local: Leases,
        *,
        journal: Journal,
        changed_elsewhere: Callable[[Target, Task | None], None],
        hidden: Callable[[Target], Task | None] = lambda _: None,
    ) -> None:
        """`changed_elsewhere` is called where another gateway may have written to the target since it was held here, with
        what `hidden` says there: the task as it was before a write took its candidates.
        """
        self._local = local
        self._journal = journal
        self._changed_elsewhere = changed_elsewhere
        self._hidden = hidden
        self._not_given_back: set[Target] = set()

    @asynccontextmanager
    async def hold(self, target: Target) -> AsyncIterator[None]:
        """Waits until nothing else holds the target. GatewayUnavailableError before the block if the journal fails."""
        async with self._local.hold(target):
            await self._take(target)
            try:
                yield
            finally:
                self._give_back(target)

    async def _take(self, target: Target) -> None:
        for left in self._not_given_back - {target}:
            # A write of this gateway that holds the target now gives it back itself.
            async with self._local.hold_if_free(left) as is_free:
                if is_free and left in self._not_given_back:
                    self._give_back(left)
        pause = FIRST_PAUSE
        while (lease := await self._journal.take(target)) is None:
            await anyio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self._not_given_back.discard(target)
        if lease.is_from_another:
            self._changed_elsewhere(target, lease.hidden)

    def _give_back(self, target: Target) -> None:
        """Nothing waits for it: the journal does it before it is asked for the target again. What fails is tried again before
        the next write; the result of this one stays true.
        """
        giving = self._journal.give_back(target, hidden=self._hidden(target))
        self._not_given_back.discard(target)

        def given(ended: "asyncio.Future[None]") -> None:
            error = None if ended.cancelled() else ended.exception()
            if error is not None:
                log.error("lease not given back", target=target, exc_info=error)
                self._not_given_back.add(target)

        giving.add_done_callback(given)
