"""`node(id)` and `nodes`: any object by its global id."""

import pytest
from graphql import GraphQLInterfaceType

from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import Comment, Definition, Flow, FlowState, TaskDetail, TaskRef
from schema.api import build_schema
from schema.core.relay import global_id, person_id
from schema.ports import DefinitionRow
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FETCHED_AT, FakeFederation, a_task

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"


def a_flow() -> Flow:
    """Flow f of c8, with definition fd."""
    return Flow(
        source="c8",
        native_id="f",
        state=FlowState.ACTIVE,
        rule="r",
        fetched_at=FETCHED_AT,
        definition=Definition(native_id="fd", key="invoice", name="Invoice", version="3"),
    )


async def test_nodes_are_in_order_with_null_for_unknown_ids(ask: Ask, federation: FakeFederation) -> None:
    """One object of every type in one request, with one call for both tasks."""
    flow = a_flow()
    federation.flows[flow.ref] = flow
    federation.definitions.append(DefinitionRow("c8", Definition(native_id="td", key="approve")))
    federation.add(a_task("1"), a_task("2"))
    federation.details[TaskRef("c8", "1")] = TaskDetail(comments=(Comment(native_id="n", text="Call back"),))
    ids = [
        global_id("Task", "c8", "1"),
        global_id("Task", "c8", "404"),
        global_id("Task", "c8", "2"),
        global_id("Flow", "c8", "f"),
        person_id("alice"),
        global_id("Group", "c8", "accounting"),
        global_id("Source", "geo"),
        global_id("TaskDefinition", "c8", "td"),
        global_id("FlowDefinition", "c8", "fd"),
        global_id("Comment", "c8", "1", "n"),
        "nonsense",
    ]
    result = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)

    assert [] == result.errors
    assert result.data is not None
    names = ["Task", None, "Task", "Flow", "User", "Group", "Source"]
    names += ["TaskDefinition", "FlowDefinition", "Comment", None]
    assert result.data["nodes"] == [
        name and {"__typename": name, "id": id_} for name, id_ in zip(names, ids, strict=True)
    ]
    assert 1 == len(federation.calls["get_tasks"])


async def test_failing_node_does_not_affect_the_others(ask: Ask, federation: FakeFederation) -> None:
    """It is null, with an error on its path."""
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


IDS = {
    "Task": global_id("Task", "c8", "1"),
    "Flow": global_id("Flow", "c8", "f"),
    "User": global_id("User", "c8", "zoe"),
    "Group": global_id("Group", "c8", "accounting"),
    "Source": global_id("Source", "c8"),
    "TaskDefinition": global_id("TaskDefinition", "c8", "td"),
    "FlowDefinition": global_id("FlowDefinition", "c8", "fd"),
    "Comment": global_id("Comment", "c8", "1", "n"),
}


def _node_types() -> list[str]:
    graph = build_schema()._schema
    node = graph.get_type("Node")
    assert isinstance(node, GraphQLInterfaceType)
    return sorted(each.name for each in graph.get_possible_types(node))


@pytest.mark.parametrize("type_name", _node_types())
async def test_every_node_type_is_found_again(type_name: str, ask: Ask, federation: FakeFederation) -> None:
    """A type that implements Node and is missing in IDS fails here."""
    federation.add(a_task())
    flow = a_flow()
    federation.flows[flow.ref] = flow
    federation.definitions.append(DefinitionRow("c8", Definition(native_id="td", key="approve")))
    federation.details[TaskRef("c8", "1")] = TaskDetail(comments=(Comment(native_id="n", text="Call back"),))
    result = await ask(NODE, id=IDS[type_name])

    assert [] == result.errors
    assert {"node": {"__typename": type_name, "id": IDS[type_name]}} == result.data


@pytest.mark.parametrize("type_name", sorted(IDS.keys() - {"User", "Group", "Source"}))
@pytest.mark.parametrize("source", ["c8", "crm"])
async def test_an_id_that_does_not_resolve_is_null(type_name: str, source: str, ask: Ask) -> None:
    """Without an error, also for a source that is not configured."""
    parts = ("404", "404") if type_name == "Comment" else ("404",)
    result = await ask(NODE, id=global_id(type_name, source, *parts))

    assert ([], {"node": None}) == (result.errors, result.data)


async def test_a_definition_and_a_comment_have_all_fields(ask: Ask, federation: FakeFederation) -> None:
    """As for a client that refetches them."""
    federation.add(a_task())
    flow = a_flow()
    federation.flows[flow.ref] = flow
    federation.details[TaskRef("c8", "1")] = TaskDetail(comments=(Comment(native_id="n", text="Call back"),))
    result = await ask(
        """query ($f: ID!, $c: ID!) { flow: node(id: $f) { ... on FlowDefinition { key name version } }
             comment: node(id: $c) { ... on Comment { text author { id } } } }""",
        f=IDS["FlowDefinition"],
        c=IDS["Comment"],
    )

    assert {
        "flow": {"key": "invoice", "name": "Invoice", "version": "3"},
        "comment": {"text": "Call back", "author": None},
    } == result.data


async def test_comments_of_many_tasks_are_refused(ask: Ask, federation: FakeFederation) -> None:
    """The comments of each task take a request to its source. The limit is the same as for details in a list."""
    ids = [global_id("Comment", "c8", str(number), "n") for number in range(21)]
    result = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert ["VALIDATION_FAILED"] == [error["extensions"]["code"] for error in result.errors]
    assert [] == federation.calls["get_details"]
