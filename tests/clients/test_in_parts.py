"""Apollo Client, by both texts of incremental delivery that it knows, and urql put parts together."""

import pytest

from tests.clients.conftest import told_by_node
from tests.world import World

pytestmark = pytest.mark.server

WHOLE = "{ tasks(first: 3) { nodes { id title } } }"


async def test_clients_hold_what_one_answer_says(node: str, address: str, world: World) -> None:
    nodes = (await world.data(WHOLE))["tasks"]["nodes"]
    expected = [[each["id"], each["title"]] for each in nodes]

    told = await told_by_node(node, "in_parts.mjs", f"{address}/graphql")

    assert len(told) == 5
    for client, held in told.items():
        assert (client, held["nodes"]) == (client, expected)
        assert held["steps"] > 1, client
