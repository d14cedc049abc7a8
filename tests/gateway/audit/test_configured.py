"""The audit's file as it is configured."""

import json
from pathlib import Path

import httpx2
import pytest

from gateway.app import create_app
from gateway.settings import load
from tests.gateway.configuration import write_configuration

# A write that is denied: there is no such source.
DENIED = """mutation { claimTask(input: { taskId: "VGFzazpub3doZXJlOjE=" }) { status } }"""


def made(folder: Path) -> list[Path]:
    return list(folder.glob("*audit*"))


@pytest.mark.slow
async def test_lines_go_to_the_file_and_after_a_hang_up_to_the_new_one(tmp_path: Path) -> None:
    """A relative path starts at the folder of the configuration. A denied write has its line too."""
    app = create_app(load(write_configuration(tmp_path, gateway='[gateway]\naudit = "audit.jsonl"\n')))
    path, old = tmp_path / "audit.jsonl", tmp_path / "audit.jsonl.1"
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client,
    ):
        first = await client.post("/graphql", json={"query": DENIED})
        path.rename(old)
        app.state.reopen_audit()
        second = await client.post("/graphql", json={"query": DENIED}, headers={"Authorization": "Bearer bob"})

    lines = [json.loads(each.read_text(encoding="utf-8")) for each in (old, path)]
    assert ["REJECTED", "REJECTED"] == [answer.json()["data"]["claimTask"]["status"] for answer in (first, second)]
    assert [("alice", "nowhere", "task:1", ["NOT_FOUND"]), ("bob", "nowhere", "task:1", ["NOT_FOUND"])] == [
        (line["person"], line["source"], line["target"], line["codes"]) for line in lines
    ]
    assert [first.headers["X-Request-Id"], second.headers["X-Request-Id"]] == [line["request"] for line in lines]


async def test_without_a_file_reopening_does_nothing(tmp_path: Path) -> None:
    """Nor does it make a file."""
    app = create_app(load(write_configuration(tmp_path)))
    async with app.router.lifespan_context(app):
        app.state.reopen_audit()

    assert [] == made(tmp_path)
