"""The page at /graphql in a real browser: it works without any other host and reports no error."""

import hashlib
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.app import create_app
from gateway.graphiql.page import GraphiQL
from gateway.settings import load
from sandbox.config import toml
from sandbox.issuer import GATEWAY, PAGE, TOKEN, SmallIssuer
from sandbox.server import serve_issuer
from tests.browser.conftest import Visitor
from tests.gateway.configuration import write_configuration
from tests.world import World

EXAMPLES = ["Inbox", "Detail", "Claim", "Complete", "Assign", "Cancel", "Flows", "Counts", "People", "Sources", "Live"]
KEYS_AUTH = f"""
[auth]
mode = "api_keys"
keys = [{{ person = "alice", sha256 = "{hashlib.sha256(b"a key").hexdigest()}" }}]
"""


@pytest.mark.usefixtures("graphiql_files")
async def test_the_page_needs_only_the_gateway(visit: Visitor, world: World, tmp_path: Path) -> None:
    """Tabs, documentation, completion, dialogs and a query cause no request to other hosts, no error and no violation
    of the policy.
    """
    picture = tmp_path / "graphiql.png"
    seen = await visit(
        world.app,
        ("open",),
        ("tabs",),
        ("run",),
        ("documentation",),
        ("screenshot", str(picture)),
        ("dialogs",),
        ("completions", "{ viewer { inb"),
    )
    title, tabs, answer, documentation, _, dialogs, completions = seen.told

    assert ([], []) == (seen.abroad, seen.complaints)
    assert ("taskgate · GraphiQL", EXAMPLES) == (title, tabs)
    assert {"OK"} == {source["status"] for source in answer["data"]["viewer"]["inbox"]["sources"]}
    assert answer["data"]["viewer"]["inbox"]["nodes"]
    assert {"query: Query", "mutation: Mutation", "TaskConnection"} <= set(documentation.splitlines())
    assert (["Short Keys", "Settings"], ["inbox"]) == (dialogs, completions)
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("graphiql_files")
async def test_another_person_is_chosen_by_keyboard_and_sees_another_inbox(visit: Visitor, world: World) -> None:
    """The page sends requests as the person selected in its bar. The default person is selected first."""
    seen = await visit(
        world.app,
        ("open",),
        ("tabs",),
        ("people",),
        ("run",),
        ("person", "Bob"),
        ("run",),
        ("person", "Car"),
        ("run",),
        ("open",),
        ("tabs",),
        ("run",),
    )
    people, alice, _, bob, carol_belongs, carol, _, _, again = seen.told[2:]
    inboxes = [answer["data"]["viewer"] for answer in (alice, bob, carol)]

    assert ["Alice Moreno", "Bob Keller", "Carol Singh"] == people
    assert people == [inbox["user"]["displayName"] for inbox in inboxes]
    assert 3 == len({tuple(node["id"] for node in inbox["inbox"]["nodes"]) for inbox in inboxes})
    assert "operations, task admin" == carol_belongs
    # The person is kept when the page is loaded again.
    assert carol["data"]["viewer"]["user"] == again["data"]["viewer"]["user"]
    assert [] == seen.complaints


@pytest.mark.usefixtures("graphiql_files")
async def test_the_examples_claim_and_complete_a_task(visit: Visitor, world: World) -> None:
    """Without changes: the page fills in the first task that may be claimed, with data for its form."""
    seen = await visit(
        world.app,
        ("open",),
        ("tabs",),
        ("tab", "Detail"),
        ("run",),
        ("tab", "Claim"),
        ("run",),
        ("tab", "Complete"),
        ("variables",),
        ("run",),
        ("refilled",),
        ("variables",),
        ("tab", "Detail"),
        ("run",),
        ("tab", "Assign"),
        ("variables",),
        ("hurry", "query A { __typename }"),
    )
    task, claimed, completed, following = (seen.told[step]["data"] for step in (3, 5, 8, 12))
    before, after, assign = (seen.told[step] for step in (7, 10, 14))
    done = [effect for vendor in world.urls for effect in await world.effects(vendor)]

    assert "READY" == task["task"]["state"]
    assert ("APPLIED", "RESERVED") == (claimed["claimTask"]["status"], claimed["claimTask"]["task"]["state"])
    assert ("APPLIED", "COMPLETED") == (completed["completeTask"]["status"], completed["completeTask"]["task"]["state"])
    assert 1 == [effect for effect, _ in done].count("complete")
    assert {task["task"]["native"]["nativeId"]} == {native_id for _, native_id in done}
    assert task["task"]["outcomes"]
    assert task["task"]["form"]["fields"]
    # The next task takes the place of the one that is used, in all tabs.
    assert before["id"] != after["id"]
    assert after["id"] == assign["id"]
    assert "READY" == following["task"]["state"]
    assert assign["user"]
    assert {"__typename": "Query"} == seen.told[15]["data"]
    assert [] == seen.complaints


@pytest.mark.usefixtures("graphiql_files")
async def test_with_api_keys_the_page_asks_for_a_key(visit: Visitor, tmp_path: Path) -> None:
    """Before that it sends no query. With the key it shows the schema and sends queries as the key's person."""
    app = create_app(load(write_configuration(tmp_path, auth=KEYS_AUTH)))
    async with app.router.lifespan_context(app):
        seen = await visit(
            app,
            ("open",),
            ("said",),
            ("key", "a key"),
            ("tabs",),
            ("documentation",),
            ("write", "Me", "query Me { viewer { user { displayName } } }"),
            ("run",),
        )

    assert seen.told[1].startswith("Enter your API key or token above.")
    assert EXAMPLES == seen.told[3]
    assert "query: Query" in seen.told[4]
    assert {"viewer": {"user": {"displayName": "Alice Moreno"}}} == seen.told[6]["data"]
    assert ([], []) == (seen.abroad, seen.complaints)


@pytest.mark.usefixtures("graphiql_files")
async def test_people_sign_in_at_their_provider(visit: Visitor, tmp_path: Path) -> None:
    """By Authorization Code with PKCE. The token is stored nowhere, the code leaves the address, and an answer that was not
    asked for signs no one in.
    """
    issuer = SmallIssuer(algorithm="ES256")
    async with serve_issuer(issuer, host="127.0.0.1", port=0) as address:
        auth = {"mode": "oidc", "issuers": [{"issuer": address, "audience": GATEWAY, "login": {"client_id": PAGE}}]}
        app = create_app(load(write_configuration(tmp_path, auth=toml({"auth": auth}))))
        async with app.router.lifespan_context(app):
            seen = await visit(
                app,
                ("answer", "code=of-another&state=of-another"),
                ("open",),
                ("said",),
                ("signIn", "Grace Okafor"),
                ("tabs",),
                ("documentation",),
                ("write", "Me", "query Me { viewer { user { displayName } } }"),
                ("run",),
                also=[issuer.base_url],
            )

    assert "not asked for here" in seen.told[0]
    assert seen.told[2].startswith("Sign in above")
    assert seen.told[3]["address"].endswith("/graphql")
    assert "eyJ" not in seen.told[3]["kept"]
    assert EXAMPLES == seen.told[4]
    assert {"viewer": {"user": {"displayName": "Grace Okafor"}}} == seen.told[7]["data"]
    assert ([], []) == (seen.abroad, seen.complaints)
    assert 1 == issuer.requests[TOKEN]


@pytest.mark.usefixtures("graphiql_files")
async def test_the_page_reports_a_file_that_cannot_be_loaded(visit: Visitor, world: World) -> None:
    """The page is not empty."""
    seen = await visit(world.app, ("lose", "graphiql.min.js"), ("open",), ("said",))

    assert seen.told[2].startswith("GraphiQL's files could not be loaded.")


async def test_a_gateway_without_the_files_shows_another_page(visit: Visitor, tmp_path: Path) -> None:
    """With the same style, and without a request that fails."""
    graphiql = GraphiQL(load(write_configuration(tmp_path)), tmp_path / "npm")

    async def page(request: Request) -> Response:
        return graphiql.response(request.scope)

    seen = await visit(Starlette(routes=[Route("/graphql", page), *graphiql.routes]), ("open",), ("said",))

    assert "GraphiQL's files are not here" in seen.told[1]
    assert ([], []) == (seen.abroad, seen.complaints)
