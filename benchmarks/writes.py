"""What faults and kills do to writes: `python benchmarks/writes.py [--writes N] [--kills N] [--claims N] [--seed N]`.

The five stand-ins run in their own process, the gateway in another one, which is killed (kill -9) at random moments
and started again over its journal. People send writes of all verbs that the tasks allow, each with an idempotency key,
and a share of the requests of the gateway meets a fault: an answer that is lost, late or wrong, a connection that is cut
before or after the stand-in applied the write, a failure with and without an effect. A call without an answer, because
the gateway was killed, is sent again with its key.

Then the faults end, and every write that is still UNKNOWN or PENDING is asked for by its id until it is settled. What
people were told is compared with the stand-ins' logs of effects. Of the writes of one kind to one target:

  lies   APPLIED, and the stand-in did not do it
  more   done, although no write was APPLIED or may have been applied: done twice, or REJECTED and done

Before that, 50 people claim one task of each vendor at once, within the vendors' own limits. At the end the journal
alone: what it adds to a write.

Exits with 1 where a write lied, was done twice or has no end, where a claim had not one winner, or where the journal
adds more than 3 ms (p99).
"""

import argparse
import asyncio
import logging
import multiprocessing
import random
import socket
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2
import structlog
import uvicorn
import uvloop
from msgspec import Struct

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.model import TaskRef
from gateway.app import create_app
from gateway.settings import load
from gateway.store import Evidence
from gateway.store.sqlite import SqliteJournal
from sandbox import people
from sandbox.config import configuration, toml
from sandbox.registry import stand_ins
from sandbox.server import serve
from sandbox.stand_in import StandIn
from schema.core.relay import global_id, person_id
from schema.ports import WriteResult

CROWD = 50
PEOPLE = ("alice", "bob", "carol")
# Seconds. The vendors are near, so that lost answers do not make the run long.
SOURCE = {"connect_timeout": 1.0, "read_timeout": 5.0, "write_timeout": 1.5, "deadline": 8.0, "late_max": 6.0, "read_lag": 2.0}
LATE_MS = 2500
# The share of writes for which a fault is planted, and of targets that are written to again after an unclear result.
FAULTY, AGAIN = 0.3, 0.5
WORKERS = 4
# Seconds that a person waits after a source was not available, and that the settling of the last writes may take.
PAUSE, SETTLING = 0.3, 90.0
JOURNALED = 300
SLOW_MS = 3.0

# Requests that change nothing are left alone: the faults are for writes.
WRITES = r"(?!.*(?:/token|/login|[:/]search|:execute)$).*"
FAULTS: Sequence[Mapping[str, object]] = (
    {"kind": "delay", "delay_ms": LATE_MS},
    {"kind": "delay", "delay_ms": 300},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 504, "delay_ms": 200},
    {"kind": "status_after", "status": 502},
    {"kind": "status_after", "status": 504},
    {"kind": "status_after", "status": 409},
    {"kind": "status_after", "status": 404, "body": "<html>not here</html>"},
    {"kind": "status", "status": 200, "body": "<html>sign in</html>"},
    {"kind": "status", "status": 202},
    {"kind": "status_after", "status": 200},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "malformed"},
    {"kind": "truncate"},
)

# What the stand-ins' logs call the effects of a verb. Verbs whose effects have one name are counted together.
OWNER = frozenset({"claim", "assign", "unassign"})
CREATED = frozenset({"create", "create_task", "start_flow"})
EFFECTS = {
    "CREATE": CREATED - {"start_flow"},
    **dict.fromkeys(("CLAIM", "RELEASE", "ASSIGN", "UNASSIGN"), OWNER),
    **dict.fromkeys(("CANCEL", "SKIP"), frozenset({"cancel", "skip"})),
    **dict.fromkeys(
        ("UPDATE_DUE", "UPDATE_FOLLOW_UP", "UPDATE_PRIORITY", "UPDATE_CANDIDATES", "UPDATE_DETAILS"),
        frozenset({"update"}),
    ),
}
MUTATIONS = {
    "CLAIM": "claimTask",
    "RELEASE": "releaseTask",
    "ASSIGN": "assignTask",
    "UNASSIGN": "unassignTask",
    "START": "startTask",
    "SUSPEND": "suspendTask",
    "RESUME": "resumeTask",
    "SAVE_DRAFT": "saveTaskDraft",
    "COMPLETE": "completeTask",
    "UPDATE_DUE": "updateTask",
    "UPDATE_PRIORITY": "updateTask",
    "UPDATE_DETAILS": "updateTask",
    "COMMENT": "addTaskComment",
    "CANCEL": "cancelTask",
    "SKIP": "cancelTask",
    "CREATE": "createTask",
    "START_FLOW": "startFlow",
    "SUSPEND_FLOW": "suspendFlow",
    "RESUME_FLOW": "resumeFlow",
    "CANCEL_FLOW": "cancelFlow",
}
INPUTS = {
    **dict.fromkeys(("releaseTask", "unassignTask", "startTask", "suspendTask", "resumeTask"), "TaskActionInput"),
    **dict.fromkeys(("suspendFlow", "resumeFlow"), "FlowActionInput"),
}
CAPABLE = "query ($key: [ID!]) { sources(ids: $key) { capabilities { action support } } }"
LISTED = """query ($source: ID!, $after: String) {
  tasks(first: 100, after: $after, filter: {source: {eq: $source}, isOpen: true}) {
    nodes { id native { nativeId } flow { id native { nativeId } definition { key } subjects { type nativeId } } } pageInfo { hasNextPage endCursor } } }"""
TASK = """query ($id: ID!) { task(id: $id) { assignee { id } priority permittedActions { action allowed } outcomes { code }
  form { fields { key type required isReadOnly options { value } } } } }"""
FLOW = "query ($id: ID!) { flow(id: $id) { state } }"
BY_ID = "query ($id: ID!) { operation(id: $id) { status requestedAt settledAt } }"
FREE = """query ($source: ID!) { tasks(first: 100, filter: {source: {eq: $source}, state: {eq: READY}}) {
  nodes { id native { nativeId } candidateGroups { name } permittedActions { action allowed } } } }"""
SEEN = "query ($id: ID!) { task(id: $id) { state } }"
# The folder of new tasks, where a vendor needs one.
CREATED_IN = {"uipath": {"folderId": 828}}


class Written(Struct, eq=False):
    """One write and what was told of it. `target` is the native id; empty for what is created."""

    vendor: str
    verb: str
    target: str
    status: str = ""
    codes: tuple[str, ...] = ()
    operation: str = ""
    seconds: float | None = None
    was_open: bool = False
    resent: bool = False
    is_settled: bool = False

    @property
    def effects(self) -> frozenset[str]:
        return EFFECTS.get(self.verb, frozenset({self.verb.lower()}))


class Slot(Struct, frozen=True):
    """What is written to, by its global and its native id: a task, a flow, or the source itself (`kind`).

    `made_of`: the flow that what is created in a source belongs to, or is like.
    """

    vendor: str
    kind: str
    id: str
    native: str
    made_of: Mapping[str, Any] = {}


def crowd() -> tuple[people.Person, ...]:
    """With two of the demo's people as many as claim at once."""
    names = range(CROWD - 2)
    return tuple(people.Person(f"p{n}", f"Person {n}", f"p{n}@example.com", ("accounting",)) for n in names)


def identities(stand_in: StandIn, of: Sequence[people.Person]) -> Mapping[str, Mapping[str, Any]]:
    """Of the crowd, as the stand-in has those of the demo's people."""
    package = type(stand_in).__module__.rpartition(".")[0]
    if stand_in.vendor == "geotareas":
        directory = import_module(f"{package}.directory")
        users = {
            one.key: directory.User(str(182736450918274000 + number), one.name, one.key, (directory.ACCOUNTING,))
            for number, one in enumerate(of)
        }
        directory.USERS.update({user.id: user for user in users.values()})
        return {key: {"id": user.id, "groups": list(user.groups)} for key, user in users.items()}
    holders = [module for module in (people, import_module(f"{package}.stand_in")) if hasattr(module, "DEMO_PEOPLE")]
    known = people.DEMO_PEOPLE
    for holder in holders:
        vars(holder)["DEMO_PEOPLE"] = of
    try:
        return stand_in.identities()
    finally:
        for holder in holders:
            vars(holder)["DEMO_PEOPLE"] = known


def stand_in_process(pipe: Connection, tasks: int, seed: int) -> None:
    """Serve until the other end of `pipe` is closed. First send the gateway's configuration and the addresses."""

    async def served() -> None:
        more = crowd()
        # Before the vendors' modules are imported, which make their directories of it.
        vars(people)["ALL_PEOPLE"] = (*people.ALL_PEOPLE, *more)
        chosen = [kind() for kind in stand_ins().values()]
        found = {one.vendor: identities(one, more) for one in chosen}
        for each in chosen:
            each.reset(tasks=tasks, seed=seed, now=None, scenario=None)
        async with serve(chosen, host="127.0.0.1", base_port=0) as urls:
            document = tomllib.loads(configuration(chosen, urls, "of a benchmark"))
            document["people"] += [
                {
                    "key": one.key,
                    "name": one.name,
                    "groups": list(one.groups),
                    "identities": {vendor: known[one.key] for vendor, known in found.items()},
                }
                for one in more
            ]
            pipe.send((document, dict(urls)))
            await asyncio.to_thread(pipe.poll, None)

    logging.disable()
    uvloop.run(served())


def gateway_process(path: Path, port: int, ready: Connection) -> None:
    """A gateway, until it is killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))

    class Told(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.send(listening.getsockname()[1])

    Told(uvicorn.Config(create_app(load(path)), log_config=None, access_log=False)).run(sockets=[listening])


class Gateway:
    """A gateway that can be killed and comes back under its address."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._port = 0
        self._starting = multiprocessing.get_context("forkserver")
        self._starting.set_forkserver_preload(["__main__"])
        self.kills = 0
        self.start()

    def start(self) -> None:
        ours, theirs = self._starting.Pipe()
        self._process = self._starting.Process(target=gateway_process, args=(self._path, self._port, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._port = ours.recv()
        ours.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    async def die_and_return(self) -> None:
        self.kill()
        self.kills += 1
        await asyncio.to_thread(self.start)


@contextmanager
def vendors(tasks: int, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=stand_in_process, args=(theirs, tasks, seed), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(timeout=5)
        process.terminate()


@contextmanager
def gateway(document: Mapping[str, Any], folder: Path, **source: float) -> Iterator[Gateway]:
    """With a journal of its own, and `source` in each source's settings."""
    path = folder / "taskgate.toml"
    settings = {**document["gateway"], "graphiql": False, "journal": str(folder / "journal.sqlite3")}
    sources = [{**one, **source} for one in document["sources"]]
    path.write_text(toml({**document, "gateway": settings, "sources": sources}), encoding="utf-8")
    running = Gateway(path)
    try:
        yield running
    finally:
        running.kill()


class World:
    """The people and the stand-ins' control."""

    def __init__(self, running: Gateway, urls: Mapping[str, str], client: httpx2.AsyncClient, seed: int) -> None:
        self.gateway = running
        self._urls = urls
        self._client = client
        self._chance = random.Random(seed)
        self.written: list[Written] = []
        self._count: Counter[tuple[str, str]] = Counter()
        self._number = 0
        self._supported: set[tuple[str, str]] = set()
        self._sent: Counter[str] = Counter()
        self.is_done = False

    async def ask(self, person: str, document: str, **variables: Any) -> dict[str, Any]:
        """The data. httpx2.HTTPError if the gateway ends meanwhile."""
        answer = await self._client.post(
            f"{self.gateway.url}/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {person}"},
        )
        found = answer.json()
        if "data" not in found or found["data"] is None:
            raise RuntimeError(f"{document}: {found}")
        data: dict[str, Any] = found["data"]
        return data

    async def control(self, vendor: str, what: str, json: object = None, method: str = "POST") -> Any:
        answer = await self._client.request(method, f"{self._urls[vendor]}/__sandbox__/{what}", json=json)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def effects(self, vendor: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.control(vendor, "effects", method="GET"))["effects"]
        return found

    # Writes

    async def slots(self, vendor: str, most: int) -> deque[Slot]:
        """Tasks mostly; the flows of others, and the source for what is created."""
        capable = (await self.ask("carol", CAPABLE, key=[global_id("Source", vendor)]))["sources"][0]
        self._supported |= {(vendor, one["action"]) for one in capable["capabilities"] if one["support"] != "UNSUPPORTED"}
        nodes: list[dict[str, Any]] = []
        after, is_more = None, True
        while is_more and len(nodes) < most:
            page = (await self.ask("carol", LISTED, source=global_id("Source", vendor), after=after))["tasks"]
            nodes += page["nodes"]
            after, is_more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        self._chance.shuffle(nodes)
        parted = len(nodes) * 4 // 5
        found = [Slot(vendor, "task", node["id"], node["native"]["nativeId"]) for node in nodes[:parted]]
        flows = {node["flow"]["id"]: node["flow"] for node in nodes[parted:] if node["flow"]}
        found += [Slot(vendor, "flow", flow["id"], flow["native"]["nativeId"]) for flow in flows.values()]
        for flow in list(flows.values())[: max(2, len(found) // 10)]:
            found.append(Slot(vendor, "source", global_id("Source", vendor), "", flow))
        self._chance.shuffle(found)
        return deque(found)

    async def work(self, slots: deque[Slot], vendor: str, most: int) -> None:
        """One person's work: take a target, write to it, put it back; until `most` writes were sent to the vendor."""
        while slots and self._sent[vendor] < most:
            self._sent[vendor] += 1
            slot = slots.popleft()
            try:
                written = await self._write_to(slot)
            except httpx2.HTTPError:
                await asyncio.sleep(PAUSE)
                slots.append(slot)
                written = None
            if written is None:
                self._sent[vendor] -= 1
                continue
            if "UPSTREAM_UNAVAILABLE" in written.codes and written.status == "REJECTED":
                await asyncio.sleep(PAUSE)
            if written.status in {"APPLIED", "REJECTED"} or self._chance.random() < AGAIN:
                slots.append(slot)

    async def _write_to(self, slot: Slot) -> Written | None:
        """One write that is possible now, of those the one with the fewest so far; None if there is none."""
        person, task = "carol", {}
        match slot.kind:
            case "task":
                person = self._chance.choice(PEOPLE)
                task = (await self.ask(person, TASK, id=slot.id))["task"] or {}
                allowed = [one["action"] for one in task.get("permittedActions", ()) if one["allowed"]]
            case "flow":
                flow = (await self.ask(person, FLOW, id=slot.id))["flow"] or {}
                ways = {"ACTIVE": ["SUSPEND_FLOW", "CANCEL_FLOW"], "SUSPENDED": ["RESUME_FLOW", "CANCEL_FLOW"]}
                allowed = ways.get(flow.get("state", ""), [])
            case _:
                allowed = ["CREATE", "START_FLOW"]
        verbs = [
            one
            for one in allowed
            if one in MUTATIONS
            and (slot.vendor, one) in self._supported
            and one.endswith("_FLOW") is (slot.kind != "task" and one != "CREATE")
        ]
        if not verbs:
            return None
        verb = min(verbs, key=lambda one: (self._count[slot.vendor, one], self._chance.random()))
        self._count[slot.vendor, verb] += 1
        written = Written(slot.vendor, verb, slot.native)
        self.written.append(written)
        await self._send(written, person, self._arguments(verb, slot, task))
        return written

    async def _send(self, written: Written, person: str, arguments: Mapping[str, object]) -> None:
        """With a fault perhaps, and again with the same key until there is an answer."""
        if self._chance.random() < FAULTY:
            fault = {**self._chance.choice(FAULTS), "method": "POST|PUT|PATCH|DELETE", "path": WRITES}
            await self.control(written.vendor, "faults", fault)
        name = MUTATIONS[written.verb]
        kind = INPUTS.get(name, f"{name[0].upper()}{name[1:]}Input")
        document = f"mutation ($i: {kind}!) {{ w: {name}(input: $i) {{ status operationId errors {{ code message }} }} }}"
        self._number += 1
        given = {**arguments, "idempotencyKey": f"key {self._number}"}
        began = time.perf_counter()
        while True:
            try:
                told = (await self.ask(person, document, i=given))["w"]
            except httpx2.HTTPError:
                written.resent = True
                await asyncio.sleep(PAUSE)
                continue
            break
        written.status, written.operation = told["status"], told["operationId"]
        written.codes = tuple(error["code"] for error in told["errors"])
        written.was_open = written.status in {"UNKNOWN", "PENDING"}
        written.seconds = time.perf_counter() - began

    def _arguments(self, verb: str, slot: Slot, task: Mapping[str, Any]) -> dict[str, object]:
        """Of such a write. Values are new each time: a write that changes nothing has no effect."""
        flow = slot.made_of
        match slot.kind:
            case "flow":
                return {"flowId": slot.id}
            case "source" if verb == "START_FLOW":
                subjects = [{"type": one["type"], "id": one["nativeId"]} for one in flow["subjects"] or ()]
                more = {"subjects": subjects} if subjects else {}
                return {"sourceId": slot.id, "definitionKey": (flow["definition"] or {}).get("key") or "", **more}
            case "source":
                within = {} if slot.vendor in CREATED_IN else {"flowId": flow["id"]}
                return {
                    "sourceId": slot.id,
                    "title": f"New {self._number}",
                    "vendorOptions": CREATED_IN.get(slot.vendor),
                    **within,
                }
            case _:
                return {"taskId": slot.id, **self._task_arguments(verb, task)}

    def _task_arguments(self, verb: str, task: Mapping[str, Any]) -> dict[str, object]:
        match verb:
            case "ASSIGN":
                owner = (task["assignee"] or {}).get("id")
                others = [person_id(one) for one in PEOPLE if person_id(one) != owner]
                return {"userId": self._chance.choice(others), "override": True}
            case "COMPLETE":
                codes = [one["code"] for one in task["outcomes"] or ()]
                return {"outcome": self._chance.choice(codes) if codes else None, "data": self._data(task)}
            case "SAVE_DRAFT":
                return {"data": self._data(task)}
            case "UPDATE_DUE":
                return {"dueAt": f"2031-01-01T00:{self._number // 60 % 60:02}:{self._number % 60:02}Z"}
            case "UPDATE_PRIORITY":
                others = [one for one in ("LOW", "MEDIUM", "HIGH", "CRITICAL") if one != task["priority"]]
                return {"priority": self._chance.choice(others)}
            case "UPDATE_DETAILS":
                return {"title": f"Title {self._number}"}
            case "COMMENT":
                return {"text": f"Comment {self._number}"}
            case "CANCEL":
                return {"allow": ["NATIVE", "DELETE_TASK"]}
            case "SKIP":
                return {"allow": ["SKIP"]}
            case _:
                return {}

    def _data(self, task: Mapping[str, Any]) -> dict[str, object] | None:
        fields = (task["form"] or {}).get("fields", ())
        values: dict[str, object] = {}
        for field in fields:
            if field["isReadOnly"] or not field["required"]:
                continue
            options = [one["value"] for one in field["options"] or ()]
            values[field["key"]] = {
                "TEXT": f"text {self._number}",
                "NUMBER": self._number,
                "INTEGER": self._number,
                "BOOLEAN": True,
                "DATE": "2031-01-01",
                "DATETIME": "2031-01-01T00:00:00Z",
                "SELECT": options[0] if options else None,
                "MULTI_SELECT": options[:1],
            }.get(field["type"], f"value {self._number}")
        return values

    # The end

    async def heal(self) -> None:
        for vendor in self._urls:
            await self.control(vendor, "faults", method="DELETE")

    async def settled(self) -> None:
        """Wait until every open write has its end, and note what it is."""
        until = time.perf_counter() + SETTLING
        waiting = [one for one in self.written if one.was_open]
        while waiting and time.perf_counter() < until:
            for one in waiting:
                found = (await self.ask("carol", BY_ID, id=one.operation))["operation"]
                if found["settledAt"] is not None:
                    asked, ended = (datetime.fromisoformat(found[name]) for name in ("requestedAt", "settledAt"))
                    one.status, one.seconds = found["status"], (ended - asked).total_seconds()
                    one.is_settled = True
            waiting = [one for one in waiting if not one.is_settled]
            await asyncio.sleep(0.5)

    async def claims(self, vendor: str, most: int) -> tuple[int, Counter[str]]:
        """`most` people claim one task at once: how often it was claimed, and what they were told."""
        nodes = (await self.ask("alice", FREE, source=global_id("Source", vendor)))["tasks"]["nodes"]
        free = [
            node for node in nodes if any(one["action"] == "CLAIM" and one["allowed"] for one in node["permittedActions"])
        ]
        # One that the whole group sees, where the vendor has groups of candidates.
        task = max(free, key=lambda node: any(one["name"] == "Accounting" for one in node["candidateGroups"] or ()))
        claim = "mutation ($i: ClaimTaskInput!) { w: claimTask(input: $i) { status errors { code } } }"
        names = [*PEOPLE[:2], *(one.key for one in crowd())][:most]
        # Who claims a task has seen it.
        await asyncio.gather(*(self.ask(name, SEEN, id=task["id"]) for name in names))
        told = await asyncio.gather(*(self.ask(name, claim, i={"taskId": task["id"]}) for name in names))
        answers = Counter(", ".join([one["w"]["status"], *(error["code"] for error in one["w"]["errors"])]) for one in told)
        effects = [one for one in await self.effects(vendor) if one["task"] == task["native"]["nativeId"]]
        return len(effects), answers


class Verdict(Struct):
    """The writes of one verb, and what is wrong about them: APPLIED without effect, and effects without APPLIED."""

    writes: list[Written] = []
    effects: int = 0
    lies: int = 0
    more: int = 0


async def verdicts(world: World, urls: Mapping[str, str]) -> list[tuple[str, str, Verdict]]:
    """By vendor and verb. Writes are compared with effects by target and name of effect."""
    found: list[tuple[str, str, Verdict]] = []
    for vendor in urls:
        done: Counter[tuple[str, str]] = Counter()
        for effect in await world.effects(vendor):
            done["" if effect["action"] in CREATED else effect["task"], effect["action"]] += 1
        groups: defaultdict[tuple[str, frozenset[str]], list[Written]] = defaultdict(list)
        for one in world.written:
            if one.vendor == vendor:
                groups[one.target, one.effects].append(one)
        rows: defaultdict[str, Verdict] = defaultdict(Verdict)
        taken_over = {one.target for one in world.written if one.vendor == vendor and one.verb == "COMPLETE"}
        for (target, names), written in groups.items():
            left = sum(done[target, name] for name in names)
            # The effects are those of the writes that were APPLIED, then of those that may have been.
            for one in sorted(written, key=lambda one: ("APPLIED", "PENDING", "UNKNOWN", "REJECTED").index(one.status)):
                row = rows[one.verb]
                row.writes.append(one)
                if one.status == "APPLIED":
                    row.lies += not left
                if one.status != "REJECTED" and left:
                    row.effects, left = row.effects + 1, left - 1
            # A vendor's completion may take the task over first.
            if left and not (names == OWNER and target in taken_over):
                last = rows[written[-1].verb]
                last.effects, last.more = last.effects + left, last.more + left
        found += [(vendor, verb, one) for verb, one in sorted(rows.items())]
    return found


def row(vendor: str, verb: str, verdict: Verdict) -> str:
    told = Counter(one.status for one in verdict.writes)
    opened = [one for one in verdict.writes if one.was_open]
    seconds = sorted(one.seconds or 0.0 for one in opened if one.is_settled)
    cells = (
        len(verdict.writes),
        verdict.effects,
        told["APPLIED"],
        told["REJECTED"],
        verdict.lies,
        verdict.more,
        len(opened),
        sum(one.is_settled and one.status != "UNKNOWN" for one in opened),
        sum(one.is_settled and one.status == "UNKNOWN" for one in opened),
        sum(not one.is_settled for one in opened),
    )
    times = f"{seconds[len(seconds) // 2]:6.1f}{seconds[-1]:7.1f}" if seconds else f"{'-':>6}{'-':>7}"
    return f"{vendor:12}{verb:17}" + "".join(f"{cell:>8}" for cell in cells) + times


HEAD = ("writes", "effects", "applied", "refused", "lies", "more", "unclear", "proved", "unres.", "open")


async def journal_ms(folder: Path) -> tuple[float, float]:
    """What the journal adds to a write: its three records, in milliseconds, p50 and p99."""
    journal = SqliteJournal(folder / "measured.sqlite3")
    times = []
    for number in range(JOURNALED):
        began = time.perf_counter()
        await journal.admit(
            operation_id=f"o{number}",
            person="alice",
            client_key=f"k{number}",
            fingerprint="f",
            source="north",
            target=TaskRef("north", str(number)),
            action=TaskAction.CLAIM,
        )
        await journal.mark_sent(f"o{number}", Evidence(command="Claim", salt=b"salt", sent_at=datetime.now(UTC)))
        await journal.settle(f"o{number}", WriteResult(status=MutationStatus.APPLIED, operation_id=f"o{number}"))
        times.append(1000 * (time.perf_counter() - began))
    journal.close()
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)]


@asynccontextmanager
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=40)
    async with httpx2.AsyncClient(timeout=60, limits=limits, verify=False, trust_env=False) as made:  # noqa: S501 plain HTTP
        yield made


async def claimed(document: Mapping[str, Any], urls: Mapping[str, str], folder: Path, most: int) -> bool:
    """Print who got the task at each vendor. Whether one did, and all others were told so."""
    is_right = True
    with gateway(document, folder) as running:
        async with client() as connected:
            world = World(running, urls, connected, 0)
            print(f"{most} people claim one task at once")
            for vendor in urls:
                effects, told = await world.claims(vendor, most)
                is_right &= effects == 1 and told["APPLIED"] == 1
                is_right &= told["REJECTED, ALREADY_ASSIGNED"] == most - 1
                answers = "; ".join(f"{count} {what}" for what, count in told.most_common())
                print(f"  {vendor:12} effects {effects}; {answers}")
    return is_right


async def written(
    document: Mapping[str, Any], urls: Mapping[str, str], folder: Path, *, most: int, kills: int, seed: int
) -> bool:
    """Print what became of the writes. Whether all of it is true, and has an end."""
    with gateway(document, folder, **SOURCE) as running:
        async with client() as connected:
            world = World(running, urls, connected, seed)
            for vendor in urls:
                await world.control(vendor, "rate-limit", {"limit": 1_000_000, "write_limit": 1_000_000})
                await world.control(vendor, "effects", method="DELETE")
            slots = {vendor: await world.slots(vendor, most // 4 + 40) for vendor in urls}
            began = time.perf_counter()
            dying = asyncio.create_task(killing(world, most, kills, random.Random(seed)))
            # Each vendor has its share, so that a fast one does not take it all.
            share = most // len(urls)
            await asyncio.gather(
                *(world.work(slots[vendor], vendor, share) for vendor in urls for _ in range(WORKERS))
            )
            world.is_done = True
            await dying
            await world.heal()
            seconds = time.perf_counter() - began
            await world.settled()
            found = await verdicts(world, urls)
    resent = sum(one.resent for one in world.written)
    print(
        f"\n{len(world.written)} writes in {seconds:.0f} s, a fault planted for {FAULTY:.0%} of them; {running.kills} kills, "
        f"{resent} calls sent again\n"
    )
    print(f"{'':29}" + "".join(f"{name:>8}" for name in HEAD) + "   p50 s  max s")
    for vendor, verb, verdict in found:
        print(row(vendor, verb, verdict))
    wrong = sum(one.lies + one.more for _, _, one in found)
    still_open = sum(one.was_open and not one.is_settled for one in world.written)
    print(f"\nlies and more: {wrong}; without an end: {still_open}; seconds are those of unclear writes to their end")
    return not wrong and not still_open


async def killing(world: World, most: int, kills: int, chance: random.Random) -> None:
    """Kill the gateway when so many writes were sent as a random number says."""
    for at in sorted(chance.sample(range(most // 10, most * 9 // 10), kills)):
        while len(world.written) < at and not world.is_done:
            await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0, 0.3))
        await world.gateway.die_and_return()


async def run(most: int, kills: int, claims: int, seed: int) -> bool:
    is_right = True
    with tempfile.TemporaryDirectory() as folder:
        if claims:
            with vendors(40, seed) as (document, urls):
                is_right &= await claimed(document, urls, _folder(folder, "claims"), claims)
        with vendors(max(120, most // 4), seed) as (document, urls):
            is_right &= await written(document, urls, _folder(folder, "writes"), most=most, kills=kills, seed=seed)
        middle, worst = await journal_ms(Path(folder))
        print(f"\nthe journal adds {middle:.2f} ms to a write (p50), {worst:.2f} ms (p99; goal {SLOW_MS:.0f})")
    return is_right and worst <= SLOW_MS


def _folder(parent: str, name: str) -> Path:
    made = Path(parent) / name
    made.mkdir()
    return made


def main() -> None:
    arguments = argparse.ArgumentParser(description="What faults and kills do to writes.")
    arguments.add_argument("--writes", type=int, default=10_000)
    arguments.add_argument("--kills", type=int, default=40)
    arguments.add_argument("--claims", type=int, default=CROWD, help="people who claim one task at once; 0: none")
    arguments.add_argument("--seed", type=int, default=7)
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.exit(0 if uvloop.run(run(given.writes, given.kills, given.claims, given.seed)) else 1)


if __name__ == "__main__":
    main()
