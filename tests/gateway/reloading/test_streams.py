"""A reload ends subscriptions without the mark of the end: clients subscribe anew under the new configuration."""

import asyncio
from pathlib import Path

from tests.gateway.configuration import GATEWAY, SOURCES
from tests.gateway.http.socket_client import Socket
from tests.gateway.http.test_streamed_answer import SSE, WAITING, Exchange
from tests.gateway.reloading.test_reload import CAMUNDA, opened


async def test_clients_are_asked_to_connect_again(tmp_path: Path) -> None:
    limits = f"{GATEWAY}\n[gateway.live]\nper_connection = 1\n"
    async with opened(tmp_path, sources=CAMUNDA) as running:
        client = running.client
        async with Socket(client) as first, Exchange(client, WAITING, SSE) as exchange:
            await first.open()
            first.subscribe("1", WAITING)
            first.subscribe("2", "subscription { inboxChanged { kind } }")
            await asyncio.sleep(0.02)
            await running.reload(sources=SOURCES, gateway=limits)

            assert await first.closed() == 4001
            assert "complete" not in await exchange.text()
        # Nothing of the earlier configuration is held by them.
        await asyncio.wait_for(running.app.state.retired(), 5)
        async with Socket(client) as again:
            await again.open()
            again.subscribe("1", WAITING)
            again.subscribe("2", WAITING)
            assert await again.closed() == 4429
