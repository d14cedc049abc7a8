"""Our subgraph beside one of another team, by the three composers, in every version that is offered."""

from pathlib import Path
from typing import get_args

import pytest

from schema.api import sdl
from schema.core.federation_version import FederationVersion
from schema.subgraph import subgraph_sdl
from tests.edge.conftest import told_by_node

COMPOSERS = {"@apollo/composition", "@theguild/federation-composition", "@wundergraph/composition"}
OTHER = (Path(__file__).parent / "invoices.graphql").read_text(encoding="utf-8")

pytestmark = pytest.mark.server


async def test_every_composer_takes_every_version(node: str) -> None:
    """Without an error."""
    versions = get_args(FederationVersion)
    told = await told_by_node(
        node, "compose.mjs", {"sdls": {each: subgraph_sdl(sdl(), each) for each in versions}, "other": OTHER}
    )

    assert [] == [each for each in told if each["errors"]]
    assert {(composer, version) for composer in COMPOSERS for version in versions} == {
        (each["composer"], each["version"]) for each in told
    }


async def test_composers_find_a_conflict(node: str) -> None:
    """A field of ours that another team has too, without saying that it is shared: each composer refuses it."""
    other = OTHER.replace("  invoice: Invoice\n", "  invoice: Invoice\n  title: String!\n")
    told = await told_by_node(node, "compose.mjs", {"sdls": {"2.3": subgraph_sdl(sdl(), "2.3")}, "other": other})

    assert other != OTHER
    assert COMPOSERS == {each["composer"] for each in told if each["errors"]}
