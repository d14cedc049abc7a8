"""One configured source inside the gateway: its connector and how it fared lately."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import structlog

from connectors.sdk.connector import Connector
from connectors.sdk.errors import (
    BrokenError,
    ConnectorError,
    ForbiddenError,
    RateLimitedError,
    RejectedError,
    UnauthenticatedError,
    UnsupportedActionError,
)
from gateway.federation.cache import Scope
from gateway.federation.sources.action_capabilities import abilities_of, capabilities_of
from gateway.federation.sources.caller_scope import acting_on, scope_of
from gateway.federation.traffic import BreakerState, Observe, SourceGate, called, remaining, unobserved
from schema.ports import RateLimit, SourceInfo, SourceStatus

T = TypeVar("T")

log = structlog.get_logger("taskgate.source")

# Seconds by which an asker waits longer than the call may take: what came until then is still had.
GRACE = 0.05


def status_of(error: ConnectorError) -> SourceStatus:
    """How a failing read shows in a source's status."""
    match error:
        case RateLimitedError():
            return SourceStatus.RATE_LIMITED
        case UnauthenticatedError():
            return SourceStatus.UNAUTHORIZED
        case ForbiddenError():
            return SourceStatus.FORBIDDEN
        case UnsupportedActionError():
            return SourceStatus.SKIPPED
        case _:
            return SourceStatus.UNAVAILABLE


class Source:
    """Every read of the source passes through `read`: it names errors, notes success and failure, and logs.

    Every request that its connector sends passes the `gate`. `observe` is told of each.
    """

    def __init__(self, connector: Connector[Any], *, observe: Observe = unobserved) -> None:
        self.connector = connector
        self.key = connector.source
        self.gate = SourceGate(
            self.key,
            probe=self._probe,
            limits=connector.settings.limits,
            defaults=connector.info.default_limits,
            now=connector.clock,
            observe=observe,
        )
        connector.guard(self.gate)
        self.abilities = abilities_of(connector.info.capabilities)
        self._capabilities = capabilities_of(self.abilities)
        self._status = SourceStatus.OK
        self._reason: str | None = None
        self._last_success: datetime | None = None

    @property
    def status(self) -> SourceStatus:
        return self._status if self.gate.state is BreakerState.CLOSED else SourceStatus.UNAVAILABLE

    @property
    def patience(self) -> float:
        """Seconds that whoever asks now may wait for an answer."""
        left = remaining()
        most: float = self.connector.settings.deadline + GRACE
        return most if left is None else min(most, left)

    @property
    def scope(self) -> Scope:
        """Within which its answers may be shared now."""
        return scope_of(self.connector.settings)

    async def read(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        """The result of `call`; its ConnectorError, naming source and operation, otherwise."""
        try:
            with acting_on(self.connector.settings), called(operation):
                result = await call()
        except ConnectorError as error:
            self.note_failure(error.at(self.key, operation))
            raise
        self.note_success()
        return result

    def note_success(self) -> None:
        self._status, self._reason = SourceStatus.OK, None
        self._last_success = self.connector.clock()

    def note_failure(self, error: ConnectorError) -> None:
        """A refusal of one question says nothing about the source; everything else is its status until it answers."""
        if isinstance(error, RejectedError) and not isinstance(error, ForbiddenError):
            return
        if self.connector.settings.acts_as != "service" and isinstance(error, ForbiddenError | UnauthenticatedError):
            return  # said of one person, not of the source
        if isinstance(error, BrokenError):
            log.error(
                "source broken", source=self.key, operation=error.operation, code=error.code, reason=error.message
            )
        else:
            log.warning("source failed", source=self.key, operation=error.operation, code=error.code)
        self._status, self._reason = status_of(error), error.message

    def info(self) -> SourceInfo:
        """As it is now, for whoever asks: limits that count for each person are that person's."""
        settings = self.connector.settings
        with acting_on(settings):
            limits = tuple(
                RateLimit(
                    name=bucket.name,
                    limit=bucket.limit,
                    remaining=bucket.remaining,
                    reset_at=bucket.reset_at,
                    observed=bucket.observed,
                )
                for bucket in self.gate.buckets()
            )
        return SourceInfo(
            key=self.key,
            name=settings.name,
            vendor=settings.vendor,
            status=self.status,
            status_reason=self._reason,
            acts_as=settings.acts_as,
            last_success_at=self._last_success,
            time_zone=settings.time_zone,
            capabilities=self._capabilities,
            rate_limits=limits,
        )

    async def aclose(self) -> None:
        await self.gate.aclose()
        await self.connector.aclose()

    async def _probe(self) -> None:
        with called("probe"):
            await self.connector.probe()
        self.note_success()
