"""A program with Relay, compiled for our schema, against a gateway that serves its documents and no others."""

import json
import shutil
from pathlib import Path

import anyio
import pytest

from schema.api import build_schema, sdl
from tests.clients.conftest import answered_by_node, on_a_socket
from tests.edge.conftest import HERE
from tests.world import opened

CONFIGURATION = {
    "src": "./src",
    "schema": "./schema.graphql",
    "language": "javascript",
    "eagerEsModules": False,
    "artifactDirectory": "./artifacts",
    "persistConfig": {"file": "./manifest.json", "algorithm": "SHA256"},
    "customScalarTypes": {"DateTime": "string", "JSON": "mixed"},
}

pytestmark = pytest.mark.server


async def compiled(node: str, folder: Path) -> Path:
    """The program, compiled by relay-compiler; the artifacts are in `artifacts`, the documents in `manifest.json`."""
    shutil.copytree(HERE / "programs" / "relay", folder / "src")
    (folder / "artifacts").mkdir()
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    (folder / "package.json").write_text("{}", encoding="utf-8")
    (folder / "schema.graphql").write_text(sdl(), encoding="utf-8")
    (folder / "relay.config.json").write_text(json.dumps(CONFIGURATION), encoding="utf-8")
    done = await anyio.run_process(
        [node, str(HERE / "node_modules" / "relay-compiler" / "cli.js"), "--noWatchman"], cwd=folder, check=False
    )
    assert 0 == done.returncode, done.stdout.decode() + done.stderr.decode()
    return folder


async def test_a_program_with_relay(node: str, tmp_path: Path) -> None:
    """Pages are joined, every type is read again by its id, and a claim changes the row in the list."""
    program = await compiled(node, tmp_path)
    documents = json.loads((program / "manifest.json").read_text(encoding="utf-8"))
    settings = 'documents = { manifests = ["manifest.json"], only_trusted = true }'
    async with opened(tmp_path, in_gateway=[settings]) as world, on_a_socket(world.app) as address:
        asked = {"url": f"{address}/graphql", "artifacts": str(program / "artifacts"), "person": "alice"}
        told = await answered_by_node(node, HERE / "relay.mjs", asked)
        refused = await world.ask("{ __typename }")

    assert 11 < len(documents)
    assert "DOCUMENT_NOT_TRUSTED" == refused["errors"][0]["extensions"]["code"]
    assert told["total"] == told["distinct"] == told["sizes"][-1]
    assert [*range(5, told["total"], 5), told["total"]] == told["sizes"]
    assert ["READY", "APPLIED", "RESERVED"] == told["claim"]
    nodes = build_schema()._schema.get_possible_types(build_schema()._schema.type_map["Node"])  # type: ignore[arg-type]
    assert {each.name: True for each in nodes} == told["refetched"]
