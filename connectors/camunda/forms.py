"""Linked forms (form-js documents), and form data as process variables."""

import math
from collections.abc import Mapping
from decimal import Decimal

from connectors.camunda import wire
from connectors.sdk import Form, FormKind, ValidationFailedError, decode_json, encode_json_numbers
from connectors.sdk.form_js import form_of_document, nested_data


def schema_of(form: wire.Form | None) -> object:
    """The form-js document; None if there is no form."""
    if form is None or form.schema is None:
        return None
    return decode_json(form.schema.encode(), object, what="the form's schema")


def form_of(form: wire.Form | None, held: Mapping[str, object]) -> Form:
    """The linked form with the vendor's schema, and with the values and options that the process holds.

    Kind NONE if there is no form.
    """
    schema = schema_of(form)
    if form is None or schema is None:
        return Form(kind=FormKind.NONE)
    return form_of_document(schema, held, key=form.form_id or form.form_key)


def external_form(reference: str) -> Form:
    """A form of another application. It has an address only if the reference is one of the web."""
    url = reference if reference.startswith(("https://", "http://")) else None
    return Form(kind=FormKind.EXTERNAL_URL, url=url, key=reference)


def variables_of(data: Mapping[str, object]) -> dict[str, object]:
    """Form data as variables: "customer.name" becomes a member of `customer`, as form-js submits it.

    ValidationFailedError for two values in one place, for a key with an empty part, and for a number that JSON does not have.
    """
    nested, faults = nested_data(data)
    for fault in faults:
        raise ValidationFailedError(fault.rule, field=("data", *map(str, fault.path)))
    return {name: _to_wire(value, name) for name, value in nested.items()}


def _to_wire(value: object, key: str) -> object:
    """A copy of `value` with decimals as JSON numbers."""
    if isinstance(value, dict):
        return {name: _to_wire(each, key) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_to_wire(each, key) for each in value]
    if isinstance(value, Decimal | float) and not math.isfinite(value):
        raise ValidationFailedError("is not a finite number", field=("data", key))
    return encode_json_numbers(value) if isinstance(value, Decimal) else value
