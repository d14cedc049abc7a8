import pytest

from tests.gateway.conftest import OpenClient

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("gateway", "accept", "status"),
    [
        ("[gateway]\ninbox = false\n", BROWSER, 307),
        ("", "*/*", 200),
        ("", "application/json", 200),
        ("[gateway]\ngraphiql = false\ninbox = false\n", BROWSER, 200),
    ],
)
async def test_the_front_leads_to_the_page_where_there_is_one(
    open_client: OpenClient, gateway: str, accept: str, status: int
) -> None:
    """By a relative address: no host of a client's header gets into it. Others are told where the API is."""
    async with open_client(gateway=gateway) as client:
        answer = await client.get("/", headers={"Accept": accept, "Host": "evil.example"})

    assert (answer.status_code, answer.headers.get("location")) == (status, "graphql" if status == 307 else None)
    assert "evil" not in answer.text + str(answer.headers)
    if status == 200:
        assert answer.headers["content-type"].startswith("text/plain")
        assert "graphql" in answer.text
