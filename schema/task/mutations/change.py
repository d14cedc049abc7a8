"""Changes to a task: fields, tags, comments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from connectors.sdk.commands import UpdateField
from connectors.sdk.errors import ValidationFailedError
from connectors.sdk.model import Tag
from schema.core.arguments import given, group, person
from schema.core.context import Context
from schema.core.enums import TaskPriority
from schema.core.payload import VENDOR_OPTIONS, vendor_options
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.ports import CommentIntent, Intent, PersonId, TagIntent, UpdateIntent
from schema.task.mutations.write import Info, TaskPayload, TaskTargetInput, TaskWriteInput, write_task


@strawberry.input(description="A mark on a task.")
class TagInput:
    name: str = strawberry.field(description="The mark.")
    value: str | None = strawberry.field(default=strawberry.UNSET, description="Its value; null for none.")


@strawberry.input(description="A task, and what to change of it. What is null or absent stays as it is.")
class UpdateTaskInput(TaskWriteInput):
    title: str | None = strawberry.field(default=strawberry.UNSET, description="What it is called.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="What is to be done.")
    due_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="When it is due.")
    follow_up_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="When to look again.")
    priority: TaskPriority | None = strawberry.field(default=strawberry.UNSET, description="How urgent it is.")
    candidate_user_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Global ids of Users: all who may take it; an empty list for nobody."
    )
    candidate_group_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Global ids of Groups: all that may take it; an empty list for none."
    )
    tags: list[TagInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All its tags, in a write without anything else; an empty list for none."
    )
    clear: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What shall have no value any more: description, dueAt, followUpAt, priority, candidateUserIds, candidateGroupIds.",
    )
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)


@strawberry.input(description="A task, and something to say about it.")
class AddTaskCommentInput(TaskTargetInput):
    text: str = strawberry.field(description="What to say; the source may limit its length.")


@strawberry.type
class ChangeMutations:
    @resolved(description="Change dates, priority, candidates, texts or tags of the task, by one write.")
    async def update_task(
        self, info: Info, input: Annotated[UpdateTaskInput, strawberry.argument(description="What, and how.")]
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _update(input, info.context))

    @resolved(description="Say something about the task.")
    async def add_task_comment(
        self,
        info: Info,
        input: Annotated[AddTaskCommentInput, strawberry.argument(description="About what, and what.")],
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _comment(input))


def _update(input: UpdateTaskInput, context: Context) -> Intent:
    users, groups, tags = given(input.candidate_user_ids), given(input.candidate_group_ids), given(input.tags)
    changes = UpdateIntent(
        title=given(input.title),
        description=given(input.description),
        due_at=given(input.due_at),
        follow_up_at=given(input.follow_up_at),
        priority=given(input.priority),
        candidate_users=None if users is None else _people(users, context),
        candidate_groups=None if groups is None else tuple(group(one, ("candidateGroupIds",)) for one in groups),
        clear=_cleared(given(input.clear) or ()),
        options=vendor_options(input.vendor_options),
    )
    both = sorted(changes.clear & changes.given)
    if both:
        raise ValidationFailedError(f"{both[0]} is set and cleared in the same update", field=("clear",))
    if tags is not None:
        if changes.fields:
            raise ValidationFailedError(
                "tags cannot be changed together with other fields; send them in a second updateTask", field=("tags",)
            )
        return TagIntent(tags=tuple(Tag(name=tag.name, value=given(tag.value)) for tag in tags))
    if not changes.fields:
        raise ValidationFailedError("give at least one field to change")
    return changes


def _people(ids: Sequence[str], context: Context) -> tuple[PersonId, ...]:
    return tuple(person(one, ("candidateUserIds",), context) for one in ids)


def _cleared(names: Sequence[str]) -> frozenset[UpdateField]:
    known = {field.value: field for field in UpdateField}
    for name in names:
        if name not in known:
            raise ValidationFailedError(f"clear takes {', '.join(known)}", field=("clear",))
        if name == UpdateField.TITLE:
            raise ValidationFailedError("the title cannot be cleared", field=("clear",))
    return frozenset(known[name] for name in names)


def _comment(input: AddTaskCommentInput) -> CommentIntent:
    if not input.text.strip():
        raise ValidationFailedError("text must not be empty", field=("text",))
    return CommentIntent(text=input.text)
