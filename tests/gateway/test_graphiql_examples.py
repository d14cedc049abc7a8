"""The examples of the page at /graphql, run against the stand-ins with the variables that the page fills in."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway import graphiql
from gateway.graphiql.examples import EXAMPLES, SAMPLE
from schema.core.relay import global_id
from tests.world import World, opened

pytestmark = pytest.mark.server

FILLING = Path(graphiql.__file__).parent / "filling.js"
DETAIL, CLAIM, COMPLETE = (example.query for example in EXAMPLES[1:4])
RULES: dict[str, Any] = {"required": True, "isConditional": False, "isDisabled": False, "isReadOnly": False}


def variables(tasks: list[Any]) -> dict[str, Any]:
    """What the page's own script makes of the tasks."""
    [found] = scripted(("variables", [tasks]))
    assert isinstance(found, dict)
    return found


def scripted(*calls: tuple[str, list[Any]]) -> list[Any]:
    """What the page's own script answers to these calls."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("the page's script needs Node.js, which is not on this machine")
    script = """
        require(process.argv[1]);
        const set = (value) => (Array.isArray(value) && value[0] === "set" ? new Set(value.slice(1)) : value);
        const calls = JSON.parse(require("fs").readFileSync(0));
        console.log(JSON.stringify(calls.map(([name, given]) => filling[name](...given.map(set)) ?? null)));
    """
    done = subprocess.run(
        [node, "-e", script, str(FILLING)],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as one:
        yield one


async def test_the_examples_complete_a_task_whose_form_demands_something(world: World) -> None:
    """Of each vendor whose tasks may be claimed: unchanged, with data of its form."""
    by_vendor: dict[str, list[Any]] = {}
    for vendor in world.urls:
        within = f'first: 5, filter: {{ source: {{ eq: "{global_id("Source", vendor)}" }} }}'
        tasks = (await world.data(SAMPLE.replace("first: 10", within)))["viewer"]["inbox"]["nodes"]
        if tasks:
            by_vendor[vendor] = tasks
    seen = {}
    for vendor, of_vendor in by_vendor.items():
        filled = variables(of_vendor)
        shown = (await world.data(DETAIL, id=filled["id"]))["task"]
        claimed = (await world.data(CLAIM, id=filled["id"]))["claimTask"]
        completed = (await world.data(COMPLETE, **filled))["completeTask"]
        seen[vendor] = (claimed["status"], completed["status"], completed["errors"], completed["task"]["state"])

        assert set(filled["data"]) <= {field["key"] for field in shown["form"]["fields"]}
        assert filled["outcome"] in [None, *(each["code"] for each in shown["outcomes"] or ())]
    assert (
        dict.fromkeys(
            ["camunda", "camunda7", "geotareas", "littlehorse", "uipath"], ("APPLIED", "APPLIED", [], "COMPLETED")
        )
        == seen
    )


def test_a_task_is_chosen_whose_form_demands_something() -> None:
    """Else one that can be completed without data. A task whose form demands a file is left out."""
    free: dict[str, Any] = {"id": "a", "form": None, "outcomes": []}
    file = {"id": "b", "form": {"fields": [{"key": "f", "type": "FILE", **RULES}]}, "outcomes": None}
    held = {"id": "c", "form": {"fields": [{"key": "t", "type": "TEXT", "value": "x", **RULES}]}, "outcomes": None}
    both = {"id": "e", "form": {"fields": [{"key": "t", "type": "TEXT", **RULES}]}, "outcomes": [{"code": "Go"}]}
    asked = {"id": "d", "form": {"fields": [{"key": "t", "type": "TEXT", **RULES}]}, "outcomes": []}

    assert {"id": "e", "outcome": "Go", "data": {"t": "sample"}} == variables([free, file, held, asked, both])
    assert {"id": "d", "outcome": None, "data": {"t": "sample"}} == variables([free, file, held, asked])
    assert {"id": "c", "outcome": None, "data": None} == variables([file, held])
    assert {"id": "", "outcome": None, "data": None} == variables([file])


def test_a_tab_gets_another_task_when_its_own_is_used() -> None:
    """What the visitor typed stays: other members, other ids, texts that are no JSON."""
    current = {"id": "new", "outcome": "Go", "data": None, "user": None}
    texts = ['{"id": "old", "outcome": "No", "more": 1}', '{"id": "own"}', "{", "[1]", '{"id": ""}']
    found = scripted(*(("renewed", [text, ["set", "old", ""], current]) for text in texts))

    assert [{"id": "new", "outcome": "Go", "more": 1}, None, None, None, {"id": "new"}] == [
        None if text is None else json.loads(text) for text in found
    ]


@pytest.mark.parametrize(
    ("data", "is_used"),
    [
        ({"completeTask": {"status": "APPLIED", "errors": [], "task": {"state": "COMPLETED"}}}, True),
        ({"completeTask": {"status": "REJECTED", "errors": [{"code": "INVALID_STATE"}], "task": None}}, True),
        ({"completeTask": {"status": "REJECTED", "errors": [{"code": "VALIDATION_FAILED"}], "task": None}}, False),
        ({"claimTask": {"status": "APPLIED", "errors": [], "task": {"state": "RESERVED"}}}, False),
        ({"assignTask": {"status": "APPLIED", "errors": [], "task": {"state": "RESERVED"}}}, True),
        ({"task": None}, True),
        ({"task": {"title": "x"}}, False),
        (None, False),
    ],
)
def test_a_task_is_used_when_nothing_more_can_be_done_with_it(data: Any, *, is_used: bool) -> None:
    """By the answer that the visitor sees."""
    assert [is_used] == scripted(("isUsed", [data]))


@pytest.mark.parametrize(
    ("query", "told", "sent"),
    [
        ("query A { __typename }", "Inbox", "A"),
        ("query A { a } query B { b }", "B", "B"),
        ("query A { a } query B { b }", "Gone", None),
        ("{ __typename }", "Inbox", None),
        ("# the\nmutation Claim($id: ID!) { claimTask { status } }", None, "Claim"),
    ],
)
def test_the_name_of_the_operation_is_that_of_the_text(query: str, told: str | None, sent: str | None) -> None:
    """The editor tells the one before for a moment."""
    assert [sent] == scripted(("operationName", [query, told]))


def test_values_fit_the_rules_of_their_fields() -> None:
    """By type and rule."""
    options = [{"rawValue": 7}, {"rawValue": 8}, {"rawValue": 9}]
    row = {"key": "item", "type": "TEXT", **RULES}
    fields: dict[str, tuple[dict[str, Any], Any]] = {
        "code": ({"type": "TEXT", "pattern": "^[0-9]+$"}, "12345"),
        "mail": ({"type": "TEXT", "pattern": "@"}, "someone@example.com"),
        "long": ({"type": "TEXT", "minLength": 10}, "sample of a text that is somewhat longer"),
        "several": ({"type": "TEXT", "isMultiple": True}, ["sample"]),
        "ticked": ({"type": "BOOLEAN", "value": False}, True),
        "day": ({"type": "DATE"}, "2030-01-31"),
        "moment": ({"type": "DATETIME", "pattern": "^.{10}T.{5}$"}, "2030-01-31T12:00"),
        "amount": ({"type": "NUMBER", "minimum": 2.5, "maximum": 9}, 2.5),
        "small": ({"type": "INTEGER", "maximum": 0}, 0),
        "steps": ({"type": "NUMBER", "step": 500}, 500),
        "one": ({"type": "SELECT", "options": options}, 7),
        "some": ({"type": "MULTI_SELECT", "options": options, "minItems": 2}, [7, 8]),
        "rows": ({"type": "JSON", "fields": [row, {**row, "key": "note", "required": False}]}, [{"item": "sample"}]),
    }
    listed = [{"key": key, **RULES, **members} for key, (members, _) in fields.items()]
    beside = [{**row, name: True} for name in ("isConditional", "isDisabled", "isReadOnly")]

    found = variables([{"id": "a", "form": {"fields": listed + beside}, "outcomes": []}])

    assert {key: value for key, (_, value) in fields.items()} == found["data"]
