"""What a router of Apollo Federation asks for. Composition and routers themselves: tests/edge."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from graphql import build_schema as build_core

from connectors.sdk.caller import Caller
from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import Flow, FlowState, TaskRef
from schema.api import build_schema, build_subgraph, sdl
from schema.core.context import Context
from schema.core.federation_version import FederationVersion
from schema.core.relay import global_id, person_id
from schema.execution import Execution, GraphQLResponse, RequestError
from schema.subgraph import ENTITIES, subgraph_sdl
from tests.schema.conftest import NOW
from tests.schema.fake_federation import FETCHED_AT, FakeFederation, a_task

EXECUTION = Execution(build_subgraph("2.3"))
ENTITIES_OF = """query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Task { id title flow { id } }
  ... on Flow { id called: name } ... on User { id displayName } ... on Group { id } ... on Source { id name } } }"""


async def ask(federation: FakeFederation, caller: Caller, document: str, **variables: Any) -> GraphQLResponse:
    try:
        operation = EXECUTION.read(document, None, variables)
    except RequestError as error:
        return error.answer
    return await EXECUTION.run(operation, Context(caller, federation, lambda: NOW))


def of(kind: str, *parts: str) -> dict[str, str]:
    return {"__typename": kind, "id": global_id(kind, *parts)}


async def test_entities_of_every_kind_are_in_order(federation: FakeFederation, alice: Caller) -> None:
    """Null for one that is unknown, and for an id of another type than the representation says."""
    flow = Flow(source="c8", native_id="f", state=FlowState.ACTIVE, rule="r", fetched_at=FETCHED_AT, name="Invoice")
    federation.flows[flow.ref] = flow
    federation.add(a_task("1"))
    asked = [
        of("Task", "c8", "1"),
        of("Flow", "c8", "f"),
        {"__typename": "User", "id": person_id("alice")},
        of("Group", "c8", "accounting"),
        of("Source", "geo"),
        of("Task", "c8", "404"),
        {"__typename": "Flow", "id": global_id("Task", "c8", "1")},
        {"__typename": "Task", "id": "nonsense"},
    ]
    result = await ask(federation, alice, ENTITIES_OF, r=asked)

    assert [] == result.errors
    assert result.data is not None
    assert [*ENTITIES, None, None, None] == [each and each["__typename"] for each in result.data["_entities"]]
    assert [each["id"] for each in asked[:5]] == [each["id"] for each in result.data["_entities"][:5]]


@pytest.mark.parametrize("kind", ["Task", "Flow"])
async def test_a_hundred_references_are_one_batch(federation: FakeFederation, alice: Caller, kind: str) -> None:
    """Of tasks and of flows."""
    federation.add(*(a_task(str(number)) for number in range(100)))
    for number in range(100):
        flow = Flow(source="c8", native_id=str(number), state=FlowState.ACTIVE, rule="r", fetched_at=FETCHED_AT)
        federation.flows[flow.ref] = flow
    asked = [of(kind, "c8", str(number)) for number in range(100)]
    document = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Task { id } ... on Flow { id } } }"
    result = await ask(federation, alice, document, r=asked)

    assert result.data is not None
    assert [each["id"] for each in asked] == [each["id"] for each in result.data["_entities"]]
    assert [100] == [len(refs) for refs in federation.calls["get_tasks" if kind == "Task" else "get_visible_flows"]]


async def test_more_than_a_hundred_are_refused(federation: FakeFederation, alice: Caller) -> None:
    """As for `nodes`."""
    result = await ask(federation, alice, ENTITIES_OF, r=[of("Task", "c8", "1")] * 101)

    assert result.data is None
    assert ["VALIDATION_FAILED"] == [error["extensions"]["code"] for error in result.errors]


@pytest.mark.parametrize(
    "representation",
    [
        {"__typename": "Task"},
        {"__typename": "Task", "id": 5},
        {"id": "x"},
        {"__typename": "Robot", "id": "x"},
        {"__typename": "Comment", "id": global_id("Comment", "c8", "1", "n")},
        {"__typename": ["Task"], "id": "x"},
        "Task",
        7,
    ],
)
async def test_a_representation_that_is_none_fails_alone(
    federation: FakeFederation, alice: Caller, representation: object
) -> None:
    """Without a key, or of a type that is no entity. The others are answered."""
    federation.add(a_task("1"))
    result = await ask(federation, alice, ENTITIES_OF, r=[representation, of("Task", "c8", "1")])

    assert result.data is not None
    assert [None, "Task"] == [each and each["__typename"] for each in result.data["_entities"]]
    assert [(["_entities", 0], "VALIDATION_FAILED")] == [
        (error["path"], error["extensions"]["code"]) for error in result.errors
    ]


async def test_an_entity_that_cannot_be_loaded_fails_alone(federation: FakeFederation, alice: Caller) -> None:
    """With the error of its source."""
    federation.add(a_task("1"))
    federation.tasks[TaskRef("geo", "2")] = UpstreamTimeoutError("no answer").at("geo", "get_tasks")
    result = await ask(federation, alice, ENTITIES_OF, r=[of("Task", "geo", "2"), of("Task", "c8", "1")])

    assert result.data is not None
    assert [None, "Task"] == [each and each["__typename"] for each in result.data["_entities"]]
    assert [["_entities", 0]] == [error["path"] for error in result.errors]


async def test_details_of_many_entities_are_too_costly(federation: FakeFederation, alice: Caller) -> None:
    """The limits of a document hold: details of at most 20 rows."""
    document = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Task { data } } }"
    result = await ask(federation, alice, document, r=[of("Task", "c8", "1")] * 21)

    assert ["TOO_COSTLY"] == [error["extensions"]["code"] for error in result.errors]


@pytest.mark.parametrize("version", get_args(FederationVersion))
async def test_the_service_tells_the_sdl(federation: FakeFederation, alice: Caller, version: FederationVersion) -> None:
    """The graph's own, with a key for each entity; without the fields that only routers use."""
    told = subgraph_sdl(sdl(), version)

    assert told.startswith(f'extend schema @link(url: "https://specs.apollo.dev/federation/v{version}"')
    assert len(ENTITIES) == told.count('@key(fields: "id") {')
    assert "type PageInfo @shareable {" in told
    assert "_entities" not in told
    without = told.partition("\n\n")[2].replace(' @key(fields: "id")', "").replace(" @shareable", "")
    assert sdl() == without
    if version == "2.3":
        result = await ask(federation, alice, "{ _service { sdl } }")
        assert {"_service": {"sdl": told}} == result.data


def test_the_graph_of_clients_has_none_of_it() -> None:
    """Unless it is switched on."""
    names = build_schema()._schema.type_map.keys()
    own = build_subgraph("2.3")._schema
    described = [own.type_map[name].description for name in ("_Any", "_Entity", "_Service")]

    assert {"_Any", "_Entity", "_Service"} == own.type_map.keys() - names
    assert set() == names - own.type_map.keys()
    assert all(described)
    assert {"_entities", "_service"} == own.query_type.fields.keys() - build_core(sdl()).query_type.fields.keys()  # type: ignore[union-attr]


def test_the_page_shows_what_works() -> None:
    """Its command is one of the program, its configuration is taken, and the other team's keys are ours."""
    text = (Path(__file__).parents[2] / "docs" / "subgraph.md").read_text(encoding="utf-8")
    (settings,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (other,) = re.findall(r"```graphql\n(.*?)```", text, re.DOTALL)

    assert {"enabled": True, "version": "2.3"} == tomllib.loads(settings)["gateway"]["subgraph"]
    assert "taskgate schema --subgraph 2.3 > taskgate.graphql" in text
    assert set(re.findall(r"^type (\w+) @key\(fields: \"id\", resolvable: false\)", other, re.MULTILINE)) <= set(
        ENTITIES
    )
    assert subgraph_sdl(sdl(), "2.3").partition(", import")[0] == other.partition(", import")[0]


def test_a_graph_without_an_entity_is_noticed() -> None:
    """If a type gets another name."""
    with pytest.raises(ValueError, match="is a type of the schema"):
        subgraph_sdl(sdl().replace("type Task implements Node {", "type Job implements Node {"), "2.3")
