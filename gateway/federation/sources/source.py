"""One configured source inside the gateway: its connector behind admission control, and how it fared lately."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from msgspec import structs

from connectors.sdk.capability import Capability
from connectors.sdk.commands import TaskAction
from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import ConnectorInfo
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    RateLimitedError,
    RejectedError,
)
from connectors.sdk.odd_rows import OddRow
from connectors.sdk.settings import ActsAs
from gateway.federation.cache import Scope
from gateway.federation.sources.account import AccountWatch
from gateway.federation.sources.action_capabilities import action_capabilities, described, withheld_actions
from gateway.federation.sources.caller_scope import acting_on, has_credentials, scope_of
from gateway.federation.sources.containment import Containment
from gateway.federation.sources.status import StatusRecord
from gateway.federation.sources.wrong_address import of_address
from gateway.federation.traffic import (
    AdmissionControl,
    BreakerState,
    CallContext,
    Clock,
    Observe,
    Priority,
    RateLimitView,
    RequestCost,
    current_context,
    ignore_record,
    in_context,
)
from gateway.shared import RateLimitState
from gateway.telemetry import NO_TRACING, Tracing
from schema.ports import ActionCapability, RateLimit, SourceInfo, SourceStatus

T = TypeVar("T")
log = structlog.get_logger("taskgate.source")

# Seconds that a reader waits longer than the call may take, to get what arrived at the last moment.
GRACE = 0.05
# A bulk action waits that long for a rate limit. What would have to wait longer is refused, with the time of the next attempt.
SHORT_WAIT = timedelta(seconds=1)


class Source:
    """Every read of the source passes through `read`, every write through `write`, what needs no request through `ask`.

    They raise ConnectorError and nothing else, whatever the connector raises. Each request that the connector sends needs a permit of `admission`; `observe` is told of it.

    `reader` is the same source called with its reader account, for sources that act as the caller. The gateway reads by it
    where no person asks (`CallContext.by_reader`). It never writes, and what it reads is shown to no person.
    """

    def __init__(
        self,
        connector: Connector[Any],
        *,
        rate_limits: RateLimitState,
        observe: Observe = ignore_record,
        reader: Connector[Any] | None = None,
        number: int = 0,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        """`number`: how many sources of this key there were before it. Their answers are not its own."""
        self.number = number
        self.main = connector
        self._reader = reader
        self.key = connector.source
        self.admission = AdmissionControl(
            self.key,
            probe=self._probe,
            rate_limits=rate_limits,
            configured=connector.settings.limits,
            documented=connector.info.default_limits,
            clock=Clock(now=connector.clock),
            observe=observe,
            spans=tracing.source(
                self.key, connector.settings.vendor, passes_context=connector.settings.passes_trace_context
            ),
        )
        connector.guard(self.admission)
        if reader is not None:
            reader.guard(self.admission)
        self._containment = Containment(self.key)
        self._account = AccountWatch(self._look_at_account)
        self._info: ConnectorInfo | None = None
        self._capabilities: Mapping[TaskAction, Capability] = {}
        self._described: tuple[ActionCapability, ...] = ()
        self._withheld: Mapping[TaskAction, str] = {}
        self._is_per_person = connector.settings.acts_as != "service"
        self._record = StatusRecord(self.key, per_person=self._is_per_person, clock=connector.clock)

    def read_directly(self, *, is_on: bool) -> None:
        """Whether reads leave the HTTP client out from now on; see `Upstream.read_directly`."""
        self.main.read_directly(is_on=is_on)
        if self._reader is not None:
            self._reader.read_directly(is_on=is_on)

    @property
    def acts_as(self) -> ActsAs:
        """Whose credentials its calls have."""
        mode: ActsAs = self.main.settings.acts_as
        return mode

    @property
    def connector(self) -> Connector[Any]:
        """What calls the source in the current context: by the reader account where the gateway looks for itself."""
        return self._reader if self._reader is not None and self.is_by_reader else self.main

    @property
    def is_by_reader(self) -> bool:
        """Whether the current context reads with the reader account."""
        context = current_context()
        return self._reader is not None and context.by_reader and context.caller is None

    @property
    def reads_by_itself(self) -> bool:
        """Whether the gateway can read it without a person."""
        return self.acts_as == "service" or self._reader is not None

    async def start(self, *, within: float) -> None:
        """Look at the source's own account now, for at most so many seconds, and from time to time until `aclose`."""
        await self._account.start(within=within)

    @property
    def action_capabilities(self) -> Mapping[TaskAction, Capability]:
        """What the source can do, by action, without what its account turned out not to be able to do."""
        self._note_info()
        return self._capabilities

    def why_withheld(self, action: TaskAction) -> str | None:
        """Why the source's account cannot do that; None for everything else."""
        self._note_info()
        return self._withheld.get(action)

    @property
    def status(self) -> SourceStatus:
        if self.admission.state is not BreakerState.CLOSED:
            return SourceStatus.UNAVAILABLE
        return self._record.status

    @property
    def status_reason(self) -> str | None:
        """What is wrong, for people."""
        return self._record.reason

    def hides(self, error: ConnectorError) -> bool:
        """Whether the vendor's answer about one task says only that the caller of the request may not see it."""
        return isinstance(error, AlreadyAssignedError) or (self._is_per_person and isinstance(error, ForbiddenError))

    @property
    def max_wait(self) -> float:
        """Seconds that a reader of the current context may wait for an answer."""
        context = current_context()
        left = context.remaining()
        if context.priority is Priority.WRITE and left is not None:
            # The reads of a mutation wait for a limit as long as the mutation itself.
            return left
        most: float = self.connector.settings.deadline + GRACE
        return most if left is None else min(most, left)

    @property
    def scope(self) -> Scope:
        """The credential scope of the current context."""
        scope = scope_of(self.connector.settings, current_context())
        return structs.replace(scope, number=self.number) if self.number else scope

    @property
    def has_credentials(self) -> bool:
        """Whether it could be called in the current context."""
        return has_credentials(self.connector.settings, current_context())

    async def read(self, operation: str, call: Callable[[], Awaitable[T]], *, is_about_one: bool = False) -> T:
        """The result of `call`. Its ConnectorError names source and operation, and is recorded as a failure.

        `is_about_one`: the call is about one object, so that an error answer may be about that object alone.
        """
        try:
            with in_context(self._context(operation, is_about_one=is_about_one)):
                result = await call()
        except Exception as raised:
            error = self.error_of(raised, operation)
            if not is_about_one:
                error = of_address(error, self.main.settings)
            self.record_failure(error, is_about_one=is_about_one)
            if error is raised:
                raise
            raise error from None
        self._record.record_success()
        self.admission.record_usable()
        return result

    async def write(self, operation: str, call: Callable[[], Awaitable[T]], *, is_about_one: bool = True) -> T:
        """As `read`; a clear refusal is no failure of the source, and a success is not recorded.

        An unexpected exception after a request was begun leaves open whether the write was applied.
        """
        if self.is_by_reader:
            raise RuntimeError(f"{self.key}: the reader account never writes")
        cost = RequestCost()
        try:
            with in_context(self._context(operation, is_about_one=is_about_one).counted_by(cost)):
                return await call()
        except Exception as raised:
            error = self.error_of(raised, operation, maybe_applied=cost.requests > 0)
            if error.maybe_applied or not isinstance(error, RejectedError):
                self.record_failure(error, is_about_one=is_about_one)
            if error is raised:
                raise
            raise error from None

    def ask(self, operation: str, call: Callable[[], T]) -> T:
        """The result of something that the connector tells without a request."""
        try:
            return call()
        except Exception as raised:
            error = self.error_of(raised, operation)
            if error is raised:
                raise
            raise error from None

    def error_of(self, raised: Exception, operation: str, *, maybe_applied: bool = False) -> ConnectorError:
        """What is told of an exception that the connector, or the use of what it returned, raised."""
        return self._containment.error_of(raised, operation, maybe_applied=maybe_applied)

    def record_failure(self, error: ConnectorError, *, is_about_one: bool = False) -> None:
        """For a read that failed in part, after it gave what it had."""
        if isinstance(error, MalformedResponseError):
            self.admission.record_unusable(is_about_one=is_about_one or self._is_per_person)
        self._record.record_failure(error, is_about_one=is_about_one)

    def note_odd(self, operation: str, rows: Collection[OddRow]) -> None:
        """For a list that left rows out."""
        self._record.note_odd(operation, rows)

    def info(self) -> SourceInfo:
        """As it is now. Rate limits that count for each person are those of the current caller."""
        self._note_info()
        settings = self.connector.settings
        with in_context(acting_on(settings, current_context())):
            limits = tuple(
                RateLimit(
                    name=view.name,
                    limit=view.limit,
                    remaining=view.remaining,
                    reset_at=view.reset_at,
                    observed=view.observed,
                )
                for view in self.admission.rate_limits()
            )
        return SourceInfo(
            key=self.key,
            name=settings.name,
            vendor=settings.vendor,
            status=self.status,
            status_reason=self.status_reason,
            acts_as=settings.acts_as,
            last_success_at=self._record.last_success_at,
            last_failure_at=self._record.last_failure_at,
            time_zone=settings.time_zone,
            capabilities=self._described,
            rate_limits=limits,
        )

    @property
    def read_window(self) -> RateLimitView:
        """The limit that reads count for, in the name of the current context."""
        with in_context(acting_on(self.connector.settings, current_context())):
            return self.admission.rate_limits()[0]

    @property
    def read_limit(self) -> int | None:
        """Reads that the vendor allows within a window, as it said last, in the name of the current context. None: no limit is known."""
        return self.read_window.limit

    def limit_met(self, *, ahead: int = 0, needs_read: bool = False) -> RateLimitedError | None:
        """Why a write of the current caller could not be sent within `SHORT_WAIT`, from memory; None if it could.

        `ahead`: writes that have begun, were not sent yet, and come first.
        """
        with in_context(acting_on(self.connector.settings, current_context())):
            views = self.admission.rate_limits()
        for view in views if needs_read else views[-1:]:
            is_used_up = view.remaining is not None and view.remaining <= ahead
            if is_used_up and view.reset_at is not None and view.reset_at > self.connector.clock() + SHORT_WAIT:
                message = f"was not called: the rate limit for {view.name} is used up"
                return RateLimitedError(message, retry_at=view.reset_at)
        return None

    async def aclose(self) -> None:
        await self._account.aclose()
        await self.admission.aclose()
        await self.main.aclose()
        if self._reader is not None:
            await self._reader.aclose()

    def _context(self, operation: str, *, is_about_one: bool) -> CallContext:
        context = acting_on(self.connector.settings, current_context())
        return structs.replace(context, operation=operation, is_about_one=is_about_one or self._is_per_person)

    def _note_info(self) -> None:
        """A connector replaces its info when it knows more of its account."""
        if self._info is not self.main.info:
            self._info = self.main.info
            withheld = withheld_actions(self._info.withheld)
            known = action_capabilities(self._info.capabilities)
            self._withheld = withheld
            self._capabilities = {action: how for action, how in known.items() if action not in withheld}
            self._described = described(self._capabilities, withheld)

    async def _look_at_account(self) -> bool:
        """Whether nothing has to be looked at again soon. ConnectorError if it cannot be found out now."""
        may_change = self.main.info.access is not None
        try:
            with in_context(self._context("look at account", is_about_one=True)):
                if may_change:
                    await self._look_at_access()
                await self.main.look_at_account()
        except Exception as raised:  # noqa: BLE001 what a connector raises must not end the watch
            error = self.error_of(raised, "look at account")
            if may_change and isinstance(error, RejectedError):
                return False
            raise error from None
        return not self.main.info.withheld and not may_change

    async def _look_at_access(self) -> None:
        """What was known stays known while the source is away."""
        try:
            await self.main.look_at_access()
        except RejectedError as refused:
            self.main.note_access({})
            log.warning("rights unknown", source=self.key, code=refused.code)

    async def _probe(self) -> None:
        """Whether the source is available. A source that needs a person's credentials is called without any, or by its reader."""
        await (self._reader or self.main).probe()
        self._record.record_success()
