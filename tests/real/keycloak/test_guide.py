"""docs/deploy.md is followed with a real Keycloak of 10,000 people; stand-ins are in place of the sources."""

import json
import signal
import tomllib
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.gateway.cli.command import PATIENCE_S, lines_until
from tests.gateway.cli.test_deploy_guide import (
    CHECK,
    CONFIGURATION,
    FIRST_QUERY,
    FORGET,
    GUIDE,
    SECRETS,
    Follower,
    put_secrets,
    rows,
    sandbox,
)
from tests.real.keycloak.realm import PEOPLE, Realm

__all__ = ["sandbox"]

ELENA = FIRST_QUERY.replace("username=alice", "username=elena")


@pytest.fixture
def follower(sandbox: tuple[int, dict[str, Any]], realm: Realm, tmp_path: Path) -> Follower:
    """Has done what the guide says up to the check."""
    base, written = sandbox
    found = Follower(tmp_path, base)
    found.places["https://login.example.com/realms/main"] = realm.url
    (tmp_path / "taskgate.toml").write_text(found.here(CONFIGURATION), encoding="utf-8")
    found.run(SECRETS)
    put_secrets(found, written)
    return found


def test_one_of_ten_thousand_people_has_an_inbox(follower: Follower, realm: Realm) -> None:
    """The check and the first query print what the guide shows; a second person has another inbox, and is told of one."""
    checked = follower.run(CHECK)
    with follower.serving() as gateway:
        lines_until(gateway, "/graphql")
        alice = json.loads(follower.run(FIRST_QUERY))
        follower.secrets["PASSWORD"] = "elena"
        elena = json.loads(follower.run(ELENA))["data"]["viewer"]
        address = follower.here("https://tasks.example.com/readyz")
        ready = httpx2.get(address, trust_env=False, timeout=PATIENCE_S).json()
        gateway.send_signal(signal.SIGTERM)
        printed, _ = gateway.communicate(timeout=PATIENCE_S)

    assert PEOPLE == realm.people()
    assert rows(follower.here(GUIDE.blocks("text")[0])) == rows(checked)
    assert {"data": json.loads(GUIDE.blocks("json")[2])} == {"data": alice["data"]}
    assert ("Elena Rossi", 5) == (elena["user"]["displayName"], len(elena["identities"]))
    # She is not at GEOtareas.
    errors = {each["source"]["name"]: each["error"]["code"] for each in elena["inbox"]["sources"] if each["error"]}
    assert {"GEOtareas": "IDENTITY_NOT_LINKED"} == errors
    assert sum(each["count"] or 0 for each in elena["inbox"]["sources"]) > 0
    assert "people" not in tomllib.loads(CONFIGURATION)
    assert {realm.url: "OK"} == {issuer: told["status"] for issuer, told in ready["issuers"].items()}
    assert gateway.returncode == 0, printed
    assert "erased what the person's tokens told" in follower.run(FORGET)
