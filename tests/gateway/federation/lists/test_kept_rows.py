"""Which rows of a kept list a question wants is worked out once, and is no other question's answer."""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.caller import Caller
from connectors.sdk.model import TaskState
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.federation.lists import ranks
from gateway.federation.lists.planner import PlannedStream, SourcePlan
from gateway.federation.service import FederatedSources
from schema.ports import ClaimIntent, InboxScope, StatsRequest, TaskFilter, TaskListRequest
from tests.effort import sized
from tests.gateway.federation.listing_source import SOURCES, ListingConnector, Paging, abilities, orders, row
from tests.gateway.federation.lists.test_list_model import Able, filters, rows_of, sources_of
from tests.gateway.federation.memory_source import EVERYTHING, federation, person
from tests.gateway.federation.write_requests import perform

PEOPLE = [
    person("carol", *SOURCES, admin=True),
    person("carol", *SOURCES),
    person("alice", *SOURCES),
    person("alice", *SOURCES, groups=()),
    person("bob", *SOURCES),
    person("bob", *SOURCES, groups=("sales",)),
    person("dora", "north"),
    person("emil"),
]
BY_CREATION = (SortKey(TaskOrderField.CREATED_AT),)


class Question(NamedTuple):
    caller: Caller
    request: TaskListRequest


questions = st.builds(
    Question,
    st.sampled_from(PEOPLE),
    st.builds(
        TaskListRequest,
        scope=st.sampled_from(list(InboxScope)),
        filter=filters,
        order=orders,
        first=st.integers(1, 30),
        count=st.booleans(),
        backward=st.booleans(),
        without_candidates=st.booleans(),
    ),
)


@pytest.fixture(autouse=True)
def _few_rows_are_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "LEAST_ROWS", 1)


async def answered(sources: FederatedSources, asked: Question) -> object:
    page = await sources.list_tasks(asked.caller, asked.request)
    return (
        [edge.task for edge in page.edges],
        (page.has_next_page, page.has_previous_page, page.total, page.total_accuracy, page.is_complete),
        [(report.source, report.count, report.status, report.truncated) for report in page.sources],
    )


async def compare(numbers: Sequence[int], able: Sequence[Able], asked: Sequence[Question]) -> None:
    """Each question several times, in any order, of a gateway that keeps rows and of one that does not."""
    keeping, plain = (
        federation(*sources_of(rows_of(numbers), able), people=PEOPLE[3:], keeps_wanted=keeps)
        for keeps in (True, False)
    )
    order = [*asked, *asked, *asked]
    random.Random(len(numbers)).shuffle(order)
    for each in order:
        assert await answered(keeping, each) == await answered(plain, each)


many = st.lists(st.integers(0, 2**31 - 1), min_size=20, max_size=30)
able = st.tuples(abilities, abilities, abilities)


@pytest.mark.slow
@given(many, able, st.lists(questions, min_size=1, max_size=6))
async def test_lists_are_those_of_a_gateway_that_keeps_no_rows(
    numbers: list[int], able: tuple[Able, ...], asked: list[Question]
) -> None:
    await compare(numbers, able, asked)


@pytest.mark.parametrize(
    "forgets",
    [
        lambda self, stream: (self.wanted, stream.partition),
        lambda self, stream: (self.visible, stream.partition),
    ],
    ids=["the person", "the filter"],
)
async def test_the_comparison_finds_a_question_that_leaves_something_out(
    forgets: Callable[[SourcePlan, PlannedStream], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SourcePlan, "question", forgets)
    able: list[Able] = [
        (sorts, True, Paging.BY_KEY, False) for sorts in (EVERYTHING, frozenset[TaskOrderField](), EVERYTHING)
    ]
    asked = [
        Question(caller, TaskListRequest(scope=scope, filter=wanted, order=(SortKey(TaskOrderField.DUE_AT),)))
        for caller in PEOPLE
        for scope in (InboxScope.ALL_VISIBLE, InboxScope.MINE)
        for wanted in (TaskFilter(), TaskFilter(states=frozenset({TaskState.READY})))
    ]
    with pytest.raises(AssertionError):
        await compare([random.Random(7).randrange(2**31) for _ in range(60)], able, asked)


async def test_an_own_write_shows_in_a_kept_list_at_once() -> None:
    connector = ListingConnector("north", [row(seed * 97, f"{seed:03}", "north") for seed in range(30)], weak=True)
    sources = federation(connector, people=PEOPLE[3:])
    alice, admin = PEOPLE[2], PEOPLE[0]
    asked = TaskListRequest(order=BY_CREATION, first=100)
    states = {}
    for _ in range(3):
        page = await sources.list_tasks(admin, asked)
        states = {edge.task.native_id: edge.task for edge in page.edges}
    ready = next(one for one in states.values() if one.state is TaskState.READY and one.candidate_groups)
    connector.lag()
    result = await perform(sources, ClaimIntent(), alice, target=ready.ref)
    after = await sources.list_tasks(admin, asked)

    assert result.status.value == "APPLIED"
    assert {edge.task.native_id: edge.task.state for edge in after.edges}[ready.native_id] is TaskState.RESERVED


async def test_a_page_costs_no_more_where_more_rows_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first time no row is looked at that is not shown."""
    looked: list[int] = []
    wanted_rows = ranks._wanted_rows

    async def counted(*given: Any) -> Any:
        looked.append(len(given[2]))
        return await wanted_rows(*given)

    monkeypatch.setattr(ranks, "_wanted_rows", counted)
    held = [row(seed * 97, f"{seed:05}", "north") for seed in range(sized(20_000, 500))]
    sources = federation(ListingConnector("north", held, sorts=frozenset(), scan_limit=len(held)), people=PEOPLE[3:])
    asked = TaskListRequest(order=BY_CREATION, first=25, cursors=False)
    for caller in (PEOPLE[2], PEOPLE[0], PEOPLE[2], PEOPLE[0]):
        assert 25 == len((await sources.list_tasks(caller, asked)).edges)
    stats = [await sources.task_stats(PEOPLE[2], StatsRequest()) for _ in range(2)]

    # Two parts for the person and one for the admin; then the two parts once more, as they come.
    assert len(looked) == 5
    assert max(looked) == len(held)
    assert stats[0] == stats[1]
