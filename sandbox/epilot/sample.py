"""Sample work: the same seed, number and moment give the same flows, each of them walked there by the engine."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import cycle
from uuid import UUID

from msgspec import UNSET, Struct

from sandbox import work
from sandbox.epilot.directory import ALICE, BOB, CAROL, ORG, WORKERS
from sandbox.epilot.due_dates import floating
from sandbox.epilot.engine import Engine
from sandbox.epilot.entities import entity_id
from sandbox.epilot.records import Assignee, Context, Flow, Task, TaskStatus, Trigger, Variable
from sandbox.epilot.templates import METER, SERVICE, SOLAR, SWITCH, TEMPLATES, Template, branch_id, instantiate
from sandbox.epilot.workflow_definitions import DEFINITIONS, begin
from sandbox.epilot.workflows import Workflow, WorkflowContext
from sandbox.stand_in import iso_millis

OWNER = Variable("{{opportunity.assignee}}", [CAROL])


class Deal(Struct, frozen=True):
    """What the flow's current manual tasks are to be, one after the other."""

    status: TaskStatus
    assignees: tuple[Assignee, ...]


class Place(Struct, frozen=True):
    """A flow that is there under every seed: how many tasks people have done in it, and what comes then."""

    template: Template
    done: int
    deals: tuple[Deal, ...] = ()
    company: str | None = None
    due: timedelta | None = None


_MINE = Deal("PENDING", (ALICE,))
_FREE = Deal("PENDING", ())
_BEGUN = Deal("IN_PROGRESS", (ALICE,))
_PLACES = (
    Place(SOLAR, 2, (_MINE,)),
    Place(METER, 0, (_FREE,)),
    Place(SWITCH, 1),
    Place(SERVICE, 0, (_BEGUN,)),
    Place(METER, 1, (_FREE,)),
    Place(SOLAR, 4, (_FREE, Deal("ON_HOLD", (ALICE,)))),
    Place(METER, 0, (Deal("PENDING", (ALICE, BOB)),)),
)
_DEALS = (
    _FREE,
    Deal("PENDING", (BOB,)),
    _MINE,
    Deal("PENDING", (OWNER,)),
    _FREE,
    Deal("ASSIGNED", (CAROL,)),
    _BEGUN,
    Deal("UNASSIGNED", ()),
    Deal("ON_HOLD", (BOB,)),
    Deal("WAITING_FOR_CONFIRMATION", (CAROL,)),
    Deal("PENDING", (BOB, OWNER)),
    Deal("IN_PROGRESS", (BOB,)),
)
_HOUR = timedelta(hours=1)
_OPERATIONS = (
    Place(METER, 0, (_MINE,), "Acme Corp", 5 * _HOUR),
    Place(SERVICE, 0, (_BEGUN,), "Acme Corp", -20 * _HOUR),
    Place(SOLAR, 0, (_FREE,), "Acme Corp", 30 * _HOUR),
    Place(METER, 1, (_FREE,), "Baltic Timber", 4 * 24 * _HOUR),
    Place(SOLAR, 1, (_FREE,), "Harbour Hotels", -3 * 24 * _HOUR),
    Place(METER, 2, (Deal("PENDING", (BOB,)),), None, 6 * 24 * _HOUR),
    Place(SERVICE, 0, (Deal("IN_PROGRESS", (BOB,)),), "Fjord Energy"),
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
        """Make exactly so many tasks, and about one workflow of version 1 to every twelve of them."""
        deals = cycle(_DEALS)
        places = iter(_PLACES)
        missing = tasks
        while missing > 0:
            place = next(places, None) or self._any_place(next(deals))
            template = place.template if len(place.template.steps) <= missing else METER.shortened(missing)
            flow = self._flow(template, place if template is place.template else Place(template, 0, (_FREE,)))
            if len(self.flows) > len(_PLACES):
                self._oddity(flow)
            missing -= len(flow.tasks)
        self._fill_workflows(max(3, tasks // 12) if tasks else 0)

    def fill_operations(self, tasks: int) -> None:
        """Make the scenario: seven open manual tasks, two of them Alice's; what else there is has ended."""
        for place in _OPERATIONS:
            self._flow(place.template, place)
        closed = Place(METER, 1, (_FREE,), "Acme Corp")
        self._close(self._flow(METER, closed))
        while sum(len(flow.tasks) for flow in self.flows) + len(METER.steps) <= tasks:
            self._flow(METER, Place(METER, len(METER.steps)))

    def _any_place(self, deal: Deal) -> Place:
        rng = self._rng
        template = rng.choice(tuple(TEMPLATES.values()))
        manual = sum(step.type == "MANUAL" for step in template.steps)
        # About an eighth of the flows has come to its end.
        return Place(template, 99 if rng.random() < 0.13 else rng.randrange(manual - 1), (deal,))

    def _flow(self, template: Template, place: Place) -> Flow:
        rng = self._rng
        engine = Engine(self.new_id)
        moment = work.created_at(rng, self._now - timedelta(hours=1))
        name = place.company or rng.choice(work.COMPANIES)
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
        share = (self._now - moment) / (place.done + 2)
        done = 0
        while done < place.done and flow.status == "STARTED":
            moment += share if place.done < 20 else (self._now - moment) / 4
            engine.settle(moment, lambda _: flow)
            task = _work_of_people(flow)
            if task is None:
                break
            self._do(engine, flow, task, moment)
            done += 1
        engine.settle(self._now, lambda _: flow)
        self._deal(flow, place)
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

    def _deal(self, flow: Flow, place: Place) -> None:
        current = [task for task in flow.tasks if flow.is_current(task.id) and _is_persons(task) and task.is_ready]
        for task, deal in zip(current, place.deals, strict=False):
            task.assigned_to = list(deal.assignees)
            task.status = deal.status if task.task_type == "MANUAL" or deal.status == "PENDING" else "PENDING"
            at = task.analytics.started_at or flow.created_at
            task.analytics.status_updated_at = at
            if deal.status == "IN_PROGRESS":
                task.analytics.in_progress_at, task.analytics.in_progress_by = at, _first(task.assigned_to)
            due = work.due_at(self._rng, self._now) if place.due is None else self._now + place.due
            if due is not None:
                exact = place.due is not None or self._rng.random() < 0.5
                task.due_date = iso_millis(due) if exact else floating(due)
        # What comes later may already have somebody who will do it.
        for task in flow.tasks:
            if task.status == "PENDING" and not flow.is_current(task.id) and self._rng.random() < 0.3:
                task.assigned_to = task.assigned_to or [self._rng.choice(WORKERS[1:])]

    def _oddity(self, flow: Flow) -> None:
        """Make what only accidents make, in some of the flows."""
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
                    # It was run again, and its end was never told: such a task is reconciled.
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
            workflow = begin(
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


def made(tasks: int, seed: int, now: datetime, *, operations: bool) -> Sample:
    sample = Sample(seed, now)
    fill: Callable[[int], None] = sample.fill_operations if operations else sample.fill
    fill(tasks)
    return sample


def _is_persons(task: Task) -> bool:
    return task.task_type == "MANUAL" or task.trigger_mode == "manual"


def _work_of_people(flow: Flow) -> Task | None:
    """Give the first current task on which nothing happens without a person."""
    waiting = ("FAILED", "WAITING_FOR_CONFIRMATION")
    for task in flow.tasks:
        if flow.is_current(task.id) and (task.status in waiting or (task.is_ready and _is_persons(task))):
            return task
    return None


def _first(assigned_to: list[Assignee]) -> str | None:
    return next((each for each in assigned_to if isinstance(each, str)), None)
