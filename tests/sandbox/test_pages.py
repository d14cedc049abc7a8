"""Pages for people, where links lead to."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from sandbox.camunda import CamundaStandIn
from sandbox.control import Control
from sandbox.offers import OFFERS
from sandbox.stand_in import StandIn
from sandbox.uipath import UiPathStandIn


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (CamundaStandIn, "/tasklist/2251799813685732"),
        (CamundaStandIn, "/operate/processes/2251799813685732"),
        (UiPathStandIn, "/acme/DefaultTenant/actions_/current-task/tasks/101"),
    ],
)
async def test_a_link_leads_to_a_page(made: Callable[[], StandIn], path: str) -> None:
    """Without credentials. Any other path is the vendor's API."""
    stand_in = made()
    stand_in.reset(tasks=3, seed=7, now=None, scenario=None)
    app: Any = Control(stand_in)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://here.test") as client:
        page = await client.get(path)
        other = await client.get(path + "/x")

    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    assert path.rsplit("/", 1)[-1] in page.text
    assert 200 != other.status_code


@pytest.mark.parametrize("path", ["/__sandbox__", "/__sandbox__/"])
async def test_the_control_interface_says_what_it_takes(path: str) -> None:
    """Each request that it has, no other; what a POST takes as it stands in the list is accepted."""
    stand_in = CamundaStandIn()
    stand_in.reset(tasks=3, seed=7, now=None, scenario=None)
    control = Control(stand_in)
    app: Any = control
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://here.test") as client:
        listed = (await client.get(path)).json()["control"]
        answers = [
            await client.request(*each["request"].split(" "), json=each.get("body"))
            for each in listed
            if not each["request"].startswith("DELETE")
        ]

    assert control._routes.keys() == OFFERS.keys()
    assert {f"{method} /__sandbox__/{name}" for method, name in OFFERS} == {each["request"] for each in listed}
    assert {200, 204} == {answer.status_code for answer in answers}
