"""End to end over the five stand-ins: people whom no file links to an account."""

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sandbox.config import toml
from tests.world import World, gateway

INBOX = """query Inbox($scope: InboxScope) { viewer { inbox(scope: $scope, first: 100) {
  nodes { id assignee { id } permittedActions { action allowed } }
  sources { source { key } status error { code } } } } }"""
IDENTITIES = "{ viewer { identities { source { key } nativeId email linkedBy verified } } }"


@asynccontextmanager
async def linking(world: World, folder: Path) -> AsyncIterator[World]:
    """Another gateway over the same stand-ins. People have an identity where the source has no directory, and no other."""
    raw = tomllib.loads(world.configured.read_text())
    rules: dict[str, dict[str, Any]] = {
        "camunda": {"match": "email", "groups": "directory"},
        "uipath": {"match": "email"},
        "epilot": {"match": "email"},
        "littlehorse": {"match": "email", "groups": "directory"},
    }
    for source in raw["sources"]:
        if source["key"] in rules:
            source["people"] = rules[source["key"]]
    for person in raw["people"]:
        person["identities"] = {key: one for key, one in person["identities"].items() if key not in rules}
    raw["gateway"].pop("journal", None)
    path = folder / "linking.toml"
    path.write_text(toml(raw), encoding="utf-8")
    async with gateway(path) as (app, client):
        yield World(app, client, world.urls, {}, path, world._stack)


async def test_directories_link_people_as_the_configuration_would(world: World, tmp_path: Path) -> None:
    """Every list, every permitted action and every node is the same."""
    async with linking(world, tmp_path) as linked:
        links = (await linked.data(IDENTITIES))["viewer"]["identities"]
        for scope in ("MINE", "CLAIMABLE"):
            for person in ("alice", "carol"):
                expected = (await world.data(INBOX, person, scope=scope))["viewer"]["inbox"]
                assert expected == (await linked.data(INBOX, person, scope=scope))["viewer"]["inbox"]

    configured = (await world.data(IDENTITIES))["viewer"]["identities"]
    assert [(one["source"], one["nativeId"]) for one in configured] == [
        (one["source"], one["nativeId"]) for one in links
    ]
    assert {"camunda", "uipath", "epilot", "littlehorse"} == {
        one["source"]["key"] for one in links if one["linkedBy"] == "EMAIL_MATCH" and one["verified"]
    }
