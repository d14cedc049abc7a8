"""What the engine knows: open user tasks, running process instances, and what each of these waits for.

What ends is forgotten here, so late commands are answered 404 while searches still show the task.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from msgspec.structs import replace

from sandbox.camunda.audit import Entry
from sandbox.camunda.authentication import Caller
from sandbox.camunda.listeners import Listeners, Transitions
from sandbox.camunda.problems import rejected
from sandbox.camunda.records import ProcessInstance, UserTask
from sandbox.camunda.seeding import Seeded
from sandbox.camunda.store import Change, Store
from sandbox.stand_in import Clock, EffectLog

_ENDED = frozenset({"COMPLETED", "CANCELED", "FAILED"})


class State:
    """`open` has, by process instance, the keys of the user tasks and of the called instances that it waits for."""

    def __init__(self, data: Seeded, store: Store, listeners: Listeners, clock: Clock, effects: EffectLog) -> None:
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
        entries: Sequence[Entry] = (),
    ) -> None:
        """Tell the store how rows are now; `variables` by scope, not yet serialised."""
        serialised = {
            scope: {name: orjson.dumps(value).decode() for name, value in each.items()}
            for scope, each in (variables or {}).items()
        }
        self.store.export(Change(at, tuple(tasks), tuple(instances), serialised, tuple(entries)))

    def effect(self, action: str, key: str, caller: Caller) -> None:
        self.effects.record(action, key, caller.id, caller.request_id)

    def put(self, task: UserTask, at: datetime, *entries: Entry) -> None:
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
        """Give the task if it takes commands: in state CREATED, in an instance that is not suspended."""
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
        """Give the running instances that this one called, and those they called."""
        direct = [each for each in sorted(self.open.get(key, ()), key=int) if each in self.instances]
        return [every for each in direct for every in (each, *self.children(each))]

    def ended(self, instance: ProcessInstance, state: str, at: str) -> ProcessInstance:
        """Forget the instance; its caller no longer waits for it."""
        key, parent = instance.process_instance_key, instance.parent_process_instance_key
        del self.instances[key]
        self.open.pop(key, None)
        if parent is not None and parent in self.open:
            self.open[parent].discard(key)
        cleared = {} if self.store.release.has_suspension is False else {"suspended_date": None}
        return replace(instance, state=state, end_date=at, **cleared)
