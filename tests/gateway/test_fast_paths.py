"""A gateway with its fast paths and one without answer the same; what changes is seen as soon as without them."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from gateway.graphiql.examples import EXAMPLES
from schema.core.relay import global_id
from tests.clients import test_steps as steps
from tests.world import World, gateway, opened

pytestmark = pytest.mark.server

TESTS = Path(__file__).parents[1]
# What programs with client libraries send; those for JavaScript have it in templates.
PROGRAMS = [TESTS / "edge" / "programs" / "operations.graphql", TESTS / "clients" / "apollo_cache.mjs"]
DOCUMENT = re.compile(r"gql`(\s*query\s[^`]*)`")
OPERATIONS = Path(__file__).parents[3] / "shared" / "design" / "operations.graphql"
ROWS = """{ tasks(first: 20, orderBy: [{field: CREATED_AT, direction: DESC}]) { isComplete totalCount nodes {
    id title state kind dueAt isOverdue source { key name } assignee { id displayName email } assignees { id }
    candidateGroups { id name } candidateUsers { displayName } completedBy { id } flow { id name } definition { key name }
    subjects { type label } tags { name } native { nativeId state payload } version }
    pageInfo { hasNextPage endCursor } sources { source { key } status count error { code } } } }"""
INBOX = """query Inbox($first: Int = 10, $more: Boolean = false) { viewer { inbox(scope: MINE_OR_CLAIMABLE, first: $first) {
    edges { cursor node { ...Row } } } } } fragment Row on Task { __typename id what: title ... on Node { id }
    permits(action: CLAIM) { allowed reason } assignee @include(if: $more) { displayName } }"""
CLAIM = "mutation ($i: ClaimTaskInput!) { claimTask(input: $i) { status task { state } } }"
# When a source was read, and how: two gateways read at different times.
READ_AT = re.compile(rb'"(fetchedAt|lastSuccessAt|requestId|oldestFetchedAt|resetAt)":("[^"]*"|null)')
COSTS = re.compile(rb'"(upstreamCalls|waits|waitedMs|fromCache|hitRatio|entries|remaining)":[^,}\]]*')


class Asked(NamedTuple):
    """`name` is that of the operation, where the document has several."""

    query: str
    variables: dict[str, Any]
    name: str | None = None


class Pair:
    """`fast` has the fast paths, `plain` has none. Both are over the same stand-ins."""

    def __init__(self, world: World, plain: httpx2.AsyncClient) -> None:
        self.world, self.fast, self.plain = world, world.client, plain

    async def asked(self, client: httpx2.AsyncClient, asked: Asked, person: str) -> bytes:
        response = await client.post(
            "/graphql",
            json={"query": asked.query, "variables": asked.variables, "operationName": asked.name},
            headers={"Authorization": f"Bearer {person}"},
        )
        assert response.json().get("data") is not None, response.text
        return COSTS.sub(rb"", READ_AT.sub(rb"", response.content))


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with opened(tmp_path) as world:
        folder = tmp_path / "plain"
        folder.mkdir()
        text = world.configured.read_text(encoding="utf-8")
        path = folder / "taskgate.toml"
        path.write_text(
            f"{text}\n[gateway.fast_paths]\ncompiled_rows = false\nkept_answers = false\ndirect_path = false\ndirect_reads = false\nkept_rows = false\n",
            encoding="utf-8",
        )
        async with gateway(path) as (_, client):
            yield Pair(world, client)


def corpus(task: str) -> list[Asked]:
    """Of the product, of the clients' programs, and where the design lies beside this repository, its queries too."""
    found = [Asked(ROWS, {}), Asked(INBOX, {}), Asked(INBOX, {"more": True, "first": 5})]
    found += [Asked(example.query, {"id": task}) for example in EXAMPLES if "\nquery " in example.query]
    found += programs(task)
    if OPERATIONS.exists():
        text = OPERATIONS.read_text(encoding="utf-8")
        values = {
            "id": task,
            "groupIds": [global_id("Group", "camunda", "accounting")],
            "soon": "2030-01-01T00:00:00Z",
            "since": "2020-01-01T00:00:00Z",
            "text": "invoice",
        }
        names = re.findall(r"^query (\w+)\(?([^{]*)", text, re.MULTILINE)
        for name, declared in names:
            wanted = {key: value for key, value in values.items() if f"${key}:" in declared}
            found.append(Asked(text, wanted, name))
    return found


def programs(task: str) -> list[Asked]:
    """The queries of the clients' programs."""
    found = [Asked(steps.INBOX, {"first": 3, "scope": "MINE"}), Asked(steps.DETAIL, {"id": task})]
    for path in PROGRAMS:
        text = path.read_text(encoding="utf-8")
        for document in DOCUMENT.findall(text) if path.suffix == ".mjs" else [text]:
            for name, declared in re.findall(r"query (\w+)\(?([^{]*)", document):
                wanted = {
                    key: value
                    for key, value in (("id", task), ("scope", "MINE"), ("first", 5))
                    if f"${key}:" in declared
                }
                found.append(Asked(document, wanted, name))
    return found


async def test_the_corpus_is_answered_alike(pair: Pair) -> None:
    """Three times each: made anew, then kept, then given again."""
    listed = await pair.world.data("{ tasks(first: 1) { nodes { id } } }", person="carol")
    for asked in corpus(listed["tasks"]["nodes"][0]["id"]):
        for person in ("alice", "carol"):
            # Names that a source has no directory for are known once a task has carried them.
            await pair.asked(pair.plain, asked, person)
            expected = await pair.asked(pair.plain, asked, person)
            answers = [await pair.asked(pair.fast, asked, person) for _ in range(4)]

            assert answers[1:] == [expected] * 3, asked


async def test_an_own_write_shows_at_once(pair: Pair) -> None:
    query = "{ tasks(first: 50) { nodes { id state } } }"
    states = []
    for _ in range(4):
        nodes = (await pair.world.data(query, person="alice"))["tasks"]["nodes"]
        states.append({node["id"]: node["state"] for node in nodes})
    prefix = global_id("Task", "camunda", "2")[:16]
    ready = next(id for id, state in states[-1].items() if state == "READY" and id.startswith(prefix))
    done = await pair.world.data(CLAIM, person="alice", i={"taskId": ready})
    nodes = (await pair.world.data(query, person="alice"))["tasks"]["nodes"]

    assert done["claimTask"]["status"] == "APPLIED"
    assert {node["id"]: node["state"] for node in nodes}[ready] == "RESERVED"


async def test_a_change_made_directly_shows_when_the_answer_of_the_source_is_old(tmp_path: Path) -> None:
    async with opened(
        tmp_path,
        in_sources={"camunda": ["cache = { list_seconds = 0.2, detail_seconds = 0.2, revalidate_seconds = 0 }"]},
    ) as world:
        query = "{ tasks(first: 100) { nodes { id source { key } state permits(action: CLAIM) { allowed } } } }"
        shown = "{ tasks(first: 100) { nodes { id state } } }"
        before = (await world.data(query, person="alice"))["tasks"]["nodes"]
        task = next(each["id"] for each in before if each["source"]["key"] == "camunda" and each["permits"]["allowed"])
        for _ in range(4):
            await world.data(shown, person="alice")
        # A gateway that shares nothing with this one.
        async with world.cold() as other:
            assert (await other.data(CLAIM, i={"taskId": task}))["claimTask"]["status"] == "APPLIED"
        await asyncio.sleep(0.3)
        after = (await world.data(shown, person="alice"))["tasks"]["nodes"]

        assert {each["id"]: each["state"] for each in after}[task] == "RESERVED"
