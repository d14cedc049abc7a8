"""The page signs in at one of several providers: a code goes to the provider that gave it, and to no other."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.app import create_app
from gateway.settings import Settings, load
from sandbox.config import toml
from tests.gateway.configuration import write_configuration
from tests.gateway.conftest import OpenClient

NODE = shutil.which("node")
SCRIPT = Path("gateway/graphiql/sign_in.js")
BROWSER = Path(__file__).with_name("graphiql_sign_in.mjs")
REFUSED = "That answer of the identity provider was not asked for here."


def login(at: str | None, host: str) -> dict[str, Any]:
    address = f"https://{host}"
    return {
        "at": at,
        "issuer": address,
        "clientId": "page",
        "scopes": "openid",
        "authorizationEndpoint": f"{address}/auth",
        "tokenEndpoint": f"{address}/token",
    }


def visits(logins: list[dict[str, Any]], *answers: dict[str, str]) -> list[dict[str, Any]]:
    """What came of the answers, each after a sign-in at the first of `logins`."""
    if NODE is None:
        pytest.skip("Node.js is not installed")
    asked = {"logins": logins, "visits": [{"chosen": 0, "answer": answer} for answer in answers]}
    done = subprocess.run(
        [NODE, BROWSER, SCRIPT], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=60
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.server
def test_each_of_several_providers_sends_people_back_to_an_address_of_its_own() -> None:
    """The first may be under an attacker, who sends the person on to the second to get its code (mix-up)."""
    own, alone = "https://tasks.example.com/api/graphiql/back/a-", "https://tasks.example.com/api/graphql"
    several, one = [login("a-", "a.example"), login("b-", "b.example")], [login(None, "a.example")]
    good, with_issuer, of_other, of_none, other_issuer = visits(
        several,
        {"at": "a-"},
        {"at": "a-", "iss": "https://a.example"},
        {"at": "b-"},
        {},
        {"at": "a-", "iss": "https://b.example"},
    )

    for found in (good, with_issuer):
        assert ("token", own, [["https://a.example/token", own, "c"]]) == (
            found["result"],
            found["redirect"],
            found["posted"],
        )
    for found in (of_other, of_none, other_issuer):
        assert (REFUSED, []) == (found["result"], found["posted"])
    [found] = visits(one, {})
    assert ("token", alone, [["https://a.example/token", alone, "c"]]) == (
        found["result"],
        found["redirect"],
        found["posted"],
    )


def issuer(name: str, *, has_login: bool = True) -> dict[str, Any]:
    more = {"login": {"client_id": "page"}} if has_login else {}
    return {
        "issuer": f"https://{name}.example",
        "audience": "taskgate",
        "prefix": f"{name}-",
        "email_domains": [f"{name}.example"],
        **more,
    }


async def test_a_reload_gives_each_of_several_providers_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one that comes by a reload would get the codes of the first otherwise."""

    monkeypatch.setattr("gateway.generations.FIRST_LOOK", 0.0)

    def configured(*names: str) -> Settings:
        return load(
            write_configuration(
                tmp_path, auth=toml({"auth": {"mode": "oidc", "issuers": [issuer(name) for name in names]}})
            )
        )

    app = create_app(configured("a"))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client,
    ):
        alone = (await client.get("/graphiql/back/a-")).status_code
        await app.state.reload(configured("a", "b"))
        several = [(await client.get(f"/graphiql/back/{name}-")).status_code for name in "abc"]

    assert (alone, several) == (404, [303, 303, 404])


@pytest.mark.parametrize(
    ("issuers", "status"), [([issuer("a"), issuer("b")], 303), ([issuer("a"), issuer("b", has_login=False)], 404)]
)
async def test_a_providers_address_leads_to_the_page(
    open_client: OpenClient, issuers: list[dict[str, Any]], status: int
) -> None:
    """With the provider's name, and with what it answered; nothing else is passed on."""
    auth = toml({"auth": {"mode": "oidc", "issuers": issuers}})
    sent = {"code": "c&d", "state": "s", "at": "b-", "evil": "x", "iss": "i" * 5_000}
    async with open_client(auth=auth) as client:
        back = await client.get("/graphiql/back/a-", params=sent)
        unknown = await client.get("/graphiql/back/c-", params=sent)

    assert (status, 404) == (back.status_code, unknown.status_code)
    if status == 303:
        target = httpx2.URL("http://gateway/graphiql/back/a-").join(back.headers["location"])
        assert ("/graphql", {"code": "c&d", "state": "s", "at": "a-"}) == (target.path, dict(target.params))
        assert ("no-store", "no-referrer") == (back.headers["cache-control"], back.headers["referrer-policy"])
