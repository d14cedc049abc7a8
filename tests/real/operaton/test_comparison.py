"""The stand-in against the engine: the same requests, the same answers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest

from sandbox.camunda7 import Camunda7StandIn
from sandbox.camunda7.directory import ADMIN, ADMIN_PASSWORD
from tests.real.operaton.company import Company, client_of
from tests.real.operaton.conversations import CONVERSATIONS
from tests.real.operaton.differences import ACCEPTED
from tests.real.operaton.exchange import Conversation, differences


@pytest.fixture
async def standing_in() -> AsyncIterator[Company]:
    stand_in = Camunda7StandIn()
    stand_in.reset(tasks=0, seed=7, now=None, scenario=None)
    app: Any = stand_in
    transport = httpx2.ASGITransport(app=app)
    async with client_of("http://camunda7.test/engine-rest", ADMIN, ADMIN_PASSWORD, transport) as client:
        yield Company(client)


@pytest.mark.parametrize("converse", CONVERSATIONS, ids=lambda converse: converse.__name__)
async def test_the_stand_in_answers_as_the_engine_does(
    converse: Callable[[Conversation], Awaitable[None]], standing_in: Company, company: Company
) -> None:
    """Except for the accepted differences; every accepted difference must still exist."""
    ours, theirs = Conversation(standing_in), Conversation(company)
    await converse(ours)
    await converse(theirs)
    found = differences(ours.exchanges, theirs.exchanges)
    accepted = {(each.label, each.what) for each in ACCEPTED}
    labels = {each.label for each in ours.exchanges}

    assert [] == [str(each) for each in found if (each.label, each.what) not in accepted]
    assert {each for each in accepted if each[0] in labels} <= {(each.label, each.what) for each in found}
