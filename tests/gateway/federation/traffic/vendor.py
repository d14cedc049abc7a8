"""A vendor that counts strictly behind a network with jitter, and callers behind admission control."""

import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from random import Random

import anyio
from msgspec import structs

from connectors.sdk.errors import RateLimitedError, UnavailableError, UpstreamTimeoutError
from connectors.sdk.settings import LimitsSettings
from gateway.federation.traffic import AdmissionControl, Clock, Priority, current_context, in_context
from gateway.federation.traffic.admission import acting_principal
from gateway.shared.memory import MemoryRateLimits
from tests.gateway.federation.traffic.virtual_time import wall_clock


class StrictWindow:
    """Admits `limit` requests within any `window` seconds; a refused request takes no place."""

    def __init__(self, limit: int, window: float) -> None:
        self.limit, self.window = limit, window
        self.admitted: deque[float] = deque()
        self.refusals = 0
        self.total = 0

    def admit(self) -> bool:
        now = anyio.current_time()
        while self.admitted and self.admitted[0] <= now - self.window:
            self.admitted.popleft()
        if len(self.admitted) >= self.limit:
            self.refusals += 1
            return False
        self.admitted.append(now)
        self.total += 1
        return True

    @property
    def reset(self) -> float:
        """Seconds until the next place is free."""
        return self.admitted[0] + self.window - anyio.current_time() if self.admitted else 0.0


class Vendor:
    """With `writes`, reads and writes have separate windows. With `headers`, every answer has the limits."""

    def __init__(
        self,
        reads: StrictWindow,
        writes: StrictWindow | None = None,
        *,
        jitter: float = 0.0,
        service: float = 0.0,
        seed: int = 7,
        headers: bool = False,
    ) -> None:
        self.reads, self.writes = reads, writes or reads
        self.jitter, self.service = jitter, service
        self.headers = headers
        self.random = Random(seed)
        self.arrivals: list[tuple[float, bool]] = []
        self.under_way = 0
        self.most_under_way = 0
        # How every exchange ends if the vendor is to fail: with a status, or after a silence of this many seconds.
        self.status: int | None = None
        self.silence: float | None = None
        self.refused_with: Mapping[str, str] | None = None

    async def exchange(self, *, is_write: bool) -> tuple[int, dict[str, str]]:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._travel()
            self.arrivals.append((anyio.current_time(), is_write))
            if self.silence is not None:
                await anyio.sleep(self.silence)
            answer = self._answer(self.writes if is_write else self.reads)
            await anyio.sleep(self.service)
            await self._travel()
        finally:
            self.under_way -= 1
        return answer

    async def _travel(self) -> None:
        await anyio.sleep(self.random.uniform(0, self.jitter))

    def _answer(self, window: StrictWindow) -> tuple[int, dict[str, str]]:
        if self.status is not None:
            return self.status, {}
        admitted = window.admit()
        said: dict[str, str] = {}
        if self.headers:
            at = wall_clock() + timedelta(seconds=window.reset)
            said = {
                "X-RateLimit-Limit": str(window.limit),
                "X-RateLimit-Remaining": str(window.limit - len(window.admitted)),
                "X-RateLimit-Reset": str(math.ceil(at.timestamp())),
            }
        if admitted:
            return 200, said
        refused = {"Retry-After": str(max(1, math.ceil(window.reset)))} if self.refused_with is None else {}
        return 429, {**said, **refused, **(self.refused_with or {})}


class Caller:
    """Calls a vendor with permits of `admission`, as connectors.sdk.http.upstream does, without HTTP."""

    def __init__(self, admission: AdmissionControl, vendor: Vendor) -> None:
        self.admission, self.vendor = admission, vendor

    async def call(self, *, is_write: bool = False) -> int:
        """The status of one request. Raises the errors of admission control."""
        permit = await self.admission.admit(is_write=is_write)
        try:
            with anyio.fail_after(permit.seconds):
                status, headers = await self.vendor.exchange(is_write=is_write)
        except TimeoutError as error:
            late = UpstreamTimeoutError("late", maybe_applied=is_write)
            permit.settle(error=late)
            raise late from error
        except BaseException:
            permit.settle()
            raise
        refused = RateLimitedError("asked too often", native_status=429) if status == 429 else None
        failed = UnavailableError("failed", native_status=status) if status >= 500 else None
        permit.settle(status=status, headers=headers, error=refused or failed)
        return status

    async def read(self) -> int:
        """As Upstream.read: sent again if admission control allows it."""
        attempt = 1
        while True:
            try:
                status = await self.call()
                if status != 200:
                    kind = RateLimitedError if status == 429 else UnavailableError
                    raise kind("refused", native_status=status)
            except UnavailableError as error:
                if not await self.admission.wait_to_retry(error, attempt=attempt):
                    raise
                attempt += 1
            else:
                return status


async def no_probe() -> None:
    raise UnavailableError("still away")


def within(seconds: float) -> AbstractContextManager[None]:
    """The block, and asyncio tasks started in it, have a deadline `seconds` from now, or their earlier one."""
    return in_context(current_context().limited_to(seconds))


def prioritised(priority: Priority) -> AbstractContextManager[None]:
    return in_context(structs.replace(current_context(), priority=priority))


def admission_control(
    limits: LimitsSettings | None = None,
    *,
    probe: Callable[[], Awaitable[object]] = no_probe,
    credential: Callable[[], str] = acting_principal,
) -> AdmissionControl:
    """With the clock of virtual time. `limits` are the limits that the vendor documents."""
    return AdmissionControl(
        "here",
        probe=probe,
        rate_limits=MemoryRateLimits(),
        documented=limits,
        credential=credential,
        clock=Clock(now=wall_clock),
        random=Random(3).random,
    )
