"""FRESH reaches what is loaded of a task, and a record in hand is passed on."""

from connectors.sdk.model import Comment, Flow, FlowRef, FlowState, TaskDetail, TaskRef
from schema.core.relay import global_id
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FETCHED_AT, FakeFederation, a_task

REF, FLOW = TaskRef("c8", "1"), FlowRef("c8", "f1")
ID = global_id("Task", "c8", "1")
PARTS = "state data comments { nodes { text } } activities { nodes { at } } previousSteps { name } form { kind } flow { state name }"


def filled(federation: FakeFederation) -> None:
    federation.tasks[REF] = a_task(flow_id="f1")
    federation.details[REF] = TaskDetail(data={"zz": 1}, comments=(Comment(native_id="1", text="done"),), activities=())
    federation.flows[FLOW] = Flow(
        source="c8", native_id="f1", state=FlowState.ACTIVE, rule="c8.flow.active", fetched_at=FETCHED_AT
    )


async def test_a_fresh_task_has_fresh_details_and_a_fresh_flow(ask: Ask, federation: FakeFederation) -> None:
    """Without FRESH nothing is."""
    filled(federation)
    cached = await ask(f'{{ task(id: "{ID}") {{ {PARTS} }} }}')
    before = federation.read_fresh
    fresh = await ask(f'{{ task(id: "{ID}", freshness: FRESH) {{ {PARTS} }} }}')

    assert ([], [], frozenset()) == (cached.errors, fresh.errors, before)
    assert {REF, FLOW} == federation.read_fresh
    assert 2 == len(federation.calls["get_details"])


async def test_the_same_holds_in_lists(ask: Ask, federation: FakeFederation) -> None:
    """Of tasks, and of the tasks of a fresh flow."""
    filled(federation)
    listed = await ask(f"{{ tasks(first: 5, freshness: FRESH) {{ nodes {{ {PARTS} }} }} }}")
    found = federation.read_fresh
    federation.read_fresh = frozenset()
    flow_id = global_id("Flow", "c8", "f1")
    of_flow = await ask(f'{{ flow(id: "{flow_id}", freshness: FRESH) {{ tasks(first: 5) {{ nodes {{ data }} }} }} }}')

    assert ([], []) == (listed.errors, of_flow.errors)
    assert {REF, FLOW} == found
    assert REF in federation.read_fresh


async def test_cached_and_fresh_in_one_query_are_told_apart(ask: Ask, federation: FakeFederation) -> None:
    """The fresh one never gets what the other loaded."""
    filled(federation)
    result = await ask(
        f'{{ a: task(id: "{ID}") {{ data }} b: task(id: "{ID}", freshness: FRESH) {{ data flow {{ state }} }} }}'
    )

    assert [] == result.errors
    assert {REF, FLOW} == federation.read_fresh


async def test_details_are_asked_for_with_the_record_in_hand(ask: Ask, federation: FakeFederation) -> None:
    """By id and in lists: the task is not read again."""
    filled(federation)
    await ask(f'{{ task(id: "{ID}") {{ data }} }}')
    await ask("{ tasks(first: 5) { nodes { data } } }")

    assert [frozenset({REF})] * 2 == federation.known
