"""What the configuration says of a GEOtareas tenant."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from connectors.sdk.settings import Section, SourceSettings


def _fits_a_header(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("must consist of printable ASCII characters")
    return value


Secret = Annotated[SecretStr, Field(min_length=1)]
HeaderSecret = Annotated[Secret, AfterValidator(_fits_a_header)]


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
    """`url_template` is a link for people, with `{id}` in it. `flow_scan_pages` bounds the search for flows: a page
    has 100 instances and costs one read of the 30 a minute.
    """

    url_template: str | None = Field(default=None, pattern=r"^https?://.*\{id\}")
    flow_scan_pages: int = Field(default=5, ge=1, le=30)


class GeotareasSettings(SourceSettings):
    """Without `time_zone` the vendor's times cannot be told: due and creation dates stay empty."""

    credentials: GeotareasCredentials
    options: GeotareasOptions = GeotareasOptions()
