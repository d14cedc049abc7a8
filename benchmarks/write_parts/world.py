"""People at work: targets, writes, faults, claims."""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
from msgspec import Struct

from benchmarks.write_parts.graphql import BY_ID, CAPABLE, FLOW, FORM, FREE, INPUTS, LISTED, MUTATIONS, SEEN, TASK
from benchmarks.write_parts.people import PEOPLE, crowd
from benchmarks.write_parts.processes import Gateway
from schema.core.relay import global_id, person_id

LATE_MS = 2500
# The share of writes for which a fault is planted, and of targets that are written to again after an unclear result.
FAULTY, AGAIN = 0.3, 0.5
# Seconds that a person waits after a source was not available; within which every write ends once its source is well; and
# after which the gateway gives every write up, with some for its way there.
PAUSE, RECOVERY, LONGEST = 0.3, 60.0, 930.0
# How often a target at which nothing is possible is tried again.
MOST_TRIES = 40
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
OWNER = frozenset({"claim", "release", "assign", "unassign"})
CREATED = frozenset({"create", "create_task", "start_flow"})
EFFECTS = {
    "CREATE": CREATED - {"start_flow"},
    **dict.fromkeys(("CLAIM", "RELEASE", "ASSIGN", "UNASSIGN"), OWNER),
    "SAVE_DRAFT": frozenset({"save_draft", "save"}),
    **dict.fromkeys(("CANCEL", "SKIP"), frozenset({"cancel", "skip", "delete"})),
    **dict.fromkeys(("START", "RESUME"), frozenset({"start", "resume", "stop"})),
    **dict.fromkeys(
        ("UPDATE_DUE", "UPDATE_FOLLOW_UP", "UPDATE_PRIORITY", "UPDATE_CANDIDATES", "UPDATE_DETAILS"),
        frozenset({"update"}),
    ),
}
# The folder of new tasks, where a vendor needs one.
CREATED_IN = {"uipath": {"folderId": 828}}


class NothingNowError(Exception):
    """No write is possible at the moment."""


class Written(Struct, eq=False):
    """One write and what was told of it. `target` is the native id; empty for what is created."""

    vendor: str
    verb: str
    target: str
    status: str = ""
    codes: tuple[str, ...] = ()
    operation: str = ""
    seconds: float | None = None
    at: str = ""
    was_open: bool = False
    resent: bool = False
    is_settled: bool = False
    is_late: bool = False

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
        self.sent: Counter[str] = Counter()
        self._tries: Counter[str] = Counter()
        self.is_done = False

    async def ask(self, person: str, document: str, **variables: Any) -> dict[str, Any]:
        """The data. A gateway that is too busy is asked again. httpx2.HTTPError if it ends meanwhile."""
        while True:
            answer = await self._client.post(
                f"{self.gateway.url}/graphql",
                json={"query": document, "variables": variables},
                headers={"Authorization": f"Bearer {person}"},
            )
            if answer.status_code != 503:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", PAUSE)))
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
        self._supported |= {
            (vendor, one["action"]) for one in capable["capabilities"] if one["support"] != "UNSUPPORTED"
        }
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
        """One person's work: take a target, write to it, put it back; until `most` writes in all were sent to the vendor."""
        while slots and self.sent[vendor] < most:
            self.sent[vendor] += 1
            slot = slots.popleft()
            try:
                written = await self._write_to(slot)
            except (httpx2.HTTPError, NothingNowError):
                await asyncio.sleep(PAUSE)
                self._tries[slot.id] += 1
                if self._tries[slot.id] < MOST_TRIES:
                    slots.append(slot)
                written = None
            if written is None:
                self.sent[vendor] -= 1
                continue
            if "UPSTREAM_UNAVAILABLE" in written.codes and written.status == "REJECTED":
                await asyncio.sleep(PAUSE)
            is_clear = slot.kind == "source" or written.status in {"APPLIED", "REJECTED"}
            if is_clear or self._chance.random() < AGAIN:
                slots.append(slot)

    async def _write_to(self, slot: Slot) -> Written | None:
        """One write that is possible now, of those the one with the fewest so far; None if there never will be one.

        NothingNowError if there may be one later: the source may be unavailable, or the last write not settled.
        """
        person, task, is_open = "carol", dict[str, Any](), True
        match slot.kind:
            case "task":
                person = self._chance.choice(PEOPLE)
                task = (await self.ask(person, TASK, id=slot.id))["task"]
                if task is None:
                    # An admin sees every task.
                    person = "carol"
                    task = (await self.ask(person, TASK, id=slot.id))["task"] or {}
                is_open = task.get("isOpen", True)
                allowed = [one["action"] for one in task.get("permittedActions", ()) if one["allowed"]]
            case "flow":
                flow = (await self.ask(person, FLOW, id=slot.id))["flow"] or {}
                ways = {"ACTIVE": ["SUSPEND_FLOW", "CANCEL_FLOW"], "SUSPENDED": ["RESUME_FLOW", "CANCEL_FLOW"]}
                allowed = ways.get(flow.get("state", ""), [])
                is_open = not flow or flow["state"] in ways
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
            if allowed or not is_open:
                return None
            raise NothingNowError
        verb = min(verbs, key=lambda one: (self._count[slot.vendor, one], self._chance.random()))
        if verb in {"COMPLETE", "SAVE_DRAFT"}:
            task |= (await self.ask(person, FORM, id=slot.id))["task"] or {"outcomes": (), "form": None}
        self._count[slot.vendor, verb] += 1
        written = Written(slot.vendor, verb, slot.native, at=datetime.now(UTC).isoformat())
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
        document = (
            f"mutation ($i: {kind}!) {{ w: {name}(input: $i) {{ status operationId errors {{ code message }} }} }}"
        )
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
                people: list[str] = [person_id(one) for one in PEOPLE if person_id(one) != owner]
                return {"userId": self._chance.choice(people), "override": True}
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

    async def settled(self, *, over_after: float) -> None:
        """Wait until every open write has its end, and note what it is and whether it came in time.

        Now the vendors are well again. A write ends within RECOVERY seconds from now, or `over_after` seconds after it was
        asked for if that is later; one that a kill left open without an answer is looked up after the next start.
        """
        recovered_at = datetime.now(UTC)
        waiting = [one for one in self.written if one.was_open]
        while waiting and (datetime.now(UTC) - recovered_at).total_seconds() < LONGEST:
            for one in waiting:
                found = (await self.ask("carol", BY_ID, id=one.operation))["operation"]
                if found["settledAt"] is not None:
                    asked, ended = (datetime.fromisoformat(found[name]) for name in ("requestedAt", "settledAt"))
                    one.status, one.seconds = found["status"], (ended - asked).total_seconds()
                    one.is_settled = True
                    one.is_late = (ended - recovered_at).total_seconds() > RECOVERY and one.seconds > over_after
            waiting = [one for one in waiting if not one.is_settled]
            await asyncio.sleep(0.5)

    async def claims(self, vendor: str, most: int) -> tuple[int, Counter[str]]:
        """`most` people claim one task at once: how often it was claimed, and what they were told."""
        nodes = (await self.ask("alice", FREE, source=global_id("Source", vendor)))["tasks"]["nodes"]
        free = [
            node
            for node in nodes
            if any(one["action"] == "CLAIM" and one["allowed"] for one in node["permittedActions"])
        ]
        # One that the whole group sees, where the vendor has groups of candidates.
        task = max(free, key=lambda node: any(one["name"] == "Accounting" for one in node["candidateGroups"] or ()))
        claim = "mutation ($i: ClaimTaskInput!) { w: claimTask(input: $i) { status errors { code } } }"
        names = [*PEOPLE[:2], *(one.key for one in crowd())][:most]
        # Who claims a task has seen it.
        await asyncio.gather(*(self.ask(name, SEEN, id=task["id"]) for name in names))
        told = await asyncio.gather(*(self.ask(name, claim, i={"taskId": task["id"]}) for name in names))
        answers = Counter(
            ", ".join([one["w"]["status"], *(error["code"] for error in one["w"]["errors"])]) for one in told
        )
        effects = [one for one in await self.effects(vendor) if one["task"] == task["native"]["nativeId"]]
        return len(effects), answers
