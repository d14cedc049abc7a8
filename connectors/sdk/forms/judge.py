"""Judges data against a list of fields, for vendors whose forms are such a list."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.sdk.forms.places import put_at, value_at
from connectors.sdk.forms.rules import faults_of, is_unfilled, required
from connectors.sdk.forms.values import MISSING, is_empty
from connectors.sdk.model import FormFault, FormField, FormJudgement


def judge_fields(
    fields: tuple[FormField, ...],
    data: Mapping[str, object],
    held: Mapping[str, object] | None = None,
    *,
    sends_unknown: bool = False,
    is_draft: bool = False,
) -> FormJudgement:
    """Every fault of `data`, and the data to send: without disabled fields, with nested objects where keys lead there.

    `held` is what the task has already: a required field may stay as it is. None where the completion replaces all data.
    Unknown keys are sent if `sends_unknown`, else they are faults. A draft may lack required fields.
    """
    sent: dict[str, Any] = {}
    faults: list[FormFault] = []
    for field in fields:
        path = tuple(field.key.split(".")) if field.is_nested else (field.key,)
        value = given(field, data)
        if field.is_disabled:
            continue
        if value is MISSING:
            before = MISSING if held is None else value_at(held, path)
            if not is_draft and _is_demanded(field) and is_unfilled(field, before):
                faults.append(required(field, path))
            continue
        if not is_draft and _is_demanded(field) and is_unfilled(field, value):
            faults.append(required(field, path))
        elif not is_empty(value):
            faults += faults_of(field, value, path)
        put_at(sent, path, value)
    known = {field.key for field in fields} | {field.key.split(".")[0] for field in fields if field.is_nested}
    for key, value in data.items():
        if key in known:
            continue
        if sends_unknown:
            sent.setdefault(key, value)
        else:
            faults.append(_unknown(key, fields))
    return FormJudgement(data=sent, faults=tuple(faults))


def given(field: FormField, data: Mapping[str, object]) -> object:
    """The value of the field in `data`, under its whole key or, if it is nested, in nested objects; else MISSING."""
    if field.key in data:
        return data[field.key]
    return value_at(data, field.key.split(".")) if field.is_nested else MISSING


def _is_demanded(field: FormField) -> bool:
    return field.required and not field.is_conditional and not field.is_disabled


def _unknown(key: str, fields: tuple[FormField, ...]) -> FormFault:
    names = ", ".join(_names(fields)) or "none"
    return FormFault(path=(key,), rule=f"is no field of the form; its fields are: {names}")


def _names(fields: tuple[FormField, ...]) -> Iterator[str]:
    return (field.key for field in sorted(fields, key=lambda field: field.key) if not field.is_disabled)
