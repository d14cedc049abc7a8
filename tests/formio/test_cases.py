"""Forms of real cases through the whole gateway, planted in the stand-in: what is sent, refused and shown."""

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.sdk.forms import MOST_VALUES
from schema.core.relay import global_id
from tests.world import World, opened

pytestmark = pytest.mark.server

CASES = Path(__file__).parent / "cases"
TASK = "828-8144223"
NODE = global_id("Task", "uipath", TASK)
NO_CACHE = (
    "cache = { list_seconds = 0, detail_seconds = 0, flow_seconds = 0, revalidate_seconds = 0, max_stale_seconds = 0 }"
)
COMPLETE = """mutation ($i: CompleteTaskInput!) { completeTask(input: $i) {
  status atomic errors { code field message } } }"""
SAVE = "mutation ($i: SaveTaskDraftInput!) { saveTaskDraft(input: $i) { status atomic errors { code field message } } }"
FORM = """query ($id: ID!) { task(id: $id) { version data outcomes { code } form { kind jsonSchema fields {
  key label type required value defaultValue isConditional condition group options { value rawValue }
  fields { key required } } } } }"""
Answer = dict[str, Any]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path, in_sources={"uipath": [NO_CACHE]}) as one:
        yield one


def case(name: str) -> Answer:
    found: Answer = msgspec.json.decode((CASES / f"{name}.json").read_bytes())
    return found


async def plant(world: World, layout: Any, data: Any, *, times: int = 9999, **members: Any) -> None:
    """The task's form and data, and a vendor that refuses every completion and draft, so that the task stays open."""
    form = {
        "id": 8144223, "organizationUnitId": 828, "title": "Case", "status": 1, "type": 0, "priority": 1,
        "formLayout": layout, "data": data, **members,
    }  # fmt: skip
    await fault(world, "GET", ".*TaskForms/GetTaskFormById", 200, times, body=msgspec.json.encode(form).decode())


async def fault(world: World, method: str, path: str, status: int, times: int = 9999, **more: Any) -> None:
    await world.control(
        "uipath", "faults", {"method": method, "path": path, "kind": "status", "status": status, "times": times, **more}
    )


async def closed(world: World) -> None:
    await world.control("uipath", "faults", method="DELETE")
    refusal = {"message": "You are not authorized!", "errorCode": 0}
    await fault(world, "POST", ".*TaskForms/CompleteTask", 403, body=refusal)
    await fault(world, "PUT", ".*TaskForms/SaveTaskData", 403, body=refusal)


async def sent(world: World, mutation: str = COMPLETE, **arguments: Any) -> tuple[Answer, Any]:
    """The answer of the gateway, and the data that reached the vendor; None if none did."""
    await world.control("uipath", "requests", method="DELETE")
    answer = await world.data(mutation, i={"taskId": NODE, **arguments})
    bodies = [
        each["body"]
        for each in await world.requests("uipath")
        if each["path"].endswith(("/TaskForms/CompleteTask", "/TaskForms/SaveTaskData"))
    ]
    ((payload),) = answer.values()
    body = bodies[0] if bodies else None
    body = msgspec.json.decode(body) if isinstance(body, str) else body
    return payload, None if body is None else body.get("data", body.get("Data"))


EXPECTED: dict[str, list[Any]] = {
    "ui-button-in-data": [{"name": "Bob", "pin": "1234", "submit": True}, {"name": "Bob", "pin": "1234"}, ["nmae"]],
    "ui-data-beside-the-form": [{"approver": "Bob", "invoiceRef": "R-17", "lines": [{"item": "bolt"}]}] * 2,
    "ui-hidden-required": [{"decision": "approve", "sure": True}, ["why", "penalty"], ["sure"]],
    "ui-nested-and-typed": [
        {"customer": {"name": "Orbit"}, "rating": 1, "ok": True, "lines": [{"item": "bolt"}]},
        {"customer": {"name": "Orbit"}, "rating": 1, "ok": True, "lines": [{"item": "bolt"}]},
        {"customer": {"name": "Orbit"}, "rating": 2, "ok": True, "lines": [{"item": "bolt"}]},
        {"customer": {"name": "Orbit"}, "rating": 1, "ok": False, "lines": [{"item": "bolt"}]},
        ["lines.0.item"],
    ],
}
"""Of each attempt what is sent, or the fields that are at fault: all at once."""


async def test_what_is_right_is_sent_and_what_is_wrong_is_told_at_once(world: World) -> None:
    """The attempts of each case. Nothing is sent, and the task is not taken over, if something is wrong."""
    for name, expected in EXPECTED.items():
        told = case(name)
        await closed(world)
        await plant(world, told["given"]["formLayout"], told["given"]["data"])
        found: list[Any] = []
        for attempt in told["attempts"]:
            answer, data = await sent(world, data=attempt["data"], outcome=attempt["outcome"])
            writes = [each for each in await world.requests("uipath") if each["method"] == "POST"]
            found.append(data if data is not None else [".".join(each["field"][1:]) for each in answer["errors"]])

            assert answer["atomic"] is False
            assert (data is None) == (not writes)
        assert expected == found, name


async def test_a_form_is_shown_as_it_is_judged(world: World) -> None:
    """Values of nested keys, options with their types, conditions and groups. A hidden field is not required."""
    shown = {}
    for name in ("ui-hidden-required", "ui-nested-and-typed"):
        await closed(world)
        await plant(world, case(name)["given"]["formLayout"], case(name)["given"]["data"])
        task = (await world.data(FORM, id=NODE))["task"]
        shown[name] = {each["key"]: each for each in task["form"]["fields"]}
        schema = task["form"]["jsonSchema"]
        if name == "ui-hidden-required":
            assert {
                "if": {"properties": {"decision": {"enum": ["reject"]}}, "required": ["decision"]},
                "then": {"required": ["why"]},
            } in schema["allOf"]
            assert ["decision", "sure"] == schema["required"]
    hidden, typed = shown["ui-hidden-required"], shown["ui-nested-and-typed"]

    assert (False, True) == (hidden["secret"]["required"], hidden["why"]["isConditional"])
    assert '{"show":true,"when":"decision","eq":"reject"}' == hidden["penalty"]["condition"]
    assert ["P"] == hidden["penalty"]["group"]
    assert "Casa Verde" == typed["customer.name"]["value"]
    assert [1, 2] == [each["rawValue"] for each in typed["rating"]["options"]]
    assert [True, False] == [each["rawValue"] for each in typed["ok"]["options"]]
    assert [{"key": "item", "required": True}] == typed["lines"]["fields"]
    assert {"html", "approve"}.isdisjoint(typed)


async def test_data_are_read_directly_before_they_are_sent(world: World) -> None:
    """What changed since the form was judged is kept, and judged: before the task is taken over, and nothing is sent."""
    told = case("ui-hidden-required")
    layout = told["given"]["formLayout"]
    await closed(world)
    await plant(world, layout, {"decision": "approve"}, times=1)
    await plant(world, layout, {"decision": "approve", "late": 1}, times=1)
    _, kept = await sent(world, data={"sure": True}, outcome="submit")
    steps = [each["path"].rsplit("/", 1)[-1].rsplit(".", 1)[-1] for each in await world.requests("uipath")]
    await closed(world)
    await plant(world, layout, {"decision": "approve"}, times=1)
    await plant(world, layout, {"decision": "reject"})
    refused, nothing = await sent(world, data={"sure": True}, outcome="submit")
    writes = [each for each in await world.requests("uipath") if each["method"] == "POST"]

    assert {"decision": "approve", "late": 1, "sure": True} == kept
    assert steps.index("CompleteTask") > len(steps) - 1 - steps[::-1].index("GetTaskFormById")
    assert (None, []) == (nothing, writes)
    assert [("VALIDATION_FAILED", ["data", "why"])] == [(each["code"], each["field"]) for each in refused["errors"]]
    assert "Why is required; Penalty is required" in refused["errors"][0]["message"]


async def test_an_expected_version_counts_until_the_data_are_sent(world: World) -> None:
    """A task that was modified after it was judged is a VERSION_CONFLICT. Without expectedVersion its form decides."""
    layout = case("ui-data-beside-the-form")["given"]["formLayout"]
    found = {}
    for name, versioned in product(("same", "later"), (True, False)):
        await closed(world)
        # Read each time: a completion that is refused after the task was taken over has modified it.
        task = (await world.data(FORM, id=NODE))["task"]
        record = await world.data("query ($id: ID!) { task(id: $id) { native { payload } } }", "carol", id=NODE)
        modified = record["task"]["native"]["payload"]["LastModificationTime"]
        time = modified if name == "same" else "2031-01-01T00:00:00Z"
        await plant(world, layout, {}, lastModificationTime=time)
        version = task["version"] if versioned else None
        answer, data = await sent(world, data={"approver": "Bob"}, outcome="submit", expectedVersion=version)
        found[name, versioned] = (answer["errors"][0]["code"], data)

    assert {
        ("same", True): ("FORBIDDEN", {"approver": "Bob"}),
        ("same", False): ("FORBIDDEN", {"approver": "Bob"}),
        ("later", True): ("VERSION_CONFLICT", None),
        ("later", False): ("FORBIDDEN", {"approver": "Bob"}),
    } == found


async def test_a_draft_keeps_data_beside_the_form(world: World) -> None:
    """It may lack required values, and is judged for the rest. Data of what a condition hides are not judged: they go."""
    told = case("ui-hidden-required")
    await closed(world)
    await plant(world, told["given"]["formLayout"], {"ref": "R-17"})
    _, kept = await sent(world, SAVE, data={"decision": "reject"})
    refused, nothing = await sent(world, SAVE, data={"decision": "maybe", "penalty": "high", "sure": "yes"})

    assert {"ref": "R-17", "decision": "reject"} == kept
    assert nothing is None
    assert [["data", "decision"], ["data", "sure"]] == [each["field"] for each in refused["errors"]]


async def test_a_grid_with_too_many_values_is_refused_before_it_is_judged(tmp_path: Path) -> None:
    """At once, about the data as a whole, where the gateway takes requests of that size. A large grid is judged."""
    cell = {"type": "number", "key": "n", "input": True, "validate": {"max": 5}}
    async with opened(tmp_path, in_gateway=[f"limits = {{ json_values = {4 * MOST_VALUES} }}"]) as world:
        await closed(world)
        await plant(world, {"components": [{"type": "datagrid", "key": "g", "input": True, "components": [cell]}]}, {})
        huge, nothing = await sent(world, data={"g": [{"n": 9}] * (MOST_VALUES + 1)}, outcome="submit")
        large, _ = await sent(world, data={"g": [{"n": 1}] * 600 + [{"n": 9}]}, outcome="submit")

    assert nothing is None
    assert [["data"]] == [each["field"] for each in huge["errors"]]
    assert [["data", "g", "600", "n"]] == [each["field"] for each in large["errors"]]
