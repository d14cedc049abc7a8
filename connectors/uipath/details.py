"""The details of a task: form, outcomes, data, comments and activities."""

from collections.abc import Awaitable, Iterable
from collections.abc import Set as AbstractSet
from datetime import UTC
from typing import Protocol, TypeVar

from connectors.sdk import (
    Activity,
    ActivityType,
    Comment,
    DetailAspect,
    DetailParts,
    Task,
    TaskDetail,
    UserRef,
    distinct,
    time_from_wire,
)
from connectors.uipath import wire
from connectors.uipath.client import Rows, UiPathClient, drain_rows
from connectors.uipath.forms import data_of, form_of, outcomes_of
from connectors.uipath.ids import TaskId
from connectors.uipath.mapping import user_ref
from connectors.uipath.settings import UiPathOptions
from connectors.uipath.wire import name_of

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)

# Rows of one page, and the most pages, of a task's notes or activities.
PAGE_SIZE = 500
MOST_PAGES = 10

# Aspects that come from the task's data record.
DATA_RECORD = frozenset({DetailAspect.FORM, DetailAspect.OUTCOMES, DetailAspect.DATA})

ACTIVITIES = {
    "Created": ActivityType.CREATED,
    "Assigned": ActivityType.ASSIGNED,
    "Reassigned": ActivityType.REASSIGNED,
    "Unassigned": ActivityType.UNASSIGNED,
    "Saved": ActivityType.SAVED,
    "Forwarded": ActivityType.FORWARDED,
    "Completed": ActivityType.COMPLETED,
    "Commented": ActivityType.COMMENTED,
    "Deleted": ActivityType.DELETED,
    "BulkSaved": ActivityType.SAVED,
    "BulkCompleted": ActivityType.COMPLETED,
    "FirstOpened": ActivityType.OPENED,
}


class ReadPage(Protocol[R_co]):
    def __call__(self, task: TaskId, *, top: int, skip: int) -> Awaitable[R_co]: ...


async def read_detail(
    client: UiPathClient, task: Task, native: TaskId, aspects: AbstractSet[DetailAspect], options: UiPathOptions
) -> TaskDetail:
    """One call for form, outcomes and data together, one or more for comments and for activities."""
    parts = DetailParts(aspects)
    record = None
    if aspects & DATA_RECORD:
        record = await parts.shared(DATA_RECORD, lambda: client.get_task_data(native, task.native_type))

    async def comments() -> tuple[Comment, ...]:
        return comments_of(await _drain(native, client.list_notes))

    async def activities() -> tuple[Activity, ...]:
        return activities_of(await _drain(native, client.list_activities))

    return TaskDetail(
        form=None if record is None else parts.make(DetailAspect.FORM, lambda: form_of(task, record)),
        outcomes=None
        if record is None
        else parts.make(DetailAspect.OUTCOMES, lambda: outcomes_of(task, record, options)),
        data=None if record is None else parts.make(DetailAspect.DATA, lambda: data_of(record)),
        comments=await parts.read(DetailAspect.COMMENTS, comments),
        activities=await parts.read(DetailAspect.ACTIVITIES, activities),
        failures=parts.failures(),
    )


def comments_of(notes: Iterable[wire.Note]) -> tuple[Comment, ...]:
    return tuple(
        Comment(
            native_id=str(note.id),
            text=note.text or "",
            author=_person(note.creator_user, note.creator_user_id),
            created_at=time_from_wire(note.creation_time, UTC),
        )
        for note in distinct(notes, lambda note: note.id)
    )


def activities_of(rows: Iterable[wire.Activity]) -> tuple[Activity, ...]:
    """In the order of the rows, the oldest first. A row without a time is left out."""
    return tuple(
        Activity(
            at=at,
            type=ACTIVITIES.get(native or "", ActivityType.OTHER),
            native_type=native,
            actor=_person(row.creator_user, row.creator_user_id),
            target=_person(row.target_user, row.target_user_id),
            message=None if row.task_note is None else row.task_note.text or None,
        )
        for row in rows
        for native in [name_of(row.activity_type, tuple(ACTIVITIES))]
        if (at := time_from_wire(row.creation_time, UTC)) is not None
    )


async def _drain(native: TaskId, read: ReadPage[Rows[T]]) -> list[T]:
    """The records as far as they can be read."""

    async def page(skip: int) -> Rows[T]:
        return await read(native, top=PAGE_SIZE, skip=skip)

    rows, _ = await drain_rows(page, most_pages=MOST_PAGES)
    return [row.record for row, _ in rows if row.record is not None]


def _person(login: wire.UserLogin | None, native_id: int | None) -> UserRef | None:
    """The user of the expanded record, else of the id beside it."""
    ref = None if login is None else user_ref(login)
    return ref if ref is not None or native_id is None else UserRef(native_id=str(native_id))
