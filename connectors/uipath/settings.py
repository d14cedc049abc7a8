"""Configuration of a UiPath tenant."""

import re
from string import Formatter
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from connectors.sdk import BearerCredentials, ConfiguredOutcomes, OAuthCredentials, Section, SourceSettings

UiPathCredentials = Annotated[OAuthCredentials | BearerCredentials, Field(discriminator="kind")]

# The part of a URL that names an organization or a tenant: a name or a GUID.
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"
_PLACEHOLDERS = frozenset({"scheme", "host", "organization", "tenant", "folder", "id"})
_API_HOST = re.compile(r"^api\.", re.IGNORECASE)


class UiPathOptions(Section):
    """`organization` and `tenant` are the parts of the tenant's URL.

    `folders` are folder ids: only tasks of these folders are listed. Without any, all folders that the account may see.
    `as_task_admin` lists with the administrator's path, which needs TaskAssignments.Create in a folder.
    `assign_before_completing`: only the assignee can complete a Form or App task, so the account assigns such a task to
    itself first; the vendor's history then names the account. Without it the completion is sent as it is.
    `allow_delete` offers deleting a task as a way to end it. The effect on a job that waits for it is not documented.
    `maestro` off: no flows, for an account without the scope PIMS.
    `outcomes` are the actions that App and External tasks take; no operation lists them.
    `url_template` is a link for people with {scheme}, {host}, {organization}, {tenant}, {folder} and {id}; an empty text is
    no link. `ui_host` is the {host}, by default that of `base_url` (cloud.uipath.com for api.uipath.com). {scheme} is that of
    `base_url`.
    `expand` is the $expand of every read of tasks.
    """

    organization: str = Field(pattern=_NAME)
    tenant: str = Field(pattern=_NAME)
    folders: tuple[Annotated[int, Field(ge=1, lt=1 << 63)], ...] = Field(default=(), max_length=50)
    as_task_admin: bool = False
    assign_before_completing: bool = False
    allow_delete: bool = False
    maestro: bool = True
    outcomes: ConfiguredOutcomes = ()
    ui_host: str | None = Field(default=None, pattern=r"^[A-Za-z0-9.-]+(:[0-9]{1,5})?$")
    url_template: str | None = Field(
        default="{scheme}://{host}/{organization}/{tenant}/actions_/current-task/tasks/{id}",
        pattern=r"^((https?|\{scheme\})://.*)?$",
    )
    expand: str = Field(default="AssignedToUser,TaskAssignments($expand=Assignee)", pattern=r"^[A-Za-z0-9,$=();/ ]*$")

    @field_validator("url_template")
    @classmethod
    def _known_placeholders(cls, value: str | None) -> str | None:
        if not value:
            return None
        names = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
        if not names <= _PLACEHOLDERS or "id" not in names:
            raise ValueError(
                f"url_template must contain {{id}} and may contain {', '.join(sorted(_PLACEHOLDERS - {'id'}))}"
            )
        return value


class UiPathSettings(SourceSettings):
    """`base_url` is only the host, for example https://cloud.uipath.com; organization and tenant are options."""

    address_keys: ClassVar[tuple[str, ...]] = ("base_url", "options.organization", "options.tenant")

    vendor: Literal["uipath"] = "uipath"
    credentials: UiPathCredentials
    options: UiPathOptions

    def task_url(self, folder: int, task: int) -> str | None:
        """The address of a task for people; None without a template."""
        options = self.options
        if options.url_template is None:
            return None
        base = urlsplit(self.base_url)
        return options.url_template.format(
            scheme=base.scheme,
            host=options.ui_host or _API_HOST.sub("cloud.", base.netloc),
            organization=options.organization,
            tenant=options.tenant,
            folder=folder,
            id=task,
        )
