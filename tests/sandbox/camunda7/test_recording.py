"""The stand-in against what a real Operaton answered. The recording is not part of this repository."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from sandbox.camunda7 import Camunda7StandIn, answers, definitions, engine, store
from sandbox.camunda7.definitions import REQUIRED, Input, Process, Step
from sandbox.camunda7.directory import ADMIN, ADMIN_PASSWORD
from sandbox.camunda7.operations import instances, starts
from sandbox.camunda7.records import Instance, Operation, Task
from sandbox.camunda7.store import Store

RECORDING = Path(__file__).resolve().parents[3].parent / "shared" / "wire" / "operaton.json"
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)

Json = dict[str, Any]

INVOICE = Process(
    "invoice",
    "Invoice approval",
    "INV",
    (
        Step(
            "approve",
            "Approve invoice",
            ("accounting",),
            (
                Input("approved", "Approved?", "boolean", default="false"),
                Input("amount", "Amount", "long", rules=(REQUIRED, ("min", "1"))),
                Input("cause", "Cause", "enum", (("a", "A"),)),
                Input("when", "When", "date"),
            ),
            users=("carol",),
            priority=75,
            description="Check the amount",
        ),
        Step("pay", "Pay", ("accounting",)),
    ),
    lambda case: {},
)
NOT_REPLAYED = {
    "deploy": "the stand-in's processes are deployed already",
    "race: claim u3": "the stand-in answers one request after the other",
    "race: complete 3": "as above",
    "race PUT 3": "as above",
}


def recorded() -> list[Json]:
    if not RECORDING.exists():
        return []
    found: list[Json] = json.loads(RECORDING.read_text(encoding="utf-8"))["pairs"]
    return [pair for pair in found if pair["label"] not in NOT_REPLAYED]


PAIRS = recorded()
absent = pytest.mark.skipif(not PAIRS, reason="the recording of a real engine (../shared/wire) is not here")


@pytest.fixture(autouse=True)
def recorded_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of the recording, in place of the sample company's."""
    by_key = MappingProxyType({"invoice": INVOICE})
    for module in (definitions, store, instances):
        monkeypatch.setattr(module, "PROCESSES", (INVOICE,))
    for module in (definitions, engine, instances, starts, answers):
        monkeypatch.setattr(module, "BY_KEY", by_key)


# State


def time_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def instance(made: Store, id: str, **members: Any) -> Instance:
    found = made.instances.get(id)
    if found is None:
        found = Instance(id, made.definitions["invoice"], "invoice", "Invoice approval", 1, "INV-0", NOW)
        found.variables = {"amount": {"type": "Long", "value": 1250}, "customer": {"type": "String", "value": "ACME"}}
        made.instances[id] = found
    for name, value in members.items():
        setattr(found, name, value)
    return found


def put(made: Store, id: str, flow: str | None = "flow", **members: Any) -> Task:
    given: Json = {
        "name": "Approve invoice",
        "created": NOW,
        "step": "approve",
        "activity": f"approve:{id}",
        "users": ["carol"],
        "groups": ["accounting"],
        **members,
    }
    task = Task(id=id, instance=None if flow is None else instance(made, flow), **given)
    made.tasks[id] = task
    return task


def from_row(made: Store, row: Json) -> Task:
    """The task that a row shows, open or of the history."""
    is_closed = "startTime" in row
    return put(
        made,
        row["id"],
        row["processInstanceId"],
        name=row["name"],
        created=time_of(row["startTime"] if is_closed else row["created"]),
        step=row["taskDefinitionKey"],
        description=row["description"],
        assignee=row["assignee"],
        owner=row["owner"],
        delegation=row.get("delegationState"),
        priority=row["priority"],
        due=time_of(row["due"]),
        follow_up=time_of(row["followUp"]),
        updated=time_of(row.get("lastUpdated")),
        ended=time_of(row.get("endTime")),
        reason=row.get("deleteReason"),
    )


def prepare(made: Store, pair: Json) -> None:
    """What the engine had before the request, as far as the answer shows it."""
    label, body = pair["label"], pair["response"]["body"]
    path = urlsplit(pair["request"]["path"]).path.split("/")
    rows = body if isinstance(body, list) else [body] if isinstance(body, dict) else []
    for row in rows:
        if isinstance(row, dict) and "taskDefinitionKey" in row:
            from_row(made, row)
        if isinstance(row, dict) and "operationType" in row:
            task = made.tasks.get(row["taskId"]) or put(made, row["taskId"], row["processInstanceId"])
            time = datetime.fromisoformat(row["timestamp"])
            values = (row["property"], row["orgValue"], row["newValue"])
            made.operations.append(
                Operation(row["id"], row["operationId"], row["userId"], time, row["operationType"], *values, task)
            )
        if isinstance(row, dict) and "superProcessInstanceId" in row:
            instance(made, row["id"], ended=NOW, state=row["state"])
    if label == "total":
        for number in range(6):
            put(made, f"t-{number}")
    if len(path) > 2 and path[1] == "process-instance" and path[2] != "delete":
        put(made, "of-the-flow", path[2])
    if len(path) > 2 and path[1] == "task" and path[2] not in {"create", "count", "nope"} and path[2] not in made.tasks:
        told = "" if not isinstance(body, dict) else str(body.get("message"))
        if "task is null" not in told and "No matching task" not in told:
            _shape_by(label, put(made, path[2]), made)


def _shape_by(label: str, task: Task, made: Store) -> None:
    owned = {
        "claim of an owned task by another": "alice",
        "race: claim u5": "u1",
        "claim again by the owner": "alice",
        "claim without a user on an owned task": "alice",
        "unclaim of an owned task (no name given)": "alice",
        "bob completes the task of alice": "alice",
    }
    task.assignee = owned.get(label)
    if label in {"complete while delegated", "complete while PENDING with owner", "resolve"}:
        task.delegation, task.owner, task.assignee = "PENDING", "alice", "bob"
    if "suspended" in label and task.instance is not None:
        task.instance.state = "SUSPENDED"
    if label == "complete with variables in return" and task.instance is not None:
        task.instance.variables["note"] = {"type": "String", "value": "ok"}


# Comparison


def shape(value: Any) -> Any:
    """Members in any order with the kinds of their values; variables are known by their names."""
    match value:
        case dict():
            return {name: shape(each) for name, each in value.items()}
        case list():
            return [shape(each) for each in value]
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return value


def headers(found: Any) -> Json:
    wanted = {"content-type", "cache-control", "www-authenticate"}
    return {name.lower(): value for name, value in dict(found).items() if name.lower() in wanted}


def sent_headers(pair: Json) -> Iterator[tuple[str, str]]:
    for name, value in pair["request"]["headers"].items():
        if name == "Authorization" and base64.b64decode(value.split(" ")[1]).startswith(b"demo:"):
            yield name, "Basic " + base64.b64encode(f"{ADMIN}:{ADMIN_PASSWORD}".encode()).decode()
        else:
            yield name, value


@absent
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: str(pair["label"]))
async def test_the_stand_in_answers_as_the_engine_did(pair: Json) -> None:
    """Status and headers are equal; members and their kinds too; of an error also type, code and text."""
    stand_in = Camunda7StandIn(clock=lambda: NOW)
    stand_in.asks_for_credentials = pair["mode"].startswith("Basic")
    prepare(stand_in.store, pair)
    asked, told = pair["request"], pair["response"]
    content = None if asked["body"] is None else json.dumps(asked["body"]).encode()
    app: Any = stand_in
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://engine.test") as client:
        answer = await client.request(
            asked["method"], f"/engine-rest{asked['path']}", content=content, headers=dict(sent_headers(pair))
        )
    found = answer.json() if answer.content else None

    assert told["status"] == answer.status_code, answer.text
    assert headers(told["headers"]) == headers(answer.headers)
    assert shape(told["body"]) == shape(found)
    if isinstance(told["body"], dict) and "message" in told["body"] and told["status"] >= 400:
        assert told["body"] == found


@absent
def test_what_is_not_replayed_is_in_the_recording() -> None:
    """A label that is not there any more must be removed here."""
    labels = {pair["label"] for pair in json.loads(RECORDING.read_text(encoding="utf-8"))["pairs"]}

    assert NOT_REPLAYED.keys() <= labels
