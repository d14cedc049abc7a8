"""Fresh data. The same seed, number and moment give the same tasks."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import cycle

import msgspec
from msgspec.structs import replace

from sandbox import work
from sandbox.geotareas.definitions import WORKFLOWS, JsonValue, Step, Workflow
from sandbox.geotareas.directory import (
    ACCOUNTING,
    ALICE,
    BOB,
    CAROL,
    FIELD_NORTH,
    FIELD_SOUTH,
    JAVIER,
    MARIA,
    METERING,
    NURIA,
    SALES,
    USERS,
    User,
)
from sandbox.geotareas.records import Entity, FinishedStep, Instance, Task

HOUR = 3600
DAY = 24 * HOUR


class TaskPlan(msgspec.Struct, frozen=True):
    """State, possible owners and candidate groups of an open task. With `keeps_group`, it has an owner and a group."""

    status: str
    users: tuple[User, ...]
    groups: tuple[str, ...]
    keeps_group: bool = False


_FIELD = (FIELD_NORTH, FIELD_SOUTH, METERING)
_TASK_PLANS = (
    TaskPlan("PENDING", (ALICE,), (ACCOUNTING,)),
    TaskPlan("PENDING", (), (ACCOUNTING,)),
    TaskPlan("IN_PROGRESS", (ALICE,), (ACCOUNTING,)),
    TaskPlan("PENDING", (), _FIELD),
    TaskPlan("PENDING", (BOB,), (ACCOUNTING,)),
    TaskPlan("PENDING", (), (ACCOUNTING,)),
    TaskPlan("IN_PROGRESS", (MARIA, JAVIER, NURIA), _FIELD),
    TaskPlan("IN_PROGRESS", (CAROL,), (SALES,)),
    TaskPlan("PENDING", (), (ACCOUNTING,)),
    TaskPlan("IN_PROGRESS", (BOB,), (ACCOUNTING,), keeps_group=True),
    TaskPlan("PENDING", (), (SALES, *_FIELD)),
    TaskPlan("PENDING", (ALICE,), (ACCOUNTING,), keeps_group=True),
)
_MEMBERS = {
    group: tuple(user for user in USERS.values() if group in user.groups) for group in (ACCOUNTING, SALES, *_FIELD)
}
_ACTIVE = tuple(workflow for workflow in WORKFLOWS if workflow.active)

WorkflowStep = tuple[Workflow, int]


def _steps_of(groups: Sequence[str]) -> tuple[WorkflowStep, ...]:
    return tuple(
        (workflow, number)
        for workflow in _ACTIVE
        for number, step in enumerate(workflow.steps)
        if set(step.groups) & set(groups)
    )


_STEPS = {plan: _steps_of(plan.groups) for plan in _TASK_PLANS}


class Sample:
    """Makes instances and tasks. `finish` numbers them in the order of their start."""

    def __init__(self, seed: int, now: int) -> None:
        self.rng = random.Random(seed)
        self._now = now
        self._ids: set[str] = set()
        self._instances: list[Instance] = []
        self._tasks: list[Task] = []

    def fill(self, count: int) -> None:
        """Make exactly `count` tasks. About half of them are open."""
        plans = cycle(_TASK_PLANS)
        round_number = 0
        while len(self._tasks) < count:
            if round_number % 4 == 3:
                self._ended(self.rng.choice(_ACTIVE), "COMPLETED")
            else:
                plan = next(plans)
                workflow, step = self.rng.choice(_STEPS[plan])
                groups = [group for group in workflow.steps[step].groups if group in plan.groups]
                group = self.rng.choice(groups) if not plan.users or plan.keeps_group else None
                user = self.rng.choice(plan.users).id if plan.users else None
                self.open(workflow, step, plan.status, user, group, due_at=self._due_at(workflow.steps[step]))
            if round_number % 20 in (7, 17):
                self._stopped(self.rng.choice(_ACTIVE), "CANCELLED" if round_number % 20 == 7 else "ERROR")
            round_number += 1
        del self._tasks[count:]

    def open(
        self,
        workflow: Workflow,
        step: int,
        status: str,
        user: str | None,
        group: str | None,
        *,
        due_at: int | None,
        label: str | None = None,
        escalated: bool | None = None,
        age_s: int | None = None,
    ) -> None:
        """Make a running instance with its open task and the task of the step before."""
        age = self.rng.randrange(10 * 60, 21 * DAY) if age_s is None else age_s
        created = self._now - age
        if due_at is not None and due_at <= created:
            created = due_at - self.rng.randrange(HOUR, 3 * DAY)
        if escalated is None:
            escalated = due_at is not None and due_at < self._now and self.rng.random() < 0.5
        instance, previous = self._begin(workflow, step, "RUNNING", created, label)
        template = workflow.steps[step]
        values: dict[str, object] = {
            field.name: instance.entity.label if field.prefilled else None for field in template.fields
        }
        task = Task(
            number=0,
            id=self.new_id(),
            instance_id=instance.id,
            workflow=workflow,
            step=step,
            status=status,
            user=user,
            group=group,
            entity=instance.entity,
            due_at=due_at,
            escalated=escalated,
            created_at=created,
            previous=previous,
            values=values,
        )
        self._tasks.append(task)
        if previous:
            self._tasks.append(self._closed(instance, step - 1, previous))

    def finish(self) -> tuple[list[Instance], list[Task]]:
        instances = sorted(self._instances, key=lambda each: (each.started_at, each.id))
        tasks = sorted(self._tasks, key=lambda each: (each.created_at, each.id))
        return (
            [replace(each, number=number) for number, each in enumerate(instances)],
            [replace(each, number=number) for number, each in enumerate(tasks)],
        )

    def new_id(self) -> str:
        """Return an unused id of 18 digits."""
        while (id := str(self.rng.randrange(10**17, 10**18))) in self._ids:
            pass
        self._ids.add(id)
        return id

    def _ended(self, workflow: Workflow, status: str) -> None:
        ended = self._now - self.rng.randrange(HOUR, 40 * DAY)
        last = len(workflow.steps)
        instance, finished = self._begin(workflow, last, status, ended, None)
        self._tasks.append(self._closed(instance, last - 1, finished))

    def _stopped(self, workflow: Workflow, status: str) -> None:
        self._begin(workflow, 0, status, self._now - self.rng.randrange(HOUR, 60 * DAY), None)

    def _begin(
        self, workflow: Workflow, step: int, status: str, reached_at: int, label: str | None
    ) -> tuple[Instance, tuple[FinishedStep, ...]]:
        """Make an instance that reached a step at `reached_at`, with the steps finished before."""
        finished: list[FinishedStep] = []
        moment = reached_at - 1
        for template in reversed(workflow.steps[:step]):
            finished.append(self._finished(template, moment))
            moment -= self.rng.randrange(HOUR, 3 * DAY)
        started = moment + 1 if not finished else moment
        entity = self._entity(workflow, label)
        instance = Instance(0, self.new_id(), workflow, entity, status, min(step, len(workflow.steps) - 1), started)
        self._instances.append(instance)
        return instance, tuple(reversed(finished))

    def _finished(self, step: Step, completed_at: int) -> FinishedStep:
        results = [result for result in step.results if not result.ends]
        captured: dict[str, object] = {field.name: _pick(self.rng, field.samples) for field in step.fields}
        login = self.rng.choice(_MEMBERS[self.rng.choice(step.groups)]).login
        return FinishedStep(step.name, login, completed_at, self.rng.choice(results).code, captured)

    def _closed(self, instance: Instance, step: int, finished: tuple[FinishedStep, ...]) -> Task:
        own = finished[step]
        before = finished[:step]
        created = before[-1].completed_at + 1 if before else min(instance.started_at, own.completed_at)
        template = instance.workflow.steps[step]
        due = None if template.days is None else created + template.days * DAY
        user = next(user for user in USERS.values() if user.login == own.completed_by)
        return Task(
            number=0,
            id=self.new_id(),
            instance_id=instance.id,
            workflow=instance.workflow,
            step=step,
            status="COMPLETED",
            user=user.id,
            group=None,
            entity=instance.entity,
            due_at=due,
            escalated=False,
            created_at=created,
            previous=before,
            values=own.captured_data,
        )

    def _due_at(self, step: Step) -> int | None:
        due = None if step.days is None else work.due_at(self.rng, datetime.fromtimestamp(self._now, UTC))
        return None if due is None else int(due.timestamp())

    def _entity(self, workflow: Workflow, label: str | None) -> Entity:
        if workflow.entity_type == "NINGUNA":
            return Entity("NINGUNA", None, None)
        text = label or _LABELS[workflow.entity_type](self.rng)
        return _entity(workflow.entity_type, text)


_LABELS: dict[str, Callable[[random.Random], str]] = {
    "CUENTA": lambda rng: rng.choice(work.COMPANIES),
    "CLIENTE": lambda rng: rng.choice(work.COMPANIES + work.CUSTOMERS),
    "TAREA": lambda rng: f"Delivery ALB-{rng.randrange(20_000, 21_000)} to {rng.choice(work.COMPANIES)}",
    "DISPOSITIVO": lambda rng: f"Meter ES-{rng.randrange(70_000, 71_000)}",
    "PERSONAL": lambda rng: rng.choice((MARIA, JAVIER, NURIA)).name,
}


@lru_cache(maxsize=5000)
def _entity(type: str, label: str) -> Entity:
    """The same type and label have the same id in every workflow."""
    return Entity(type, str(random.Random(f"{type} {label}").randrange(10**17, 10**18)), label)


def _pick(rng: random.Random, samples: tuple[JsonValue, ...]) -> JsonValue:
    return rng.choice(samples) if samples else None


def make_operations(sample: Sample, now: int) -> None:
    """Make the scenario "operations": eight open tasks that Alice may see, two of them hers; Acme Corp has open and closed ones."""
    by_step = {step.name: (workflow, number) for workflow in _ACTIVE for number, step in enumerate(workflow.steps)}
    rows: tuple[tuple[str, str, User | None, str | None, int | None, bool, str | None], ...] = (
        ("Send Welcome Email", "PENDING", None, ACCOUNTING, 26 * HOUR, False, "Acme Corp"),
        ("Review Welcome Package", "PENDING", ALICE, None, 5 * HOUR, False, "Baltic Timber"),
        ("Issue Credit Note", "IN_PROGRESS", ALICE, None, -3 * HOUR, False, "Acme Corp"),
        ("Release Repair Budget", "PENDING", None, ACCOUNTING, -20 * HOUR, True, "Harbour Hotels"),
        ("Check Final Reading", "PENDING", None, ACCOUNTING, 4 * DAY, False, None),
        ("Clarify Delivery Dispute", "PENDING", BOB, ACCOUNTING, 2 * DAY, False, None),
        ("Approve Inspection Report", "IN_PROGRESS", BOB, ACCOUNTING, 6 * DAY, False, "Fjord Energy"),
        ("Clarify Delivery Dispute", "PENDING", None, ACCOUNTING, None, False, None),
    )
    for number, (name, status, user, group, due, escalated, label) in enumerate(rows):
        workflow, step = by_step[name]
        sample.open(
            workflow,
            step,
            status,
            None if user is None else user.id,
            group,
            due_at=None if due is None else now + due,
            label=label,
            escalated=escalated,
            age_s=(number + 2) * 17 * HOUR,
        )
