"""The engine: commands on open user tasks and running process instances.

What ends is forgotten here, so late commands are answered 404 while searches still show the task.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from msgspec.structs import replace

from sandbox.camunda.filters import rfc3339
from sandbox.camunda.problems import bad_request, invalid_argument, rejected
from sandbox.camunda.processes import BY_ID, FORMS, Process, stage_of
from sandbox.camunda.records import ProcessInstance, UserTask
from sandbox.camunda.seeding import Seeded
from sandbox.camunda.store import Change, Store
from sandbox.stand_in import Clock, EffectLog, iso_millis

_OPEN_ENDED = frozenset({"COMPLETED", "CANCELED", "FAILED"})
_LISTS = {"candidateGroups": "candidate_groups", "candidateUsers": "candidate_users"}
_DATES = {"dueDate": ("due_date", "due date"), "followUpDate": ("follow_up_date", "follow-up date")}


@dataclass(frozen=True, slots=True)
class Caller:
    user: str
    request_id: str | None


class Engine:
    def __init__(self, data: Seeded, store: Store, clock: Clock, effects: EffectLog) -> None:
        self._tasks = {task.user_task_key: task for task in data.tasks if task.state not in _OPEN_ENDED}
        self._instances = {each.process_instance_key: each for each in data.instances if each.state == "ACTIVE"}
        self._open: dict[str, set[str]] = {}
        for task in self._tasks.values():
            self._open.setdefault(task.process_instance_key, set()).add(task.user_task_key)
        self._store, self._clock, self._effects = store, clock, effects
        self._next_key = data.next_key

    def assign(self, key: str, assignee: str, caller: Caller, *, override: bool) -> None:
        """Assign, or claim where nobody else's assignment may be overridden."""
        command, words = ("ASSIGN", "assign") if override else ("CLAIM", "claim")
        task = self._actionable(key, command, words)
        if not override and task.assignee not in (None, assignee):
            reason = f"Expected to claim user task with key '{key}', but it has already been assigned"
            raise rejected(409, command, "INVALID_STATE", reason)
        if task.assignee != assignee:
            self._change(replace(task, assignee=assignee), "ASSIGN", words, caller)

    def unassign(self, key: str, caller: Caller) -> None:
        task = self._actionable(key, "ASSIGN", "assign")
        if task.assignee is not None:
            self._change(replace(task, assignee=None), "UNASSIGN", "unassign", caller)

    def update(self, key: str, changeset: Mapping[str, Any], action: str | None, caller: Caller) -> None:
        changes = _changes(changeset)
        if not changes and action is None:
            raise invalid_argument(
                'No update data provided. Provide at least an "action" or a non-null value for a supported attribute in the "changeset".'
            )
        task = self._actionable(key, "UPDATE", "update")
        self._change(replace(task, **changes), "UPDATE", "update", caller)

    def complete(self, key: str, variables: Mapping[str, Any], caller: Caller) -> None:
        """Complete; the last open task of a stage takes the process to its next stage or its end."""
        task = self._actionable(key, "COMPLETE", "complete")
        now = self._clock()
        done = replace(task, state="COMPLETED", completion_date=iso_millis(now))
        siblings = self._forget(task)
        instance = self._instances[task.process_instance_key]
        created: list[UserTask] = []
        if not siblings:
            process = BY_ID[instance.process_definition_id]
            stage = stage_of(process, task.element_id) + 1
            if stage < len(process.stages):
                created = self._enter(process, stage, instance, iso_millis(now))
            else:
                instance = replace(instance, state="COMPLETED", end_date=iso_millis(now))
                del self._instances[instance.process_instance_key]
        serialised = {name: orjson.dumps(value).decode() for name, value in variables.items()}
        self._store.export(Change(now, (done, *created), instance, serialised, "COMPLETE", caller.user))
        self._effects.record("complete", key, caller.user, caller.request_id)

    def cancel(self, key: str, caller: Caller) -> None:
        """Cancel the process instance with all its open tasks."""
        instance = self._instances.get(key)
        if instance is None:
            reason = f"Expected to cancel a process instance with key '{key}', but no such process was found"
            raise rejected(404, "CANCEL", "NOT_FOUND", reason)
        now = self._clock()
        ended = iso_millis(now)
        del self._instances[key]
        tasks = [self._tasks.pop(each) for each in sorted(self._open.pop(key, ()), key=int)]
        canceled = tuple(replace(task, state="CANCELED", completion_date=ended) for task in tasks)
        operation = "CANCEL" if canceled else ""
        terminated = replace(instance, state="TERMINATED", end_date=ended)
        self._store.export(Change(now, canceled, terminated, {}, operation, caller.user))
        self._effects.record("cancel_flow", key, caller.user, caller.request_id)

    def _actionable(self, key: str, command: str, words: str) -> UserTask:
        task = self._tasks.get(key)
        expected = f"Expected to {words} user task with key '{key}'"
        if task is None:
            raise rejected(404, command, "NOT_FOUND", f"{expected}, but no such user task was found")
        if task.state != "CREATED":
            raise rejected(409, command, "INVALID_STATE", f"{expected}, but it is in state '{task.state}'")
        return task

    def _change(self, task: UserTask, operation: str, action: str, caller: Caller) -> None:
        self._tasks[task.user_task_key] = task
        self._store.export(Change(self._clock(), (task,), None, {}, operation, caller.user))
        self._effects.record(action, task.user_task_key, caller.user, caller.request_id)

    def _forget(self, task: UserTask) -> set[str]:
        """Give the tasks that are still open in its instance."""
        del self._tasks[task.user_task_key]
        siblings = self._open[task.process_instance_key]
        siblings.discard(task.user_task_key)
        return siblings

    def _enter(self, process: Process, stage: int, instance: ProcessInstance, now: str) -> list[UserTask]:
        created: list[UserTask] = []
        for step in process.stages[stage]:
            element_instance_key, task_key = str(self._next_key), str(self._next_key + 1)
            self._next_key += 2
            form = FORMS.get(step.element_id)
            task = UserTask(
                user_task_key=task_key,
                name=step.name,
                state="CREATED",
                assignee=None,
                candidate_groups=step.groups,
                candidate_users=(),
                priority=50,
                creation_date=now,
                completion_date=None,
                follow_up_date=None,
                due_date=None,
                element_id=step.element_id,
                element_instance_key=element_instance_key,
                process_definition_id=instance.process_definition_id,
                process_definition_key=instance.process_definition_key,
                process_definition_version=instance.process_definition_version,
                process_name=instance.process_definition_name,
                process_instance_key=instance.process_instance_key,
                root_process_instance_key=instance.process_instance_key,
                form_key=None if form is None else form.form_key,
                external_form_reference=step.external_form,
                custom_headers={},
                tags=instance.tags,
            )
            self._tasks[task_key] = task
            self._open.setdefault(instance.process_instance_key, set()).add(task_key)
            created.append(task)
        return created


def _changes(changeset: Mapping[str, Any]) -> dict[str, Any]:
    """Give the supported members that are not null, as members of the record; others are ignored."""
    changes: dict[str, Any] = {}
    for name, value in changeset.items():
        if value is None:
            continue
        if name in _LISTS:
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise bad_request(f"Request property [changeset.{name}] cannot be parsed")
            changes[_LISTS[name]] = tuple(dict.fromkeys(value))
        elif name in _DATES:
            member, words = _DATES[name]
            moment = rfc3339(value) if isinstance(value, str) else None
            if moment is None and value != "":
                raise invalid_argument(
                    f"The provided {words} '{value}' cannot be parsed as a date according to RFC 3339, section 5.6."
                )
            changes[member] = moment
        elif name == "priority":
            if not isinstance(value, int) or isinstance(value, bool):
                raise bad_request("Request property [changeset.priority] cannot be parsed")
            if not 0 <= value <= 100:
                raise invalid_argument(f"The value for priority is '{value}' but must be within the [0,100] range.")
            changes["priority"] = value
    return changes
