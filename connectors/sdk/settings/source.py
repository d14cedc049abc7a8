"""What the configuration says of one source; a vendor adds its credentials and `options`."""

from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, field_validator

from connectors.sdk.settings.cache import CacheSettings
from connectors.sdk.settings.limits import LimitsSettings
from connectors.sdk.settings.section import Section as Section  # noqa: PLC0414 named where settings are

ActsAs = Literal["service", "viewer", "exchange"]


class NoCredentials(Section):
    kind: Literal["none"] = "none"


class BasicCredentials(Section):
    kind: Literal["basic"]
    username: str
    password: SecretStr


class BearerCredentials(Section):
    kind: Literal["bearer"]
    token: SecretStr


class HeaderCredentials(Section):
    """Fixed headers, such as X-API-Key."""

    kind: Literal["headers"]
    headers: dict[str, SecretStr]


class OAuthCredentials(Section):
    """OAuth 2.0 client credentials, sent in the form body. `token_url` must be an origin that you trust."""

    kind: Literal["oauth"]
    token_url: str = Field(pattern=r"^https?://")
    client_id: str
    client_secret: SecretStr
    audience: str | None = None
    scope: str | None = None


class SourceSettings(Section):
    """One configured instance of a vendor.

    Seconds for the timeouts: connecting, one read, one write; and `deadline`, all that a list or an object may take,
    waits for the vendor's limit included. `max_response_bytes` counts decoded bytes.
    `acts_as`: by one technical account, with each person's own token, or with one that the issuer gives in exchange.
    """

    # What a vendor has of `acts_as`.
    modes: ClassVar[frozenset[ActsAs]] = frozenset({"service"})

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    name: str
    vendor: str
    base_url: str = Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")
    acts_as: ActsAs = "service"
    time_zone: str | None = None
    connect_timeout: float = Field(default=3.0, gt=0, le=60)
    read_timeout: float = Field(default=10.0, gt=0, le=120)
    write_timeout: float = Field(default=20.0, gt=0, le=120)
    deadline: float = Field(default=8.0, gt=0, le=120)
    max_response_bytes: int = Field(default=8 * 1024 * 1024, ge=64 * 1024)
    scan_limit: int = Field(default=2000, ge=1, le=100_000)
    cache: CacheSettings = CacheSettings()
    limits: LimitsSettings = LimitsSettings()

    @field_validator("acts_as")
    @classmethod
    def _known_mode(cls, value: ActsAs) -> ActsAs:
        if value not in cls.modes:
            raise ValueError(f"this vendor's sources act as {', '.join(sorted(cls.modes))}, not as {value}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone (for example Europe/Madrid)")
        return value

    @property
    def zone(self) -> ZoneInfo | None:
        return None if self.time_zone is None else ZoneInfo(self.time_zone)
