"""The newer generation's operations ("Flows V2"), one method a call."""

from collections.abc import Mapping, Sequence

from msgspec import Raw

from connectors.epilot import wire
from connectors.epilot.apis import Api
from connectors.epilot.mapping import Execution
from connectors.epilot.reading import flow_execution, record
from connectors.sdk import Answer, MalformedResponseError

EXECUTIONS = "/v2/flows/executions"
EXECUTION = EXECUTIONS + "/{}"
TASK = EXECUTION + "/tasks/{}"

Body = Mapping[str, object]


class FlowsClient:
    """A task comes with its own bytes. `Body` is the vendor's, by its names."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def start(
        self,
        template_id: str,
        contexts: Sequence[Body],
        *,
        purposes: Sequence[str] = (),
        trigger: str | None = "MANUAL",
    ) -> Execution:
        body: dict[str, object] = {"flow_template_id": template_id, "contexts": contexts}
        if trigger is not None:
            body["trigger"] = {"type": trigger}
        if purposes:
            body["purposes"] = purposes
        answer = await self._api.write("POST", EXECUTIONS, json=body)
        return flow_execution(answer.body, is_write=True)

    async def get(self, execution_id: str) -> Execution:
        return _same(await self._api.read("GET", EXECUTION, execution_id), execution_id)

    async def search(self, *, entity_id: str, entity_schema: str) -> list[Execution]:
        """The flows of one business object: all of them, there is no paging."""
        body = {"entity_id": entity_id, "entity_schema": entity_schema}
        answer = await self._api.read("POST", EXECUTIONS + ":search", json=body)
        return [flow_execution(raw) for raw in answer.decode(wire.FlowExecutions).results]

    async def patch(self, execution_id: str, body: Body) -> Execution:
        """`status`, `assigned_to`, `due_date`, `due_date_config`, `closing_reason`, `contexts`."""
        return _same(await self._api.write("PATCH", EXECUTION, execution_id, json=body), execution_id)

    async def assign(self, execution_id: str, user_ids: Sequence[str]) -> Execution:
        return await self.patch(execution_id, {"assigned_to": user_ids})

    async def set_due(self, execution_id: str, due_date: str) -> Execution:
        """A time with a zone, or one without for a due day."""
        return await self.patch(execution_id, {"due_date": due_date})

    async def finish(self, execution_id: str) -> Execution:
        return await self.patch(execution_id, {"status": "DONE"})

    async def close(
        self, execution_id: str, *, reasons: Sequence[wire.Reason] = (), description: str | None = None
    ) -> Execution:
        """End it by hand. `reasons` are some that the execution is configured with."""
        given: dict[str, object] = {}
        if reasons:
            given["selected_reasons"] = [{"id": each.id, "title": each.title or each.id} for each in reasons]
        if description:
            given["extra_description"] = description
        body: dict[str, object] = {"status": "CLOSED"}
        return await self.patch(execution_id, {**body, "closing_reason": given} if given else body)

    async def reopen(self, execution_id: str) -> Execution:
        return await self.patch(execution_id, {"status": "STARTED"})

    async def delete(self, execution_id: str, *, soft: bool = True) -> None:
        """A soft deletion keeps the record out of sight, for audit; another removes it for good."""
        params = {"soft": "true"} if soft else None
        await self._api.write("DELETE", EXECUTION, execution_id, params=params)

    async def patch_task(self, execution_id: str, task_id: str, body: Body) -> tuple[wire.Task, Raw]:
        """`name`, `status`, `due_date`, `assigned_to`, `description`, `next_condition_id`, `revert_execution`, ..."""
        return _task(await self._api.write("PATCH", TASK, execution_id, task_id, json=body), task_id)

    async def revert_task(self, execution_id: str, task_id: str) -> tuple[wire.Task, Raw]:
        """Back to PENDING, and every later task with it."""
        return await self.patch_task(execution_id, task_id, {"status": "PENDING", "revert_execution": True})

    async def execute_task(self, execution_id: str, task_id: str) -> tuple[wire.Task, Raw]:
        return _task(await self._api.write("POST", TASK + "/execute", execution_id, task_id), task_id)

    async def run_automation(self, execution_id: str, task_id: str) -> tuple[wire.Task, Raw]:
        return _task(await self._api.write("POST", TASK + "/automation:run", execution_id, task_id), task_id)

    async def reconcile_automation(self, execution_id: str, task_id: str) -> Execution:
        """Let the vendor look again what became of an automation; gives the whole execution."""
        answer = await self._api.write("POST", TASK + "/reconcile-automation", execution_id, task_id)
        return _same(answer, execution_id)

    async def cancel_schedule(self, execution_id: str, task_id: str) -> None:
        """The task becomes SKIPPED."""
        await self._api.write("DELETE", TASK + "/schedule", execution_id, task_id)

    async def run_schedule_now(self, execution_id: str, task_id: str) -> tuple[wire.Task, Raw]:
        return _task(await self._api.write("POST", TASK + "/schedule/run-now", execution_id, task_id), task_id)

    async def add_task(self, execution_id: str, *, previous: str, following: str, task: Body) -> tuple[wire.Task, Raw]:
        """Between two tasks of the execution, which must be UUIDs."""
        body = {"previous_task_id": previous, "next_task_id": following, "task": task}
        return _task(await self._api.write("POST", EXECUTION + "/tasks", execution_id, json=body), None)

    async def patch_phase(self, execution_id: str, phase_id: str, body: Body) -> wire.Phase:
        """`name`, `due_date`, `due_date_config`, `assigned_to`."""
        answer = await self._api.write("PATCH", EXECUTION + "/phases/{}", execution_id, phase_id, json=body)
        return answer.decode(wire.Phase)


def _same(answer: Answer, execution_id: str) -> Execution:
    execution = flow_execution(answer.body, is_write=answer.is_write)
    if execution.record.id != execution_id:
        raise MalformedResponseError("answered with another execution", maybe_applied=answer.is_write)
    return execution


def _task(answer: Answer, task_id: str | None) -> tuple[wire.Task, Raw]:
    task = record(answer.body, wire.Task, is_write=True)
    if task_id not in {None, task.id}:
        raise MalformedResponseError("answered with another task", maybe_applied=True)
    return task, Raw(answer.body)
