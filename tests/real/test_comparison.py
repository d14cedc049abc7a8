"""The stand-in against the engine: the same requests, the same answers."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from sandbox.camunda import STAND_IN, stand_in
from tests.real.cluster import Cluster, client_of
from tests.real.conversations import CONVERSATIONS
from tests.real.differences import ACCEPTED
from tests.real.engine import PASSWORD
from tests.real.exchange import Conversation, differences


@pytest.fixture
async def standing_in(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    """The stand-in, which does the jobs of its task listeners itself."""
    monkeypatch.setattr(stand_in, "PASSWORD", PASSWORD)
    made = STAND_IN(release="8.9")
    made.reset(tasks=0, seed=7, now=None, scenario=None)
    async with client_of("http://camunda.test", transport=httpx2.ASGITransport(app=made)) as client:
        yield Cluster(client, plays_listeners=False)


@pytest.mark.parametrize("converse", CONVERSATIONS, ids=lambda converse: converse.__name__)
async def test_the_stand_in_answers_as_the_engine_does(
    converse: Callable[[Conversation], Awaitable[None]], standing_in: Cluster, cluster: Cluster
) -> None:
    """Except for the accepted differences; every accepted difference must still exist."""
    ours, theirs = Conversation(standing_in), Conversation(cluster)
    await converse(ours)
    await converse(theirs)
    found = differences(ours.exchanges, theirs.exchanges)
    accepted = {(each.label, each.what) for each in ACCEPTED}
    labels = {each.label for each in ours.exchanges}

    assert [] == [str(each) for each in found if (each.label, each.what) not in accepted]
    assert {each for each in accepted if each[0] in labels} <= {(each.label, each.what) for each in found}
