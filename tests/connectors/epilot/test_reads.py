"""Single tasks and flows."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.epilot import EpilotConnector
from connectors.sdk.errors import NotFoundError
from connectors.sdk.model import DetailAspect, Task
from tests.connectors.epilot.example import everything

Scripted = Callable[..., EpilotConnector]

# Flows of entities


async def test_the_detail_of_a_task_that_is_gone_is_not_found(organisation: Any, task: Task) -> None:
    """The flow exists and does not have the task."""
    known = (await everything(organisation.connector))[0]
    gone = f"{known.flow_id}/gone"

    assert {} == await organisation.connector.get_tasks([gone])
    with pytest.raises(NotFoundError):
        await organisation.connector.get_detail(replace(task, native_id=gone), frozenset(DetailAspect))


async def test_tasks_of_one_flow_cost_one_call(organisation: Any) -> None:
    """For any number of ids."""
    every = await everything(organisation.connector)
    flow = every[0].flow_id
    ids = [task.native_id for task in every if task.flow_id == flow]
    organisation.forget()
    found = await organisation.connector.get_tasks(ids)

    assert sorted(found) == sorted(ids)
    assert 1 == len(organisation.asked) < len(ids)


async def test_an_unknown_v1_execution_is_absent(organisation: Any) -> None:
    """The vendor answers 200 without a body."""
    assert {} == await organisation.connector.get_tasks(["v1/none/none"])
    assert {} == await organisation.connector.get_flows(["v1/none"])
