"""docs/ is checked by tests: the files that it names exist, and the map names every folder."""

import re
from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    LoneAnonymousOperationRule,
    build_schema,
    parse,
    specified_rules,
    validate,
)

from tests.tree import PACKAGES, ROOT, rooms

DOCS = ROOT / "docs"
MAP = DOCS / "architecture.md"
TOP = {*PACKAGES, "benchmarks", "docs", "tests"}
VENDORS = {path.parent.name for path in ROOT.glob("connectors/*/wire.py")}
PATH = re.compile(r"(?<![\w./<>-])(?:[\w.<>-]+/)+[\w.<>-]*")
"""For example `gateway/http/` and `connectors/<vendor>/wire.py`. A name without a slash is not a path."""


def named(text: str) -> set[str]:
    """Paths from the root of the repository, without a slash at their end. `<vendor>` stands for each vendor."""
    found = {path.rstrip("/.") for path in PATH.findall(text)}
    paths = {path.replace("<vendor>", vendor) for path in found for vendor in VENDORS}
    return {path for path in paths if path.partition("/")[0] in TOP and "<" not in path}


def test_paths_are_found_in_sentences_and_in_code() -> None:
    """Other texts with a slash are left out."""
    text = "`gateway/app.py`, see [it](../schema/api.py).\n\n```\nsandbox/\n  sandbox/<vendor>/  a/b\n```\nschema/<noun>/x.py and/or."

    assert named(text) == {"gateway/app.py", "sandbox", *(f"sandbox/{vendor}" for vendor in VENDORS)}


def test_the_map_names_every_folder() -> None:
    """Each room of the product, and each folder at the top level."""
    folders = {room.replace(".", "/") for room in rooms()} | TOP

    assert set() == folders - named(MAP.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_what_a_page_names_exists(page: Path) -> None:
    """Files and folders."""

    assert [] == [path for path in sorted(named(page.read_text(encoding="utf-8"))) if not (ROOT / path).exists()]


def _is_operation(document: DocumentNode) -> bool:
    """Blocks with parts of a schema are no operations."""
    return all(isinstance(node, ExecutableDefinitionNode) for node in document.definitions)


@pytest.fixture(scope="module")
def graph() -> GraphQLSchema:
    """The printed graph, with the directives that only introspection has."""
    text = (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")
    return build_schema(
        f"{text}\ndirective @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT"
    )


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", *DOCS.glob("*.md")]), ids=lambda page: page.name)
def test_each_operation_of_a_page_is_one_of_the_graph(graph: GraphQLSchema, page: Path) -> None:
    """A block may have several operations without names, which are sent one at a time."""
    blocks = re.findall(r"^```graphql\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    documents = [document for document in map(parse, blocks) if _is_operation(document)]
    rules = [rule for rule in specified_rules if rule is not LoneAnonymousOperationRule]
    wrong: list[GraphQLError] = [error for document in documents for error in validate(graph, document, rules)]

    assert [] == wrong
