"""The engine is killed in the middle of writes, and started again on its data."""

import asyncio

from connectors.camunda7 import Camunda7Connector
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Complete
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Task, TaskState
from tests.real.operaton.company import Company
from tests.real.operaton.engine import Engine

TASKS, ANSWERS = 32, 8


async def test_what_was_answered_is_kept_and_what_was_not_is_said_to_be_open(
    engine: Engine, company: Company, connector: Camunda7Connector, alice: Identity
) -> None:
    """SIGKILL while completions are under way: each answered one is there afterwards; each other one may be applied."""
    ids = await company.many("goods-return", TASKS)
    tasks = [task for task in (await connector.get_tasks(ids)).values() if isinstance(task, Task)]
    answered: set[str] = set()
    lost: dict[str, ConnectorError] = {}
    enough = asyncio.Event()
    turns = asyncio.Semaphore(8)

    async def complete(number: int) -> None:
        task = tasks[number]
        async with turns:
            try:
                await connector.perform(Complete(task=task, actor=alice, data={"number": number}))
            except ConnectorError as error:
                lost[task.native_id] = error
                return
        answered.add(task.native_id)
        if len(answered) >= ANSWERS:
            enough.set()

    writes = [asyncio.create_task(complete(number)) for number in range(TASKS)]
    await enough.wait()
    await asyncio.to_thread(engine.kill)
    await asyncio.gather(*writes)
    await asyncio.to_thread(engine.start)
    after = await connector.get_tasks(ids)
    states = {id: task.state for id, task in after.items() if isinstance(task, Task)}
    unsent = [id for id, error in lost.items() if not error.maybe_applied]

    assert TASKS == len(tasks) == len(states)
    assert answered
    assert lost
    assert answered | lost.keys() == states.keys()
    assert {TaskState.COMPLETED} == {states[id] for id in answered}
    assert {TaskState.READY} >= {states[id] for id in unsent}, "said to be not applied, but it was"
    assert {states[id] for id in lost} <= {TaskState.COMPLETED, TaskState.READY}
