"""Formats within requests and answers.

odata      literals and comparisons of an OData filter, and the vendor's limits for lists
casing     JSON whose members begin with an upper or a lower case letter
formio     layouts of forms and their data
"""

from connectors.uipath.formats.casing import decode_answer, decode_nested, decode_readable, decode_record, fold_case
from connectors.uipath.formats.formio import FIELD_TYPES, Layout, fields_of, json_schema, judge
from connectors.uipath.formats.odata import (
    MOST_COMPARISONS,
    MOST_ROWS,
    MOST_SORT_KEYS,
    any_of,
    batches,
    is_unicode,
    odata_text,
    odata_time,
)

__all__ = [
    "FIELD_TYPES",
    "MOST_COMPARISONS",
    "MOST_ROWS",
    "MOST_SORT_KEYS",
    "Layout",
    "any_of",
    "batches",
    "decode_answer",
    "decode_nested",
    "decode_readable",
    "decode_record",
    "fields_of",
    "fold_case",
    "is_unicode",
    "json_schema",
    "judge",
    "odata_text",
    "odata_time",
]
