"""The older generation's operations ("Workflows"), one method a call."""

from collections.abc import Mapping, Sequence

from msgspec import Raw

from connectors.epilot import wire, workflow_wire
from connectors.epilot.apis import Api
from connectors.epilot.mapping import Execution
from connectors.epilot.reading import step_task, workflow_execution
from connectors.sdk import MalformedResponseError, NotFoundError

EXECUTIONS = "/v1/workflows/executions"
EXECUTION = EXECUTIONS + "/{}"
STEPS = EXECUTION + "/steps"
STEP = STEPS + "/{}"

Body = Mapping[str, object]


class WorkflowsClient:
    """A step comes as a task of the newer generation, with its own bytes. `Body` is the vendor's, by its names."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list_executions(
        self, *, entity_id: str | None = None, entity_schema: str | None = None
    ) -> list[Execution]:
        """All at once: there is no paging. Records are light, steps may lack most members."""
        params: dict[str, str | int] = {}
        if entity_id is not None:
            params["context"] = entity_id
        if entity_schema is not None:
            params["schema"] = entity_schema
        answer = await self._api.read("GET", EXECUTIONS, params=params or None)
        return [workflow_execution(raw) for raw in answer.decode(tuple[Raw, ...])]

    async def create(
        self, workflow_id: str, contexts: Sequence[Body], *, purposes: Sequence[str] = (), trigger: str = "MANUAL"
    ) -> Execution:
        body: dict[str, object] = {"workflowId": workflow_id, "trigger": trigger, "contexts": contexts}
        if purposes:
            body["purposes"] = purposes
        answer = await self._api.write("POST", EXECUTIONS, json=body)
        return workflow_execution(answer.body, is_write=True)

    async def get(self, execution_id: str) -> Execution:
        """What is not there is answered with 200 and nothing."""
        answer = await self._api.read("GET", EXECUTION, execution_id)
        if not answer.body.strip():
            raise NotFoundError("no such execution in this system", native_status=answer.status)
        execution = workflow_execution(answer.body)
        if execution.record.id != execution_id:
            raise MalformedResponseError("answered with another execution")
        return execution

    async def update(self, execution_id: str, body: Body) -> None:
        """`status`, `assignedTo`, `dueDate`, `contexts`, ... There is nothing in the answer."""
        await self._api.write("PATCH", EXECUTION, execution_id, json=body)

    async def close(
        self,
        execution_id: str,
        *,
        reasons: Sequence[wire.Reason] = (),
        description: str | None = None,
        closed_by: str | None = None,
    ) -> None:
        body: dict[str, object] = {"status": "CLOSED"}
        if reasons:
            body["selectedClosingReasons"] = [{"id": each.id, "title": each.title or each.id} for each in reasons]
        if description:
            body["closingReasonDescription"] = description
        if closed_by is not None:
            body["closedBy"] = closed_by
        await self.update(execution_id, body)

    async def reopen(self, execution_id: str) -> None:
        await self.update(execution_id, {"status": "STARTED"})

    async def delete(self, execution_id: str) -> None:
        await self._api.write("DELETE", EXECUTION, execution_id)

    async def create_step(self, execution_id: str, body: Body) -> tuple[wire.Task, Raw]:
        """`name` and `insertionIndex` are required; the index counts within `sectionId`, if there is one."""
        answer = await self._api.write("POST", STEPS, execution_id, json=body)
        return step_task(answer.body, is_write=True), Raw(answer.body)

    async def update_step(self, execution_id: str, step_id: str, body: Body) -> tuple[wire.Task, Raw]:
        answer = await self._api.write("PATCH", STEP, execution_id, step_id, json=body)
        task = step_task(answer.body, is_write=True)
        if task.id != step_id:
            raise MalformedResponseError("answered with another step", maybe_applied=True)
        return task, Raw(answer.body)

    async def delete_step(self, execution_id: str, step_id: str) -> None:
        await self._api.write("DELETE", STEP, execution_id, step_id)

    async def closing_reasons(self, execution_id: str) -> tuple[wire.Reason, ...]:
        """Those that were configured when the execution started."""
        answer = await self._api.read("GET", EXECUTION + "/closing-reasons", execution_id)
        return answer.decode(workflow_wire.ClosingReasons).reasons or ()
