"""Mistakes in a configuration that is well-formed: `check` says what they are, in one line each."""

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.sdk.registry import connector_types
from connectors.sdk.testing.faulty_transport import Reply
from gateway.cli.check import Opened, _row, limits_without_effect
from gateway.settings import load
from sandbox.uipath.stand_in import UiPathStandIn
from tests.gateway.cli.command import run
from tests.gateway.configuration import GATEWAY, SOURCES, write_configuration

Answer = Callable[[httpx2.Request], httpx2.Response]
UIPATH = {
    "key": "robots",
    "name": "UiPath",
    "vendor": "uipath",
    "base_url": "https://cloud.test",
    "credentials": {
        "kind": "oauth",
        "token_url": "https://cloud.test/identity_/connect/token",
        "client_id": "a",
        "client_secret": "secret-of-the-client",
    },
    "options": {"organization": "acme", "tenant": "t"},
}
CAMUNDA = {"key": "camunda", "name": "Camunda", "vendor": "camunda", "base_url": "https://camunda.test"}
CAMUNDA7 = {"key": "old", "name": "Camunda 7", "vendor": "camunda7", "base_url": "https://engine.test/engine-rest"}
LITTLEHORSE = {
    "key": "lh",
    "name": "LittleHorse",
    "vendor": "littlehorse",
    "base_url": "https://bridge.test",
    "credentials": {"kind": "bearer", "token": "t"},
    "options": {"tenant": "acme"},
}
PERSON = """
[[people]]
key = "alice"
name = "Alice"
"""
BASIC = {"kind": "basic", "username": "demo", "password": "pass-of-the-account"}


async def told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, section: dict[str, Any], answer: Answer | httpx2.AsyncBaseTransport
) -> str:
    """The last column of the source's row."""
    kind = connector_types()[section["vendor"]]
    settings = kind.settings_type.model_validate(section)
    opened = kind.open

    transport = answer if isinstance(answer, httpx2.AsyncBaseTransport) else httpx2.MockTransport(answer)

    def open_here(settings: Any, **_: Any) -> Any:
        return opened(settings, transport=transport)

    monkeypatch.setattr(kind, "open", open_here)
    source = Opened.of(settings)
    try:
        return (await _row(load(write_configuration(folder)), source))[3]
    finally:
        await source.aclose()


def problem(status: int) -> Answer:
    """A problem document, as Camunda has it."""
    body = {"type": "about:blank", "title": "Nothing", "status": status, "detail": "no endpoint"}
    return lambda _: Reply.json(body, status=status).response()


def token_and(status: int, *, token_status: int = 200, **body: Any) -> Answer:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/token"):
            granted = {"access_token": "abc", "expires_in": 300, "scope": "OR.Tasks"}
            given = granted if token_status == 200 else {"error": "x"}
            return Reply.json(given, status=token_status).response()
        return Reply.json(body, status=status).response()

    return answer


@pytest.mark.parametrize(
    ("section", "answer", "line"),
    [
        (
            CAMUNDA,
            problem(401),
            "asks for credentials, and none are configured: add credentials to the source (status 401)",
        ),
        (
            CAMUNDA7,
            problem(401),
            "asks for credentials, and none are configured: add credentials to the source (status 401)",
        ),
        (
            CAMUNDA | {"credentials": BASIC},
            problem(401),
            "refused our credentials; check the source's credentials (status 401)",
        ),
        (CAMUNDA | {"credentials": BASIC}, problem(404), "has nothing at its address (status 404); check base_url"),
        (CAMUNDA7 | {"credentials": BASIC}, problem(404), "has nothing at its address (status 404); check base_url"),
        (LITTLEHORSE, problem(404), "has nothing at its address (status 404); check base_url, options.tenant"),
        (
            UIPATH,
            token_and(404, message="no such tenant"),
            "has nothing at its address (status 404); check base_url, options.organization, options.tenant",
        ),
        (UIPATH, token_and(200, token_status=404), "the token endpoint answered with status 404; check token_url"),
        (
            UIPATH,
            token_and(200, token_status=400),
            "the token endpoint refused our client (status 400); check client_id, client_secret and token_url",
        ),
    ],
)
async def test_check_says_what_the_mistake_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: dict[str, Any], answer: Answer, line: str
) -> None:
    """The status, and the keys that may be wrong."""
    assert line == await told(tmp_path, monkeypatch, section, answer)


@pytest.mark.parametrize("kind", ["missing folder", "folder", "random bytes", "another file"])
@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_journal_that_is_none_is_one_line(tmp_path: Path, command: str, kind: str) -> None:
    """Before anything starts."""
    journal = tmp_path / "journal"
    match kind:
        case "missing folder":
            journal = tmp_path / "absent" / "journal"
        case "folder":
            journal.mkdir()
        case "random bytes":
            journal.write_bytes(bytes(range(256)) * 40)
        case _:
            journal.write_text("a text", encoding="utf-8")
    config = write_configuration(tmp_path, gateway=f'{GATEWAY}journal = "{journal}"\n', people=PERSON, sources="")
    code, text = run(command, "--config", str(config))

    assert (1, 1) == (code, sum(str(journal) in line for line in text.splitlines())), text
    assert "Traceback" not in text


def test_check_finds_a_port_that_is_taken(tmp_path: Path) -> None:
    """As `serve` would."""
    config = write_configuration(tmp_path, people=PERSON, sources="")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        code, text = run("check", "--config", str(config), "--port", port)

    assert 1 == code
    assert f"the gateway cannot listen on 127.0.0.1:{port}: Address already in use; choose another --port" in text


PERSON = '[[people]]\nkey = "alice"\nname = "Alice"\n'


def test_sources_are_opened_before_the_first_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening one blocks the others, whose connections would be given up meanwhile."""
    events: list[str] = []
    for name in ("camunda", "geotareas"):
        kind = connector_types()[name]
        opened = kind.open

        def open_here(settings: Any, opened: Any = opened, **_: Any) -> Any:
            events.append("opened")

            def answer(_: httpx2.Request) -> httpx2.Response:
                events.append("asked")
                return Reply(503).response()

            return opened(settings, transport=httpx2.MockTransport(answer))

        monkeypatch.setattr(kind, "open", open_here)
    run("check", "--config", str(write_configuration(tmp_path, sources=SOURCES)))

    assert ["opened"] * 4 + ["asked"] == events[:5]
    assert "opened" not in events[4:]


@pytest.mark.parametrize(
    ("limits", "lines"),
    [
        ("{ requests = 31, writes = 5 }", ["sources[1].limits.requests: 31 is above the 30 that the vendor documents"]),
        ("{ requests = 30, writes = 11 }", ["sources[1].limits.writes: 11 is above the 10 that the vendor documents"]),
        ("{ window = 60 }", []),
    ],
)
def test_check_tells_a_limit_that_changes_nothing(tmp_path: Path, limits: str, lines: list[str]) -> None:
    """Of a vendor that documents one. Others may be set freely."""
    sources = SOURCES.replace(
        'password = "pass-never-told" }', 'password = "pass-never-told" }\nlimits = { requests = 9999 }', 1
    )
    settings = load(write_configuration(tmp_path, sources=f"{sources}limits = {limits}\n"))

    assert lines == [line.partition(";")[0] for line in limits_without_effect(settings.sources)]


@pytest.mark.parametrize(
    ("scope", "line"),
    [
        ("OR.Tasks OR.Folders.Read OR.Users.Read PIMS", "answers, and accepts our credentials as taskgate"),
        ("OR.Tasks OR.Folders.Read", "the account may not list flows: rights or scopes are missing"),
    ],
)
async def test_check_names_the_rights_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str, line: str
) -> None:
    """By what the account may not list."""
    stand_in = UiPathStandIn()
    stand_in.reset(tasks=1, seed=7, now=None, scenario=None)
    config = stand_in.source_config("https://cloud.test")
    section = {**config, "credentials": {**config["credentials"], "scope": scope}}

    assert line == await told(tmp_path, monkeypatch, section, httpx2.ASGITransport(app=stand_in))


def test_a_connector_that_fails_hides_no_other_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a row without a traceback."""

    async def fail(_: object) -> None:
        raise RuntimeError("a text that may hold a secret")

    monkeypatch.setattr(connector_types()["camunda"], "ping", fail)
    code, text = run("check", "--config", str(write_configuration(tmp_path)))

    assert 1 == code
    assert "its connector failed in a way that it should not (RuntimeError)" in text
    assert "field" in text
    assert "a text" not in text
    assert "Traceback" not in text


@pytest.mark.parametrize("command", ["check", "serve"])
@pytest.mark.parametrize("key", ["journal", "audit"])
def test_a_path_that_no_disk_takes_is_one_line(tmp_path: Path, command: str, key: str) -> None:
    config = write_configuration(tmp_path, gateway=GATEWAY + f'{key} = "{"x" * 70_000}"\n', sources="", people=PERSON)
    code, told = run(command, "--config", str(config))

    assert code == 1
    (line,) = [one for one in told.splitlines() if "File name too long" in one]
    assert len(line) < 400
    assert "Traceback" not in told


@pytest.mark.slow
def test_a_journal_that_another_program_has_locked_is_one_line(tmp_path: Path) -> None:
    """SQLite waits for 5 seconds by default: here for as long as the other program holds it."""
    config = write_configuration(tmp_path, sources="", people=PERSON)
    path = load(config).gateway.journal
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        found = [run(command, "--config", str(config)) for command in ("check", "serve")]
    finally:
        other.close()

    for code, told in found:
        assert code == 1
        assert f"{path}: the journal of writes cannot be opened: database is locked" in told
        assert "Traceback" not in told
