"""What a source can do, and what a person may do to a task."""

from msgspec import Struct

from connectors.sdk.capability import Support
from connectors.sdk.commands import TaskAction


class ActionCapability(Struct, frozen=True, kw_only=True):
    """Whether and how a source supports an action. `requires_role` is a role in the gateway."""

    action: TaskAction
    support: Support
    atomic: bool
    requires_role: str | None = None
    note: str | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether a person may do something to a task now; `reason` is the first condition that fails."""

    action: TaskAction
    allowed: bool
    support: Support
    atomic: bool
    reason: str | None = None
