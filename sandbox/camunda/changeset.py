"""The changeset of an update: which members it may change, and what each resets."""

from collections.abc import Mapping
from typing import Any

from sandbox.camunda.filters import rfc3339
from sandbox.camunda.problems import bad_request, invalid_argument

_LISTS = {"candidateGroups": "candidate_groups", "candidateUsers": "candidate_users"}
_DATES = {"dueDate": ("due_date", "due date"), "followUpDate": ("follow_up_date", "follow-up date")}


def changes(changeset: Mapping[str, Any]) -> dict[str, Any]:
    """Give the supported members that are not null, as members of the record; others are ignored.

    What cannot be read is refused at once; what cannot be meant is refused together, dates before the priority.
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
