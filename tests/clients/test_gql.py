"""The Python client gql with the fetched schema: it finds errors in a document before it sends the document."""

import pytest
from gql import Client, gql
from gql.dsl import DSLQuery, DSLSchema, dsl_gql
from gql.transport.httpx import HTTPXAsyncTransport
from graphql import GraphQLError, print_schema

from schema.api import build_schema
from schema.execution.incremental import with_directives
from tests.clients.conftest import Seen
from tests.clients.steps import PATIENCE_S
from tests.world import World


def client(address: str) -> Client:
    transport = HTTPXAsyncTransport(f"{address}/graphql", timeout=PATIENCE_S)
    return Client(transport=transport, fetch_schema_from_transport=True, execute_timeout=None)


async def test_the_schema_that_it_fetches_is_the_schema(address: str) -> None:
    """Every type, field, argument, default and description, by introspection."""
    async with client(address) as session:
        fetched = session.client.schema

        assert fetched is not None
        # The description of the schema itself is not among what gql asks for.
        fetched.description = build_schema()._schema.description
        assert print_schema(with_directives(build_schema()._schema)) == print_schema(fetched)


async def test_a_wrong_document_is_refused_before_it_is_sent(address: str, seen: Seen) -> None:
    """An unknown field. The only request is the one that fetched the schema."""
    async with client(address) as session:
        with pytest.raises(GraphQLError, match="Cannot query field 'nothing'"):
            await session.execute(gql("{ nothing }"))

    assert 1 == len(seen.requests)


async def test_queries_built_from_the_schema(address: str, world: World) -> None:
    """By its DSL, with arguments and enums."""
    expected = await world.data("{ viewer { inbox(first: 2, scope: CLAIMABLE) { totalCount nodes { id title } } } }")
    async with client(address) as session:
        assert session.client.schema is not None
        graph = DSLSchema(session.client.schema)
        tasks = graph.TaskConnection
        inbox = graph.Viewer.inbox(first=2, scope="CLAIMABLE").select(
            tasks.totalCount, tasks.nodes.select(graph.Task.id, graph.Task.title)
        )

        assert expected == await session.execute(dsl_gql(DSLQuery(graph.Query.viewer.select(inbox))))
