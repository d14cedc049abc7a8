"""A stand-in for Camunda with a clock that stands still."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from sandbox.camunda import STAND_IN
from sandbox.camunda.stand_in import CamundaStandIn


@dataclass
class StillClock:
    now: datetime = datetime(2026, 6, 15, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, milliseconds: int) -> None:
        self.now += timedelta(milliseconds=milliseconds)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def camunda(clock: StillClock) -> CamundaStandIn:
    stand_in = STAND_IN(clock=clock)
    stand_in.reset(tasks=300, seed=7, now=None, scenario=None)
    return stand_in


@pytest.fixture
async def engine(camunda: CamundaStandIn) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that is signed in at the stand-in."""
    transport = httpx2.ASGITransport(app=camunda)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://camunda/v2", auth=("demo", "demo"), headers={"X-Request-Id": "r1"}
    ) as client:
        yield client
