"""What is written to give a task to somebody, and the vendor's options of it."""

from collections.abc import Mapping

from connectors.sdk import ValidationFailedError
from connectors.uipath.native_id import number

# How a task is given to a group: all may take it, the one with the least work gets it, or each in turn. SingleUser and
# Hierarchy are the vendor's too, but are not for groups.
CRITERIA = ("AllUsers", "Workload", "RoundRobin")
LONGEST_NAME = 256

Assignee = dict[str, object]


def to_user(native_id: str) -> Assignee:
    """By id; another text is a user name or mail address, which the vendor looks up."""
    return _named(native_id, "userId")


def to_group(native_id: str, options: Mapping[str, object] | None) -> Assignee:
    """By id or name, with the option `criteria`."""
    given = dict(options or {})
    criteria = given.pop("criteria", CRITERIA[0])
    if given:
        raise ValidationFailedError(
            f"knows no option {', '.join(sorted(given))} of an assignment; there is criteria", field=("options",)
        )
    if criteria not in CRITERIA:
        raise ValidationFailedError(f"criteria is one of {', '.join(CRITERIA)}", field=("options", "criteria"))
    return {**_named(native_id, "groupId"), "AssignmentCriteria": criteria}


def _named(native_id: str, field: str) -> Assignee:
    if not native_id or len(native_id) > LONGEST_NAME:
        raise ValidationFailedError(f"{field} has 1 to {LONGEST_NAME} characters", field=(field,))
    user = number(native_id)
    return {"UserNameOrEmail": native_id} if user is None else {"UserId": user}
