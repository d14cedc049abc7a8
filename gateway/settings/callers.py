"""`[gateway.callers]`: how much each person may ask for in a minute."""

from pydantic import Field

from connectors.sdk.settings import Section


class CallersSettings(Section):
    """Without a number there is no such limit. `cost` counts the rows that an operation may return, at least 1 for each."""

    requests: int | None = Field(
        default=None, ge=1, le=1_000_000, description="GraphQL requests of a person in a minute"
    )
    cost: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="rows that the operations of a person in a minute may return"
    )
