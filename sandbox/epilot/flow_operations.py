"""The workflow execution API, version 2."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.epilot import writes
from sandbox.epilot.access import Grant
from sandbox.epilot.bodies import AddTask, PatchFlow, PatchPhase, PatchTask, SearchFlows, StartFlow, body_of
from sandbox.epilot.calls import NO_CONTENT, Call, Reply, Route, json
from sandbox.epilot.directory import ORG
from sandbox.epilot.engine import AUTOMATION_TAKES, scheduled
from sandbox.epilot.records import Flow, Task, Trigger
from sandbox.epilot.refusals import RefusalError, invalid, not_found
from sandbox.epilot.store import FlowStore
from sandbox.epilot.templates import TEMPLATES, instantiate
from sandbox.stand_in import EffectLog, ReadSettings

_FLOWS = "/v2/flows/executions"
_TASK = _FLOWS + "/{execution_id}/tasks/{task_id}"
_NO_BODY = frozenset({401, 403, 404})


class FlowOperations:
    def __init__(self, store: FlowStore, effects: EffectLog, settings: ReadSettings) -> None:
        self._store = store
        self._effects = effects
        self._settings = settings

    def routes(self) -> list[Route]:
        one = _FLOWS + "/{execution_id}"
        return [
            Route("POST", _FLOWS, self._start),
            Route("POST", _FLOWS + ":search", self._search, bodiless=frozenset({401, 403})),
            Route("GET", one, self._get, bodiless=_NO_BODY),
            Route("PATCH", one, self._patch, bodiless=_NO_BODY),
            Route("DELETE", one, self._delete, bodiless=_NO_BODY),
            Route("POST", one + "/tasks", self._add_task),
            Route("PATCH", one + "/phases/{phase_id}", self._patch_phase),
            Route("POST", one + "/schedules/{schedule_id}", self._cancel_schedule),
            Route("PATCH", _TASK, self._patch_task),
            Route("POST", _TASK + "/execute", self._execute),
            Route("POST", _TASK + "/automation:run", self._run_automation),
            Route("POST", _TASK + "/reconcile-automation", self._reconcile),
            Route("DELETE", _TASK + "/schedule", self._cancel_task_schedule),
            Route("POST", _TASK + "/schedule/run-now", self._run_schedule),
        ]

    @property
    def _lag(self) -> timedelta:
        return timedelta(milliseconds=self._settings.read_lag_ms)

    def _start(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:trigger")
        body = body_of(call.content, StartFlow)
        template = TEMPLATES.get(body.flow_template_id)
        if template is None:
            raise invalid("Flow template not found")
        if not any(context.is_primary for context in body.contexts):
            body.contexts[0].is_primary = True
        flow = instantiate(
            template,
            id=f"exec_{self._store.new_id().replace('-', '')[:12]}",
            org=ORG,
            new_id=self._store.new_id,
            contexts=body.contexts,
            now=call.now,
            by=call.caller.id,
            trigger=body.trigger or Trigger(),
            owner=call.caller.id,
        )
        self._store.engine.advance(flow, call.now)
        self._changed(call, flow, ["start_flow"])
        return json(flow, 201)

    def _search(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:view")
        body = body_of(call.content, SearchFlows)
        return json({"results": self._store.of_entity(body.entity_id, body.entity_schema)})

    def _get(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:view")
        return json(self._store.get(call.ids["execution_id"]))

    def _patch(self, call: Call) -> Reply:
        body = body_of(call.content, PatchFlow)
        grant: Grant = "workflow:execution:cancel" if body.status == "CLOSED" else "workflow:execution:update_details"
        call.caller.require(grant)
        flow = self._store.get(call.ids["execution_id"])
        if body.contexts:
            self._store.unlink(flow)
        verbs = writes.patch_flow(self._store.engine, flow, body, call.now, call.caller.id)
        self._changed(call, flow, verbs)
        return json(flow)

    def _delete(self, call: Call) -> Reply:
        """Delete: what a soft deletion keeps, no operation shows."""
        call.caller.require("workflow:execution:delete")
        flow = self._store.get(call.ids["execution_id"])
        self._store.remove(flow, call.now, self._lag)
        self._record(call, "delete_flow", flow.id)
        return NO_CONTENT

    def _add_task(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:add")
        body = body_of(call.content, AddTask)
        flow = self._existing(call, status=400)
        task = writes.add_task(self._store.engine, flow, body, self._store.new_id(), call.now)
        self._changed(call, flow, ["create"], task)
        return json(task, 201)

    def _patch_task(self, call: Call) -> Reply:
        body = body_of(call.content, PatchTask)
        call.caller.require(*_grants_for(body))
        flow, task = self._task(call, status=404)
        verbs = writes.patch_task(self._store.engine, flow, task, body, call.now, call.caller.id)
        self._changed(call, flow, verbs, task)
        return json(task)

    def _patch_phase(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:update_details")
        body = body_of(call.content, PatchPhase)
        flow = self._existing(call, status=400)
        phase = flow.phase(call.ids["phase_id"])
        if phase is None:
            raise invalid("Phase not found")
        writes.patch_phase(flow, phase, body, call.now)
        self._changed(call, flow, ["update_phase"])
        return json(phase)

    def _execute(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=400)
        _check_can_run(flow, task)
        if task.task_type == "MANUAL":
            # Undocumented: "executes any kind of flow task" can hardly do a person's work, so it begins it.
            body = PatchTask(status="IN_PROGRESS")
            writes.patch_task(self._store.engine, flow, task, body, call.now, call.caller.id)
        else:
            self._store.engine.run(flow, task, call.now)
        self._changed(call, flow, ["start"], task)
        return json(task)

    def _run_automation(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=400)
        if task.task_type != "AUTOMATION":
            raise invalid("Task is not an automation task")
        if task.status != "IN_PROGRESS":
            _check_can_run(flow, task)
            self._store.engine.run(flow, task, call.now)
            self._changed(call, flow, ["retry"], task)
        return json(task)

    def _reconcile(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=404)
        if task.task_type != "AUTOMATION":
            raise invalid("Task is not an automation task")
        begun = task.analytics.in_progress_at
        if (
            task.status == "IN_PROGRESS"
            and begun is not None
            and datetime.fromisoformat(begun) + AUTOMATION_TAKES <= call.now
        ):
            self._store.engine.end_run(flow, task, call.now)
            self._changed(call, flow, ["reconcile"], task)
        return json(flow)

    def _cancel_task_schedule(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=404)
        self._skip_scheduled(call, flow, scheduled(flow, task.id))
        return NO_CONTENT

    def _cancel_schedule(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow = self._existing(call, status=404)
        wanted = call.ids["schedule_id"]
        for task in flow.tasks:
            if task.status == "SCHEDULED" and task.schedule and task.schedule.schedule_id == wanted:
                self._skip_scheduled(call, flow, task)
                return NO_CONTENT
        raise not_found("Schedule")

    def _skip_scheduled(self, call: Call, flow: Flow, task: Task) -> None:
        self._store.engine.finish(flow, task, "SKIPPED", call.now, call.caller.id)
        self._changed(call, flow, ["cancel_schedule"], task)

    def _run_schedule(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=404)
        self._store.engine.run(flow, scheduled(flow, task.id), call.now)
        self._changed(call, flow, ["run_schedule"], task)
        return json(task)

    def _existing(self, call: Call, *, status: int) -> Flow:
        flow = self._store.find(call.ids["execution_id"])
        if flow is None:
            raise RefusalError(status, "Flow execution not found")
        return flow

    def _task(self, call: Call, *, status: int) -> tuple[Flow, Task]:
        """Give flow and task, or refuse with the status that the operation describes."""
        flow = self._existing(call, status=status)
        task = flow.task(call.ids["task_id"])
        if task is None:
            raise RefusalError(status, "Task not found")
        return flow, task

    def _changed(self, call: Call, flow: Flow, verbs: Sequence[str], task: Task | None = None) -> None:
        self._store.put(flow, call.now, self._lag)
        for verb in verbs:
            self._record(call, verb, flow.id if task is None else f"{flow.id}/{task.id}")

    def _record(self, call: Call, verb: str, path: str) -> None:
        self._effects.record(verb, f"v2/{path}", call.caller.id, call.caller.request_id)


def _grants_for(body: PatchTask) -> list[Grant]:
    grants: list[Grant] = []
    if body.assigned_to or body.assigned_to == []:
        grants.append("workflow:execution:task:assign")
    if body.due_date or body.due_date is None or body.due_date_config:
        grants.append("workflow:execution:task:update_date")
    return grants or ["workflow:execution:task:update"]


def _check_can_run(flow: Flow, task: Task) -> None:
    if flow.status != "STARTED":
        raise invalid(f"Flow execution is {flow.status}")
    if task.is_finished or task.status == "IN_PROGRESS":
        raise invalid(f"Invalid status transition from {task.status} to IN_PROGRESS")
