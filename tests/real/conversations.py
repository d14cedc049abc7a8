"""The requests that are sent to both sides: every request that the connector sends, and its refusals.

Each conversation starts process instances of its own, so that both sides have the same data.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.real.cluster import until
from tests.real.exchange import Conversation

_TASK = "/user-tasks/{}"
_OF_ANOTHER_PARTITION = "4611686018427387904"
_NEVER_GIVEN = str((1 << 51) + (1 << 50))
_WHEN = "2031-05-06T07:08:00.000Z"


def _page(limit: int = 5, **filter_: Any) -> dict[str, Any]:
    return {"filter": filter_, "page": {"limit": limit}}


async def reading(talk: Conversation) -> None:
    """One task and one instance, by every kind of read."""
    instance = await talk.cluster.start("invoice", amount=12)
    key = (await talk.cluster.tasks(instance))[0]["userTaskKey"]
    task = _TASK.format(key)
    await talk.send("task", "GET", task)
    await talk.send("form", "GET", f"{task}/form")
    variables = {"page": {"from": 0, "limit": 100}, "sort": [{"field": "name", "order": "ASC"}]}
    whole = {"params": {"truncateValues": "false"}}
    await talk.send("effective variables", "POST", f"{task}/effective-variables/search", variables, **whole)
    await talk.send("variables", "POST", f"{task}/variables/search", variables, **whole)
    await talk.send("audit log", "POST", f"{task}/audit-logs/search", {"page": {"limit": 100}})
    await talk.send("instance", "GET", f"/process-instances/{instance}")
    found = await talk.send("tasks of the instance", "POST", "/user-tasks/search", _page(processInstanceKey=instance))
    after = {"filter": {"processInstanceKey": instance}, "page": {"limit": 5, "after": found["page"]["endCursor"]}}
    await talk.send("tasks behind the last", "POST", "/user-tasks/search", after)
    await talk.send("instance by search", "POST", "/process-instances/search", _page(processInstanceKey=instance))
    definition = found["items"][0]["processDefinitionKey"]
    await talk.send("definition", "GET", f"/process-definitions/{definition}")
    await talk.send("document", "GET", f"/process-definitions/{definition}/xml", headers={"Accept": "text/xml"})
    await talk.send("document as JSON", "GET", f"/process-definitions/{definition}/xml", headers={"Accept": "application/json"})  # fmt: skip
    bare = await talk.cluster.task("expense-report")
    await talk.send("no form", "GET", f"{_TASK.format(bare)}/form")


async def directory(talk: Conversation) -> None:
    """People, groups, the signed-in user, the cluster."""
    by_name = {"sort": [{"field": "username", "order": "ASC"}]}
    await talk.send("users", "POST", "/users/search", _page(username={"$in": ["alice", "bob"]}) | by_name)
    await talk.send("groups", "POST", "/groups/search", _page(groupId={"$in": ["accounting"]}))
    await talk.send("members", "POST", "/groups/accounting/users/search", {"page": {"limit": 5}} | by_name)
    await talk.send("members of no group", "POST", "/groups/nothing/users/search", {"page": {"limit": 5}})
    await talk.send("ourselves", "GET", "/authentication/me")
    await talk.send("status", "GET", "/status")
    latest = {
        "filter": {"isLatestVersion": True},
        "sort": [{"field": "processDefinitionId", "order": "ASC"}],
        "page": {"limit": 2},
    }
    await talk.send("latest definitions", "POST", "/process-definitions/search", latest)


async def claiming(talk: Conversation) -> None:
    """Claim, claim again, claim too late, replace the owner, unassign."""
    task = _TASK.format(await talk.cluster.task("expense-report"))
    for label, body in (
        ("claim", {"assignee": "alice", "allowOverride": False}),
        ("claim again", {"assignee": "alice", "allowOverride": False}),
        ("claim of a taken task", {"assignee": "bob", "allowOverride": False}),
        ("assign over another owner", {"assignee": "bob", "allowOverride": True}),
        ("assign again", {"assignee": "bob"}),
        ("assign to an empty name", {"assignee": ""}),
        ("assign without a name", {}),
        ("assign with a number", {"assignee": 7}),
        ("assign with more", {"assignee": "bob", "color": "red"}),
    ):
        await talk.send(label, "POST", f"{task}/assignment", body)
    await talk.send("assign, no JSON", "POST", f"{task}/assignment", content=b"{", headers={"Content-Type": "application/json"})  # fmt: skip
    await talk.send("assign, a form", "POST", f"{task}/assignment", content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    await talk.send("unassign", "DELETE", f"{task}/assignee")
    await talk.send("unassign again", "DELETE", f"{task}/assignee")


async def updating(talk: Conversation) -> None:
    """Each member, its reset, and values that are not allowed."""
    key = await talk.cluster.task("expense-report")
    task = _TASK.format(key)
    changes: Mapping[str, Mapping[str, Any]] = {
        "nothing": {},
        "a priority": {"priority": 90},
        "a priority beyond": {"priority": 101},
        "a priority in words": {"priority": "high"},
        "dates": {"dueDate": _WHEN, "followUpDate": _WHEN},
        "no date": {"dueDate": ""},
        "a date in words": {"dueDate": "soon"},
        "a date without time": {"dueDate": "2031-05-06"},
        "several faults": {"dueDate": "soon", "followUpDate": "later", "priority": -1},
        "candidates": {"candidateUsers": ["alice"], "candidateGroups": ["legal"]},
        "no candidates": {"candidateUsers": [], "candidateGroups": []},
        "candidates as a text": {"candidateUsers": "alice"},
        "an assignee": {"assignee": "alice"},
        "another priority": {"priority": 33},
    }
    for label, changeset in changes.items():
        await talk.send(f"update of {label}", "PATCH", task, {"changeset": changeset})
    await talk.send("update by name only", "PATCH", task, {"action": "plan"})
    # The last visible change: when reads show it, they show all.
    await until(lambda: talk.cluster.row(key), lambda row: row["priority"] == 33)
    await talk.send("updated task", "GET", task)


async def completing(talk: Conversation) -> None:
    """Also a second completion."""
    key = await talk.cluster.task("expense-report")
    task = _TASK.format(key)
    await talk.send("complete with a list", "POST", f"{task}/completion", {"variables": []})
    await talk.send("complete", "POST", f"{task}/completion", {"variables": {"note": "ok"}, "action": "approve"})
    await talk.send("complete again", "POST", f"{task}/completion", {})
    await talk.send("claim of a completed task", "POST", f"{task}/assignment", {"assignee": "bob", "allowOverride": False})  # fmt: skip
    await talk.send("unassign a completed task", "DELETE", f"{task}/assignee")
    await talk.send("update of a completed task", "PATCH", task, {"changeset": {"priority": 1}})
    await talk.cluster.row_in(key, "COMPLETED")
    await talk.send("completed task", "GET", task)


async def instances(talk: Conversation) -> None:
    """Start and cancel, and the refusals of both."""
    for label, body in (
        ("start", {"processDefinitionId": "expense-report", "variables": {"total": 12}, "tags": ["vip"]}),
        ("start nothing", {}),
        ("start by id and key", {"processDefinitionId": "invoice", "processDefinitionKey": "1"}),
        ("start of no process", {"processDefinitionId": "nothing"}),
        ("start of no version", {"processDefinitionId": "invoice", "processDefinitionVersion": 99}),
        ("start by an empty id", {"processDefinitionId": ""}),
        ("start by no key", {"processDefinitionKey": "abc"}),
        ("start by an unknown key", {"processDefinitionKey": _NEVER_GIVEN}),
        ("start at no element", {"processDefinitionId": "invoice", "startInstructions": [{"elementId": "nothing"}]}),
        ("start with a list", {"processDefinitionId": "invoice", "variables": []}),
        ("start with a bad tag", {"processDefinitionId": "invoice", "tags": ["a b"]}),
        ("start in another tenant", {"processDefinitionId": "invoice", "tenantId": "red"}),
    ):
        await talk.send(label, "POST", "/process-instances", body)
    instance = await talk.cluster.start("expense-report")
    key = (await talk.cluster.tasks(instance))[0]["userTaskKey"]
    cancellation = f"/process-instances/{instance}/cancellation"
    await talk.send("cancel with a bad reference", "POST", cancellation, {"operationReference": 0})
    await talk.send("cancel", "POST", cancellation, {})
    await talk.send("cancel again", "POST", cancellation, {})
    await talk.cluster.row_in(key, "CANCELED")
    await talk.send("canceled task", "GET", _TASK.format(key))
    await talk.send("canceled instance", "GET", f"/process-instances/{instance}")
    caller = await talk.cluster.start("order-fulfilment")
    calls = {"parentProcessInstanceKey": caller}
    [called] = await until(lambda: talk.cluster.found("/process-instances/search", filter=calls), bool)
    await talk.send("called instance", "GET", f"/process-instances/{called['processInstanceKey']}")
    await talk.send("cancel a called instance", "POST", f"/process-instances/{called['processInstanceKey']}/cancellation", {})  # fmt: skip


async def strangers(talk: Conversation) -> None:
    """Keys that do not exist, and searches that are not allowed."""
    for label, key in (("unknown", _NEVER_GIVEN), ("foreign", _OF_ANOTHER_PARTITION), ("odd", "abc")):
        task = _TASK.format(key)
        await talk.send(f"{label} task", "GET", task)
        await talk.send(f"form of {label} task", "GET", f"{task}/form")
        await talk.send(f"claim of {label} task", "POST", f"{task}/assignment", {"assignee": "bob", "allowOverride": False})  # fmt: skip
        await talk.send(f"completion of {label} task", "POST", f"{task}/completion", {})
        await talk.send(f"update of {label} task", "PATCH", task, {"changeset": {"priority": 1}})
        await talk.send(f"{label} instance", "GET", f"/process-instances/{key}")
        await talk.send(f"cancelation of {label} instance", "POST", f"/process-instances/{key}/cancellation", {})
    searches: Mapping[str, Mapping[str, Any]] = {
        "an unknown member": {"pages": {}},
        "an unknown order": {"sort": [{"field": "state"}]},
        "a negative limit": {"page": {"limit": -1}},
        "two ways to page": {"page": {"from": 1, "after": "x"}},
        "a cursor of its own": {"page": {"after": "x"}},
        "an unknown state": {"filter": {"state": "OPEN"}},
        "a date in words": {"filter": {"dueDate": {"$gte": "soon"}}},
        "a number as a text": {"filter": {"priority": "high"}},
        "a key that is none": {"filter": {"userTaskKey": "abc"}},
    }
    for label, body in searches.items():
        await talk.send(f"search by {label}", "POST", "/user-tasks/search", body)
    await talk.send("wrong password", "GET", "/user-tasks/1", auth=("demo", "wrong"))
    await talk.send("no such path", "GET", "/tasks")


CONVERSATIONS: tuple[Callable[[Conversation], Awaitable[None]], ...] = (
    reading,
    directory,
    claiming,
    updating,
    completing,
    instances,
    strangers,
)
