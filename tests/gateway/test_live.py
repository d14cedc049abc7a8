"""A change that is made at a vendor, past the gateway, is told to those who see it: what it is now, or that it is gone."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sandbox.camunda7.directory import ADMIN, ADMIN_PASSWORD
from tests.gateway.http.socket_client import Socket
from tests.world import NO_CERTIFICATES, World, opened

pytestmark = pytest.mark.server

LIVE = "subscription { inboxChanged(scope: MINE_OR_CLAIMABLE) { kind taskId task { state assignee { displayName } } } }"
CLAIMABLE = """{ viewer { inbox(scope: CLAIMABLE, first: 100) {
    nodes { id source { key } native { nativeId } } } } }"""
# For machines that have much else to do. The look comes after half a second.
PATIENCE = 120


async def claimable(world: World, person: str) -> dict[str, str]:
    """Tasks of Camunda 7: native id by id."""
    nodes = (await world.data(CLAIMABLE, person))["viewer"]["inbox"]["nodes"]
    return {each["id"]: each["native"]["nativeId"] for each in nodes if each["source"]["key"] == "camunda7"}


async def claimed_at_the_vendor(world: World, native_id: str, user: str) -> None:
    url = f"{world.urls['camunda7']}/engine-rest/task/{native_id}/claim"
    async with httpx2.AsyncClient(verify=NO_CERTIFICATES, timeout=PATIENCE) as client:
        (await client.post(url, json={"userId": user}, auth=(ADMIN, ADMIN_PASSWORD))).raise_for_status()


async def events(socket: Socket, *, until: str) -> list[dict[str, Any]]:
    """Up to one about that task, or RESYNC."""
    found: list[dict[str, Any]] = []
    while True:
        text = await asyncio.wait_for(socket._outward.get(), PATIENCE)
        message = json.loads(text["text"])
        if message["type"] == "ping":
            continue
        event = message["payload"]["data"]["inboxChanged"]
        found.append(event)
        if until in {event["taskId"], event["kind"]}:
            return found


async def test_a_change_at_the_vendor_is_told_by_the_next_looks(tmp_path: Path) -> None:
    async with opened(tmp_path, in_gateway=["live.min_seconds = 0.5"]) as world:
        both = (await claimable(world, "alice")).items() & (await claimable(world, "bob")).items()
        task, native_id = min(both)
        async with Socket(world.client) as alice, Socket(world.client) as bob:
            for socket, person in ((alice, "alice"), (bob, "bob")):
                await socket.open(person)
                socket.subscribe("1", LIVE)
            # The first of both gets it; the other one, too, if it comes before the first look has ended.
            await events(alice, until="RESYNC")
            while "taskgate_subscribers 2.0" not in (await world.client.get("/metrics")).text:  # noqa: ASYNC110 it has no event for that
                await asyncio.sleep(0.05)

            await claimed_at_the_vendor(world, native_id, "alice")

            (*_, told), (*_, removed) = await events(alice, until=task), await events(bob, until=task)
            assert (told["kind"], told["task"]["state"]) == ("CHANGED", "RESERVED")
            assert (removed["kind"], removed["task"]) == ("REMOVED", None)
