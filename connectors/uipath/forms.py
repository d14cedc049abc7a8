"""The form of a task: its fields and outcomes, and the completion of the task with it.

Form layouts are written in Form.io's JSON.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from connectors.sdk import (
    Complete,
    ConflictError,
    ConnectorError,
    Form,
    FormField,
    FormFieldType,
    FormKind,
    FormOption,
    RejectedError,
    Requirement,
    Task,
    TaskKind,
    TaskOutcome,
    UnsupportedActionError,
    ValidationFailedError,
    option,
)
from connectors.uipath import wire
from connectors.uipath.client import COMPLETE_PATHS, UiPathClient
from connectors.uipath.formats import decode_nested
from connectors.uipath.ids import TaskId
from connectors.uipath.mapping import group_to_wire, user_to_wire
from connectors.uipath.settings import UiPathOptions

# By Form.io's component type. A component of another type is a field if it has a key and takes input.
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
# Components whose inner components are parts of their value, not fields of the task.
_OPAQUE = frozenset({"datagrid", "editgrid", "container"})
# The members in which components contain others. Components that are nested deeper than _DEEPEST are ignored.
_INNER = ("components", "columns", "rows")
_DEEPEST = 20


def form_of(task: Task, record: wire.TaskData) -> Form:
    """The fields of a Form task, with the vendor's layout; for an App task the address that opens it."""
    if task.kind is TaskKind.APP:
        app = record.app_tasks_metadata
        return Form(kind=FormKind.EXTERNAL_URL, url=task.url, key=None if app is None else app.app_id)
    layout = decode_nested(record.form_layout)
    if layout is None:
        return Form(kind=FormKind.NONE)
    data = data_of(record)
    values: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    fields = {field.key: field for part in _components(layout) if (field := _field(part, values)) is not None}
    return Form(kind=FormKind.FIELDS, fields=tuple(fields.values()), vendor_schema=layout)


def outcomes_of(task: Task, record: wire.TaskData, options: UiPathOptions) -> tuple[TaskOutcome, ...] | None:
    """The buttons of the form, else the configured outcomes. None without either: no operation lists outcomes."""
    data = Requirement.REQUIRED if task.kind is TaskKind.FORM else Requirement.OPTIONAL
    configured = {
        each.code: TaskOutcome(
            code=each.code, label=each.label, nature=each.nature, data=data, comment=Requirement.UNSUPPORTED
        )
        for each in options.outcomes
    }
    buttons = {
        code: TaskOutcome(code=code, label=_text(part.get("label")), data=data, comment=Requirement.UNSUPPORTED)
        for part in _components(decode_nested(record.form_layout))
        if part.get("type") == "button" and part.get("action") not in {"reset", "url", "oauth"}
        if (code := _text(part.get("key")) or _text(part.get("label"))) is not None
    }
    shown = tuple(
        replace(button, nature=configured[code].nature) if code in configured else button
        for code, button in buttons.items()
    )
    return shown or tuple(configured.values()) or None


def data_of(record: wire.TaskData) -> object:
    return decode_nested(record.data)


class Completion(Struct, frozen=True, kw_only=True):
    """What a completion sends."""

    native: TaskId
    native_type: str
    action: str | None
    data: Mapping[str, object] | None

    @property
    def needs_assignee(self) -> bool:
        """Whether the vendor only accepts it from the task's assignee."""
        return self.native_type != "ExternalTask"


def completion_of(command: Complete, native: TaskId) -> Completion:
    """ValidationFailedError for a comment, and for a Form or App task without an outcome or a Form task without data."""
    if command.comment:
        raise ValidationFailedError(
            "UiPath stores no comment with a completion; add a comment to the task instead", field=("comment",)
        )
    native_type, data = editable_type(command.task, "complete"), command.data
    if native_type != "ExternalTask":
        if not command.outcome:
            raise ValidationFailedError("an outcome is required", field=("outcome",))
        if data is None and command.task.kind is TaskKind.FORM:
            raise ValidationFailedError("data is required: it replaces all data of the form", field=("data",))
        data = {} if data is None else data
    return Completion(native=native, native_type=native_type, action=command.outcome, data=data)


def editable_type(task: Task, verb: str) -> str:
    """The vendor's name of the task's type; UnsupportedActionError for types without an operation for `verb`."""
    refusal = refusal_of_type(task, verb)
    if refusal is not None or task.native_type is None:
        raise refusal or UnsupportedActionError("the task has no type")
    return task.native_type


def refusal_of_type(task: Task, verb: str) -> UnsupportedActionError | None:
    """For document tasks and unknown types."""
    if task.native_type in COMPLETE_PATHS:
        return None
    return UnsupportedActionError(
        f"UiPath's interface can {verb} External, Form and App tasks only; open this task in UiPath"
    )


async def complete(client: UiPathClient, completion: Completion) -> None:
    await client.complete(completion.native, completion.native_type, action=completion.action, data=completion.data)


async def complete_as_account(client: UiPathClient, completion: Completion, task: Task) -> str:
    """Assign the task to the account, complete it, and undo the assignment if the vendor refuses the completion.

    The id of the account, which stays the task's assignee.

    ConflictError if the assignment cannot be undone. An unclear answer to the completion is not undone: it may be applied.
    """
    user = await client.get_current_user()
    if user is None:
        raise UnsupportedActionError(
            "the source's credentials do not belong to a user, so the task cannot be assigned to it for the completion"
        )
    account = str(user.id)
    if task.assignee is None or task.assignee.native_id != account:
        await client.assign(user_to_wire(account), completion.native.task, again=task.native_state == "Pending")
    try:
        await complete(client, completion)
    except RejectedError as refused:
        try:
            await _give_back(client, task, completion.native.task, account)
        except ConnectorError as error:
            raise ConflictError(
                "refused the completion, and the task stays assigned to the gateway's account; assign it again",
                native_status=refused.native_status,
                native_code=refused.native_code,
            ) from error
        raise
    return account


async def _give_back(client: UiPathClient, task: Task, number: int, account: str) -> None:
    """To the owner or group that `task` shows, or to no assignee."""
    owner, groups = task.assignee, task.candidate_groups or ()
    if owner is not None:
        if owner.native_id != account:
            await client.assign(user_to_wire(owner.native_id), number, again=True)
    elif task.native_state == "Unassigned":
        await client.unassign(number)
    elif groups:
        await client.assign(group_to_wire(groups[0].native_id, "AllUsers"), number, again=True)


def _components(part: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """All components that have a type and a key, in the order of the form: fields, buttons and others."""
    if depth > _DEEPEST:
        return
    if isinstance(part, list):
        for each in part:
            yield from _components(each, depth + 1)
    elif isinstance(part, dict):
        if isinstance(part.get("type"), str) and "key" in part:
            yield part
        if part.get("type") not in _OPAQUE:
            for member in _INNER:
                yield from _components(part.get(member), depth + 1)


def _field(part: Mapping[str, Any], values: Mapping[str, Any]) -> FormField | None:
    """None for components that take no input: buttons, headings, panels."""
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
    """A radio has them in `values`, a select in `data.values`. None if they come from an address."""
    data = part.get("data")
    listed = part.get("values") or (data.get("values") if isinstance(data, dict) else None)
    if not isinstance(listed, list):
        return None
    return tuple(
        option(each["value"], _text(each.get("label")))
        for each in listed
        if isinstance(each, dict) and isinstance(each.get("value"), (str, int))
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
