"""How many requests one source may send."""

from typing import Self

from pydantic import Field

from connectors.sdk.settings.section import Section


class LimitsSettings(Section):
    """Requests within any `window` of seconds, and requests at the same time.

    `requests` counts reads, and writes too unless `writes` counts them separately. Without a number the limit is learned
    from the vendor's headers and refusals. `concurrency` is the initial limit of requests at the same time: it falls down
    to 1 while the vendor fails or refuses, and rises up to twice its value while the vendor answers.
    """

    requests: int | None = Field(
        default=None, ge=1, le=1_000_000, description="reads within a window; writes too, unless `writes` is set"
    )
    writes: int | None = Field(default=None, ge=1, le=1_000_000, description="writes within a window")
    window: float = Field(default=60.0, gt=0, le=86_400, description="seconds")
    concurrency: int = Field(
        default=8, ge=1, le=64, description="requests at the same time, initially; it varies from 1 to twice as many"
    )

    def over(self, defaults: "LimitsSettings") -> Self:
        """These settings, with the values of `defaults` where nothing is set."""
        return self.model_copy(
            update={
                name: getattr(defaults, name) for name in type(self).model_fields if name not in self.model_fields_set
            }
        )
