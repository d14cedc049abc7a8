"""`[store]`: how long the journal keeps what it does not need for idempotency keys."""

from pydantic import Field

from connectors.sdk.settings import Section


class StoreSettings(Section):
    """A person sees a task that they ended for `keep_own_days`, also where the vendor's record does not show it to them."""

    keep_own_days: int = Field(default=1, ge=1, le=30, description="days for which people see tasks that they ended")
