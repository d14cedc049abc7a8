"""Filters and sorting of tasks, of the history's tasks and of process instances."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sandbox.camunda7.directory import groups_of
from sandbox.camunda7.errors import RefusalError, engine_fault
from sandbox.camunda7.records import Instance, Task
from sandbox.camunda7.requests import time_in_query

Json = dict[str, Any]
T = TypeVar("T")

OPEN_SORTS: Mapping[str, Callable[[Task], Any]] = {
    "dueDate": lambda task: task.due,
    "followUpDate": lambda task: task.follow_up,
    "created": lambda task: task.created,
    "lastUpdated": lambda task: task.updated,
    "priority": lambda task: task.priority,
    "name": lambda task: task.name,
    "nameCaseInsensitive": lambda task: task.name and task.name.lower(),
    "assignee": lambda task: task.assignee,
    "id": lambda task: task.id,
    "instanceId": lambda task: task.instance and task.instance.id,
}
HISTORIC_SORTS: Mapping[str, Callable[[Task], Any]] = {
    **OPEN_SORTS,
    "startTime": lambda task: task.created,
    "endTime": lambda task: task.ended,
    "taskName": lambda task: task.name,
    "taskId": lambda task: task.id,
}
INSTANCE_SORTS: Mapping[str, Callable[[Instance], Any]] = {
    "startTime": lambda each: each.started,
    "endTime": lambda each: each.ended,
    "instanceId": lambda each: each.id,
    "definitionKey": lambda each: each.key,
}

_CANDIDATES = (
    "candidateUser",
    "candidateGroup",
    "candidateGroups",
    "withCandidateUsers",
    "withCandidateGroups",
    "withoutCandidateUsers",
    "withoutCandidateGroups",
)


def open_tasks(tasks: Iterable[Task], wanted: Json) -> list[Task]:
    """Return the open tasks that match. An empty list of ids counts as no filter."""
    _check(wanted)
    rules = [*_rules(wanted), *_open_rules(wanted)]
    alternatives = [_any_of(each) for each in wanted.get("orQueries") or () if each]
    return [task for task in tasks if task.is_open and all(rule(task) for rule in (*rules, *alternatives))]


def historic_tasks(tasks: Iterable[Task], wanted: Json) -> list[Task]:
    rules = [*_rules(wanted), *_historic_rules(wanted)]
    return [task for task in tasks if all(rule(task) for rule in rules)]


def instances(found: Iterable[Instance], wanted: Json) -> list[Instance]:
    ids = wanted.get("processInstanceIds")
    if ids is not None and not ids:
        raise engine_fault("Set of process instance ids is empty")
    after, before = (time_in_query(wanted.get(name), name) for name in ("startedAfter", "startedBefore"))
    tests: list[Callable[[Instance], bool]] = []
    if ids:
        tests.append(lambda each: each.id in ids)
    if keys := wanted.get("processDefinitionKeyIn"):
        tests.append(lambda each: each.key in keys)
    if after is not None:
        tests.append(lambda each: each.started >= after)
    if before is not None:
        tests.append(lambda each: each.started <= before)
    states = {
        "active": {"ACTIVE"},
        "suspended": {"SUSPENDED"},
        "completed": {"COMPLETED"},
        "externallyTerminated": {"EXTERNALLY_TERMINATED"},
        "unfinished": {"ACTIVE", "SUSPENDED"},
        "finished": {"COMPLETED", "EXTERNALLY_TERMINATED", "INTERNALLY_TERMINATED"},
    }
    tests += [_in_states(names) for member, names in states.items() if wanted.get(member)]
    return [each for each in found if all(test(each) for test in tests)]


def ordered(found: list[T], wanted: Json, sorts: Mapping[str, Callable[[T], Any]]) -> list[T]:
    """Sort by several keys. The database puts rows without a value first in ascending order."""
    sorting = wanted.get("sorting") or ()
    if wanted.get("sortBy"):
        sorting = [{"sortBy": wanted["sortBy"], "sortOrder": wanted.get("sortOrder")}]
    for each in reversed(sorting):
        value = sorts.get(each.get("sortBy"))
        if value is None:
            raise RefusalError(
                400,
                "NotValidException",
                "You should call any of the orderBy methods first before specifying a direction: "
                "currentOrderingProperty is null",
            )
        found = sorted(
            found,
            key=lambda row: (value(row) is not None, value(row) if value(row) is not None else 0),
            reverse=each.get("sortOrder") == "desc",
        )
    return found


def _check(wanted: Json) -> None:
    if wanted.get("candidateUser") and (wanted.get("candidateGroups") or wanted.get("candidateGroup")):
        raise engine_fault("Invalid query usage: cannot set both candidateGroupIn and candidateUser")
    _check_assigned(wanted)
    for each in wanted.get("orQueries") or ():
        _check_assigned(each)
        for name in ("withCandidateGroups", "withCandidateUsers", "withoutCandidateGroups", "withoutCandidateUsers"):
            if each.get(name):
                raise engine_fault(f"Invalid query usage: cannot set {name}() within 'or' query")


def _check_assigned(wanted: Json) -> None:
    if wanted.get("includeAssignedTasks") and not any(wanted.get(name) for name in _CANDIDATES):
        raise engine_fault(
            "Invalid query usage: candidateUser, candidateGroup, candidateGroupLike, candidateGroupIn, withCandidateGroups, "
            "withoutCandidateGroups, withCandidateUsers, withoutCandidateUsers has to be called before 'includeAssignedTasks'."
        )


def _rules(wanted: Json) -> list[Callable[[Task], bool]]:
    """Filters that both places have."""
    values: Mapping[str, Callable[[Task], Any]] = {
        "taskId": lambda task: task.id,
        "processInstanceId": lambda task: task.instance and task.instance.id,
        "processInstanceBusinessKey": lambda task: task.instance and task.instance.business_key,
        "processDefinitionKey": lambda task: task.instance and task.instance.key,
        "taskDefinitionKey": lambda task: task.step,
    }
    rules = [_equal(value, wanted[name]) for name, value in values.items() if wanted.get(name)]
    rules += [_among(value, wanted[f"{name}In"]) for name, value in values.items() if wanted.get(f"{name}In")]
    if wanted.get("assigned"):
        rules.append(lambda task: bool(task.assignee))
    if wanted.get("unassigned"):
        rules.append(lambda task: not task.assignee)
    return rules


def _open_rules(wanted: Json) -> list[Callable[[Task], bool]]:
    rules: list[Callable[[Task], bool]] = []
    if name := wanted.get("assignee"):
        rules.append(lambda task: task.assignee == name)
    if names := wanted.get("assigneeIn"):
        rules.append(lambda task: task.assignee in names)
    if wanted.get("active"):
        rules.append(lambda task: not task.is_suspended)
    if wanted.get("suspended"):
        rules.append(lambda task: task.is_suspended)
    if (least := wanted.get("minPriority")) is not None:
        rules.append(lambda task: task.priority >= int(least))
    if (most := wanted.get("maxPriority")) is not None:
        rules.append(lambda task: task.priority <= int(most))
    if like := wanted.get("nameLike"):
        pattern = re.compile(re.escape(like).replace("%", ".*"))
        rules.append(lambda task: pattern.fullmatch(task.name or "") is not None)
    if (since := time_in_query(wanted.get("updatedAfter"), "updatedAfter")) is not None:
        rules.append(lambda task: (task.updated or task.created) > since)
    rules += [*_candidate_rules(wanted), *_times(wanted, "due", lambda task: task.due)]
    rules += [*_times(wanted, "followUp", lambda task: task.follow_up), *_times(wanted, "created", _created)]
    if wanted.get("withoutDueDate"):
        rules.append(lambda task: task.due is None)
    end = time_in_query(wanted.get("followUpBeforeOrNotExistent"), "followUpBeforeOrNotExistent")
    if end is not None:
        rules.append(lambda task: task.follow_up is None or task.follow_up < end)
    return rules


def _historic_rules(wanted: Json) -> list[Callable[[Task], bool]]:
    rules: list[Callable[[Task], bool]] = []
    if name := wanted.get("taskAssignee"):
        rules.append(lambda task: task.assignee == name)
    if wanted.get("finished"):
        rules.append(lambda task: not task.is_open)
    if wanted.get("unfinished"):
        rules.append(lambda task: task.is_open)
    if reason := wanted.get("taskDeleteReason"):
        rules.append(lambda task: task.reason == reason)
    if wanted.get("withoutTaskDueDate"):
        rules.append(lambda task: task.due is None)
    rules += _times(wanted, "taskDueDate", lambda task: task.due)
    rules += _times(wanted, "taskFollowUpDate", lambda task: task.follow_up)
    rules += _times(wanted, "started", _created, includes_bounds=True)
    rules += _times(wanted, "finished", lambda task: task.ended, includes_bounds=True)
    return rules


def _candidate_rules(wanted: Json) -> list[Callable[[Task], bool]]:
    """All filters on candidates are about the same candidate, except those for tasks without any."""
    rules: list[Callable[[Task], bool]] = []
    user, groups = wanted.get("candidateUser"), set(wanted.get("candidateGroups") or ())
    if group := wanted.get("candidateGroup"):
        groups.add(group)
    with_users, with_groups = wanted.get("withCandidateUsers"), wanted.get("withCandidateGroups")
    theirs = groups | set(groups_of(user) if user else ())

    def fits(kind: str, name: str) -> bool:
        is_named = name == user if kind == "user" else name in theirs
        is_of_kind = not (with_users and kind != "user") and not (with_groups and kind != "group")
        return is_of_kind and (is_named or not (user or groups))

    if user or groups or with_users or with_groups:
        rules.append(
            lambda task: (
                any(fits("user", each) for each in task.users) or any(fits("group", each) for each in task.groups)
            )
        )
    if wanted.get("withoutCandidateUsers"):
        rules.append(lambda task: not task.users)
    if wanted.get("withoutCandidateGroups"):
        rules.append(lambda task: not task.groups)
    if rules and not wanted.get("includeAssignedTasks"):
        rules.append(lambda task: not task.assignee)
    return rules


def _any_of(wanted: Json) -> Callable[[Task], bool]:
    """One group of alternatives. `includeAssignedTasks` is about all of its candidates."""
    both = {"includeAssignedTasks": wanted.get("includeAssignedTasks")}
    single = [
        [*_rules({name: value}), *_open_rules({name: value, **(both if name in _CANDIDATES else {})})]
        for name, value in wanted.items()
        if name != "includeAssignedTasks" and value
    ]
    return lambda task: any(rules and all(rule(task) for rule in rules) for rules in single)


def _times(
    wanted: Json, stem: str, value: Callable[[Task], datetime | None], *, includes_bounds: bool = False
) -> list[Callable[[Task], bool]]:
    after, before = (time_in_query(wanted.get(f"{stem}{end}"), f"{stem}{end}") for end in ("After", "Before"))

    def fits(task: Task) -> bool:
        time = value(task)
        if time is None:
            return False
        if includes_bounds:
            return (after is None or time >= after) and (before is None or time <= before)
        return (after is None or time > after) and (before is None or time < before)

    return [] if after is None and before is None else [fits]


def _created(task: Task) -> datetime:
    return task.created


def _equal(value: Callable[[Task], Any], wanted: Any) -> Callable[[Task], bool]:
    return lambda task: value(task) == wanted


def _among(value: Callable[[Task], Any], wanted: Iterable[Any]) -> Callable[[Task], bool]:
    among = set(wanted)
    return lambda task: value(task) in among


def _in_states(names: set[str]) -> Callable[[Instance], bool]:
    return lambda each: each.state in names
