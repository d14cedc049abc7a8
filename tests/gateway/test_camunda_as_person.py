"""A Camunda cluster that trusts the company's provider: people sign in once, and the cluster sees them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.settings import load
from sandbox.camunda.auth import AUDIENCE, CLIENT_ID
from sandbox.camunda.stand_in import CamundaStandIn
from sandbox.config import toml
from sandbox.issuer import SmallIssuer
from sandbox.people import DEMO_PEOPLE
from sandbox.server import serve, serve_issuer
from tests.effort import some
from tests.world import NO_CERTIFICATES

pytestmark = pytest.mark.server

GATEWAY = "gateway"
INBOX = """{ viewer { inbox(scope: MINE_OR_CLAIMABLE, first: 100, freshness: FRESH) {
  nodes { id state } sources { status error { code message } } } } }"""
CLAIM = "mutation ($id: ID!) { claimTask(input: {taskId: $id}) { status support atomic errors { code message } } }"


class Company:
    def __init__(self, client: httpx2.AsyncClient, stand_in: CamundaStandIn, issuer: SmallIssuer) -> None:
        self.client = client
        self.stand_in = stand_in
        self.issuer = issuer
        self.cluster = ""

    async def asked_of_cluster(self) -> list[str]:
        """Paths of the requests since the last call, but those to its token endpoint."""
        async with httpx2.AsyncClient(trust_env=False, verify=NO_CERTIFICATES) as client:
            found = (await client.get(f"{self.cluster}/__sandbox__/requests")).json()["requests"]
            await client.delete(f"{self.cluster}/__sandbox__/requests")
        return [each["path"] for each in found if each["path"].startswith("/v2")]

    async def ask(
        self, person: str, query: str, *, aud: tuple[str, ...] = (GATEWAY, AUDIENCE, CLIENT_ID), **variables: Any
    ) -> Any:
        token = self.issuer.token(person, aud=list(aud))
        answer = await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token}"},
        )
        return answer.json()["data"]


@pytest.fixture(params=some(["viewer", "exchange"]))
async def company(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Company]:
    """The cluster lets users claim for themselves only."""
    async with AsyncExitStack() as stack:
        stand_in = CamundaStandIn(authentication="oidc")
        stand_in.reset(tasks=40, seed=7, now=None, scenario="8.9.17+oidc")
        urls = await stack.enter_async_context(serve([stand_in], host="127.0.0.1", base_port=0))
        issuer = SmallIssuer(algorithm="ES256")
        address = await stack.enter_async_context(serve_issuer(issuer, host="127.0.0.1", port=0))
        stand_in.trusted = issuer.ring.verified
        source = stand_in.source_config(urls["camunda"]) | {"acts_as": request.param}
        if request.param == "viewer":
            source |= {"audience": AUDIENCE, "credentials": {"kind": "none"}}
        source["people"] = {"username_claim": "preferred_username"}
        issuers = [{"issuer": address, "audience": GATEWAY, "claims": {"key": "preferred_username"}}]
        people = [{"key": person.key, "name": person.name, "groups": list(person.groups)} for person in DEMO_PEOPLE]
        document = {"gateway": {}, "auth": {"mode": "oidc", "issuers": issuers}, "people": people, "sources": [source]}
        path = tmp_path / "taskgate.toml"
        path.write_text(toml(document), encoding="utf-8")
        app = create_app(load(path))
        await stack.enter_async_context(app.router.lifespan_context(app))
        client = await stack.enter_async_context(
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://gateway.test")
        )
        company = Company(client, stand_in, issuer)
        company.cluster = urls["camunda"]
        yield company


async def test_a_person_claims_as_themselves(company: Company) -> None:
    """Natively, although no account is configured that could. The audit names the person."""
    queue = (await company.ask("alice", INBOX))["viewer"]["inbox"]
    task = next(node["id"] for node in queue["nodes"] if node["state"] == "READY")
    with capture_logs() as logged:
        claimed = (await company.ask("alice", CLAIM, id=task))["claimTask"]
        too_late = (await company.ask("bob", CLAIM, id=task))["claimTask"]

    assert ["OK"] == [report["status"] for report in queue["sources"]]
    assert {"status": "APPLIED", "support": "NATIVE", "atomic": True, "errors": []} == claimed
    assert "REJECTED" == too_late["status"]
    assert [("claim", "alice")] == [(effect.action, effect.actor) for effect in company.stand_in.effects.all()]
    assert [("alice", "person", "APPLIED"), ("bob", "person", "REJECTED")] == [
        (line["person"], line["as"], line["status"]) for line in logged if line["event"] == "audit"
    ]


async def test_a_token_for_the_gateway_alone_goes_nowhere(company: Company) -> None:
    """The list says UNAUTHORIZED and what is missing. The cluster is not asked."""
    await company.asked_of_cluster()
    inbox = (await company.ask("alice", INBOX, aud=(GATEWAY,)))["viewer"]["inbox"]
    [report] = inbox["sources"]

    assert ([], "UNAUTHORIZED") == (inbox["nodes"], report["status"])
    assert "audience" in report["error"]["message"]
    assert [] == await company.asked_of_cluster()
