"""What searches read: a copy of the engine's state that may lag behind it."""

import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from sandbox import work
from sandbox.camunda.definitions import BY_ID, DEPLOYED, STEPS
from sandbox.camunda.records import AuditEntry, AuditLog, Group, ProcessInstance, User, UserTask, Variable
from sandbox.camunda.search import Table, ascending
from sandbox.camunda.store.audit_log import audit_logs
from sandbox.camunda.store.indexes import (
    DEFINITIONS_SHAPE,
    GROUPS_SHAPE,
    INSTANCES_SHAPE,
    TASKS_SHAPE,
    USERS_SHAPE,
)
from sandbox.camunda.variants import Release
from sandbox.people import ALL_PEOPLE, GROUPS
from sandbox.stand_in import ReadSettings


@dataclass(frozen=True, slots=True)
class Change:
    """What the engine exports: the rows after a command and its entries in the audit log.

    `variables` are by scope (the key of a process instance or element instance), with values serialised as JSON.
    """

    written_at: datetime
    tasks: tuple[UserTask, ...] = ()
    instances: tuple[ProcessInstance, ...] = ()
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    entries: tuple[AuditEntry, ...] = ()


class SearchStore:
    """Changes become visible when `settle` is called after their lag."""

    def __init__(
        self, seed: int, release: Release, tasks: Iterable[UserTask] = (), instances: Iterable[ProcessInstance] = ()
    ) -> None:
        self._seed = seed
        self.release = release
        self.tasks = Table(TASKS_SHAPE, list(tasks))
        self.instances = Table(INSTANCES_SHAPE, list(instances))
        self.definitions = Table(DEFINITIONS_SHAPE, list(DEPLOYED))
        self.users = Table(USERS_SHAPE, [User(person.key, person.name, person.email) for person in ALL_PEOPLE])
        self.groups = Table(GROUPS_SHAPE, [Group(key, name, None) for key, name in GROUPS.items()])
        self._last_sample_key = max((int(each.process_instance_key) for each in self.instances.rows), default=0)
        self._merged: dict[str, dict[str, str]] = {}
        self._done: dict[str, list[tuple[datetime, AuditEntry]]] = {}
        self._changes: deque[Change] = deque()

    def export(self, change: Change) -> None:
        self._changes.append(change)

    def settle(self, now: datetime, settings: ReadSettings) -> None:
        visible = now - timedelta(milliseconds=settings.read_lag_ms)
        while self._changes and self._changes[0].written_at <= visible:
            self._apply(self._changes.popleft())

    def _apply(self, change: Change) -> None:
        for task in change.tasks:
            self.tasks.put(task)
        for instance in change.instances:
            self.instances.put(instance)
        for scope, variables in change.variables.items():
            self._merged.setdefault(scope, {}).update(variables)
        for entry in change.entries:
            self._done.setdefault(entry.task_key, []).append((change.written_at, entry))

    def variables_of(self, process_instance_key: str) -> dict[str, str]:
        """Return the instance's variables, values as JSON. Start variables of fresh data are computed from the seed each time."""
        instance = self.instances.get(process_instance_key)
        if instance is None:
            return {}
        merged = self._merged.get(process_instance_key, {})
        if int(process_instance_key) > self._last_sample_key:
            return dict(merged)
        rng = random.Random(f"{self._seed}/{process_instance_key}")
        number = int((instance.business_id or "0").rpartition("-")[2])
        started = BY_ID[instance.process_definition_id].variables(work.case(rng, number))
        return {name: orjson.dumps(value).decode() for name, value in started.items()} | merged

    def locals_of(self, task: UserTask) -> dict[str, str]:
        own = {name: orjson.dumps(value).decode() for name, value in STEPS[task.element_id].local_variables}
        return own | self._merged.get(task.element_instance_key, {})

    def elements_of(self, instance: ProcessInstance) -> list[UserTask]:
        """Return the instance's user tasks. The stand-in's searches know no other elements."""
        found = self.tasks.having("processInstanceKey", [instance.process_instance_key])
        return [self.tasks.rows[ordinal] for ordinal in ascending(found)]

    def scoped_variables(self, task: UserTask, *, effective: bool) -> list[Variable]:
        """Return the variables that the task sees, local ones first. `effective` leaves out variables that local ones hide."""
        own, outer = self.locals_of(task), self.variables_of(task.process_instance_key)
        if effective:
            outer = {name: value for name, value in outer.items() if name not in own}
        scopes = ((task.element_instance_key, own), (task.process_instance_key, outer))
        return [
            Variable(
                name,
                value,
                # Unique while a scope has fewer than 100 variables, and the same in every read.
                str(int(scope) * 100 + number),
                scope,
                task.process_instance_key,
                task.root_process_instance_key,
            )
            for scope, variables in scopes
            for number, (name, value) in enumerate(variables.items())
        ]

    def audit_of(self, task: UserTask) -> list[AuditLog]:
        return audit_logs(task, self._done.get(task.user_task_key, []), self.release)
