"""Options of commands: what this vendor accepts beyond the arguments that all vendors share."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from connectors.sdk import Options

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Moment = Annotated[datetime, Meta(tz=True)]


class StartFlowOptions(Options, frozen=True, kw_only=True, rename="camel"):
    """For StartFlow. `tenant_id` is for engines in which several tenants have a process of that key."""

    business_key: Text | None = None
    tenant_id: Text | None = None


class CreateTaskOptions(Options, frozen=True, kw_only=True, rename="camel"):
    """For CreateTask."""

    assignee: Text | None = None
    tenant_id: Text | None = None
