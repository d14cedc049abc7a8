"""Reads what only the full record of a task has, with as few calls as the vendor allows."""

from collections.abc import Awaitable
from collections.abc import Set as AbstractSet
from typing import Protocol, TypeVar

from msgspec.structs import replace

from connectors.sdk import DetailAspect, Task, TaskDetail
from connectors.uipath import detail
from connectors.uipath.client import Rows, UiPathClient
from connectors.uipath.native_id import TaskId
from connectors.uipath.settings import UiPathOptions

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)

# Entries a page, and the most pages of one task's notes or activities.
PAGE = 500
PAGES = 10

FULL_RECORD = frozenset({DetailAspect.FORM, DetailAspect.OUTCOMES, DetailAspect.DATA})


class ReadPage(Protocol[R_co]):
    def __call__(self, task: TaskId, *, top: int, skip: int) -> Awaitable[R_co]: ...


async def read_detail(
    client: UiPathClient, task: Task, native: TaskId, aspects: AbstractSet[DetailAspect], options: UiPathOptions
) -> TaskDetail:
    """One call for form, outcomes and data together, one or more for comments and for activities."""
    shown = TaskDetail()
    if aspects & FULL_RECORD:
        record = await client.get_task_data(native, task.native_type)
        shown = TaskDetail(
            form=detail.form_of(task, record) if DetailAspect.FORM in aspects else None,
            outcomes=detail.outcomes_of(task, record, options) if DetailAspect.OUTCOMES in aspects else None,
            data=detail.data_of(record) if DetailAspect.DATA in aspects else None,
        )
    if DetailAspect.COMMENTS in aspects:
        shown = replace(shown, comments=detail.comments_of(await _whole(native, client.list_notes)))
    if DetailAspect.ACTIVITIES in aspects:
        shown = replace(shown, activities=detail.activities_of(await _whole(native, client.list_activities)))
    return shown


async def _whole(native: TaskId, read: ReadPage[Rows[T]]) -> list[T]:
    found: list[T] = []
    for page in range(PAGES):
        listing = await read(native, top=PAGE, skip=page * PAGE)
        found += [row for row, _ in listing.rows]
        if len(listing.rows) < PAGE:
            break
    return found
