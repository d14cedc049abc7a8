"""What a source can do."""

import strawberry

from schema.core.enums import Support, TaskAction
from schema.ports import ActionCapability


@strawberry.type(description="Whether and how a source supports an action.")
class SourceCapability:
    action: TaskAction = strawberry.field(description="The action.")
    support: Support = strawberry.field(description="How the source supports it, as configured.")
    atomic: bool = strawberry.field(
        description="True if the source decides in one call, so that of two concurrent writes only one succeeds."
    )
    requires_role: str | None = strawberry.field(
        description="Role in the gateway that the action requires. Null if none."
    )
    note: str | None = strawberry.field(description="Remark, for people. Null if there is none.")

    @classmethod
    def from_capability(cls, capability: ActionCapability) -> "SourceCapability":
        return cls(
            action=capability.action,
            support=capability.support,
            atomic=capability.atomic,
            requires_role=capability.requires_role,
            note=capability.note,
        )
