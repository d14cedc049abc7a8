"""The tenant's tasks and instances, and every change to them.

Each write checks everything before it changes anything.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from sandbox.uipath.auth import Caller
from sandbox.uipath.directory import Folder, people_of
from sandbox.uipath.errors import invalid, no_task
from sandbox.uipath.formats import Filter
from sandbox.uipath.records import Activity, Instance, Note, Tag, Task
from sandbox.uipath.sample import Sample

DOCUMENT_TYPES = frozenset({"DocumentValidationTask", "DocumentClassificationTask", "DataLabelingTask"})


class Store:
    def __init__(self, *, tasks: int, seed: int, now: datetime, scenario: str | None) -> None:
        sample = Sample(seed, now)
        if scenario is None:
            sample.fill(tasks)
        else:
            sample.operations()
        self.tasks = {task.id: task for task in sample.tasks}
        self.instances = {instance.id: instance for instance in sample.instances}
        self._by_key = {task.key: task for task in sample.tasks}
        self._by_job: defaultdict[str, list[Task]] = defaultdict(list)
        for task in sample.tasks:
            if task.job is not None:
                self._by_job[task.job].append(task)
        self._next_id = count(max((id for id in self.tasks if id < 1 << 52), default=8_144_200) + 1)
        self._next_inner_id = count((1 << 54) + 1, 2)
        self._changing: list[Instance] = []
        self.turn = 0
        """Number of list requests so far. The order of records that compare as equal depends on it."""

    def candidates(self, filter: Filter | None) -> Iterable[Task]:
        """Return tasks that may match. They are looked up by id or job if the filter requires one."""
        required = {} if filter is None else filter.required
        if "id" in required:
            return [self.tasks[id] for id in required["id"] if id in self.tasks]
        if "creatorjobkey" in required and None not in required["creatorjobkey"]:
            return [task for job in required["creatorjobkey"] for task in self._by_job.get(str(job), ())]
        return self.tasks.values()

    def visible(self, id: int | None, caller: Caller) -> Task:
        """Return a task that the caller may see, deleted or not. Raises 404."""
        task = None if id is None else self.tasks.get(id)
        if task is None or task.folder not in caller.view:
            raise no_task()
        return task

    def visible_by_key(self, key: str | None, caller: Caller) -> Task:
        task = None if key is None else self._by_key.get(key)
        return self.visible(None if task is None else task.id, caller)

    def within(self, id: int | None, folder: Folder, caller: Caller) -> Task:
        """Return a task of the folder that is not deleted. Raises 404."""
        task = self.visible(id, caller)
        if task.folder != folder.id or task.deleted is not None:
            raise no_task()
        return task

    def create(
        self,
        folder: Folder,
        caller: Caller,
        now: datetime,
        *,
        title: str,
        priority: str,
        data: dict[str, Any] | None,
        catalog: str | None,
        external_tag: str | None,
        tags: list[Tag],
    ) -> Task:
        task = Task(
            id=next(self._next_id),
            key=str(uuid4()),
            title=title,
            type="ExternalTask",
            priority=priority,
            folder=folder.id,
            catalog=catalog,
            external_tag=external_tag,
            job=None,
            source="Default",
            created=now,
            creator=caller.user_id,
            data=data,
            tags=tags,
        )
        self.tasks[task.id] = task
        self._by_key[task.key] = task
        self.note_activity(task, "Created", caller, now)
        return task

    def complete(
        self, task: Task, types: frozenset[str], caller: Caller, now: datetime, action: str | None, data: Any
    ) -> None:
        """Complete a task. Form and App tasks require the assignee, External tasks only Tasks.Edit."""
        if task.type not in types:
            raise invalid(f"A task of type {task.type} cannot be completed by this request.")
        if task.status == "Completed":
            raise invalid("The action is already completed.")
        if task.type != "ExternalTask":
            if not self.is_assignee(task, caller):
                raise invalid("Only the assignee can complete this action.")
            if action is None or data is None:
                raise invalid("The action and data fields are required.")
        task.status = "Completed"
        task.completed, task.completed_by = now, caller.user_id
        task.action = action
        if data is not None:
            task.data = data
        self.touched(task, "Completed", caller, now)
        self._complete_instance(task, now)

    def save(self, task: Task, types: frozenset[str], caller: Caller, now: datetime, data: dict[str, Any]) -> None:
        """Save data without completing the task. It replaces the earlier data."""
        if task.type not in types:
            raise invalid(f"The data of a task of type {task.type} cannot be saved by this request.")
        if task.status == "Completed":
            raise invalid("The action is already completed.")
        task.data = data
        self.touched(task, "Saved", caller, now)

    def add_note(self, task: Task, text: str, caller: Caller, now: datetime) -> Note:
        note = Note(next(self._next_inner_id), task, text, caller.user_id, now)
        task.notes.append(note)
        self.note_activity(task, "Commented", caller, now, note=note)
        return note

    def delete(self, task: Task, caller: Caller, now: datetime) -> None:
        task.deleted, task.deleter = now, caller.user_id
        self.touched(task, "Deleted", caller, now)

    def is_assignee(self, task: Task, caller: Caller) -> bool:
        """Whether the caller is the assignee: of an all-users task also as a member of an assigned group."""
        if caller.user is None:
            return False
        if task.assignee is not None:
            return task.assignee == caller.user.id
        return any(caller.user.id in people_of(each.assignee) for each in task.assignments)

    def touched(self, task: Task, kind: str, caller: Caller, now: datetime, *, target: int | None = None) -> None:
        task.modified, task.modifier = now, caller.user_id
        self.note_activity(task, kind, caller, now, target=target)

    def note_activity(
        self,
        task: Task,
        kind: str,
        caller: Caller,
        now: datetime,
        *,
        target: int | None = None,
        note: Note | None = None,
    ) -> None:
        activity = Activity(next(self._next_inner_id), task, kind, caller.user_id, target, note, now)
        task.activities.append(activity)

    def new_inner_id(self) -> int:
        return next(self._next_inner_id)

    # Maestro

    def settle(self, now: datetime) -> None:
        """Carry out accepted commands on instances whose lag is over."""
        for instance in [each for each in self._changing if each.changes_at is not None and each.changes_at <= now]:
            self._changing.remove(instance)
            instance.status, instance.becomes = instance.becomes or instance.status, None
            if instance.status == "Cancelled":
                instance.ended = now
                self._withdraw(instance, now)

    def change_instance(self, instance: Instance, via: str, becomes: str, now: datetime, lag_ms: int) -> None:
        instance.status, instance.becomes = via, becomes
        instance.changes_at = now + timedelta(milliseconds=lag_ms)
        self._changing.append(instance)

    def _withdraw(self, instance: Instance, now: datetime) -> None:
        for task in self._by_job.get(instance.id, ()):
            if task.is_open:
                task.deleted = task.modified = now

    def _complete_instance(self, task: Task, now: datetime) -> None:
        """Complete the instance of the task if it has no open task left."""
        instance = None if task.job is None else self.instances.get(task.job)
        if instance is None or instance.status != "Running":
            return
        if not any(each.is_open for each in self._by_job[instance.id]):
            instance.status, instance.ended = "Completed", now
