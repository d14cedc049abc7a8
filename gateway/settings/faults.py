"""The words for what is wrong with a table of the configuration: one line for each fault, without a value."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.settings.errors import ConfigurationError, KeyPath

_WORDS = {
    "missing": "is missing",
    "union_tag_not_found": "is missing",
    "string_type": "must be a text",
    "tuple_type": "must be a list: [...]",
    "list_type": "must be a list: [...]",
    "frozen_set_type": "must be a list: [...]",
    "set_type": "must be a list: [...]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
}
# Unknown keys that a missing one is compared with.
_MOST_NEAR = 50
# Of the validation library's own words.
_BEGINNINGS = {"Value error, ": "", "Input should ": "must ", "String should ": "must ", "Value should ": "must "}


def faults_of(error: ValidationError, raw: Any, path: KeyPath) -> Sequence[ConfigurationError]:
    """All faults of the table at `path`. A missing key and the one that it may be misspelt as are one fault."""
    # The input is left out: it may be a secret.
    found = error.errors(include_url=False, include_input=False)
    places = [_place(each, raw) for each in found]
    unknown = [place for each, place in zip(found, places, strict=True) if each["type"] == "extra_forbidden"]
    faults, told = [], set()
    within = {place[:length] for place in places for length in range(len(place))}
    for each, place in zip(found, places, strict=True):
        if each["type"] != "missing":
            continue
        near = _nearest(place[-1], [other[-1] for other in unknown[:_MOST_NEAR] if other[:-1] == place[:-1]])
        if near is not None:
            told |= {place, (*place[:-1], near)}
            faults.append(ConfigurationError((*path, *place), f"is missing; {near!r} is unknown: is it misspelt?"))
    for each, place in zip(found, places, strict=True):
        # A list whose items are all at fault is also called too short.
        if place not in told and not (place in within and each["type"].endswith("too_short")):
            faults.append(ConfigurationError((*path, *place), _message(each)))
    return faults


def _place(fault: ErrorDetails, raw: Any) -> KeyPath:
    place = tuple(_keys_of_the_file(fault["loc"], raw))
    if fault["type"].startswith("union_tag") and "ctx" in fault:
        return (*place, fault["ctx"]["discriminator"].strip("'"))
    return place


def _message(fault: ErrorDetails) -> str:
    context = fault.get("ctx", {})
    kind = fault["type"]
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "union_tag_invalid":
        return f"must be one of {context['expected_tags']}"
    if kind.endswith("too_short") and context.get("min_length") == 1:
        return "is empty"
    message = fault["msg"]
    for beginning, instead in _BEGINNINGS.items():
        if message.startswith(beginning):
            message = instead + message.removeprefix(beginning)
    return " ".join((_WORDS.get(kind) or message).split())


def _nearest(name: str | int, others: Sequence[str | int]) -> str | None:
    found = difflib.get_close_matches(str(name), [str(other) for other in others], n=1, cutoff=0.6)
    return found[0] if found else None


def _keys_of_the_file(location: Sequence[str | int], raw: Any) -> Iterable[str | int]:
    """Pydantic's location without the tags of unions, which are not keys of the file."""
    for index, part in enumerate(location):
        is_last = index == len(location) - 1
        if isinstance(raw, Mapping):
            if part not in raw and not is_last and part in list(raw.values()):
                continue
            raw = raw.get(str(part))
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        else:
            raw = None
        yield part
