"""Published clients hear of a task that is claimed while they listen: over a socket, as events, as multipart."""

from tests.clients.conftest import told_by_node


async def test_a_claim_reaches_every_client(node: str, address: str) -> None:
    told = await told_by_node(node, "live_lists.mjs", f"{address}/graphql")

    assert dict.fromkeys(("graphql-ws", "graphql-sse", "apollo", "urql"), "RESERVED") == told
