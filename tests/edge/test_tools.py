"""Tools of the GraphQL world on our schema. Each list of what a tool found must be empty; a control shows that it finds faults."""

import re
from pathlib import Path

import pytest
from graphql import build_client_schema, get_introspection_query, graphql_sync, print_schema

from schema.api import build_schema, sdl
from tests.edge.conftest import told_by_node

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


async def test_tools_find_nothing(node: str) -> None:
    """Code Generator with tsc --strict, Inspector, graphql-eslint, graphql-schema-linter."""
    asked = get_introspection_query(schema_description=True, specified_by_url=True, input_value_deprecation=True)
    introspected = graphql_sync(build_schema()._schema, asked).data
    assert introspected is not None
    told = await told_by_node(
        node,
        "tools.mjs",
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

    assert {} == {tool: found for tool, found in told.items() if found and not tool.startswith("control")}
    controls = {tool: bool(found) for tool, found in told.items() if tool.startswith("control")}
    assert (4, True) == (len(controls), all(controls.values()))
    assert 8 == len(told) - len(controls)
