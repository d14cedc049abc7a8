"""Our subgraph beside one of another team, by the three composers, in every version that is offered."""

from typing import Any, get_args

import pytest

from schema.api import sdl
from schema.core.federation_version import FederationVersion
from schema.subgraph import subgraph_sdl
from tests.clients.conftest import HERE, answered_by_node

COMPOSERS = ("@apollo/composition", "@theguild/federation-composition", "@wundergraph/composition")
VERSIONS = get_args(FederationVersion)
OTHER = (HERE / "invoices.graphql").read_text(encoding="utf-8")

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
async def results(node: str) -> dict[tuple[str, str], list[str]]:
    """The errors by composer and version. All tests share one run; "conflict" is the control."""
    sdls = {version: subgraph_sdl(sdl(), version) for version in VERSIONS}
    conflict = OTHER.replace("  invoice: Invoice\n", "  invoice: Invoice\n  title: String!\n")
    assert conflict != OTHER
    told: list[dict[str, Any]] = await answered_by_node(
        node, HERE / "compose.mjs", {"sdls": sdls, "other": OTHER, "conflict": conflict}
    )
    return {(each["composer"], each["version"]): each["errors"] for each in told}


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_composer_takes_the_subgraph(
    results: dict[tuple[str, str], list[str]], composer: str, version: FederationVersion
) -> None:
    """Without an error."""
    assert [] == results[composer, version]


@pytest.mark.parametrize("composer", COMPOSERS)
async def test_a_composer_finds_a_conflict(results: dict[tuple[str, str], list[str]], composer: str) -> None:
    """A field of ours that another team has too, without saying that it is shared."""
    assert results[composer, "conflict"]
