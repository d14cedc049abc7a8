"""The form of a task: its fields and outcomes, and the completion of the task with it.

Form layouts are written in Form.io's JSON.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from connectors.sdk import (
    Complete,
    Form,
    FormJudgement,
    FormKind,
    OutcomeNature,
    Requirement,
    SaveDraft,
    Task,
    TaskKind,
    TaskOutcome,
    UnsupportedActionError,
    ValidationFailedError,
    VersionConflictError,
    is_unfilled,
    judged,
    time_from_wire,
    values_of,
)
from connectors.uipath import wire
from connectors.uipath.client import COMPLETE_PATHS, UiPathClient
from connectors.uipath.formats import Layout, decode_nested, fields_of, json_schema, judge
from connectors.uipath.ids import TaskId
from connectors.uipath.settings import UiPathOptions

# What the colour of a button says of it.
THEMES = {"success": OutcomeNature.POSITIVE, "danger": OutcomeNature.NEGATIVE}
# Faults that one message names at most.
MOST_NAMED = 20
COMPLETION = (
    "External, Form and App tasks; the outcome is the action, which Form and App tasks need, also those that list none; no "
    "comment; keeps the data of a Form task that its form does not show, which are read directly before; two steps with "
    "assign_before_completing"
)
OUTCOME_RULE = (
    "an outcome is required: the action with which the form is submitted. UiPath lists no actions of App tasks; the "
    "setting `outcomes` of the source can name them"
)
DRAFT = (
    "replaces all data of an App or External task; of a Form task keeps those that its form does not show, which are read "
    "directly before"
)


def form_of(task: Task, record: wire.TaskData) -> Form:
    """The fields of a Form task, with the vendor's layout; for an App task the address that opens it."""
    if task.kind is TaskKind.APP:
        app = record.app_tasks_metadata
        return Form(kind=FormKind.EXTERNAL_URL, url=task.url, key=None if app is None else app.app_id)
    layout = decode_nested(record.form_layout)
    if layout is None:
        return Form(kind=FormKind.NONE)
    held = _held(record)
    fields = fields_of(layout, held)
    schema = json_schema(layout, fields, held)
    return Form(kind=FormKind.FIELDS, fields=fields, json_schema=schema, vendor_schema=layout, held=held)


def outcomes_of(task: Task, record: wire.TaskData, options: UiPathOptions) -> tuple[TaskOutcome, ...] | None:
    """The buttons of the form, else the configured outcomes. None without either: no operation lists outcomes.

    The configured nature of a button comes before that of its colour. Data are required while a field lacks a value that
    it demands under all conditions.
    """
    layout = decode_nested(record.form_layout)
    fields = fields_of(layout, _held(record)) if task.kind is TaskKind.FORM else ()
    is_lacking = any(
        field.required and not (field.is_conditional or field.is_disabled) and is_unfilled(field, field.value)
        for field in fields
    )
    data = Requirement.REQUIRED if is_lacking else Requirement.OPTIONAL
    configured = {
        each.code: TaskOutcome(
            code=each.code, label=each.label, nature=each.nature, data=data, comment=Requirement.UNSUPPORTED
        )
        for each in options.outcomes
    }
    buttons = {
        code: TaskOutcome(
            code=code,
            label=_text(each.part.get("label")),
            nature=THEMES.get(_text(each.part.get("theme")) or "", OutcomeNature.NEUTRAL),
            data=data,
            comment=Requirement.UNSUPPORTED,
        )
        for each in Layout(layout).all
        if each.is_button and each.part.get("action") not in {"reset", "url", "oauth"}
        if (code := each.key or _text(each.part.get("label"))) is not None
    }
    shown = tuple(
        replace(button, nature=configured[code].nature) if code in configured else button
        for code, button in buttons.items()
    )
    return shown or tuple(configured.values()) or None


def data_of(record: wire.TaskData) -> object:
    return decode_nested(record.data)


def _held(record: wire.TaskData) -> Mapping[str, Any]:
    data = data_of(record)
    return data if isinstance(data, Mapping) else {}


def judgement_of(
    form: Form, given: Mapping[str, object], held: Mapping[str, object] | None, *, is_draft: bool
) -> FormJudgement:
    """The data to send are those of the task with what was given: each of the vendor's calls replaces all data.

    Data of a task without a layout are not judged.
    """
    if form.kind is not FormKind.FIELDS:
        return FormJudgement(data=given)
    before = held if held is not None else form.held
    if before is None:
        return FormJudgement(data=given, depends_on_held=True)
    return judge(form.vendor_schema, given, before, is_draft=is_draft)


async def data_to_send(client: UiPathClient, command: Complete | SaveDraft, native: TaskId) -> dict[str, object]:
    """Of a Form task, made of the data that it holds now.

    VersionConflictError if the caller asked for a version that the task no longer is. ValidationFailedError for data that
    the form refuses by now; data that the gateway did not judge before are sent as they are.
    """
    record = await client.get_task_data(native, command.task.native_type)
    _check_version(command, record)
    given = command.data if command.given is None else command.given
    is_draft = isinstance(command, SaveDraft)
    form, held = form_of(command.task, record), _held(record)
    if form.kind is not FormKind.FIELDS:
        return {**held, **(given or {})}
    judgement = await judged(
        values_of(form.fields, given, held), lambda: judgement_of(form, given or {}, held, is_draft=is_draft)
    )
    if judgement.faults and command.given is not None:
        message = "; ".join(each.message for each in judgement.faults[:MOST_NAMED])
        path = map(str, judgement.faults[0].path)
        raise ValidationFailedError(f"the task has changed: {message}", field=("data", *path))
    return dict(judgement.data)


def _check_version(command: Complete | SaveDraft, record: wire.TaskData) -> None:
    modified = record.last_modification_time
    if not command.expects_version or modified is UNSET:
        return
    if time_from_wire(modified, UTC) != command.task.updated_at:
        raise VersionConflictError("the task has changed since you read it; read it again")


class Completion(Struct, frozen=True, kw_only=True):
    """What a completion sends."""

    native: TaskId
    native_type: str
    action: str | None
    data: Mapping[str, object] | None


async def completion_of(client: UiPathClient, command: Complete, native: TaskId) -> Completion:
    """With the data of `data_to_send` for a Form task.

    ValidationFailedError for a comment, and for a Form or App task without an outcome or a Form task without data."""
    if command.is_ready:
        native_type = editable_type(command.task, "complete")
        return Completion(native=native, native_type=native_type, action=command.outcome, data=command.data)
    if command.comment:
        raise ValidationFailedError(
            "UiPath stores no comment with a completion; add a comment to the task instead", field=("comment",)
        )
    native_type, data = editable_type(command.task, "complete"), command.data
    if native_type != "ExternalTask":
        if not command.outcome:
            raise ValidationFailedError(OUTCOME_RULE, field=("outcome",))
        if data is None and command.given is None and command.task.kind is TaskKind.FORM:
            raise ValidationFailedError("data is required; {} leaves the data of the task as they are", field=("data",))
        data = {} if data is None else data
    if native_type == "FormTask":
        data = await data_to_send(client, command, native)
    return Completion(native=native, native_type=native_type, action=command.outcome, data=data)


async def save_draft(client: UiPathClient, command: SaveDraft, native: TaskId) -> None:
    native_type = editable_type(command.task, "save data of")
    data = await data_to_send(client, command, native) if native_type == "FormTask" else command.data
    await client.save_data(native, native_type, data)


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


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
