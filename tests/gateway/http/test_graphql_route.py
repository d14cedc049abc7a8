import hashlib
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from gateway.http import Deadlines
from schema.api import build_schema
from schema.execution import Execution
from tests.gateway.conftest import OpenClient

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
TYPENAME = "{ __typename }"
KEYED = f"""[auth]
mode = "api_keys"
keys = [{{person = "bob", sha256 = "{hashlib.sha256(b"key").hexdigest()}"}}]
"""
MUTATION = 'mutation { claimTask(input: {taskId: "x"}) { status } }'


async def post(client: httpx2.AsyncClient, query: Any, accept: str = GRAPHQL, **more: Any) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query, **more}, headers={"Accept": accept})


def code(answer: httpx2.Response) -> str:
    """The code of the only error. The answer has no data."""
    body = answer.json()
    assert list(body) == ["errors", "extensions"]
    return str(body["errors"][0]["extensions"]["code"])


async def test_a_query_by_post(client: httpx2.AsyncClient) -> None:
    """An answer without errors has only data."""
    answer = await post(client, TYPENAME, JSON)

    assert (200, {"__typename": "Query"}) == (answer.status_code, answer.json()["data"])


async def test_a_query_by_get(client: httpx2.AsyncClient) -> None:
    """Variables and extensions are JSON texts in the URL."""
    answer = await client.get(
        "/graphql",
        params={
            "query": "query A($yes: Boolean!) { __typename @include(if: $yes) } query B { no: __typename }",
            "operationName": "A",
            "variables": '{"yes": true}',
            "extensions": "{}",
        },
    )

    assert (200, {"__typename": "Query"}) == (answer.status_code, answer.json()["data"])


async def test_the_viewer_is_the_person_who_signed_in(client: httpx2.AsyncClient) -> None:
    """In demo mode a request without a token is from alice, and a person's key is a token."""
    query = "{ viewer { user { displayName } } }"
    names = []
    for headers in ({}, {"Authorization": "Bearer bob"}):
        answer = await client.post("/graphql", json={"query": query}, headers=headers)
        names.append(answer.json()["data"]["viewer"]["user"]["displayName"])

    assert ["Alice Moreno", "Bob Keller"] == names


async def test_an_unknown_token_is_401_as_a_graphql_response(client: httpx2.AsyncClient) -> None:
    """The answer has a challenge and does not contain the token."""
    answer = await client.post("/graphql", json={"query": TYPENAME}, headers={"Authorization": "Bearer s3cr3t"})

    assert (401, "UNAUTHENTICATED") == (answer.status_code, code(answer))
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "s3cr3t" not in answer.text + str(answer.headers)


async def test_with_api_keys_a_key_is_required(open_client: OpenClient) -> None:
    """A key signs its person in."""
    async with open_client(auth=KEYED) as client:
        without = await post(client, TYPENAME)
        with_key = await client.post("/graphql", json={"query": TYPENAME}, headers={"Authorization": "Bearer key"})

    assert (401, 200) == (without.status_code, with_key.status_code)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL),
        (f"{JSON};q=0.9, {GRAPHQL};q=0.5", JSON),
        (f"{GRAPHQL}, {JSON};q=0.9, */*;q=0.1", GRAPHQL),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{GRAPHQL};q=0.4, */*;q=0.8", JSON),
        ("APPLICATION/JSON", JSON),
        (f"text/html, {JSON};q=0.2", JSON),
    ],
)
async def test_the_answer_has_the_preferred_media_type(
    client: httpx2.AsyncClient, accept: str | None, media: str
) -> None:
    """By quality, then by order. Without a preference it is the one that all clients read."""
    request = client.build_request("POST", "/graphql", json={"query": TYPENAME})
    del request.headers["Accept"]
    if accept is not None:
        request.headers["Accept"] = accept
    answer = await client.send(request)

    assert (200, f"{media}; charset=utf-8") == (answer.status_code, answer.headers["Content-Type"])


@pytest.mark.parametrize(
    "accept", ["text/html", "image/png, multipart/mixed", f"{JSON};q=0", f"{JSON};charset=utf-16", "*/*;q=0"]
)
async def test_other_media_types_are_406(client: httpx2.AsyncClient, accept: str) -> None:
    """Nothing was executed."""
    answer = await post(client, TYPENAME, accept)

    assert (406, "NOT_ACCEPTABLE") == (answer.status_code, code(answer))


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{", None),
        ("{ nothing }", None),
        ("query ($id: ID!) { task(id: $id) { id } }", None),
        ("query ($id: ID!) { task(id: $id) { id } }", {"id": [1]}),
    ],
    ids=["syntax", "unknown field", "variable missing", "variable of a wrong kind"],
)
async def test_a_document_that_cannot_run_is_400_without_data(
    client: httpx2.AsyncClient, query: str, variables: dict[str, Any] | None
) -> None:
    """With application/graphql-response+json. Older clients read 200 as "the server understood" (572B, FDE2, 7B9B)."""
    new = await post(client, query, GRAPHQL, variables=variables)
    old = await post(client, query, JSON, variables=variables)

    assert (400, 200) == (new.status_code, old.status_code)
    assert [["errors", "extensions"]] * 2 == [list(answer.json()) for answer in (new, old)]
    assert new.json()["errors"] == old.json()["errors"]
    assert code(new) in {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'"str"',
        b"5",
        b"null",
        b"true",
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b'{"qeury": "{ __typename }"}',
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 5}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "operationName": {}}',
        b'{"query": "{ __typename }", "extensions": "x"}',
        b'{"query": "{ \xff }"}',
        b"[" * 100_000,
        b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 40_000 + b"1" + b"}" * 40_001,
    ],
    ids=lambda body: body[:40].decode("latin-1") if isinstance(body, bytes) else None,
)
async def test_a_body_that_is_no_graphql_request_is_400(client: httpx2.AsyncClient, body: bytes, accept: str) -> None:
    """For any Accept header."""
    answer = await client.post("/graphql", content=body, headers={"Content-Type": JSON, "Accept": accept})

    assert (400, "BAD_REQUEST") == (answer.status_code, code(answer))


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "qeury=x",
        "query=",
        "query=%ff",
        "query={__typename}&query={a}",
        "query={__typename}&variables=[",
        "query={__typename}&variables=5",
        "query={__typename}&extensions=true",
    ],
)
async def test_a_url_that_is_no_graphql_request_is_400(client: httpx2.AsyncClient, query_string: str) -> None:
    """As for a body."""
    answer = await client.get(f"/graphql?{query_string}")

    assert (400, "BAD_REQUEST") == (answer.status_code, code(answer))


@pytest.mark.parametrize(
    "parameters", [{"variables": None, "operationName": None, "extensions": None}, {"extensions": {"a": 1}}, {"id": 7}]
)
async def test_optional_parameters_may_be_null_or_unknown(client: httpx2.AsyncClient, parameters: Any) -> None:
    """Null counts as absent. Parameters that the specification does not have are ignored."""
    answer = await post(client, TYPENAME, **parameters)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", f"{JSON}; charset=utf-16"],
)
async def test_other_content_types_are_415(client: httpx2.AsyncClient, content_type: str) -> None:
    """Forms of other sites can send them without a preflight."""
    answer = await client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers={"Content-Type": content_type}
    )

    assert (415, "UNSUPPORTED_MEDIA_TYPE") == (answer.status_code, code(answer))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def test_other_methods_are_405(client: httpx2.AsyncClient, method: str) -> None:
    """The answer lists the allowed methods."""
    answer = await client.request(method, "/graphql")

    assert (405, "GET, POST") == (answer.status_code, answer.headers["Allow"])


async def test_a_mutation_by_get_is_405(client: httpx2.AsyncClient) -> None:
    """A link must not change anything."""
    answer = await client.get("/graphql", params={"query": MUTATION})

    assert (405, "POST") == (answer.status_code, answer.headers["Allow"])


async def test_of_a_query_and_a_mutation_operation_name_selects_one(client: httpx2.AsyncClient) -> None:
    """By GET, the query of such a document is executed and the mutation is refused."""
    both = f"query Read {TYPENAME} {MUTATION.replace('mutation', 'mutation Write')}"
    statuses = [
        (await client.get("/graphql", params={"query": both, "operationName": name})).status_code
        for name in ("Read", "Write")
    ]

    assert statuses == [200, 405]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("query A { __typename } query B { __typename }", None),
        ("query A { __typename } query B { __typename }", "C"),
        ("query A { __typename }", "B"),
        ("fragment F on Query { __typename }", None),
        ("subscription { __typename }", None),
    ],
)
async def test_one_operation_must_be_selected(client: httpx2.AsyncClient, query: str, name: str | None) -> None:
    """Several without a name, an unknown name, no operation, or a subscription: nothing is executed."""
    answer = await post(client, query, operationName=name)

    assert answer.status_code == 400
    assert "data" not in answer.json()


async def test_a_body_beyond_the_limit_is_413(open_client: OpenClient) -> None:
    """With and without Content-Length. A body of exactly the limit is accepted."""
    async with open_client(gateway="[gateway]\nmax_body_bytes = 1024\n") as client:
        fitting = b'{"query": "{ __typename }", "x": "' + b"a" * (1024 - 36) + b'"}'
        assert len(fitting) == 1024

        async def chunks() -> Any:
            for _ in range(3):
                yield fitting

        headers = {"Content-Type": JSON}
        found = [
            await client.post("/graphql", content=content, headers=headers)
            for content in (fitting, fitting + b" ", chunks())
        ]

    assert [200, 413, 413] == [answer.status_code for answer in found]
    assert code(found[1]) == code(found[2]) == "PAYLOAD_TOO_LARGE"


async def test_a_document_of_too_many_tokens_is_refused(client: httpx2.AsyncClient) -> None:
    """Before validation: at most 1,500 tokens."""
    answer = await post(client, "{" + " __typename" * 1501 + "}")

    assert answer.status_code == 400
    assert "token" in answer.json()["errors"][0]["message"].lower()


@pytest.mark.parametrize(
    "query", ["{" * 5000, "{ a" + "[" * 5000, "query ($a: " + "[" * 1900 + "Int" + "]" * 90 + ") { a }"]
)
async def test_deeply_nested_documents_are_refused(client: httpx2.AsyncClient, query: str) -> None:
    """As a bad request, not as an internal error."""
    answer = await post(client, query)

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query", ["{ viewr { user { id } } }", '{ task(idd: "x") { id } }', "query ($a: Tsk) { __typename }", "{ tasks }"]
)
async def test_production_suggests_no_names(open_client: OpenClient, query: str) -> None:
    """Of fields, arguments, types and selections. Development does."""
    async with open_client() as client:
        helpful = await post(client, query)
    async with open_client(auth=KEYED, gateway='[gateway]\nprofile = "production"\n') as client:
        client.headers["Authorization"] = "Bearer key"
        silent = await post(client, query)

    assert "Did you mean" in helpful.text
    assert "Did you mean" not in silent.text


async def test_a_field_that_fails_leaves_the_rest(client: httpx2.AsyncClient) -> None:
    """The status is 200 with partial data. The error has its path and a code."""
    answer = await post(client, '{ __typename task(id: "bogus") { id } }')
    body = answer.json()

    assert (200, "Query", None) == (answer.status_code, body["data"]["__typename"], body["data"]["task"])


async def test_a_known_document_is_neither_parsed_nor_validated_again(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this test, parsing and validating fail the second time."""
    query = "{ known: __typename }"
    first = await post(client, query)

    def broken(*_: object, **__: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr("schema.execution.documents.parse", broken)
    monkeypatch.setattr("schema.execution.documents.validate", broken)
    second = await post(client, query)

    assert first.json()["data"] == second.json()["data"] == {"known": "Query"}


@pytest.mark.parametrize("query", [TYPENAME, "{"])
async def test_no_http_cache_keeps_an_answer(client: httpx2.AsyncClient, query: str) -> None:
    """An answer is for one person, and may change at any moment. For GET see test_documents.py."""
    answer = await post(client, query)

    assert ("private, no-store", "Accept, Authorization") == (answer.headers["Cache-Control"], answer.headers["Vary"])


async def test_an_internal_error_is_masked_as_a_graphql_response(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has the exception, the client gets a code."""

    def broken(*_: object) -> None:
        raise RuntimeError("password s3cret")

    monkeypatch.setattr("gateway.http.graphql_route.read_sent", broken)
    with capture_logs() as logs:
        answer = await post(client, TYPENAME)

    assert (500, "INTERNAL") == (answer.status_code, code(answer))
    assert "s3cret" not in answer.text
    assert "internal error" in [line["event"] for line in logs]


async def test_a_browser_that_opens_the_url_gets_the_page(client: httpx2.AsyncClient) -> None:
    """Selected by the Accept header. A query in the URL is still answered."""
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = await client.get("/graphql", headers=browser)
    query = await client.get("/graphql", params={"query": TYPENAME}, headers=browser)
    program = await client.get("/graphql", headers={"Accept": f"{JSON}, text/html;q=0.5"})

    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["Content-Type"])
    assert {"__typename": "Query"} == query.json()["data"]
    assert (400, "BAD_REQUEST") == (program.status_code, code(program))


@pytest.mark.parametrize(("setting", "status"), [("", 406), ("graphiql = true\n", 200)])
async def test_production_shows_no_page_unless_switched_on(open_client: OpenClient, setting: str, status: int) -> None:
    """Its files are not served either."""
    async with open_client(gateway=f'[gateway]\nprofile = "production"\n{setting}', auth=KEYED) as client:
        page = await client.get("/graphql", headers={"Accept": "text/html"})

    assert status == page.status_code


@pytest.mark.parametrize(
    ("gateway", "kinds"),
    [
        ("", 1),
        ('profile = "production"\n', 0),
        ('profile = "production"\nintrospection = true\n', 1),
        ("introspection = false\n", 0),
    ],
)
async def test_the_profile_decides_about_introspection(open_client: OpenClient, gateway: str, kinds: int) -> None:
    """The setting `introspection` overrides it."""
    async with open_client(gateway=f"[gateway]\n{gateway}", auth=KEYED) as client:
        client.headers["Authorization"] = "Bearer key"
        answer = await post(client, "{ __schema { queryType { name } } }")

    assert kinds == len(answer.json().get("data", {}))


async def test_limits_are_settings(open_client: OpenClient) -> None:
    """A document that is refused by default can be allowed."""
    query = "{ " + " ".join(f"a{number}: __typename" for number in range(31)) + " }"
    async with open_client() as client:
        refused = await post(client, query)
    async with open_client(gateway="[gateway.limits]\naliases = 31\n") as client:
        served = await post(client, query)

    assert (400, "TOO_COSTLY", 200) == (refused.status_code, code(refused), served.status_code)


@pytest.mark.parametrize(
    "variables",
    [{"n": 10**400}, {"n": -1}, {"n": 1.5}, {"n": "25"}, {"n": True}, {"n": [[[[[]]]]]}, {"n": {}}],
    ids=["huge", "negative", "fraction", "text", "boolean", "nested", "object"],
)
async def test_strange_variables_are_refused_with_a_code(client: httpx2.AsyncClient, variables: dict[str, Any]) -> None:
    """None of them is an internal error."""
    answer = await post(client, "query ($n: Int) { tasks(first: $n) { isComplete } }", variables=variables)

    assert answer.status_code in {200, 400}
    assert answer.json()["errors"][0]["extensions"]["code"] in {
        "BAD_USER_INPUT",
        "VALIDATION_FAILED",
        "TOO_COSTLY",
    }


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "1." + "9" * 5000, "1e999999"])
async def test_a_number_with_many_digits_is_refused_with_a_code(client: httpx2.AsyncClient, number: str) -> None:
    """Python's limit on digits is not reached."""
    answer = await post(client, f"{{ tasks(first: {number}) {{ isComplete }} }}")

    assert (400, "GRAPHQL_VALIDATION_FAILED") == (answer.status_code, code(answer))


@pytest.mark.parametrize(
    ("document", "seconds"),
    [
        ("{ viewer { user { displayName } } }", 10),
        (MUTATION, 60),
        ("mutation { bulkTaskAction(input: {taskIds: [], action: CLAIM}) { dryRun } }", 360),
        (
            "mutation { ...Many } fragment Many on Mutation { bulkTaskAction(input: {taskIds: [], action: CLAIM}) { dryRun } }",
            360,
        ),
        ('mutation { bulkTaskAction: claimTask(input: {taskId: "x"}) { status } }', 60),
    ],
)
def test_an_operation_that_writes_to_many_tasks_has_more_time(document: str, seconds: float) -> None:
    """As much more as one bulk action may take, so that what follows it in the document is answered too."""
    operation = Execution(build_schema()).read(document)

    assert seconds == Deadlines(10, 60, 300).of(operation)


async def test_no_path_redirects_to_a_host_that_the_client_names(client: httpx2.AsyncClient) -> None:
    """A slash at the end is another path, which is not there."""
    answer = await client.get("/graphql/?query={__typename}", headers={"Host": "elsewhere.example"})

    assert 404 == answer.status_code
    assert "location" not in answer.headers


async def test_a_time_that_is_none_is_shown_in_its_place(client: httpx2.AsyncClient) -> None:
    """As other wrong values of a document are."""
    [error] = (await post(client, '{ tasks(filter: {dueAt: {gte: "soon"}}) { totalCount } }')).json()["errors"]

    assert error["message"].startswith("DateTime must be an ISO 8601 string")
    assert [{"line": 1, "column": 31}] == error["locations"]
