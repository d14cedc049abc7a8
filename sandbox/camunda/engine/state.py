"""The engine's state: open user tasks, running process instances, and what each instance waits for.

Ended tasks and instances are removed, so a late command is answered 404 while searches still show the task.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from msgspec.structs import replace

from sandbox.camunda.auth import Caller
from sandbox.camunda.definitions import TaskListeners
from sandbox.camunda.engine.transitions import Transitions
from sandbox.camunda.errors import rejected
from sandbox.camunda.records import AuditEntry, ProcessInstance, UserTask
from sandbox.camunda.sample import SampleData
from sandbox.camunda.store import Change, SearchStore
from sandbox.stand_in import Clock, EffectLog

_ENDED = frozenset({"COMPLETED", "CANCELED", "FAILED"})


class State:
    """`open`: by process instance, the keys of the user tasks and called instances that it waits for."""

    def __init__(
        self, data: SampleData, store: SearchStore, listeners: TaskListeners, clock: Clock, effects: EffectLog
    ) -> None:
        self.tasks = {task.user_task_key: task for task in data.tasks if task.state not in _ENDED}
        self.instances = {each.process_instance_key: each for each in data.instances if each.state == "ACTIVE"}
        self.open: dict[str, set[str]] = {key: set() for key in self.instances}
        for task in self.tasks.values():
            self.open.setdefault(task.process_instance_key, set()).add(task.user_task_key)
        self.store, self.listeners, self.clock, self.effects = store, listeners, clock, effects
        self.transitions = Transitions()
        self._next_key = data.next_key

    def new_key(self) -> str:
        key = str(self._next_key)
        self._next_key += 1
        return key

    def export(
        self,
        at: datetime,
        tasks: Sequence[UserTask] = (),
        instances: Sequence[ProcessInstance] = (),
        variables: Mapping[str, Mapping[str, Any]] | None = None,
        entries: Sequence[AuditEntry] = (),
    ) -> None:
        """Send changed rows to the store. `variables` are by scope, not serialised."""
        serialised = {
            scope: {name: orjson.dumps(value).decode() for name, value in each.items()}
            for scope, each in (variables or {}).items()
        }
        self.store.export(Change(at, tuple(tasks), tuple(instances), serialised, tuple(entries)))

    def effect(self, action: str, key: str, caller: Caller) -> None:
        self.effects.record(action, key, caller.id, caller.request_id)

    def put(self, task: UserTask, at: datetime, *entries: AuditEntry) -> None:
        self.tasks[task.user_task_key] = task
        self.export(at, [task], entries=entries)

    def forget(self, task: UserTask) -> None:
        del self.tasks[task.user_task_key]
        self.open[task.process_instance_key].discard(task.user_task_key)

    def running(
        self, key: str, command: str, words: str, missing: str = "no such process was found"
    ) -> ProcessInstance:
        instance = self.instances.get(key)
        if instance is None:
            raise rejected(404, command, "NOT_FOUND", f"Expected to {words} with key '{key}', but {missing}")
        return instance

    def actionable(self, key: str, command: str, words: str) -> UserTask:
        """Return a task in state CREATED whose instance is not suspended. Raises the error for any other."""
        task = self.tasks.get(key)
        expected = f"Expected to {words} user task with key '{key}'"
        if task is None:
            raise rejected(404, command, "NOT_FOUND", f"{expected}, but no such user task was found")
        if task.state != "CREATED":
            raise rejected(409, command, "INVALID_STATE", f"{expected}, but it is in state '{task.state}'")
        instance = self.instances[task.process_instance_key]
        if instance.state == "SUSPENDED":
            reason = f"{expected}, but its process instance with key '{instance.process_instance_key}' is suspended"
            raise rejected(409, command, "INVALID_STATE", reason)
        return task

    def children(self, key: str) -> list[str]:
        """Return the running instances that this one called, directly or indirectly."""
        direct = [each for each in sorted(self.open.get(key, ()), key=int) if each in self.instances]
        return [every for each in direct for every in (each, *self.children(each))]

    def ended(self, instance: ProcessInstance, state: str, at: str) -> ProcessInstance:
        """Remove the instance. Its caller no longer waits for it."""
        key, parent = instance.process_instance_key, instance.parent_process_instance_key
        del self.instances[key]
        self.open.pop(key, None)
        if parent is not None and parent in self.open:
            self.open[parent].discard(key)
        cleared = {} if self.store.release.has_suspension is False else {"suspended_date": None}
        return replace(instance, state=state, end_date=at, **cleared)
