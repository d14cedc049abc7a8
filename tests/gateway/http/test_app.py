from tests.gateway.conftest import OpenClient


async def test_a_listed_origin_may_ask_from_a_browser(open_client: OpenClient) -> None:
    """The preflight answers it, and no other; cookies are never taken."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with open_client(gateway='[gateway]\ncors_origins = ["https://tasks.example.com"]\n') as client:
        listed = await client.options("/graphql", headers={"Origin": "https://tasks.example.com", **asked})
        foreign = await client.options("/graphql", headers={"Origin": "https://evil.example.com", **asked})

    assert listed.headers["Access-Control-Allow-Origin"] == "https://tasks.example.com"
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert "Access-Control-Allow-Credentials" not in listed.headers
