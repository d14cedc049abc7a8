"""Fresh data. The same seed, number and moment give the same flows; the engine brings each flow into its state."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import cycle
from uuid import UUID, uuid5

from msgspec import UNSET, Struct

from sandbox import work
from sandbox.epilot.definitions import (
    DEFINITIONS,
    METER,
    SERVICE,
    SOLAR,
    SWITCH,
    TEMPLATES,
    FlowTemplate,
    begin_workflow,
    branch_id,
    instantiate,
)
from sandbox.epilot.directory import ALICE, BOB, CAROL, ORG, WORKERS
from sandbox.epilot.engine import Engine, floating
from sandbox.epilot.records import (
    Assignee,
    Context,
    Flow,
    Task,
    TaskStatus,
    Trigger,
    Variable,
    Workflow,
    WorkflowContext,
)
from sandbox.stand_in import iso_millis

_NAMESPACE = UUID("5b4f5c2e-8d1a-4f0e-9b1c-1b3f6d0a7c11")
SCHEMAS = ("opportunity", "contract", "ticket", "meter", "contact")

OWNER = Variable("{{opportunity.assignee}}", [CAROL])


class TaskPlan(Struct, frozen=True):
    """State and assignees of one current task of a flow."""

    status: TaskStatus
    assignees: tuple[Assignee, ...]


class FlowPlan(Struct, frozen=True):
    """A flow that exists with every seed. People have completed `done` tasks; `task_plans` are its current tasks then."""

    template: FlowTemplate
    done: int
    task_plans: tuple[TaskPlan, ...] = ()
    company: str | None = None
    due: timedelta | None = None


_MINE = TaskPlan("PENDING", (ALICE,))
_FREE = TaskPlan("PENDING", ())
_BEGUN = TaskPlan("IN_PROGRESS", (ALICE,))
_FLOW_PLANS = (
    FlowPlan(SOLAR, 2, (_MINE,)),
    FlowPlan(METER, 0, (_FREE,)),
    FlowPlan(SWITCH, 1),
    FlowPlan(SERVICE, 0, (_BEGUN,)),
    FlowPlan(METER, 1, (_FREE,)),
    FlowPlan(SOLAR, 4, (_FREE, TaskPlan("ON_HOLD", (ALICE,)))),
    FlowPlan(METER, 0, (TaskPlan("PENDING", (ALICE, BOB)),)),
)
_TASK_PLANS = (
    _FREE,
    TaskPlan("PENDING", (BOB,)),
    _MINE,
    TaskPlan("PENDING", (OWNER,)),
    _FREE,
    TaskPlan("ASSIGNED", (CAROL,)),
    _BEGUN,
    TaskPlan("UNASSIGNED", ()),
    TaskPlan("ON_HOLD", (BOB,)),
    TaskPlan("WAITING_FOR_CONFIRMATION", (CAROL,)),
    TaskPlan("PENDING", (BOB, OWNER)),
    TaskPlan("IN_PROGRESS", (BOB,)),
)
_HOUR = timedelta(hours=1)
_OPERATIONS = (
    FlowPlan(METER, 0, (_MINE,), "Acme Corp", 5 * _HOUR),
    FlowPlan(SERVICE, 0, (_BEGUN,), "Acme Corp", -20 * _HOUR),
    FlowPlan(SOLAR, 0, (_FREE,), "Acme Corp", 30 * _HOUR),
    FlowPlan(METER, 1, (_FREE,), "Baltic Timber", 4 * 24 * _HOUR),
    FlowPlan(SOLAR, 1, (_FREE,), "Harbour Hotels", -3 * 24 * _HOUR),
    FlowPlan(METER, 2, (TaskPlan("PENDING", (BOB,)),), None, 6 * 24 * _HOUR),
    FlowPlan(SERVICE, 0, (TaskPlan("IN_PROGRESS", (BOB,)),), "Fjord Energy"),
)


class Sample:
    def __init__(self, seed: int, now: datetime) -> None:
        self._rng = random.Random(seed)
        self._now = now
        self.engine = Engine(self.new_id)
        self.flows: list[Flow] = []
        self.workflows: list[Workflow] = []

    def new_id(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def fill(self, tasks: int) -> None:
        """Make exactly `tasks` tasks, and about one workflow of version 1 for every twelve."""
        task_plans = cycle(_TASK_PLANS)
        plans = iter(_FLOW_PLANS)
        missing = tasks
        while missing > 0:
            plan = next(plans, None) or self._random_plan(next(task_plans))
            template = plan.template if len(plan.template.steps) <= missing else METER.shortened(missing)
            flow = self._flow(template, plan if template is plan.template else FlowPlan(template, 0, (_FREE,)))
            if len(self.flows) > len(_FLOW_PLANS):
                self._oddity(flow)
            missing -= len(flow.tasks)
        self._fill_workflows(max(3, tasks // 12) if tasks else 0)

    def fill_operations(self, tasks: int) -> None:
        """Make the scenario: seven open manual tasks, two of them Alice's. All other flows have ended."""
        for plan in _OPERATIONS:
            self._flow(plan.template, plan)
        closed = FlowPlan(METER, 1, (_FREE,), "Acme Corp")
        self._close(self._flow(METER, closed))
        while sum(len(flow.tasks) for flow in self.flows) + len(METER.steps) <= tasks:
            self._flow(METER, FlowPlan(METER, len(METER.steps)))

    def _random_plan(self, task_plan: TaskPlan) -> FlowPlan:
        rng = self._rng
        template = rng.choice(tuple(TEMPLATES.values()))
        manual = sum(step.type == "MANUAL" for step in template.steps)
        # About one flow in eight has ended.
        return FlowPlan(template, 99 if rng.random() < 0.13 else rng.randrange(manual - 1), (task_plan,))

    def _flow(self, template: FlowTemplate, plan: FlowPlan) -> Flow:
        rng = self._rng
        engine = Engine(self.new_id)
        moment = work.created_at(rng, self._now - timedelta(hours=1))
        name = plan.company or rng.choice(work.COMPANIES)
        customer = rng.choice(work.CUSTOMERS)
        flow = instantiate(
            template,
            id=f"exec_{self.new_id().replace('-', '')[:12]}",
            org=ORG,
            new_id=self.new_id,
            contexts=[
                Context(entity_id(template.entity_schema, name), template.entity_schema, is_primary=True),
                Context(entity_id("contact", customer), "contact"),
            ],
            now=moment,
            by=rng.choice(WORKERS),
            trigger=Trigger("AUTOMATIC" if rng.random() < 0.3 else "MANUAL"),
            owner=CAROL,
        )
        engine.advance(flow, moment)
        share = (self._now - moment) / (plan.done + 2)
        done = 0
        while done < plan.done and flow.status == "STARTED":
            moment += share if plan.done < 20 else (self._now - moment) / 4
            engine.settle(moment, lambda _: flow)
            task = _work_of_people(flow)
            if task is None:
                break
            self._do(engine, flow, task, moment)
            done += 1
        engine.settle(self._now, lambda _: flow)
        self._set_up_tasks(flow, plan)
        self.engine.take_over(engine)
        self.flows.append(flow)
        return flow

    def _do(self, engine: Engine, flow: Flow, task: Task, moment: datetime) -> None:
        if task.status == "FAILED":
            engine.run(flow, task, moment)
            return
        by = self._rng.choice(WORKERS)
        task.assigned_to = task.assigned_to or [by]
        task.analytics.in_progress_at, task.analytics.in_progress_by = iso_millis(moment), by
        branch = branch_id(task.template_id, "Accepted") if task.conditions else None
        engine.finish(flow, task, "COMPLETED", moment, by, branch)

    def _set_up_tasks(self, flow: Flow, plan: FlowPlan) -> None:
        current = [
            task for task in flow.tasks if flow.is_current(task.id) and _is_done_by_people(task) and task.is_ready
        ]
        for task, task_plan in zip(current, plan.task_plans, strict=False):
            task.assigned_to = list(task_plan.assignees)
            task.status = task_plan.status if task.task_type == "MANUAL" or task_plan.status == "PENDING" else "PENDING"
            at = task.analytics.started_at or flow.created_at
            task.analytics.status_updated_at = at
            if task_plan.status == "IN_PROGRESS":
                task.analytics.in_progress_at, task.analytics.in_progress_by = at, _first(task.assigned_to)
            due = work.due_at(self._rng, self._now) if plan.due is None else self._now + plan.due
            if due is not None:
                exact = plan.due is not None or self._rng.random() < 0.5
                task.due_date = iso_millis(due) if exact else floating(due)
        # Later tasks may have assignees already.
        for task in flow.tasks:
            if task.status == "PENDING" and not flow.is_current(task.id) and self._rng.random() < 0.3:
                task.assigned_to = task.assigned_to or [self._rng.choice(WORKERS[1:])]

    def _oddity(self, flow: Flow) -> None:
        """Put some flows into unusual states."""
        number = len(self.flows)
        if number % 9 == 0:
            self._close(flow)
        elif number % 5 == 0:
            for task in flow.tasks:
                if task.task_type == "DECISION" and task.trigger_mode == "manual" and flow.is_current(task.id):
                    task.status = "CONDITION_PENDING"
        elif number % 7 == 0:
            for task in flow.tasks:
                if task.status == "FAILED" and task.automation_config is not UNSET:
                    # The second run ended, but its result was never reported. Such a task can be reconciled.
                    task.automation_config.execution_id = task.automation_execution_id = self.new_id()
                    task.status, task.automation_config.execution_status = "IN_PROGRESS", "in_progress"
                    task.automation_config.error_reason = UNSET

    def _close(self, flow: Flow) -> None:
        if flow.status == "STARTED":
            flow.status = "CLOSED"
            flow.analytics.closed_at = flow.updated_at = iso_millis(
                self._now - timedelta(minutes=self._rng.randrange(5, 50))
            )
            flow.analytics.closed_by = self._rng.choice(WORKERS)
            flow.closing_reason.selected_reasons = flow.closing_reason.configured_reasons[:1]
            flow.closing_reason.extra_description = "The customer has moved."

    def _fill_workflows(self, count: int) -> None:
        rng = self._rng
        definitions = tuple(DEFINITIONS.values())
        for number in range(count):
            definition = definitions[number % len(definitions)]
            moment = work.created_at(rng, self._now - timedelta(hours=1))
            name = rng.choice(work.COMPANIES)
            context = WorkflowContext(entity_id(definition.entity_schema, name), definition.entity_schema, name)
            workflow = begin_workflow(
                definition,
                id=self.new_id().replace("-", "")[:13],
                new_id=self.new_id,
                contexts=[context],
                now=moment,
            )
            for step in workflow.steps()[: rng.randrange(len(workflow.steps()) + 1)]:
                moment += (self._now - moment) / 3
                step.status, step.completed_time = "COMPLETED", iso_millis(moment)
                step.assigned_to = [rng.choice(WORKERS)]
                workflow.advance(iso_millis(moment))
            following = next((step for step in workflow.steps() if not step.is_finished), None)
            if following is not None:
                following.assigned_to = [(ALICE, BOB)[number % 2]] if number % 3 else []
                following.status = "ASSIGNED" if following.assigned_to else "UNASSIGNED"
                due = work.due_at(rng, self._now)
                following.due_date = UNSET if due is None else iso_millis(due)
            self.workflows.append(workflow)


def entity_id(schema: str, name: str) -> str:
    return str(uuid5(_NAMESPACE, f"{schema} {name}"))


_TITLES = {entity_id(schema, name): name for schema in SCHEMAS for name in work.COMPANIES + work.CUSTOMERS}


def title_of(id: str) -> str:
    """Return the name of a sample entity, "" for any other id."""
    return _TITLES.get(id, "")


def make_sample(tasks: int, seed: int, now: datetime, *, operations: bool) -> Sample:
    sample = Sample(seed, now)
    fill: Callable[[int], None] = sample.fill_operations if operations else sample.fill
    fill(tasks)
    return sample


def _is_done_by_people(task: Task) -> bool:
    return task.task_type == "MANUAL" or task.trigger_mode == "manual"


def _work_of_people(flow: Flow) -> Task | None:
    """Return the first current task that waits for a person."""
    waiting = ("FAILED", "WAITING_FOR_CONFIRMATION")
    for task in flow.tasks:
        if flow.is_current(task.id) and (task.status in waiting or (task.is_ready and _is_done_by_people(task))):
            return task
    return None


def _first(assigned_to: list[Assignee]) -> str | None:
    return next((each for each in assigned_to if isinstance(each, str)), None)
