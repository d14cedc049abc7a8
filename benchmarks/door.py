"""Attacks on the door: `python benchmarks/door.py [--seconds N] [--rounds N] [--load N]`.

A gateway without sources runs in a process of its own, as `taskgate serve` starts it, with two seconds for a head and for a
body. Clients without a token attack it from loopback addresses of their own, one kind of attack after the other, for so many
seconds. Meanwhile another client asks `/livez` every 50 ms. For each attack it prints how many connections were tried and
what became of them, how many were open in the end, the CPU seconds of the gateway and the slowest `/livez`. The goal is an
answer within 100 ms; the first line is without an attack, for comparison.

Then shutdown, so many rounds: four clients send requests without a pause, some over connections that are open already and
wait, and the gateway gets a SIGTERM in between. It prints the requests that connected and were not answered, which must be
none, and how long the gateway took to end, at most 10 seconds.

Before that, load: a gateway with a stand-in answers a page of 100 cached tasks, first to clients that ask one request after
the other, for the highest rate that it manages; then three times as many requests arrive each second, whatever becomes of
them, and then half as many. It prints the rate of answers, which must stay above 80 % of the highest, what refusals took,
and whether there are still any five seconds after the load.

Exits with 1 where a goal was missed.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from msgspec import Struct

from benchmarks.door_parts import (
    BODY,
    CONFIGURATION,
    POST,
    Gateway,
    ended,
    livez,
    loaded,
    served,
    stand_in_process,
)
from benchmarks.processes import started

GOAL_MS = 100.0
GOAL_EXIT = 10.0
PIECE = b"a" * 65_536


class Attack(Struct, frozen=True):
    """`one` attacks over one connection until it is closed, and returns what became of it. `many` run side by side."""

    name: str
    one: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[str]]
    many: int = 1
    addresses: int = 1


async def _answer(reader: asyncio.StreamReader) -> str:
    """The status of the answer, or how the connection ended."""
    try:
        line = await reader.readline()
    except ConnectionError:
        return "reset"
    return line.split(b" ")[1].decode() if line.startswith(b"HTTP/1.1 ") else "closed"


def flow(
    start: bytes, piece: bytes = b"", *, pause: float = 0.0, most: int = 1_000
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[str]]:
    """Sends the start, then pieces until the gateway answers or closes the connection."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        answer = asyncio.ensure_future(_answer(reader))
        with contextlib.suppress(ConnectionError):
            writer.write(start)
            for _ in range(most if piece else 0):
                if answer.done():
                    break
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        return await answer

    return one


HEAD = b"GET /livez HTTP/1.1\r\nhost: gateway.test\r\n"
ATTACKS = (
    Attack("none, for comparison", flow(b""), many=0),
    Attack("one header without end", flow(HEAD + b"x: ", PIECE)),
    Attack("small headers without end", flow(HEAD, b"x: y\r\n" * 1_000)),
    Attack("a request line without end", flow(b"GET /", PIECE)),
    Attack("half heads", flow(HEAD), many=600, addresses=4),
    Attack("heads by the letter", flow(b"GET /livez HTTP/1.1\r\nx: ", b"y", pause=0.1), many=150),
    Attack("half bodies", flow(POST[:-5]), many=150),
    Attack("bodies by the letter", flow(POST[:-20], b" ", pause=0.1), many=150),
    Attack("connections that say nothing", flow(b""), many=600, addresses=4),
    Attack("1,500 connections of one address", flow(b""), many=1_500),
    Attack("1,500 connections of ten addresses", flow(b""), many=1_500, addresses=10),
    Attack(
        "a body of 10 MB",
        flow(
            POST.replace(b"content-length: %d" % len(BODY), b"content-length: %d" % (152 * len(PIECE) + len(BODY))),
            PIECE,
            most=152,
        ),
        many=4,
    ),
    Attack(
        "a body of chunks without end",
        flow(
            HEAD.replace(b"GET /livez", b"POST /graphql")
            + b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            b"10000\r\n" + PIECE + b"\r\n",
        ),
    ),
    Attack("10,000 requests at once", flow((HEAD + b"\r\n") * 10_000), many=4),
    Attack("noise", flow(b"\x16\x03\x01" + bytes(range(256)) * 16), many=50),
)


async def probed(port: int, seconds: float) -> float:
    """The slowest of the answers to a client in a process of its own, whose event loop has nothing else to do."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--probe", str(port), "--seconds", str(seconds), stdout=subprocess.PIPE
    )
    told, _ = await process.communicate()
    return float(told)


async def probe(port: int, seconds: float) -> float:
    slowest = 0.0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            async with asyncio.timeout(5):
                slowest = max(slowest, await livez(port))
        except (OSError, TimeoutError):
            slowest = max(slowest, 5_000.0)
        await asyncio.sleep(0.05)
    return slowest


async def attacked(gateway: Gateway, attack: Attack, seconds: float) -> tuple[Counter[str], int, float, float]:
    """What became of the connections, how many were open in the end, CPU seconds, and the slowest /livez in ms."""
    ends: Counter[str] = Counter()
    before = gateway.cpu()

    async def attacker(number: int) -> None:
        address = f"127.0.1.{1 + number % attack.addresses}"
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, local_addr=(address, 0))
            except OSError:
                ends["not connected"] += 1
            else:
                ends[await attack.one(reader, writer)] += 1
                writer.close()
            # The attackers and the gateway share a machine.
            await asyncio.sleep(0.2)

    attackers = [asyncio.create_task(attacker(number)) for number in range(attack.many)]
    slowest = await probed(gateway.port, seconds)
    still = gateway.connections()
    spent = gateway.cpu() - before
    for each in attackers:
        each.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)
    return ends, still, spent, slowest


async def attacks(folder: Path, seconds: float, only: str) -> int:
    print(f"{'attack':36} {'open':>5} {'CPU s':>6} {'slowest /livez':>15}   ends of connections")
    missed = 0
    async with served(folder, CONFIGURATION) as gateway:
        for attack in [each for each in ATTACKS if only in each.name]:
            ends, still, spent, slowest = await attacked(gateway, attack, seconds)
            is_missed = slowest > GOAL_MS
            missed += is_missed
            told = ", ".join(f"{end}: {count}" for end, count in ends.most_common())
            print(
                f"{attack.name:36} {still:5} {spent:6.2f} {slowest:12.1f} ms{' !' if is_missed else '  '} {told}",
                flush=True,
            )
            await asyncio.sleep(0.5)
    print(f"{missed} attacks held /livez for more than {GOAL_MS:.0f} ms")
    return missed


async def shutdowns(folder: Path, rounds: int) -> int:
    sent = lost = 0
    longest = 0.0
    for _ in range(rounds):
        asked, missing, took = await ended(folder)
        sent, lost, longest = sent + asked, lost + missing, max(longest, took)
    print(f"{rounds} ends under load: {sent} requests, {lost} lost; the longest end took {longest:.2f} s")
    return lost + (longest > GOAL_EXIT)


def main() -> int:
    parser = argparse.ArgumentParser(description="Attacks before sign-in, and ends under load.")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each attack")
    parser.add_argument("--rounds", type=int, default=50, help="ends of a gateway")
    parser.add_argument("--load", type=float, default=10.0, metavar="SECONDS", help="of each load; 0: none")
    parser.add_argument("--only", default="", metavar="TEXT", help="attacks whose name contains TEXT")
    parser.add_argument("--probe", type=int, metavar="PORT", help="only ask /livez there, and print the slowest answer")
    given = parser.parse_args()
    if given.probe:
        print(asyncio.run(probe(given.probe, given.seconds)))
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="taskgate-door-") as folder,
        started("spawn", stand_in_process) as configuration,
    ):
        missed = uvloop.run(loaded(Path(folder), configuration, given.load)) if given.load else 0
        missed += asyncio.run(attacks(Path(folder), given.seconds, given.only))
        missed += asyncio.run(shutdowns(Path(folder), given.rounds))
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
