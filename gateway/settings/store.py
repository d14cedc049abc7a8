"""`[store]`: where writes are recorded, and for how long what is not needed for idempotency keys is kept."""

from pydantic import Field, SecretStr, field_validator

from connectors.sdk.settings import Section


class StoreSettings(Section):
    """A person sees a task that they ended for `keep_own_days`, also where the vendor's record does not show it to them.

    People who signed in with a token are known for `keep_people_days` after the last time, also after a restart; 0: until the
    gateway ends.

    `url` names a PostgreSQL database in which several gateways record their writes, instead of the file `[gateway] journal`.
    """

    url: SecretStr | None = Field(
        default=None,
        description="`postgresql://…` of the database for writes, which all replicas share; none: a SQLite file",
    )

    keep_own_days: int = Field(default=1, ge=1, le=30, description="days for which people see tasks that they ended")
    keep_people_days: int = Field(
        default=30,
        ge=0,
        le=366,
        description="days for which people who signed in with tokens are known after the last time, also after a restart",
    )

    @field_validator("url")
    @classmethod
    def _is_of_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return url
