"""Random filters of the graph and a simple evaluation of them: the model for tests of lists and compiled filters."""

import re
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from connectors.sdk.model import FlowRef, NativeRef, SubjectRef, Task
from connectors.sdk.query import time_of
from connectors.sdk.row_test import TextMatch
from schema.ports import PersonId, SubjectMatch, TaskFilter
from tests.gateway.federation.memory_source import NOW

PEOPLE = {"alice": "alice", "bob": "bob"}
PLAIN_LETTERS = str.maketrans("áäí", "aai")

moments = st.integers(-2, 2).map(lambda hours: NOW + timedelta(hours=hours))
words = st.sampled_from(["Invoice", "ínvoice 7", "Claim", "", " Invoice\n7 ", "Claim\u00a0\t invoice"])

matches = st.none() | st.builds(
    TextMatch,
    contains=st.none() | words,
    starts_with=st.none() | words,
    not_in=st.none() | st.frozensets(words, min_size=1, max_size=2),
    is_null=st.none() | st.booleans(),
)


def some(values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.frozensets(st.sampled_from(list(values)), max_size=2)


def filters_of(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[TaskFilter]:
    """Nested filters with these members. Each filter has few members: no task would match all of them."""

    @st.composite
    def own_members(draw: st.DrawFn) -> dict[str, Any]:
        names = draw(st.lists(st.sampled_from(list(members)), max_size=3, unique=True))
        return {name: draw(members[name]) for name in names}

    return st.recursive(
        own_members().map(lambda chosen: TaskFilter(**chosen)),
        lambda inner: st.builds(
            lambda chosen, all_of, any_of, none_of: TaskFilter(**chosen, all_of=all_of, any_of=any_of, none_of=none_of),
            own_members(),
            st.lists(inner, max_size=2).map(tuple),
            st.none() | st.lists(inner, max_size=3).map(tuple),
            st.none() | inner,
        ),
        max_leaves=6,
    )


def native_of(person: PersonId) -> str | None:
    """The native id: a linked person has one in every source, an account only in its own source."""
    if person.key is not None:
        return PEOPLE.get(person.key)
    return None if person.ref is None else person.ref.native_id


def plain(wanted: TaskFilter, one: Task) -> bool:
    """Whether the task matches the filter, member by member, without a compiled query."""

    def natives(asked: frozenset[PersonId]) -> set[str | None]:
        return {native_of(each) for each in asked if each.ref is None or each.ref.source == one.source}

    def fold(text: str) -> str:
        return re.sub(r"\s+", " ", text.casefold().translate(PLAIN_LETTERS)).strip()

    def text_fits(match: TextMatch | None, text: str | None) -> bool:
        if match is None:
            return True
        if text is None:
            return match.contains is None and match.starts_with is None and match.is_null is not False
        return (
            fold(match.contains or "") in fold(text)
            and fold(text).startswith(fold(match.starts_with or ""))
            and match.is_null is not True
            and not (match.not_in and text in match.not_in)
        )

    def subject_fits(match: SubjectMatch, subject: SubjectRef) -> bool:
        return (
            match.type in {None, subject.type}
            and match.native_id in {None, subject.native_id}
            and fold(match.label or "") in fold(subject.label or "")
        )

    def late() -> bool | None:
        if not one.is_open:
            return False
        return bool(one.is_overdue) if one.due_at is None else one.due_at < NOW

    tags: list[str | None] = [tag.name for tag in one.tags or ()]
    key = one.definition.key if one.definition else None
    shown = [one.title, one.description, key, one.business_key, *(each.label for each in one.subjects or ())]
    conditions = [
        wanted.ids is None or one.ref in wanted.ids,
        wanted.sources is None or one.source in wanted.sources,
        text_fits(wanted.source, one.source),
        wanted.vendors is None or "memory" in wanted.vendors,
        text_fits(wanted.vendor, "memory"),
        wanted.states is None or one.state in wanted.states,
        wanted.kinds is None or one.kind in wanted.kinds,
        wanted.priorities is None or one.priority in wanted.priorities,
        wanted.is_overdue is None or late() is wanted.is_overdue,
        wanted.is_escalated is None or one.is_escalated is wanted.is_escalated,
        wanted.text is None or any(fold(wanted.text) in fold(text) for text in shown if text),
        wanted.titles is None or one.title in wanted.titles,
        text_fits(wanted.title, one.title),
        wanted.business_keys is None or one.business_key in wanted.business_keys,
        text_fits(wanted.business_key, one.business_key),
        wanted.tags is None or bool(wanted.tags & set(tags)),
        wanted.tag is None or any(text_fits(wanted.tag, tag) for tag in tags or [None]),
        wanted.definition_keys is None or key in wanted.definition_keys,
        text_fits(wanted.definition, key),
        wanted.assignees is None or any(each.native_id in natives(wanted.assignees) for each in one.assignees),
        wanted.has_assignee is None or bool(one.assignees) is wanted.has_assignee,
        wanted.candidate_users is None
        or any(each.native_id in natives(wanted.candidate_users) for each in one.candidate_users or ()),
        wanted.has_candidate_users is None or bool(one.candidate_users) is wanted.has_candidate_users,
        wanted.candidate_groups is None
        or any(NativeRef(one.source, each.native_id) in wanted.candidate_groups for each in one.candidate_groups or ()),
        wanted.has_candidate_groups is None or bool(one.candidate_groups) is wanted.has_candidate_groups,
        wanted.flows is None or (one.flow_id is not None and FlowRef(one.source, one.flow_id) in wanted.flows),
        wanted.has_flow is None or (one.flow_id is not None) is wanted.has_flow,
        wanted.subject in {None, SubjectMatch()}
        or any(subject_fits(wanted.subject, each) for each in one.subjects or ()),
        all(interval.holds(time_of(one, field)) for field, interval in wanted.times),
        all(time_of(one, field) is not None for field in wanted.present),
        all(time_of(one, field) is None for field in wanted.absent),
        all(plain(each, one) for each in wanted.all_of),
        wanted.any_of is None or any(plain(each, one) for each in wanted.any_of),
        wanted.none_of is None or not plain(wanted.none_of, one),
    ]
    return all(conditions)
