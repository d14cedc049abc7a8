"""Rows of the two data sets of tasks, each as a task of v2 and what the row says of its flow."""

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import Raw
from msgspec.structs import replace

from connectors.epilot import wire
from connectors.epilot.formats.executions import contexts_of
from connectors.epilot.ids import FlowId
from connectors.epilot.settings import Generation, KanbanColumns
from connectors.epilot.wire import FlowOfTask
from connectors.sdk import Decoded, MalformedResponseError, decode_json, decode_record

T = TypeVar("T")
Row = tuple[wire.Task, FlowOfTask]

# Typed as Any because the type checker does not accept a union as a value.
_ASSIGNEES: Any = tuple[wire.Assignee, ...] | str | int | None


def overview_row(raw: Raw, generation: Generation) -> Decoded[Row]:
    """`generation`: the row does not say which one it belongs to."""
    found = decode_record(raw, wire.OverviewRow)
    row = found.record
    if row is None:
        return Decoded(None, found.odd)
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
    return Decoded((task, flow), found.odd)


class KanbanRow:
    """A row by its columns. `odd` are the columns that were read and have another type."""

    def __init__(self, raw: Raw) -> None:
        self.odd: list[str] = []
        self.is_object = True
        self._columns: dict[str, Raw] = {}
        try:
            self._columns = decode_json(raw, dict[str, Raw])
        except MalformedResponseError:
            self.is_object = False

    def has(self, name: str) -> bool:
        return name in self._columns

    def optional(self, name: str, type_: type[T]) -> T | None:
        raw = self._columns.get(name)
        if raw is None or bytes(raw) == b"null":
            return None
        try:
            return decode_json(raw, type_)
        except MalformedResponseError:
            self.odd.append(name)
            return None

    def required(self, name: str, type_: type[T]) -> T | None:
        found = self.optional(name, type_)
        if found is None and name not in self.odd:
            self.odd.append(name)
        return found

    def assignees(self, name: str) -> tuple[wire.Assignee, ...] | None:
        """The column has one user or several."""
        if not self.has(name):
            return None
        several: tuple[wire.Assignee, ...] | str | int | None = self.optional(name, _ASSIGNEES)
        if isinstance(several, tuple):
            return several
        return () if several is None or several == "" else (several,)


def check_columns(raws: Sequence[Raw], columns: KanbanColumns) -> None:
    """MalformedResponseError if no row has a column that the id of a task needs: the configuration names another one."""
    rows = [row for row in map(KanbanRow, raws) if row.is_object]
    for name in (columns.id, columns.execution_id):
        if rows and not any(row.has(name) for row in rows):
            raise MalformedResponseError(f"a kanban row has no column {name!r}; see options.kanban_columns")


def kanban_row(raw: Raw, generation: Generation, columns: KanbanColumns) -> Decoded[Row]:
    """The columns have the names that the configuration gives."""
    row = KanbanRow(raw)
    id = row.required(columns.id, wire.Id)
    execution_id = row.required(columns.execution_id, wire.Id)
    if id is None or execution_id is None:
        return Decoded(None, tuple(row.odd))
    task = wire.Task(
        id=id,
        status=row.optional(columns.status, str),
        template_id=row.optional(columns.template_id, str),
        name=row.optional(columns.name, str),
        task_type=row.optional(columns.task_type, str),
        enabled=row.optional(columns.enabled, bool),
        assigned_to=row.assignees(columns.assignee),
        due_date=row.optional(columns.due_date, str),
        created_at=row.optional(columns.created_at, str),
        updated_at=row.optional(columns.updated_at, str),
        analytics=wire.Analytics(
            started_at=row.optional(columns.started_at, str),
            completed_at=row.optional(columns.completed_at, str),
            completed_by=row.optional(columns.completed_by, str),
        ),
        taxonomies=row.optional(columns.taxonomies, tuple[str, ...]),
    )
    # The statuses in the vendor's own example of a row are in lower case.
    task = replace(task, status=None if task.status is None else task.status.upper())
    flow = FlowOfTask(
        flow=FlowId(generation, execution_id),
        current=row.optional(columns.is_current, bool),
        flow_name=row.optional(columns.execution_name, str),
        flow_status=row.optional(columns.execution_status, str),
        contexts=row.optional(columns.contexts, tuple[wire.Context, ...]),
    )
    return Decoded((task, flow), tuple(row.odd))
