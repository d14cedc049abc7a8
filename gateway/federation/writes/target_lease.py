"""The right to be the only one that writes to a target: in this process, and over all gateways on one journal."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import structlog

from connectors.sdk.errors import GatewayError
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
                with anyio.CancelScope(shield=True):
                    await self._give_back(target)

    async def _take(self, target: Target) -> None:
        for left in self._not_given_back - {target}:
            await self._give_back(left)
        pause = FIRST_PAUSE
        while (lease := await self._journal.take(target)) is None:
            await anyio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self._not_given_back.discard(target)
        if lease.is_from_another:
            self._changed_elsewhere(target, lease.hidden)

    async def _give_back(self, target: Target) -> None:
        """A journal that fails now is tried again before the next write: the result of this one stays true."""
        try:
            await self._journal.give_back(target, hidden=self._hidden(target))
        except GatewayError:
            log.exception("lease not given back", target=target)
            self._not_given_back.add(target)
        else:
            self._not_given_back.discard(target)
