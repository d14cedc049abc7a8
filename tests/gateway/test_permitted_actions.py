"""permittedActions over real HTTP: what is offered is not refused for a reason that was knowable, and the other way round."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from schema.core.relay import global_id
from tests.world import World

PEOPLE = ("carol", "alice", "bob")
# GEOtareas takes ten writes and thirty reads a minute.
MOST_TRIES = {"geotareas": 12}
TASKS = """query ($source: IdFilter) { tasks(first: 100, filter: { source: $source }) { nodes {
  id state native { nativeId type } flow { id } permittedActions { action allowed reason } } } }"""
RESULT = "status errors { code message }"
MUTATIONS: dict[str, tuple[str, str, dict[str, object]]] = {
    "CLAIM": ("claimTask", "ClaimTaskInput", {}),
    "RELEASE": ("releaseTask", "TaskActionInput", {}),
    "UNASSIGN": ("unassignTask", "TaskActionInput", {}),
    "START": ("startTask", "TaskActionInput", {}),
    "SUSPEND": ("suspendTask", "TaskActionInput", {}),
    "RESUME": ("resumeTask", "TaskActionInput", {}),
    "SAVE_DRAFT": ("saveTaskDraft", "SaveTaskDraftInput", {"data": {}}),
    "COMPLETE": ("completeTask", "CompleteTaskInput", {}),
    "SKIP": ("cancelTask", "CancelTaskInput", {"allow": ["SKIP"]}),
    "CANCEL": ("cancelTask", "CancelTaskInput", {"allow": ["NATIVE"]}),
    "CANCEL_FLOW": ("cancelTask", "CancelTaskInput", {"allow": ["CANCEL_FLOW"]}),
    "COMMENT": ("addTaskComment", "AddTaskCommentInput", {"text": "hello"}),
}
# Refusals that say that the action itself is not possible. VALIDATION_FAILED is about the data, which is missing here.
IMPOSSIBLE = {
    "INVALID_STATE",
    "FORBIDDEN",
    "ALREADY_ASSIGNED",
    "CAPABILITY_NOT_SUPPORTED",
    "IDENTITY_NOT_LINKED",
    "NOT_FOUND",
}
# What only the vendor knows: rights in UiPath's folders, whether there is a Maestro instance behind a job.
UNKNOWABLE = ("required permissions in the folder", "The instance was not found")


def samples(person: str, nodes: list[Any], seen: set[tuple[object, ...]]) -> Iterator[tuple[Any, Any]]:
    """A task and a verdict for each kind that was not seen yet. What is allowed changes the task and its flow."""
    used: set[str] = set()
    for node in nodes:
        touched = {node["id"], *([] if node["flow"] is None else [node["flow"]["id"]])}
        for verdict in node["permittedActions"]:
            action, is_allowed = verdict["action"], verdict["allowed"]
            kind: tuple[object, ...] = (
                action,
                is_allowed,
                person == "carol",
                node["state"],
                node["native"]["type"],
                node["flow"] is None,
            )
            if not is_allowed:
                kind = (action, node["state"])
            if action in MUTATIONS and kind not in seen and used.isdisjoint(touched):
                seen.add(kind)
                if is_allowed:
                    used |= touched
                yield node, verdict


async def test_what_is_offered_is_accepted_and_what_is_not_is_refused(world: World) -> None:
    """A sample of all tasks of the demo and of all people, each tried once on fresh data."""
    wrong, tried = [], Counter[bool]()
    for vendor in world.urls:
        seen: set[tuple[object, ...]] = set()
        tries = 0
        for person in PEOPLE:
            nodes = (await world.data(TASKS, person, source={"eq": global_id("Source", vendor)}))["tasks"]["nodes"]
            for node, verdict in samples(person, nodes, seen):
                tries += 1
                if tries > MOST_TRIES.get(vendor, 70):
                    break
                tried[verdict["allowed"]] += 1
                result = await attempt(world, person, node["id"], verdict["action"])
                # A claim of one's own task is APPLIED without a write. It is not offered: it would change nothing.
                is_repeated = verdict["action"] == "CLAIM" and result["status"] == "APPLIED"
                if is_refused(result) == verdict["allowed"] and not is_repeated:
                    wrong.append((vendor, person, node["state"], node["native"], verdict, result))

    assert [] == wrong, "\n".join(map(str, wrong))
    assert tried[True] > 50, tried
    assert tried[False] > 50, tried


async def attempt(world: World, person: str, task: str, action: str) -> dict[str, Any]:
    name, kind, arguments = MUTATIONS[action]
    mutation = f"mutation ($i: {kind}!) {{ result: {name}(input: $i) {{ {RESULT} }} }}"
    result: dict[str, Any] = (await world.data(mutation, person, i={"taskId": task, **arguments}))["result"]
    return result


def is_refused(result: dict[str, Any]) -> bool:
    """For a reason that the gateway could know."""
    codes = {error["code"] for error in result["errors"]}
    text = " ".join(error["message"] for error in result["errors"])
    return bool(codes & IMPOSSIBLE) and not any(reason in text for reason in UNKNOWABLE)
