"""What the viewer may do to a task, told beforehand."""

import strawberry

import schema.task.enums  # noqa: F401 describes the enums used below
from connectors.sdk.capability import Support
from connectors.sdk.commands import TaskAction
from schema.core.enumeration import describe
from schema.ports import ActionCapability, Verdict

describe(
    Support,
    "How far a source has an operation.",
    NATIVE="As an operation of its own.",
    EMULATED="By other calls, maybe several.",
    UNSUPPORTED="Not at all.",
)


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
