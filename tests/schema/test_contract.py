"""The printed schema against the committed one, and against the contract it is a part of."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_specified_scalar_type,
    print_ast,
)

from schema import api

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT.parent / "shared" / "design" / "schema.graphql"


ADDED = {"SourceResult.note"}
"""What is served beyond the contract, which allows that."""

LEFT_OUT = {"FilterPlacement": {"IGNORED"}}
"""Values of the contract's enums that are not served: no filter or order is ever left out."""


def _core() -> GraphQLSchema:
    return build_schema(api.sdl())


def _own_types(graph: GraphQLSchema) -> list[GraphQLNamedType]:
    return [
        each
        for each in graph.type_map.values()
        if not each.name.startswith("__") and not is_specified_scalar_type(each)
    ]


def _elements(graph: GraphQLSchema) -> dict[str, str]:
    """Every type, field, argument and enum value by its path, with its type and default."""
    found: dict[str, str] = {}
    for each in _own_types(graph):
        found[each.name] = type(each).__name__
        if isinstance(each, GraphQLEnumType):
            found |= {f"{each.name}.{value}": "value" for value in each.values}
        elif isinstance(each, GraphQLInputObjectType):
            for name, member in each.fields.items():
                found[f"{each.name}.{name}"] = f"{member.type}{_default(member)}"
        elif isinstance(each, (GraphQLObjectType, GraphQLInterfaceType)):
            found |= {f"{each.name} implements {interface.name}": "" for interface in each.interfaces}
            for name, field in each.fields.items():
                found[f"{each.name}.{name}"] = str(field.type)
                for argument, taken in field.args.items():
                    found[f"{each.name}.{name}({argument})"] = f"{taken.type}{_default(taken)}"
    return found


def _default(taken: object) -> str:
    node = getattr(taken, "ast_node", None)
    return "" if node is None or node.default_value is None else f" = {print_ast(node.default_value)}"


def test_schema_is_a_part_of_the_contract() -> None:
    """Whatever is served has the name, type, nullability and default that the contract gives it."""
    if not CONTRACT.exists():
        pytest.skip("the contract stands beside the repository, and is not here")
    contract = _elements(build_schema(CONTRACT.read_text(encoding="utf-8")))

    assert {} == {
        path: what for path, what in _elements(_core()).items() if path not in ADDED and contract.get(path) != what
    }
    assert {path: contract.get(path) for path in ADDED} == dict.fromkeys(ADDED)


def test_every_enum_is_complete() -> None:
    """An enum that is served has all values of the contract but those that are left out."""
    if not CONTRACT.exists():
        pytest.skip("the contract stands beside the repository, and is not here")
    contract = build_schema(CONTRACT.read_text(encoding="utf-8"))
    missing = {
        each.name: set(theirs.values) - set(each.values)
        for each in _own_types(_core())
        if isinstance(each, GraphQLEnumType)
        and isinstance(theirs := contract.type_map.get(each.name), GraphQLEnumType)
        and set(theirs.values) != set(each.values)
    }

    assert missing == LEFT_OUT


def test_committed_schema_is_the_printed_one() -> None:
    """`schema.graphql` is what `taskgate schema` prints."""
    committed = (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")

    assert committed == api.sdl()


def test_every_element_has_a_description() -> None:
    """No type, field, argument, input field or enum value goes without words."""
    silent: list[str] = []
    for each in _own_types(_core()):
        members: dict[str, object] = {each.name: each}
        if isinstance(each, GraphQLEnumType):
            members |= {f"{each.name}.{name}": value for name, value in each.values.items()}
        elif isinstance(each, GraphQLInputObjectType):
            members |= {f"{each.name}.{name}": field for name, field in each.fields.items()}
        elif isinstance(each, (GraphQLObjectType, GraphQLInterfaceType)):
            for name, field in each.fields.items():
                members[f"{each.name}.{name}"] = field
                members |= {f"{each.name}.{name}({key})": taken for key, taken in field.args.items()}
        silent += [path for path, member in members.items() if not getattr(member, "description", None)]

    assert [] == silent


def test_schema_is_built_once() -> None:
    """A second asker gets the same object."""
    assert api.build_schema() is api.build_schema()
