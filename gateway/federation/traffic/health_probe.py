"""Looks, in the background, whether a source that is away is back."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context, ContextVar

import anyio
import structlog

from connectors.sdk.errors import ConnectorError, RateLimitedError, UnavailableError
from gateway.federation.traffic.circuit_breaker import Breaker, BreakerState
from gateway.federation.traffic.deadline import within

log = structlog.get_logger("taskgate.source")

# Seconds from the start of one probe to that of the next, while somebody asks for the source, and while nobody does.
INTERVAL = 5.0
IDLE_INTERVAL = 30.0
# Seconds that a probe may take.
PATIENCE = 4.0

# The watch whose probe the current task is.
_probing: ContextVar["Watch | None"] = ContextVar("traffic_probing", default=None)


class Watch:
    """One probe at a time, at most one in `INTERVAL`. `probe` asks the source something, past its breaker.

    It is asked for nobody: a source that sees the person needs a probe that does without one.
    """

    def __init__(
        self,
        source: str,
        breaker: Breaker,
        probe: Callable[[], Awaitable[object]],
        *,
        monotonic: Callable[[], float],
    ) -> None:
        self._source = source
        self._breaker = breaker
        self._probe = probe
        self._monotonic = monotonic
        self._task: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()
        self._next_at = 0.0
        self._failed: bool | None = None

    def begin(self) -> None:
        """The breaker has opened. Context variables of whoever saw it are left behind: the probe is nobody's."""
        log.warning("source away", source=self._source)
        if self._task is None or self._task.done():
            # Where the vendor does answer, a moment shows whether it is well but for some requests.
            first = self._monotonic() + (0.0 if self._breaker.answers_only else INTERVAL)
            self._next_at = max(self._next_at, first)
            self._task = asyncio.get_running_loop().create_task(self._until_back(), context=Context())

    def is_probing(self) -> bool:
        """Whether it is the probe that asks."""
        return _probing.get() is self

    def note(self, *, failed: bool) -> None:
        """How the latest exchange of the probe ended."""
        self._failed = failed

    def asked(self) -> None:
        """Somebody wanted the source: it is looked after at the short interval."""
        self._asked.set()

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _until_back(self) -> None:
        _probing.set(self)
        while self._breaker.state is not BreakerState.CLOSED:
            await anyio.sleep(max(0.0, self._next_at - self._monotonic()))
            started = self._monotonic()
            self._next_at = started + INTERVAL
            self._asked.clear()
            self._breaker.probe_began()
            is_back = False
            try:
                is_back = await self._is_back()
            finally:
                if is_back:
                    self._breaker.probe_succeeded()
                else:
                    self._breaker.probe_failed()
            if not is_back:
                with anyio.move_on_after(started + IDLE_INTERVAL - self._monotonic()):
                    await self._asked.wait()
        log.info("source back", source=self._source)

    async def _is_back(self) -> bool:
        """Any answer but a failure will do: refused credentials are no absence."""
        self._failed = None
        try:
            with anyio.fail_after(PATIENCE), within(PATIENCE, monotonic=self._monotonic):
                await self._probe()
        except RateLimitedError as error:
            return error.native_status is not None
        except (UnavailableError, TimeoutError):
            return False
        except ConnectorError:
            return not self._failed
        except Exception as error:  # noqa: BLE001 whatever a probe does, the watch goes on
            # Without the traceback, which might quote what the vendor answered.
            log.error("probe broken", source=self._source, error=type(error).__name__)  # noqa: TRY400
            return False
        return not self._failed
