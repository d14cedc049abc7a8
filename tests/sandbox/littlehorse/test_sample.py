"""Fresh data of the stand-in for the bridge."""

import pytest

from sandbox.littlehorse import STAND_IN
from sandbox.littlehorse.directory import group_named, user_called
from tests.sandbox.littlehorse.bridge import NOW, Bridge


@pytest.mark.parametrize("tasks", [0, 1, 40, 500])
def test_the_same_arguments_make_the_same_tasks(tasks: int) -> None:
    """There are exactly as many tasks as requested, with unique ids. Another seed gives other tasks."""
    made = []
    for seed in (7, 7, 8):
        stand_in = STAND_IN(clock=lambda: NOW)
        stand_in.reset(tasks=tasks, seed=seed, now=NOW, scenario=None)
        made.append(stand_in.bridge.kernel.all())

    assert tasks == len(made[0]) == len({task.key for task in made[0]})
    assert made[0] == made[1]
    assert tasks == 0 or made[0] != made[2]


async def test_alice_has_tasks_of_every_kind(bridge: Bridge) -> None:
    """She has assigned, claimable, finished and cancelled tasks."""
    group = group_named("accounting")
    assert group is not None
    mine = (await bridge.get("/tasks", limit=100))["userTasks"]
    claimable = (await bridge.get("/tasks/claimable", limit=100, user_group_id=group.id))["userTasks"]

    assert {"ASSIGNED", "DONE", "CANCELLED"} == {task["status"] for task in mine}
    assert {"UNASSIGNED"} == {task["status"] for task in claimable}
    assert {user_called("alice").id} == {task["user"]["id"] for task in mine}


def test_the_scenario_is_that_of_the_dashboards() -> None:
    """Alice may see four open tasks, one of them is hers. Another scenario is an error."""
    stand_in = STAND_IN(clock=lambda: NOW)
    stand_in.reset(tasks=40, seed=7, now=NOW, scenario="operations")
    visible = [task for task in stand_in.bridge.kernel.all() if task.is_open and task.group == "accounting"]

    assert (4, 1) == (len(visible), sum(task.user == "alice@example.com" for task in visible))
    with pytest.raises(ValueError, match="operations"):
        stand_in.reset(tasks=40, seed=7, now=NOW, scenario="else")
