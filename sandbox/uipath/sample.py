"""Fresh data. The same seed, number and moment give the same tasks and instances."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, cycle
from uuid import UUID

from sandbox import work
from sandbox.uipath.definitions import PROCESSES, Process
from sandbox.uipath.directory import (
    CLAIMS,
    COMMERCIAL,
    DIRECTORY_GROUPS,
    FINANCE,
    PEOPLE,
    ROBOTS,
    SERVICE,
    Folder,
    User,
    folder_users,
)
from sandbox.uipath.records import Activity, Assignment, Instance, Note, Sla, Tag, Task

FIRST_ID = 8_144_201
FIRST_LARGE_ID = (1 << 53) + 1
"""The first id that a double cannot represent."""
LARGE_EVERY = 11

OPERATIONS_DUES = (26, 5, -3, -20, 96, 48, 144, None, 300)


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """Folder and assignees of an open task."""

    folder: Folder
    assignees: tuple[User, ...] = ()
    criteria: str = "SingleUser"


_ACCOUNTING, _CLAIMS, _SALES = (DIRECTORY_GROUPS[key] for key in ("accounting", "claims", "sales"))
_ALICE, _BOB, _CAROL = (PEOPLE[key] for key in ("alice", "bob", "carol"))

_TASK_PLANS = (
    TaskPlan(FINANCE, (_ALICE,)),
    TaskPlan(FINANCE),
    TaskPlan(FINANCE, (_ACCOUNTING,), "AllUsers"),
    TaskPlan(FINANCE),
    TaskPlan(CLAIMS),
    TaskPlan(FINANCE, (_BOB,)),
    TaskPlan(CLAIMS, (_CAROL,)),
    TaskPlan(COMMERCIAL, (_SALES,), "AllUsers"),
    TaskPlan(FINANCE, (_ALICE,)),
    TaskPlan(CLAIMS, (PEOPLE["elena"],), "Workload"),
    TaskPlan(COMMERCIAL),
    TaskPlan(FINANCE, (_ALICE, _BOB), "AllUsers"),
    TaskPlan(CLAIMS, (_CLAIMS,), "AllUsers"),
    TaskPlan(COMMERCIAL, (PEOPLE["grace"],)),
    TaskPlan(CLAIMS, (ROBOTS[0],)),
    TaskPlan(FINANCE, (_ACCOUNTING,), "AllUsers"),
)
# Two assigned to Alice, four to the accounting group, two unassigned, one assigned to Bob.
_OPERATIONS = (
    TaskPlan(FINANCE, (_ACCOUNTING,), "AllUsers"),
    TaskPlan(FINANCE, (_ALICE,)),
    TaskPlan(FINANCE, (_ALICE,)),
    TaskPlan(FINANCE, (_ACCOUNTING,), "AllUsers"),
    TaskPlan(FINANCE),
    TaskPlan(FINANCE, (_BOB,)),
    TaskPlan(FINANCE, (_ACCOUNTING,), "AllUsers"),
    TaskPlan(FINANCE, (_ACCOUNTING,), "AllUsers"),
    TaskPlan(FINANCE),
)
_IDLE = ("Pending", "Faulted", "Cancelled", "Retrying", "", "Running")


class Sample:
    def __init__(self, seed: int, now: datetime) -> None:
        self._rng = random.Random(seed)
        self._now = now
        self._ids = count(FIRST_ID)
        self._large_ids = count(FIRST_LARGE_ID, 2)
        self._inner_ids = count((1 << 53) + 70_001, 2)
        self._numbers = count(20_001)
        self.tasks: list[Task] = []
        self.instances: list[Instance] = []

    def fill(self, wanted: int) -> None:
        """Make exactly `wanted` tasks. About three in five are open, a few are deleted."""
        plans = cycle(_TASK_PLANS)
        turn = 0
        while len(self.tasks) < wanted:
            plan = next(plans)
            task = self._task(plan, due=work.due_at(self._rng, self._now))
            if turn % 3 == 2:
                self._finish(task)
            elif turn % 19 == 9:
                self._delete(task)
            if turn % 8 == 5:
                self._idle_instance(turn)
            turn += 1

    def operations(self) -> None:
        """Make the scenario "operations": nine open tasks that Alice may see, two of them hers."""
        for number, (plan, hours) in enumerate(zip(_OPERATIONS, OPERATIONS_DUES, strict=True)):
            due = None if hours is None else self._now + timedelta(hours=hours)
            self._task(plan, due=due, age=timedelta(hours=(number + 2) * 17))

    def _task(self, plan: TaskPlan, *, due: datetime | None, age: timedelta | None = None) -> Task:
        rng = self._rng
        process = rng.choice([each for each in PROCESSES if each.folder is plan.folder])
        step = rng.choice(process.steps)
        case = work.case(rng, next(self._numbers))
        created = work.created_at(rng, self._now) if age is None else self._now - age
        if due is not None and due <= created:
            created = due - timedelta(hours=rng.randrange(2, 70))
        task = Task(
            id=next(self._large_ids if len(self.tasks) % LARGE_EVERY == 6 else self._ids),
            key=self._guid(),
            title=step.title(case),
            type=step.type,
            priority=rng.choice(("Low", "Medium", "Medium", "Medium", "High", "Critical")),
            folder=plan.folder.id,
            catalog=step.catalog,
            external_tag=f"CASE-{case.number}" if rng.random() < 0.4 else None,
            job=self._job(process, case, created),
            source=process.source,
            created=created,
            creator=ROBOTS[0].id if process.source != "Default" else SERVICE.id,
            data=process.data(case),
            sla=None if due is None else Sla(due),
            layout=step.layout,
            app=step.app_metadata(plan.folder),
        )
        if rng.random() < 0.3:
            task.tags = [Tag("country", "Country", case.country, case.country), Tag("channel", "Channel", "", "")]
        self._activity(task, "Created", task.creator, None, created)
        if plan.assignees:
            self._assign(task, plan)
        if rng.random() < 0.2:
            self._note(task, f"{case.customer} called by {case.channel}.")
        self.tasks.append(task)
        return task

    def _assign(self, task: Task, plan: TaskPlan) -> None:
        task.status = "Pending"
        task.criteria = plan.criteria
        task.assignments = [Assignment(next(self._inner_ids), each.id) for each in plan.assignees]
        if plan.criteria != "AllUsers":
            task.assignee = plan.assignees[0].id
        task.assigned_at = task.modified = task.created + (self._now - task.created) * self._rng.uniform(0.05, 0.3)
        task.modifier = _CAROL.id
        self._activity(task, "Assigned", _CAROL.id, plan.assignees[0].id, task.assigned_at)

    def _finish(self, task: Task) -> None:
        rng = self._rng
        people = [each for each in folder_users(_folder(task)) if each.type == "DirectoryUser"]
        by = task.assignee or rng.choice(people).id
        task.status = "Completed"
        task.completed = task.modified = task.created + (self._now - task.created) * rng.uniform(0.4, 0.9)
        task.completed_by = task.modifier = by
        task.action = rng.choice(("Approve", "Reject", "Submit"))
        self._activity(task, "Completed", by, None, task.completed)
        instance = self.instances[-1] if self.instances and self.instances[-1].id == task.job else None
        if instance is not None and rng.random() < 0.7:
            instance.status, instance.ended = "Completed", task.completed + timedelta(seconds=2)

    def _delete(self, task: Task) -> None:
        task.deleted = task.modified = task.created + (self._now - task.created) * 0.8
        task.deleter = task.modifier = _CAROL.id
        self._activity(task, "Deleted", _CAROL.id, None, task.deleted)

    def _job(self, process: Process, case: work.Case, started: datetime) -> str | None:
        """Return the key of the job that creates the task. The job of a Maestro process is also its instance."""
        if process.source == "Default":
            return None
        job = self._guid()
        if process.source == "Maestro":
            status = "Paused" if self._rng.random() < 0.08 else "Running"
            self._instance(job, process, case, started - timedelta(minutes=3), status)
        return job

    def _idle_instance(self, turn: int) -> None:
        """Make an instance without tasks."""
        process = self._rng.choice([each for each in PROCESSES if each.source == "Maestro"])
        case = work.case(self._rng, next(self._numbers))
        status = _IDLE[turn // 8 % len(_IDLE)]
        self._instance(self._guid(), process, case, work.created_at(self._rng, self._now), status)

    def _instance(self, id: str, process: Process, case: work.Case, started: datetime, status: str) -> None:
        self.instances.append(
            Instance(
                id=id,
                package=process.package,
                version=process.version,
                folder=process.folder.id,
                name=f"{process.package.removeprefix('Acme.')} {case.number}",
                status=status,
                started=started,
                started_by=_CAROL.user_name,
                ended=started + timedelta(minutes=7) if status in ("Faulted", "Cancelled") else None,
                error_code="170002" if status == "Faulted" else None,
            )
        )

    def _activity(
        self, task: Task, kind: str, by: int | None, target: int | None, at: datetime, note: Note | None = None
    ) -> None:
        task.activities.append(Activity(next(self._inner_ids), task, kind, by, target, note, at))

    def _note(self, task: Task, text: str) -> None:
        at = task.created + (self._now - task.created) * 0.35
        note = Note(next(self._inner_ids), task, text, _CAROL.id, at)
        task.notes.append(note)
        self._activity(task, "Commented", _CAROL.id, None, at, note)

    def _guid(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))


def _folder(task: Task) -> Folder:
    return next(folder for folder in (FINANCE, CLAIMS, COMMERCIAL) if folder.id == task.folder)
