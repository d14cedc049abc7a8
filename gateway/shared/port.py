"""What the gateway needs of state that its replicas share.

Most methods answer at once from this process's memory. An implementation for several replicas keeps its copy up to date
in the background, and makes ours known to the others; the few methods that wait for that are coroutines. Points in time
are seconds of this process's monotonic clock: an implementation sends durations, never times, to other processes.
Everything is called from one event loop.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct


class InvalidationLog(Protocol):
    """Which answers a write has made outdated, by tag.

    Every invalidation has a number. An answer carries the number that was current *before* it was requested; a later
    invalidation of one of its tags makes it outdated. (Deleting kept answers instead would miss those on their way.)

    A tag is any hashable value that msgspec can encode. The caller must know which tags contain others. An
    implementation may forget old invalidations, but then it must call all answers of that time outdated. The same holds
    for invalidations of other replicas that it may have missed.
    """

    @property
    def number(self) -> int:
        """The number of the last invalidation. Read it before a request is sent."""

    def invalidate(self, tags: Iterable[Hashable], *, unsettled_until: float = ...) -> None:
        """Answers about `tags` are outdated. Answers requested before `unsettled_until` may be outdated too."""

    def is_outdated(self, since: int, tags: Iterable[Hashable]) -> bool:
        """Whether an answer requested at number `since` may lack a later write."""

    def is_unsettled(self, requested_at: float, tags: Iterable[Hashable]) -> bool:
        """Whether an answer requested at that time may lack an earlier write."""

    def begin_write(self, tags: Iterable[Hashable]) -> None:
        """A write to `tags` begins. Calls nest: two writes need two `end_write`."""

    def end_write(self, tags: Iterable[Hashable]) -> None: ...

    def is_being_written(self, tags: Iterable[Hashable]) -> bool: ...

    async def publish(self) -> None:
        """Return when every replica knows of the invalidations so far, or can no longer miss them. Raises nothing."""


class SlotLog(Protocol):
    """The slots of one rate limit window that are in use, over all replicas.

    A slot is in use from `take` to the time that `occupy_until` names. Whether one may be taken is decided by the
    caller, from `room`, and from `allotted`: what an implementation for several replicas has set aside for this one.
    """

    @property
    def in_flight(self) -> int:
        """Slots of requests that have not ended."""

    @property
    def ended(self) -> int:
        """Requests that have ended so far. Only differences count."""

    @property
    def freed(self) -> int:
        """Slots that have become free again so far. Only differences count."""

    @property
    def ends(self) -> Sequence[float]:
        """When the slots of ended requests become free, ascending."""

    @property
    def revision(self) -> int:
        """Changes whenever `ends` does."""

    @property
    def paused_until(self) -> float:
        """No request may be sent before this time. It is in the past if there is no pause."""

    @property
    def is_shared(self) -> bool:
        """Whether other replicas take slots, too: what a vendor counted cannot be compared with `in_flight` and `ends` then."""

    @property
    def elsewhere(self) -> int:
        """Slots that other replicas used, or had reserved, when that was last known."""

    @property
    def closed_until(self) -> float:
        """Before this time other replicas have all slots. In the past if that is not known."""

    def expire(self, now: float) -> None:
        """Free the slots whose time has passed."""

    def room(self, limit: int) -> int:
        """Slots of `limit` that are in no use, as far as is known; 0 or less: none."""

    def allotted(self, limit: int, *, is_write: bool) -> int:
        """Of the room, what this process may take at once, for a mutation or another request. If it is 0, more is asked for in the background."""

    def take(self) -> None:
        """Take a slot for a request that is about to be sent."""

    def give_back(self) -> None:
        """Free the slot of a request that was not sent."""

    def occupy_until(self, at: float) -> None:
        """A request has ended. Its slot is in use until `at`."""

    def pause(self, until: float) -> None:
        """The vendor wants no request before `until`. Of several pauses the longest counts."""


class WindowKey(Struct, frozen=True):
    """Names one rate limit window. `credential` is whose requests the vendor counts; `name` is what: reads, writes."""

    source: str
    credential: str
    name: str


class RateLimitState(Protocol):
    def slots(self, key: WindowKey, *, seconds: float = ..., has_room: Callable[[], None] = ...) -> SlotLog:
        """The slots of that window of so many seconds. Each caller asks once per window and keeps what it gets.

        `has_room` is called when more slots are allotted than the caller could know.
        """


class Leases(Protocol):
    def hold(self, key: Hashable) -> AbstractAsyncContextManager[None]:
        """Waits until nothing else holds `key`, in any replica, and holds it for the block.

        A key is any hashable value that msgspec can encode. Leases do not nest: a task that holds `key` must not ask for
        it again. Entering may raise GatewayUnavailableError, before anything was held.
        """

    def hold_if_free(self, key: Hashable) -> AbstractAsyncContextManager[bool]:
        """As `hold`, without waiting: False if something else holds `key`; then the block holds nothing."""

    def is_held(self, key: Hashable) -> bool:
        """Whether something holds `key`, as far as this replica knows. From memory."""


class SharedState(Struct, frozen=True):
    """All shared state. `gateway.composition` passes on its parts."""

    invalidations: InvalidationLog
    rate_limits: RateLimitState
    leases: Leases
