"""Three gateways over one PostgreSQL and one Redis, killed and started again, and the engines, too."""

import asyncio
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.engines import EngineServer, postgres_server, redis_server
from tests.gateway.cli.command import lines_until, started

pytestmark = [pytest.mark.server, pytest.mark.slow]

REPLICAS = 3
# The vendor's window in seconds, and what it accepts in it.
WINDOW, READS, WRITES = 2.0, 30, 10
LIST = """query ($source: ID!, $freshness: Freshness) {
  tasks(first: 5, filter: {source: {eq: $source}, state: {eq: READY}}, freshness: $freshness) {
    nodes { id native { nativeId } permittedActions { action allowed } } sources { status error { code } } } }"""
CLAIM = """mutation ($i: ClaimTaskInput!) {
  claimTask(input: $i) { status operationId errors { code } task { assignee { displayName } } } }"""


class Fleet:
    """The gateways, by number, and the stand-ins' control."""

    def __init__(self, config: Path, ports: range, sandbox: int) -> None:
        self._config, self._ports = config, ports
        self._sandbox = sandbox
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._stack = ExitStack()

    def start(self, *numbers: int) -> None:
        for number in numbers:
            port = str(self._ports[number])
            self._processes[number] = self._stack.enter_context(
                started("serve", "--config", str(self._config), "--port", port)
            )
        for number in numbers:
            assert "/graphql" in lines_until(self._processes[number], "/graphql")

    def kill(self, number: int) -> None:
        self._processes[number].send_signal(signal.SIGKILL)
        self._processes[number].wait()

    def close(self) -> None:
        self._stack.close()

    async def ask(self, client: httpx2.AsyncClient, number: int, who: str, document: str, **values: Any) -> Any:
        answer = await client.post(
            f"http://127.0.0.1:{self._ports[number]}/graphql",
            json={"query": document, "variables": values},
            headers={"Authorization": f"Bearer {who}"},
        )
        return answer.json()["data"]

    async def requests(self, client: httpx2.AsyncClient, offset: int) -> list[dict[str, Any]]:
        """All that the stand-in got."""
        answer = await client.get(f"http://127.0.0.1:{self._sandbox + offset}/__sandbox__/requests")
        found: list[dict[str, Any]] = answer.json()["requests"]
        return found


@pytest.fixture(scope="module")
def postgres() -> Iterator[EngineServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def redis() -> Iterator[EngineServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="module")
def fleet(
    postgres: EngineServer, redis: EngineServer, own_ports: range, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    config = tmp_path_factory.mktemp("replicas") / "taskgate.toml"
    sandbox = own_ports[0]
    vendors = ("--vendor", "camunda", "--vendor", "geotareas")
    with started(
        "sandbox", *vendors, "--port", str(sandbox), "--tasks", "12", "--config-out", str(config)
    ) as stand_ins:
        lines_until(stand_ins, "geotareas ")
        limits = {"limit": READS, "write_limit": WRITES, "window_ms": int(WINDOW * 1000)}
        httpx2.post(f"http://127.0.0.1:{sandbox + 5}/__sandbox__/rate-limit", json=limits, trust_env=False)
        text = config.read_text()
        table = f"[sources.limits]\nrequests = {READS}\nwrites = {WRITES}\nwindow = {WINDOW}\n"
        head, _, tail = text.partition('vendor = "geotareas"\n')
        before, between, after = tail.partition("\n[[")
        text = f'{head}vendor = "geotareas"\n{before}\n{table}{between}{after}'
        text += f'\n[store]\nurl = "postgresql://taskgate@127.0.0.1:{postgres.port}/postgres"\n'
        text += f'\n[shared]\nurl = "redis://127.0.0.1:{redis.port}"\nreplicas = {REPLICAS}\n'
        config.write_text(text)
        running = Fleet(config, range(sandbox + 7, sandbox + 7 + REPLICAS), sandbox)
        try:
            running.start(*range(REPLICAS))
            yield running
        finally:
            running.close()


def client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=60, trust_env=False)


async def free_task(fleet: Fleet, using: httpx2.AsyncClient) -> tuple[str, str]:
    """A task of Camunda that Alice may claim: its id, and its id there."""
    listed = await fleet.ask(using, 1, "alice", LIST, source="U291cmNlOmNhbXVuZGE=", freshness="FRESH")
    for node in listed["tasks"]["nodes"]:
        if any(each["action"] == "CLAIM" and each["allowed"] for each in node["permittedActions"]):
            return node["id"], node["native"]["nativeId"]
    raise AssertionError(f"no task is free: {listed}")


async def assignments(fleet: Fleet, using: httpx2.AsyncClient, native: str) -> list[int]:
    """What Camunda answered to claims of that task."""
    return [
        each["status"]
        for each in await fleet.requests(using, 1)
        if each["method"] == "POST" and each["path"].endswith(f"/user-tasks/{native}/assignment")
    ]


async def test_copies_of_a_write_at_all_replicas_are_sent_once(fleet: Fleet) -> None:
    """Of 60. All get one answer, also at another replica after the one that sent it was killed."""
    async with client() as using:
        task, native = await free_task(fleet, using)
        write = {"taskId": task, "idempotencyKey": "copy"}
        told = await asyncio.gather(
            *(fleet.ask(using, number % REPLICAS, "alice", CLAIM, i=write) for number in range(60))
        )
        fleet.kill(0)
        later = await fleet.ask(using, 1, "alice", CLAIM, i=write)
        sent = await assignments(fleet, using, native)
        other = await fleet.ask(using, 2, "alice", CLAIM, i={**write, "expectedVersion": "other"})
        fleet.start(0)
        back = await fleet.ask(using, 0, "alice", CLAIM, i=write)

    answers = {(one["claimTask"]["status"], one["claimTask"]["operationId"]) for one in [*told, later, back]}
    assert 1 == len(answers), answers
    assert {"APPLIED"} == {status for status, _ in answers}
    assert [204] == sent
    assert ["IDEMPOTENCY_KEY_REUSED"] == [error["code"] for error in other["claimTask"]["errors"]]


async def test_of_many_who_claim_at_all_replicas_one_gets_the_task(fleet: Fleet) -> None:
    """The others are told so, and at each replica the next list does not have it as free."""
    async with client() as using:
        task, native = await free_task(fleet, using)
        people = ("alice", "bob")
        told = await asyncio.gather(
            *(
                fleet.ask(using, number % REPLICAS, people[number % 2], CLAIM, i={"taskId": task})
                for number in range(48)
            )
        )
        sent = await assignments(fleet, using, native)
        lists = [
            await fleet.ask(using, number, "alice", LIST, source="U291cmNlOmNhbXVuZGE=") for number in range(REPLICAS)
        ]

    counts = Counter(
        (one["claimTask"]["status"], *(error["code"] for error in one["claimTask"]["errors"])) for one in told
    )
    assert 1 == sent.count(204), counts
    # Who has the task is told APPLIED again; the other person never is.
    assert 24 == counts["APPLIED",], counts
    assert 24 == sum(count for (status, *codes), count in counts.items() if status == "REJECTED" and codes), counts
    assert all(task not in [node["id"] for node in each["tasks"]["nodes"]] for each in lists)


async def test_a_limit_is_kept_together_while_redis_is_killed(fleet: Fleet, redis: EngineServer) -> None:
    """Not one refusal by the vendor, most of the limit is used, and no replica is silent for long."""
    answered: list[list[float]] = [[] for _ in range(REPLICAS)]
    seconds, offset = 15.0, 5

    async def read(using: httpx2.AsyncClient, number: int, end: float) -> None:
        while time.monotonic() < end:
            found = await fleet.ask(using, number, "alice", LIST, source="U291cmNlOmdlb3RhcmVhcw==", freshness="FRESH")
            if found["tasks"]["sources"][0]["error"] is None:
                answered[number].append(time.monotonic())
            else:
                await asyncio.sleep(0.02)

    async with client() as using:
        before = len(await fleet.requests(using, offset))
        began = time.monotonic()
        readers = asyncio.gather(
            *(read(using, number, began + seconds) for number in range(REPLICAS) for _ in range(4))
        )
        await asyncio.sleep(seconds / 3)
        redis.kill()
        await asyncio.sleep(seconds / 3)
        await asyncio.to_thread(redis.start)
        await readers
        recorded = (await fleet.requests(using, offset))[before:]

    statuses = Counter(each["status"] for each in recorded)
    share = len(recorded) / (READS * seconds / WINDOW)
    silence = max(
        after - earlier
        for times in answered
        for earlier, after in zip([began, *times], [*times, began + seconds], strict=True)
    )
    assert 429 not in statuses
    # A busy machine answers less, and later.
    assert share > 0.05, (share, silence)
    assert all(answered)


async def test_without_postgresql_writes_are_refused_and_reads_go_on(fleet: Fleet, postgres: EngineServer) -> None:
    """What was refused was not sent, and goes on when it is back."""
    async with client() as using:
        task, native = await free_task(fleet, using)
        postgres.kill()
        refused = await asyncio.gather(
            *(fleet.ask(using, number, "alice", CLAIM, i={"taskId": task}) for number in range(REPLICAS))
        )
        _ = await free_task(fleet, using)
        sent = await assignments(fleet, using, native)
        await asyncio.to_thread(postgres.start)
        for _ in range(100):
            done = await fleet.ask(using, 2, "alice", CLAIM, i={"taskId": task})
            if done["claimTask"]["status"] == "APPLIED":
                break
            await asyncio.sleep(0.2)

    assert ["GATEWAY_UNAVAILABLE"] * REPLICAS == [one["claimTask"]["errors"][0]["code"] for one in refused]
    assert [] == sent
    assert "APPLIED" == done["claimTask"]["status"]
