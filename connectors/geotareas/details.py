"""The record of one task: description, form, outcomes, data and previous steps. One call gives all of them."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from msgspec import Raw

from connectors.geotareas import wire
from connectors.geotareas.settings import GeotareasSettings
from connectors.sdk import (
    Decoded,
    DetailAspect,
    DetailParts,
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
    decode_record,
    json_schema_of,
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
    found: Decoded[wire.TaskRecord], aspects: AbstractSet[DetailAspect], settings: GeotareasSettings
) -> TaskDetail:
    """An aspect fails alone if one of the members that it is made of does not fit."""
    parts = DetailParts(aspects)

    def fields() -> tuple[FormField, ...]:
        return tuple(_field(each) for each in found.needing("fields", what="the form").fields or ())

    def outcomes() -> tuple[TaskOutcome, ...]:
        results = found.needing("available_results", what="the list of outcomes").available_results
        return _outcomes(results or (), fields(), settings.options.outcome_natures)

    def previous_steps() -> tuple[PreviousStep, ...]:
        steps = found.needing("previous_steps_data", what="the list of previous steps").previous_steps_data
        return tuple(_previous(each, settings.zone) for each in steps or ())

    return TaskDetail(
        description=parts.make(
            DetailAspect.DESCRIPTION, lambda: found.needing("step_description", what="the task").step_description
        ),
        form=parts.make(DetailAspect.FORM, lambda: _form(fields())),
        outcomes=parts.make(DetailAspect.OUTCOMES, outcomes),
        data=parts.make(
            DetailAspect.DATA, lambda: {each.key: each.value for each in fields() if each.value is not None}
        ),
        previous_steps=parts.make(DetailAspect.PREVIOUS_STEPS, previous_steps),
        failures=parts.failures(),
    )


def record_in(payload: Raw | None) -> Decoded[wire.TaskRecord] | None:
    """The record of one task; None for the row of a list, which has none of the members beyond the row."""
    found = None if payload is None else decode_record(payload, wire.TaskRecord)
    if found is None or found.record is None:
        return None
    own = (found.record.available_results, found.record.fields, found.record.previous_steps_data)
    return found if found.odd or own != (None, None, None) else None


def _form(fields: tuple[FormField, ...]) -> Form:
    return Form(kind=FormKind.FIELDS, fields=fields, json_schema=json_schema_of(fields, sends_unknown=True))


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
    results: Iterable[wire.Result], fields: tuple[FormField, ...], natures: Mapping[str, OutcomeNature]
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
        for each in results
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
