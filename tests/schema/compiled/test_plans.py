"""Which lists are compiled, and what is kept of them."""

from random import Random

import pytest
from graphql import GraphQLObjectType, parse

from connectors.sdk.caller import TASK_ADMIN, Caller
from schema.api import build_schema
from schema.compiled import CompiledExecutor, Counts, Plans
from schema.compiled.plans import MOST_LISTS
from schema.compiled.shapes import SHAPES
from schema.core.context import Context
from schema.execution import BoundedIntExecutor, Execution
from tests.schema.compiled.records import NOW, fill
from tests.schema.fake_federation import FakeFederation

SCHEMA = build_schema()
CAROL = Caller(key="carol", name="Carol", roles=frozenset({TASK_ADMIN}), identities={})
TYPES = {
    "task": "Task",
    "task edge": "TaskEdge",
    "native": "NativeRecord",
    "flow": "Flow",
    "user": "User",
    "group": "Group",
}
INBOX = """query Inbox($more: Boolean! = false) { tasks(first: 10) { nodes {
    id title state dueAt isOverdue priorityScore source { key name } definition { name } flow { id name }
    assignee { id displayName email isActive source { key } } candidateGroups { id name memberCount source { key } }
    permits(action: CLAIM) { allowed reason } native { nativeId payload } tags { name } subjects { label }
    updatedAt @include(if: $more) } } }"""


class Observed(CompiledExecutor):
    plans = Plans(warm_up=1)


@pytest.fixture(autouse=True)
def _no_plans() -> None:
    Observed.plans = Plans(warm_up=1)


async def counted(execution: Execution, document: str, *runs: dict[str, object], rows: int = 8) -> Counts:
    for variables in runs or ({},):
        federation = FakeFederation(people=[CAROL])
        fill(federation, Random(1), rows=rows, is_odd=False)
        answer = await execution.run(execution.read(document, None, variables), Context(CAROL, federation, lambda: NOW))
        assert answer.errors == []
    return Observed.plans.counts


@pytest.mark.parametrize("shape", SHAPES)
def test_every_field_of_a_shape_is_in_the_schema(shape: str) -> None:
    declared = SCHEMA._schema.type_map[TYPES[shape]]
    assert isinstance(declared, GraphQLObjectType)

    assert set(SHAPES[shape]) <= set(declared.fields)


async def test_an_inbox_is_compiled_without_a_surprise() -> None:
    counts = await counted(Execution(SCHEMA, executor=Observed), INBOX, {}, {"more": True})

    assert (counts.compiled, counts.ordinary, counts.surprised) == (2, 0, 0)


async def test_what_the_code_does_not_know_goes_the_ordinary_way_for_that_list_alone() -> None:
    document = "{ a: tasks(first: 2) { nodes { id lastWrite { at } } } b: tasks(first: 2) { nodes { id } } }"
    counts = await counted(Execution(SCHEMA, executor=Observed), document)

    assert (counts.compiled, counts.ordinary, counts.surprised) == (1, 1, 0)


async def test_an_account_is_looked_up_once_for_all_lists() -> None:
    document = "{ a: tasks(first: 8) { nodes { assignee { displayName } } } b: tasks(first: 8) { nodes { assignee { email } } } }"
    execution = Execution(SCHEMA, executor=Observed)
    federation = FakeFederation(people=[CAROL])
    fill(federation, Random(1), rows=8, is_odd=False)
    await execution.run(execution.read(document), Context(CAROL, federation, lambda: NOW))

    assert Observed.plans.counts.compiled == 2
    assert len(federation.calls["get_users"]) == 1


async def test_an_operation_is_compiled_when_it_runs_again() -> None:
    Observed.plans = Plans()
    execution = Execution(SCHEMA, executor=Observed)

    assert (await counted(execution, INBOX)).compiled == 0
    assert (await counted(execution, INBOX)).compiled == 1


async def test_the_switch_takes_the_ordinary_way() -> None:
    counts = await counted(Execution(SCHEMA, executor=BoundedIntExecutor), INBOX)

    assert counts == Counts()


def test_plans_are_bounded() -> None:
    plans = Plans(warm_up=1, most=2)
    operations = [parse("{ __typename }").definitions[0] for _ in range(3)]
    kept = [plans.begun(each, []) for each in operations]  # type: ignore[arg-type] # operations

    assert plans.begun(operations[2], []) is kept[2]  # type: ignore[arg-type] # as above
    assert plans.begun(operations[0], []) is not kept[0]  # type: ignore[arg-type] # as above


def test_lists_of_one_operation_are_bounded() -> None:
    plans = Plans(warm_up=1).begun(parse("{ __typename }").definitions[0], [])  # type: ignore[arg-type] # an operation
    assert plans is not None
    made = []

    for number in range(MOST_LISTS + 5):
        plans.find(f"Type{number}", (), {}, lambda: made.append(1))

    assert len(made) == MOST_LISTS
