"""Configuration of a GEOtareas tenant."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr

from connectors.sdk import OutcomeNature, Section, SourceSettings

# In `release_groups`: all workflows that are not named.
ANY_WORKFLOW = "*"


def _fits_a_header(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("must consist of printable ASCII characters")
    return value


Secret = Annotated[SecretStr, Field(min_length=1)]
HeaderSecret = Annotated[Secret, AfterValidator(_fits_a_header)]
NativeId = Annotated[str, Field(pattern=r"^[0-9]{1,30}$")]
UrlTemplate = Annotated[str, Field(pattern=r"^https?://.*\{id\}")]


class GeotareasCredentials(Section):
    """An account with APICLI_WORKFLOW_READ and APICLI_WORKFLOW_EXECUTE, and the company's integration key `gtk_...`.

    `tenant` is the company's hostname, usually the one in `base_url`.
    """

    kind: Literal["login"] = "login"
    email: Secret
    password: Secret
    api_key: HeaderSecret
    tenant: HeaderSecret


class GeotareasOptions(Section):
    """`url_template` and `flow_url_template` are links for people, with `{id}` for the task or instance.

    `outcome_natures` tells whether a result code is positive or negative, which the vendor does not.
    `release_groups` makes RELEASE and UNASSIGN possible: the vendor can only reassign a task to a user or a group, and
    forgets the group when it assigns a user. The option gives the id of the group that a task goes back to, by workflow
    ("New Account Onboarding"), by step ("New Account Onboarding/Send Welcome Email") or for all others ("*").
    `definition_ids` gives the ids of workflows by name, for lists filtered by definition: rows have the name, but the
    vendor filters by the id. Name a workflow only if no other workflow has the same name.
    `flow_scan_pages` bounds the search for flows by id: a page has 100 instances and costs one of 30 reads per minute.
    Without it the search ends when all flows are found, at the latest after `scan_limit` instances.
    """

    url_template: UrlTemplate | None = None
    flow_url_template: UrlTemplate | None = None
    outcome_natures: dict[str, OutcomeNature] = Field(default_factory=dict)
    release_groups: dict[str, NativeId] = Field(default_factory=dict)
    definition_ids: dict[str, NativeId] = Field(default_factory=dict)
    flow_scan_pages: int | None = Field(default=None, ge=1, le=30)


class GeotareasSettings(SourceSettings):
    """The vendor's times have no zone: without `time_zone` due and creation dates stay empty. It answers reads from a cache
    of 15 seconds, hence the default of `read_lag`.
    """

    user_ids: ClassVar[tuple[str, str] | None] = (r"[0-9]{1,30}", "a number, such as 17")

    credentials: GeotareasCredentials
    options: GeotareasOptions = GeotareasOptions()
    read_lag: float = Field(default=15.0, ge=0, le=120)
