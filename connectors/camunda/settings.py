"""Configuration of one Camunda 8 cluster."""

from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from connectors.sdk import (
    ActsAs,
    BasicCredentials,
    BearerCredentials,
    ConfiguredOutcomes,
    LinkTemplate,
    NoCredentials,
    OAuthCredentials,
    PriorityThresholds,
    Section,
    SourceSettings,
)

CamundaCredentials = Annotated[
    NoCredentials | BasicCredentials | OAuthCredentials | BearerCredentials, Field(discriminator="kind")
]


class CamundaPriorities(PriorityThresholds):
    """The highest numbers that are read as LOW, MEDIUM and HIGH. They are also written for these priorities.

    Higher numbers, up to 100, are CRITICAL.
    """

    low: int = Field(default=25, ge=0, le=100)
    medium: int = Field(default=50, ge=0, le=100)
    high: int = Field(default=75, ge=0, lt=100)


class CamundaOptions(Section):
    """`outcome_variable` names the process variable that a completion sets to the outcome.

    `url_template` and `flow_url_template` are links for people, with `{key}` for the key of the task or process instance. An
    empty text is no link. By default they lead to Tasklist and Operate beside the API, where a self-managed cluster has them.
    `server_version` decides what is sent: a server refuses or ignores filters and requests that it does not know.
    `claims` decides how a claim is sent. "assign" is for accounts that may claim for themselves only; such a claim is
    not guarded by the server.
    """

    server_version: Literal["8.8", "8.9", "8.10"] = "8.9"
    claims: Literal["claim", "assign"] = "claim"
    priority: CamundaPriorities = CamundaPriorities()
    outcome_variable: str | None = Field(default=None, min_length=1)
    outcomes: ConfiguredOutcomes = ()
    url_template: LinkTemplate | None = None
    flow_url_template: LinkTemplate | None = None

    @property
    def minor(self) -> int:
        """The server's version without the 8 in front."""
        return int(self.server_version.partition(".")[2])


class CamundaSettings(SourceSettings):
    """`base_url` is the cluster's address with or without `/v2`.

    `credentials` are those of the service account, with `exchange` those of the client that exchanges tokens. With `viewer`
    there are none.
    """

    takes_trace_context: ClassVar[bool] = True
    modes: ClassVar[frozenset[ActsAs]] = frozenset({"service", "viewer", "exchange"})

    vendor: Literal["camunda"] = "camunda"
    credentials: CamundaCredentials = NoCredentials()
    options: CamundaOptions = CamundaOptions()

    @model_validator(mode="after")
    def _credentials_fit(self) -> Self:
        if self.acts_as == "viewer" and not isinstance(self.credentials, NoCredentials):
            raise ValueError(
                "acts_as viewer takes no credentials: each request has the token of its person; an account for look-ups "
                "that no person asks for is the reader"
            )
        if self.acts_as == "exchange" and not isinstance(self.credentials, OAuthCredentials):
            raise ValueError("acts_as exchange needs credentials of kind oauth, of a client that may exchange tokens")
        return self

    @property
    def task_link(self) -> str | None:
        """The template of links to tasks; None for no links."""
        return self._link(self.options.url_template, "tasklist/{key}")

    @property
    def flow_link(self) -> str | None:
        """The template of links to process instances; None for no links."""
        return self._link(self.options.flow_url_template, "operate/processes/{key}")

    def _link(self, configured: str | None, page: str) -> str | None:
        if configured is not None:
            return configured or None
        host = urlsplit(self.base_url).hostname or ""
        # In the vendor's cloud the pages have hosts of their own, by product and region.
        if host.endswith(".camunda.io"):
            return None
        return f"{self.base_url.removesuffix('/v2')}/{page}"

    @field_validator("base_url")
    @classmethod
    def _below_v2(cls, value: str) -> str:
        address = value.rstrip("/")
        return address if address.endswith("/v2") else f"{address}/v2"
