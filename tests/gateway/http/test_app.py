from tests.gateway.conftest import OpenClient


async def test_a_page_of_a_listed_origin_may_call_the_gateway(open_client: OpenClient) -> None:
    """The preflight accepts no other origin. Cookies are never accepted."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with open_client(gateway='[gateway]\ncors_origins = ["https://tasks.example.com"]\n') as client:
        listed = await client.options("/graphql", headers={"Origin": "https://tasks.example.com", **asked})
        foreign = await client.options("/graphql", headers={"Origin": "https://evil.example.com", **asked})

    assert listed.headers["Access-Control-Allow-Origin"] == "https://tasks.example.com"
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert "Access-Control-Allow-Credentials" not in listed.headers
