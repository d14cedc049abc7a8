"""Documents that a request names, and answers that a client has already."""

import json
from pathlib import Path

import httpx2
import pytest

from gateway.documents import sha256_of
from tests.gateway.conftest import OpenClient
from tests.gateway.http.socket_client import Socket

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
TEXT = "query Named { __typename }"
MUTATION = 'mutation { claimTask(input: {taskId: "x"}) { status } }'


def persisted(text: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256_of(text)}}


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
async def test_a_hash_is_registered_with_its_text(client: httpx2.AsyncClient, accept: str, status: int) -> None:
    """First unknown, then sent with the text, then named by POST and by GET."""
    text = f"{TEXT} # {accept}"
    asked, headers = {"extensions": persisted(text)}, {"Accept": accept}
    unknown = await client.post("/graphql", json=asked, headers=headers)
    registered = await client.post("/graphql", json={**asked, "query": text}, headers=headers)
    named = await client.post("/graphql", json=asked, headers=headers)
    got = await client.get("/graphql", params={"extensions": json.dumps(asked["extensions"])}, headers=headers)

    error = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
    assert (status, [error]) == (unknown.status_code, unknown.json()["errors"])
    assert "private, no-store" == unknown.headers["Cache-Control"]
    assert [(200, {"__typename": "Query"})] * 3 == [
        (answer.status_code, answer.json()["data"]) for answer in (registered, named, got)
    ]


async def test_only_valid_documents_are_registered(client: httpx2.AsyncClient) -> None:
    """Others would fill the store."""
    asked = {"extensions": persisted("{ nothing }")}
    refused = await client.post("/graphql", json={**asked, "query": "{ nothing }"})
    named = await client.post("/graphql", json=asked)

    assert ["GRAPHQL_VALIDATION_FAILED", "PERSISTED_QUERY_NOT_FOUND"] == [
        answer.json()["errors"][0]["extensions"]["code"] for answer in (refused, named)
    ]


@pytest.mark.parametrize(
    "extension",
    [
        {"version": 1, "sha256Hash": sha256_of("{ other }")},
        {"version": 2, "sha256Hash": sha256_of(TEXT)},
        {"sha256Hash": sha256_of(TEXT)},
        {"version": True, "sha256Hash": sha256_of(TEXT)},
        {"version": 1, "sha256Hash": 5},
        {"version": 1},
        [],
        "x",
    ],
)
async def test_a_wrong_hash_is_400(client: httpx2.AsyncClient, extension: object) -> None:
    """And another version than 1."""
    answer = await client.post("/graphql", json={"query": TEXT, "extensions": {"persistedQuery": extension}})

    assert (400, "BAD_REQUEST") == (answer.status_code, answer.json()["errors"][0]["extensions"]["code"])


async def test_a_mutation_is_not_carried_out_by_a_hash_in_a_link(client: httpx2.AsyncClient) -> None:
    """As with its text."""
    extensions = persisted(MUTATION)
    await client.post("/graphql", json={"query": MUTATION, "extensions": extensions})
    answer = await client.get("/graphql", params={"extensions": json.dumps(extensions)})

    assert (405, "POST") == (answer.status_code, answer.headers["Allow"])


async def test_registration_can_be_switched_off(open_client: OpenClient) -> None:
    """Apollo's link then sends the text each time."""
    async with open_client(gateway="[gateway.documents]\nautomatic = false\n") as client:
        with_text = await client.post("/graphql", json={"query": TEXT, "extensions": persisted(TEXT)})
        named = await client.post("/graphql", json={"extensions": persisted(TEXT)})

    error = {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}
    assert {"__typename": "Query"} == with_text.json()["data"]
    assert [error] == named.json()["errors"]


async def test_production_can_serve_trusted_documents_only(open_client: OpenClient, tmp_path: Path) -> None:
    """Named by `documentId`, by `doc_id` of Relay's programs, by Apollo's hash, or sent as text."""
    (tmp_path / "relay.json").write_text(json.dumps({"md5": TEXT}), encoding="utf-8")
    settings = (
        '[gateway]\nprofile = "production"\n[gateway.documents]\nmanifests = ["relay.json"]\nonly_trusted = true\n'
    )
    keyed = f'[auth]\nmode = "api_keys"\nkeys = [{{person = "bob", sha256 = "{sha256_of("key")}"}}]\n'
    async with open_client(gateway=settings, auth=keyed) as client:
        client.headers["Authorization"] = "Bearer key"
        served = [
            await client.post("/graphql", json=asked)
            for asked in (
                {"documentId": "md5"},
                {"doc_id": "md5", "query": None},
                {"documentId": f"sha256:{sha256_of(TEXT)}"},
                {"extensions": persisted(TEXT)},
                {"query": TEXT},
            )
        ]
        got = await client.get("/graphql", params={"documentId": "md5"})
        other = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Accept": GRAPHQL})
        unknown = await client.post("/graphql", json={"documentId": "sha1"})
        wrong = await client.post("/graphql", json={"documentId": 5})

    assert [{"__typename": "Query"}] * 6 == [answer.json().get("data") for answer in (*served, got)]
    assert (400, "DOCUMENT_NOT_TRUSTED") == (other.status_code, other.json()["errors"][0]["extensions"]["code"])
    assert "PERSISTED_QUERY_NOT_FOUND" == unknown.json()["errors"][0]["extensions"]["code"]
    assert (400, "BAD_REQUEST") == (wrong.status_code, wrong.json()["errors"][0]["extensions"]["code"])


async def test_a_socket_serves_no_other_documents(open_client: OpenClient, tmp_path: Path) -> None:
    """Queries and subscriptions alike; a named document runs."""
    waiting = "subscription Waiting { sourceStatusChanged { key } }"
    (tmp_path / "relay.json").write_text(json.dumps({"query": TEXT, "waiting": waiting}), encoding="utf-8")
    settings = '[gateway.documents]\nmanifests = ["relay.json"]\nonly_trusted = true\n'
    async with open_client(gateway=settings) as client, Socket(client) as opened:
        await opened.open("bob")
        for text in ("{ __typename }", "subscription { sourceStatusChanged { key } }"):
            opened.send({"id": "1", "type": "subscribe", "payload": {"query": text}})
            refused = await opened.receive()
            assert ("error", "DOCUMENT_NOT_TRUSTED") == (refused["type"], refused["payload"][0]["extensions"]["code"])
        opened.send({"id": "2", "type": "subscribe", "payload": {"documentId": "waiting"}})
        opened.send({"id": "3", "type": "subscribe", "payload": {"documentId": "query"}})

        assert ("3", {"__typename": "Query"}) == (
            (answer := await opened.receive())["id"],
            answer["payload"]["data"],
        )


async def test_an_answer_that_the_client_has_is_304(client: httpx2.AsyncClient) -> None:
    """By the tag of an earlier answer. It may be kept for its person, and is asked for each time."""
    asked = {"query": "{ viewer { user { id } } }"}
    first = await client.get("/graphql", params=asked)
    tag = first.headers["ETag"]
    again = await client.get("/graphql", params=asked, headers={"If-None-Match": f'"x", {tag}'})
    other = await client.get("/graphql", params=asked, headers={"If-None-Match": tag, "Authorization": "Bearer bob"})
    new = await client.get("/graphql", params=asked, headers={"If-None-Match": tag, "Accept": GRAPHQL})

    assert (304, b"", tag) == (again.status_code, again.content, again.headers["ETag"])
    assert [200, 200, 200] == [answer.status_code for answer in (first, other, new)]
    assert {("private, no-cache", "Accept, Authorization")} == {
        (answer.headers["Cache-Control"], answer.headers["Vary"]) for answer in (first, again)
    }
    assert "Content-Type" not in again.headers


async def test_answers_with_errors_and_of_post_have_no_tag(client: httpx2.AsyncClient) -> None:
    """No cache keeps them."""
    failing = await client.get("/graphql", params={"query": "{ tasks(first: 101) { totalCount } }"})
    posted = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"If-None-Match": "*"})

    assert [(200, "private, no-store", False)] * 2 == [
        (answer.status_code, answer.headers["Cache-Control"], "ETag" in answer.headers) for answer in (failing, posted)
    ]


async def test_a_subgraph_is_switched_on(open_client: OpenClient) -> None:
    """Routers may read its SDL also where introspection is off."""
    keyed = f'[auth]\nmode = "api_keys"\nkeys = [{{person = "bob", sha256 = "{sha256_of("key")}"}}]\n'
    settings = '[gateway]\nprofile = "production"\n[gateway.subgraph]\nenabled = true\nversion = "2.9"\n'
    async with open_client(gateway=settings, auth=keyed) as client:
        stranger = await client.post("/graphql", json={"query": "{ _service { sdl } }"})
        told = await client.post(
            "/graphql", json={"query": "{ _service { sdl } }"}, headers={"Authorization": "Bearer key"}
        )
    async with open_client() as client:
        ordinary = await client.post("/graphql", json={"query": "{ _service { sdl } }"})

    assert stranger.status_code == 401
    assert "federation/v2.9" in told.json()["data"]["_service"]["sdl"]
    assert "GRAPHQL_VALIDATION_FAILED" == ordinary.json()["errors"][0]["extensions"]["code"]
