"""Writes of two steps at the stand-ins: a claim before a completion, and Camunda's assignment to a group."""

from connectors.sdk.model import Task
from schema.ports import CompleteIntent
from tests.gateway.federation.writes.interrupted import VendorWorld

CLAIMING = {"camunda": "POST /v2/user-tasks/[0-9]+/assignment", "geotareas": "POST .*/reassign"}
COMPLETION = {"camunda": "POST /v2/user-tasks/[0-9]+/completion", "geotareas": "POST .*/complete"}
REGROUPING, UNASSIGNMENT = "PATCH /v2/user-tasks/[0-9]+", "DELETE /v2/user-tasks/[0-9]+/assignee"


async def free(world: VendorWorld) -> tuple[Task, CompleteIntent]:
    """A task that alice may claim, and a completion that its form accepts."""
    alice = world.people["alice"]
    for task in await world.open_tasks():
        groups = {group.native_id for group in task.candidate_groups or ()}
        if task.assignees or not groups & set(alice.identities[world.vendor].groups):
            continue
        if world.vendor == "geotareas":
            return task, CompleteIntent(outcome="OK", data={}, claim_if_needed=True)
        if task.definition is not None and task.definition.key is not None and "approve" in task.definition.key:
            return task, CompleteIntent(outcome=None, data={}, claim_if_needed=True)
    raise LookupError
