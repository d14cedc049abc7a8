"""Comments and activities of a task, and its newest write through this gateway."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from connectors.sdk import model
from schema.core.context import Context
from schema.core.enums import ActivityType, MutationStatus, TaskAction
from schema.core.errors import UserError
from schema.core.pagination import Connection, page_arguments, page_of
from schema.core.relay import Node, global_id
from schema.core.scalars import JSON
from schema.people import User
from schema.ports import Operation

DEFAULT_COMMENTS = 20
DEFAULT_ACTIVITIES = 50


@strawberry.type(description="A comment on a task.")
class Comment(Node):
    text: str = strawberry.field(description="Text of the comment.")
    author: User | None = strawberry.field(description="Author. Null if the source does not say.")
    created_at: datetime | None = strawberry.field(description="Time of the comment. Null if the source does not say.")
    edited_at: datetime | None = strawberry.field(description="Time of the last edit. Null if it was not edited.")

    @classmethod
    def from_model(cls, comment: model.Comment, task: model.TaskRef, context: Context) -> "Comment":
        return cls(
            id=global_id("Comment", task.source, task.native_id, comment.native_id),
            text=comment.text,
            author=None if comment.author is None else User.from_row(comment.author, task.source, context),
            created_at=comment.created_at,
            edited_at=comment.edited_at,
        )


@strawberry.type(description="A page of comments, oldest first.")
class CommentConnection(Connection[Comment]):
    @classmethod
    def from_comments(
        cls,
        comments: Sequence[model.Comment],
        task: model.TaskRef,
        context: Context,
        *,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
    ) -> Self:
        """One page. Raises InputError for wrong page arguments."""
        page = page_of(
            comments,
            lambda comment: comment.native_id,
            page_arguments(first, after, last, before, default=DEFAULT_COMMENTS),
        )
        return cls.of(page, lambda edge: Comment.from_model(edge.item, task, context))


@strawberry.type(description="An entry of a task's history.")
class Activity:
    at: datetime = strawberry.field(description="Time of the activity.")
    type: ActivityType = strawberry.field(description="Type of the activity.")
    native_type: str | None = strawberry.field(description="Native type. Null if there is none.")
    actor: User | None = strawberry.field(description="User who did it. Null if unknown or if no person did it.")
    target: User | None = strawberry.field(
        description="User whom it concerns, for example the new owner. Null if none."
    )
    from_: JSON | None = strawberry.field(name="from", description="Value before. Null if the source does not say.")
    to: JSON | None = strawberry.field(description="Value after. Null if the source does not say.")
    message: str | None = strawberry.field(description="Text of the source. Null if there is none.")

    @classmethod
    def from_model(cls, activity: model.Activity, source: str, context: Context) -> "Activity":
        return cls(
            at=activity.at,
            type=activity.type,
            native_type=activity.native_type,
            actor=None if activity.actor is None else User.from_row(activity.actor, source, context),
            target=None if activity.target is None else User.from_row(activity.target, source, context),
            from_=None if activity.before is None else JSON(activity.before),
            to=None if activity.after is None else JSON(activity.after),
            message=activity.message,
        )


@strawberry.type(description="A page of activities, oldest first.")
class ActivityConnection(Connection[Activity]):
    @classmethod
    def from_activities(
        cls,
        activities: Sequence[model.Activity],
        source: str,
        context: Context,
        *,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
    ) -> Self:
        """One page. Raises InputError for wrong page arguments.

        Activities are only appended, so the position of an activity is its cursor.
        """
        page = page_of(
            list(enumerate(activities)),
            lambda row: str(row[0]),
            page_arguments(first, after, last, before, default=DEFAULT_ACTIVITIES),
        )
        return cls.of(page, lambda edge: Activity.from_model(edge.item[1], source, context))


@strawberry.type(description="The newest write to a task through this gateway.")
class TaskWrite:
    action: TaskAction = strawberry.field(description="Action that was requested.")
    status: MutationStatus = strawberry.field(description="Result, as far as known.")
    at: datetime = strawberry.field(description="Time of the request.")
    actor: User | None = strawberry.field(
        description="User who requested it. Null if that person is not configured any more."
    )
    error: UserError | None = strawberry.field(
        description="First reason why the write was not applied. Null if there is none."
    )

    @classmethod
    def from_record(cls, record: Operation, context: Context) -> "TaskWrite":
        person = context.federation.person(record.person)
        return cls(
            action=record.action,
            status=record.status,
            at=record.requested_at,
            actor=None if person is None else User.from_caller(person),
            error=UserError.from_problem(record.problems[0]) if record.problems else None,
        )
