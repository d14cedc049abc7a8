"""A form-js document as a form of the graph."""

from collections.abc import Mapping

from connectors.sdk.form_js.fields import fields_of
from connectors.sdk.forms import json_schema_of
from connectors.sdk.model import Form, FormKind


def form_of_document(document: object, held: Mapping[str, object], *, key: str | None) -> Form:
    """With the values and options that the process holds. `document` is decoded JSON, `key` the vendor's name of it."""
    fields = fields_of(document, held)
    return Form(
        kind=FormKind.VENDOR_SCHEMA,
        fields=fields,
        json_schema=json_schema_of(fields, sends_unknown=True),
        vendor_schema=document,
        key=key,
    )
