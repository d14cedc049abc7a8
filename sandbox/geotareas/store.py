"""The tenant's records, as writes and as reads see them."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from sandbox.geotareas.directory import GROUPS, USERS, User
from sandbox.geotareas.errors import invalid, not_found
from sandbox.geotareas.records import FinishedStep, Instance, Task
from sandbox.geotareas.requests import CompleteBody
from sandbox.geotareas.sample import DAY, Sample, make_operations
from sandbox.geotareas.search import Key, RecordIndex


class Store:
    """Writes see every change at once. Reads see a change after its lag: when `publish` is called with a later time."""

    def __init__(self, *, tasks: int, seed: int, now: datetime, scenario: str | None) -> None:
        seconds = int(now.timestamp())
        self._sample = Sample(seed, seconds)
        if scenario == "operations":
            make_operations(self._sample, seconds)
        else:
            self._sample.fill(tasks)
        instances, seeded = self._sample.finish()
        self._tasks = {task.id: task for task in seeded}
        self._instances = {instance.id: instance for instance in instances}
        self.tasks: RecordIndex[Task] = RecordIndex(seeded)
        self.instances: RecordIndex[Instance] = RecordIndex(instances)
        self._due = sorted((task.due_at, task.number) for task in seeded if task.is_open and task.due_at is not None)
        self._overdue: dict[Key, tuple[int, int, Sequence[int]]] = {}
        self._revision = 0
        self._unpublished: deque[tuple[float, Task | Instance]] = deque()

    def publish(self, now: float) -> None:
        """Show reads every change whose lag is over."""
        while self._unpublished and self._unpublished[0][0] <= now:
            record = self._unpublished.popleft()[1]
            if isinstance(record, Instance):
                self.instances.put(record)
                continue
            old = self.tasks.put(record)
            self._revision += 1
            if old is not None and old.is_open and old.due_at is not None:
                del self._due[bisect_left(self._due, (old.due_at, old.number))]
            if record.is_open and record.due_at is not None:
                insort(self._due, (record.due_at, record.number))

    def overdue(self, key: Key, now: float) -> Sequence[int]:
        """Return the numbers of the open tasks due before `now` that match the filters, ascending."""
        count = bisect_left(self._due, (now, -1))
        known = self._overdue.get(key)
        if known is None or known[:2] != (self._revision, count):
            status, definition_id, entity_type = key
            found = []
            for _, number in self._due[:count]:
                task = self.tasks.at(number)
                if (
                    (status is None or task.status == status)
                    and (definition_id is None or task.definition_id == definition_id)
                    and (entity_type is None or task.entity_type == entity_type)
                ):
                    found.append(number)
            if len(self._overdue) > 100:
                self._overdue.clear()
            known = self._overdue[key] = (self._revision, count, sorted(found))
        return known[2]

    def complete(
        self, id: str, body: CompleteBody, user: User, now: datetime, lag_s: float
    ) -> tuple[Instance, Task | None]:
        """Complete an open task and start the next step, if there is one. Raises the vendor's 400 or 404."""
        task = self._open_task(id, "completed")
        template = task.template
        result = next((each for each in template.results if each.code == body.result_code), None)
        if result is None:
            codes = ", ".join(each.code for each in template.results)
            raise invalid(f"result_code must be one of {codes}.")
        captured = body.captured_data or {}
        missing = [field.name for field in template.fields if field.required and captured.get(field.name) in (None, "")]
        if missing:
            raise invalid(f"captured_data lacks required fields: {', '.join(missing)}.")
        seconds = int(now.timestamp())
        finished = FinishedStep(template.name, user.login, seconds, result.code, captured)
        completed = replace(task, status="COMPLETED", values={**task.values, **captured})
        self._put(completed, now, lag_s)
        instance = self._instances[task.instance_id]
        following = None
        if result.ends or task.step + 1 == len(task.workflow.steps):
            instance = replace(instance, status="COMPLETED")
        else:
            instance = replace(instance, step=task.step + 1)
            following = self._next_task(completed, finished, seconds)
            self._put(following, now, lag_s)
        self._put(instance, now, lag_s)
        return instance, following

    def reassign(self, id: str, user_id: str | None, group_id: str | None, now: datetime, lag_s: float) -> Task:
        """Assign an open task to a user or to a group and clear the other one. The status does not change."""
        if (user_id is None) == (group_id is None):
            raise invalid("Exactly one of assign_to_user_id and assign_to_group_id is required.")
        task = self._open_task(id, "reassigned")
        if user_id is not None and user_id not in USERS:
            raise not_found("User")
        if group_id is not None and group_id not in GROUPS:
            raise not_found("Group")
        reassigned = replace(task, user=user_id, group=group_id)
        self._put(reassigned, now, lag_s)
        return reassigned

    def _open_task(self, id: str, wanted: str) -> Task:
        task = self._tasks.get(id)
        if task is None:
            raise not_found("Task")
        if not task.is_open:
            raise invalid(f"A completed task cannot be {wanted}.")
        return task

    def _next_task(self, before: Task, finished: FinishedStep, now: int) -> Task:
        step = before.step + 1
        template = before.workflow.steps[step]
        return Task(
            number=len(self._tasks),
            id=self._sample.new_id(),
            instance_id=before.instance_id,
            workflow=before.workflow,
            step=step,
            status="PENDING",
            user=None,
            group=template.groups[0],
            entity=before.entity,
            due_at=None if template.days is None else now + template.days * DAY,
            escalated=False,
            created_at=now,
            previous=(*before.previous, finished),
            values={field.name: before.entity.label if field.prefilled else None for field in template.fields},
        )

    def _put(self, record: Task | Instance, now: datetime, lag_s: float) -> None:
        if isinstance(record, Task):
            self._tasks[record.id] = record
        else:
            self._instances[record.id] = record
        self._unpublished.append((now.timestamp() + lag_s, record))
