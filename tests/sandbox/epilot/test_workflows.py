"""Workflows of version 1 of the stand-in for epilot."""

from collections.abc import AsyncIterator

import pytest

from sandbox.epilot.directory import ALICE
from tests.sandbox.epilot.organisation import WORKFLOWS, Json, Organisation, organisation_of

CONTEXT = {"id": "e1", "title": "Acme", "schema": "opportunity"}


@pytest.fixture
async def epilot() -> AsyncIterator[Organisation]:
    async with organisation_of(360) as organisation:
        yield organisation


@pytest.fixture
async def lead(epilot: Organisation) -> Json:
    """A workflow with two steps in a section and one on the first level."""
    created: Json = await epilot.told("POST", WORKFLOWS, {"workflowId": "rUqQv3Xd", "contexts": [CONTEXT]})
    return created


def steps(workflow: Json) -> list[Json]:
    found: list[Json] = []
    for each in workflow["flow"]:
        found.extend(each["steps"] if each["type"] == "SECTION" else [each])
    return found


async def test_an_unknown_execution_is_an_empty_answer(epilot: Organisation) -> None:
    """A read answers 200 without a body, as no 404 is described. Changes are errors."""
    answer = await epilot.ask("GET", f"{WORKFLOWS}/nothing", described=False)
    deleted = await epilot.ask("DELETE", f"{WORKFLOWS}/nothing")
    patched = await epilot.ask("PATCH", f"{WORKFLOWS}/nothing", {"status": "DONE"})
    stepped = await epilot.ask("PATCH", f"{WORKFLOWS}/nothing/steps/x", {"status": "COMPLETED"})

    assert (200, b"") == (answer.status_code, answer.content)
    assert [404, 500, 400] == [deleted.status_code, patched.status_code, stepped.status_code]


async def test_the_list_is_whole_and_light(epilot: Organisation, lead: Json) -> None:
    """The list has no pages and no states of steps. It filters by entity and by schema."""
    whole = await epilot.told("GET", WORKFLOWS)
    found = await epilot.told("GET", WORKFLOWS, context="e1")
    other = await epilot.told("GET", WORKFLOWS, context="e1", schema="contact")
    schema = await epilot.told("GET", WORKFLOWS, schema="opportunity")

    assert ([lead["id"]], []) == ([each["id"] for each in found], other)
    assert 31 == len(whole)
    assert len(schema) == len([each for each in whole if each["contexts"][0]["schema"] == "opportunity"])
    assert not any("status" in step for each in whole for step in steps(each))


async def test_steps_finished_in_order_end_the_workflow(epilot: Organisation, lead: Json) -> None:
    """Each step enables the next one; sections change their state with their steps."""
    path = f"{WORKFLOWS}/{lead['id']}"
    early = await epilot.refused("PATCH", f"{path}/steps/{steps(lead)[1]['id']}", {"status": "COMPLETED"})
    seen = []
    for step in steps(lead):
        await epilot.told("PATCH", f"{path}/steps/{step['id']}", {"status": "COMPLETED", "assignedTo": [ALICE]})
        workflow = await epilot.told("GET", path)
        seen.append((workflow["flow"][0]["status"], workflow.get("nextOpenStep", {}).get("id"), workflow["status"]))

    assert 400 == early[0]
    assert [
        ("IN_PROGRESS", steps(lead)[1]["id"], "STARTED"),
        ("COMPLETED", steps(lead)[2]["id"], "STARTED"),
        ("COMPLETED", None, "DONE"),
    ] == seen
    first = f"v1/{lead['id']}/{steps(lead)[0]['id']}"
    assert [("complete", first), ("assign", first)] == epilot.effects()[1:3]


async def test_assignment_is_a_state_here(epilot: Organisation, lead: Json) -> None:
    """ASSIGNED and UNASSIGNED are deprecated but still occur."""
    path = f"{WORKFLOWS}/{lead['id']}/steps/{steps(lead)[0]['id']}"
    assigned = await epilot.told("PATCH", path, {"assignedTo": [ALICE]})
    unassigned = await epilot.told("PATCH", path, {"assignedTo": []})

    assert ("ASSIGNED", "UNASSIGNED") == (assigned["status"], unassigned["status"])


async def test_a_patch_without_a_change_has_no_effect(epilot: Organisation, lead: Json) -> None:
    """The present state or assignee once more has no effect."""
    path = f"{WORKFLOWS}/{lead['id']}"
    step = f"{path}/steps/{steps(lead)[0]['id']}"
    for where, body in (
        (step, {"status": "IN_PROGRESS"}),
        (step, {"assignedTo": [ALICE]}),
        (step, {"name": "Call again"}),
        (path, {"dueDate": "2026-07-01"}),
        (path, {"status": "CLOSED"}),
    ):
        await epilot.told("PATCH", where, body)
        before, count = await epilot.told("GET", path), len(epilot.effects())
        epilot.clock.forward(minutes=1)
        await epilot.told("PATCH", where, body)

        assert (before, count) == (await epilot.told("GET", path), len(epilot.effects()))
    assert ["start_flow", "start", "assign", "update", "update_flow", "cancel_flow"] == [
        action for action, _ in epilot.effects()
    ]


async def test_a_workflow_is_closed_with_reasons(epilot: Organisation, lead: Json) -> None:
    """The reasons are those of its start. Its steps do not change."""
    path = f"{WORKFLOWS}/{lead['id']}"
    reasons = (await epilot.told("GET", f"{path}/closing-reasons"))["reasons"]
    body = {
        "status": "CLOSED",
        "selectedClosingReasons": reasons[:1],
        "closingReasonDescription": "x",
        "closedBy": ALICE,
    }
    await epilot.told("PATCH", path, body)
    closed = await epilot.told("GET", path)

    assert ["Lost", "Budget too low"] == [reason["title"] for reason in reasons]
    assert ("CLOSED", reasons[:1], ALICE) == (
        closed["status"],
        closed["selectedClosingReasons"],
        closed["lastModifiedBy"],
    )
    assert lead["flow"] == closed["flow"]


async def test_steps_are_added_moved_and_taken_away(epilot: Organisation, lead: Json) -> None:
    """Steps are in a section or on the first level."""
    path = f"{WORKFLOWS}/{lead['id']}"
    section = lead["flow"][0]["id"]
    new = {"insertionIndex": 1, "name": "Send a brochure", "sectionId": section}
    step = await epilot.told("POST", f"{path}/steps", new)
    added = [each["name"] for each in (await epilot.told("GET", path))["flow"][0]["steps"]]
    await epilot.told("PATCH", f"{path}/steps/{step['id']}", {"position": {"index": 0}})
    moved = [each["name"] for each in (await epilot.told("GET", path))["flow"]]
    await epilot.told("DELETE", f"{path}/steps/{step['id']}")
    gone = await epilot.told("GET", path)

    assert ["Call the client", "Send a brochure", "Check product availability"] == added
    assert "Send a brochure" == moved[0]
    assert lead["flow"] == gone["flow"]


async def test_executions_are_searched_page_by_page(epilot: Organisation) -> None:
    """The next page begins after the last key of the page."""
    body: Json = {"includeDoneWorkflows": True, "sorting": "TRIGGER_DATE_ASC"}
    first = await epilot.told("POST", f"{WORKFLOWS}/search", body)
    second = await epilot.told("POST", f"{WORKFLOWS}/search", body | {"pagination": first["lastEvaluatedKey"]})
    rows = first["executions"] + second["executions"]
    started = await epilot.told("POST", f"{WORKFLOWS}/search", {"name": "COMPL"})

    assert (25, 5) == (len(first["executions"]), len(second["executions"]))
    assert 30 == len({row["id"] for row in rows})
    assert sorted(row["creationTime"] for row in rows) == [row["creationTime"] for row in rows]
    assert "lastEvaluatedKey" not in second
    assert {("Complaint", "STARTED")} == {(row["name"], row["status"]) for row in started["executions"]}


async def test_steps_are_searched_by_assignee_and_state(epilot: Organisation) -> None:
    """The assignee is a number here."""
    hers = await epilot.told("POST", f"{WORKFLOWS}/steps/search", {"assignedTo": int(ALICE), "status": "OPEN"})
    following = await epilot.told(
        "POST",
        f"{WORKFLOWS}/steps/search",
        {"status": "NEXT_OPEN_ITEM_IN_WORKFLOW", "pagination": {"from": 2, "size": 3}},
    )
    started = [each for each in await epilot.told("GET", WORKFLOWS) if each["status"] == "STARTED"]

    assert hers["hits"] > 0
    assert all(ALICE in step["assignedTo"] and step["status"] == "ASSIGNED" for step in hers["results"])
    assert (len(started), 3) == (following["hits"], len(following["results"]))


async def test_a_deleted_workflow_is_gone(epilot: Organisation, lead: Json) -> None:
    """A second deletion answers 404."""
    await epilot.told("DELETE", f"{WORKFLOWS}/{lead['id']}")

    assert 404 == (await epilot.ask("DELETE", f"{WORKFLOWS}/{lead['id']}")).status_code
    assert "delete_flow" == epilot.effects()[-1][0]
