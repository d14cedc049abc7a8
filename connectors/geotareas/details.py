"""The record of one task: description, form, outcomes, data and previous steps. One call gives all of them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw

from connectors.geotareas import wire
from connectors.geotareas.settings import GeotareasSettings
from connectors.sdk import (
    DetailAspect,
    Form,
    FormField,
    FormFieldType,
    FormKind,
    OutcomeNature,
    PreviousStep,
    Requirement,
    TaskDetail,
    TaskOutcome,
    UserRef,
    decode_json_value,
    time_from_wire,
)

FIELD_TYPES = {
    "text": FormFieldType.TEXT,
    "number": FormFieldType.NUMBER,
    "date": FormFieldType.DATE,
    "boolean": FormFieldType.BOOLEAN,
    "select": FormFieldType.SELECT,
    "file": FormFieldType.FILE,
}


def detail_from_wire(
    record: wire.TaskRecord, aspects: AbstractSet[DetailAspect], settings: GeotareasSettings
) -> TaskDetail:
    fields = tuple(_field(each) for each in record.fields or ())
    return TaskDetail(
        description=record.step_description if DetailAspect.DESCRIPTION in aspects else None,
        form=Form(kind=FormKind.FIELDS, fields=fields) if DetailAspect.FORM in aspects else None,
        outcomes=_outcomes(record, fields, settings.options.outcome_natures)
        if DetailAspect.OUTCOMES in aspects
        else None,
        data={each.key: each.value for each in fields if each.value is not None}
        if DetailAspect.DATA in aspects
        else None,
        previous_steps=tuple(_previous(each, settings.zone) for each in record.previous_steps_data or ())
        if DetailAspect.PREVIOUS_STEPS in aspects
        else None,
    )


def record_in(payload: Raw | None) -> wire.TaskRecord | None:
    """The record of one task; None for the row of a list, which has none of the members beyond the row."""
    if payload is None:
        return None
    try:
        record = msgspec.json.decode(payload, type=wire.TaskRecord)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    own = (record.available_results, record.fields, record.previous_steps_data)
    return None if own == (None, None, None) else record


def _value(raw: Raw) -> object:
    """Any JSON value. Reading the answer only found where the value ends, so it may still be unreadable."""
    return decode_json_value(raw, what="the value of a field")


def _field(field: wire.Field) -> FormField:
    return FormField(
        key=field.name,
        label=_label(field.name),
        type=FIELD_TYPES.get(field.type, FormFieldType.UNKNOWN),
        required=field.required,
        native_type=field.type,
        value=_value(field.value),
    )


def _label(key: str) -> str | None:
    """The vendor has no labels for fields: "delivery_note" is shown as "Delivery note"."""
    words = " ".join(key.replace("_", " ").replace("-", " ").split())
    return words[:1].upper() + words[1:] or None


def _outcomes(
    record: wire.TaskRecord, fields: tuple[FormField, ...], natures: Mapping[str, OutcomeNature]
) -> tuple[TaskOutcome, ...]:
    data = Requirement.REQUIRED if any(field.required for field in fields) else Requirement.OPTIONAL
    return tuple(
        TaskOutcome(
            code=each.code,
            label=each.label,
            nature=natures.get(each.code, OutcomeNature.NEUTRAL),
            data=data,
            comment=Requirement.OPTIONAL,
        )
        for each in record.available_results or ()
    )


def _previous(step: wire.PreviousStepData, zone: ZoneInfo | None) -> PreviousStep:
    # A login name, which is no id of a user.
    login = step.completed_by
    return PreviousStep(
        name=step.step_name or "",
        completed_by=None if not login else UserRef(native_id=login, name=login),
        completed_at=time_from_wire(step.completed_at, zone),
        outcome=step.result,
        data=_value(step.captured_data),
    )
