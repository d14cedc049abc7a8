"""Rows that a list leaves out because they do not fit the vendor's documentation."""

from collections.abc import Iterable
from typing import Any

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.connector import Connector
from connectors.sdk.model import Task
from connectors.sdk.odd_rows import OddRow
from connectors.sdk.query import Page, TaskQuery, order_value
from gateway.federation.authorization import can_see

# Members that one text names.
MOST_NAMED = 5


def described(rows: Iterable[OddRow]) -> str:
    """How many rows are left out, and which members do not fit. Values and ids are not told."""
    listed = list(rows)
    members = sorted({member for row in listed for member in row.members})
    named = ", ".join(members[:MOST_NAMED]) + (", ..." if len(members) > MOST_NAMED else "")
    subject = "1 row does" if len(listed) == 1 else f"{len(listed)} rows do"
    return f"{subject} not fit the vendor's documentation ({named})"


def may_concern(row: OddRow, caller: Caller, connector: Connector[Any]) -> bool:
    """Whether the caller may see the task. True where its record does not tell whose it is."""
    task = row.task
    if task is None or not (task.assignees or task.candidate_users or task.candidate_groups):
        return True
    return can_see(caller, connector, task)


def presentable(page: Page[Task], query: TaskQuery, connector: Connector[Any]) -> Page[Task]:
    """The page without the tasks that no list can present.

    Such a task has an id by which it cannot be opened, or was selected by a time that its record does not tell: it would
    be in no part of a list that is ordered by that time.
    """
    fields = query.present | {field for field, _ in query.times}
    items: list[Task] = []
    odd: list[OddRow] = []
    for task in page.items:
        members = [field.value for field in fields if order_value(task, field) is None]
        if not connector.is_native_id(task.native_id):
            members.append("id")
        if members:
            odd.append(OddRow(key=task.native_id, members=tuple(sorted(members)), task=task))
        else:
            items.append(task)
    return structs.replace(page, items=items, odd=(*page.odd, *odd)) if odd else page
