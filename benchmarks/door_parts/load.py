"""More requests than a gateway manages: the rate of its answers, its refusals, and how soon all is as before."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from msgspec import Struct

from benchmarks.door_parts.process import Gateway, served
from benchmarks.processes import serve_until_closed
from sandbox.config import configuration
from sandbox.registry import stand_ins

GOAL_SHARE = 0.8
GOAL_REFUSAL = 0.01
VENDOR = "camunda"
CLIENTS = 4
TIMES = 3
RECOVERY = 5.0
QUERY = """{ viewer { inbox(first: 100, scope: MINE_OR_CLAIMABLE) { totalCount nodes {
  id title state dueAt priority assignee { displayName } candidateGroups { name } source { name } flow { id }
} } } }"""
# All requests come from one address and ask the same. Rows stay in the cache, whole answers are made anew.
SETTINGS = {
    "[gateway]\n": "[gateway]\nquery_deadline = 60\nfast_paths = {kept_answers = false}\nconnections = {per_address = 5000, total = 5000}\n",
    f'key = "{VENDOR}"\n': f'key = "{VENDOR}"\ncache = {{list_seconds = 600, detail_seconds = 600}}\n',
}


class Answer(Struct, frozen=True):
    """`seconds` from the moment at which the request was to be sent."""

    status: int
    seconds: float
    at: float


def stand_in_process(pipe: Connection, other_end: Connection) -> None:
    """Sends the gateway's configuration."""
    chosen = stand_ins()[VENDOR]()
    chosen.set_up()
    chosen.reset(tasks=150, seed=7, now=None, scenario=None)

    def told(urls: dict[str, str]) -> str:
        text = configuration([chosen], urls, "a secret of a benchmark")
        for head, lines in SETTINGS.items():
            text = text.replace(head, lines, 1)
        return text

    serve_until_closed(pipe, other_end, [chosen], lambda urls: told(dict(urls)))


class Client:
    """Requests over connections that are kept open; as many as are needed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        body = json.dumps({"query": QUERY}).encode()
        self._request = (
            b"POST /graphql HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer carol\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )

    async def ask(self, due: float | None = None) -> Answer:
        began = time.perf_counter() if due is None else due
        try:
            reader, writer = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(self._request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
        except (OSError, EOFError):
            return Answer(0, time.perf_counter() - began, time.perf_counter())
        self._free.append((reader, writer))
        status = int(head.split(b" ", 2)[1])
        now = time.perf_counter()
        return Answer(status if status != 200 or b'"errors"' not in body else 500, now - began, now)

    async def one_after_the_other(self, clients: int, seconds: float) -> list[Answer]:
        until = time.perf_counter() + seconds

        async def client() -> list[Answer]:
            found = []
            while time.perf_counter() < until:
                found.append(await self.ask())
            return found

        return [each for some in await asyncio.gather(*(client() for _ in range(clients))) for each in some]

    async def arriving(self, rate: float, seconds: float) -> list[Answer]:
        """So many each second, whatever becomes of them."""
        began = time.perf_counter()
        asked = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked.append(asyncio.create_task(self.ask(due)))
        return list(await asyncio.gather(*asked))


def at(share: float, values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def good(answers: Sequence[Answer]) -> list[Answer]:
    return [each for each in answers if each.status == 200]


async def loaded(folder: Path, text: str, seconds: float) -> int:
    """The number of goals that were missed."""
    async with served(folder, text) as gateway:
        client = Client(gateway.port)
        await client.one_after_the_other(1, min(1.0, seconds))
        before = at(0.5, [each.seconds for each in await client.one_after_the_other(1, min(2.0, seconds))])
        peak, peak_of_cpu, _ = await measured(gateway, client.one_after_the_other(CLIENTS, seconds), seconds)
        print(
            f"{CLIENTS} clients, one request after the other: {peak:.0f} answers a second, {peak_of_cpu:.0f} a CPU second"
        )
        rate, of_cpu, answers = await measured(gateway, client.arriving(TIMES * peak, seconds), seconds)
        over = time.perf_counter()
        refused = [each.seconds for each in answers if each.status == 503]
        others = len(answers) - len(good(answers)) - len(refused)
        share = await quick_refusals(gateway)
        print(
            f"{TIMES * peak:.0f} requests a second: {rate:.0f} answers a second ({rate / peak:.0%}), {of_cpu:.0f} a CPU second "
            f"({of_cpu / peak_of_cpu:.0%}); they took {at(0.5, [each.seconds for each in good(answers)]):.2f} s, 99 % at most "
            f"{at(0.99, [each.seconds for each in good(answers)]):.2f} s; {others} failed"
        )
        print(
            f"{len(refused)} refusals, which took the client {at(0.5, refused) * 1000:.1f} ms, 99 % at most "
            f"{at(0.99, refused) * 1000:.1f} ms; {share:.1%} took the gateway less than {GOAL_REFUSAL * 1000:.0f} ms"
        )
        await client.arriving(peak / 2, max(0.1, RECOVERY - (time.perf_counter() - over)))
        after = await client.arriving(peak / 2, min(5.0, seconds))
        unserved = len(after) - len(good(after))
        alone = at(0.5, [each.seconds for each in await client.one_after_the_other(1, min(2.0, seconds))])
        print(
            f"{RECOVERY:.0f} s after the load, {peak / 2:.0f} requests a second: {unserved} of {len(after)} not answered; one "
            f"request takes {alone * 1000:.0f} ms, before the load {before * 1000:.0f} ms\n"
        )
    return (max(rate / peak, of_cpu / peak_of_cpu) < GOAL_SHARE) + (share < 0.99) + (unserved > 0) + (others > 0)


async def measured(
    gateway: Gateway, asking: Awaitable[list[Answer]], seconds: float
) -> tuple[float, float, list[Answer]]:
    """Answers a second, and a CPU second of the gateway, while requests were sent; and all of them."""
    began, cpu = time.perf_counter(), gateway.cpu()
    answers = await asking
    spent = max(0.01, gateway.cpu() - cpu)
    until = began + seconds
    return sum(each.at <= until for each in good(answers)) / seconds, len(good(answers)) / spent, answers


async def quick_refusals(gateway: Gateway) -> float:
    """The share of refusals within the goal, by the gateway's own metrics."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET /metrics HTTP/1.1\r\nhost: gateway.test\r\nconnection: close\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    counted = {
        found[1]: float(found[2])
        for found in re.finditer(
            r'taskgate_http_request_seconds_bucket\{le="([^"]+)",method="POST",path="/graphql",status="503"\} (\S+)',
            text,
        )
    }
    return counted[str(GOAL_REFUSAL)] / counted["+Inf"] if counted.get("+Inf") else 1.0
