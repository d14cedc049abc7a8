"""PermittedAction: whether the viewer may do an action to a task now."""

import strawberry

from schema.core.enums import Support, TaskAction
from schema.ports import Verdict


@strawberry.type(description="Whether the viewer may do something now, as far as the gateway knows.")
class PermittedAction:
    action: TaskAction = strawberry.field(description="What. Never null.")
    allowed: bool = strawberry.field(description="Whether a write would be sent. The source may still refuse.")
    support: Support = strawberry.field(description="How the source has it. Never null.")
    atomic: bool = strawberry.field(description="Whether one call of the source decides. Never null.")
    reason: str | None = strawberry.field(description="The first condition that fails; null where it is allowed.")

    @classmethod
    def from_verdict(cls, verdict: Verdict) -> "PermittedAction":
        return cls(
            action=verdict.action,
            allowed=verdict.allowed,
            support=verdict.support,
            atomic=verdict.atomic,
            reason=verdict.reason,
        )
