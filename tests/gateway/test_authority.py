"""A source that is called with the person's own token. Answers are not shared between people."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.settings import load
from sandbox.config import toml
from sandbox.issuer import SmallIssuer
from sandbox.littlehorse import LittlehorseStandIn
from sandbox.littlehorse.directory import CLIENT_ID
from sandbox.people import DEMO_PEOPLE
from sandbox.server import serve, serve_issuer

QUEUE = "{ viewer { inbox(scope: MINE_OR_CLAIMABLE, first: 100) { nodes { id state } sources { status error { code } } } } }"


class Bridge:
    """A gateway over one bridge. People sign in with tokens that the bridge accepts too."""

    def __init__(self, client: httpx2.AsyncClient, stand_in: LittlehorseStandIn, tokens: dict[str, str]) -> None:
        self.client = client
        self.stand_in = stand_in
        self.tokens = tokens

    async def ask(self, person: str, query: str, **variables: Any) -> dict[str, Any]:
        answer = await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.tokens[person]}"},
        )
        found: dict[str, Any] = answer.json()
        return found


def accepted_by_both(issuer: SmallIssuer, stand_in: LittlehorseStandIn, person: str) -> str:
    """A token of the provider that the gateway and the bridge trust, with the claims that the bridge reads."""
    claims = stand_in.issuer.claims(stand_in.token(person))
    assert claims is not None
    return issuer.ring.signed({**claims, "iss": issuer.address, "aud": list(claims["aud"])})


@pytest.fixture(
    params=[{"acts_as": "viewer", "audience": CLIENT_ID}, {"acts_as": "exchange"}], ids=["viewer", "exchange"]
)
async def bridge(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bridge]:
    async with AsyncExitStack() as stack:
        stand_in = LittlehorseStandIn()
        stand_in.set_up()
        stand_in.reset(tasks=40, seed=7, now=None, scenario=None)
        urls = await stack.enter_async_context(serve([stand_in], host="127.0.0.1", base_port=0))
        issuer = SmallIssuer(algorithm="ES256")
        address = await stack.enter_async_context(serve_issuer(issuer, host="127.0.0.1", port=0))
        stand_in.issuer.trusted = issuer.ring.verified
        tokens = {person.key: accepted_by_both(issuer, stand_in, person.key) for person in DEMO_PEOPLE}
        source = stand_in.source_config(urls["littlehorse"]) | request.param
        people = [
            {
                "key": person.key,
                "name": person.name,
                "groups": list(person.groups),
                "roles": list(person.roles),
                "identities": {source["key"]: stand_in.identities()[person.key]},
            }
            for person in DEMO_PEOPLE
        ]
        auth = {
            "mode": "oidc",
            "issuers": [{"issuer": address, "audience": "taskgate", "claims": {"key": "preferred_username"}}],
        }
        document = {"gateway": {}, "auth": auth, "people": people, "sources": [source]}
        path = tmp_path / "taskgate.toml"
        path.write_text(toml(document), encoding="utf-8")
        app = create_app(load(path))
        await stack.enter_async_context(app.router.lifespan_context(app))
        client = await stack.enter_async_context(
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://gateway.test")
        )
        yield Bridge(client, stand_in, tokens)


async def test_a_claim_is_the_persons_own(bridge: Bridge) -> None:
    """The bridge sees alice, not the service account. So does the audit, with the provider whose token she has."""
    queue = (await bridge.ask("alice", QUEUE))["data"]["viewer"]["inbox"]
    task = next(node["id"] for node in queue["nodes"] if node["state"] == "READY")
    with capture_logs() as logged:
        claimed = await bridge.ask(
            "alice",
            "mutation ($id: ID!) { claimTask(input: {taskId: $id}) { status support atomic errors { code message } } }",
            id=task,
        )
    [line] = [each for each in logged if each["event"] == "audit"]

    assert {"status": "APPLIED", "support": "NATIVE", "atomic": True, "errors": []} == claimed["data"]["claimTask"]
    assert [("claim", bridge.stand_in.identities()["alice"]["id"])] == [
        (effect.action, effect.actor) for effect in bridge.stand_in.effects.all()
    ]

    assert ("alice", "person", "APPLIED") == (line["person"], line["as"], line["status"])
    assert line["issuer"].startswith("http://127.0.0.1:")


async def test_answers_are_not_shared_between_people(bridge: Bridge) -> None:
    """Each person's list is read with that person's token."""
    lists = {
        person: {node["id"] for node in (await bridge.ask(person, QUEUE))["data"]["viewer"]["inbox"]["nodes"]}
        for person in ("alice", "bob", "alice")
    }

    assert lists["alice"] - lists["bob"]
    assert lists["bob"] - lists["alice"]


async def test_acts_as_is_viewer(bridge: Bridge) -> None:
    """The graph does not show the service account."""
    answer = await bridge.ask("alice", "{ sources { actsAs status } }")

    assert [{"actsAs": "VIEWER", "status": "OK"}] == answer["data"]["sources"]
