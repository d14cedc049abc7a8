"""Tools of the GraphQL world on our schema. Code Generator with tsc --strict, Inspector, graphql-eslint, graphql-schema-linter."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from graphql import build_client_schema, get_introspection_query, graphql_sync, print_schema

from schema.api import build_schema, sdl
from tests.clients.conftest import answered_by_node
from tests.edge.conftest import HERE

CLIENTS = Path(__file__).parents[2] / "docs" / "clients.md"
LINTER_RULES = (
    "arguments-have-descriptions",
    "defined-types-are-used",
    "deprecations-have-a-reason",
    "descriptions-are-capitalized",
    "enum-values-all-caps",
    "enum-values-have-descriptions",
    "fields-are-camel-cased",
    "fields-have-descriptions",
    "input-object-values-are-camel-cased",
    "input-object-values-have-descriptions",
    "relay-connection-arguments-spec",
    "relay-connection-types-spec",
    "relay-page-info-spec",
    "types-are-capitalized",
    "types-have-descriptions",
)
"""All but those that want fields, input fields and enum values in alphabetical order."""

pytestmark = pytest.mark.server


def without_id() -> list[str]:
    """The types that docs/clients.md names as parts of their parents."""
    (listed,) = re.findall(r"const parts = \[(.*?)\];", CLIENTS.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [*re.findall(r'"(\w+)"', listed), "Viewer"]


TOOLS = (
    "@graphql-codegen with tsc --strict",
    "@graphql-inspector diff",
    "@graphql-inspector validate",
    "@graphql-inspector coverage",
    "graphql-eslint schema-recommended",
    "graphql-eslint schema-relay",
    "graphql-eslint operations-recommended",
    "graphql-schema-linter",
)
CONTROLS = (
    "control: a forgotten null",
    "control: a field removed",
    "control: a wrong name",
    "control: a type without a description",
)


@pytest.fixture(scope="module")
async def found(node: str) -> Mapping[str, list[str]]:
    """What each tool found. All tests share one run."""
    asked = get_introspection_query(schema_description=True, specified_by_url=True, input_value_deprecation=True)
    introspected = graphql_sync(build_schema()._schema, asked).data
    assert introspected is not None
    told: dict[str, list[str]] = await answered_by_node(
        node,
        HERE / "tools.mjs",
        {
            "schema": sdl(),
            # What a client reads by introspection is what is printed.
            "older": print_schema(build_client_schema(introspected)),  # type: ignore[arg-type]
            "schemaRules": {
                "@graphql-eslint/strict-id-in-types": ["error", {"exceptions": {"types": without_id()}}],
            },
            # Activities have no id, and lists beside connections are allowed.
            "relayRules": {
                "@graphql-eslint/relay-edge-types": [
                    "error",
                    {"withEdgeSuffix": True, "shouldImplementNode": False, "listTypeCanWrapOnlyEdgeType": False},
                ]
            },
            "linterRules": LINTER_RULES,
        },
    )
    assert {*TOOLS, *CONTROLS} == told.keys()
    return told


@pytest.mark.parametrize("tool", TOOLS)
async def test_a_tool_finds_nothing(found: Mapping[str, list[str]], tool: str) -> None:
    """No fault, no warning, no difference."""
    assert [] == found[tool]


@pytest.mark.parametrize("control", CONTROLS)
async def test_a_planted_fault_is_found(found: Mapping[str, list[str]], control: str) -> None:
    """Otherwise the tool would have looked at nothing."""
    assert found[control]
