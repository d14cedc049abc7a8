"""What people said about a task, and what happened to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

import schema.task.enums  # noqa: F401 describes the enums used below
from connectors.sdk import model
from schema.core.context import Context
from schema.core.pagination import Window, window
from schema.core.relay import Node, PageInfo, global_id
from schema.core.scalars import JSON
from schema.people.types import User

DEFAULT_COMMENTS = 20
DEFAULT_ACTIVITIES = 50

First = Annotated[int | None, strawberry.argument(description="Rows from the start, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Cursor of the edge before the page.")]
Last = Annotated[int | None, strawberry.argument(description="Rows from the end, 1 to 100; not together with `first`.")]
Before = Annotated[str | None, strawberry.argument(description="Cursor of the edge after the page.")]


@strawberry.type(description="What somebody said about a task.")
class Comment(Node):
    text: str = strawberry.field(description="What was said. Never null.")
    author: User | None = strawberry.field(description="Who said it; null where the source does not say.")
    created_at: datetime | None = strawberry.field(description="When; null where the source does not say.")
    edited_at: datetime | None = strawberry.field(description="Last change; null if there was none.")

    @classmethod
    def from_model(cls, comment: model.Comment, task: model.TaskRef, context: Context) -> "Comment":
        return cls(
            id=global_id("Comment", task.source, task.native_id, comment.native_id),
            text=comment.text,
            author=None if comment.author is None else User.from_row(comment.author, task.source, context),
            created_at=comment.created_at,
            edited_at=comment.edited_at,
        )


@strawberry.type(description="A comment in a list.")
class CommentEdge:
    cursor: str = strawberry.field(description="Where it stands, for `after` and `before`. Never null.")
    node: Comment = strawberry.field(description="The comment. Never null.")


@strawberry.type(description="A page of comments, oldest first.")
class CommentConnection:
    nodes: list[Comment] = strawberry.field(description="The comments, at most `first` or `last`. Never null.")
    edges: list[CommentEdge] = strawberry.field(description="With their cursors, at most `first` or `last`.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list. Never null.")
    total_count: int | None = strawberry.field(description="Comments over all pages. Null if not known.")

    @classmethod
    def of(
        cls, comments: Sequence[model.Comment], task: model.Task, context: Context, **page: int | str | None
    ) -> "CommentConnection":
        """VALIDATION_FAILED for a page that does not fit."""
        shown: Window[model.Comment] = window(
            comments,
            lambda comment: comment.native_id,
            default=DEFAULT_COMMENTS,
            **page,  # type: ignore[arg-type]
        )
        edges = [
            CommentEdge(cursor=cursor, node=Comment.from_model(comment, task.ref, context))
            for cursor, comment in shown.rows
        ]
        return cls(
            nodes=[edge.node for edge in edges], edges=edges, page_info=shown.page_info, total_count=len(comments)
        )


@strawberry.type(description="Something that happened to a task.")
class Activity:
    at: datetime = strawberry.field(description="When. Never null.")
    type: model.ActivityType = strawberry.field(description="What. Never null.")
    native_type: str | None = strawberry.field(description="The vendor's word for it; null where there is none.")
    actor: User | None = strawberry.field(description="Who did it; null where not known, or where no person did.")
    target: User | None = strawberry.field(description="To whom it was done; null if to nobody.")
    from_: JSON | None = strawberry.field(
        name="from", description="What it was before; null where the source does not say."
    )
    to: JSON | None = strawberry.field(description="What it was afterwards; null where the source does not say.")
    message: str | None = strawberry.field(description="The source's words; null where there are none.")

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


@strawberry.type(description="An activity in a list.")
class ActivityEdge:
    cursor: str = strawberry.field(description="Where it stands, for `after` and `before`. Never null.")
    node: Activity = strawberry.field(description="The activity. Never null.")


@strawberry.type(description="A page of activities, oldest first.")
class ActivityConnection:
    nodes: list[Activity] = strawberry.field(description="The activities, at most `first` or `last`. Never null.")
    edges: list[ActivityEdge] = strawberry.field(description="With their cursors, at most `first` or `last`.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list. Never null.")
    total_count: int | None = strawberry.field(description="Activities over all pages. Null if not known.")

    @classmethod
    def of(
        cls, activities: Sequence[model.Activity], task: model.Task, context: Context, **page: int | str | None
    ) -> "ActivityConnection":
        """VALIDATION_FAILED for a page that does not fit. Activities are only added, so their number names them."""
        shown: Window[tuple[int, model.Activity]] = window(
            list(enumerate(activities)),
            lambda row: str(row[0]),
            default=DEFAULT_ACTIVITIES,
            **page,  # type: ignore[arg-type]
        )
        edges = [
            ActivityEdge(cursor=cursor, node=Activity.from_model(activity, task.source, context))
            for cursor, (_, activity) in shown.rows
        ]
        return cls(
            nodes=[edge.node for edge in edges], edges=edges, page_info=shown.page_info, total_count=len(activities)
        )
