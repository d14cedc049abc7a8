"""Configuration of one engine: Camunda 7 or Operaton."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from connectors.sdk import (
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

Camunda7Credentials = Annotated[
    NoCredentials | BasicCredentials | OAuthCredentials | BearerCredentials, Field(discriminator="kind")
]


class Camunda7Priorities(PriorityThresholds):
    """The highest numbers that are read as LOW, MEDIUM and HIGH. They are also written for these priorities.

    Higher numbers are CRITICAL, which is written as 100. The engine's default is 50.
    """

    low: int = Field(default=25, ge=-(10**9), le=10**9)
    medium: int = Field(default=50, ge=-(10**9), le=10**9)
    high: int = Field(default=75, ge=-(10**9), lt=100)


class Camunda7Options(Section):
    """`outcome_variable` names the process variable that a completion sets to the outcome.

    `url_template` and `flow_url_template` are links for people, with `{key}` for the id of the task or process instance.
    `history` is false for an engine whose history level is `none`: then closed tasks and flows are not shown.
    `cancel_reasons`: a flow that is cancelled with a reason is ended by a batch of the engine's job executor, which keeps
    the reason and takes some seconds. Without it the flow ends at once, and the engine does not learn the reason.
    `draft_variable` is the name of the task-local variable that holds a draft.
    """

    priority: Camunda7Priorities = Camunda7Priorities()
    outcome_variable: str | None = Field(default=None, min_length=1)
    outcomes: ConfiguredOutcomes = ()
    url_template: LinkTemplate | None = None
    flow_url_template: LinkTemplate | None = None
    history: bool = True
    cancel_reasons: bool = False
    draft_variable: str = Field(default="taskgateDraft", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")


class Camunda7Settings(SourceSettings):
    """`base_url` is the address of the REST API, usually with `/engine-rest`."""

    takes_trace_context: ClassVar[bool] = True

    vendor: Literal["camunda7"] = "camunda7"
    credentials: Camunda7Credentials = NoCredentials()
    options: Camunda7Options = Camunda7Options()
