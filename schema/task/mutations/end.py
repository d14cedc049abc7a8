"""Cancel a task, retry a failed one."""

from typing import Annotated

import strawberry

from schema.core.arguments import given
from schema.core.enums import CancelStrategy
from schema.core.payload import REASON
from schema.core.resolver import resolved
from schema.ports import CancelIntent, RetryIntent
from schema.task.mutations.write import Info, TaskActionInput, TaskPayload, TaskWriteInput, write_task


@strawberry.input(description="Input of `cancelTask`.")
class CancelTaskInput(TaskWriteInput):
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=REASON)
    allow: list[CancelStrategy] | None = strawberry.field(
        default_factory=lambda: [CancelStrategy.NATIVE],
        description="Strategies that may be used. The first one in the order of CancelStrategy that the source supports is used. Null means NATIVE only.",
    )


@strawberry.type
class EndMutations:
    @resolved(
        description="Ends a task without completing it, by the first allowed strategy that the source supports. Requires the role task_admin."
    )
    async def cancel_task(
        self,
        info: Info,
        input: Annotated[CancelTaskInput, strawberry.argument(description="The task and the allowed strategies.")],
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _cancellation(input))

    @resolved(description="Lets the source retry a failed automatic task. Requires the role task_admin.")
    async def retry_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="The task to retry.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: RetryIntent(reason=given(input.reason)))


def _cancellation(input: CancelTaskInput) -> CancelIntent:
    allow = input.allow
    return CancelIntent(allow=(CancelStrategy.NATIVE,) if allow is None else tuple(allow), reason=given(input.reason))
