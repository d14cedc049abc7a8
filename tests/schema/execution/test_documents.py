"""Documents that try to be dear, and what is kept of those that are not."""

import sys
from types import FrameType
from typing import Any

import pytest
from graphql import get_introspection_query
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.documents import HONEST, LARGEST, corpus
from schema.api import build_schema
from schema.core.limits import DocumentLimits
from schema.execution.documents import KEPT_DOCUMENTS, DocumentError, Documents

GRAPH = build_schema()._schema
CORPUS = corpus()

MOST_CALLS = 120_000
"""Of Python functions; the inbox of the corpus takes some 11,000."""


def fresh(**options: bool) -> Documents:
    return Documents(GRAPH, DocumentLimits(), **options)


def outcome(text: str, documents: Documents | None = None) -> str:
    documents = documents or fresh()
    try:
        documents.operation(documents.read(text), None, {})
    except DocumentError as error:
        return error.code
    return "accepted"


def calls_of(text: str) -> int:
    """How many Python functions are called for a document: CPU that does not depend on the machine."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        outcome(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", list(CORPUS))
def test_a_hostile_document_is_soon_through(name: str) -> None:
    """Accepted or refused by a code, with a bounded number of steps."""
    text = CORPUS[name]

    assert outcome(text) in {
        "accepted",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "TOO_COSTLY",
        "OPERATION_RESOLUTION_FAILURE",
    }
    assert calls_of(text) <= MOST_CALLS


WORDS = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "...",
    "on",
    "Task",
    "tasks",
    "nodes",
    ":",
    "@include",
    "$a",
    "$b",
    '"',
    "#",
    "\n",
]
WORDS += [
    "1",
    "!",
    "fragment",
    "F",
    "G",
    "query",
    "Q",
    "first",
    "if",
    "true",
    "null",
    "{ id }",
    "id",
    "a:",
    "...F",
    "=",
    "&",
]


@given(st.lists(st.sampled_from(WORDS), max_size=400).map(" ".join))
def test_any_text_is_accepted_or_refused(text: str) -> None:
    """Nothing but DocumentError leaves."""
    assert outcome(text) in {
        "accepted",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "TOO_COSTLY",
        "OPERATION_RESOLUTION_FAILURE",
        "SUBSCRIPTIONS_NOT_SERVED",
    }


@given(st.text(max_size=LARGEST // 100))
def test_any_characters_are_accepted_or_refused(text: str) -> None:
    """Surrogates, controls and marks of byte order among them."""
    assert outcome(text) in {
        "accepted",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
    }


def test_honest_documents_are_accepted() -> None:
    """An inbox, and what tools ask to know the schema."""
    assert ["accepted", "accepted"] == [outcome(HONEST), outcome(get_introspection_query())]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("{ " + "...F " * 101 + "} fragment F on Query { __typename }", "more than 100 spreads"),
        ("{ " + "... { __typename } " * 101 + "}", "more than 100 spreads"),
        ("{ __typename " + "@skip(if: false) " * 51 + "}", "more than 50 directives"),
        ("query (" + "$a: Int " * 51 + ") { __typename }", "more than 50 variables"),
        ("query Q { __typename } " * 21, "more than 20 operations"),
        ("{ __typename } " + "fragment F on Query { __typename } " * 51, "more than 50 fragments"),
        ("{ tasks(" + "first: 1 " * 201 + ") { totalCount } }", "more than 200 arguments"),
        ("{ tasks(filter: {" + "isOpen: true " * 201 + "}) { totalCount } }", "more than 200 arguments"),
        ("{ " + "__typename " * 501 + "}", "more than 500 fields"),
        ("{ " + "__typename " * 500 + "}", "too many fields of one name"),
        ("type T { a: Int }", "Only operations and fragments"),
    ],
)
def test_each_count_has_its_limit(text: str, refusal: str) -> None:
    """Told in words; `[gateway.limits]` sets them."""
    with pytest.raises(DocumentError) as refused:
        fresh().read(text)

    assert "TOO_COSTLY" == refused.value.code
    assert refusal in refused.value.errors[0].message


def test_faults_are_told_up_to_a_number() -> None:
    """Five, and that there are more."""
    with pytest.raises(DocumentError) as refused:
        fresh().read("{ " + " ".join(f"nothing{n}" for n in range(9)) + " }")

    assert 6 == len(refused.value.errors)
    assert "Too many validation errors" in refused.value.errors[-1].message


@pytest.mark.parametrize("field", ["__schema { types { name } }", '__type(name: "Task") { name }'])
def test_without_introspection_the_schema_is_not_told(field: str) -> None:
    """`__typename` is no introspection: clients' caches live by it."""
    documents = fresh(introspection=False)

    assert "GRAPHQL_VALIDATION_FAILED" == outcome(f"{{ {field} }}", documents)
    assert "accepted" == outcome("{ __typename }", documents)


def test_only_valid_documents_are_kept() -> None:
    """And no more than a number of them: whoever sends nonsense pushes nothing out."""
    documents = fresh()
    first = documents.read("{ __typename }")
    for number in range(KEPT_DOCUMENTS * 2):
        outcome(f"{{ nothing{number} }}", documents)
    kept = documents.read("{ __typename }")
    for number in range(KEPT_DOCUMENTS):
        documents.read(f"{{ a{number}: __typename }}")
    read_again = documents.read("{ __typename }")

    assert first is kept
    assert first is not read_again


def test_a_large_document_is_not_kept() -> None:
    """It would cost the memory of many small ones."""
    documents = fresh()
    text = '{ task(id: "' + "x" * LARGEST + '") { id } }'

    assert documents.read(text) is not documents.read(text)
