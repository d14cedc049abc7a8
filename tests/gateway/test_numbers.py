"""Numbers of form data arrive at the vendor digit for digit."""

import json
from typing import Any

import pytest

from schema.core.relay import global_id
from tests.world import World

DIGITS = (
    '{"a":0.12345678901234567890123,"b":1250.10,"c":9007199254740993,"d":0.10000000000000000000,'
    '"f":18446744073709551616,"g":123456789012345678901234567890,"h":9007199254740993.5,"i":100000000000000000000.25}'
)
TASKS = 'query { tasks(filter: {sourceKey: {eq: "camunda"}, state: {eq: READY}}, first: 20) { nodes { id form { kind } } } }'
COMPLETE = "mutation ($i: CompleteTaskInput!) { completeTask(input: $i) { status errors { message field } } }"


@pytest.mark.parametrize("is_inline", [False, True], ids=["variables", "document"])
async def test_every_digit_arrives_at_the_vendor(world: World, is_inline: bool) -> None:
    """In variables and in the document."""
    rows = (await world.data(TASKS, "carol"))["tasks"]["nodes"]
    task = next(row for row in rows if row["form"]["kind"] == "NONE")
    literal = DIGITS.replace('":', ":").replace('{"', "{").replace(',"', ",")
    given = f'{{"taskId":"{task["id"]}","claimIfNeeded":true,"data":{DIGITS}}}'
    inline = f'{{taskId: \\"{task["id"]}\\", claimIfNeeded: true, data: {literal}}}'
    document = COMPLETE.replace("($i: CompleteTaskInput!)", "").replace("$i", inline) if is_inline else COMPLETE
    variables = "{}" if is_inline else f'{{"i":{given}}}'

    answer = await world.client.post(
        "/graphql",
        content=f'{{"query":"{document}","variables":{variables}}}',
        headers={"Authorization": "Bearer carol", "Content-Type": "application/json"},
    )

    assert {"status": "APPLIED", "errors": []} == answer.json()["data"]["completeTask"]
    (sent,) = [one["body"] for one in await world.requests("camunda") if one["path"].endswith("/completion")]
    assert DIGITS in sent


# What the task holds, and how answers show it.
HELD = {
    "amount": ("0.12345678901234567890123", "0.12345678901234567890123"),
    "big": ("123456789012345678901234567890", "123456789012345678901234567890"),
    "id": ("9007199254740993", 9007199254740993),
    "plain": ("12.5", 12.5),
    "text": ('"0.12345678901234567890124"', "0.12345678901234567890124"),
    "rows": ('[{"n":1.00000000000000000001},{"n":2}]', [{"n": "1.00000000000000000001"}, {"n": 2}]),
}
SHOWN = {name: shown for name, (_, shown) in HELD.items()}
SENT = ",".join(f'"{name}":{text}' for name, (text, _) in HELD.items())
READ = "query ($id: ID!) { task(id: $id) { data form { fields { key value } } } }"
NUMBER = {"type": "number", "label": "Amount"}
FORM_IO = {
    "formLayout": {
        "components": [{**NUMBER, "key": "amount", "input": True}, {"type": "hidden", "key": "big", "input": True}]
    }
}
FORM_JS = {
    "components": [
        {**NUMBER, "key": "amount"},
        {"type": "dynamiclist", "path": "rows", "components": [{**NUMBER, "key": "n"}]},
    ]
}


async def sent_back(world: World, task: str, data: Any, source: str, path: str, **more: Any) -> str:
    """The body of the completion, after `data` were read and sent back."""
    await world.control(source, "requests", method="DELETE")
    answer = await world.data(COMPLETE, "carol", i={"taskId": task, "claimIfNeeded": True, "data": data, **more})

    assert {"status": "APPLIED", "errors": []} == answer["completeTask"]
    (body,) = [one["body"] for one in await world.requests(source) if one["path"].endswith(path)]
    return body if isinstance(body, str) else json.dumps(body)


async def planted(world: World, source: str, method: str, path: str, status: int, body: str) -> None:
    fault = {"method": method, "path": path, "kind": "status", "status": status, "times": 99, "body": body}
    await world.control(source, "faults", fault)


@pytest.mark.parametrize("has_form", [False, True], ids=["without a form", "form"])
async def test_what_is_shown_of_a_process_can_be_sent_back(world: World, has_form: bool) -> None:
    """A text that stands for a number is that number again; a text of digits stays a text."""
    rows = (await world.data(TASKS, "carol"))["tasks"]["nodes"]
    task = next(row["id"] for row in rows if (row["form"]["kind"] == "NONE") is not has_form)
    items = [{"name": name, "value": text, "isTruncated": False} for name, (text, _) in HELD.items()]
    page = {"items": items, "page": {"totalItems": len(items), "hasMoreTotalItems": False}}
    await planted(world, "camunda", "POST", ".*variables/search", 200, json.dumps(page))
    if has_form:
        form = {"formKey": "1", "formId": "f", "version": 1, "tenantId": "<default>", "schema": json.dumps(FORM_JS)}
        await planted(world, "camunda", "GET", ".*/form", 200, json.dumps(form))
    async with world.cold() as fresh:
        shown = (await fresh.data(READ, "carol", id=task))["task"]
        body = await sent_back(fresh, task, shown["data"], "camunda", "/completion")

    assert SHOWN == shown["data"]
    assert {field["key"]: SHOWN[field["key"]] for field in shown["form"]["fields"]} == {
        field["key"]: field["value"] for field in shown["form"]["fields"]
    }
    assert [] == [text for text, _ in HELD.values() if text not in body]


async def test_what_is_shown_of_a_task_of_uipath_can_be_sent_back(world: World) -> None:
    """In fields, in a hidden component, and beside the form."""
    task = global_id("Task", "uipath", "828-8144223")
    record = {"id": 8144223, "organizationUnitId": 828, "title": "T", "status": 1, "type": 0, "priority": 1, **FORM_IO}
    planted_record = json.dumps(record)[:-1] + ', "data": {' + SENT + "}}"
    await planted(world, "uipath", "GET", ".*TaskForms/GetTaskFormById", 200, planted_record)
    async with world.cold() as fresh:
        shown = (await fresh.data(READ, "carol", id=task))["task"]
        body = await sent_back(fresh, task, shown["data"], "uipath", "CompleteTask", outcome="submit")

    assert SHOWN == shown["data"]
    assert [SHOWN["amount"], SHOWN["big"]] == [field["value"] for field in shown["form"]["fields"]]
    assert [] == [text for text, _ in HELD.values() if text not in body]
