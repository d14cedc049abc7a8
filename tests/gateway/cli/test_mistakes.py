"""Mistakes in a configuration that is well-formed: `check` says what they are, in one line each."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.sdk.registry import connector_types
from connectors.sdk.testing.faulty_transport import Reply
from gateway.cli.check import Opened, _row
from gateway.settings import load
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
BASIC = {"kind": "basic", "username": "demo", "password": "pass-of-the-account"}


async def told(folder: Path, monkeypatch: pytest.MonkeyPatch, section: dict[str, Any], answer: Answer) -> str:
    """The last column of the source's row."""
    kind = connector_types()[section["vendor"]]
    settings = kind.settings_type.model_validate(section)
    opened = kind.open

    def open_here(settings: Any, **_: Any) -> Any:
        return opened(settings, transport=httpx2.MockTransport(answer))

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

    assert ["opened", "opened", "asked"] == events[:3]
    assert "opened" not in events[2:]
