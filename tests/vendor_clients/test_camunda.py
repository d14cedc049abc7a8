"""The stand-in for Camunda 8.9, called by the vendor's own client @camunda8/orchestration-cluster-api.

The client checks every answer against the types in the vendor's description.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from sandbox.camunda import STAND_IN
from sandbox.camunda.auth import CLIENT_ID, CLIENT_SECRET
from sandbox.camunda.definitions import DEFINITIONS, FORMS
from sandbox.camunda.formats import document_of
from sandbox.camunda.operations.tasks import LONGEST_VALUE
from sandbox.camunda.records import UserTask
from sandbox.camunda.routes import endpoints
from sandbox.camunda.stand_in import CamundaStandIn
from sandbox.camunda.variants import RELEASES
from sandbox.people import ALL_PEOPLE, GROUPS, members
from sandbox.server import serve
from tests.vendor_clients.conftest import told_by_node

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
READS = {
    "searchUserTasks", "getUserTask", "getUserTaskForm", "searchUserTaskVariables", "searchUserTaskEffectiveVariables",
    "searchUserTaskAuditLogs", "searchProcessInstances", "getProcessInstance", "searchProcessDefinitions",
    "getProcessDefinition", "getProcessDefinitionXml", "getStartProcessForm", "searchUsers", "getUser", "searchGroups", "getGroup",
    "searchUsersForGroup", "getAuthentication", "getTopology", "getStatus",
}  # fmt: skip
WRITES = {
    "assignUserTask", "unassignUserTask", "updateUserTask", "completeUserTask", "createProcessInstance",
    "cancelProcessInstance", "modifyProcessInstance",
}  # fmt: skip
NOT_OF_THE_CLIENT = {
    "/process-instances/{processInstanceKey}/suspension": "came with 8.10; the client is that of 8.9",
    "/process-instances/{processInstanceKey}/resumption": "came with 8.10; the client is that of 8.9",
}

Json = dict[str, Any]


@pytest.fixture
def camunda() -> CamundaStandIn:
    stand_in = STAND_IN()
    stand_in.reset(tasks=120, seed=7, now=NOW, scenario=None)
    return stand_in


@pytest.fixture
async def address(camunda: CamundaStandIn) -> AsyncIterator[str]:
    """The address of the stand-in, behind its control interface."""
    async with serve([camunda], host="127.0.0.1", base_port=0) as urls:
        yield urls["camunda"]


async def told(node: str, script: str, address: str, **given: Any) -> Json:
    """The output of a script. Checks that it has sent requests to this machine only."""
    answer: Json = await told_by_node(node, script, {"url": address, **given})

    assert [] == answer["refused"]
    assert {"127.0.0.1"} == set(answer["reached"])
    return answer


def some(camunda: CamundaStandIn, element: str, **wanted: object) -> UserTask:
    """The first task of an element, by key."""
    for task in camunda.store.tasks.rows:
        if task.element_id == element and all(getattr(task, name) == value for name, value in wanted.items()):
            return task
    raise LookupError(element)


async def test_reads(node: str, camunda: CamundaStandIn, address: str) -> None:
    """Whole lists, pages, filters, and one object of each kind."""
    rows = camunda.store.tasks.rows
    task = some(camunda, "approve_invoice", state="CREATED")
    definition = DEFINITIONS["invoice"]
    form = FORMS["approve_invoice"]
    answer = await told(
        node,
        "camunda_reads.mjs",
        address,
        task=task.user_task_key,
        formless=some(camunda, "create_account").user_task_key,
        verbose=some(camunda, "assess_claim").user_task_key,
        instance=task.process_instance_key,
        definition=definition.process_definition_key,
        started=DEFINITIONS["purchase-order"].process_definition_key,
    )
    instance = camunda.store.instances.get(task.process_instance_key)
    assert instance is not None
    oldest = [each.user_task_key for each in sorted(rows, key=lambda row: (row.creation_date, int(row.user_task_key)))]
    variables = {each.name: each for each in camunda.store.scoped_variables(task, effective=True)}

    assert READS == set(answer["called"])
    assert [oldest[:7], oldest[7:14], oldest[14:21]] == answer["pages"]
    assert oldest[:7] == answer["back"]
    assert [120, False, 120] == answer["total"]
    assert {
        each.user_task_key
        for each in rows
        if (each.state, each.assignee) == ("CREATED", "alice")
        and {"accounting", "claims"} & set(each.candidate_groups)
        and each.due_date is not None
    } == set(answer["hers"])
    assert [
        each
        for each in oldest
        if each in {row.user_task_key for row in rows if row.process_instance_key == instance.process_instance_key}
    ] == answer["ofProcess"]
    assert {
        each.user_task_key
        for each in rows
        if '"DE"'
        in [found.value for found in camunda.store.scoped_variables(each, effective=True) if found.name == "country"]
    } == set(answer["byVariable"])
    assert [
        task.user_task_key, "Approve invoice", "CREATED", task.creation_date, task.process_instance_key, form.form_key,
    ] == answer["one"]  # fmt: skip
    assert ([form.form_key, form.version, "default"], None) == (answer["form"], answer["formless"])
    assert ["supplier", "goods"] == answer["startForm"][:2]
    assert [["amount", variables["amount"].value]] == answer["variables"]
    assert ([["report", LONGEST_VALUE]], [["report", False]]) == (answer["cut"], answer["full"])
    assert sorted(variables) == answer["effective"]
    assert ["CREATE", "SUCCESS", task.user_task_key] == answer["audit"][0]
    assert {each.process_instance_key for each in camunda.store.instances.rows} == set(answer["instances"])
    assert answer["active"] == sum(
        (each.process_definition_id, each.state) == ("invoice", "ACTIVE") for each in camunda.store.instances.rows
    )
    assert [instance.process_instance_key, instance.state, instance.business_id] == answer["instance"]
    assert ([2, 3], [3]) == (answer["definitions"], answer["latest"])
    assert [definition.process_definition_key, "invoice", "Invoice receipt", 3] == answer["definition"]
    assert document_of(definition) == answer["xml"].encode()
    assert sorted(person.key for person in ALL_PEOPLE) == answer["users"]
    assert ["alice", "Alice Moreno", "alice@example.com"] == answer["user"]
    assert (sorted(GROUPS), ["accounting", "Accounting"]) == (answer["groups"], answer["group"])
    assert sorted(person.key for person in members("accounting")) == answer["members"]
    assert ["demo", [], ["<default>"]] == answer["me"]
    assert ([camunda.scenario.release.version, 1, 1], None) == (answer["topology"], answer["status"])


async def test_writes(node: str, camunda: CamundaStandIn, address: str) -> None:
    """A process from its start to its end. Reads lag, and the client polls until they show the writes."""
    camunda.settings.read_lag_ms = 60
    calling = DEFINITIONS["order-fulfilment"].process_definition_key
    answer = await told(node, "camunda_writes.mjs", address, calling=calling)
    task, (later, element), instance = answer["task"], answer["next"], answer["instance"]

    assert WRITES <= set(answer["called"])
    assert ["invoice", 3, ["vip"], "INV-9001", "<default>"] == answer["made"]
    assert ("ACTIVE", "TERMINATED") == (answer["running"], answer["cancelled"])
    assert ["CREATED", "alice", 50, None, ["accounting"]] == answer["claimed"]
    assert ["CREATED", "bob", 50, None, ["accounting"]] == answer["assigned"]
    assert ["CREATED", None, 50, None, ["accounting"]] == answer["unassigned"]
    assert ["CREATED", None, 80, "2026-07-01T12:00:00.000Z", ["legal"]] == answer["updated"]
    assert ["CREATED", None, 80, None, []] == answer["cleared"]
    assert ["COMPLETED", None, 80, None, []] == answer["completed"]
    assert [
        ["CREATE", None, "SUCCESS"],
        *([each, "demo", "SUCCESS"] for each in ("ASSIGN", "ASSIGN", "UNASSIGN", "UPDATE", "UPDATE", "COMPLETE")),
    ] == answer["history"]
    assert ("prepare_transfer", ['"approved"'], 1) == (element, answer["kept"], answer["modified"])
    assert [
        ["approve_invoice", "COMPLETED"],
        ["prepare_transfer", "CANCELED"],
        ["approve_invoice", "CANCELED"],
    ] == answer["left"]
    assert ["quality-check"] == answer["family"]
    assert [
        ("start_flow", instance), ("claim", task), ("assign", task), ("unassign", task), ("update", task), ("update", task),
        ("complete", task), ("cancel", later), ("cancel_flow", instance), ("start_flow", answer["calling"]),
    ] == [(effect.action, effect.task) for effect in camunda.effects.all()]  # fmt: skip


async def test_errors(node: str, camunda: CamundaStandIn, address: str) -> None:
    """The client finds status, title and detail in every refusal, and retries if it should."""
    camunda.reset(tasks=120, seed=7, now=NOW, scenario="authorizations")
    rows = camunda.store.tasks.rows
    answer = await told(
        node,
        "camunda_errors.mjs",
        address,
        open=some(camunda, "approve_invoice", state="CREATED", assignee=None).user_task_key,
        claimed=some(camunda, "approve_invoice", state="CREATED", assignee="alice").user_task_key,
        done=next(each.user_task_key for each in rows if each.state == "COMPLETED"),
        ofOthers=some(camunda, "review_contract", state="CREATED").user_task_key,
        formless=some(camunda, "create_account").user_task_key,
    )
    refusals: dict[str, tuple[int, str | None, str]] = {
        "badPassword": (401, "Unauthorized", "An Authentication object was not found"),
        "noTask": (404, "NOT_FOUND", "User Task with key '4503599627370495' not found"),
        "noKey": (400, "Bad Request", "Failed to convert 'userTaskKey' with value: 'x'"),
        "noForm": (404, "NOT_FOUND", "User Task with key"),
        "noInstance": (404, "NOT_FOUND", "Command 'CANCEL' rejected with code 'NOT_FOUND'"),
        "noDefinition": (404, "NOT_FOUND", "Process Definition with key '4503599627370495' not found"),
        "noProcess": (404, "NOT_FOUND", "process ID 'none', but none found"),
        "noUser": (404, "NOT_FOUND", "User with username 'zoë' not found"),
        "noGroup": (404, "NOT_FOUND", "Group with id 'a b+ö?' not found"),
        "noAssignee": (400, "INVALID_ARGUMENT", "No assignee provided"),
        "nothingToUpdate": (400, "INVALID_ARGUMENT", "No update data provided."),
        "badFilter": (400, "Bad Request", "Request property [filter.colour] cannot be parsed"),
        "badCursor": (400, "INVALID_ARGUMENT", "Cannot decode pagination cursor 'x'"),
        "claimLost": (409, "INVALID_STATE", "but it has already been assigned"),
        "done": (404, "NOT_FOUND", "Command 'COMPLETE' rejected with code 'NOT_FOUND'"),
        "noElement": (400, "INVALID_ARGUMENT", "an element that could not be found: 'none'"),
        "denied": (409, "INVALID_STATE", "was denied by Task Listener."),
        "slow": (504, "DEADLINE_EXCEEDED", "request timed out between gateway and broker"),
        "notHers": (403, "FORBIDDEN", "Unauthorized to perform any of the operations"),
        "notHersToDo": (403, "FORBIDDEN", "Insufficient permissions to perform operation 'COMPLETE_USER_TASK'"),
        "notThere": (404, "Not Found", "/call-hierarchy"),
        "away": (503, None, "HTTP 503"),
        "later": (503, "RESOURCE_EXHAUSTED", "Too busy"),
    }
    for name, (status, title, said) in refusals.items():
        found = answer[name]

        assert ("HttpSdkError", status, title) == (found["type"], found["status"], found["title"]), name
        assert said in found["said"], name
    version = camunda.scenario.release.version

    assert "EventualConsistencyTimeoutError" == answer["tooLate"]["type"]
    assert "Invalid getTopology response: validation failed" == answer["wrongAnswer"]["said"]
    # The only answer that the description has and the client's own check refuses.
    assert "Invalid getUserTaskForm response: validation failed" == answer["formless"]["said"]
    assert [{"value": version}] * 3 == [answer[name] for name in ("tooMany", "busy", "cut")]
    assert ["start_flow"] == [each.action for each in camunda.effects.all()]


async def test_tokens(node: str, camunda: CamundaStandIn, address: str) -> None:
    """One token for many calls. Wrong credentials get none, and a token that the cluster forgot is fetched again."""
    camunda.reset(tasks=120, seed=7, now=NOW, scenario="oidc")
    keys = [each.user_task_key for each in camunda.store.tasks.rows if (each.state, each.assignee) == ("CREATED", None)]
    first = [each.user_task_key for each in camunda.store.tasks.rows[:3]]
    answer = await told(node, "camunda_tokens.mjs", address, id=CLIENT_ID, secret=CLIENT_SECRET, open=keys[0])

    assert [CLIENT_ID, []] == answer["me"]
    assert first == answer["found"] == answer["again"]
    assert [["CLIENT", CLIENT_ID]] == answer["actor"]
    assert [401, 401, 401, 401] == [each["status"] for each in (*answer["strangers"], answer["forgotten"])]
    assert 1 == answer["refreshed"]
    # Without a token the client still sends its request.
    assert [
        ["/oauth/token", 200],
        ["/v2/authentication/me", 200],
        ["/v2/user-tasks/search", 200],
        ["/v2/user-tasks/search", 200],
        [f"/v2/user-tasks/{keys[0]}/assignment", 204],
        [f"/v2/user-tasks/{keys[0]}/audit-logs/search", 200],
        ["/oauth/token", 401],
        ["/v2/topology", 401],
        ["/oauth/token", 403],
        ["/v2/topology", 401],
        ["/v2/topology", 401],
    ] == answer["requests"]


async def test_every_operation_that_both_have_is_called(node: str, address: str) -> None:
    """The stand-in has each operation of the client. The client has all of its routes except those of 8.10."""
    answer: Json = await told_by_node(node, "camunda_operations.mjs", {"url": address})
    operations = {(method, path.removeprefix("/v2")): name for name, method, path in answer["operations"]}
    async with httpx2.AsyncClient(base_url=f"{address}/v2", auth=("demo", "demo"), timeout=300) as client:
        offered = {
            name
            for (method, path), name in operations.items()
            if not _is_unknown(await client.request(method, path.replace("{", "").replace("}", "")))
        }
    routes = {(method, path) for release in RELEASES.values() for method, path, _ in endpoints(release)}

    assert [] == answer["refused"] == answer["reached"]
    assert READS | WRITES == offered
    assert set(NOT_OF_THE_CLIENT) == {path for _, path in routes - operations.keys()}


def _is_unknown(answer: httpx2.Response) -> bool:
    """Whether the operation is unknown, not its object."""
    return answer.status_code in (404, 405) and answer.json()["detail"].startswith("No endpoint ")
