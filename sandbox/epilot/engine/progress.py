"""Progress of flows: tasks that follow finished tasks, automations, decisions and schedules."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import UNSET

from sandbox.epilot.engine import graph
from sandbox.epilot.engine.due_dates import after, due_date_of
from sandbox.epilot.errors import invalid, not_found
from sandbox.epilot.records import AgentExecution, Analytics, CurrentTask, Flow, Phase, Task, TaskStatus
from sandbox.stand_in import iso_millis

AUTOMATION_TAKES = timedelta(seconds=2)
AGENT_TAKES = timedelta(seconds=5)
FAILING_AUTOMATION: Final = "auto_credit_bureau"
"""An automation whose first run fails, so that it can be retried."""
HELD_AGENT: Final = "agent_find_partner"
"""An agent that finds no partner. Its task then waits for confirmation by a person."""


class Engine:
    """Changes flows that are kept elsewhere. `new_id` returns a new UUID."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self.agenda: list[tuple[datetime, str, str]] = []
        self.failing: set[str] = set()

    def settle(self, now: datetime, find: Callable[[str], Flow | None]) -> list[Flow]:
        """Run what is due. Returns the changed flows; a flow may occur more than once."""
        changed: list[Flow] = []
        while self.agenda and self.agenda[0][0] <= now:
            due, flow_id, task_id = heapq.heappop(self.agenda)
            flow = find(flow_id)
            task = None if flow is None else flow.task(task_id)
            if flow is None or task is None or flow.status != "STARTED":
                continue
            if task.status == "SCHEDULED":
                self.run(flow, task, due)
            elif task.status == "IN_PROGRESS":
                self.end_run(flow, task, due)
            changed.append(flow)
        return changed

    def take_over(self, other: "Engine") -> None:
        """Take over the pending runs and schedules of another engine."""
        for each in other.agenda:
            heapq.heappush(self.agenda, each)
        self.failing |= other.failing

    def advance(self, flow: Flow, now: datetime) -> None:
        """Update current tasks, enabled tasks, phases and the flow's state from the states of the tasks."""
        at = iso_millis(now)
        flow.updated_at = at
        while flow.status == "STARTED":
            self._enable(flow)
            front = list(graph.frontier(flow))
            kept = [each for each in flow.crt_tasks if not _is_finished(flow, each.id)]
            known = {each.id for each in kept}
            fresh = [task for task in front if task.id not in known]
            flow.crt_tasks = kept + [CurrentTask(task.id, at) for task in fresh]
            finished_before = sum(task.is_finished for task in flow.tasks)
            for task in fresh:
                self._reach(flow, task, now)
            if finished_before == sum(task.is_finished for task in flow.tasks):
                break
        self._mark_phases(flow, at)
        self._enable(flow)
        if flow.status == "STARTED" and not flow.crt_tasks:
            flow.status = "DONE"
            flow.analytics.completed_at = at

    def finish(
        self, flow: Flow, task: Task, status: TaskStatus, now: datetime, by: str | None, branch: str | None = None
    ) -> None:
        """Complete or skip a task and go on. Raises 400 if a decision lacks its branch or exceeds its loops."""
        if status == "COMPLETED" and task.task_type == "DECISION":
            self._choose(flow, task, now, branch)
        at = iso_millis(now)
        _set_status(task, status, at)
        task.analytics.completed_at = at if status == "COMPLETED" else None
        if status == "COMPLETED":
            task.analytics.completed_by = by
        else:
            task.analytics.skipped_by = by
        for each in flow.tasks:
            config = each.due_date_config
            if config is not UNSET and config.type == "TASK_FINISHED" and config.task_id == task.template_id:
                each.due_date = due_date_of(config, now)
        self._loop(flow, task, now)
        self.advance(flow, now)

    def revert(self, flow: Flow, task: Task, now: datetime) -> None:
        """Go back to a task: it and all tasks after it are open again."""
        later = graph.descendants(graph.forward_edges(flow), [task.id])
        for each in flow.tasks:
            if each.id == task.id or each.id in later:
                _reset(each, iso_millis(now))
        flow.crt_tasks = [each for each in flow.crt_tasks if each.id not in later]
        if flow.status == "DONE":
            flow.status = "STARTED"
            flow.analytics.completed_at = None
        self.advance(flow, now)

    def run(self, flow: Flow, task: Task, now: datetime) -> None:
        """Start an automation or an agent, or decide a decision."""
        at = iso_millis(now)
        if task.task_type == "DECISION":
            self.finish(flow, task, "COMPLETED", now, None, self._branch_by_data(flow, task))
            return
        failed_before = task.status == "FAILED"
        execution_id = self._new_id()
        _set_status(task, "IN_PROGRESS", at)
        task.analytics.in_progress_at = at
        takes = AUTOMATION_TAKES
        if task.automation_config is not UNSET:
            config = task.automation_config
            config.execution_id, config.execution_status, config.error_reason = execution_id, "in_progress", UNSET
            task.automation_execution_id = execution_id
            if config.flow_id == FAILING_AUTOMATION and not failed_before:
                self.failing.add(execution_id)
        elif task.agent_config is not UNSET:
            task.agent_execution = AgentExecution(execution_id, "in_progress")
            takes = AGENT_TAKES
        heapq.heappush(self.agenda, (now + takes, flow.id, task.id))
        flow.updated_at = at
        self._mark_phases(flow, at)

    def end_run(self, flow: Flow, task: Task, now: datetime) -> None:
        """Record the result of an automation or an agent."""
        config, agent = task.automation_config, task.agent_execution
        if config is not UNSET and config.execution_id is not UNSET:
            if config.execution_id in self.failing:
                config.execution_status, config.error_reason = "failed", "The credit bureau did not answer."
                _set_status(task, "FAILED", iso_millis(now))
                flow.updated_at = iso_millis(now)
                return
            config.execution_status = "success"
            self.finish(flow, task, "COMPLETED", now, None)
        elif agent is not UNSET and task.agent_config is not UNSET:
            held = task.agent_config.agent_id == HELD_AGENT
            agent.execution_status, agent.outcome = "success", "no_eligible_partner" if held else "recommended"
            if held:
                _set_status(task, "WAITING_FOR_CONFIRMATION", iso_millis(now))
                flow.updated_at = iso_millis(now)
            else:
                self.finish(flow, task, "COMPLETED", now, None)

    def _reach(self, flow: Flow, task: Task, now: datetime) -> None:
        at = iso_millis(now)
        task.analytics.started_at = at
        config = task.due_date_config
        if config is not UNSET and config.type.endswith("PRECEDING_TASKS_COMPLETED"):
            task.due_date = due_date_of(config, now)
        if not task.is_ready or task.trigger_mode == "manual" or task.task_type == "MANUAL":
            return
        schedule = task.schedule
        if schedule is UNSET or schedule.mode == "immediate" or schedule.unit is UNSET or schedule.duration is UNSET:
            self.run(flow, task, now)
            return
        moment = after(now, int(schedule.duration), schedule.unit)
        schedule.schedule_id = f"sch_{self._new_id()[:8]}"
        schedule.scheduled_at = iso_millis(moment)
        _set_status(task, "SCHEDULED", at)
        heapq.heappush(self.agenda, (moment, flow.id, task.id))

    def _choose(self, flow: Flow, task: Task, now: datetime, branch: str | None) -> None:
        conditions = task.conditions or []
        if branch is None and task.trigger_mode == "manual" and conditions:
            raise invalid("next_condition_id is required to complete a decision task with manual trigger mode")
        branch = branch or self._branch_by_data(flow, task)
        if branch not in {None, *(condition.id for condition in conditions)}:
            raise invalid(f"Condition {branch} not found on task {task.id}")
        loop = task.loop_config
        if loop is not UNSET and branch == loop.loop_branch_id and loop.crt_iterations >= loop.max_iterations:
            raise invalid("Maximum number of loop iterations reached")
        for condition in conditions:
            condition.is_met = condition.id == branch
            condition.evaluated_at = iso_millis(now)

    def _branch_by_data(self, flow: Flow, task: Task) -> str | None:
        """Choose a branch without a person. The stand-in has no entity data for the conditions, so the task's id decides."""
        loop_branch = UNSET if task.loop_config is UNSET else task.loop_config.loop_branch_id
        candidates: list[str | None] = [each.id for each in task.conditions or [] if each.id != loop_branch]
        if any(edge.from_id == task.id and edge.none_met is True for edge in flow.edges):
            candidates.append(None)
        return candidates[sum(task.id.encode()) % len(candidates)] if candidates else None

    def _loop(self, flow: Flow, task: Task, now: datetime) -> None:
        taken = next((e for e in flow.edges if e.from_id == task.id and graph.loops_back(flow, e)), None)
        loop = task.loop_config
        if taken is None or loop is UNSET or not task.is_finished or not graph.is_taken(task, taken):
            return
        edges = graph.forward_edges(flow)
        again = {taken.to_id, task.id} | (graph.descendants(edges, [taken.to_id]) - graph.descendants(edges, [task.id]))
        flow.crt_tasks = [each for each in flow.crt_tasks if each.id not in again]
        for each in flow.tasks:
            if each.id in again:
                _reset(each, iso_millis(now))
                if each.loop_config is not UNSET:
                    each.loop_config.crt_iterations += 1

    def _enable(self, flow: Flow) -> None:
        arrived = graph.reached(flow) if flow.linear else set()
        done = {task.template_id for task in flow.tasks if task.is_finished}
        phases = {phase.template_id for phase in flow.phases if phase.status == "COMPLETED"}
        for task in flow.tasks:
            if flow.linear:
                task.enabled = task.id in arrived
            elif task.requirements and all(
                each.task_id in done if each.when == "TASK_FINISHED" else each.phase_id in phases
                for each in task.requirements
            ):
                task.enabled = True

    def _mark_phases(self, flow: Flow, at: str) -> None:
        current = {each.id for each in flow.crt_tasks}
        ahead = current | graph.descendants(graph.forward_edges(flow), current)
        for phase in flow.phases:
            own = [task for task in flow.tasks if task.phase_id == phase.id]
            begun = any(task.is_finished or task.id in current for task in own)
            open_tasks = any(task.id in ahead and not task.is_finished for task in own)
            _set_phase(flow, phase, "OPEN" if not begun else "IN_PROGRESS" if open_tasks else "COMPLETED", at)


def _set_phase(flow: Flow, phase: Phase, status: str, at: str) -> None:
    if phase.status == status:
        return
    phase.updated_at = phase.analytics.status_updated_at = at
    if status == "IN_PROGRESS":
        phase.status, phase.analytics.started_at = "IN_PROGRESS", at
    elif status == "OPEN":
        phase.status, phase.analytics = "OPEN", Analytics(status_updated_at=at)
    else:
        phase.status, phase.analytics.completed_at = "COMPLETED", at
        for task in flow.tasks:
            config = task.due_date_config
            if config is not UNSET and config.type == "PHASE_FINISHED" and config.phase_id == phase.template_id:
                task.due_date = due_date_of(config, datetime.fromisoformat(at).astimezone(UTC))


def _set_status(task: Task, status: TaskStatus, at: str) -> None:
    task.status = status
    task.updated_at = task.analytics.status_updated_at = at


def _reset(task: Task, at: str) -> None:
    task.status, task.updated_at = "PENDING", at
    task.analytics = Analytics(status_updated_at=at)
    for condition in task.conditions or []:
        condition.is_met = condition.evaluated_at = UNSET
    if task.automation_config is not UNSET:
        config = task.automation_config
        config.execution_id = config.execution_status = config.error_reason = UNSET
        task.automation_execution_id = None
    if task.schedule is not UNSET and task.schedule.mode != "immediate":
        task.schedule.schedule_id, task.schedule.scheduled_at = None, UNSET
    if task.agent_config is not UNSET:
        task.agent_execution = UNSET


def _is_finished(flow: Flow, task_id: str) -> bool:
    task = flow.task(task_id)
    return task is None or task.is_finished


def scheduled(flow: Flow, task_id: str) -> Task:
    """Return the task. Raises 404 if it does not exist or is not scheduled."""
    task = flow.task(task_id)
    if task is None:
        raise not_found("Task")
    if task.status != "SCHEDULED":
        raise not_found("Schedule")
    return task
