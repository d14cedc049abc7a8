"""Compiles a filter for one source: the strongest sound query, and the exact test for its rows.

The query is one conjunction that every match satisfies. `or` becomes what its branches have in common, `not` only a
complement that a query can express. The test makes good for what the query loses.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct, structs

from connectors.sdk.model import NativeRef, Task, TaskState
from connectors.sdk.query import TaskQuery, overdue
from connectors.sdk.row_test import FoldedOnce, TextMatch, all_hold, always, folded, one_holds, shown_texts
from gateway.federation.lists.query_logic import conjunction, generalisation, is_contradictory
from schema.ports import PersonId, SubjectMatch, TaskFilter

T = TypeVar("T")

Test = Callable[[Task], bool]


class CompiledFilter(Struct, frozen=True):
    """`query` None: no task of the source matches. `is_exact`: the query alone matches the same tasks as the filter."""

    query: TaskQuery | None
    is_exact: bool
    matches: Test


MATCHES_NONE = CompiledFilter(None, is_exact=True, matches=lambda _: False)
MATCHES_ALL = CompiledFilter(TaskQuery(), is_exact=True, matches=always)


class FilterCompiler:
    """Compiles filters for one source. `native_id` returns a person's id there, None where they have none.

    A task is overdue at `now`.
    """

    def __init__(self, source: str, vendor: str, *, native_id: Callable[[PersonId], str | None], now: datetime) -> None:
        self._source = source
        self._vendor = vendor
        self._native_id = native_id
        self._now = now
        # Many conditions on one row fold its texts once.
        self._shown = FoldedOnce(shown_texts)
        self._title: FoldedOnce[Task] = FoldedOnce(lambda task: (task.title,))
        self._tags: FoldedOnce[Task] = FoldedOnce(lambda task: [tag.name for tag in task.tags or ()])
        self._labels: FoldedOnce[Task] = FoldedOnce(lambda task: [each.label or "" for each in task.subjects or ()])

    def compile(self, wanted: TaskFilter) -> CompiledFilter:
        """The filter with all that is nested in it."""
        operands = [self._own_members(wanted), *(self.compile(each) for each in wanted.all_of)]
        if wanted.any_of is not None:
            operands.append(_any_of([self.compile(each) for each in wanted.any_of]))
        if wanted.none_of is not None:
            operands.append(_not(self.compile(wanted.none_of)))
        return _all_of(operands)

    def _own_members(self, wanted: TaskFilter) -> CompiledFilter:
        """The members of the filter itself."""
        if not self._includes_source(wanted):
            return MATCHES_NONE
        query = self._query(wanted)
        if is_contradictory(query):
            return MATCHES_NONE
        tests = self._row_tests(wanted)
        # Vendors are asked for whole minutes, so that many callers share one answer.
        asked = query if query.overdue_at is None else structs.replace(query, overdue_at=_next_minute(self._now))
        return CompiledFilter(
            asked,
            is_exact=asked == query and not tests,
            matches=all_hold([query.test(self._shown), *tests] if query != TaskQuery() else tests),
        )

    def _includes_source(self, wanted: TaskFilter) -> bool:
        return (
            (wanted.sources is None or self._source in wanted.sources)
            and (wanted.source is None or wanted.source.holds(self._source))
            and (wanted.vendors is None or self._vendor in wanted.vendors)
            and (wanted.vendor is None or wanted.vendor.holds(self._vendor))
        )

    def _query(self, wanted: TaskFilter) -> TaskQuery:
        """What a query can express."""
        subject = wanted.subject or SubjectMatch()
        return TaskQuery(
            ids=self._ids(wanted.ids),
            states=wanted.states,
            kinds=wanted.kinds,
            priorities=wanted.priorities,
            assignees=self._people(wanted.assignees),
            has_assignee=wanted.has_assignee,
            candidate_users=self._people(wanted.candidate_users),
            candidate_groups=self._ids(wanted.candidate_groups),
            flows=self._ids(wanted.flows),
            definition_keys=wanted.definition_keys,
            business_keys=wanted.business_keys,
            tags=wanted.tags,
            subject_types=_single(subject.type),
            subject_ids=_single(subject.native_id),
            times=wanted.times,
            overdue_at=self._now if wanted.is_overdue else None,
            is_escalated=wanted.is_escalated,
            text=wanted.text,
            present=wanted.present,
            absent=wanted.absent,
        )

    def _ids(self, refs: frozenset[NativeRef] | None) -> frozenset[str] | None:
        return None if refs is None else frozenset(ref.native_id for ref in refs if ref.source == self._source)

    def _people(self, people: frozenset[PersonId] | None) -> frozenset[str] | None:
        if people is None:
            return None
        return frozenset(native_id for person in people if (native_id := self._native_id(person)) is not None)

    def _row_tests(self, wanted: TaskFilter) -> Sequence[Test]:
        """What no query can express."""
        tests: list[Test] = []
        if wanted.is_overdue is False:
            tests.append(lambda task: overdue(task, self._now) is False)
        if wanted.titles is not None:
            titles = wanted.titles
            tests.append(lambda task: task.title in titles)
        if wanted.title is not None:
            holds = wanted.title.test()
            tests.append(lambda task: holds(task.title, self._title(task)))
        if wanted.business_key is not None:
            tests.append(_text(wanted.business_key, lambda task: task.business_key))
        if wanted.definition is not None:
            tests.append(_text(wanted.definition, lambda task: task.definition.key if task.definition else None))
        if wanted.tag is not None:
            tests.append(_tag(wanted.tag, self._tags))
        if wanted.has_candidate_users is not None:
            tests.append(_has(wanted.has_candidate_users, lambda task: task.candidate_users))
        if wanted.has_candidate_groups is not None:
            tests.append(_has(wanted.has_candidate_groups, lambda task: task.candidate_groups))
        if wanted.has_flow is not None:
            tests.append(_has(wanted.has_flow, lambda task: task.flow_id is not None))
        if wanted.subject is not None and wanted.subject.label is not None:
            tests.append(_subject(wanted.subject, self._labels))
        return tests


def _single(value: T | None) -> frozenset[T] | None:
    return None if value is None else frozenset({value})


def _next_minute(moment: datetime) -> datetime:
    minute = moment.replace(second=0, microsecond=0)
    return minute if minute == moment else minute + timedelta(minutes=1)


def _all_of(operands: Sequence[CompiledFilter]) -> CompiledFilter:
    operands = [operand for operand in operands if operand is not MATCHES_ALL]
    if len(operands) == 1:
        return operands[0]
    query, is_exact = TaskQuery(), True
    for operand in operands:
        if operand.query is None:
            return MATCHES_NONE
        query, says_all = conjunction(query, operand.query)
        is_exact = is_exact and operand.is_exact and says_all
    if is_contradictory(query):
        return MATCHES_NONE
    return CompiledFilter(query, is_exact=is_exact, matches=all_hold([operand.matches for operand in operands]))


def _any_of(operands: Sequence[CompiledFilter]) -> CompiledFilter:
    possible = [(operand.query, operand) for operand in operands if operand.query is not None]
    if not possible:
        return MATCHES_NONE
    if len(possible) == 1:
        return possible[0][1]
    query = possible[0][0]
    for other, _ in possible[1:]:
        query = generalisation(query, other)
    return CompiledFilter(query, is_exact=False, matches=one_holds([operand.matches for _, operand in possible]))


def _not(operand: CompiledFilter) -> CompiledFilter:
    """A query can express the complement of states, of everything and of nothing."""
    if operand.query is None:
        return MATCHES_ALL
    if operand.is_exact and operand.query == TaskQuery():
        return MATCHES_NONE
    matches = operand.matches
    states = operand.query.states
    if not operand.is_exact or states is None or operand.query != TaskQuery(states=states):
        return CompiledFilter(TaskQuery(), is_exact=False, matches=lambda task: not matches(task))
    others = frozenset(TaskState) - states
    if not others:
        return MATCHES_NONE
    return CompiledFilter(TaskQuery(states=others), is_exact=True, matches=lambda task: task.state in others)


def _text(match: TextMatch, text: Callable[[Task], str | None]) -> Test:
    holds = match.test()
    return lambda task: holds(text(task))


def _has(wanted: bool, value: Callable[[Task], object]) -> Test:  # noqa: FBT001 a member of the filter
    return lambda task: bool(value(task)) == wanted


def _tag(match: TextMatch, names: FoldedOnce[Task]) -> Test:
    """One tag must fit; `is_null` asks for tasks without tags. `not_in` of tags comes as a filter of its own."""
    holds = match.test()

    def test(task: Task) -> bool:
        if not task.tags:
            return holds(None)
        return any(map(holds, (tag.name for tag in task.tags), names.parts(task)))

    return test


def _subject(match: SubjectMatch, labels: FoldedOnce[Task]) -> Test:
    """One subject must fit all members of the match."""
    label = folded(match.label or "")

    def test(task: Task) -> bool:
        return any(
            (match.type is None or subject.type == match.type)
            and (match.native_id is None or subject.native_id == match.native_id)
            and label in shown
            for subject, shown in zip(task.subjects or (), labels.parts(task), strict=True)
        )

    return test
