"""Whose token a vendor gets from a source that acts as the person and has a reader account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.errors import IdentityNotLinkedError
from connectors.sdk.query import TaskQuery
from connectors.sdk.registry import connector_types
from gateway.federation.lists import DirectoryScan
from gateway.federation.sources import Source
from gateway.federation.traffic import CallContext, in_context
from gateway.shared.memory import memory_state
from sandbox.registry import stand_ins
from tests.gateway.test_shared_state import BASE_URL, PERSONAL, SCENARIOS

VIEWERS = [(vendor, mode) for vendor, mode in PERSONAL if mode == "viewer"]


class Recording(httpx2.AsyncBaseTransport):
    """Keeps the token of each request at the source."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.tokens: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if "token" not in request.url.path:
            self.tokens.append(request.headers.get("authorization", "").removeprefix("Bearer "))
        return await self._inner.handle_async_request(request)


class Here:
    """A stand-in, and the source over it."""

    def __init__(self, vendor: str, mode: str, *, has_reader: bool = True) -> None:
        self.stand_in: Any = stand_ins()[vendor]()
        self.stand_in.reset(tasks=40, seed=7, now=None, scenario=SCENARIOS.get(vendor))
        if vendor == "littlehorse":
            self.stand_in.set_up()
        config = self.stand_in.source_config(BASE_URL)
        account = config.pop("credentials")
        reader = {"reader": account} if has_reader else {}
        kind = connector_types()[vendor]
        section = kind.settings_type.model_validate(config | PERSONAL[vendor, mode] | reader)
        self.transport = Recording(httpx2.ASGITransport(app=self.stand_in))
        reading = section.as_reader()
        self.source = Source(
            kind.open(section, transport=self.transport),
            reader=None if reading is None else kind.open(reading, transport=self.transport),
            rate_limits=memory_state().rate_limits,
        )

    def alice(self) -> tuple[CallContext, str]:
        known = self.stand_in.identities()["alice"]
        identity = Identity(native_id=known["id"], groups=tuple(known["groups"]))
        caller = Caller(key="alice", name="Alice", identities={self.source.key: identity})
        token = self.stand_in.token("alice")
        return CallContext(caller=caller, token=token), token

    async def list(self, context: CallContext) -> int:
        self.transport.tokens.clear()
        with in_context(context):
            connector = self.source.connector
            query = connector.pushdown(TaskQuery())
            page = await self.source.read("list tasks", lambda: connector.list_tasks(query, limit=100))
        return len(page.items)


@asynccontextmanager
async def opened(vendor: str, mode: str, **more: Any) -> AsyncIterator[Here]:
    here = Here(vendor, mode, **more)
    try:
        yield here
    finally:
        await here.source.aclose()


@pytest.mark.parametrize(("vendor", "mode"), VIEWERS)
async def test_the_account_is_for_the_gateway_and_the_persons_token_for_the_person(vendor: str, mode: str) -> None:
    """The account sees more. Each is used for its own reads only, in whatever order they come."""
    async with opened(vendor, mode) as here:
        context, token = here.alice()
        looks, lists = [], []
        for _ in range(2):
            looks.append(await here.list(CallContext(by_reader=True)))
            assert here.transport.tokens
            assert token not in here.transport.tokens
            lists.append(await here.list(context))
            assert {token} == set(here.transport.tokens)

    assert looks[0] == looks[1] > lists[0] == lists[1] > 0


@pytest.mark.parametrize(("vendor", "mode"), VIEWERS)
async def test_without_a_reader_nothing_is_sent_for_the_gateway(vendor: str, mode: str) -> None:
    """There is no token that it could send."""
    async with opened(vendor, mode, has_reader=False) as here:
        with pytest.raises(IdentityNotLinkedError):
            await here.list(CallContext(by_reader=True))

        assert [] == here.transport.tokens


@pytest.mark.parametrize(("vendor", "mode"), VIEWERS)
async def test_the_health_probe_has_the_readers_token(vendor: str, mode: str) -> None:
    """So that it goes through to the vendor's engine."""
    async with opened(vendor, mode) as here:
        await here.source._probe()

        assert any(here.transport.tokens)


async def test_the_directory_that_links_people_is_read_by_the_reader() -> None:
    """No person asks for it."""
    async with opened("camunda", "viewer") as here:
        found = await DirectoryScan({here.source.key: here.source})(
            here.source.key, with_groups=True, is_awaited=lambda: False
        )

        assert {"alice", "bob", "carol"} <= {account.native_id for account in found.accounts}
        assert any(here.transport.tokens)
