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


@strawberry.type(description="A write as recorded in the journal for 24 hours.")
class Operation:
    id: strawberry.ID = strawberry.field(description="`operationId` of the write's payload.")
    action: TaskAction = strawberry.field(description="Action that was requested.")
    status: MutationStatus = strawberry.field(description="Result, as far as known.")
    attempts: int = strawberry.field(
        description="How many requests were sent for the write: 0 before it is sent; more than 1 if it takes several steps, or if the source guards it and it was sent again."
    )
    requested_at: datetime = strawberry.field(description="Time of the request.")
    settled_at: datetime | None = strawberry.field(
        description="Time when the result was known, or when it was clear that it will never be: then the status is UNKNOWN. Null until then."
    )
    errors: list[UserError] = strawberry.field(
        description="Reasons why the write was not applied. Empty if there are none."
    )
    record: strawberry.Private[ports.Operation]

    @resolved(
        graphql_type=Task | None,
        description="The task as it is now. Null if the write is about no task, or if the viewer cannot see it.",
    )
    async def task(self, info: strawberry.Info[Context, None]) -> Task | None:
        if self.record.task is None:
            return None
        found = await info.context.loader(TaskByRefLoader).load(self.record.task)
        return None if found is None else Task.from_model(found, info.context)

    @resolved(
        graphql_type=Flow | None,
        description="The flow as it is now. Null if the write is about no flow, or if the viewer cannot see it.",
    )
    async def flow(self, info: strawberry.Info[Context, None]) -> Flow | None:
        if self.record.flow is None:
            return None
        found = await info.context.federation.get_visible_flow(info.context.caller, self.record.flow)
        return None if found is None else Flow.from_model(found, info.context)

    @resolved(description="User who requested the write. Null if that person is not configured any more.")
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
