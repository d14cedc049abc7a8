"""Fresh data. The same seed, number and moment give the same tasks."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from sandbox import work
from sandbox.camunda7.definitions import BY_KEY
from sandbox.camunda7.engine import Engine
from sandbox.camunda7.records import COMPLETED, Operation, Task
from sandbox.camunda7.store import Store


@dataclass(frozen=True, slots=True)
class Plan:
    """A task of a process, or one outside of processes with `process` None."""

    process: str | None
    step: str = ""
    owner: str | None = None
    end: str | None = None
    suspended: bool = False


_PLANS = (
    Plan("invoice", "approve_invoice"),
    Plan("invoice", "approve_invoice", "alice"),
    Plan("travel-expenses", "check_receipts"),
    Plan("supplier-contract", "review_contract"),
    Plan("goods-return", "inspect_goods", "carol"),
    Plan("invoice", "prepare_transfer"),
    Plan("invoice", "approve_invoice", "bob"),
    Plan("goods-return", "inspect_goods"),
    Plan("travel-expenses", "check_receipts", "alice", COMPLETED),
    Plan("invoice", "approve_invoice"),
    Plan(None, owner="alice"),
    Plan("supplier-contract", "sign_contract"),
    Plan("travel-expenses", "check_receipts"),
    Plan("invoice", "approve_invoice", "alice", "deleted"),
    Plan("goods-return", "inspect_goods"),
    Plan("travel-expenses", "check_receipts", "bob", COMPLETED),
    Plan("invoice", "prepare_transfer", suspended=True),
    Plan(None),
    Plan("goods-return", "inspect_goods"),
    Plan("invoice", "approve_invoice"),
)
_SCENARIO = (
    Plan("invoice", "approve_invoice", "alice"),
    Plan("invoice", "approve_invoice"),
    Plan("travel-expenses", "check_receipts"),
    Plan("invoice", "approve_invoice", "bob"),
    Plan("supplier-contract", "review_contract"),
    Plan("travel-expenses", "check_receipts", "alice", COMPLETED),
)


def fill(store: Store, *, tasks: int, seed: int, now: datetime, scenario: str | None) -> None:
    """Make exactly `tasks` tasks, or those of the scenario "operations"."""
    rng = random.Random(seed)
    plans = _SCENARIO if scenario == "operations" else _PLANS
    count = len(_SCENARIO) if scenario == "operations" else tasks
    for number, plan in zip(range(count), cycle(plans), strict=False):
        _make(store, rng, plan, number, now)


def _make(store: Store, rng: random.Random, plan: Plan, number: int, now: datetime) -> None:
    case = work.case(rng, number)
    created = _millis(work.created_at(rng, now))
    due = work.due_at(rng, now)
    if plan.process is None:
        id = store.new_id()
        task = Task(id=id, name=f"Call {case.customer}", created=created, assignee=plan.owner, priority=50, due=due)
        store.tasks[id] = task
        return
    process = BY_KEY[plan.process]
    variables = {
        name: {"type": "Integer" if isinstance(value, int) else "String", "value": value}
        for name, value in process.data(case).items()
    }
    engine = Engine(store)
    instance = engine.start(process, variables, f"{process.prefix}-{number:05d}", None)
    [first] = store.tasks_in(instance)
    instance.started = created
    if plan.step != process.steps[0].id:
        del store.tasks[first.id]
        made = engine.begin(instance, process.step(plan.step))
        if made is None:
            raise ValueError(plan)
        first = made
    first.created, first.due = created, _millis(due) if due else None
    first.follow_up = first.due - timedelta(days=2) if first.due and number % 3 == 0 else None
    if plan.owner is not None:
        first.assignee = plan.owner
        first.updated = created + timedelta(minutes=rng.randrange(1, 9))
        _log(store, first, "Claim", "assignee", plan.owner)
    if plan.end is not None:
        ended = created + timedelta(minutes=9, milliseconds=number)
        first.ended, first.reason, first.users, first.groups = ended, plan.end, [], []
        instance.ended = ended
        instance.state = "COMPLETED" if plan.end == COMPLETED else "EXTERNALLY_TERMINATED"
        if plan.end == COMPLETED and plan.owner is not None:
            _log(store, first, "Complete", "delete", plan.owner)
    if plan.suspended:
        instance.state = "SUSPENDED"


def _log(store: Store, task: Task, kind: str, property: str, user: str) -> None:
    time = task.ended or task.updated or task.created
    after = user if property == "assignee" else "true"
    before = None if property == "assignee" else "false"
    store.operations.append(Operation(store.new_id(), store.new_id(), user, time, kind, property, before, after, task))


def _millis(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
