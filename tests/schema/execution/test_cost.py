"""Limits on documents."""

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, get_introspection_query, parse

from schema.api import build_schema, build_subgraph
from schema.core.limits import DocumentLimits
from schema.execution.cost import Measure, Meter
from schema.execution.documents import DocumentError, Documents
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FakeFederation

GRAPH = build_schema()._schema
SUBGRAPH = build_subgraph("2.3")._schema


def _measured(
    document: str, variables: dict[str, object] | None = None, graph: GraphQLSchema = GRAPH
) -> tuple[Measure, int]:
    parsed = parse(document)
    meter = Meter(graph, parsed, variables)
    (operation,) = (node for node in parsed.definitions if isinstance(node, OperationDefinitionNode))
    return meter.measure(operation), meter.visited


def _refusals(document: str, variables: dict[str, object] | None = None) -> list[str]:
    measure, limits = _measured(document, variables)[0], DocumentLimits()
    return [*measure.structure_excesses(limits), *measure.cost_excesses(limits)]


def test_measure_adds_up() -> None:
    """Fields and aliases of a fragment count for each spread."""
    document = """{ a: tasks(first: 10) { nodes { ...T } edges { node { ...T } } } viewer { inbox { totalCount } } }
      fragment T on Task { id x: title assignee { id } }"""
    expected = Measure(fields=7 + 8, aliases=3, depth=5, objects=10 + 25, answer_fields=138)

    assert expected == _measured(document)[0]


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        ("{ tasks(first: 20) { nodes { form { kind } } } }", 20),
        ("{ tasks(first: 21) { edges { node { data } } } }", 21),
        ("{ tasks { nodes { outcomes { code } } } }", 25),
        ("{ tasks(first: null) { nodes { previousSteps { name } } } }", 25),
        ("query($n: Int) { tasks(first: $n) { nodes { form { kind } } } }", 100),
        ('{ task(id: "x") { form { kind } data } }', 1),
        ('{ nodes(ids: ["a", "b"]) { ... on Task { data } } }', 2),
        ('{ nodes(ids: "a") { ... on Task { data } } }', 1),
        ("query($i: [ID!]!) { nodes(ids: $i) { ...D } } fragment D on Task { data }", 100),
        ("{ tasks(first: 100) { nodes { description } } }", 0),
        ("{ tasks(first: 7) { nodes { comments(first: 100) { totalCount } } } }", 7),
        ('{ task(id: "x") { activities(last: 50) { nodes { at } } } }', 1),
    ],
)
def test_detail_rows_are_the_rows_of_the_page(document: str, rows: int) -> None:
    """An unknown variable counts as the largest page."""
    assert rows == _measured(document)[0].detail_rows


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        ("query($r: [_Any!]!) { _entities(representations: $r) { ... on Task { data } } }", 3),
        ('{ _entities(representations: [{id: "a"}, {id: "b"}]) { ... on Task { data } } }', 2),
    ],
)
def test_entities_are_a_list_of_as_many_rows(document: str, rows: int) -> None:
    """As `nodes` is."""
    measure = _measured(document, {"r": [{}, {}, {}]}, SUBGRAPH)[0]

    assert (rows, rows) == (measure.objects, measure.detail_rows)


@pytest.mark.parametrize(
    ("variables", "rows"), [({"n": 20}, 20), ({"n": None}, 25), ({}, 15), ({"n": -3}, 1), ({"n": 10**9}, 10**9)]
)
def test_known_variable_counts_as_its_value(variables: dict[str, object], rows: int) -> None:
    """Or as its default."""
    document = "query($n: Int = 15) { tasks(first: $n) { nodes { data } } }"

    assert rows == _measured(document, variables)[0].detail_rows


def test_known_list_variable_counts_by_its_length() -> None:
    """Three ids are three rows."""
    document = "query($i: [ID!]!) { nodes(ids: $i) { ... on Task { data } } }"

    assert 3 == _measured(document, {"i": ["a", "b", "c"]})[0].detail_rows


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        ("{ " + " ".join(f"t{n}: __typename" for n in range(31)) + " }", "31 aliases"),
        ("{ " + "__typename " * 501 + "}", "501 fields"),
        (
            '{ flow(id: "x") { ' + "parent { " * 11 + "id " + "} " * 11 + "} }",
            "13 levels deep",
        ),
        ("{ __schema { types { " + "ofType { " * 13 + "name " + "} " * 13 + "} } }", "16 levels deep"),
        ("{ tasks(first: 5001) { nodes { id } } }", "5001 objects"),
        ("{ tasks(first: 21) { nodes { data } } }", "21 rows"),
    ],
)
def test_a_document_beyond_a_limit_is_refused(document: str, refusal: str) -> None:
    """One sentence with the count and the limit."""
    (message,) = _refusals(document)

    assert refusal in message


@pytest.mark.parametrize(
    "document",
    [
        get_introspection_query(),
        "{ " + " ".join(f"t{n}: __typename" for n in range(30)) + " }",
        "{ " + "__typename " * 500 + "}",
        '{ flow(id: "x") { ' + "parent { " * 10 + "id " + "} " * 10 + "} }",
        "{ tasks(first: 100) { nodes { id title assignee { displayName } flow { state } } } }",
        "{ tasks(first: 20) { nodes { form { kind } data outcomes { code } previousSteps { name } } } }",
    ],
)
def test_a_document_up_to_a_limit_is_accepted(document: str) -> None:
    """So is the introspection query of tools."""
    assert [] == _refusals(document)


def test_doubling_fragments_are_measured_in_linear_time() -> None:
    """Forty fragments that stand for 2^40 fields are visited once each."""
    spreads = "".join(
        f"fragment F{n} on Flow {{ a: parent {{ ...F{n + 1} }} b: root {{ ...F{n + 1} }} }} " for n in range(40)
    )
    document = '{ flow(id: "x") { ...F0 } } ' + spreads + "fragment F40 on Flow { id }"
    measure, visited = _measured(document)

    assert 2 + 40 * 4 + 1 == visited
    assert measure.fields > 2**40
    assert 3 == len(_refusals(document))


def test_cycle_of_fragments_ends() -> None:
    """Another rule reports the cycle."""
    assert [] == _refusals("{ viewer { user { ...A } } } fragment A on User { id ...B } fragment B on User { ...A }")


def test_deepest_nesting_ends_in_a_refusal() -> None:
    """Measuring stops at a hundred levels, so Python's stack does not overflow."""
    chain = "".join(f"fragment F{n} on Flow {{ parent {{ ...F{n + 1} }} }} " for n in range(400))
    document = '{ flow(id: "x") { ...F0 } } ' + chain + "fragment F400 on Flow { id }"

    assert 1 == len(_refusals(document))


def test_unknown_fields_and_types_are_left_to_other_rules() -> None:
    """This rule measures the rest."""
    assert [] == _refusals("{ nothing { id } ...N ... on Nowhere { id } tasks { nodes { id } } }")


async def test_limits_hold_for_requests(ask: Ask, federation: FakeFederation) -> None:
    """With the variables of the request, before any call."""
    document = "query($n: Int) { tasks(first: $n) { nodes { data } } }"
    refused = await ask(document, n=21)
    calls = dict(federation.calls)
    served = await ask(document, n=20)

    assert [{"code": "TOO_COSTLY"}] == [error["extensions"] for error in refused.errors]
    assert {} == calls
    assert [] == served.errors


VALUES: list[object] = [1, True, 1.0, "1", None, 0, False, [1], [1, 2], 2, 50, 2**70, 2**71, "x" * 200]


def test_what_was_measured_of_one_request_is_no_other_requests_measure() -> None:
    """Neither with other values, nor with equal ones of another type, nor of another document or operation."""
    texts = [
        "query A($first: Int) { tasks(first: $first) { nodes { id } } }",
        "query A($first: Int) { tasks(first: $first) { nodes { id title } } } query B($first: Int = 3) { tasks(first: $first) { totalCount } }",
    ]

    def told(documents: Documents, text: str, name: str, variables: dict[str, object] | None) -> object:
        try:
            operation, measure = documents.operation(documents.read(text), name, variables)
        except DocumentError as error:
            return error.code, str(error)
        return operation.name and operation.name.value, measure

    keeping = Documents(GRAPH, DocumentLimits())
    asked = [
        (text, name, variables)
        for text in texts
        for name in ("A", "B")
        for variables in (None, {}, *({"first": value, "other": 7} for value in VALUES))
    ]
    for each in [*asked, *reversed(asked), *asked]:
        assert told(keeping, *each) == told(Documents(GRAPH, DocumentLimits()), *each), each


def test_an_operation_is_measured_once_for_equal_values(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = Documents(GRAPH, DocumentLimits())
    document = documents.read("query ($first: Int) { tasks(first: $first) { nodes { id } } }")
    first = documents.operation(document, None, {"first": 5, "other": 1})
    monkeypatch.delattr(Meter, "measure")

    assert documents.operation(document, None, {"first": 5, "other": 2}) == first
