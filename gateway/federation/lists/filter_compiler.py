"""A filter of the graph as one source sees it: the strongest sound question, and the exact test for its rows.

The question is one conjunction that every match satisfies. `or` is asked by what its branches have in common, `not`
only where its complement can be said; what is lost there is made good here, row by row.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, structs

from connectors.sdk.model import OPEN_STATES, Task, TaskState
from connectors.sdk.query import TaskQuery, TextMatch, folded, overdue
from schema.ports import PersonId, SubjectMatch, TaskFilter

Test = Callable[[Task], bool]


class SourceFilter(Struct, frozen=True):
    """`query` None: nothing of the source can match. `exact`: what the query says is all that the filter says."""

    query: TaskQuery | None
    exact: bool
    matches: Test


NOTHING = SourceFilter(None, exact=True, matches=lambda _: False)
EVERYTHING = SourceFilter(TaskQuery(), exact=True, matches=lambda _: True)


class FilterReader:
    """Reads filters for one source. `native` gives a person's id there, None where they have none."""

    def __init__(self, source: str, vendor: str, *, native: Callable[[PersonId], str | None], now: datetime) -> None:
        self._source = source
        self._vendor = vendor
        self._native = native
        self._now = now

    def read(self, wanted: TaskFilter) -> SourceFilter:
        parts = [self._own(wanted), *(self.read(each) for each in wanted.all_of)]
        if wanted.any_of is not None:
            parts.append(_either([self.read(each) for each in wanted.any_of]))
        if wanted.none_of is not None:
            parts.append(_neither(self.read(wanted.none_of)))
        return _both(parts)

    def _own(self, wanted: TaskFilter) -> SourceFilter:
        """The members of the filter itself."""
        if not self._is_meant(wanted):
            return NOTHING
        ids, flows, groups = wanted.ids, wanted.flows, wanted.candidate_groups
        query = TaskQuery(
            ids=None if ids is None else frozenset(ref.native_id for ref in ids if ref.source == self._source),
            states=wanted.states,
            kinds=wanted.kinds,
            priorities=wanted.priorities,
            assignees=self._people(wanted.assignees),
            has_assignee=wanted.has_assignee,
            candidate_users=self._people(wanted.candidate_users),
            candidate_groups=None
            if groups is None
            else frozenset(ref.native_id for ref in groups if ref.source == self._source),
            flows=None if flows is None else frozenset(ref.native_id for ref in flows if ref.source == self._source),
            definition_keys=wanted.definition_keys,
            business_keys=wanted.business_keys,
            tags=wanted.tags,
            subject_types=None
            if wanted.subject is None or wanted.subject.type is None
            else frozenset({wanted.subject.type}),
            subject_ids=None
            if wanted.subject is None or wanted.subject.native_id is None
            else frozenset({wanted.subject.native_id}),
            times=wanted.times,
            overdue_at=self._now if wanted.is_overdue else None,
            is_escalated=wanted.is_escalated,
            text=wanted.text,
            present=wanted.present,
            absent=wanted.absent,
        )
        if is_empty(query):
            return NOTHING
        further = list(self._further(wanted))
        # Asked by the minute, so that many may share the answer.
        asked = query if query.overdue_at is None else structs.replace(query, overdue_at=_next_minute(self._now))
        return SourceFilter(
            asked,
            exact=asked == query and not further,
            matches=lambda task: query.matches(task) and all(test(task) for test in further),
        )

    def _is_meant(self, wanted: TaskFilter) -> bool:
        return (
            (wanted.sources is None or self._source in wanted.sources)
            and (wanted.vendors is None or self._vendor in wanted.vendors)
            and (wanted.vendor is None or wanted.vendor.holds(self._vendor))
        )

    def _people(self, people: frozenset[PersonId] | None) -> frozenset[str] | None:
        if people is None:
            return None
        return frozenset(native for person in people if (native := self._native(person)) is not None)

    def _further(self, wanted: TaskFilter) -> Sequence[Test]:
        """What no query can say."""
        tests: list[Test] = []
        if wanted.is_overdue is False:
            tests.append(lambda task: overdue(task, self._now) is False)
        if wanted.titles is not None:
            titles = wanted.titles
            tests.append(lambda task: task.title in titles)
        if wanted.title is not None:
            tests.append(_text(wanted.title, lambda task: task.title))
        if wanted.business_key is not None:
            tests.append(_text(wanted.business_key, lambda task: task.business_key))
        if wanted.definition is not None:
            tests.append(_text(wanted.definition, lambda task: task.definition.key if task.definition else None))
        if wanted.tag is not None:
            tests.append(_tag(wanted.tag))
        if wanted.has_candidate_users is not None:
            some_user = wanted.has_candidate_users
            tests.append(lambda task: bool(task.candidate_users) == some_user)
        if wanted.has_candidate_groups is not None:
            some_group = wanted.has_candidate_groups
            tests.append(lambda task: bool(task.candidate_groups) == some_group)
        if wanted.has_flow is not None:
            in_flow = wanted.has_flow
            tests.append(lambda task: (task.flow_id is not None) == in_flow)
        if wanted.subject is not None and wanted.subject.label is not None:
            tests.append(_subject(wanted.subject))
        return tests


def _next_minute(moment: datetime) -> datetime:
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def is_empty(query: TaskQuery) -> bool:
    """Whether it can match nothing, as far as that can be seen."""
    is_owned = query.assignees is not None or query.has_assignee is True
    is_offered = query.candidate_users is not None or query.candidate_groups is not None
    return (
        frozenset() in (getattr(query, name) for name in _SETS)
        or bool(query.present & query.absent)
        or (query.assignees is not None and query.has_assignee is False)
        or (is_offered and query.has_candidates is False)
        or (query.states == _READY and is_owned)
        or (query.overdue_at is not None and query.states is not None and query.states.isdisjoint(OPEN_STATES))
        or not _has_time(query)
    )


def _has_time(query: TaskQuery) -> bool:
    """Whether the bounds of each time leave any moment."""
    if any(field in query.absent for field, _ in query.times):
        return False
    for field in {field for field, _ in query.times}:
        bounds = [interval for each, interval in query.times if each is field]
        # The highest lower bound and the lowest upper one; of equal moments the one that excludes it.
        lower = max(
            [(each.gte, 0) for each in bounds if each.gte] + [(each.gt, 1) for each in bounds if each.gt], default=None
        )
        upper = min(
            [(each.lte, 0) for each in bounds if each.lte] + [(each.lt, -1) for each in bounds if each.lt], default=None
        )
        if lower is None or upper is None or lower[0] < upper[0]:
            continue
        if lower[0] > upper[0] or (lower[1], upper[1]) != (0, 0):
            return False
    return True


_READY = frozenset({TaskState.READY})

_SETS = (
    "ids",
    "states",
    "kinds",
    "priorities",
    "assignees",
    "candidate_users",
    "candidate_groups",
    "flows",
    "definition_keys",
    "business_keys",
    "tags",
    "subject_types",
    "subject_ids",
)
_SINGLES = ("has_assignee", "has_candidates", "is_escalated", "overdue_at", "text")
_SUBJECTS = ("subject_types", "subject_ids")


def _both(parts: Sequence[SourceFilter]) -> SourceFilter:
    """All of them."""
    parts = [part for part in parts if part is not EVERYTHING]
    if len(parts) == 1:
        return parts[0]
    query, exact = TaskQuery(), True
    for part in parts:
        if part.query is None:
            return NOTHING
        query, kept = meet(query, part.query)
        exact = exact and part.exact and kept
    if is_empty(query):
        return NOTHING
    return SourceFilter(query, exact=exact, matches=lambda task: all(part.matches(task) for part in parts))


def _either(parts: Sequence[SourceFilter]) -> SourceFilter:
    """One of them: asked by what they have in common."""
    possible = [part for part in parts if part.query is not None]
    if not possible:
        return NOTHING
    if len(possible) == 1:
        return possible[0]
    query = possible[0].query
    for part in possible[1:]:
        query = _join(query or TaskQuery(), part.query or TaskQuery())
    return SourceFilter(query, exact=False, matches=lambda task: any(part.matches(task) for part in possible))


def _neither(part: SourceFilter) -> SourceFilter:
    if part.query is None:
        return EVERYTHING
    states = part.query.states
    if part.exact and states is not None and part.query == TaskQuery(states=states):
        others = frozenset(TaskState) - states
        return (
            SourceFilter(TaskQuery(states=others), exact=True, matches=lambda task: task.state in others)
            if others
            else NOTHING
        )
    return SourceFilter(TaskQuery(), exact=False, matches=lambda task: not part.matches(task))


def meet(left: TaskQuery, right: TaskQuery) -> tuple[TaskQuery, bool]:
    """A conjunction that follows from both, and whether it says all that they say."""
    changes: dict[str, Any] = {}
    whole = True
    for name in _SETS:
        one, other = getattr(left, name), getattr(right, name)
        if one is not None and other is not None and name in _MANY:
            # A task has several of these: one may be in the first set, another in the second.
            whole = whole and one == other
            changes[name] = min(one, other, key=len)
        else:
            changes[name] = one if other is None else other if one is None else one & other
    for name in _SINGLES:
        one, other = getattr(left, name), getattr(right, name)
        if one is not None and other is not None and one != other:
            if isinstance(one, bool):
                return structs.replace(left, states=frozenset()), True
            whole = False
        changes[name] = other if one is None else one
    if any(getattr(left, name) is not None for name in _SUBJECTS) and any(
        getattr(right, name) is not None for name in _SUBJECTS
    ):
        whole = whole and all(getattr(left, name) == getattr(right, name) for name in _SUBJECTS)
        changes |= {name: getattr(left, name) for name in _SUBJECTS}
    return (
        structs.replace(
            left,
            times=tuple(dict.fromkeys((*left.times, *right.times))),
            present=left.present | right.present,
            absent=left.absent | right.absent,
            **changes,
        ),
        whole,
    )


_MANY = frozenset({"assignees", "candidate_users", "candidate_groups", "tags"})


def _join(left: TaskQuery, right: TaskQuery) -> TaskQuery:
    """What holds whichever of them holds."""
    changes: dict[str, Any] = {}
    for name in _SETS:
        one, other = getattr(left, name), getattr(right, name)
        changes[name] = None if one is None or other is None else one | other
    if any(getattr(left, name) != getattr(right, name) for name in _SUBJECTS):
        changes |= dict.fromkeys(_SUBJECTS)
    for name in _SINGLES:
        one, other = getattr(left, name), getattr(right, name)
        changes[name] = one if one == other else None
    return structs.replace(
        left,
        times=tuple(bound for bound in left.times if bound in right.times),
        present=left.present & right.present,
        absent=left.absent & right.absent,
        **changes,
    )


def _text(match: TextMatch, text: Callable[[Task], str | None]) -> Test:
    return lambda task: match.holds(text(task))


def _tag(match: TextMatch) -> Test:
    """Some one tag must fit; `is_null` asks for tasks without any."""

    def test(task: Task) -> bool:
        names = [tag.name for tag in task.tags or ()]
        return any(match.holds(name) for name in names) if names else match.holds(None)

    return test


def _subject(match: SubjectMatch) -> Test:
    label = folded(match.label or "")

    def test(task: Task) -> bool:
        return any(
            (match.type is None or subject.type == match.type)
            and (match.native_id is None or subject.native_id == match.native_id)
            and label in folded(subject.label or "")
            for subject in task.subjects or ()
        )

    return test
