"""Rows of the two data sets of tasks, each as a task of v2 and what the row says of its flow."""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import Raw
from msgspec.structs import replace

from connectors.epilot import wire
from connectors.epilot.formats.executions import contexts_of
from connectors.epilot.ids import FlowId
from connectors.epilot.settings import Generation, KanbanColumns
from connectors.epilot.wire import FlowOfTask
from connectors.sdk import MalformedResponseError, decode_json

T = TypeVar("T")

# Typed as Any because the type checker does not accept a union as a value.
_ASSIGNEES: Any = tuple[wire.Assignee, ...] | str | int | None


def overview_row(raw: Raw, generation: Generation) -> tuple[wire.Task, FlowOfTask]:
    """`generation`: the row does not say which one it belongs to."""
    row = decode_json(raw, wire.OverviewRow)
    task = wire.Task(
        id=row.id,
        status=row.status,
        template_id=row.definition_id,
        name=row.name,
        # In v1 records `type` is STEP or SECTION, and the overview may repeat it.
        task_type=row.execution_type or (None if row.type in {"STEP", "SECTION"} else row.type),
        enabled=row.enabled,
        phase_id=row.phase_id,
        assigned_to=row.assigned_to,
        due_date=row.due_date,
        created_at=row.created,
        updated_at=row.last_updated,
        taxonomies=row.taxonomies,
    )
    flow = FlowOfTask(
        flow=FlowId(generation, row.execution_id),
        flow_name=row.execution_name,
        flow_status=row.execution_status,
        contexts=contexts_of(row.contexts),
    )
    return task, flow


def kanban_row(raw: Raw, generation: Generation, columns: KanbanColumns) -> tuple[wire.Task, FlowOfTask]:
    """The columns have the names that the configuration gives. MalformedResponseError for a column of another type."""
    row = decode_json(raw, dict[str, Raw])
    assignee = row.get(columns.assignee)
    task = wire.Task(
        id=_column(row, columns.id, wire.Id),
        status=_optional(row, columns.status, str),
        template_id=_optional(row, columns.template_id, str),
        name=_optional(row, columns.name, str),
        task_type=_optional(row, columns.task_type, str),
        enabled=_optional(row, columns.enabled, bool),
        assigned_to=None if assignee is None else _assignees(assignee),
        due_date=_optional(row, columns.due_date, str),
        created_at=_optional(row, columns.created_at, str),
        updated_at=_optional(row, columns.updated_at, str),
        analytics=wire.Analytics(
            started_at=_optional(row, columns.started_at, str),
            completed_at=_optional(row, columns.completed_at, str),
            completed_by=_optional(row, columns.completed_by, str),
        ),
        taxonomies=_optional(row, columns.taxonomies, tuple[str, ...]),
    )
    # The statuses in the vendor's own example of a row are in lower case.
    task = replace(task, status=None if task.status is None else task.status.upper())
    flow = FlowOfTask(
        flow=FlowId(generation, _column(row, columns.execution_id, wire.Id)),
        current=_optional(row, columns.is_current, bool),
        flow_name=_optional(row, columns.execution_name, str),
        flow_status=_optional(row, columns.execution_status, str),
        contexts=_optional(row, columns.contexts, tuple[wire.Context, ...]),
    )
    return task, flow


def _assignees(raw: Raw) -> tuple[wire.Assignee, ...]:
    """The column has one user or several."""
    several: tuple[wire.Assignee, ...] | str | int | None = decode_json(raw, _ASSIGNEES)
    if isinstance(several, tuple):
        return several
    return () if several is None or several == "" else (several,)


def _column(row: Mapping[str, Raw], name: str, type_: type[T]) -> T:
    if name not in row:
        raise MalformedResponseError(f"a kanban row has no column {name!r}; see options.kanban_columns")
    return decode_json(row[name], type_)


def _optional(row: Mapping[str, Raw], name: str, type_: type[T]) -> T | None:
    raw = row.get(name)
    return None if raw is None or bytes(raw) == b"null" else decode_json(raw, type_)
