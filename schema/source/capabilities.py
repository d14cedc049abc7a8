"""What a source can do."""

import strawberry

from schema.core.enums import Support, TaskAction
from schema.ports import ActionCapability


@strawberry.type(description="How far a source has an action.")
class SourceCapability:
    action: TaskAction = strawberry.field(description="What. Never null.")
    support: Support = strawberry.field(description="How it has it, as configured. Never null.")
    atomic: bool = strawberry.field(description="Whether one call of the source decides. Never null.")
    requires_role: str | None = strawberry.field(description="Role at the gateway that it needs; null if none.")
    note: str | None = strawberry.field(description="What is special about it; null if nothing is.")

    @classmethod
    def from_capability(cls, capability: ActionCapability) -> "SourceCapability":
        return cls(
            action=capability.action,
            support=capability.support,
            atomic=capability.atomic,
            requires_role=capability.requires_role,
            note=capability.note,
        )
