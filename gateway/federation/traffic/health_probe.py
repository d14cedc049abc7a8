"""Checks in the background whether a source that failed is available again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

import anyio
import structlog

from connectors.sdk.errors import ConnectorError, MalformedResponseError, RateLimitedError, UnavailableError
from gateway.federation.traffic.call_context import CallContext, in_context
from gateway.federation.traffic.circuit_breaker import BreakerState, CircuitBreaker

log = structlog.get_logger("taskgate.source")

# Seconds from the start of one probe to that of the next: while requests for the source arrive, and while none do.
INTERVAL = 5.0
IDLE_INTERVAL = 30.0
# Seconds that a probe may take.
TIMEOUT = 4.0


class HealthProbe:
    """One probe at a time, and at most one per `INTERVAL`. `probe` sends the source a cheap request.

    The probe has no caller: a source that needs one has to be probed without credentials.
    """

    def __init__(
        self,
        source: str,
        breaker: CircuitBreaker,
        probe: Callable[[], Awaitable[object]],
        *,
        monotonic: Callable[[], float],
    ) -> None:
        self._source = source
        self._breaker = breaker
        self._probe = probe
        self._monotonic = monotonic
        self._task: asyncio.Task[None] | None = None
        self._doubt: asyncio.Task[None] | None = None
        self._requested = asyncio.Event()
        self._next_at = 0.0
        self._failed: bool | None = None

    def start(self) -> None:
        """The breaker has opened: probe until it closes, in an empty context without caller, deadline or priority."""
        log.warning("source unavailable", source=self._source)
        if self._task is None or self._task.done():
            # If the vendor does answer, a probe at once shows whether only some requests fail.
            first = self._monotonic() + (0.0 if self._breaker.had_answers_only else INTERVAL)
            self._next_at = max(self._next_at, first)
            self._task = asyncio.get_running_loop().create_task(self._until_closed(), context=Context())

    def settle_doubt(self, opened: Callable[[], None]) -> None:
        """Probe once, if none was sent for `INTERVAL`; `opened` is called if that opens the breaker."""
        now = self._monotonic()
        if now < self._next_at or (self._doubt is not None and not self._doubt.done()):
            return
        self._next_at = now + INTERVAL

        async def settle() -> None:
            if self._breaker.doubt_settled(is_available=await self._is_available()):
                opened()

        self._doubt = asyncio.get_running_loop().create_task(settle(), context=Context())

    def record(self, *, failed: bool) -> None:
        """How the latest request of the probe ended."""
        self._failed = failed

    def note_demand(self) -> None:
        """A request for the source was refused: probe at the short interval."""
        self._requested.set()

    async def aclose(self) -> None:
        tasks = [task for task in (self._task, self._doubt) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_closed(self) -> None:
        while self._breaker.state is not BreakerState.CLOSED:
            await anyio.sleep(max(0.0, self._next_at - self._monotonic()))
            started = self._monotonic()
            self._next_at = started + INTERVAL
            self._requested.clear()
            self._breaker.probe_started()
            is_available = False
            try:
                is_available = await self._is_available()
            finally:
                if is_available:
                    self._breaker.probe_succeeded()
                else:
                    self._breaker.probe_failed()
            if not is_available:
                with anyio.move_on_after(started + IDLE_INTERVAL - self._monotonic()):
                    await self._requested.wait()
        log.info("source available again", source=self._source)

    async def _is_available(self) -> bool:
        """Any answer that can be used proves it, also one that refuses our credentials."""
        self._failed = None
        context = CallContext(operation="probe", is_probe=True).with_deadline(TIMEOUT, monotonic=self._monotonic)
        try:
            with anyio.fail_after(TIMEOUT), in_context(context):
                await self._probe()
        except RateLimitedError as error:
            # Without a status it was refused by our own rate limit, which proves nothing.
            return error.native_status is not None
        except (UnavailableError, MalformedResponseError, TimeoutError):
            return False
        except ConnectorError:
            return not self._failed
        except Exception as error:  # noqa: BLE001 whatever a probe raises, probing goes on
            # Without the traceback, which might quote what the vendor answered.
            log.error("health probe failed", source=self._source, error=type(error).__name__)  # noqa: TRY400
            return False
        return not self._failed
