"""The same steps through every client: what each client returns, and what the gateway received."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct

from tests.clients.conftest import Seen
from tests.conversation import Conversation
from tests.world import World

NEW = "application/graphql-response+json"
OLD = "application/json"

INBOX = """query Inbox($first: Int, $after: String, $scope: InboxScope) { viewer { inbox(first: $first, after: $after, scope: $scope) {
  totalCount nodes { id title state isOverdue source { name } } pageInfo { hasNextPage endCursor }
  sources { source { name } status count } } } }"""
CLAIM = """mutation Claim($id: ID!, $key: String) { claimTask(input: { taskId: $id, idempotencyKey: $key }) {
  status replayed errors { code field } task { id state assignee { displayName } } } }"""
DETAIL = "query Detail($id: ID!) { task(id: $id) { title form { kind } } }"
TASK = "query Task($id: ID!) { task(id: $id) { id } }"
ODD = "é + & = # % \" ' \\ \n 🂡"


class Client(Struct, frozen=True, kw_only=True):
    """A client and its names of errors: `failed` with or without data, `invalid` for a request that cannot run,
    `stranger` for an unknown token.
    """

    script: str
    failed: str | None
    invalid: str
    stranger: str
    gets: bool = True
    obeys: bool = True
    """Whether it sends mutations by POST even if GET is configured."""
    media: str = NEW


CLIENTS = [
    Client(script="with_fetch.mjs", failed=None, invalid="400", stranger="401", obeys=False),
    Client(script="with_httpx2.py", failed=None, invalid="400", stranger="401", obeys=False),
    Client(script="with_apollo.mjs", failed="CombinedGraphQLErrors", invalid="CombinedGraphQLErrors", stranger="CombinedGraphQLErrors"),
    Client(script="with_urql.mjs", failed="CombinedError", invalid="CombinedError", stranger="CombinedError"),
    Client(script="with_graphql_request.mjs", failed="ClientError 200", invalid="ClientError 400", stranger="ClientError 401"),
    Client(script="with_gql.py", failed="TransportQueryError", invalid="TransportQueryError", stranger="TransportQueryError", gets=False, media=OLD),
]  # fmt: skip
NAMED = {client.script: client for client in CLIENTS}


@pytest.fixture(params=NAMED)
def client(request: pytest.FixtureRequest) -> Client:
    return NAMED[request.param]


class Journey:
    """Steps through one client to one gateway."""

    def __init__(self, program: Conversation, address: str) -> None:
        self._program = program
        self._address = address
        self._steps: list[dict[str, Any]] = []

    def step(
        self,
        name: str,
        document: str,
        *,
        method: str = "POST",
        token: str = "alice",
        **variables: Any,
    ) -> None:
        self._steps.append(
            {"name": name, "document": document, "variables": variables, "method": method, "token": token}
        )

    async def told(self) -> dict[str, dict[str, Any]]:
        """Data, codes and error of each step."""
        told: dict[str, dict[str, Any]] = await self._program.told(
            {"url": f"{self._address}/graphql", "steps": self._steps}
        )
        return told


@pytest.fixture
async def journey(client: Client, address: str, steps_of: Callable[[str], Conversation]) -> Journey:
    return Journey(steps_of(client.script), address)


def fine(data: Any) -> dict[str, Any]:
    return {"data": data, "codes": [], "error": None}


def failed(error: str | None, *codes: str, data: Any = None) -> dict[str, Any]:
    return {"data": data, "codes": list(codes), "error": error}


def claimed(task: str, *, replayed: bool = False) -> dict[str, Any]:
    shown = {"id": task, "state": "RESERVED", "assignee": {"displayName": "Alice Moreno"}}
    return {"status": "APPLIED", "replayed": replayed, "errors": [], "task": shown}


async def test_queries_with_variables(client: Client, journey: Journey, world: World, seen: Seen) -> None:
    """Two pages, and an id with unusual characters, by POST and by GET. The data are the same as without this client."""
    methods = ["POST", "GET"] if client.gets else ["POST"]
    first = await world.data(INBOX, first=3, scope="MINE")
    after = first["viewer"]["inbox"]["pageInfo"]["endCursor"]
    second = await world.data(INBOX, first=3, scope="MINE", after=after)
    bobs = await world.data(INBOX, "bob", first=3, scope="MINE")
    for method in methods:
        journey.step(f"{method} 1", INBOX, method=method, first=3, scope="MINE")
        journey.step(f"{method} 2", INBOX, method=method, first=3, scope="MINE", after=after)
        journey.step(f"{method} odd", TASK, method=method, id=ODD)
        journey.step(f"{method} bob", INBOX, method=method, token="bob", first=3, scope="MINE")

    told = await journey.told()

    assert first != second != bobs
    assert {
        f"{method} {name}": fine(data)
        for method in methods
        for name, data in (("1", first), ("2", second), ("odd", {"task": None}), ("bob", bobs))
    } == told
    assert [(method, 200, client.media) for method in methods for _ in range(4)] == seen.requests


async def test_mutations(client: Client, journey: Journey, world: World, seen: Seen) -> None:
    """A claim, the same key again, the same key for another task, and an invalid id. All results are data."""
    queue = (await world.data(INBOX, scope="CLAIMABLE"))["viewer"]["inbox"]["nodes"]
    mine, other = queue[0]["id"], queue[1]["id"]
    journey.step("claimed", CLAIM, id=mine, key="one click")
    journey.step("again", CLAIM, id=mine, key="one click")
    journey.step("reused", CLAIM, id=other, key="one click")
    journey.step("nonsense", CLAIM, id="nonsense")

    told = await journey.told()

    assert fine({"claimTask": claimed(mine)}) == told["claimed"]
    assert fine({"claimTask": claimed(mine, replayed=True)}) == told["again"]
    assert [("REJECTED", "IDEMPOTENCY_KEY_REUSED"), ("REJECTED", "VALIDATION_FAILED")] == [
        (payload["status"], payload["errors"][0]["code"])
        for payload in (told[name]["data"]["claimTask"] for name in ("reused", "nonsense"))
    ]
    assert [("POST", 200, client.media)] * 4 == seen.requests


@pytest.mark.parametrize("client", [name for name, client in NAMED.items() if client.gets], indirect=True)
async def test_a_mutation_by_get(client: Client, journey: Journey, world: World, seen: Seen) -> None:
    """The gateway refuses it. GraphQL clients send it by POST instead."""
    task = (await world.data(INBOX, scope="CLAIMABLE"))["viewer"]["inbox"]["nodes"][0]
    journey.step("claimed", CLAIM, method="GET", id=task["id"])

    told = await journey.told()
    effects = await world.effects("camunda") + await world.effects("geotareas")

    if client.obeys:
        assert fine({"claimTask": claimed(task["id"])}) == told["claimed"]
        assert ([("POST", 200, client.media)], 1) == (seen.requests, len(effects))
    else:
        assert failed("405", "METHOD_NOT_ALLOWED") == told["claimed"]
        assert ([("GET", 405, client.media)], 0) == (seen.requests, len(effects))


async def test_errors(client: Client, journey: Journey, world: World, seen: Seen) -> None:
    """The client gets the codes for any status: with and without data, of an invalid request, of an unknown token."""
    queue = (
        await world.data("{ viewer { inbox(scope: CLAIMABLE, first: 100) { nodes { id title source { key } } } } }")
    )["viewer"]["inbox"]["nodes"]
    task = next(node for node in queue if node["source"]["key"] == "camunda")
    cursor = (await world.data(INBOX, first=2, scope="MINE"))["viewer"]["inbox"]["pageInfo"]["endCursor"]
    fault = {"method": "GET", "path": "/v2/user-tasks/.*/form", "kind": "status", "status": 503, "times": 9}
    await world.control("camunda", "faults", fault)
    journey.step("beside data", DETAIL, id=task["id"])
    journey.step("instead of data", INBOX, scope="CLAIMABLE", after=cursor)
    journey.step("unknown field", "{ nothing }")
    journey.step("missing variable", TASK)
    journey.step("stranger", TASK, token="mallory", id="x")

    told = await journey.told()
    partial = {"task": {"title": task["title"], "form": None}}

    assert {
        "beside data": failed(client.failed, "UPSTREAM_UNAVAILABLE", data=partial),
        "instead of data": failed(client.failed, "VALIDATION_FAILED"),
        "unknown field": failed(client.invalid, "GRAPHQL_VALIDATION_FAILED"),
        "missing variable": failed(client.invalid, "BAD_USER_INPUT"),
        "stranger": failed(client.stranger, "UNAUTHENTICATED"),
    } == told
    ran, refused = ("POST", 200, client.media), ("POST", 400 if client.media == NEW else 200, client.media)
    assert [ran, ran, refused, refused, ("POST", 401, client.media)] == seen.requests
