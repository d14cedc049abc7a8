"""Documents that are made to be expensive, and which documents are kept."""

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

pytestmark = pytest.mark.slow

GRAPH = build_schema()._schema
CORPUS = corpus()

MOST_CALLS = 120_000
"""Calls of Python functions. The inbox of the corpus takes about 11,000."""


def fresh(**options: bool) -> Documents:
    return Documents(GRAPH, DocumentLimits(), **options)


def outcome(text: str, documents: Documents | None = None) -> str:
    documents = documents or fresh()
    try:
        documents.operation(documents.read(text), None, {})
    except DocumentError as error:
        return error.code
    return "accepted"


def outcome_and_calls(text: str) -> tuple[str, int]:
    """The outcome, and the number of Python functions called for it: a measure of CPU time that is the same on every
    machine.
    """
    documents, count = fresh(), 0

    def counted(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        told = outcome(text, documents)
    finally:
        sys.setprofile(before)
    return told, count


@pytest.mark.parametrize("name", list(CORPUS))
def test_a_hostile_document_takes_few_steps(name: str) -> None:
    """It is accepted, or refused with a code."""
    text = CORPUS[name]()
    told, calls = outcome_and_calls(text)

    assert len(text.encode()) <= LARGEST
    assert told in {
        "accepted",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "TOO_COSTLY",
        "OPERATION_RESOLUTION_FAILURE",
    }
    assert calls <= MOST_CALLS


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
    """The only exception is DocumentError."""
    assert outcome(text) in {
        "accepted",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "TOO_COSTLY",
        "OPERATION_RESOLUTION_FAILURE",
        "NOT_A_STREAM",
    }


@given(st.text(max_size=LARGEST // 100))
def test_any_characters_are_accepted_or_refused(text: str) -> None:
    """Including surrogates, control characters and byte order marks."""
    assert outcome(text) in {
        "accepted",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
    }


def test_ordinary_documents_are_accepted() -> None:
    """An inbox, and the introspection queries of tools."""
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
    """The error says which. `[gateway.limits]` sets them."""
    with pytest.raises(DocumentError) as refused:
        fresh().read(text)

    assert "TOO_COSTLY" == refused.value.code
    assert refusal in refused.value.errors[0].message


def test_a_limited_number_of_faults_is_reported() -> None:
    """Five, and that there are more."""
    with pytest.raises(DocumentError) as refused:
        fresh().read("{ " + " ".join(f"nothing{n}" for n in range(9)) + " }")

    assert 6 == len(refused.value.errors)
    assert "Too many validation errors" in refused.value.errors[-1].message


@pytest.mark.parametrize("field", ["__schema { types { name } }", '__type(name: "Task") { name }'])
def test_without_introspection_the_schema_is_hidden(field: str) -> None:
    """`__typename` is allowed, because clients' caches need it."""
    documents = fresh(introspection=False)

    assert "GRAPHQL_VALIDATION_FAILED" == outcome(f"{{ {field} }}", documents)
    assert "accepted" == outcome("{ __typename }", documents)


def test_only_valid_documents_are_kept() -> None:
    """Up to a number. Invalid documents do not push out valid ones."""
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
    """It would take the memory of many small ones."""
    documents = fresh()
    text = '{ task(id: "' + "x" * LARGEST + '") { id } }'

    assert documents.read(text) is not documents.read(text)
