"""Writes that arrive at once: one of them is applied."""

import asyncio
from collections import Counter
from collections.abc import Awaitable

from connectors.camunda7 import Camunda7Connector
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Claim, Complete, MutationStatus
from connectors.sdk.errors import AlreadyAssignedError, ConflictError, ConnectorError
from connectors.sdk.model import TaskState
from connectors.sdk.testing import read
from tests.real.operaton.company import Company

Outcomes = Counter[object]


async def told(write: Awaitable[object]) -> object:
    try:
        await write
    except ConnectorError as error:
        return type(error), error.maybe_applied
    return MutationStatus.APPLIED


async def test_of_eight_people_who_claim_at_once_one_wins(company: Company, connector: Camunda7Connector) -> None:
    """Five times. The others are told that the task is taken, and it has one owner."""
    for id in await company.many("invoice", 5, amount=12):
        task = await read(connector, id)
        claims = (
            told(connector.perform(Claim(task=task, actor=Identity(native_id=f"person-{number}"))))
            for number in range(8)
        )
        outcomes = Outcomes(await asyncio.gather(*claims))

        assert Outcomes({MutationStatus.APPLIED: 1, (AlreadyAssignedError, False): 7}) == outcomes
        assert str((await company.row(id))["assignee"]).startswith("person-")


async def test_of_six_completions_at_once_one_is_applied(
    company: Company, connector: Camunda7Connector, alice: Identity
) -> None:
    """Five times. The process goes on once."""
    for flow in [await company.start("invoice", amount=12) for _ in range(5)]:
        task = await read(connector, str((await company.tasks(flow))[0]["id"]))
        data: dict[str, object] = {"amount": 7}
        completions = (told(connector.perform(Complete(task=task, actor=alice, data=data))) for _ in range(6))
        outcomes = Outcomes(await asyncio.gather(*completions))
        after = await company.tasks(flow)

        assert Outcomes({MutationStatus.APPLIED: 1, (ConflictError, False): 5}) == outcomes
        assert ["Prepare bank transfer"] == [each["name"] for each in after]
        assert TaskState.COMPLETED is (await read(connector, task.native_id)).state
