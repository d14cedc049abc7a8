"""Commands and comments of the stand-in for the bridge."""

import time
from datetime import timedelta
from typing import Any

import pytest

from sandbox.littlehorse.directory import group_named, user_called
from sandbox.littlehorse.stand_in import TOKEN_PATH
from tests.sandbox.littlehorse.bridge import INVOICE, Bridge, Json, invoice, path


async def test_a_claim_is_for_the_tokens_person_and_their_groups(bridge: Bridge) -> None:
    """The group stays. A second claim answers 409, also by the owner, and so does a claim for another group."""
    task = bridge.one(**invoice())
    statuses = [
        (await bridge.ask("POST", f"{path(task)}/claim", who)).status_code for who in ("elena", "alice", "alice", "bob")
    ]

    assert [409, 204, 409, 409] == statuses
    assert ("alice@example.com", "accounting", "ASSIGNED") == (
        bridge.now_of(task).user,
        bridge.now_of(task).group,
        bridge.now_of(task).status,
    )
    assert 204 == (await bridge.ask("POST", f"/admin{path(task)}/claim", "carol")).status_code
    assert "carol@example.com" == bridge.now_of(task).user
    assert ["claim", "claim"] == [each.action for each in bridge.stand_in.effects.all()]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (INVOICE, 204, ""),
        ({"approved": {"type": "BOOLEAN", "value": False}, "remark": {"type": "STRING", "value": ""}}, 204, ""),
        ({"approved": {"type": "BOOLEAN", "value": True}, "costCenter": {"type": "INTEGER", "value": "3"}}, 204, ""),
        ({**INVOICE, "remark": {"type": "STR", "value": "Looks good!"}}, 400, "JSON parse error"),
        ({}, 400, "[approved] are mandatory fields"),
        ({**INVOICE, "x": {"type": "STRING", "value": "y"}}, 400, "Field [name = x, type = STR] is not defined"),
        ({"approved": {"type": "STRING", "value": "y"}}, 400, "different type"),
        ({"approved": {"type": "BOOLEAN", "value": "true"}}, 500, ""),
        ({**INVOICE, "costCenter": {"type": "INTEGER", "value": 3.0}}, 500, ""),
        ({**INVOICE, "costCenter": {"type": "INTEGER", "value": 2**31}}, 500, ""),
        ({**INVOICE, "remark": {"type": "STRING", "value": 1}}, 500, ""),
        ([], 400, "JSON parse error"),
    ],
)
async def test_a_completion_is_checked_in_the_bridges_order(bridge: Bridge, body: Any, status: int, said: str) -> None:
    """STR is an unknown type, integers have 32 bits, and booleans are those of JSON."""
    task = bridge.one(**invoice())
    answer = await bridge.ask("POST", f"{path(task)}/result", json=body)

    assert status == answer.status_code
    assert said in (answer.json()["message"] if answer.content else "")
    assert ("DONE" if status == 204 else "UNASSIGNED") == bridge.now_of(task).status


async def test_blank_mandatory_texts_are_named(bridge: Bridge) -> None:
    """The bridge refuses them before the kernel sees them."""
    task = bridge.one(definition="check-expense-report", status="UNASSIGNED")
    body = {"decision": {"type": "STRING", "value": "  "}, "refund": {"type": "DOUBLE", "value": "1.5"}}
    answer = await bridge.ask("POST", f"{path(task)}/result", json=body)

    assert (400, True) == (answer.status_code, "Mandatory Field(s): decision" in answer.json()["message"])


async def test_another_users_task_is_refused_in_three_ways(bridge: Bridge) -> None:
    """Detail and cancel answer 401 in different shapes, a completion answers 500."""
    task = bridge.one(user="bob@example.com", status="ASSIGNED", group="accounting")
    detail = await bridge.ask("GET", path(task))
    cancel = await bridge.ask("POST", f"{path(task)}/cancel")
    complete = await bridge.ask("POST", f"{path(task)}/result", json=INVOICE)

    assert [401, 401, 500] == [each.status_code for each in (detail, cancel, complete)]
    assert "application/problem+json" == detail.headers["content-type"]
    said = "Current user/userGroup is forbidden from accessing this UserTask information"
    assert [said] * 3 == [detail.json()["detail"], cancel.json()["message"], complete.json()["message"]]


async def test_every_user_may_read_complete_and_cancel_a_task_of_a_group(bridge: Bridge) -> None:
    """Elena is not a member of the group."""
    first, second = [
        task
        for task in bridge.stand_in.bridge.kernel.all()
        if (task.status, task.group, task.definition) == ("UNASSIGNED", "accounting", "approve-invoice")
    ][:2]

    assert 200 == (await bridge.ask("GET", path(first), "elena")).status_code
    assert 204 == (await bridge.ask("POST", f"{path(first)}/result", "elena", json=INVOICE)).status_code
    assert 204 == (await bridge.ask("POST", f"{path(second)}/cancel", "elena")).status_code
    assert ("elena@example.com", "DONE", "CANCELLED") == (
        bridge.now_of(first).user,
        bridge.now_of(first).status,
        bridge.now_of(second).status,
    )


async def test_a_finished_task_is_refused_with_403_and_by_assigning_with_412(bridge: Bridge) -> None:
    """A claim answers 409, as for every other reason."""
    task = bridge.one(status="DONE", user="alice@example.com")
    answers = [
        await bridge.ask("POST", f"{path(task)}/result", json={}),
        await bridge.ask("POST", f"{path(task)}/cancel"),
        await bridge.ask("POST", f"/admin{path(task)}/cancel", "carol"),
        await bridge.ask("POST", f"{path(task)}/claim"),
        await bridge.ask("POST", f"/admin{path(task)}/assign", "carol", json={"userId": user_called("bob").id}),
    ]

    assert [403, 403, 403, 409, 412] == [each.status_code for each in answers]
    assert "already DONE or CANCELLED" in answers[0].json()["message"]


async def test_a_completion_that_loses_its_race_is_silent(bridge: Bridge) -> None:
    """The answer is 204, and there is only one effect."""
    task = bridge.one(**invoice())

    bridge.stand_in.variant.meanwhile = lambda: bridge.stand_in.bridge.kernel.complete(
        task.key, "bob@example.com", {"approved": ("BOOLEAN", False)}
    )
    answer = await bridge.ask("POST", f"{path(task)}/result", json=INVOICE)

    assert (204, b"") == (answer.status_code, answer.content)
    assert ("bob@example.com", {"approved": ("BOOLEAN", False)}) == (
        bridge.now_of(task).user,
        bridge.now_of(task).results,
    )
    assert [] == bridge.stand_in.effects.all()


async def test_an_unknown_id_is_500_in_four_ways(bridge: Bridge) -> None:
    """A command's answer has a text, a detail's has none. Comments answer 404 with a text about a user."""
    where = f"/tasks/{'f' * 32}/0-1"
    detail, admins = await bridge.ask("GET", where), await bridge.ask("GET", f"/admin{where}", "carol")
    claim = await bridge.ask("POST", f"{where}/claim")
    complete = await bridge.ask("POST", f"{where}/result", json={})
    comments = await bridge.ask("GET", f"{where}/comments")

    assert [500, 500, 500, 500, 404] == [each.status_code for each in (detail, admins, claim, complete, comments)]
    assert "detail" not in detail.json()
    assert "Could not find UserTaskRun!" == claim.json()["message"]
    assert complete.json()["message"].startswith("NOT_FOUND:")
    assert "User not found" == comments.json()["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"userId": "", "userGroup": ""}, 400),
        ({"userGroupId": "x"}, 400),
        ({"userId": "nobody", "userGroup": ""}, 400),
        ({"userId": "", "userGroup": "nothing"}, 400),
        ({"userId": "elena", "userGroup": "accounting"}, 400),
        ({"userId": "bob", "userGroup": "accounting"}, 204),
        ({"userId": "bob"}, 204),
        ({"userId": "", "userGroup": "claims"}, 204),
    ],
)
async def test_an_assignment_takes_the_identity_providers_ids(bridge: Bridge, body: Json, status: int) -> None:
    """The flat client sends absent ids as empty texts. `userGroupId` is not read."""
    task = bridge.one(**invoice())
    sent = dict(body)
    if sent.get("userId") in {"bob", "elena"}:
        sent["userId"] = user_called(sent["userId"]).id
    if (group := group_named(sent.get("userGroup", ""))) is not None:
        sent["userGroup"] = group.id
    answer = await bridge.ask("POST", f"/admin{path(task)}/assign", "carol", json=sent)
    now = bridge.now_of(task)

    assert status == answer.status_code
    if status == 204:
        expected = f"{body['userId']}@example.com" if body.get("userId") else None
        assert (expected, body.get("userGroup") or None) == (now.user, now.group)
        assert ("ASSIGNED" if now.user else "UNASSIGNED") == now.status


async def test_comments_are_events_of_their_task(bridge: Bridge) -> None:
    """The list has the latest event of each comment, 204 without comments. The author is `<sub>::<username>`."""
    task = bridge.one(**invoice())
    where = path(task)
    assert 204 == (await bridge.ask("GET", f"{where}/comments")).status_code
    for text in ("a", "b"):
        await bridge.ask("POST", f"{where}/comment", json={"comment": text})
    edited = await bridge.ask("PUT", f"{where}/comment/1", json={"comment": "c"})
    await bridge.ask("DELETE", f"{where}/comment/2")
    listed = (await bridge.ask("GET", f"{where}/comments")).json()
    gone = await bridge.ask("PUT", f"{where}/comment/2", json={"comment": "d"})

    assert ["COMMENT_EDITED", "COMMENT_DELETED"] == [event["type"] for event in listed]
    assert {"comment": "c", "userId": f"{user_called('alice').id}::alice", "commentId": 1} == edited.json()["event"]
    assert (409, True) == (gone.status_code, "already been deleted" in gone.json()["message"])
    assert 404 == (await bridge.ask("PUT", f"{where}/comment/9", json={"comment": "d"})).status_code


async def test_an_old_bridge_cannot_show_what_was_finished_to_admins(bridge: Bridge) -> None:
    """The event type is unknown to it. The person's own detail has no events."""
    bridge.stand_in.variant.knows_completion = False
    task = bridge.one(status="DONE", user="alice@example.com")

    assert 500 == (await bridge.ask("GET", f"/admin{path(task)}", "carol")).status_code
    assert 200 == (await bridge.ask("GET", path(task))).status_code


async def test_the_present_client_sends_a_type_with_everything(bridge: Bridge) -> None:
    """It sends a content type also without a body, the flat client only with a body. Both are answered alike."""
    task = bridge.one(**invoice())
    typed = {"Content-Type": "application/json"}
    lists = [await bridge.ask("GET", "/tasks?limit=3", headers=headers) for headers in (typed, {})]
    claim = await bridge.ask("POST", f"{path(task)}/claim", headers=typed)

    assert lists[0].json() == lists[1].json()
    assert 204 == claim.status_code
    assert 404 == (await bridge.ask("GET", "/config")).status_code


async def test_reads_lag_behind_when_they_are_told_to(bridge: Bridge) -> None:
    """Commands see the change at once."""
    task = bridge.one(**invoice())
    await bridge.client.post("/__sandbox__/settings", json={"read_lag_ms": 2000})
    await bridge.ask("POST", f"{path(task)}/claim")
    before = await bridge.get(path(task))
    again = await bridge.ask("POST", f"{path(task)}/claim")
    bridge.now += timedelta(seconds=2)

    assert ("UNASSIGNED", 409) == (before["status"], again.status_code)
    assert "ASSIGNED" == (await bridge.get(path(task)))["status"]


async def test_effects_name_actor_and_task(bridge: Bridge) -> None:
    """An effect has the gateway's verb, the request id and the native id of the task."""
    task = bridge.one(**invoice())
    await bridge.ask("POST", f"{path(task)}/claim", headers={"X-Request-Id": "r1"})
    group = group_named("accounting")
    assert group is not None
    await bridge.ask("POST", f"/admin{path(task)}/assign", "carol", json={"userGroup": group.id})
    listed = (await bridge.client.get("/__sandbox__/effects")).json()["effects"]

    assert [
        ("claim", ":".join(task.key), "alice@example.com", "r1"),
        ("unassign", ":".join(task.key), "carol@example.com", None),
    ] == [(each["action"], each["task"], each["actor"], each["request_id"]) for each in listed]


async def test_limits_are_a_proxys(bridge: Bridge) -> None:
    """The bridge has no limits; a test may set some."""
    await bridge.client.post("/__sandbox__/rate-limit", json={"limit": 1, "window_ms": 60000})
    answers = [await bridge.ask("GET", "/init") for _ in range(2)]

    assert [200, 429] == [each.status_code for each in answers]
    assert "60" == answers[1].headers["retry-after"]
    assert (True, False, False) == (
        bridge.stand_in.is_write("POST", "/default/tasks/a/b/claim"),
        bridge.stand_in.is_write("GET", "/default/tasks"),
        bridge.stand_in.is_write("POST", TOKEN_PATH),
    )


async def test_what_is_not_served_is_404_or_405(bridge: Bridge) -> None:
    """The body is that of Spring Boot."""
    nowhere = await bridge.ask("GET", "/nowhere/at/all")
    method = await bridge.ask("DELETE", "/tasks")

    assert [(404, "Not Found"), (405, "Method Not Allowed")] == [
        (each.status_code, each.json()["error"]) for each in (nowhere, method)
    ]


async def test_saved_progress_hides_a_task_from_admins(bridge: Bridge) -> None:
    """The bridge does not know the event. The person's detail has the saved values as results."""
    task = bridge.one(status="ASSIGNED", user="alice@example.com", definition="approve-invoice")
    bridge.stand_in.bridge.kernel.save_progress(task.key, "alice@example.com", {"costCenter": ("INTEGER", 4100)})
    admins = await bridge.ask("GET", f"/admin{path(task)}", "carol")
    completed = await bridge.ask("POST", f"/admin{path(task)}/result", "carol", json=INVOICE)
    own = await bridge.get(path(task))

    assert [500, 500] == [admins.status_code, completed.status_code]
    assert {"costCenter": {"type": "INTEGER", "value": 4100}} == own["results"]
    assert 204 == (await bridge.ask("POST", f"{path(task)}/result", json=INVOICE)).status_code


async def test_a_number_that_json_lacks_is_refused_by_the_kernel(bridge: Bridge) -> None:
    """With its own internal error; nothing changes."""
    task = bridge.one(definition="check-expense-report", status="UNASSIGNED")
    body = {"decision": {"type": "STRING", "value": "a"}, "refund": {"type": "DOUBLE", "value": "NaN"}}
    answer = await bridge.ask("POST", f"{path(task)}/result", json=body)

    assert (500, "INTERNAL: Internal error") == (answer.status_code, answer.json()["message"])
    assert "UNASSIGNED" == bridge.now_of(task).status


async def test_a_row_takes_its_time(bridge: Bridge) -> None:
    """As long as the setting says, one row after the other."""
    bridge.stand_in.settings.row_ms = 5
    began = time.perf_counter()
    page = await bridge.get("/tasks", limit=4)

    assert time.perf_counter() - began >= 0.005 * len(page["userTasks"]) > 0
