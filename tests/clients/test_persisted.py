"""Automatic persisted queries of Apollo Client and urql, by POST and by GET."""

from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import HERE, Seen, answered_by_node, on_a_socket
from tests.gateway.conftest import opener

CLIENTS = ("@apollo/client POST", "@apollo/client GET", "@urql/exchange-persisted POST", "@urql/exchange-persisted GET")

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("setting", "requests"),
    [("true", 2 + 1), ("false", 2 + 2)],
    ids=["a hash, then the text; later the hash alone", "switched off: the text each time"],
)
async def test_clients_register_what_they_ask(node: str, tmp_path: Path, setting: str, requests: int) -> None:
    """Two programs of each kind, one after the other: both get their answer."""
    async with opener(tmp_path)(gateway=f"[gateway.documents]\nautomatic = {setting}\n") as client:
        transport: Any = client._transport
        seen = Seen(transport.app)
        async with on_a_socket(seen) as address:
            told = await answered_by_node(
                node, HERE / "persisted.mjs", {"url": f"{address}/graphql", "person": "alice"}
            )

    assert dict.fromkeys(CLIENTS, ["Alice Moreno"] * 2) == told
    assert requests * len(CLIENTS) == len(seen.requests)
    gets = [media for method, _status, media in seen.requests if method == "GET"]
    assert gets
