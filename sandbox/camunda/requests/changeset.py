"""The changeset of an update of a user task."""

from collections.abc import Mapping
from typing import Any

from sandbox.camunda.errors import bad_request, invalid_argument
from sandbox.camunda.formats import rfc3339

_LISTS = {"candidateGroups": "candidate_groups", "candidateUsers": "candidate_users"}
_DATES = {"dueDate": ("due_date", "due date"), "followUpDate": ("follow_up_date", "follow-up date")}


def changes(changeset: Mapping[str, Any]) -> dict[str, Any]:
    """Return the supported members that are not null, as members of the record. Other members are ignored.

    A value of the wrong type raises an error at once. One error reports all values that are not allowed, dates before the
    priority.
    """
    found: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for name, value in changeset.items():
        if value is None:
            continue
        if name in _LISTS:
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise bad_request(f"Request property [changeset.{name}] cannot be parsed")
            found[_LISTS[name]] = tuple(dict.fromkeys(value))
        elif name in _DATES:
            member, words = _DATES[name]
            moment = rfc3339(value) if isinstance(value, str) else None
            if moment is None and value != "":
                refused[name] = (
                    f"The provided {words} '{value}' cannot be parsed as a date according to RFC 3339, section 5.6"
                )
            found[member] = moment
        elif name == "priority":
            if not isinstance(value, int) or isinstance(value, bool):
                raise bad_request("Request property [changeset.priority] cannot be parsed")
            if not 0 <= value <= 100:
                refused[name] = f"The value for priority is '{value}' but must be within the [0,100] range"
            found["priority"] = value
    if refused:
        raise invalid_argument(". ".join(refused[name] for name in (*_DATES, "priority") if name in refused) + ".")
    return found
