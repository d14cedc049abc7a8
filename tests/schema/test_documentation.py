"""README.md and CHANGELOG.md name only fields that the schema has.

Checked are texts between backticks, outside of code blocks:

Type.field          the field of that type
field(argument:)    a field of that name with that argument
one.two             a field `two` of the type of a field `one`, if there is a field `one`
camelCase           a field, argument or input field
word                in CHANGELOG.md also a field, argument or input field, or one of OTHER_WORDS
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
)

from schema.api import build_schema

ROOT = Path(__file__).parents[2]
GRAPH = build_schema()._schema
OTHER_WORDS = {"operationName", "documentId", "check", "deadline", "sandbox", "serve", "schema"}
"""Parameters of GraphQL over HTTP, commands of `taskgate`, and a setting."""

TYPES = {
    each.name: each.fields
    for each in GRAPH.type_map.values()
    if isinstance(each, GraphQLObjectType | GraphQLInterfaceType) and not each.name.startswith("__")
}
INPUTS = {each.name: each.fields for each in GRAPH.type_map.values() if isinstance(each, GraphQLInputObjectType)}
FIELDS: dict[str, list[GraphQLField]] = {}
for fields in TYPES.values():
    for name, field in fields.items():
        FIELDS.setdefault(name, []).append(field)
NAMES = {
    *FIELDS,
    *(name for members in INPUTS.values() for name in members),
    *(name for fields in FIELDS.values() for field in fields for name in field.args),
}


def _spans(text: str) -> Iterator[str]:
    prose = re.sub(r"```.*?```|<details>.*?</details>", "", text, flags=re.DOTALL)
    for span in re.findall(r"`([^`\n]+)`", prose):
        is_list = all(re.fullmatch(r"[a-z]+[A-Z]\w*", word) for word in span.split())
        yield from span.split() if is_list else [span]


def _has_path(path: list[str]) -> bool:
    found = FIELDS[path[0]]
    for name in path[1:]:
        inner = [TYPES.get(get_named_type(field.type).name, {}) for field in found]
        found = [fields[name] for fields in inner if name in fields]
    return bool(found)


def _is_unknown(span: str, *, words: bool) -> bool:
    """Whether `span` names an element of the graph that does not exist. With `words`, plain words are names too."""
    if match := re.fullmatch(r"([A-Z]\w*)\.([a-z]\w*)", span):
        return match[2] not in {**TYPES, **INPUTS}.get(match[1], {})
    if match := re.fullmatch(r"([a-z]\w*)\(([^()]*)\)", span):
        arguments = set(re.findall(r"[a-z]\w*", match[2].replace(":", " ")))
        return not any(arguments <= field.args.keys() for field in FIELDS.get(match[1], []))
    if re.fullmatch(r"[a-z]\w*(\[\])?(\.[a-z]\w*)+", span):
        path = span.replace("[]", "").split(".")
        return path[0] in FIELDS and not _has_path(path)
    if re.fullmatch(r"[a-z]+[A-Z][a-zA-Z]*" if not words else r"[a-z]+[a-zA-Z]*", span):
        return span not in NAMES | OTHER_WORDS
    return False


@pytest.mark.parametrize("file", ["README.md", "CHANGELOG.md"])
def test_every_name_of_the_graph_exists(file: str) -> None:
    """In both documents."""
    text = (ROOT / file).read_text(encoding="utf-8")

    assert [] == [span for span in _spans(text) if _is_unknown(span, words=file == "CHANGELOG.md")]


@pytest.mark.parametrize(
    ("span", "is_unknown"),
    [
        ("Source.status", False),
        ("Source.state", True),
        ("Robot.status", True),
        ("node(id:)", False),
        ("task(id:, freshness: FRESH)", False),
        ("task(key:)", True),
        ("robot(id:)", True),
        ("viewer.inbox", False),
        ("viewer.outbox", True),
        ("errors[].code", False),
        ("errors[].colour", True),
        ("extensions.taskgate", False),
        ("permittedActions", False),
        ("permittedAction", True),
        ("idempotencyKey", False),
        ("operation", False),
        ("robot", True),
        ("max_entries", False),
        ("Retry-After", False),
    ],
)
def test_names_differ_from_other_words(span: str, is_unknown: bool) -> None:
    """Settings, headers and media types are not names of the graph."""
    assert is_unknown == _is_unknown(span, words=True)


def test_the_types_without_an_id_are_named_for_caches() -> None:
    """What a normalising cache must be told, once and whole."""
    text = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"const parts = \[(.*?)\];", text, flags=re.DOTALL)

    without_id = {name for name, fields in TYPES.items() if "id" not in fields} - {"Query", "Mutation", "Viewer"}
    assert sorted(without_id) == sorted(re.findall(r'"(\w+)"', listed))
