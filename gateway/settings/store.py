"""`[store]`: how long the journal's file keeps what it does not need for idempotency keys."""

from pydantic import Field

from connectors.sdk.settings import Section


class StoreSettings(Section):
    """A person sees a task that they ended for `keep_own_days`, also where the vendor's record does not show it to them.

    People who signed in with a token are known for `keep_people_days` after the last time, also after a restart; 0: until the
    gateway ends.
    """

    keep_own_days: int = Field(default=1, ge=1, le=30, description="days for which people see tasks that they ended")
    keep_people_days: int = Field(
        default=30,
        ge=0,
        le=366,
        description="days for which people who signed in with tokens are known after the last time, also after a restart",
    )
