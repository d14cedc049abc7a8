"""`[shared]`: what replicas tell each other over Redis or Valkey."""

from pydantic import Field, SecretStr, field_validator

from connectors.sdk.settings import Section


class SharedSettings(Section):
    """Replicas with one `url` and `name` use each vendor's rate limit together, and know of each other's writes."""

    url: SecretStr | None = Field(
        default=None,
        description="`redis://…` or `rediss://…` of the engine that all replicas share; none: each has its own limits",
    )
    name: str = Field(
        default="taskgate", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="what the keys in the engine begin with"
    )
    replicas: int = Field(
        default=3,
        ge=1,
        le=100,
        description="replicas that run at most; each may use its part of a limit without the engine",
    )

    @field_validator("url")
    @classmethod
    def _is_of_redis(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("must begin with redis:// or rediss://")
        return url
