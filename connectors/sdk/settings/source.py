"""The settings of one source that every vendor has. A vendor adds `credentials` and `options`."""

from collections.abc import Set as AbstractSet
from functools import cache
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from connectors.sdk.settings.address import WebAddress
from connectors.sdk.settings.cache import CacheSettings
from connectors.sdk.settings.limits import LimitsSettings
from connectors.sdk.settings.links import LinkSettings
from connectors.sdk.settings.section import Section

ActsAs = Literal["service", "viewer", "exchange"]


@cache
def _zones() -> AbstractSet[str]:
    """Finding them reads 600 files."""
    return available_timezones()


class SourceSettings(Section):
    """One `[[sources]]` entry.

    The timeouts are in seconds: for connecting, for one read, for one write. `deadline` is the time for a whole list or
    object, including waits for the vendor's rate limit. `max_response_bytes` counts decoded bytes.
    `late_max`: seconds for which a request whose answer was lost may still be applied. `read_lag`: seconds after which
    the vendor's reads show a write. `exclusive_account`: nothing but this gateway uses the service account, so what the
    account did is what the gateway did.
    `acts_as`: "service" calls with one service account, "viewer" with the caller's own token, "exchange" with a token
    that the issuer gives in exchange for it.
    """

    # The values of `acts_as` that the vendor supports.
    modes: ClassVar[frozenset[ActsAs]] = frozenset({"service"})

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    name: str
    vendor: str
    base_url: WebAddress
    acts_as: ActsAs = "service"
    time_zone: str | None = None
    connect_timeout: float = Field(default=3.0, gt=0, le=60)
    read_timeout: float = Field(default=10.0, gt=0, le=120)
    write_timeout: float = Field(default=20.0, gt=0, le=120)
    deadline: float = Field(default=8.0, gt=0, le=120)
    max_response_bytes: int = Field(default=8 * 1024 * 1024, ge=64 * 1024)
    scan_limit: int = Field(default=2000, ge=1, le=100_000)
    late_max: float = Field(default=60.0, gt=0, le=600)
    read_lag: float = Field(default=10.0, ge=0, le=120)
    exclusive_account: bool = False
    cache: CacheSettings = CacheSettings()
    limits: LimitsSettings = LimitsSettings()
    people: LinkSettings = LinkSettings()

    @field_validator("acts_as")
    @classmethod
    def _known_mode(cls, value: ActsAs) -> ActsAs:
        if value not in cls.modes:
            raise ValueError(f"this vendor's sources act as {', '.join(sorted(cls.modes))}, not as {value}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in _zones():
            raise ValueError(f"{value!r} is not an IANA time zone (for example Europe/Madrid)")
        return value

    @property
    def zone(self) -> ZoneInfo | None:
        return None if self.time_zone is None else ZoneInfo(self.time_zone)
