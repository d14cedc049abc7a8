"""The workflow execution API, version 2: flows and their tasks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.epilot import engine
from sandbox.epilot.answers import NO_CONTENT, Reply, json_reply
from sandbox.epilot.auth import Grant
from sandbox.epilot.definitions import TEMPLATES, instantiate
from sandbox.epilot.directory import ORG
from sandbox.epilot.engine import AUTOMATION_TAKES, scheduled
from sandbox.epilot.errors import RefusalError, invalid, not_found
from sandbox.epilot.records import Flow, Task, Trigger
from sandbox.epilot.requests import AddTask, Call, PatchFlow, PatchPhase, PatchTask, SearchFlows, StartFlow, body_of
from sandbox.epilot.store import FlowStore
from sandbox.stand_in import EffectLog, ReadSettings


class FlowOperations:
    def __init__(self, store: FlowStore, effects: EffectLog, settings: ReadSettings) -> None:
        self._store = store
        self._engine = store.engine
        self._effects = effects
        self._settings = settings

    @property
    def _lag(self) -> timedelta:
        return timedelta(milliseconds=self._settings.read_lag_ms)

    def start(self, call: Call) -> Reply:
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
        self._engine.advance(flow, call.now)
        self._changed(call, flow, ["start_flow"])
        return json_reply(flow, 201)

    def search(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:view")
        body = body_of(call.content, SearchFlows)
        return json_reply({"results": self._store.of_entity(body.entity_id, body.entity_schema)})

    def get(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:view")
        return json_reply(self._store.get(call.ids["execution_id"]))

    def patch(self, call: Call) -> Reply:
        body = body_of(call.content, PatchFlow)
        grant: Grant = "workflow:execution:cancel" if body.status == "CLOSED" else "workflow:execution:update_details"
        call.caller.require(grant)
        flow = self._store.get(call.ids["execution_id"])
        if body.contexts:
            self._store.unlink(flow)
        verbs = engine.patch_flow(self._engine, flow, body, call.now, call.caller.id)
        self._changed(call, flow, verbs)
        return json_reply(flow)

    def delete(self, call: Call) -> Reply:
        """Delete for good: no operation of the vendor shows a flow after a soft deletion."""
        call.caller.require("workflow:execution:delete")
        flow = self._store.get(call.ids["execution_id"])
        self._store.remove(flow, call.now, self._lag)
        self._record(call, "delete_flow", flow.id)
        return NO_CONTENT

    def add_task(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:add")
        body = body_of(call.content, AddTask)
        flow = self._existing(call, status=400)
        task = engine.add_task(self._engine, flow, body, self._store.new_id(), call.now)
        self._changed(call, flow, ["create"], task)
        return json_reply(task, 201)

    def patch_task(self, call: Call) -> Reply:
        body = body_of(call.content, PatchTask)
        call.caller.require(*_grants_for(body))
        flow, task = self._task(call, status=404)
        verbs = engine.patch_task(self._engine, flow, task, body, call.now, call.caller.id)
        self._changed(call, flow, verbs, task)
        return json_reply(task)

    def patch_phase(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:update_details")
        body = body_of(call.content, PatchPhase)
        flow = self._existing(call, status=400)
        phase = flow.phase(call.ids["phase_id"])
        if phase is None:
            raise invalid("Phase not found")
        engine.patch_phase(flow, phase, body, call.now)
        self._changed(call, flow, ["update_phase"])
        return json_reply(phase)

    def execute(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=400)
        _check_can_run(flow, task)
        if task.task_type == "MANUAL":
            # Undocumented: "executes any kind of flow task" is taken to mean that a manual task is started.
            body = PatchTask(status="IN_PROGRESS")
            engine.patch_task(self._engine, flow, task, body, call.now, call.caller.id)
        else:
            self._engine.run(flow, task, call.now)
        self._changed(call, flow, ["start"], task)
        return json_reply(task)

    def run_automation(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=400)
        if task.task_type != "AUTOMATION":
            raise invalid("Task is not an automation task")
        if task.status != "IN_PROGRESS":
            _check_can_run(flow, task)
            self._engine.run(flow, task, call.now)
            self._changed(call, flow, ["retry"], task)
        return json_reply(task)

    def reconcile(self, call: Call) -> Reply:
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
            self._engine.end_run(flow, task, call.now)
            self._changed(call, flow, ["reconcile"], task)
        return json_reply(flow)

    def cancel_task_schedule(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=404)
        self._skip_scheduled(call, flow, scheduled(flow, task.id))
        return NO_CONTENT

    def cancel_schedule(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow = self._existing(call, status=404)
        wanted = call.ids["schedule_id"]
        for task in flow.tasks:
            if task.status == "SCHEDULED" and task.schedule and task.schedule.schedule_id == wanted:
                self._skip_scheduled(call, flow, task)
                return NO_CONTENT
        raise not_found("Schedule")

    def _skip_scheduled(self, call: Call, flow: Flow, task: Task) -> None:
        self._engine.finish(flow, task, "SKIPPED", call.now, call.caller.id)
        self._changed(call, flow, ["cancel_schedule"], task)

    def run_schedule(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        flow, task = self._task(call, status=404)
        self._engine.run(flow, scheduled(flow, task.id), call.now)
        self._changed(call, flow, ["run_schedule"], task)
        return json_reply(task)

    def _existing(self, call: Call, *, status: int) -> Flow:
        flow = self._store.find(call.ids["execution_id"])
        if flow is None:
            raise RefusalError(status, "Flow execution not found")
        return flow

    def _task(self, call: Call, *, status: int) -> tuple[Flow, Task]:
        """Return flow and task. Raises `status`, as the operation describes it."""
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
