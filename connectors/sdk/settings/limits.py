"""How much of a vendor one source may take."""

from typing import Self

from pydantic import Field

from connectors.sdk.settings.section import Section


class LimitsSettings(Section):
    """Requests within any `window` of seconds, and how many of them may be under way at once.

    `requests` counts reads; writes too unless `writes` counts those apart. Without a number the vendor's headers and
    refusals tell. `concurrency` is where the source begins: it sinks while the vendor fails or refuses, down to 1, and
    rises up to twice as many while it answers.
    """

    requests: int | None = Field(
        default=None, ge=1, le=1_000_000, description="reads within a window; writes too, unless `writes` is set"
    )
    writes: int | None = Field(default=None, ge=1, le=1_000_000, description="writes within a window")
    window: float = Field(default=60.0, gt=0, le=86_400, description="seconds")
    concurrency: int = Field(
        default=8, ge=1, le=64, description="requests under way at once, to begin with: from 1 to twice as many"
    )

    def over(self, defaults: "LimitsSettings") -> Self:
        """What is set here, and `defaults` for the rest."""
        return self.model_copy(
            update={
                name: getattr(defaults, name) for name in type(self).model_fields if name not in self.model_fields_set
            }
        )
