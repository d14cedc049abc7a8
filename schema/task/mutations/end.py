"""Cancel a task, retry a failed one."""

from typing import Annotated

import strawberry

from schema.core.arguments import given
from schema.core.enums import CancelStrategy
from schema.core.payload import REASON
from schema.core.resolver import resolved
from schema.ports import CancelIntent, RetryIntent
from schema.task.mutations.write import Info, TaskActionInput, TaskPayload, TaskWriteInput, write_task


@strawberry.input(description="A task to end without completing it.")
class CancelTaskInput(TaskWriteInput):
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=REASON)
    allow: list[CancelStrategy] | None = strawberry.field(
        default_factory=lambda: [CancelStrategy.NATIVE],
        description="The ways that may be used, tried in the order of CancelStrategy; null means NATIVE only.",
    )


@strawberry.type
class EndMutations:
    @resolved(description="End the task without completing it, by the first allowed way that the source has.")
    async def cancel_task(
        self, info: Info, input: Annotated[CancelTaskInput, strawberry.argument(description="What, and by which ways.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _cancellation(input))

    @resolved(description="Let the source try a failed automatic task again.")
    async def retry_task(
        self, info: Info, input: Annotated[TaskActionInput, strawberry.argument(description="What to try again.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: RetryIntent(reason=given(input.reason)))


def _cancellation(input: CancelTaskInput) -> CancelIntent:
    allow = input.allow
    return CancelIntent(allow=(CancelStrategy.NATIVE,) if allow is None else tuple(allow), reason=given(input.reason))
