"""The base class of every stand-in, with its clock, settings and log of effects."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def iso_millis(moment: datetime) -> str:
    """Format as RFC 3339 in UTC with exactly three decimals, as most vendors do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@dataclass(slots=True)
class ReadSettings:
    """Milliseconds by which reads lag behind writes, for which answers are served again, and that each row of a list costs.

    0 switches it off. Only a stand-in whose vendor takes time for each row has the last one.
    """

    read_lag_ms: int = 0
    read_cache_ms: int = 0
    row_ms: float = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests admitted in a sliding window. With `write_limit`, reads and writes are counted separately."""

    limit: int
    write_limit: int | None
    window_ms: int


@dataclass(frozen=True, slots=True)
class Effect:
    at: str
    action: str
    task: str
    actor: str | None
    request_id: str | None


class EffectLog:
    """Every applied change, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._effects: list[Effect] = []

    def record(self, action: str, task: str, actor: str | None, request_id: str | None) -> None:
        """`action` is one of the gateway's verbs (claim, unassign, complete, ...), `task` the native id."""
        self._effects.append(Effect(iso_millis(self._clock()), action, task, actor, request_id))

    def all(self) -> list[Effect]:
        return list(self._effects)

    def clear(self) -> None:
        self._effects.clear()


class StandIn(ABC):
    """One vendor's API with its own data, without the control interface. It has no data before `reset`."""

    vendor: ClassVar[str]
    page_paths: ClassVar[str | None] = None
    """The paths of the vendor's pages for people, as a regular expression."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self.clock = clock
        self.effects = EffectLog(clock)
        self.settings = ReadSettings()

    @abstractmethod
    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        """Replace all data. The same arguments give the same data; `now` None is the clock's time."""

    def set_up(self) -> None:  # noqa: B027 most vendors need nothing
        """Do in the vendor's system what the connector's README asks of an operator."""

    @abstractmethod
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the vendor does."""

    @abstractmethod
    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        """Return the vendor's own 429. `headers` are those of `rate_headers`."""

    @abstractmethod
    def is_write(self, method: str, path: str) -> bool:
        """Whether the request changes data. A POST may be a search."""

    @abstractmethod
    def source_config(self, base_url: str) -> dict[str, Any]:
        """Return the `[[sources]]` entry with which a gateway reads this stand-in. Members that are None are left out."""

    @abstractmethod
    def identities(self) -> dict[str, dict[str, Any]]:
        """Return the identities of the demo people, by person key."""

    def default_limits(self) -> Limits | None:
        return None

    def rate_headers(self, limit: int, remaining: int, reset_epoch: int) -> dict[str, str]:
        """Return the headers with which the vendor announces its limits. Most vendors have none."""
        return {}
