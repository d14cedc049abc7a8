"""Configuration of an epilot organisation."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator

from connectors.sdk import OutcomeNature, Section, SourceSettings, WebAddress

Identifier = Annotated[str, Field(min_length=1, max_length=512)]


class ListBy(StrEnum):
    """Where lists of tasks come from; README.md compares the choices."""

    OVERVIEW = "overview"
    KANBAN = "kanban"
    ENTITIES = "entities"
    EXECUTIONS_V1 = "executions_v1"


class Generation(StrEnum):
    """V2: flows with tasks. V1: the older, linear workflows with steps. Their paths and records differ."""

    V2 = "v2"
    V1 = "v1"


class ReadyWhen(StrEnum):
    """When a PENDING task is ready: if it is a current task of its flow, if it is enabled, or both.

    The vendor has one status for tasks that are ready and for those of the future.
    """

    CURRENT = "current"
    ENABLED = "enabled"
    BOTH = "both"


def _fits_a_header(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("must consist of printable ASCII characters without spaces")
    return value


class EpilotCredentials(Section):
    """An access token of the organisation, or the ID token of a person."""

    kind: Literal["bearer"] = "bearer"
    token: Annotated[SecretStr, Field(min_length=1), AfterValidator(_fits_a_header)]


class Entity(Section):
    """A business object whose flows are listed."""

    entity_schema: Identifier
    entity_id: Identifier


class KanbanColumns(Section):
    """Names of the columns of the kanban data set. The vendor does not publish them: compare with a real answer."""

    id: Identifier = "id"
    execution_id: Identifier = "execution_id"
    execution_name: Identifier = "execution_name"
    execution_status: Identifier = "execution_status"
    template_id: Identifier = "template_id"
    name: Identifier = "name"
    status: Identifier = "status"
    task_type: Identifier = "task_type"
    assignee: Identifier = "assignee"
    enabled: Identifier = "enabled"
    is_current: Identifier = "is_current"
    due_date: Identifier = "due_date"
    created_at: Identifier = "created_at"
    updated_at: Identifier = "updated_at"
    started_at: Identifier = "started_at"
    completed_at: Identifier = "completed_at"
    completed_by: Identifier = "completed_by"
    taxonomies: Identifier = "taxonomies"
    contexts: Identifier = "contexts"


class KanbanFilter(Section):
    """A condition for all rows of kanban lists, in the vendor's own format."""

    key: Identifier
    operator: Literal[
        "EQUALS",
        "NOT_EQUALS",
        "EMPTY",
        "NOT_EMPTY",
        "CONTAINS",
        "NOT_CONTAINS",
        "IS_ONE_OF",
        "IS_NONE_OF",
        "GREATER_THAN",
        "LESS_THAN",
        "GREATER_THAN_OR_EQUAL",
        "LESS_THAN_OR_EQUAL",
    ]
    value: str | int | float | bool | tuple[str, ...] | None = None
    data_type: Literal["string", "number", "boolean", "date"] | None = None


class EpilotOptions(Section):
    """`generation` applies to rows of lists, which do not say theirs, to flows listed by entity, and to started flows.

    `definition_ids` restricts the overview to these workflows. `first_page` is the number of the overview's first page,
    which the vendor does not document. `closing_reasons` are ids or titles: a cancelled flow gets the first one that it
    offers. `url_template` is a link for people with `{execution}` and perhaps `{task}`; `journey_url_template` is one
    with `{journey}`. `outcome_natures` tells whether a branch, by id or name, is positive or negative, which the vendor does
    not. `org_id` is another organisation, one that has shared its data with the token's.
    """

    list_by: ListBy = ListBy.KANBAN
    generation: Generation = Generation.V2
    ready_when: ReadyWhen = ReadyWhen.BOTH
    user_url: WebAddress = "https://user.sls.epilot.io"
    kanban_url: WebAddress = "https://kanban.sls.epilot.io"
    query_url: WebAddress = "https://query.sls.epilot.io"
    org_id: str | None = Field(default=None, pattern=r"^[\x21-\x7e]{1,64}$")
    entities: tuple[Entity, ...] = Field(default=(), max_length=100)
    definition_ids: tuple[Identifier, ...] = Field(default=(), max_length=1000)
    first_page: Literal[0, 1] = 1
    kanban_columns: KanbanColumns = KanbanColumns()
    kanban_filters: tuple[KanbanFilter, ...] = ()
    closing_reasons: tuple[Identifier, ...] = ()
    url_template: str | None = Field(default=None, pattern=r"^https?://.*\{execution\}")
    journey_url_template: str | None = Field(default=None, pattern=r"^https?://.*\{journey\}")
    outcome_natures: dict[str, OutcomeNature] = Field(default_factory=dict)

    @field_validator("entities")
    @classmethod
    def _distinct(cls, value: tuple[Entity, ...]) -> tuple[Entity, ...]:
        if len(set(value)) < len(value):
            raise ValueError("an entity is named twice")
        return value


class EpilotSettings(SourceSettings):
    """`base_url` is the workflow execution API. Without `time_zone`, due dates without a zone stay texts."""

    vendor: Literal["epilot"] = "epilot"
    base_url: WebAddress = "https://workflows-execution.sls.epilot.io"
    credentials: EpilotCredentials
    options: EpilotOptions = EpilotOptions()

    @property
    def generation(self) -> Generation:
        """The generation of listed tasks."""
        return Generation.V1 if self.options.list_by is ListBy.EXECUTIONS_V1 else self.options.generation
