"""What only the full record of a task has, its notes and its history; pure functions."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from connectors.sdk import (
    Activity,
    ActivityType,
    Comment,
    Form,
    FormField,
    FormFieldType,
    FormKind,
    FormOption,
    OutcomeNature,
    Requirement,
    Task,
    TaskKind,
    TaskOutcome,
    UserRef,
    time_from_wire,
)
from connectors.uipath import wire
from connectors.uipath.casing import json_value
from connectors.uipath.mapping import name_of, user_ref
from connectors.uipath.settings import UiPathOptions

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

# Form.io, which the vendor's form layouts are written in; a component of another type with a key is a field too.
FIELD_TYPES = {
    "textfield": FormFieldType.TEXT,
    "textarea": FormFieldType.TEXT,
    "email": FormFieldType.TEXT,
    "phoneNumber": FormFieldType.TEXT,
    "url": FormFieldType.TEXT,
    "password": FormFieldType.TEXT,
    "number": FormFieldType.NUMBER,
    "currency": FormFieldType.NUMBER,
    "checkbox": FormFieldType.BOOLEAN,
    "select": FormFieldType.SELECT,
    "radio": FormFieldType.SELECT,
    "selectboxes": FormFieldType.MULTI_SELECT,
    "tags": FormFieldType.MULTI_SELECT,
    "datetime": FormFieldType.DATETIME,
    "day": FormFieldType.DATE,
    "file": FormFieldType.FILE,
    "datagrid": FormFieldType.JSON,
    "editgrid": FormFieldType.JSON,
    "container": FormFieldType.JSON,
}
# Fields whose inside is their value, not further fields of the task.
_OPAQUE = frozenset({"datagrid", "editgrid", "container"})
# Components that contain others in these members; deeper nesting than this is no form that people fill.
_INSIDE = ("components", "columns", "rows")
_DEEPEST = 20


def form_of(task: Task, record: wire.TaskData) -> Form:
    """A Form's fields and its layout as the vendor keeps it; an App is opened at its address."""
    if task.kind is TaskKind.APP:
        app = record.app_tasks_metadata
        return Form(kind=FormKind.EXTERNAL_URL, url=task.url, key=None if app is None else app.app_id)
    layout = json_value(record.form_layout)
    if layout is None:
        return Form(kind=FormKind.NONE)
    data = data_of(record)
    values: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    fields = {field.key: field for part in _components(layout) if (field := _field(part, values)) is not None}
    return Form(kind=FormKind.FIELDS, fields=tuple(fields.values()), vendor_schema=layout)


def outcomes_of(task: Task, record: wire.TaskData, options: UiPathOptions) -> tuple[TaskOutcome, ...] | None:
    """A Form's buttons, else what is configured; None where neither tells, for no operation does."""
    needs = Requirement.REQUIRED if task.kind is TaskKind.FORM else Requirement.OPTIONAL
    layout = json_value(record.form_layout)
    buttons = {
        code: TaskOutcome(code=code, label=_text(part.get("label")), data=needs, comment=Requirement.UNSUPPORTED)
        for part in _components(layout)
        if part.get("type") == "button" and part.get("action") not in {"reset", "url", "oauth"}
        if (code := _text(part.get("key")) or _text(part.get("label"))) is not None
    }
    configured = tuple(
        TaskOutcome(code=each.code, label=each.label, nature=each.nature, data=needs, comment=Requirement.UNSUPPORTED)
        for each in options.outcomes
    )
    natures = {each.code: each.nature for each in options.outcomes}
    shown = tuple(_with_nature(each, natures.get(each.code)) for each in buttons.values())
    return shown or configured or None


def data_of(record: wire.TaskData) -> object:
    return json_value(record.data)


def comments_of(notes: Iterable[wire.Note]) -> tuple[Comment, ...]:
    """Of notes with the same id the first."""
    found: dict[str, Comment] = {}
    for note in notes:
        comment = Comment(
            native_id=str(note.id),
            text=note.text or "",
            author=_person(note.creator_user, note.creator_user_id),
            created_at=time_from_wire(note.creation_time, UTC),
        )
        found.setdefault(comment.native_id, comment)
    return tuple(found.values())


def activities_of(rows: Iterable[wire.Activity]) -> tuple[Activity, ...]:
    """Oldest first as given; an entry without a time has no place in a history."""
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


def _person(login: wire.UserLogin | None, native_id: int | None) -> UserRef | None:
    ref = None if login is None else user_ref(login)
    return ref if ref is not None or native_id is None else UserRef(native_id=str(native_id))


def _with_nature(outcome: TaskOutcome, nature: OutcomeNature | None) -> TaskOutcome:
    if nature is None:
        return outcome
    return TaskOutcome(
        code=outcome.code, label=outcome.label, nature=nature, data=outcome.data, comment=outcome.comment
    )


def _components(part: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Every component that is a field or a button, in the order of the form."""
    if depth > _DEEPEST:
        return
    if isinstance(part, list):
        for each in part:
            yield from _components(each, depth + 1)
    elif isinstance(part, dict):
        if isinstance(part.get("type"), str) and "key" in part:
            yield part
        if part.get("type") not in _OPAQUE:
            for member in _INSIDE:
                yield from _components(part.get(member), depth + 1)


def _field(part: Mapping[str, Any], values: Mapping[str, Any]) -> FormField | None:
    """None for what takes no input: buttons, headings, panels."""
    kind, key = part["type"], part["key"]
    is_field = kind in FIELD_TYPES or part.get("input") is True
    if kind == "button" or not is_field or not isinstance(key, str) or not key:
        return None
    validate = part.get("validate")
    return FormField(
        key=key,
        type=FIELD_TYPES.get(kind, FormFieldType.UNKNOWN),
        required=isinstance(validate, dict) and validate.get("required") is True,
        label=_text(part.get("label")),
        native_type=kind,
        value=values.get(key, part.get("defaultValue")),
        options=_options(part),
        description=_text(part.get("description")),
    )


def _options(part: Mapping[str, Any]) -> tuple[FormOption, ...] | None:
    """A radio's stand in `values`, a select's in `data.values`; those that come from an address are not known."""
    data = part.get("data")
    listed = part.get("values") or (data.get("values") if isinstance(data, dict) else None)
    if not isinstance(listed, list):
        return None
    return tuple(
        FormOption(value=str(each["value"]), label=_text(each.get("label")))
        for each in listed
        if isinstance(each, dict) and isinstance(each.get("value"), (str, int))
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
