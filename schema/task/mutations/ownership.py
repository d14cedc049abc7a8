"""Owner of a task: claim, release, assign, unassign."""

from typing import Annotated

import strawberry

from connectors.sdk.errors import InputError
from connectors.sdk.model import TaskRef
from schema.core.arguments import given, group, person
from schema.core.context import Context
from schema.core.payload import REASON, VENDOR_OPTIONS, vendor_options
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.ports import AssignIntent, ClaimIntent, ReleaseIntent, UnassignIntent
from schema.task.mutations.write import Info, TaskActionInput, TaskPayload, TaskWriteInput, write_task


@strawberry.input(description="Input of `claimTask`.")
class ClaimTaskInput(TaskWriteInput):
    pass


@strawberry.input(description="Input of `assignTask`: exactly one of `userId` and `groupId`.")
class AssignTaskInput(TaskWriteInput):
    user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Global id of the new owner."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Global id of the new candidate group, which must belong to the task's source.",
    )
    override: bool | None = strawberry.field(
        default=False, description="Whether to take the task from its current owner. Requires the role task_admin."
    )
    keep_group: bool | None = strawberry.field(
        default=True, description="Whether the task keeps its candidate groups when a user gets it."
    )
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=REASON)
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)


@strawberry.type
class OwnershipMutations:
    @resolved(description="Makes the viewer the owner of a task. ALREADY_ASSIGNED if another user owns it.")
    async def claim_task(
        self, info: Info, input: Annotated[ClaimTaskInput, strawberry.argument(description="The task to claim.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: ClaimIntent())

    @resolved(description="Returns a task from the viewer, its owner, to its candidates.")
    async def release_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="The task to release.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: ReleaseIntent(reason=given(input.reason)))

    @resolved(description="Assigns a task to a user or to a group.")
    async def assign_task(
        self,
        info: Info,
        input: Annotated[AssignTaskInput, strawberry.argument(description="The task and its new owner or group.")],
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda ref: _assignment(input, ref, info.context))

    @resolved(description="Removes the owner of a task. Requires the role task_admin.")
    async def unassign_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="The task to unassign.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: UnassignIntent(reason=given(input.reason)))


def _assignment(input: AssignTaskInput, ref: TaskRef, context: Context) -> AssignIntent:
    user_id, group_id = given(input.user_id), given(input.group_id)
    if (user_id is None) == (group_id is None):
        field = ("userId",) if user_id is None else ("groupId",)
        raise InputError("give exactly one of userId and groupId", field=field)
    new_group = None if group_id is None else group(group_id, ("groupId",))
    if new_group is not None and new_group.source != ref.source:
        raise InputError("groupId must be a group of the task's source", field=("groupId",))
    return AssignIntent(
        user=None if user_id is None else person(user_id, ("userId",), context),
        group=new_group,
        override=input.override is True,
        keep_group=input.keep_group is not False,
        reason=given(input.reason),
        options=vendor_options(input.vendor_options),
    )
