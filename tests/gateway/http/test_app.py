import pytest

from gateway.http import LoadLimit
from tests.gateway.conftest import OpenClient
from tests.gateway.http.test_graphql_route import KEYED


async def test_a_page_of_a_listed_origin_may_call_the_gateway(open_client: OpenClient) -> None:
    """The preflight accepts no other origin. Cookies are never accepted."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with open_client(gateway='[gateway]\ncors_origins = ["https://tasks.example.com"]\n') as client:
        listed = await client.options("/graphql", headers={"Origin": "https://tasks.example.com", **asked})
        foreign = await client.options("/graphql", headers={"Origin": "https://evil.example.com", **asked})

    assert listed.headers["Access-Control-Allow-Origin"] == "https://tasks.example.com"
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert "Access-Control-Allow-Credentials" not in listed.headers


async def test_too_many_requests_are_refused_as_graphql_before_sign_in(
    open_client: OpenClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health and metrics answer as ever."""
    async with open_client(auth=KEYED) as client:
        monkeypatch.setattr(LoadLimit, "_has_place", lambda _: False)
        monkeypatch.setattr(LoadLimit, "_expected_wait", lambda _: 2.5)
        monkeypatch.setattr("gateway.http.load_limit.WAITING", 0)
        refused = await client.post("/graphql", json={"query": "{ __typename }"})
        others = [await client.get(path) for path in ("/livez", "/readyz", "/metrics", "/")]

    assert (503, "3") == (refused.status_code, refused.headers["Retry-After"])
    body = refused.json()
    assert body["errors"][0]["extensions"] == {"code": "OVERLOADED"}
    assert list(body) == ["errors", "extensions"]
    assert [200, 200, 200, 200] == [answer.status_code for answer in others]
    assert 'taskgate_graphql_errors_total{code="OVERLOADED"} 1.0' in others[2].text
