"""The printed schema against the contract.

contract_difference.toml lists all that differs.
"""

import tomllib
from collections.abc import Iterable
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
DIFFERENCE = Path(__file__).with_name("contract_difference.toml")

needs_contract = pytest.mark.skipif(
    not CONTRACT.exists(), reason="needs the contract ../shared/design/schema.graphql, which is not in the repository"
)


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


def _outermost(paths: Iterable[str]) -> set[str]:
    """The paths without those below another path: a type stands for its fields, a field for its arguments."""
    found = set(paths)

    def above(path: str) -> set[str]:
        return {path.split(mark, maxsplit=1)[0] for mark in (".", "(", " ") if mark in path}

    return {path for path in found if not above(path) & found}


@needs_contract
def test_the_schema_is_the_contract_except_for_listed_differences() -> None:
    """Every other element exists and has the contract's type, nullability and default."""
    contract, printed = _elements(build_schema(CONTRACT.read_text(encoding="utf-8"))), _elements(_core())
    listed = tomllib.loads(DIFFERENCE.read_text(encoding="utf-8"))

    assert {path for paths in listed["absent"].values() for path in paths} == _outermost(
        contract.keys() - printed.keys()
    )
    assert set(listed["added"]) == _outermost(printed.keys() - contract.keys())
    assert {} == {
        path: (contract[path], printed[path])
        for path in contract.keys() & printed.keys()
        if contract[path] != printed[path]
    }
