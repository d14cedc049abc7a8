"""`[gateway.admission]`: when GraphQL requests are refused because there are too many."""

from pydantic import Field

from connectors.sdk.settings import Section


class AdmissionSettings(Section):
    """The gateway is busy while its event loop is late by more than `lag_seconds`. Then requests wait for their turn; one
    that would wait longer than `queue_seconds` is refused at once. `in_work` requests are carried out side by side at most.
    """

    lag_seconds: float = Field(default=0.02, gt=0, le=10, description="lateness from which on the gateway is busy")
    queue_seconds: float = Field(default=1, gt=0, le=60, description="longest wait for a turn")
    in_work: int = Field(default=1_000, ge=4, description="requests that are carried out side by side")
