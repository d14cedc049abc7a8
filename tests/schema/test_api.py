"""The schema as text: committed, sorted, and with a description for every element."""

import functools
import re
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    is_specified_scalar_type,
)

from schema import api
from tests.schema.conftest import Ask

ROOT = Path(__file__).parents[2]


@functools.cache
def _descriptions() -> dict[str, str | None]:
    """The descriptions of all types, fields, arguments, input fields and enum values, by path."""
    found: dict[str, str | None] = {}
    for each in build_schema(api.sdl()).type_map.values():
        if each.name.startswith("__") or is_specified_scalar_type(each):
            continue
        found[each.name] = each.description
        if isinstance(each, GraphQLEnumType):
            found |= {f"{each.name}.{name}": value.description for name, value in each.values.items()}
        elif isinstance(each, GraphQLInputObjectType):
            found |= {f"{each.name}.{name}": member.description for name, member in each.fields.items()}
        elif isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in each.fields.items():
                found[f"{each.name}.{name}"] = field.description
                found |= {f"{each.name}.{name}({key})": taken.description for key, taken in field.args.items()}
    return found


def test_committed_schema_is_the_printed_one() -> None:
    """`schema.graphql` is what `taskgate schema` prints."""
    committed = (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")

    assert committed == api.sdl()


def test_types_are_sorted_by_name() -> None:
    """So a change of the schema changes few lines of the file."""
    names = re.findall(r"^(?:type|interface|input|enum|scalar|union) (\w+)", api.sdl(), re.MULTILINE)

    assert len(names) > 90
    assert sorted(names) == names


def test_every_element_has_a_description() -> None:
    """Types, fields, arguments, input fields and enum values."""
    assert [] == [path for path, description in _descriptions().items() if not description]


@pytest.mark.parametrize("words", ["whoever", "nobody", "somebody", "anybody", "has not none", "Of which"])
def test_descriptions_are_plain(words: str) -> None:
    """They are whole sentences and do not contain these words."""
    described = {path: text or "" for path, text in _descriptions().items()}

    assert [] == [path for path, text in described.items() if words in text]
    assert [] == [path for path, text in described.items() if not re.match(r"[A-Z0-9`]", text) or text[-1:] != "."]


async def test_the_schema_says_where_to_start(ask: Ask) -> None:
    """In introspection and in the printed text."""
    result = await ask("{ __schema { description } }")

    assert result.data is not None
    assert "Start at `viewer.inbox`" in result.data["__schema"]["description"]
    assert build_schema(api.sdl()).description == result.data["__schema"]["description"]


def test_schema_is_built_once() -> None:
    """Every caller gets the same object."""
    assert api.build_schema() is api.build_schema()
