"""Global ids: one spelling each, and nothing learnt from a wrong one."""

from base64 import b64encode

import pytest

from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import Flow, FlowState, TaskRef
from schema.core.relay import GlobalId, decode, global_id, person_id
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FETCHED_AT, FakeFederation, a_task


def _b64(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("found", "inside"),
    [
        (GlobalId("Task", ("c8", "225179981395")), "Task:c8:225179981395"),
        (GlobalId("Task", ("lh", "run/1:guid")), "Task:lh:run%2F1%3Aguid"),
        (GlobalId("User", ("c8", "a%b@ñ")), "User:c8:a%25b%40%C3%B1"),
        (GlobalId("User", ("@alice",)), "User:@alice"),
        (GlobalId("User", ("@@x:y",)), "User:@%40x%3Ay"),
        (GlobalId("Source", ("c8",)), "Source:c8"),
        (GlobalId("TaskDefinition", ("c8", "p-1")), "TaskDefinition:c8:p-1"),
    ],
)
def test_global_id_is_base64_of_its_parts(found: GlobalId, inside: str) -> None:
    """Parts are percent-encoded, and come back as they were."""
    assert _b64(inside) == found.encode()
    assert found == decode(_b64(inside))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "Task:c8:1",
        _b64("Task"),
        _b64("Task:c8"),
        _b64("Task:c8:"),
        _b64("Task:c8:1:2"),
        _b64("Task:c8:%31"),
        _b64("Robot:c8:1"),
        _b64("User:alice"),
        _b64("Source:@c8"),
        _b64("User:@c8:x"),
        _b64("Task:c8:%FF"),
        _b64("Task:c8:1") + "\n",
        b64encode(b"Task:c8:\xff").decode(),
    ],
)
async def test_malformed_id_is_null(text: str, ask: Ask, federation: FakeFederation) -> None:
    """Nothing is asked for it, and no error tells it from an unknown one."""
    document = "query($id: ID!) { task(id: $id) { id } node(id: $id) { id } flow(id: $id) { id } user(id: $id) { id } }"
    result = await ask(document, id=text)

    assert decode(text) is None
    assert [] == result.errors
    assert result.data == {"task": None, "node": None, "flow": None, "user": None}
    assert {} == federation.calls


async def test_id_of_another_type_is_null(ask: Ask, federation: FakeFederation) -> None:
    """A task is not found as a flow, nor a source as a task."""
    federation.add(a_task())
    document = (
        "query($task: ID!, $source: ID!) { flow(id: $task) { id } user(id: $task) { id } task(id: $source) { id } }"
    )
    result = await ask(document, task=global_id("Task", "c8", "1"), source=global_id("Source", "c8"))

    assert result.data == {"flow": None, "user": None, "task": None}


async def test_nodes_come_in_order_with_null_for_what_is_not_there(ask: Ask, federation: FakeFederation) -> None:
    """Every type that can be found, in one request, with one call for both tasks."""
    flow = Flow(source="c8", native_id="f", state=FlowState.ACTIVE, rule="r", fetched_at=FETCHED_AT)
    federation.flows[flow.ref] = flow
    federation.add(a_task("1"), a_task("2"))
    ids = [
        global_id("Task", "c8", "1"),
        global_id("Task", "c8", "404"),
        global_id("Task", "c8", "2"),
        global_id("Flow", "c8", "f"),
        person_id("alice"),
        global_id("Group", "c8", "accounting"),
        global_id("Source", "geo"),
        global_id("TaskDefinition", "c8", "d"),
        "nonsense",
    ]
    result = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)

    assert [] == result.errors
    assert result.data is not None
    names = ["Task", None, "Task", "Flow", "User", "Group", "Source", None, None]
    assert result.data["nodes"] == [
        name and {"__typename": name, "id": id_} for name, id_ in zip(names, ids, strict=True)
    ]
    assert 1 == len(federation.calls["get_tasks"])


async def test_failing_node_leaves_the_others(ask: Ask, federation: FakeFederation) -> None:
    """Its place is null, with an error on its path."""
    federation.add(a_task("1"))
    federation.tasks[TaskRef("geo", "2")] = UpstreamTimeoutError("no answer").at("geo", "get_tasks")
    ids = [global_id("Task", "geo", "2"), global_id("Task", "c8", "1")]
    result = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert result.data == {"nodes": [None, {"id": ids[1]}]}
    assert result.errors is not None
    assert [["nodes", 0]] == [error["path"] for error in result.errors]


async def test_too_many_nodes_are_refused(ask: Ask) -> None:
    """At most 100 ids."""
    result = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["x"] * 101)

    assert result.errors is not None
    assert "VALIDATION_FAILED" == result.errors[0]["extensions"]["code"]
