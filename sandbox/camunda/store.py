"""What the vendor's searches read: a copy of the engine's state that may lag behind it."""

import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from msgspec import UNSET, UnsetType

from sandbox import work
from sandbox.camunda.audit import Entry, logs
from sandbox.camunda.processes import BY_ID, DEPLOYED, STEPS
from sandbox.camunda.records import AuditLog, Group, ProcessDefinition, ProcessInstance, User, UserTask, Variable
from sandbox.camunda.release import Release
from sandbox.camunda.table import Shape, Table, ascending
from sandbox.people import ALL_PEOPLE, GROUPS
from sandbox.stand_in import ReadSettings


def _given(value: str | UnsetType | None) -> str | None:
    return None if value is UNSET else value


TASKS: Shape[UserTask] = Shape(
    key=lambda row: row.user_task_key,
    categories={
        "state": lambda row: (row.state,),
        "assignee": lambda row: () if row.assignee is None else (row.assignee,),
        "candidateGroup": lambda row: row.candidate_groups,
        "candidateUser": lambda row: row.candidate_users,
        "priority": lambda row: (row.priority,),
        "name": lambda row: (row.name,),
        "elementId": lambda row: (row.element_id,),
        "processDefinitionId": lambda row: (row.process_definition_id,),
        "processDefinitionKey": lambda row: (row.process_definition_key,),
        "tenantId": lambda row: (row.tenant_id,),
        "tags": lambda row: row.tags,
    },
    postings={
        "processInstanceKey": lambda row: row.process_instance_key,
        "businessId": lambda row: _given(row.business_id),
    },
    uniques={"userTaskKey": lambda row: row.user_task_key, "elementInstanceKey": lambda row: row.element_instance_key},
    dates={
        "creationDate": lambda row: row.creation_date,
        "completionDate": lambda row: row.completion_date,
        "followUpDate": lambda row: row.follow_up_date,
        "dueDate": lambda row: row.due_date,
    },
)

INSTANCES: Shape[ProcessInstance] = Shape(
    key=lambda row: row.process_instance_key,
    categories={
        "state": lambda row: (row.state,),
        "processDefinitionId": lambda row: (row.process_definition_id,),
        "processDefinitionName": lambda row: (row.process_definition_name,),
        "processDefinitionVersion": lambda row: (row.process_definition_version,),
        "processDefinitionVersionTag": lambda row: (),
        "processDefinitionKey": lambda row: (row.process_definition_key,),
        "hasIncident": lambda row: (row.has_incident,),
        "tenantId": lambda row: (row.tenant_id,),
        "tags": lambda row: row.tags,
    },
    postings={
        "businessId": lambda row: row.business_id,
        "parentProcessInstanceKey": lambda row: row.parent_process_instance_key,
        "parentElementInstanceKey": lambda row: row.parent_element_instance_key,
    },
    uniques={"processInstanceKey": lambda row: row.process_instance_key},
    dates={
        "startDate": lambda row: row.start_date,
        "endDate": lambda row: row.end_date,
        "suspendedDate": lambda row: _given(row.suspended_date),
    },
)

_DEFINITIONS: Shape[ProcessDefinition] = Shape(
    key=lambda row: row.process_definition_key,
    categories={
        "processDefinitionKey": lambda row: (row.process_definition_key,),
        "processDefinitionId": lambda row: (row.process_definition_id,),
        "name": lambda row: (row.name,),
        "resourceName": lambda row: (row.resource_name,),
        "version": lambda row: (row.version,),
        "versionTag": lambda row: (),
        "tenantId": lambda row: (row.tenant_id,),
        "hasStartForm": lambda row: (row.has_start_form,),
        "state": lambda row: (row.state,),
    },
)

_USERS: Shape[User] = Shape(
    key=lambda row: row.username,
    categories={
        "username": lambda row: (row.username,),
        "name": lambda row: () if row.name is None else (row.name,),
        "email": lambda row: () if row.email is None else (row.email,),
    },
)

_GROUPS: Shape[Group] = Shape(
    key=lambda row: row.group_id,
    categories={"groupId": lambda row: (row.group_id,), "name": lambda row: (row.name,)},
)


@dataclass(frozen=True, slots=True)
class Change:
    """What the engine exports: the rows as they are after a command, and what the audit log says of it.

    `variables` are by scope (a process instance's key or an element instance's), values serialised as JSON.
    """

    written_at: datetime
    tasks: tuple[UserTask, ...] = ()
    instances: tuple[ProcessInstance, ...] = ()
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()


class Store:
    """Reading settles first: changes older than the lag become visible."""

    def __init__(
        self, seed: int, release: Release, tasks: Iterable[UserTask] = (), instances: Iterable[ProcessInstance] = ()
    ) -> None:
        self._seed = seed
        self.release = release
        self.tasks = Table(TASKS, list(tasks))
        self.instances = Table(INSTANCES, list(instances))
        self.definitions = Table(_DEFINITIONS, list(DEPLOYED))
        self.users = Table(_USERS, [User(person.key, person.name, person.email) for person in ALL_PEOPLE])
        self.groups = Table(_GROUPS, [Group(key, name, None) for key, name in GROUPS.items()])
        self._seeded_up_to = max((int(each.process_instance_key) for each in self.instances.rows), default=0)
        self._merged: dict[str, dict[str, str]] = {}
        self._done: dict[str, list[tuple[datetime, Entry]]] = {}
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
        """Give the instance's variables, values as JSON. What a seeded one started with is made anew each time."""
        instance = self.instances.get(process_instance_key)
        if instance is None:
            return {}
        merged = self._merged.get(process_instance_key, {})
        if int(process_instance_key) > self._seeded_up_to:
            return dict(merged)
        rng = random.Random(f"{self._seed}/{process_instance_key}")
        number = int((instance.business_id or "0").rpartition("-")[2])
        started = BY_ID[instance.process_definition_id].variables(work.case(rng, number))
        return {name: orjson.dumps(value).decode() for name, value in started.items()} | merged

    def locals_of(self, task: UserTask) -> dict[str, str]:
        own = {name: orjson.dumps(value).decode() for name, value in STEPS[task.element_id].local_variables}
        return own | self._merged.get(task.element_instance_key, {})

    def elements_of(self, instance: ProcessInstance) -> list[UserTask]:
        """Give the instance's user tasks, which are all of its elements that searches know here."""
        found = self.tasks.having("processInstanceKey", [instance.process_instance_key])
        return [self.tasks.rows[ordinal] for ordinal in ascending(found)]

    def scoped_variables(self, task: UserTask, *, effective: bool) -> list[Variable]:
        """Give what the task sees, its own first; `effective` leaves out what its own variables hide."""
        own, outer = self.locals_of(task), self.variables_of(task.process_instance_key)
        if effective:
            outer = {name: value for name, value in outer.items() if name not in own}
        scopes = ((task.element_instance_key, own), (task.process_instance_key, outer))
        return [
            Variable(
                name,
                value,
                # Unique as long as a scope has fewer than 100 variables, and the same at every reading.
                str(int(scope) * 100 + number),
                scope,
                task.process_instance_key,
                task.root_process_instance_key,
            )
            for scope, variables in scopes
            for number, (name, value) in enumerate(variables.items())
        ]

    def audit_of(self, task: UserTask) -> list[AuditLog]:
        return logs(task, self._done.get(task.user_task_key, []), self.release)
