"""A list as several lists of the bridge: what each is asked, and where all of them stand."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec import Struct

from connectors.sdk import Interval, TaskOrderField, TaskQuery, TaskState, ValidationFailedError

# One status a request; UNASSIGNED tasks never have a user, ASSIGNED ones always do.
STATUSES = {
    TaskState.READY: "UNASSIGNED",
    TaskState.RESERVED: "ASSIGNED",
    TaskState.COMPLETED: "DONE",
    TaskState.CANCELED: "CANCELLED",
}

_NEVER = frozenset(TaskState) - STATUSES.keys()

# Times are compared here, exactly; what the bridge gets is wider by its own precision on either side.
_MARGIN = timedelta(milliseconds=1)


class Shelf(StrEnum):
    """Which of the bridge's lists."""

    MINE = "mine"
    CLAIMABLE = "claimable"
    ALL = "all"


class Stream(Struct, frozen=True, array_like=True):
    """One upstream list and the place in it. `group` is what the bridge takes for a group."""

    shelf: Shelf
    type: str | None = None
    status: str | None = None
    group: str | None = None
    bookmark: str | None = None

    def params(self, window: dict[str, str], limit: int) -> dict[str, str | int]:
        given = {
            "type": self.type,
            "status": self.status,
            "user_group_id": self.group,
            **window,
            "bookmark": self.bookmark,
        }
        return {"limit": limit, **{name: value for name, value in given.items() if value is not None}}


def pushdown(query: TaskQuery) -> TaskQuery:
    """States, one group, definitions and the time of creation.

    READY contradicts an assignee, so it is taken out beside one; candidate users, which no task has, match nothing.
    States that no task of the bridge is in are always added, so that questions which differ in them alone are one.
    """
    if query.candidate_users is not None:
        return TaskQuery(states=frozenset())
    states = query.states
    if query.assignees is not None or query.has_assignee is True:
        states = (frozenset(TaskState) if states is None else states) - {TaskState.READY}
    if states:
        states |= _NEVER
    groups = query.candidate_groups
    created = tuple(pair for pair in query.times if pair[0] is TaskOrderField.CREATED_AT)
    return TaskQuery(
        states=None if states == frozenset(TaskState) else states,
        candidate_groups=groups if groups is not None and len(groups) <= 1 else None,
        definition_keys=query.definition_keys,
        times=created,
    )


def statuses_of(states: frozenset[TaskState] | None) -> tuple[str | None, ...]:
    """The statuses to ask for, one a request; (None,) asks for all at once."""
    if states is None:
        return (None,)
    return tuple(status for state, status in STATUSES.items() if state in states)


def window_of(query: TaskQuery) -> dict[str, str] | None:
    """The parameters for the time of creation; None when nothing can be within it.

    The bridge drops any offset and refuses bounds that are equal or the wrong way round.
    """
    earliest = _latest_of(_lower(interval) for _, interval in query.times)
    latest = _earliest_of(_upper(interval) for _, interval in query.times)
    if earliest is not None and latest is not None and earliest > latest:
        return None
    window: dict[str, str] = {}
    try:
        if earliest is not None:
            window["earliest_start_date"] = _utc_millis(earliest - _MARGIN)
        if latest is not None:
            window["latest_start_date"] = _utc_millis(latest + 2 * _MARGIN)
    except OverflowError:
        # A bound at the end of the calendar bounds nothing.
        return {}
    return window


def cursor_of(streams: list[Stream]) -> str | None:
    return base64.urlsafe_b64encode(msgspec.json.encode(streams)).decode() if streams else None


def streams_of(cursor: str) -> list[Stream]:
    try:
        return msgspec.json.decode(base64.b64decode(cursor, altchars=b"-_", validate=True), type=list[Stream])
    except (ValueError, RecursionError):
        raise ValidationFailedError("the cursor is not one of this list", field=("after",)) from None


def _utc_millis(time: datetime) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _lower(interval: Interval) -> datetime | None:
    return _latest_of((interval.gt, interval.gte))


def _upper(interval: Interval) -> datetime | None:
    return _earliest_of((interval.lt, interval.lte))


def _latest_of(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


def _earliest_of(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
