"""Rows of the query services: one row for each task of a flow, and the columns of a row."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET, to_builtins

from sandbox.epilot.records import Flow, user_ids

Row = dict[str, Any]
_TASK_COLUMNS = (
    "id",
    "template_id",
    "name",
    "status",
    "task_type",
    "assigned_to",
    "phase_id",
    "due_date",
    "due_date_config",
    "created_at",
    "updated_at",
    "enabled",
    "manually_created",
    "description",
    "journey",
    "conditions",
    "trigger_mode",
    "schedule",
    "taxonomies",
    "requirements",
)


def flow_rows(title_of: Callable[[str], str]) -> Callable[[Flow], list[Row]]:
    """Return a function that makes the rows of a flow. The vendor documents no columns: these are assumed.

    `title_of` returns the name of an entity.
    """

    def rows(flow: Flow) -> list[Row]:
        phases = {phase.id: phase.name for phase in flow.phases}
        current = {each.id for each in flow.crt_tasks}
        shared: Row = {
            "org_id": flow.org_id,
            "execution_id": flow.id,
            "execution_name": flow.name,
            "execution_status": flow.status,
            "execution_started": flow.created_at,
            "flow_template_id": flow.flow_template_id,
            "contexts": [to_builtins(each) | {"title": title_of(each.entity_id)} for each in flow.contexts],
        }
        return [
            shared
            | {name: to_builtins(value) for name in _TASK_COLUMNS if (value := getattr(task, name)) is not UNSET}
            | {
                "assignee": user_ids(task.assigned_to),
                "phase_name": phases.get(task.phase_id),
                "is_current": task.id in current,
                "started_at": task.analytics.started_at,
                "completed_at": task.analytics.completed_at,
                "completed_by": task.analytics.completed_by,
            }
            for task in flow.tasks
        ]

    return rows


def values_of(rows: Iterable[Row], attribute: str, typed: str) -> list[str | bool]:
    """Return the distinct values of a column that begin with the typed text, sorted."""
    found: dict[str, str | bool] = {}
    for row in rows:
        for value in at(row, attribute):
            if isinstance(value, str | bool) and str(value).casefold().startswith(typed):
                found.setdefault(str(value), value)
    return [found[text] for text in sorted(found)]


def sorted_rows(rows: list[Row], field: str, *, descending: bool) -> list[Row]:
    """Sort by one column. Rows without a value come last in both directions."""

    def key(row: Row) -> tuple[bool, Any]:
        value = next(at(row, field), None)
        moment = moment_of(value) if isinstance(value, str) and field.endswith(("_at", "_date")) else None
        text = value.casefold() if isinstance(value, str) else value
        return (value is None) != descending, "" if value is None else _ordinal(moment or text)

    return sorted(rows, key=key, reverse=descending)


def at(row: Row, key: str) -> Iterator[Any]:
    """Return the values of a column. A dotted name leads into objects and lists."""
    values: list[Any] = [row]
    for part in key.split("."):
        values = [each.get(part) for each in _flat(values) if isinstance(each, dict)]
    return (value for value in _flat(values) if value not in (None, ""))


def _ordinal(value: Any) -> str:
    """Convert values of different types to comparable texts."""
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:020.6f}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def moment_of(value: Any) -> datetime | None:
    """Parse a time. Without a zone it counts as UTC. None: not a time."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
