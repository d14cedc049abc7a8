import pytest

from gateway.documents import (
    NO_DOCUMENTS,
    AutomaticDocuments,
    DocumentLookup,
    DocumentRefusedError,
    HashMismatchError,
    TrustedDocuments,
    sha256_of,
)

TEXT = "{ __typename }"
HASH = sha256_of(TEXT)
TRUSTED = TrustedDocuments({"inbox": "query Inbox { __typename }"})


def refusal(lookup: DocumentLookup, query: str | None, name: str | None = None) -> str:
    with pytest.raises(DocumentRefusedError) as raised:
        lookup.text(query, name)
    return raised.value.code


def test_a_document_is_registered_by_its_hash_and_then_named() -> None:
    """The hash alone is first unknown. GraphQL over HTTP writes `sha256:` before it."""
    lookup = DocumentLookup(NO_DOCUMENTS, automatic=AutomaticDocuments())

    assert refusal(lookup, None, HASH) == "PERSISTED_QUERY_NOT_FOUND"
    assert TEXT == lookup.text(TEXT, HASH)
    assert refusal(lookup, None, HASH) == "PERSISTED_QUERY_NOT_FOUND"
    lookup.keep(TEXT, HASH)
    assert [TEXT, TEXT] == [lookup.text(None, name) for name in (HASH, f"sha256:{HASH}")]


def test_a_wrong_hash_is_refused() -> None:
    """Otherwise one client could give another one its document."""
    lookup = DocumentLookup(NO_DOCUMENTS, automatic=AutomaticDocuments())
    for name in (HASH.upper(), sha256_of("{ other }"), "x"):
        with pytest.raises(HashMismatchError):
            lookup.text(TEXT, name)


def test_without_registration_clients_are_told_so() -> None:
    """They then send the text each time, which is served."""
    lookup = DocumentLookup(NO_DOCUMENTS)

    assert refusal(lookup, None, HASH) == "PERSISTED_QUERY_NOT_SUPPORTED"
    assert TEXT == lookup.text(TEXT, HASH)
    lookup.keep(TEXT, HASH)
    assert refusal(lookup, None, HASH) == "PERSISTED_QUERY_NOT_SUPPORTED"


def test_only_trusted_documents() -> None:
    """By id, by hash and as text. Others are neither served nor registered."""
    lookup = DocumentLookup(TRUSTED, only_trusted=True, automatic=AutomaticDocuments())
    text = "query Inbox { __typename }"

    assert [text] * 5 == [
        lookup.text(*asked)
        for asked in ((None, "inbox"), (None, sha256_of(text)), (text,), (text, "inbox"), (text, sha256_of(text)))
    ]
    assert refusal(lookup, TEXT) == refusal(lookup, TEXT, HASH) == "DOCUMENT_NOT_TRUSTED"
    lookup.keep(TEXT, HASH)
    assert refusal(lookup, None, HASH) == refusal(lookup, None, "") == "PERSISTED_QUERY_NOT_FOUND"


def test_trusted_documents_beside_others() -> None:
    """Without `only_trusted` every document is served."""
    lookup = DocumentLookup(TRUSTED)

    assert TEXT == lookup.text(TEXT)
    assert "query Inbox { __typename }" == lookup.text(None, "inbox")


def test_the_store_is_bounded() -> None:
    """In characters; each document counts as 200 more. The one that was used longest ago is forgotten."""
    store = AutomaticDocuments(most_characters=630, longest=20)
    for number in range(3):
        store.keep(str(number), "x" * 10)
    assert store.find("0") == "x" * 10
    store.keep("3", "y" * 10)
    store.keep("long", "z" * 21)

    assert [True, False, True, True, False] == [store.find(name) is not None for name in ("0", "1", "2", "3", "long")]
