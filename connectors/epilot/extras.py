"""Operations of the vendor that the gateway does not use. They are tested on the wire and available to scripts."""

from collections.abc import Sequence

from connectors.epilot import wire
from connectors.epilot.client import (
    FLOW,
    GROUP,
    STEP,
    TASK,
    USER,
    WORKFLOW,
    Body,
    EpilotClient,
    TaskWithBytes,
    execution_in,
    group_in,
    task_in,
)
from connectors.epilot.people import user_from_wire
from connectors.epilot.wire import Execution
from connectors.sdk import JSON_OK, NO_CONTENT, User


class Extras:
    """`connector.extras`, by the vendor's APIs."""

    def __init__(self, client: EpilotClient) -> None:
        self.flows = FlowExtras(client)
        self.workflows = WorkflowExtras(client)
        self.directory = DirectoryExtras(client)


class FlowExtras:
    """Flows (v2)."""

    def __init__(self, client: EpilotClient) -> None:
        self._flows = client.flows
        self._api = client.workflow_api

    async def assign(self, execution_id: str, user_ids: Sequence[str]) -> Execution:
        """Assign the flow itself, not its tasks."""
        return await self._flows.patch(execution_id, {"assigned_to": user_ids})

    async def set_due(self, execution_id: str, due_date: str) -> Execution:
        """`due_date` is a time with a zone, or without one for a day."""
        return await self._flows.patch(execution_id, {"due_date": due_date})

    async def finish(self, execution_id: str) -> Execution:
        return await self._flows.patch(execution_id, {"status": "DONE"})

    async def reopen(self, execution_id: str) -> Execution:
        return await self._flows.patch(execution_id, {"status": "STARTED"})

    async def delete(self, execution_id: str, *, soft: bool = True) -> None:
        """A soft deletion hides the record and keeps it for audits; otherwise it is removed for good."""
        await self._api.write(
            "DELETE", FLOW, execution_id, success=NO_CONTENT, params={"soft": "true"} if soft else None
        )

    async def patch_phase(self, execution_id: str, phase_id: str, body: Body) -> wire.Phase:
        """`body` may have `name`, `due_date`, `due_date_config`, `assigned_to`."""
        answer = await self._api.write("PATCH", FLOW + "/phases/{}", execution_id, phase_id, success=JSON_OK, json=body)
        return answer.decode(wire.Phase)

    async def revert_task(self, execution_id: str, task_id: str) -> TaskWithBytes:
        """The task and every later one become PENDING."""
        return await self._flows.patch_task(execution_id, task_id, {"status": "PENDING", "revert_execution": True})

    async def reconcile_automation(self, execution_id: str, task_id: str) -> Execution:
        """The vendor checks again what became of an automation. The answer is the whole execution."""
        answer = await self._api.write("POST", TASK + "/reconcile-automation", execution_id, task_id, success=JSON_OK)
        return execution_in(answer, execution_id)

    async def cancel_schedule(self, execution_id: str, task_id: str) -> None:
        """The task becomes SKIPPED."""
        await self._api.write("DELETE", TASK + "/schedule", execution_id, task_id, success=NO_CONTENT)

    async def run_schedule_now(self, execution_id: str, task_id: str) -> TaskWithBytes:
        return task_in(
            await self._api.write("POST", TASK + "/schedule/run-now", execution_id, task_id, success=JSON_OK), task_id
        )


class WorkflowExtras:
    """Workflows (v1)."""

    def __init__(self, client: EpilotClient) -> None:
        self._workflows = client.workflows
        self._api = client.workflow_api

    async def reopen(self, execution_id: str) -> None:
        await self._workflows.update(execution_id, {"status": "STARTED"})

    async def delete(self, execution_id: str) -> None:
        await self._api.write("DELETE", WORKFLOW, execution_id, success=NO_CONTENT)

    async def delete_step(self, execution_id: str, step_id: str) -> None:
        await self._api.write("DELETE", STEP, execution_id, step_id, success=NO_CONTENT)

    async def closing_reasons(self, execution_id: str) -> tuple[wire.Reason, ...]:
        """The reasons that were configured when the execution started."""
        answer = await self._api.read("GET", WORKFLOW + "/closing-reasons", execution_id)
        return answer.decode(wire.ConfiguredReasons).reasons or ()


class DirectoryExtras:
    """Users and groups."""

    def __init__(self, client: EpilotClient) -> None:
        self._directory = client.directory
        self._api = client.user_api

    async def get_self(self) -> User | None:
        """The owner of the credentials: a person, or the organisation's access token. None for a record without an id."""
        return user_from_wire(await self._directory.me())

    async def groups_of_user(self, user_id: str) -> tuple[wire.Group, ...]:
        return (await self._api.read("GET", USER + "/groups", user_id)).decode(tuple[wire.Group, ...])

    async def next_in_group(self, group_id: str) -> wire.Group:
        """Advance the group's rotation of users by one."""
        return group_in(await self._api.write("POST", GROUP + "/user:next", group_id, success=JSON_OK), group_id)
