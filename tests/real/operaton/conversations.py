"""The requests that are sent to both sides: every kind of request that the connector sends, and the engine's refusals.

Each conversation starts process instances of its own, so that both sides have the same data.
"""

from collections.abc import Awaitable, Callable

from tests.real.operaton.exchange import Conversation

_NOWHERE = "00000000-0000-0000-0000-000000000000"
_EARLY = "1900-01-01T00:00:00.000+0000"


async def reading(talk: Conversation) -> None:
    """One task by every kind of read."""
    flow = await talk.company.start("invoice", amount=12)
    [task] = [str(row["id"]) for row in await talk.company.tasks(flow)]
    await talk.send("one task", "GET", f"/task/{task}")
    await talk.send("no such task", "GET", f"/task/{_NOWHERE}")
    await talk.send("links", "GET", f"/task/{task}/identity-links")
    await talk.send("links of no task", "GET", f"/task/{_NOWHERE}/identity-links")
    await talk.send("form", "GET", f"/task/{task}/form")
    await talk.send("form of no task", "GET", f"/task/{_NOWHERE}/form")
    await talk.send("form variables", "GET", f"/task/{task}/form-variables")
    await talk.send("variables", "GET", f"/task/{task}/variables", deserializeValues="false")
    await talk.send("comments", "GET", f"/task/{task}/comment")
    await talk.send("history of an open task", "GET", "/history/task", taskId=task)
    await talk.send("a flow", "POST", "/history/process-instance", {"processInstanceIds": [flow]})
    await talk.send("a running flow", "POST", "/process-instance", {"processInstanceIds": [flow]})
    await talk.send("no ids", "POST", "/history/process-instance/count", {"processInstanceIds": []})
    await talk.send("variables of a flow", "GET", "/history/variable-instance", processInstanceId=flow)
    await talk.send("no path", "GET", "/nothing-of-this-name")


async def searching(talk: Conversation) -> None:
    """Filters and sorting, with what is ignored and what is refused."""
    ids = sorted(await talk.company.many("invoice", 3, amount=12))
    some = {"taskIdIn": ids}
    await talk.company.post(f"/task/{ids[0]}/claim", {"userId": "alice"})
    filters: dict[str, dict[str, object]] = {
        "by ids": {},
        "unassigned": {"unassigned": True},
        "assignee": {"assigneeIn": ["alice"]},
        "group": {"candidateGroups": ["accounting"]},
        "group, owned too": {"candidateGroups": ["accounting"], "includeAssignedTasks": True},
        "user by group": {"candidateUser": "bob"},
        "user": {"candidateUser": "henrik", "withCandidateUsers": True, "includeAssignedTasks": True},
        "no candidates": {"withoutCandidateUsers": True, "withoutCandidateGroups": True, "includeAssignedTasks": True},
        "priority": {"minPriority": 75, "maxPriority": 75},
        "with a due date": {"dueAfter": _EARLY},
        "without a due date": {"withoutDueDate": True},
        "without a follow-up": {"followUpBeforeOrNotExistent": _EARLY},
        "suspended": {"suspended": True},
        "definition": {"processDefinitionKeyIn": ["invoice"], "taskDefinitionKeyIn": ["approve_invoice"]},
        "misspelt": {"asignee": "nobody"},
        "alternatives": {"orQueries": [{"assignee": "alice", "candidateGroups": ["legal"]}]},
        "user and group": {"candidateUser": "bob", "candidateGroups": ["legal"]},
        "mine or claimable": {
            "orQueries": [
                {"active": True, "assigneeIn": ["alice"]},
                {"unassigned": True, "assigneeIn": ["alice"]},
                {
                    "assigneeIn": ["alice"],
                    "candidateUser": "alice",
                    "candidateGroups": ["legal"],
                    "includeAssignedTasks": True,
                },
            ]
        },
        "a group beside alternatives with another": {
            "candidateGroups": ["accounting"],
            "includeAssignedTasks": True,
            "orQueries": [{"assigneeIn": ["alice"], "candidateGroups": ["legal"], "includeAssignedTasks": True}],
        },
        "alternatives without groups": {"orQueries": [{"withoutCandidateGroups": True}]},
        "mine or offered, named by ids": {
            "orQueries": [
                {"assigneeIn": ["alice"], "taskIdIn": ids[:2]},
                {"taskIdIn": ids[2:], "candidateGroups": ["legal"], "includeAssignedTasks": True},
                {"taskIdIn": [_NOWHERE], "assigneeIn": ["alice"]},
            ]
        },
        "ids among alternatives": {"orQueries": [{"taskIdIn": ids[:2]}]},
        "owned too, of ids": {"orQueries": [{"taskIdIn": ids[:2], "includeAssignedTasks": True}]},
        "changed since": {"updatedAfter": _EARLY},
        "changed before": {"updatedBefore": _EARLY},
        "owned too, of nothing": {"includeAssignedTasks": True},
        "alternatives without candidates": {"orQueries": [{"withCandidateGroups": True}]},
    }
    for label, filter in filters.items():
        await talk.send(label, "POST", "/task", {**some, **filter})
        await talk.send(f"{label}: count", "POST", "/task/count", {**some, **filter})
    sorting = [{"sortBy": "dueDate", "sortOrder": "asc"}, {"sortBy": "id", "sortOrder": "asc"}]
    await talk.send("sorted", "POST", "/task", {**some, "sorting": sorting}, firstResult=1, maxResults=1)
    for name in ("name", "nameCaseInsensitive", "lastUpdated", "followUpDate", "priority", "assignee"):
        keys = [{"sortBy": name, "sortOrder": "desc"}, {"sortBy": "id", "sortOrder": "asc"}]
        await talk.send(f"sorted by {name}", "POST", "/task", {**some, "sorting": keys})
    await talk.send("unknown sort", "POST", "/task", {"sorting": [{"sortBy": "nothing", "sortOrder": "asc"}]})
    await talk.send("rows with variables", "POST", "/task", {**some, "withTaskVariablesInReturn": True})
    await talk.company.post("/task/create", {"name": "A task without candidates"})
    # A date in another form is refused with 400, from one engine's start to the next as JSON or as plain text.
    await talk.send("groups in use", "GET", "/task/report/candidate-group-count")


async def claiming(talk: Conversation) -> None:
    """Owners, with the refusals."""
    task = await talk.company.task("invoice", amount=12)
    await talk.send("claim", "POST", f"/task/{task}/claim", {"userId": "alice"})
    await talk.send("claim again", "POST", f"/task/{task}/claim", {"userId": "alice"})
    await talk.send("claim of another's", "POST", f"/task/{task}/claim", {"userId": "bob"})
    await talk.send("claim without a user", "POST", f"/task/{task}/claim", {})
    await talk.send("after that", "GET", f"/task/{task}")
    await talk.send("assign", "POST", f"/task/{task}/assignee", {"userId": "bob"})
    await talk.send("links with an owner", "GET", f"/task/{task}/identity-links")
    await talk.send("unclaim", "POST", f"/task/{task}/unclaim")
    for verb, body in (("claim", {"userId": "alice"}), ("assignee", {"userId": "alice"}), ("unclaim", None)):
        await talk.send(f"{verb} of nothing", "POST", f"/task/{_NOWHERE}/{verb}", body)


async def changing(talk: Conversation) -> None:
    """Full replacements, candidates, drafts and comments."""
    task = await talk.company.task("invoice", amount=12)
    row = await talk.company.row(task)
    names = ("name", "description", "priority", "assignee", "owner", "delegationState", "followUp", "parentTaskId")
    whole = {**{name: row[name] for name in names}, "due": "2031-05-06T07:08:00.000+0000", "priority": 90}
    await talk.send("replace", "PUT", f"/task/{task}", whole)
    await talk.send("replaced", "GET", f"/task/{task}")
    await talk.send("replace by a part", "PUT", f"/task/{task}", {"priority": 3})
    await talk.send("the rest is gone", "GET", f"/task/{task}")
    await talk.send("replace nothing", "PUT", f"/task/{_NOWHERE}", {"name": "x"})
    link = {"groupId": "legal", "type": "candidate"}
    await talk.send("add a group", "POST", f"/task/{task}/identity-links", link)
    await talk.send("add it again", "POST", f"/task/{task}/identity-links", link)
    await talk.send("remove it", "POST", f"/task/{task}/identity-links/delete", link)
    await talk.send("add to nothing", "POST", f"/task/{_NOWHERE}/identity-links", link)
    draft = {"modifications": {"draft": {"value": "half", "type": "String"}}}
    await talk.send("draft", "POST", f"/task/{task}/localVariables", draft)
    await talk.send("draft of nothing", "POST", f"/task/{_NOWHERE}/localVariables", draft)
    await talk.send("with the draft", "GET", f"/task/{task}/variables", deserializeValues="false")
    await talk.send("comment", "POST", f"/task/{task}/comment/create", {"message": "Looks fine"})
    await talk.send("the comment", "GET", f"/task/{task}/comment")
    await talk.send("comment on nothing", "POST", f"/task/{_NOWHERE}/comment/create", {"message": "x"})
    await talk.send("operations", "GET", "/history/user-operation", taskId=task, sortBy="timestamp", sortOrder="asc")


async def completing(talk: Conversation) -> None:
    """Forms, types, and what comes too late."""
    task = await talk.company.task("invoice")
    for label, values in {
        "required": {},
        "too small": {"amount": {"value": -5}},
        "no option": {"amount": {"value": 5}, "cause": {"value": "weather"}},
        "no date": {"amount": {"value": 5}, "payOn": {"value": "2026-12-01"}},
        "no number": {"amount": {"value": "abc", "type": "Long"}},
        "json": {"amount": {"value": 5}, "more": {"value": "{}", "type": "Json"}},
    }.items():
        await talk.send(label, "POST", f"/task/{task}/submit-form", {"variables": values})
    flow = str((await talk.company.row(task))["processInstanceId"])
    good = {"amount": {"value": 5}, "cause": {"value": "price"}, "payOn": {"value": "01/12/2026"}}
    await talk.send("submit", "POST", f"/task/{task}/submit-form", {"variables": good})
    await talk.send("submit again", "POST", f"/task/{task}/submit-form", {"variables": good})
    await talk.send("complete again", "POST", f"/task/{task}/complete", {})
    await talk.send("claim of a closed one", "POST", f"/task/{task}/claim", {"userId": "alice"})
    await talk.send("history of a closed task", "GET", "/history/task", taskId=task)
    await talk.send("values", "GET", "/history/variable-instance", processInstanceId=flow, variableName="payOn")
    [second] = await talk.company.tasks(flow)
    await talk.send("a Camunda form", "GET", f"/task/{second['id']}/form")
    await talk.send("its document", "GET", f"/task/{second['id']}/deployed-form")
    await talk.send("a draft shadows", "POST", f"/task/{second['id']}/localVariables", {"modifications": {"amount": {"value": 1, "type": "Long"}}})  # fmt: skip
    await talk.send("complete", "POST", f"/task/{second['id']}/complete", {"variables": {"amount": {"value": 99}}, "withVariablesInReturn": True})  # fmt: skip


async def delegating(talk: Conversation) -> None:
    """A delegated task is given back by a form, and completed by a completion."""
    task = await talk.company.task("invoice", amount=12)
    await talk.company.post(f"/task/{task}/claim", {"userId": "alice"})
    await talk.send("delegate", "POST", f"/task/{task}/delegate", {"userId": "bob"})
    await talk.send("delegated", "GET", f"/task/{task}")
    await talk.send("form of a delegated task", "POST", f"/task/{task}/submit-form", {"variables": {}})
    await talk.send("given back", "GET", f"/task/{task}")
    await talk.company.post(f"/task/{task}/delegate", {"userId": "bob"})
    await talk.send("complete while delegated", "POST", f"/task/{task}/complete", {})


async def running(talk: Conversation) -> None:
    """Starts, suspensions, skips and ends of flows."""
    started = await talk.send("start", "POST", "/process-definition/key/invoice/start", {"businessKey": "K", "variables": {"amount": {"value": 3}}})  # fmt: skip
    await talk.send("start of nothing", "POST", "/process-definition/key/nothing/start", {})
    flow = str(started["id"])
    [task] = [str(row["id"]) for row in await talk.company.tasks(flow)]
    await talk.send("suspend", "PUT", f"/process-instance/{flow}/suspended", {"suspended": True})
    await talk.send("suspend nothing", "PUT", f"/process-instance/{_NOWHERE}/suspended", {"suspended": True})
    for verb, body in (("claim", {"userId": "alice"}), ("complete", {}), ("submit-form", {}), ("unclaim", None)):
        await talk.send(f"{verb} while suspended", "POST", f"/task/{task}/{verb}", body)
    await talk.send("suspended flow", "GET", f"/history/process-instance/{flow}")
    await talk.send("resume", "PUT", f"/process-instance/{flow}/suspended", {"suspended": False})
    await talk.send("delete a task of a flow", "DELETE", f"/task/{task}")
    step = "approve_invoice"
    skip = [{"type": "cancel", "activityId": step}, {"type": "startAfterActivity", "activityId": step}]
    await talk.send("skip", "POST", f"/process-instance/{flow}/modification", {"instructions": skip, "annotation": "x"})
    await talk.send("history of a skipped task", "GET", "/history/task", taskId=task)
    await talk.send("cancel", "DELETE", f"/process-instance/{flow}")
    await talk.send("cancel again", "DELETE", f"/process-instance/{flow}")
    await talk.send("modify an ended one", "POST", f"/process-instance/{flow}/modification", {"instructions": skip})
    await talk.send("cancelled flow", "GET", f"/history/process-instance/{flow}")
    await talk.send("cancel later", "POST", "/process-instance/delete", {"processInstanceIds": [_NOWHERE], "deleteReason": "x"})  # fmt: skip


async def starting(talk: Conversation) -> None:
    """Forms of start events, and starts with a look at them."""
    for key in ("travel-expenses", "supplier-contract", "goods-return", "nothing"):
        place = f"/process-definition/key/{key}"
        await talk.send(f"form of {key}", "GET", f"{place}/startForm")
        await talk.send(f"document of the form of {key}", "GET", f"{place}/deployed-start-form")
        await talk.send(f"document of {key}", "GET", f"{place}/xml")
    place = "/process-definition/key/travel-expenses"
    good = {"traveller": {"value": "Ada"}, "amount": {"value": 5}, "leftOn": {"value": "2026-12-24"}}
    values: dict[str, dict[str, object]] = {
        "nothing": {},
        "too little": {**good, "amount": {"value": 0}},
        "a long name": {**good, "traveller": {"value": "A" * 81}},
        "a day of another form": {**good, "leftOn": {"value": "24/12/2026"}},
        "what fits": good,
        "more": {**good, "more": {"value": True}},
    }
    for label, each in values.items():
        await talk.send(f"start with {label}", "POST", f"{place}/submit-form", {"variables": each, "businessKey": "K"})
    started = await talk.send("start without a look", "POST", f"{place}/start", {"variables": {"amount": {"value": 0}}})
    await talk.send("its values", "GET", "/history/variable-instance", processInstanceId=started["id"])
    id = started["definitionId"]
    await talk.send("form of a version", "GET", f"/process-definition/{id}/startForm")
    typed = await talk.send("start of a version", "POST", f"/process-definition/{id}/submit-form", {"variables": good})
    await talk.send("typed values", "GET", "/history/variable-instance", processInstanceId=typed["id"], variableName="leftOn")  # fmt: skip
    nothing = f"/process-definition/{_NOWHERE}"
    for what in ("startForm", "deployed-start-form", "xml"):
        await talk.send(f"{what} of no version", "GET", f"{nothing}/{what}")
    for what in ("start", "submit-form"):
        await talk.send(f"{what} of no version", "POST", f"{nothing}/{what}", {})
    await talk.send("form without a document", "POST", "/process-definition/key/goods-return/submit-form", {})


async def people(talk: Conversation) -> None:
    """The directory and the definitions."""
    await talk.send("users by id", "GET", "/user", idIn="alice,bob", sortBy="userId", sortOrder="asc")
    await talk.send("members", "GET", "/user", memberOfGroup="accounting", sortBy="userId", sortOrder="asc")
    await talk.send("number of members", "GET", "/user/count", memberOfGroup="accounting")
    await talk.send("groups by id", "GET", "/group", idIn="accounting,legal", sortBy="id", sortOrder="asc")
    await talk.send("groups of a user", "GET", "/group", member="alice", sortBy="id", sortOrder="asc")
    definitions = await talk.send("definitions", "GET", "/process-definition", latestVersion="true", key="invoice")
    await talk.send("document", "GET", f"/process-definition/{definitions[0]['id']}/xml")


async def standing_alone(talk: Conversation) -> None:
    """Tasks outside of processes."""
    id = f"alone-{len(talk.exchanges)}"
    await talk.send("create", "POST", "/task/create", {"id": id, "name": "Call", "priority": 10})
    await talk.send("create again", "POST", "/task/create", {"id": id, "name": "Call"})
    await talk.send("created", "GET", f"/task/{id}")
    await talk.send("form of a created task", "GET", f"/task/{id}/form")
    await talk.send("delete", "DELETE", f"/task/{id}")
    await talk.send("delete again", "DELETE", f"/task/{id}")
    await talk.send("history of a deleted task", "GET", "/history/task", taskId=id)


CONVERSATIONS: tuple[Callable[[Conversation], Awaitable[None]], ...] = (
    reading,
    searching,
    claiming,
    changing,
    completing,
    delegating,
    running,
    starting,
    people,
    standing_alone,
)
