import re
import sqlite3
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.responses import JSONResponse

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.littlehorse import LittlehorseConnector, LittlehorseSettings
from gateway.auth.oidc import provider
from gateway.cli.check import Opened, _issuers_answer, _row
from gateway.settings import load
from sandbox.camunda.auth import CLIENT_SECRET
from sandbox.camunda.stand_in import CamundaStandIn
from sandbox.config import toml
from sandbox.issuer import DISCOVERY, GATEWAY, PAGE, SmallIssuer
from sandbox.littlehorse import LittlehorseStandIn
from tests.gateway import configuration
from tests.gateway.auth.oidc.providing import ByHost
from tests.gateway.cli.command import run
from tests.gateway.configuration import write_configuration

PERSON = '[[people]]\nkey = "alice"\nname = "Alice"\n'


def test_check_fails_if_a_source_does_not_answer(tmp_path: Path) -> None:
    """Every source has its row. No row contains a password."""
    code, text = run("check", "--config", str(write_configuration(tmp_path)))

    assert code == 1
    assert [key for key in ("camunda", "field", "UPSTREAM_UNAVAILABLE") if key not in text] == []
    assert "never-told" not in text


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_journal_that_cannot_be_used_is_one_line(tmp_path: Path, command: str) -> None:
    """It names the file and the reason. Nothing is served."""
    config = write_configuration(tmp_path)
    journal = load(config).gateway.journal
    with sqlite3.connect(journal) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()

    code, text = run(command, "--config", str(config))

    assert code == 1
    assert [f"{journal}: the journal of writes cannot be opened: a newer version of taskgate wrote it"] == [
        line.partition(";")[0] for line in text.splitlines() if "journal" in line
    ]


def test_check_makes_no_journal(tmp_path: Path) -> None:
    """It may run as another user than the gateway."""
    config = write_configuration(tmp_path)
    run("check", "--config", str(config))

    assert not load(config).gateway.journal.exists()


@pytest.mark.parametrize(("is_set_up", "expected"), [(False, "LIMITED"), (True, "OK")])
async def test_check_says_what_the_account_cannot_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, is_set_up: bool, expected: str
) -> None:
    """And who it is, where it can do everything."""
    stand_in = LittlehorseStandIn()
    stand_in.reset(tasks=1, seed=7, now=None, scenario=None)
    if is_set_up:
        stand_in.set_up()
    # httpx2 and Starlette type ASGI applications differently.
    app: Any = stand_in
    transport = httpx2.ASGITransport(app=app)

    class Here(LittlehorseConnector):
        @classmethod
        def open(cls, settings: LittlehorseSettings, **_: Any) -> "Here":
            return super().open(settings, transport=transport)

    monkeypatch.setattr("connectors.sdk.registry.connector_types", lambda: {"littlehorse": Here})
    section = LittlehorseSettings.model_validate(stand_in.source_config("http://bridge.test"))
    row = await _row(load(write_configuration(tmp_path)), Opened.of(section))

    assert ("littlehorse", "littlehorse", expected) == row[:3]
    assert ("service-account-taskgate" if is_set_up else "e-mail address") in row[3]


@pytest.mark.parametrize(
    ("secret", "expected", "said"),
    [(CLIENT_SECRET, "OK", "answers; its reader is accepted"), ("wrong", "UNAUTHENTICATED", "its reader: ")],
)
async def test_check_tries_the_reader_of_a_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secret: str, expected: str, said: str
) -> None:
    """Of one that acts as the person, the reader is the only account that `check` has."""
    stand_in = CamundaStandIn(authentication="oidc")
    stand_in.reset(tasks=1, seed=7, now=None, scenario="oidc")
    transport = httpx2.ASGITransport(app=stand_in)

    class Here(CamundaConnector):
        @classmethod
        def open(cls, settings: CamundaSettings, **_: Any) -> "Here":
            return super().open(settings, transport=transport)

    monkeypatch.setattr("connectors.sdk.registry.connector_types", lambda: {"camunda": Here})
    config = stand_in.source_config("http://camunda.test")
    reader = config["credentials"] | {"client_secret": secret}
    personal = {"acts_as": "viewer", "audience": "zeebe.camunda.io", "credentials": {"kind": "none"}, "reader": reader}
    source = Opened.of(CamundaSettings.model_validate(config | personal))
    row = await _row(load(write_configuration(tmp_path)), source)

    assert ("camunda", "camunda", expected) == row[:3]
    assert said in row[3]
    assert secret not in row[3]


@pytest.mark.parametrize(
    ("fault", "is_well", "told"),
    [
        ("none", True, "OK  its keys are read"),
        ("down", False, "UNAVAILABLE  discovery answered with status 503"),
        ("another", False, "UNAVAILABLE  its discovery is that of another issuer"),
        ("no page", False, "LIMITED  its discovery does not say where pages sign people in"),
    ],
)
async def test_check_reads_discovery_and_keys_of_each_provider(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    fault: str,
    told: str,
    *,
    is_well: bool,
) -> None:
    """A row for each."""
    small = SmallIssuer(algorithm="ES256")
    small.is_down = fault == "down"
    if fault in {"another", "no page"}:
        issuer = small.address + ("/other" if fault == "another" else "")
        keys = small.base_url + "/realms/demo/protocol/openid-connect/certs"
        small.replaced[DISCOVERY] = JSONResponse({"issuer": issuer, "jwks_uri": keys})
    original = provider.provider_client
    monkeypatch.setattr("gateway.auth.oidc.sign_in.provider_client", lambda _=None: original(ByHost([small])))
    issuers = [{"issuer": small.address, "audience": GATEWAY, "login": {"client_id": PAGE}}]
    settings = load(write_configuration(tmp_path, auth=toml({"auth": {"mode": "oidc", "issuers": issuers}})))

    assert is_well == await _issuers_answer(settings)
    assert f"{small.address}  {told}" in re.sub("  +", "  ", capsys.readouterr().out)


def test_check_tells_that_cursors_are_not_shared(tmp_path: Path) -> None:
    """As `serve` warns of it. It is no fault."""
    texts = [
        run("check", "--config", str(write_configuration(tmp_path, gateway=gateway, sources="", people=PERSON)))
        for gateway in ("[gateway]\n", configuration.GATEWAY)
    ]

    assert [(0, True), (0, False)] == [(code, "gateway.secret: is not set" in text) for code, text in texts]
