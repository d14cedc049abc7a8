"""Configuration of one tenant of a bridge."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from connectors.sdk import (
    ActsAs,
    BearerCredentials,
    ConfiguredOutcomes,
    NoCredentials,
    OAuthCredentials,
    ReaderCredentials,
    Section,
    SourceSettings,
)

LittlehorseCredentials = Annotated[NoCredentials | OAuthCredentials | BearerCredentials, Field(discriminator="kind")]

UserIdClaim = Literal["EMAIL", "PREFERRED_USERNAME", "SUB"]


class LittlehorseOptions(Section):
    """`user_id_claim` and `identity_adapter` repeat the bridge's configuration (`user-id-claim`; whether `vendor` is keycloak).

    `exact_user_ids`: workflows give people by exactly the ids that the identity provider has, so that the bridge can filter by
    them; if not, the tasks of all people are read for each list of one person's.
    `admin`: whether the account of `credentials` has the role lh-user-tasks-admin. `definitions` are the only ones that
    are read; if it is empty, all are read, and more than `definition_limit` are an error. `outcome_field` is the STRING
    field of forms that takes the outcome. `url_template` is a link for people, with `{wfRunId}` and `{id}`.
    """

    tenant: str = Field(pattern=r"^[^/?#\s]{1,200}$")
    user_id_claim: UserIdClaim = "EMAIL"
    identity_adapter: bool = True
    exact_user_ids: bool = True
    admin: bool = True
    definitions: tuple[str, ...] = ()
    definition_limit: int = Field(default=100, ge=1, le=1000)
    outcome_field: str | None = Field(default=None, min_length=1)
    outcomes: ConfiguredOutcomes = ()
    url_template: str | None = Field(default=None, pattern=r"^https?://")

    @field_validator("url_template")
    @classmethod
    def _has_both_ids(cls, value: str | None) -> str | None:
        if value is not None and not ("{wfRunId}" in value and "{id}" in value):
            raise ValueError("url_template needs {wfRunId} and {id}: a task is identified by both")
        return value

    @model_validator(mode="after")
    def _outcomes_have_a_field(self) -> Self:
        if self.outcomes and self.outcome_field is None:
            raise ValueError("outcomes need outcome_field, the field of the form that takes the outcome")
        return self


class LittlehorseSettings(SourceSettings):
    """`base_url` is the bridge's address without the tenant.

    `credentials` are those of the technical account. With `service`, all calls use them. With `viewer` and `exchange`, the
    admin operations use them, and with `exchange` the token exchange does too.
    """

    takes_trace_context: ClassVar[bool] = True
    modes: ClassVar[frozenset[ActsAs]] = frozenset({"service", "viewer", "exchange"})
    address_keys: ClassVar[tuple[str, ...]] = ("base_url", "options.tenant")

    credentials: LittlehorseCredentials = NoCredentials()
    options: LittlehorseOptions

    @property
    def has_admin(self) -> bool:
        """Whether the source has an account for the admin operations."""
        return self.options.admin and not isinstance(self.credentials, NoCredentials)

    def _of_reader(self, reader: ReaderCredentials) -> dict[str, object]:
        """Only an account with the role of the admin operations reads everything."""
        return {**super()._of_reader(reader), "options": {**self.options.model_dump(), "admin": True}}

    @model_validator(mode="after")
    def _credentials_fit(self) -> Self:
        if self.acts_as == "service" and not self.has_admin:
            raise ValueError("acts_as service needs credentials of an account with the role lh-user-tasks-admin")
        if self.acts_as == "exchange" and not isinstance(self.credentials, OAuthCredentials):
            raise ValueError("acts_as exchange needs credentials of kind oauth, of a client that may exchange tokens")
        return self
