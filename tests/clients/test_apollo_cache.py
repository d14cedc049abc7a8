"""Apollo Client's cache with this graph: it joins pages by cursor, and shows the result of a mutation everywhere."""

from tests.clients.conftest import Seen, told_by_node
from tests.world import World


async def test_pages_are_joined_and_a_claim_changes_every_list(
    node: str, address: str, world: World, seen: Seen
) -> None:
    """By relayStylePagination and by id. The cache sends no further request."""
    query = "{ viewer { inbox(first: 100, scope: MINE) { nodes { id } } } }"
    whole = [task["id"] for task in (await world.data(query))["viewer"]["inbox"]["nodes"]]
    sizes = [min(end, len(whole)) for end in range(3, len(whole) + 3, 3)]

    told = await told_by_node(node, "apollo_cache.mjs", f"{address}/graphql")

    assert {
        "shown": sizes,
        "kept": whole,
        "before": "READY",
        "claimed": "APPLIED",
        "after": [True, True, "RESERVED", "Alice Moreno"],
        "byId": ["READY", "RESERVED"],
    } == told
    # One request for each page, then queue, task and claim.
    assert len(sizes) + 3 == len(seen.requests)
