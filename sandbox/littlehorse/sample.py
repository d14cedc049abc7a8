"""Fresh data. The same seed, number and moment give the same tasks."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from sandbox import work
from sandbox.littlehorse.definitions import DEFINITIONS, UserTaskDef
from sandbox.littlehorse.directory import SUBGROUP, user_called
from sandbox.littlehorse.records import Event, TaskRun
from sandbox.littlehorse.variants import UserIdClaim
from sandbox.people import members

OPERATIONS = "operations"
# A user who was deleted. Like the group "formerly-sales", the realm does not know it any more.
FORMER = "former.colleague@example.com"


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """State, group and user of a task. `user` "" is a random member of the group, None is no user."""

    status: str
    group: str | None
    user: str | None = None


_TASK_PLANS = (
    TaskPlan("ASSIGNED", "accounting", "alice"),
    TaskPlan("UNASSIGNED", "accounting"),
    TaskPlan("UNASSIGNED", "claims"),
    TaskPlan("DONE", "accounting", "alice"),
    TaskPlan("ASSIGNED", "accounting", "bob"),
    TaskPlan("UNASSIGNED", "accounting"),
    TaskPlan("ASSIGNED", None, "alice"),
    TaskPlan("UNASSIGNED", "legal"),
    TaskPlan("DONE", "claims", ""),
    TaskPlan("ASSIGNED", "operations", "carol"),
    TaskPlan("UNASSIGNED", "operations"),
    TaskPlan("UNASSIGNED", "accounting"),
    TaskPlan("CANCELLED", "accounting", "alice"),
    TaskPlan("ASSIGNED", "procurement", ""),
    TaskPlan("DONE", "accounting", "bob"),
    TaskPlan("UNASSIGNED", "sales"),
    TaskPlan("CANCELLED", "operations"),
    TaskPlan("UNASSIGNED", "operations"),
    TaskPlan("UNASSIGNED", "formerly-sales"),
    TaskPlan("ASSIGNED", "accounting", FORMER),
)


# Of the second twenty, the task of an unknown group is of one below another group, which an admin's list does not have.
_NEXT_TASK_PLANS = tuple(
    replace(plan, group=SUBGROUP) if plan.group == "formerly-sales" else plan for plan in _TASK_PLANS
)


class Sample:
    def __init__(self, seed: int, now: datetime, claim: UserIdClaim) -> None:
        self.rng = random.Random(seed)
        self._now = now
        self._claim = claim

    def tasks(self, count: int) -> list[TaskRun]:
        """Make exactly `count` tasks. Some workflow runs have two."""
        found: list[TaskRun] = []
        run = ""
        for number, plan in zip(range(count), cycle(_TASK_PLANS + _NEXT_TASK_PLANS), strict=False):
            again = bool(found) and number % 7 == 3
            run = run if again else f"{self.rng.getrandbits(128):032x}"
            created = work.created_at(self.rng, self._now)
            found.append(self.task(plan, number, created, run=run, id=f"0-{3 if again else 1}"))
        return found

    def operations(self) -> list[TaskRun]:
        """Make the scenario: four open tasks that Alice may see, one of them hers, and some that are closed or not hers."""
        plans = (
            TaskPlan("ASSIGNED", "accounting", "alice"),
            TaskPlan("UNASSIGNED", "accounting"),
            TaskPlan("UNASSIGNED", "accounting"),
            TaskPlan("ASSIGNED", "accounting", "bob"),
            TaskPlan("UNASSIGNED", "claims"),
            TaskPlan("DONE", "accounting", "alice"),
        )
        return [
            self.task(plan, number, self._now - timedelta(hours=17 * (number + 1)), run=f"{number + 1:032x}", id="0-1")
            for number, plan in enumerate(plans)
        ]

    def task(self, plan: TaskPlan, number: int, created: datetime, *, run: str, id: str) -> TaskRun:
        definition = self._definition(plan.group)
        user = self._user(plan)
        case = work.case(self.rng, number)
        notes = definition.notes.format(
            company=case.company,
            amount=case.amount,
            customer=case.customer,
            damage=case.damage,
            contract=case.contract.capitalize(),
        )
        made = TaskRun(
            run,
            id,
            definition.name,
            plan.status,
            user,
            plan.group,
            notes,
            created.replace(microsecond=created.microsecond // 1000 * 1000),
        )
        first = user if plan.group is None else None
        events = [_assigned(created, "", "", first or "", plan.group or "")]
        if user is not None and first is None:
            moment = created + timedelta(minutes=self.rng.randrange(1, 9))
            events.append(_assigned(moment, "", plan.group or "", user, plan.group or ""))
        ended = created + timedelta(minutes=9, seconds=self.rng.randrange(30))
        if plan.status == "DONE":
            results: dict[str, tuple[str, Any]] = {
                each.name: (each.type, self.rng.choice(each.samples)) for each in definition.fields
            }
            events.append(Event(ended, "TASK_COMPLETED", {"message": "Completed"}))
            return replace(made, results=results, events=tuple(events))
        if plan.status == "CANCELLED":
            events.append(Event(ended, "TASK_CANCELLED", {"message": "UserTaskRun was cancelled"}))
        if number % 6 == 5:
            reminder = {"wfRunId": run, "userTaskGuid": f"reminder-{number}"}
            events.append(Event(created + timedelta(minutes=8), "TASK_EXECUTED", reminder))
        return replace(made, events=tuple(events))

    def _definition(self, group: str | None) -> UserTaskDef:
        fitting = [each for each in DEFINITIONS.values() if group is None or group in each.groups]
        return self.rng.choice(fitting or list(DEFINITIONS.values()))

    def _user(self, plan: TaskPlan) -> str | None:
        if plan.user is None or "@" in plan.user:
            return plan.user
        name = plan.user or self.rng.choice(members(plan.group or "")).key
        return user_called(name).kernel_id(self._claim)


def _assigned(at: datetime, user: str, group: str, new_user: str, new_group: str) -> Event:
    body = {"oldUserId": user, "oldUserGroup": group, "newUserId": new_user, "newUserGroup": new_group}
    return Event(at, "TASK_ASSIGNED", body)
