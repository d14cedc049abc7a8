"""The settings of one source that every vendor has. A vendor adds `credentials` and `options`."""

from collections.abc import Set as AbstractSet
from functools import cache
from typing import Annotated, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator

from connectors.sdk.settings.address import WebAddress
from connectors.sdk.settings.cache import CacheSettings
from connectors.sdk.settings.credentials import (
    BasicCredentials,
    BearerCredentials,
    HeaderCredentials,
    OAuthCredentials,
)
from connectors.sdk.settings.limits import LimitsSettings
from connectors.sdk.settings.links import LinkSettings
from connectors.sdk.settings.section import Section
from connectors.sdk.settings.webhook import WebhookSettings

ActsAs = Literal["service", "viewer", "exchange"]

ReaderCredentials = Annotated[
    BasicCredentials | BearerCredentials | HeaderCredentials | OAuthCredentials, Field(discriminator="kind")
]


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
    `trace_context`: whether requests carry the W3C context of the gateway's traces; by default the vendor decides.
    `webhook`: what the vendor may send to `/webhooks/<key>`.
    `acts_as`: "service" calls with one service account, "viewer" with the caller's own token, "exchange" with a token
    that the issuer gives in exchange for it. `audience` is what a token's `aud` must hold so that it may be passed on
    ("viewer"). `reader`: credentials of an account that may read everything, for look-ups that no person asks for.
    """

    # The values of `acts_as` that the vendor supports.
    modes: ClassVar[frozenset[ActsAs]] = frozenset({"service"})
    # Whether systems of the vendor take part in traces, or are known to ignore the headers of a trace.
    takes_trace_context: ClassVar[bool] = False
    # What the vendor's user ids look like, as a pattern and in words; None where any text may be one.
    user_ids: ClassVar[tuple[str, str] | None] = None
    # The keys that the addresses of requests are made of.
    address_keys: ClassVar[tuple[str, ...]] = ("base_url",)

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    name: str
    vendor: str
    base_url: WebAddress
    acts_as: ActsAs = "service"
    audience: str | None = Field(default=None, min_length=1)
    reader: ReaderCredentials | None = None
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
    trace_context: bool | None = None
    cache: CacheSettings = CacheSettings()
    limits: LimitsSettings = LimitsSettings()
    people: LinkSettings = LinkSettings()
    webhook: WebhookSettings | None = None

    @field_validator("acts_as")
    @classmethod
    def _known_mode(cls, value: ActsAs) -> ActsAs:
        if value not in cls.modes:
            raise ValueError(f"this vendor's sources act as {', '.join(sorted(cls.modes))}, not as {value}")
        return value

    @model_validator(mode="after")
    def _fit_the_mode(self) -> Self:
        if self.acts_as == "viewer" and self.audience is None:
            raise ValueError(
                "acts_as viewer needs audience: what the aud of a token holds that this system accepts; tokens for others "
                "are not passed on"
            )
        if self.acts_as != "viewer" and self.audience is not None:
            raise ValueError("audience is for acts_as viewer; a token endpoint is asked for credentials.audience")
        if self.acts_as == "service" and self.reader is not None:
            raise ValueError("reader is for acts_as viewer and exchange: the account of credentials reads everything")
        self.as_reader()
        return self

    @property
    def token_addresses(self) -> AbstractSet[str]:
        """Where tokens for the source are fetched."""
        given = (getattr(self, "credentials", None), self.reader)
        return {str(address) for each in given if (address := getattr(each, "token_url", None)) is not None}

    @property
    def passes_trace_context(self) -> bool:
        """Whether requests carry the W3C context of the gateway's traces."""
        return self.takes_trace_context if self.trace_context is None else self.trace_context

    @property
    def address_values(self) -> AbstractSet[str]:
        """The texts at `address_keys`."""
        own = self.model_dump(include={"options"}).get("options", {})
        return {str(own.get(key.removeprefix("options."))) for key in self.address_keys if key.startswith("options.")}

    def as_reader(self) -> Self | None:
        """The same source, called with the `reader` account; None without one. ValueError if the vendor cannot use it."""
        if self.reader is None:
            return None
        own = {"acts_as": "service", "audience": None, "reader": None, **self._of_reader(self.reader)}
        try:
            return type(self).model_validate({**self.model_dump(), **own})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise ValueError(f"reader: {first['msg'].removeprefix('Value error, ')}") from None

    def _of_reader(self, reader: ReaderCredentials) -> dict[str, object]:
        """What else differs when the `reader` account is used."""
        return {"credentials": reader.model_dump()}

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in _zones():
            raise ValueError(f"{value!r} is not an IANA time zone (for example Europe/Madrid)")
        return value

    @property
    def zone(self) -> ZoneInfo | None:
        return None if self.time_zone is None else ZoneInfo(self.time_zone)
