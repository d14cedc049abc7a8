"""Changes to a task: fields, tags, comments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from connectors.sdk.commands import UpdateField
from connectors.sdk.errors import InputError
from connectors.sdk.model import Tag
from schema.core.arguments import given, group, person
from schema.core.context import Context
from schema.core.enums import TaskPriority
from schema.core.payload import VENDOR_OPTIONS, vendor_options
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.ports import CommentIntent, Intent, PersonId, TagIntent, UpdateIntent
from schema.task.mutations.write import Info, TaskPayload, TaskTargetInput, TaskWriteInput, write_task


@strawberry.input(description="A tag to set.")
class TagInput:
    name: str = strawberry.field(description="Name of the tag.")
    value: str | None = strawberry.field(default=strawberry.UNSET, description="Value of the tag. Null means none.")


@strawberry.input(description="Input of `updateTask`. Fields that are null or absent stay unchanged.")
class UpdateTaskInput(TaskWriteInput):
    title: str | None = strawberry.field(default=strawberry.UNSET, description="New title.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="New description.")
    due_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="New due time.")
    follow_up_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="New follow-up time.")
    priority: TaskPriority | None = strawberry.field(default=strawberry.UNSET, description="New priority.")
    candidate_user_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Global ids of all candidate users. An empty list removes all."
    )
    candidate_group_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Global ids of all candidate groups. An empty list removes all."
    )
    tags: list[TagInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="All tags. An empty list removes all. Tags cannot be changed together with other fields.",
    )
    clear: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Names of fields to clear: description, dueAt, followUpAt, priority, candidateUserIds, candidateGroupIds.",
    )
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)


@strawberry.input(description="Input of `addTaskComment`.")
class AddTaskCommentInput(TaskTargetInput):
    text: str = strawberry.field(description="Text of the comment. The source may limit its length.")


@strawberry.type
class ChangeMutations:
    @resolved(description="Changes fields, candidates or tags of a task in one write. Requires the role task_admin.")
    async def update_task(
        self,
        info: Info,
        input: Annotated[UpdateTaskInput, strawberry.argument(description="The task and its changes.")],
    ) -> TaskPayload:
        return await write_task(info.context, input, lambda _: _update(input, info.context))

    @resolved(description="Adds a comment to a task.")
    async def add_task_comment(
        self,
        info: Info,
        input: Annotated[AddTaskCommentInput, strawberry.argument(description="The task and the comment.")],
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
        raise InputError(f"{both[0]} is set and cleared in the same update", field=("clear",))
    if tags is not None:
        if changes.fields or changes.options:
            raise InputError(
                "tags cannot be changed together with other fields; send them in a second updateTask", field=("tags",)
            )
        return TagIntent(tags=tuple(Tag(name=tag.name, value=given(tag.value)) for tag in tags))
    if not changes.fields and not changes.options:
        raise InputError("give at least one field to change, or an option of the vendor")
    return changes


def _people(ids: Sequence[str], context: Context) -> tuple[PersonId, ...]:
    return tuple(person(one, ("candidateUserIds",), context) for one in ids)


def _cleared(names: Sequence[str]) -> frozenset[UpdateField]:
    known = {field.value: field for field in UpdateField}
    for name in names:
        if name not in known:
            raise InputError(f"clear takes {', '.join(known)}", field=("clear",))
        if name == UpdateField.TITLE:
            raise InputError("the title cannot be cleared", field=("clear",))
    return frozenset(known[name] for name in names)


def _comment(input: AddTaskCommentInput) -> CommentIntent:
    if not input.text.strip():
        raise InputError("text must not be empty", field=("text",))
    return CommentIntent(text=input.text)
