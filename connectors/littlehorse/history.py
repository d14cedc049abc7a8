"""Events of a task as activities and comments."""

from collections.abc import Iterable
from datetime import UTC, datetime

from connectors.littlehorse import wire
from connectors.littlehorse.settings import UserIdClaim
from connectors.sdk import Activity, ActivityType, Comment, UserRef, time_from_wire

TYPES = {
    "TASK_CANCELLED": ActivityType.CANCELED,
    "TASK_COMPLETED": ActivityType.COMPLETED,
    "COMMENT_ADDED": ActivityType.COMMENTED,
    "COMMENT_EDITED": ActivityType.COMMENT_EDITED,
    "COMMENT_DELETED": ActivityType.COMMENT_DELETED,
}


def activities_of(events: Iterable[wire.Event], claim: UserIdClaim) -> tuple[Activity, ...]:
    """Oldest first: the bridge sends a set. TASK_EXECUTED (a reminder ran) and unknown types are OTHER."""
    found = [_activity(event, at, claim) for event in events if (at := time_from_wire(event.time, UTC)) is not None]
    return tuple(sorted(found, key=lambda each: each.at))


def comments_of(events: Iterable[wire.Event], claim: UserIdClaim) -> tuple[Comment, ...]:
    """Oldest first, without the deleted ones. Of an edited comment the bridge no longer tells when it was added."""
    found = [
        Comment(
            native_id=str(event.event.comment_id),
            text=event.event.comment or "",
            author=_author(event.event.user_id, claim),
            created_at=None if event.type == "COMMENT_EDITED" else time_from_wire(event.time, UTC),
            edited_at=time_from_wire(event.time, UTC) if event.type == "COMMENT_EDITED" else None,
        )
        for event in events
        if event.type != "COMMENT_DELETED" and event.event is not None and event.event.comment_id is not None
    ]
    return tuple(sorted(found, key=lambda comment: int(comment.native_id)))


def _activity(event: wire.Event, at: datetime, claim: UserIdClaim) -> Activity:
    body = event.event or wire.EventBody()
    if event.type == "TASK_ASSIGNED":
        return Activity(
            type=_assignment(body),
            native_type=event.type,
            at=at,
            target=UserRef(native_id=body.new_user_id) if body.new_user_id else None,
            before={"user": body.old_user_id or None, "group": body.old_user_group or None},
            after={"user": body.new_user_id or None, "group": body.new_user_group or None},
        )
    return Activity(
        type=TYPES.get(event.type or "", ActivityType.OTHER),
        native_type=event.type,
        at=at,
        actor=_author(body.user_id, claim),
        message=body.message or body.comment or None,
    )


def _assignment(body: wire.EventBody) -> ActivityType:
    if body.old_user_id and body.new_user_id:
        return ActivityType.REASSIGNED
    if body.new_user_id:
        return ActivityType.ASSIGNED
    if body.old_user_id:
        return ActivityType.UNASSIGNED
    return ActivityType.FORWARDED if body.old_user_group else ActivityType.ASSIGNED


def _author(user_id: str | None, claim: UserIdClaim) -> UserRef | None:
    """Comments name `<sub>::<username claim>`; with e-mail addresses as ids, only the sub is certain."""
    if not user_id:
        return None
    sub, _, username = user_id.partition("::")
    native_id = username if claim == "PREFERRED_USERNAME" and username else sub
    return UserRef(native_id=native_id, name=username or None) if native_id else None
