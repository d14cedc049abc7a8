"""Formats within requests and answers.

odata      literals and comparisons of an OData filter, and the vendor's limits for lists
casing     JSON whose members begin with an upper or a lower case letter
"""

from connectors.uipath.formats.casing import decode_answer, decode_nested, decode_readable, decode_record, fold_case
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
    "MOST_COMPARISONS",
    "MOST_ROWS",
    "MOST_SORT_KEYS",
    "any_of",
    "batches",
    "decode_answer",
    "decode_nested",
    "decode_readable",
    "decode_record",
    "fold_case",
    "is_unicode",
    "odata_text",
    "odata_time",
]
