"""Fresh data: process instances in all stages, with tasks for the people of the demo and others."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count

from msgspec import UNSET

from sandbox import work
from sandbox.camunda.definitions import DEFINITIONS, FIRST_FREE_KEY, FORMS, PROCESSES, Process, Step
from sandbox.camunda.records import ProcessInstance, UserTask
from sandbox.camunda.variants import Release, Scenario
from sandbox.people import ALL_PEOPLE, members
from sandbox.stand_in import iso_millis

OPERATIONS_NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)

_STUCK_STATES = ("ASSIGNING", "COMPLETING", "UPDATING")
_STUCK_EVERY = 97
"""One in so many open tasks waits for a task listener."""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """A task that exists with every seed. `due` counts from now; None is no due date."""

    assignee: str | None
    due: timedelta | None
    candidate_users: tuple[str, ...] = ()


_DUES = (timedelta(hours=3), timedelta(days=-2), timedelta(days=3), None, timedelta(days=26))
# Tasks assigned to alice and tasks that she may claim alternate, so that even few tasks have both.
_PLANS = tuple(
    plan
    for number, due in enumerate(_DUES)
    for plan in (TaskPlan("alice", due), TaskPlan(None, _DUES[-number], ("alice", "bob") if number == 1 else ()))
)
_OPERATIONS_PLANS = (
    TaskPlan("alice", timedelta(hours=6)), TaskPlan("alice", timedelta(days=-1)), TaskPlan("alice", timedelta(days=4)),
    TaskPlan("bob", timedelta(days=1)), TaskPlan("bob", None),
    *(TaskPlan(None, due) for due in (*_DUES, timedelta(days=-5), timedelta(days=9))),
)  # fmt: skip
_ACCOUNTING_FIRST = tuple(process for process in PROCESSES if process.steps(0)[0].groups == ("accounting",))


@dataclass(slots=True)
class SampleData:
    tasks: list[UserTask]
    instances: list[ProcessInstance]
    next_key: int


def make_sample(tasks: int, seed: int, now: datetime, scenario: Scenario) -> SampleData:
    """Make exactly `tasks` tasks. The scenario "operations" has at least its own twelve.

    The latest samples are kept, because tests reset to the same data hundreds of times. Records are immutable; the lists are
    the caller's own.
    """
    made = _made(tasks, seed, now, scenario.release, operations=scenario.operations)
    return SampleData(list(made.tasks), list(made.instances), made.next_key)


@lru_cache(maxsize=4)
def _made(tasks: int, seed: int, now: datetime, release: Release, *, operations: bool) -> SampleData:
    return _Sample(seed, now.astimezone(UTC), release, operations=operations).run(tasks)


class _Sample:
    def __init__(self, seed: int, now: datetime, release: Release, *, operations: bool) -> None:
        self._rng = random.Random(seed)
        self._now = now
        self._keys = count(FIRST_FREE_KEY)
        self._tasks: list[UserTask] = []
        self._instances: list[ProcessInstance] = []
        self._release = release
        self._alone = operations
        self._plans = _OPERATIONS_PLANS if self._alone else _PLANS
        self._wanted = 0

    def run(self, tasks: int) -> SampleData:
        self._wanted = max(tasks, len(self._plans)) if self._alone else tasks
        number = 10_001
        plans = iter(self._plans)
        while len(self._tasks) < self._wanted:
            plan = next(plans, None)
            pool = PROCESSES if plan is None else _ACCOUNTING_FIRST
            self._instance(self._rng.choice(pool), number, plan)
            number += 1
        return SampleData(self._tasks, self._instances, next(self._keys))

    def _instance(self, process: Process, number: int, plan: TaskPlan | None) -> None:
        rng = self._rng
        dice = 0.5 if plan is not None else rng.random()
        state = "COMPLETED" if dice < 0.15 else "TERMINATED" if dice < 0.2 else "ACTIVE"
        reached = 0 if plan is not None or rng.random() < 0.7 else rng.randrange(len(process.stages))
        if state == "COMPLETED":
            reached = len(process.stages) - 1
        key, definition = str(next(self._keys)), DEFINITIONS[process.id]
        started = work.created_at(rng, self._now)
        ended = None if state == "ACTIVE" else started + (self._now - started) * rng.uniform(0.5, 0.95)
        instance = ProcessInstance(
            process_instance_key=key,
            process_definition_id=process.id,
            process_definition_name=process.name,
            process_definition_version=process.version,
            process_definition_key=definition.process_definition_key,
            start_date=iso_millis(started),
            end_date=None if ended is None else iso_millis(ended),
            state=state,
            root_process_instance_key=key,
            tags=("vip",) if rng.random() < 0.1 else (),
            business_id=f"{process.business_prefix}-{number}",
            has_incident=state == "ACTIVE" and plan is None and rng.random() < 0.02,
            suspended_date=None if self._release.has_suspension else UNSET,
        )
        self._instances.append(instance)
        share = ((ended or self._now) - started) / (reached + 1)
        for stage in range(reached + 1):
            created = started + share * stage
            for step in process.steps(stage):
                if len(self._tasks) < self._wanted:
                    over = stage < reached or state != "ACTIVE"
                    task_state = "CANCELED" if stage == reached and state == "TERMINATED" else "COMPLETED"
                    done = created + share if over else None
                    self._task(instance, step, created, done, task_state if over else None, plan)

    def _task(
        self,
        instance: ProcessInstance,
        step: Step,
        created: datetime,
        done: datetime | None,
        end_state: str | None,
        plan: TaskPlan | None,
    ) -> None:
        rng = self._rng
        groups, users, assignee = self._people(step, finished=end_state == "COMPLETED")
        due = work.due_at(rng, self._now)
        if plan is not None:
            groups, users, assignee = step.groups, plan.candidate_users, plan.assignee
            due = None if plan.due is None else (self._now + plan.due).replace(second=0, microsecond=0)
        state = end_state or "CREATED"
        if end_state is None and plan is None and len(self._tasks) % _STUCK_EVERY == _STUCK_EVERY - 1:
            state = rng.choice(_STUCK_STATES)
        element_instance_key, task_key = next(self._keys), next(self._keys)
        form = FORMS.get(step.element_id)
        self._tasks.append(
            UserTask(
                user_task_key=str(task_key),
                name=step.name,
                state=state,
                assignee=assignee,
                candidate_groups=groups,
                candidate_users=users,
                priority=rng.choice((10, 50, 50, 50, 50, 70, 90)),
                creation_date=iso_millis(created),
                completion_date=None if done is None else iso_millis(done),
                follow_up_date=iso_millis(created + timedelta(days=1)) if rng.random() < 0.2 else None,
                due_date=None if due is None else iso_millis(due),
                element_id=step.element_id,
                element_instance_key=str(element_instance_key),
                process_definition_id=instance.process_definition_id,
                process_definition_key=instance.process_definition_key,
                process_definition_version=instance.process_definition_version,
                process_name=instance.process_definition_name,
                process_instance_key=instance.process_instance_key,
                root_process_instance_key=instance.process_instance_key,
                form_key=None if form is None else form.form_key,
                external_form_reference=step.external_form,
                custom_headers={"channel": rng.choice(work.CHANNELS)} if rng.random() < 0.3 else {},
                tags=instance.tags,
                business_id=instance.business_id if self._release.has_business_ids_of_tasks else UNSET,
            )
        )

    def _people(self, step: Step, *, finished: bool) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
        """Return candidate groups, candidate users and assignee."""
        rng = self._rng
        groups = tuple(group for group in step.groups if not (self._alone and group == "accounting")) or ("operations",)
        all_keys = [person.key for person in ALL_PEOPLE if not (self._alone and person.key == "alice")]
        # A task without candidates is open to all users. The scenario must have none.
        if not self._alone and rng.random() < 0.06:
            groups = ()
        users = tuple(rng.sample(all_keys, rng.choice((1, 2)))) if rng.random() < 0.15 else ()
        if not finished and rng.random() < 0.45:
            return groups, users, None
        pool = list(self._assignees(groups)) or all_keys
        return groups, users, rng.choice(pool)

    def _assignees(self, groups: tuple[str, ...]) -> Iterator[str]:
        for group in groups:
            for person in members(group):
                if not (self._alone and person.key == "alice"):
                    yield person.key
