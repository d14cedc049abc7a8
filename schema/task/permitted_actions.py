"""PermittedAction: whether the viewer may do an action to a task now."""

import strawberry

from schema.core.enums import Support, TaskAction
from schema.ports import Verdict


@strawberry.type(description="Whether the viewer may do an action now, as far as the gateway knows.")
class PermittedAction:
    action: TaskAction = strawberry.field(description="The action.")
    allowed: bool = strawberry.field(
        description="Whether the gateway would send the write. The source may still refuse it."
    )
    support: Support = strawberry.field(description="How the source supports the action.")
    atomic: bool = strawberry.field(
        description="True if the source decides in one call, so that of two concurrent writes only one succeeds."
    )
    reason: str | None = strawberry.field(description="First condition that is not met. Null if the action is allowed.")

    @classmethod
    def from_verdict(cls, verdict: Verdict) -> "PermittedAction":
        return cls(
            action=verdict.action,
            allowed=verdict.allowed,
            support=verdict.support,
            atomic=verdict.atomic,
            reason=verdict.reason,
        )
