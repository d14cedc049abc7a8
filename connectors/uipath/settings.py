"""What the configuration says of one UiPath tenant."""

import re
from string import Formatter
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from connectors.sdk import BearerCredentials, ConfiguredOutcomes, OAuthCredentials, Section, SourceSettings

UiPathCredentials = Annotated[OAuthCredentials | BearerCredentials, Field(discriminator="kind")]

# The part of a URL that names an organization or a tenant: a name or a GUID.
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"
_PLACES = frozenset({"host", "organization", "tenant", "folder", "id"})
_API_HOST = re.compile(r"^api\.", re.IGNORECASE)


class UiPathOptions(Section):
    """`organization` and `tenant` as they stand in the tenant's URL.

    `folders` are folder ids: only tasks of these are listed; none means every folder that the account sees.
    `as_task_admin` lists with the administrator's path, which needs TaskAssignments.Create in a folder.
    `assign_before_completing`: Form and App tasks are completed by their assignee alone, so the account takes such a
    task over first; the vendor's history then names the account. Without it such a completion is sent as it is.
    `allow_delete` offers deleting a task as a way to end it; what becomes of a job that waits for it is undocumented.
    `maestro` off: no flows, for an account without the scope PIMS.
    `outcomes` are the actions that App and External tasks take; no operation lists those.
    `url_template` is a link for people with {host}, {organization}, {tenant}, {folder} and {id}; `ui_host` is the host
    in it, by default that of `base_url` (cloud.uipath.com for api.uipath.com).
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
        default="https://{host}/{organization}/{tenant}/actions_/current-task/tasks/{id}", pattern=r"^https?://"
    )
    expand: str = Field(default="AssignedToUser,TaskAssignments($expand=Assignee)", pattern=r"^[A-Za-z0-9,$=();/ ]*$")

    @field_validator("url_template")
    @classmethod
    def _known_places(cls, value: str | None) -> str | None:
        if value is None:
            return None
        places = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
        if not places <= _PLACES or "id" not in places:
            raise ValueError(f"url_template needs {{id}} and may have {', '.join(sorted(_PLACES - {'id'}))}")
        return value


class UiPathSettings(SourceSettings):
    """`base_url` is the host alone, as https://cloud.uipath.com; organization and tenant are options."""

    vendor: Literal["uipath"] = "uipath"
    credentials: UiPathCredentials
    options: UiPathOptions

    def task_url(self, folder: int, task: int) -> str | None:
        """The address of a task for people."""
        options = self.options
        if options.url_template is None:
            return None
        host = options.ui_host or _API_HOST.sub("cloud.", urlsplit(self.base_url).netloc)
        return options.url_template.format(
            host=host, organization=options.organization, tenant=options.tenant, folder=folder, id=task
        )
