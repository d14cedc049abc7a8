"""End to end over the stand-ins: people whom no file links to an account."""

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.auth.oidc import provider
from sandbox.config import toml
from sandbox.issuer import GATEWAY, SmallIssuer, subject
from sandbox.people import ALICE
from schema.core.relay import global_id, person_id
from tests.gateway.auth.oidc.providing import ByHost
from tests.world import World, gateway

INBOX = """query Inbox($scope: InboxScope) { viewer { inbox(scope: $scope, first: 100) {
  nodes { id assignee { id } permittedActions { action allowed } }
  sources { source { key } status error { code } } } } }"""
IDENTITIES = "{ viewer { identities { source { key } nativeId email linkedBy verified } } }"


ROWS = """query Rows($scope: InboxScope) { viewer { inbox(scope: $scope, first: 100) {
  nodes { id assignee { displayName } } sources { source { key } status error { code } } } } }"""


@asynccontextmanager
async def serving(world: World, raw: dict[str, Any], folder: Path) -> AsyncIterator[World]:
    """Another gateway over the same stand-ins."""
    raw["gateway"].pop("journal", None)
    path = folder / "linking.toml"
    path.write_text(toml(raw), encoding="utf-8")
    async with gateway(path) as (app, client):
        yield World(app, client, world.urls, {}, path, world._stack)


async def test_directories_link_people_as_the_configuration_would(world: World, tmp_path: Path) -> None:
    """Every list, every permitted action and every node is the same. GEOtareas has no directory."""
    raw = tomllib.loads(world.configured.read_text())
    rules: dict[str, dict[str, Any]] = {
        "camunda": {"match": "email", "groups": "directory"},
        "camunda7": {"match": "email", "groups": "directory"},
        "uipath": {"match": "email"},
        "epilot": {"match": "email"},
        "littlehorse": {"match": "email", "groups": "directory"},
    }
    for source in raw["sources"]:
        if source["key"] in rules:
            source["people"] = rules[source["key"]]
    for person in raw["people"]:
        person["identities"] = {key: one for key, one in person["identities"].items() if key not in rules}
    async with serving(world, raw, tmp_path) as linked:
        links = (await linked.data(IDENTITIES))["viewer"]["identities"]
        for scope in ("MINE", "CLAIMABLE"):
            for who in ("alice", "carol"):
                expected = (await world.data(INBOX, who, scope=scope))["viewer"]["inbox"]
                assert expected == (await linked.data(INBOX, who, scope=scope))["viewer"]["inbox"]

    configured = (await world.data(IDENTITIES))["viewer"]["identities"]
    assert [(one["source"], one["nativeId"]) for one in configured] == [
        (one["source"], one["nativeId"]) for one in links
    ]
    assert set(rules) == {one["source"]["key"] for one in links if one["linkedBy"] == "EMAIL_MATCH" and one["verified"]}


async def test_a_person_who_stands_in_no_file_has_an_inbox_over_all_systems(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token of the company's provider is all that the gateway has of her. A second token without rights shows nothing."""
    small = SmallIssuer(algorithm="ES256")
    original = provider.provider_client
    monkeypatch.setattr("gateway.auth.oidc.sign_in.provider_client", lambda _=None: original(ByHost([small])))
    raw = tomllib.loads(world.configured.read_text())
    known = next(person["identities"] for person in raw["people"] if person["key"] == "alice")
    raw["people"] = []
    raw["auth"] = {"mode": "oidc", "issuers": [{"issuer": small.address, "audience": GATEWAY}]}
    translated = {
        key: {"groups_claim": "groups", "group_names": {ALICE.groups[0]: known[key]["groups"][0]}}
        for key in ("uipath", "geotareas")
    }
    rules: dict[str, dict[str, Any]] = {
        "camunda": {"username_claim": "preferred_username"},
        "camunda7": {"username_claim": "preferred_username"},
        "uipath": {"match": "email", **translated["uipath"]},
        "epilot": {"match": "email"},
        "littlehorse": {"username_claim": "preferred_username", "groups": "directory"},
        "geotareas": {"id_claim": "ids.geotareas", **translated["geotareas"]},
    }
    for source in raw["sources"]:
        source["people"] = rules[source["key"]]
    token = small.token("alice", ids={"geotareas": known["geotareas"]["id"]})
    unproved = small.token("dmitri", email=ALICE.email, email_verified=False, preferred_username="stranger")
    async with serving(world, raw, tmp_path) as linked:
        for scope in ("MINE", "CLAIMABLE"):
            expected = (await world.data(ROWS, scope=scope))["viewer"]["inbox"]
            assert expected == (await linked.data(ROWS, token, scope=scope))["viewer"]["inbox"]
        found = await linked.data(
            "query Q($key: ID!, $account: ID!) { viewer { user { id displayName } } node(id: $key) { id } "
            "user(id: $account) { id identities { linkedBy source { key } } } }",
            token,
            key=person_id(subject(ALICE)),
            account=global_id("User", "epilot", known["epilot"]["id"]),
        )
        candidates = (await linked.data(IDENTITIES, unproved))["viewer"]["identities"]
        strange = (await linked.data(ROWS, unproved, scope="CLAIMABLE"))["viewer"]["inbox"]

    # The account of a person is the person, by either id.
    assert found["viewer"]["user"] == {"id": person_id(subject(ALICE)), "displayName": ALICE.name}
    assert [found["node"]["id"], found["user"]["id"]] == [person_id(subject(ALICE))] * 2
    assert {key: "EMAIL_MATCH" if "match" in rule else "CLAIM" for key, rule in rules.items()} == {
        one["source"]["key"]: one["linkedBy"] for one in found["user"]["identities"]
    }
    assert {"uipath": False, "epilot": False} == {
        one["source"]["key"]: one["verified"] for one in candidates if one["linkedBy"] == "EMAIL_MATCH"
    }
    not_linked = {one["source"]["key"]: one["error"] and one["error"]["code"] for one in strange["sources"]}
    assert {key: not_linked[key] for key in ("uipath", "epilot", "littlehorse", "geotareas")} == dict.fromkeys(
        ("uipath", "epilot", "littlehorse", "geotareas"), "IDENTITY_NOT_LINKED"
    )
