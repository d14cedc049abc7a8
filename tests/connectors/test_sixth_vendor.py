"""A vendor from another distribution: built from its own folder, installed next to taskgate, found by its entry point."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from connectors.sdk.registry import connector_types
from sandbox.camunda import STAND_IN as CAMUNDA
from sandbox.config import toml
from sandbox.people import ALICE, BOB
from sandbox.server import serve

pytestmark = pytest.mark.server

ROOT = Path(__file__).resolve().parents[2]
VENDOR = Path(__file__).parent / "sixth_vendor"
PACKAGES = ("gateway", "schema", "connectors", "sandbox")
TOKEN = "acme-secret-4711"
PATIENCE_S = 300

INBOX = """query Inbox($scope: InboxScope) { viewer { inbox(first: 100, scope: $scope) {
  nodes { id title state assignee { id displayName } source { key vendor } native { nativeId rule } }
  sources { source { key } status } } } }"""
CLAIM = """mutation Claim($input: ClaimTaskInput!) { claimTask(input: $input) {
  status errors { code message } task { state assignee { displayName } } } }"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside of the tree with the vendor's wheel, unpacked as pip would do."""
    folder = tmp_path_factory.mktemp("acme")
    shutil.copytree(VENDOR, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=folder / "source",
        check=True,
        capture_output=True,
    )
    site = folder / "site"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def environment(site: Path) -> dict[str, str]:
    """The tree and the packages in `site`, for a process that starts elsewhere."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT))), "PYTHONUNBUFFERED": "1"}


def run(site: Path, *arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd or site,
        env=environment(site),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
    )
    return done.returncode, done.stdout


@asynccontextmanager
async def started(site: Path, *arguments: str, until: str) -> AsyncIterator[str]:
    """A process that runs until the block ends. Gives the address in the first line that contains `until`."""
    async with await anyio.open_process(
        [sys.executable, *arguments], cwd=site, env=environment(site), stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        lines = BufferedByteReceiveStream(process.stdout)
        try:
            with anyio.fail_after(PATIENCE_S):
                line = ""
                while until not in line:
                    line = (await lines.receive_until(b"\n", 65536)).decode()
            yield line.split()[-1]
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def configuration(camunda: dict[str, Any], people: dict[str, dict[str, Any]], desk_url: str) -> str:
    """A Camunda cluster and Acme's desk. The logins of both people at the desk are their demo keys."""
    desk = {"key": "desk", "name": "Acme Desk", "vendor": "acme", "base_url": desk_url}
    return toml(
        {
            "gateway": {"secret": "a secret of the tests"},
            "auth": {"mode": "demo"},
            "people": [
                {
                    "key": person.key,
                    "name": person.name,
                    "groups": list(person.groups),
                    "identities": {"camunda": people[person.key], "desk": {"id": person.key}},
                }
                for person in (ALICE, BOB)
            ],
            "sources": [camunda, {**desk, "credentials": {"kind": "bearer", "token": TOKEN}}],
        }
    )


class Gateway:
    """A gateway in its own process, over the stand-ins of Camunda and Acme."""

    def __init__(self, client: httpx2.AsyncClient, address: str, desk_url: str) -> None:
        self._client = client
        self._address = address
        self._desk_url = desk_url

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = (await self._client.post(self._address, json={"query": query, "variables": variables})).json()

        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def inbox(self, scope: str) -> dict[str, Any]:
        inbox: dict[str, Any] = (await self.data(INBOX, scope=scope))["viewer"]["inbox"]
        return inbox

    async def ticket(self, ticket_id: str) -> dict[str, Any]:
        """The ticket as the desk has it."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        ticket: dict[str, Any] = (
            await self._client.get(f"{self._desk_url}/tickets/{ticket_id}", headers=headers)
        ).json()
        return ticket


@pytest.fixture
async def gateway(installed: Path, tmp_path: Path) -> AsyncIterator[Gateway]:
    camunda = CAMUNDA()
    camunda.reset(tasks=10, seed=7, now=None, scenario=None)
    path = tmp_path / "taskgate.toml"
    command = "from gateway.cli import app; app()"
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(serve([camunda], host="127.0.0.1", base_port=0))
        desk_url = await stack.enter_async_context(started(installed, "-m", "acme_taskgate.stand_in", until="http://"))
        path.write_text(
            configuration(camunda.source_config(urls["camunda"]), camunda.identities(), desk_url), encoding="utf-8"
        )
        address = await stack.enter_async_context(
            started(
                installed, "-c", command, "serve", "--config", str(path), "--port", str(free_port()), until="/graphql"
            )
        )
        client = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=PATIENCE_S))
        yield Gateway(client, address, desk_url)


def test_the_vendor_passes_the_inherited_contract(installed: Path) -> None:
    """All its tests, from the installed files and with the vendor's own configuration of pytest."""
    code, printed = run(
        installed, "-m", "pytest", "--pyargs", "acme_taskgate.contract", cwd=installed.parent / "source"
    )

    assert 0 == code, printed
    passed = re.search(r"=+ (\d+) passed(, \d+ skipped)? in ", printed)
    assert passed is not None, printed
    assert int(passed[1]) > 80


async def test_the_inbox_has_the_tasks_of_both_vendors_and_a_claim_arrives(gateway: Gateway) -> None:
    """The tasks that alice may claim, with the vendor's own rule names. After a claim through GraphQL the desk has alice as
    the holder, and the task is hers in the graph.
    """
    inbox = await gateway.inbox("MINE_OR_CLAIMABLE")
    desk = {task["native"]["nativeId"]: task for task in inbox["nodes"] if task["source"]["vendor"] == "acme"}

    assert {("camunda", "camunda"), ("desk", "acme")} == {
        (task["source"]["key"], task["source"]["vendor"]) for task in inbox["nodes"]
    }
    assert [("camunda", "OK"), ("desk", "OK")] == sorted(
        (report["source"]["key"], report["status"]) for report in inbox["sources"]
    )
    assert {"T-3", "T-6", "T-9"} == set(desk)
    assert {("READY", "acme.open")} == {(task["state"], task["native"]["rule"]) for task in desk.values()}

    tasks = (await gateway.inbox("CLAIMABLE"))["nodes"]
    task = next(task for task in tasks if task["native"]["nativeId"] == "T-6")
    before = await gateway.ticket("T-6")
    payload = (await gateway.data(CLAIM, input={"taskId": task["id"]}))["claimTask"]
    after = await gateway.ticket("T-6")
    mine = (await gateway.inbox("MINE"))["nodes"]

    assert (None, "open") == (before["holder"], before["status"])
    assert {
        "status": "APPLIED",
        "errors": [],
        "task": {"state": "RESERVED", "assignee": {"displayName": "Alice Moreno"}},
    } == payload
    assert ("alice", "taken") == (after["holder"], after["status"])
    assert ["T-6"] == [task["native"]["nativeId"] for task in mine if task["source"]["vendor"] == "acme"]


def test_the_vendor_exists_only_where_it_is_installed_and_does_not_change_the_graph(installed: Path) -> None:
    """Its entry point adds it to the vendors of the tree, which do not name it. The schema is the committed one with it."""
    code, printed = run(
        installed,
        "-c",
        "import json; from connectors.sdk.registry import connector_types; from gateway.cli import app; "
        "print(json.dumps({name: each.__module__ for name, each in connector_types().items()})); app(['schema'])",
    )
    first, _, schema = printed.partition("\n")
    found = json.loads(first)

    assert (0, (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8").strip()) == (code, schema.strip())
    assert "acme" not in connector_types()
    assert {**{name: each.__module__ for name, each in connector_types().items()}, "acme": found["acme"]} == found
    assert "acme_taskgate.connector" == found["acme"]


def test_no_shared_file_knows_the_vendor() -> None:
    """No shared file contains its package, its name or a word of its system."""
    words = re.compile(r"""acme_taskgate|acme-taskgate|Acme Desk|AcmeSettings|vendor\W+acme\b|["']acme["']\s*:""")
    files = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".graphql"}]
    files.append(ROOT / "pyproject.toml")

    assert len(files) > 100
    assert [] == [str(path.relative_to(ROOT)) for path in files if words.search(path.read_text(encoding="utf-8"))]


def test_of_the_tree_the_vendor_imports_only_the_front_door_of_the_sdk() -> None:
    """Its contract tests also import the contract suite. Its stand-in shares no code with the connector."""
    needed: dict[str, set[str]] = {}
    for path in (VENDOR / "acme_taskgate").glob("*.py"):
        imported = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        modules = [node.module or "" for node in imported if isinstance(node, ast.ImportFrom) and not node.level]
        modules += [name.name for node in imported if isinstance(node, ast.Import) for name in node.names]
        needed[path.stem] = {module for module in modules if module.split(".")[0] in PACKAGES}

    assert set() == needed.pop("stand_in")
    assert {"connectors.sdk", "connectors.sdk.testing"} == needed.pop("contract")
    assert needed["connector"]
    assert {"connectors.sdk"} == set().union(*needed.values())
