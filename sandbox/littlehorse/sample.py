"""Sample work: the same seed, number and moment give the same tasks."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from sandbox import work
from sandbox.littlehorse.forms import DEFINITIONS, UserTaskDef
from sandbox.littlehorse.kernel import Event, TaskRun
from sandbox.littlehorse.realm import UserIdClaim, user_called
from sandbox.people import members

OPERATIONS = "operations"
# Somebody who left, and a group that was renamed: the realm knows neither.
FORMER = "former.colleague@example.com"


@dataclass(frozen=True, slots=True)
class Deal:
    """How a task stands. `user` "" is anybody of the group, None nobody."""

    status: str
    group: str | None
    user: str | None = None


_DEALS = (
    Deal("ASSIGNED", "accounting", "alice"),
    Deal("UNASSIGNED", "accounting"),
    Deal("UNASSIGNED", "claims"),
    Deal("DONE", "accounting", "alice"),
    Deal("ASSIGNED", "accounting", "bob"),
    Deal("UNASSIGNED", "accounting"),
    Deal("ASSIGNED", None, "alice"),
    Deal("UNASSIGNED", "legal"),
    Deal("DONE", "claims", ""),
    Deal("ASSIGNED", "operations", "carol"),
    Deal("UNASSIGNED", "operations"),
    Deal("UNASSIGNED", "accounting"),
    Deal("CANCELLED", "accounting", "alice"),
    Deal("ASSIGNED", "procurement", ""),
    Deal("DONE", "accounting", "bob"),
    Deal("UNASSIGNED", "sales"),
    Deal("CANCELLED", "operations"),
    Deal("UNASSIGNED", "operations"),
    Deal("UNASSIGNED", "formerly-sales"),
    Deal("ASSIGNED", "accounting", FORMER),
)


class Sample:
    def __init__(self, seed: int, now: datetime, claim: UserIdClaim) -> None:
        self.rng = random.Random(seed)
        self._now = now
        self._claim = claim

    def tasks(self, count: int) -> list[TaskRun]:
        """Exactly that many; now and then one run has two of them."""
        found: list[TaskRun] = []
        run = ""
        for number, deal in zip(range(count), cycle(_DEALS), strict=False):
            again = bool(found) and number % 7 == 3
            run = run if again else f"{self.rng.getrandbits(128):032x}"
            created = work.created_at(self.rng, self._now)
            found.append(self.task(deal, number, created, run=run, id=f"0-{3 if again else 1}"))
        return found

    def operations(self) -> list[TaskRun]:
        """Four open tasks that Alice may see, one of them hers; closed ones and others' beside them."""
        deals = (
            Deal("ASSIGNED", "accounting", "alice"),
            Deal("UNASSIGNED", "accounting"),
            Deal("UNASSIGNED", "accounting"),
            Deal("ASSIGNED", "accounting", "bob"),
            Deal("UNASSIGNED", "claims"),
            Deal("DONE", "accounting", "alice"),
        )
        return [
            self.task(deal, number, self._now - timedelta(hours=17 * (number + 1)), run=f"{number + 1:032x}", id="0-1")
            for number, deal in enumerate(deals)
        ]

    def task(self, deal: Deal, number: int, created: datetime, *, run: str, id: str) -> TaskRun:
        definition = self._definition(deal.group)
        user = self._user(deal)
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
            deal.status,
            user,
            deal.group,
            notes,
            created.replace(microsecond=created.microsecond // 1000 * 1000),
        )
        first = user if deal.group is None else None
        events = [_assigned(created, "", "", first or "", deal.group or "")]
        if user is not None and first is None:
            moment = created + timedelta(minutes=self.rng.randrange(1, 9))
            events.append(_assigned(moment, "", deal.group or "", user, deal.group or ""))
        ended = created + timedelta(minutes=9, seconds=self.rng.randrange(30))
        if deal.status == "DONE":
            results: dict[str, tuple[str, Any]] = {
                each.name: (each.type, self.rng.choice(each.samples)) for each in definition.fields
            }
            events.append(Event(ended, "TASK_COMPLETED", {"message": "Completed"}))
            return replace(made, results=results, events=tuple(events))
        if deal.status == "CANCELLED":
            events.append(Event(ended, "TASK_CANCELLED", {"message": "Cancelled"}))
        if number % 6 == 5:
            reminder = {"wfRunId": run, "userTaskGuid": f"reminder-{number}"}
            events.append(Event(created + timedelta(minutes=8), "TASK_EXECUTED", reminder))
        return replace(made, events=tuple(events))

    def _definition(self, group: str | None) -> UserTaskDef:
        fitting = [each for each in DEFINITIONS.values() if group is None or group in each.groups]
        return self.rng.choice(fitting or list(DEFINITIONS.values()))

    def _user(self, deal: Deal) -> str | None:
        if deal.user is None or "@" in deal.user:
            return deal.user
        name = deal.user or self.rng.choice(members(deal.group or "")).key
        return user_called(name).kernel_id(self._claim)


def _assigned(at: datetime, user: str, group: str, new_user: str, new_group: str) -> Event:
    body = {"oldUserId": user, "oldUserGroup": group, "newUserId": new_user, "newUserGroup": new_group}
    return Event(at, "TASK_ASSIGNED", body)
