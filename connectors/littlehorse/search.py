"""Lists of tasks: which part of a query the bridge's filters answer exactly, and the parameters that are sent for it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from connectors.sdk import Interval, TaskOrderField, TaskQuery, TaskState

# A request takes one status. UNASSIGNED tasks never have a user, ASSIGNED tasks always have one.
STATUSES = {
    TaskState.READY: "UNASSIGNED",
    TaskState.RESERVED: "ASSIGNED",
    TaskState.COMPLETED: "DONE",
    TaskState.CANCELED: "CANCELLED",
}

# States that no task of the bridge is in.
_NEVER = frozenset(TaskState) - STATUSES.keys()

# The precision of times in the bridge. The bounds that are sent are wider by it on both sides; the connector compares
# exact times.
_MARGIN = timedelta(milliseconds=1)

# Groups of one query that the bridge filters by: each is a list of its own.
MOST_GROUPS = 4


def pushed_down(query: TaskQuery, *, by_assignee: bool = True) -> TaskQuery:
    """States, one assignee if `by_assignee`, some groups, definitions and the time of creation.

    A task with an assignee is never READY, so READY is removed from a query for assignees. No task has candidate users,
    so a query for them matches nothing. States that no task of the bridge is in are always added, so that queries that
    differ only in these share an answer.
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
        assignees=query.assignees if by_assignee and len(query.assignees or ()) == 1 else None,
        candidate_groups=groups if groups is not None and len(groups) <= MOST_GROUPS else None,
        definition_keys=query.definition_keys,
        times=created,
    )


def statuses_of(states: frozenset[TaskState] | None) -> tuple[str | None, ...]:
    """The statuses to request, one per request; (None,) means one request for all of them."""
    if states is None:
        return (None,)
    return tuple(status for state, status in STATUSES.items() if state in states)


def creation_bounds(query: TaskQuery) -> dict[str, str] | None:
    """The parameters for the time of creation; None if no time is within the bounds.

    The bridge ignores an offset from UTC, and refuses bounds that are equal or in the wrong order.
    """
    earliest = _latest_of(_lower(interval) for _, interval in query.times)
    latest = _earliest_of(_upper(interval) for _, interval in query.times)
    if earliest is not None and latest is not None and earliest > latest:
        return None
    bounds: dict[str, str] = {}
    try:
        if earliest is not None:
            bounds["earliest_start_date"] = _utc_millis(earliest - _MARGIN)
        if latest is not None:
            bounds["latest_start_date"] = _utc_millis(latest + 2 * _MARGIN)
    except OverflowError:
        # A bound at an end of the calendar excludes nothing.
        return {}
    return bounds


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
