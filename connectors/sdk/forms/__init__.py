"""Forms: judging data before it is sent, and describing what may be sent.

values        emptiness and equality of values
choices       the values that one may choose from
places        reading, setting and removing a value by its path, through objects and rows
rules         the faults of one value, by type, options and limits
patterns      whether a text has the form of a pattern, as JavaScript has it, in linear time
pattern_parser  reads JavaScript's patterns and writes them in RE2's syntax
judge         the faults of data against a list of fields, and the data to send
shown_numbers  numbers that answers show as texts, taken back as numbers
size          how many values are judged, and when in a thread
json_schema   the JSON Schema of the data, made from the fields
"""

from connectors.sdk.forms.choices import Choices
from connectors.sdk.forms.json_schema import json_schema_of
from connectors.sdk.forms.judge import given, judge_fields
from connectors.sdk.forms.patterns import matches
from connectors.sdk.forms.places import DataPath, copied, is_too_deep, put_at, remove_at, value_at
from connectors.sdk.forms.rules import fault, faults_of, is_date, is_moment, is_time, is_unfilled, required
from connectors.sdk.forms.shown_numbers import ShownNumbers, has_shown_numbers
from connectors.sdk.forms.size import LARGE, MOST_VALUES, judged, values_of
from connectors.sdk.forms.values import MISSING, is_empty, is_number, is_same, option, text_of

__all__ = [
    "LARGE",
    "MISSING",
    "MOST_VALUES",
    "Choices",
    "DataPath",
    "ShownNumbers",
    "copied",
    "fault",
    "faults_of",
    "given",
    "has_shown_numbers",
    "is_date",
    "is_empty",
    "is_moment",
    "is_number",
    "is_same",
    "is_time",
    "is_too_deep",
    "is_unfilled",
    "json_schema_of",
    "judge_fields",
    "judged",
    "matches",
    "option",
    "put_at",
    "remove_at",
    "required",
    "text_of",
    "value_at",
    "values_of",
]
