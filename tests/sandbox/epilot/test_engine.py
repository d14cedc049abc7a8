"""A flow of the stand-in for epilot stays consistent under any sequence of changes."""

import random
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from sandbox.epilot.definitions import TEMPLATES, instantiate
from sandbox.epilot.engine import Engine, add_task, graph, patch_flow, patch_task
from sandbox.epilot.engine.due_dates import after, floating
from sandbox.epilot.errors import RefusalError
from sandbox.epilot.records import Context, Flow, TaskStatus, TimeUnit, Trigger
from sandbox.epilot.requests import AddTask, NewTask, PatchFlow, PatchTask
from tests.sandbox.epilot.organisation import NOW

STATUSES: tuple[TaskStatus, ...] = ("PENDING", "IN_PROGRESS", "ON_HOLD", "COMPLETED", "SKIPPED")
steps = st.lists(
    st.tuples(
        st.sampled_from(("patch", "patch", "patch", "revert", "wait", "add", "close", "reopen")),
        st.integers(0, 20),
        st.sampled_from(STATUSES),
    ),
    max_size=30,
)


def checked(flow: Flow) -> None:
    current = [each.id for each in flow.crt_tasks]
    tasks = {task.id: task for task in flow.tasks}

    assert len(tasks) == len(flow.tasks)
    assert len(set(current)) == len(current)
    assert tasks.keys() >= set(current)
    assert not any(tasks[id].is_finished for id in current)
    assert flow.status != "STARTED" or current or not list(graph.frontier(flow))


@given(template=st.sampled_from(sorted(TEMPLATES)), steps=steps, seed=st.integers(0, 1000))
def test_a_flow_stays_whole_whatever_is_done_to_it(
    template: str, steps: list[tuple[str, int, TaskStatus]], seed: int
) -> None:
    """Current tasks are unique and unfinished. A running flow has at least one, unless no task is open."""
    rng = random.Random(seed)

    def new_id() -> str:
        return str(UUID(int=rng.getrandbits(128), version=4))

    engine, now = Engine(new_id), NOW
    flow = instantiate(
        TEMPLATES[template],
        id="exec_1",
        org="1",
        new_id=new_id,
        contexts=[Context("e", "s")],
        now=now,
        by="1",
        trigger=Trigger(),
        owner="2",
    )
    engine.advance(flow, now)
    checked(flow)
    refusals: set[int] = set()
    for what, number, status in steps:
        now += timedelta(seconds=1)
        engine.settle(now, lambda _: flow)
        task = flow.tasks[number % len(flow.tasks)]
        branch = task.conditions[number % len(task.conditions)].id if task.conditions else None
        try:
            if what == "wait":
                now += timedelta(weeks=number)
                engine.settle(now, lambda _: flow)
            elif what == "close":
                patch_flow(engine, flow, PatchFlow(status="CLOSED"), now, "1")
            elif what == "reopen":
                patch_flow(engine, flow, PatchFlow(status="STARTED"), now, "1")

                assert "STARTED" == flow.status
            elif what == "add":
                edge = flow.edges[number % len(flow.edges)]
                new = AddTask(edge.from_id, edge.to_id, NewTask("More"))
                add_task(engine, flow, new, new_id(), now)
            else:
                body = PatchTask(
                    status="PENDING" if what == "revert" else status,
                    next_condition_id=branch,
                    revert_execution=what == "revert",
                )
                patch_task(engine, flow, task, body, now, "1")
        except RefusalError as refusal:
            refusals.add(refusal.status)
        checked(flow)

    assert {400} >= refusals


@given(count=st.integers(0, 60), unit=st.sampled_from(("minutes", "hours", "days", "weeks", "months", "years")))
def test_later_is_never_earlier(count: int, unit: TimeUnit) -> None:
    """For every unit. The last day of a month stays within the resulting month."""
    moment = NOW.replace(month=1, day=31)
    later = after(moment, count, unit)

    assert moment <= later
    assert (count == 0) == (moment == later)
    assert floating(later).endswith("T00:00:00.000")
    if unit == "months":
        assert (moment.month - 1 + count) % 12 + 1 == later.month


def test_a_task_without_a_date_has_none() -> None:
    """The member is left out, not null."""
    assert UNSET is NewTask("x").due_date
