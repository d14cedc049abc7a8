"""`[gateway.live]`: how soon subscribers learn of changes, and what that may cost."""

from typing import Self

from pydantic import Field, model_validator

from connectors.sdk.settings import Section


class LiveSettings(Section):
    """Seconds, unless a description says otherwise. A source is looked at while there is a subscriber."""

    min_seconds: float = Field(
        default=2.0, ge=0.5, le=3_600, description="seconds between two looks at a source, at least"
    )
    max_seconds: float = Field(
        default=60.0,
        ge=1,
        le=3_600,
        description="seconds between two looks at a source, at most; a subscriber who is told of no changes is asked to read again that often",
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="part of a rate limit, without what people's requests took, that looks may take",
    )
    full_seconds: float = Field(
        default=600.0,
        ge=1,
        le=86_400,
        description="seconds after which all open tasks are read again, also where the vendor tells what changed",
    )
    overlap_seconds: float = Field(
        default=60.0, ge=0, le=3_600, description="seconds by which a vendor may show a change late"
    )
    most_people: int = Field(
        default=20,
        ge=0,
        le=1_000,
        description="people for whom a source is looked at that acts as the person and has no reader account",
    )
    most_subscribers: int = Field(default=1_000, ge=0, le=100_000, description="subscriptions of all clients together")
    per_connection: int = Field(default=20, ge=1, le=1_000, description="subscriptions of one socket")

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.max_seconds < self.min_seconds:
            raise ValueError("max_seconds is less than min_seconds")
        return self
