"""Operation: a write as recorded in the journal."""

from datetime import datetime

import strawberry

from schema import ports
from schema.core.context import Context
from schema.core.enums import MutationStatus, TaskAction
from schema.core.errors import UserError
from schema.core.resolver import resolved
from schema.core.tasks import TaskByRefLoader
from schema.flow import Flow
from schema.people import User
from schema.task import Task


@strawberry.type(description="A write, and what became of it. Kept for 24 hours.")
class Operation:
    id: strawberry.ID = strawberry.field(description="As the payload of the write named it. Never null.")
    action: TaskAction = strawberry.field(description="What was to be done. Never null.")
    status: MutationStatus = strawberry.field(description="What is known of it. Never null.")
    attempts: int = strawberry.field(description="How often it was sent: never more than once.")
    requested_at: datetime = strawberry.field(description="When it came. Never null.")
    settled_at: datetime | None = strawberry.field(description="When it was known what became of it; null until then.")
    errors: list[UserError] = strawberry.field(description="What was in the way; empty if nothing was. Never null.")
    record: strawberry.Private[ports.Operation]

    @resolved(
        graphql_type=Task | None, description="The task as it is now; null if none, or if the viewer cannot see it."
    )
    async def task(self, info: strawberry.Info[Context, None]) -> Task | None:
        if self.record.task is None:
            return None
        found = await info.context.loader(TaskByRefLoader).load(self.record.task)
        return None if found is None else Task.from_model(found, info.context)

    @resolved(
        graphql_type=Flow | None, description="The flow as it is now; null if none, or if the viewer cannot see it."
    )
    async def flow(self, info: strawberry.Info[Context, None]) -> Flow | None:
        if self.record.flow is None:
            return None
        found = await info.context.federation.get_visible_flow(info.context.caller, self.record.flow)
        return None if found is None else Flow.from_model(found, info.context)

    @resolved(description="Who asked for it; null for somebody who is no longer configured.")
    def actor(self, info: strawberry.Info[Context, None]) -> User | None:
        person = info.context.federation.person(self.record.person)
        return None if person is None else User.from_caller(person)

    @classmethod
    def from_record(cls, record: ports.Operation) -> "Operation":
        return cls(
            id=strawberry.ID(record.operation_id),
            action=record.action,
            status=record.status,
            attempts=record.attempts,
            requested_at=record.requested_at,
            settled_at=record.settled_at,
            errors=[UserError.from_problem(problem) for problem in record.problems],
            record=record,
        )
