"""The stand-in for epilot answers every operation as the vendor describes it."""

from collections.abc import AsyncIterator

import pytest

from sandbox.epilot.directory import ALICE, BOB, GROUP_IDS
from tests.sandbox.epilot.organisation import (
    DESCRIPTIONS,
    FLOWS,
    KANBAN,
    OVERVIEW,
    SPECIFICATIONS,
    WORKFLOWS,
    Described,
    Organisation,
    named,
    organisation_of,
    path_of,
)

OPERATIONS = {
    ("GET", WORKFLOWS),
    ("POST", WORKFLOWS),
    ("POST", f"{WORKFLOWS}/search"),
    ("POST", f"{WORKFLOWS}/steps/search"),
    ("GET", WORKFLOWS + "/{executionId}"),
    ("PATCH", WORKFLOWS + "/{executionId}"),
    ("DELETE", WORKFLOWS + "/{executionId}"),
    ("GET", WORKFLOWS + "/{executionId}/closing-reasons"),
    ("POST", WORKFLOWS + "/{executionId}/steps"),
    ("PATCH", WORKFLOWS + "/{executionId}/steps/{stepId}"),
    ("DELETE", WORKFLOWS + "/{executionId}/steps/{stepId}"),
    ("POST", FLOWS),
    ("POST", f"{FLOWS}:search"),
    ("GET", FLOWS + "/{execution_id}"),
    ("PATCH", FLOWS + "/{execution_id}"),
    ("DELETE", FLOWS + "/{execution_id}"),
    ("POST", FLOWS + "/{execution_id}/tasks"),
    ("PATCH", FLOWS + "/{execution_id}/tasks/{task_id}"),
    ("POST", FLOWS + "/{execution_id}/tasks/{task_id}/execute"),
    ("POST", FLOWS + "/{execution_id}/tasks/{task_id}/automation:run"),
    ("POST", FLOWS + "/{execution_id}/tasks/{task_id}/reconcile-automation"),
    ("DELETE", FLOWS + "/{execution_id}/tasks/{task_id}/schedule"),
    ("POST", FLOWS + "/{execution_id}/tasks/{task_id}/schedule/run-now"),
    ("POST", FLOWS + "/{execution_id}/schedules/{schedule_id}"),
    ("PATCH", FLOWS + "/{execution_id}/phases/{phase_id}"),
    ("GET", "/v2/users/me"),
    ("GET", "/v2/users"),
    ("GET", "/v2/users/{id}"),
    ("GET", "/v2/users/{id}/groups"),
    ("GET", "/v1/users"),
    ("GET", "/v1/users/{id}"),
    ("GET", "/v1/groups"),
    ("GET", "/v1/groups/{id}"),
    ("POST", "/v1/groups/{id}/user:next"),
    ("POST", KANBAN),
    ("GET", "/v1/kanban/query/flows:autocomplete"),
    ("POST", OVERVIEW),
    ("GET", "/v2/query/workflows:autocomplete"),
}


@pytest.fixture
async def epilot() -> AsyncIterator[Organisation]:
    async with organisation_of(120) as organisation:
        yield organisation


@pytest.fixture
def described(epilot: Organisation) -> Described:
    if epilot.described is None:
        pytest.skip("the vendor's API descriptions lie outside of this repository and are not here")
    epilot.described = Described(SPECIFICATIONS)
    return epilot.described


async def test_every_operation_answers_as_described(epilot: Organisation, described: Described) -> None:
    """Requests and answers of every described operation match."""
    solar = await epilot.started("tpl_solar_installation")
    await epilot.told(
        "POST", f"{FLOWS}:search", {"entity_id": "entity-tpl_solar_installation", "entity_schema": "contract"}
    )
    await epilot.told("POST", path_of(solar, "Call the customer") + "/execute")
    solar = await epilot.done(solar, "Call the customer", "Send the offer")
    await epilot.patch(
        solar, "What does the customer say?", status="COMPLETED", next_condition_id="cond_tt_answer_accepted"
    )
    epilot.clock.forward(seconds=5)
    solar = await epilot.flow(solar["id"])
    await epilot.told("POST", path_of(solar, "Remind the customer") + "/schedule/run-now")
    await epilot.told("POST", path_of(solar, "Remind the customer") + "/reconcile-automation")
    phase = solar["phases"][0]["id"]
    await epilot.told("PATCH", f"{FLOWS}/{solar['id']}/phases/{phase}", {"name": "Sale", "assigned_to": [BOB]})
    edge = solar["edges"][0]
    new = {"previous_task_id": edge["from_id"], "next_task_id": edge["to_id"], "task": {"name": "Look again"}}
    await epilot.told("POST", f"{FLOWS}/{solar['id']}/tasks", new)
    switch = await epilot.done(await epilot.started("tpl_supplier_switch"), "Check the customer's data")
    epilot.clock.forward(seconds=5)
    await epilot.told("POST", path_of(switch, "Ask the credit bureau") + "/automation:run")
    for operation in ("DELETE", "POST"):
        flow = await epilot.done(await epilot.started("tpl_solar_installation"), "Call the customer", "Send the offer")
        await epilot.patch(
            flow, "What does the customer say?", status="COMPLETED", next_condition_id="cond_tt_answer_declined"
        )
        task = named(await epilot.flow(flow["id"]), "Archive the request")
        if operation == "DELETE":
            await epilot.told("DELETE", path_of(flow, "Archive the request") + "/schedule")
        else:
            await epilot.told("POST", f"{FLOWS}/{flow['id']}/schedules/{task['schedule']['schedule_id']}")
    await epilot.told("PATCH", f"{FLOWS}/{solar['id']}", {"status": "CLOSED", "assigned_to": [ALICE]})
    await epilot.told("DELETE", f"{FLOWS}/{solar['id']}", soft="true")

    contexts = [{"id": "e1", "title": "Acme", "schema": "contact"}]
    workflow = await epilot.told(
        "POST", WORKFLOWS, {"workflowId": "rUqQv3Xd", "trigger": "AUTOMATIC", "contexts": contexts}
    )
    one = f"{WORKFLOWS}/{workflow['id']}"
    await epilot.told("GET", WORKFLOWS, context="e1", schema="contact")
    await epilot.told("GET", one)
    await epilot.told("PATCH", one, {"dueDate": "2026-07-01T00:00:00.000Z"})
    await epilot.told("GET", f"{one}/closing-reasons")
    step = await epilot.told("POST", f"{one}/steps", {"insertionIndex": 0, "name": "Ask again", "status": "PENDING"})
    await epilot.told("PATCH", f"{one}/steps/{step['id']}", {"status": "COMPLETED", "assignedTo": [ALICE]})
    await epilot.told("DELETE", f"{one}/steps/{step['id']}")
    await epilot.told("POST", f"{WORKFLOWS}/search", {"name": "lead", "sorting": "A_Z"})
    await epilot.told("POST", f"{WORKFLOWS}/steps/search", {"status": "OPEN", "pagination": {"from": 0, "size": 5}})
    await epilot.told("DELETE", one)

    await epilot.told("GET", "/v2/users/me")
    await epilot.told("GET", "/v2/users", query="alice")
    await epilot.told("GET", f"/v2/users/{ALICE}")
    await epilot.told("GET", f"/v2/users/{ALICE}/groups", hydrate="true")
    await epilot.told("GET", "/v1/users", org_ids="739224")
    await epilot.told("GET", f"/v1/users/{ALICE}")
    await epilot.told("GET", "/v1/groups", hydrate="true")
    await epilot.told("GET", f"/v1/groups/{GROUP_IDS['accounting']}", hydrate="true")
    await epilot.ask("POST", f"/v1/groups/{GROUP_IDS['accounting']}/user:next", params={"hydrate": "true"})
    await epilot.rows({"key": "assignee", "operator": "EQUALS", "value": ALICE})
    await epilot.told("GET", "/v1/kanban/query/flows:autocomplete", attribute="name")
    await epilot.told("POST", OVERVIEW, {"dataset": "workflow_tasks_overview", "assignee_ids": [ALICE]})
    await epilot.told("GET", "/v2/query/workflows:autocomplete", attribute="name")

    assert OPERATIONS == described.seen


async def test_all_flows_and_workflows_of_the_sample_fit_the_descriptions(epilot: Organisation) -> None:
    """Fresh data have every state and type of task."""
    if epilot.described is None:
        pytest.skip("the vendor's API descriptions lie outside of this repository and are not here")
    epilot.stand_in.reset(tasks=400, seed=3, now=None, scenario=None)
    flows = {row["execution_id"] for row in await epilot.rows()}
    for id in flows:
        await epilot.flow(id)
    for workflow in await epilot.told("GET", WORKFLOWS):
        await epilot.told("GET", f"{WORKFLOWS}/{workflow['id']}")

    assert len(flows) > 50


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_the_descriptions_are_complete(name: str) -> None:
    """With a missing description, its operations would not be checked."""
    if not SPECIFICATIONS.is_dir():
        pytest.skip("the vendor's API descriptions lie outside of this repository and are not here")

    assert (SPECIFICATIONS / name).is_file()
