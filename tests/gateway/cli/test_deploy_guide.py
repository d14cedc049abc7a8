"""docs/deploy.md is followed literally, with the small identity provider and the stand-ins in place of the real ones."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.settings import GatewaySettings, load
from sandbox.issuer import GATEWAY, PAGE, TASK_ADMIN
from tests.documents import Page
from tests.gateway.cli.command import PATIENCE_S, lines_until, run, started

GUIDE = Page("docs/deploy.md")
CONFIGURATION, AS_PERSON = GUIDE.blocks("toml")
KEYCLOAK, SECRETS, CHECK, SERVE, FIRST_QUERY, NOT_LINKED, FORGET = GUIDE.blocks("sh")

# Where the sandbox has what the guide names: the distance of the port from the sandbox's own, and a path.
PLACES = {
    "https://camunda.example.com": (1, ""),
    "https://identity.camunda.example.com": (1, ""),
    "https://cloud.uipath.com": (2, ""),
    "https://workflows-execution.sls.epilot.io": (3, ""),
    "https://user.sls.epilot.io": (3, ""),
    "https://kanban.sls.epilot.io": (3, ""),
    "https://query.sls.epilot.io": (3, ""),
    "https://bridge.example.com": (4, ""),
    "https://login.bridge.example.com": (4, ""),
    "https://demo.geotareas.example": (5, ""),
    "https://engine.example.com": (6, ""),
    "https://tasks.example.com": (8, ""),
    "https://login.example.com/realms/main": (9, "/realms/demo"),
}


def free(ports: range) -> Iterator[int]:
    """First ones of ten free ports: the sandbox's, with the gateway's among them. Not those that other tests take first."""
    for first in reversed(ports[::10]):
        with ExitStack() as taken:
            try:
                for offset in range(10):
                    taken.enter_context(socket.socket()).bind(("127.0.0.1", first + offset))
            except OSError:
                continue
        yield first


class Follower:
    """Does what the guide says in a folder of its own. Only addresses and ports differ."""

    def __init__(self, folder: Path, base: int) -> None:
        self.folder = folder
        self.places = {shown: f"http://127.0.0.1:{base + offset}{path}" for shown, (offset, path) in PLACES.items()}
        self.port = base + 8
        self.secrets = {"PASSWORD": "alice", "PASSWORD_OF_DMITRI": "dmitri"}

    def here(self, text: str) -> str:
        """The guide's text with the addresses of this machine."""
        for shown, place in self.places.items():
            text = text.replace(shown, place)
        return text.replace("--port 8000", f"--port {self.port}")

    def run(self, block: str) -> str:
        """What the commands print. One of taskgate runs in this process: a new one costs seconds."""
        told = self.here(block)
        if told.startswith("taskgate "):
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(self.folder)
                for name, value in self.secrets.items():
                    patch.setenv(name, value)
                code, printed = run(*shlex.split(told)[1:])
            assert code == 0, printed
            return printed
        done = subprocess.run(
            ["/bin/sh", "-euc", told],
            cwd=self.folder,
            env={**os.environ, "NO_PROXY": "*", **self.secrets},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[str]]:
        """The gateway as a process of its own."""
        words = shlex.split(self.here(SERVE))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(GUIDE.path.parent.parent))
            patch.chdir(self.folder)
            for name, value in self.secrets.items():
                patch.setenv(name, value)
            with started(*words[1:]) as gateway:
                yield gateway


def put_secrets(follower: Follower, written: dict[str, Any]) -> None:
    """The stand-ins' secrets, as the sandbox has written them, where the guide's table says."""
    for source in written["sources"]:
        credentials = source["credentials"]
        secret = credentials.get("client_secret") or credentials.get("token") or credentials["password"]
        (follower.folder / "secrets" / source["key"]).write_text(f"{secret}\n")
        if "api_key" in credentials:
            follower.secrets["GEOTAREAS_API_KEY"] = credentials["api_key"]


def rows(table: str) -> list[list[str]]:
    """The lines of a printed table without its rules and its layout."""
    return [line.split() for line in table.splitlines() if line.strip("- ")]


@pytest.fixture
def sandbox(own_ports: range, tmp_path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Stand-ins and identity provider: the first port, and the configuration that the sandbox writes. Camunda takes clients,
    not users.
    """
    config = tmp_path / "sandbox.toml"
    for base in free(own_ports):
        with started("sandbox", "--issuer", "--port", str(base), "--config-out", str(config)) as running:
            if "issuer " not in lines_until(running, "issuer "):
                continue  # Another program was faster.
            fresh = {"tasks": 40, "seed": 7, "scenario": "oidc"}
            camunda = f"http://127.0.0.1:{base + 1}/__sandbox__/reset"
            httpx2.post(camunda, json=fresh, trust_env=False, timeout=PATIENCE_S).raise_for_status()
            written = tomllib.loads(config.read_text(encoding="utf-8"))
            source = next(source for source in written["sources"] if source["key"] == "camunda")
            source["credentials"] = {"client_secret": "taskgate-secret"}
            yield base, written
            return
    raise RuntimeError("this machine has no ten free ports in a row")


@pytest.mark.server
def test_the_guide_ends_in_the_inbox_of_a_person_who_stands_in_no_file(
    sandbox: tuple[int, dict[str, Any]], tmp_path: Path
) -> None:
    """Every command, in the order of the guide, prints what the guide shows."""
    folder = tmp_path / "etc"
    folder.mkdir()
    base, written = sandbox
    follower = Follower(folder, base)
    (folder / "taskgate.toml").write_text(follower.here(CONFIGURATION), encoding="utf-8")
    follower.run(SECRETS)
    put_secrets(follower, written)

    checked = follower.run(CHECK)
    with follower.serving() as gateway:
        lines_until(gateway, "/graphql")
        inbox = json.loads(follower.run(FIRST_QUERY))
        unlinked = json.loads(follower.run(NOT_LINKED))["data"]["viewer"]
        gateway.send_signal(signal.SIGTERM)
        printed, _ = gateway.communicate(timeout=PATIENCE_S)
    forgotten = follower.run(FORGET)

    assert rows(follower.here(GUIDE.blocks("text")[0])) == rows(checked)
    assert {"data": json.loads(GUIDE.blocks("json")[2])} == {"data": inbox["data"]}
    assert "alice" not in CONFIGURATION.lower()
    assert "people" not in tomllib.loads(CONFIGURATION)
    errors = {each["source"]["name"]: each["error"] for each in unlinked["inbox"]["sources"] if each["error"]}
    assert {"GEOtareas": "IDENTITY_NOT_LINKED"} == {name: error["code"] for name, error in errors.items()}
    assert "'geotareas_user'" in errors["GEOtareas"]["message"]
    assert "GEOtareas" not in {each["source"]["name"] for each in unlinked["identities"]}
    assert gateway.returncode == 0, printed
    assert "erased 0 writes" in forgotten
    assert {0o600} == {
        path.stat().st_mode & 0o777 for path in (folder / "secrets" / "gateway", folder / "journal.sqlite3")
    }


def test_a_source_that_acts_as_the_person_can_be_configured_as_shown(tmp_path: Path) -> None:
    """In place of the same source of the complete configuration."""
    before, _, rest = CONFIGURATION.partition("[[sources]]")
    _, other, after = rest.partition("[[sources]]")
    config = tmp_path / "taskgate.toml"
    config.write_text(before + AS_PERSON + other + after, encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    for name in re.findall(r"\{file:(secrets/\w+)\}", CONFIGURATION):
        (tmp_path / name).write_text("a-secret-of-sixteen-bytes\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEOTAREAS_API_KEY", "gtk_1")
        sources = load(config).sources

    keys = [source["key"] for source in tomllib.loads(CONFIGURATION)["sources"]]
    assert keys == [source.key for source in sources]
    assert ["viewer", *["service"] * 5] == [source.acts_as for source in sources]


def test_each_line_of_the_configuration_is_explained() -> None:
    """By words behind it."""
    lines = [line for block in (CONFIGURATION, AS_PERSON) for line in block.splitlines() if line]

    assert [] == [line for line in lines if not re.search(r" +# \S.*\w$", line)]


def test_all_addresses_of_the_guide_are_replaced() -> None:
    """So that the test reaches nothing outside of this machine."""
    told = "\n".join([CONFIGURATION, AS_PERSON, *GUIDE.blocks("sh")])
    addresses = re.findall(r"https?://[^\s\"/]+", told)

    assert {re.match(r"https://[^/]+", place)[0] for place in PLACES} == set(addresses)  # type: ignore[index]


def test_each_source_has_its_row_with_the_file_of_its_secret() -> None:
    """In the table of accounts."""
    sources = tomllib.loads(CONFIGURATION)["sources"]
    files = {
        row[3].partition(";")[0].strip("`")
        for row in GUIDE.rows("source | make there | permissions | file of the secret")
    }

    assert files == {source["key"] for source in sources}
    assert files == set(re.findall(r"\{file:secrets/(\w+)\}", CONFIGURATION)) - {"gateway"}


def test_the_clients_of_the_guide_are_those_of_the_configuration() -> None:
    """And give the claims that its rules read, as the small identity provider does."""
    gateway, page = (json.loads(block) for block in GUIDE.blocks("json")[:2])
    configured = tomllib.loads(CONFIGURATION)
    (issuer,) = configured["auth"]["issuers"]
    claims = {mapper["config"].get("claim.name") for mapper in page["protocolMappers"]} - {None}
    rules = [source["people"] for source in configured["sources"]]
    read = {rule[name] for rule in rules for name in ("id_claim", "username_claim", "groups_claim") if name in rule}

    assert (
        (gateway["clientId"], page["clientId"]) == (issuer["audience"], issuer["login"]["client_id"]) == (GATEWAY, PAGE)
    )
    assert page["redirectUris"] == [configured["auth"]["resource"]]
    assert read == {*claims, "preferred_username"}
    assert issuer["admin_roles"] == [TASK_ADMIN]
    assert f"`{TASK_ADMIN}`" in GUIDE.text


def test_the_proxy_waits_and_takes_as_long_and_as_much_as_the_gateway() -> None:
    """With the gateway's defaults, which the configuration leaves."""
    (proxy,) = GUIDE.blocks("nginx")
    fields = GatewaySettings.model_fields
    waits = re.search(r"proxy_read_timeout ([0-9]+)s;", proxy)
    takes = re.search(r"client_max_body_size ([0-9]+)k;", proxy)

    assert waits is not None
    assert takes is not None
    assert 0 < int(waits[1]) - fields["bulk_deadline"].default <= 60
    assert int(takes[1]) * 1024 == fields["max_body_bytes"].default
    assert not {"max_body_bytes", "bulk_deadline"} & set(tomllib.loads(CONFIGURATION)["gateway"])
