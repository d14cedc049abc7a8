"""An issuer, a clock that tests move, and a sign-in over both, without sockets."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2

from gateway.auth.oidc.issuer import Issuer
from gateway.auth.oidc.provider import Provider, provider_client
from gateway.auth.oidc.sign_in import OidcSignIn
from gateway.people import People
from gateway.people.book import BookOfPeople
from gateway.settings import IssuerSettings, OidcAuth
from sandbox.issuer import GATEWAY, SmallIssuer

BEGINNING = 1_800_000_000.0


class Time:
    """All clocks of a test; `pass_` moves them."""

    def __init__(self) -> None:
        self.passed = 0.0

    def pass_(self, seconds: float) -> None:
        self.passed += seconds

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def epoch(self) -> float:
        return BEGINNING + self.passed

    def utc(self) -> datetime:
        return datetime.fromtimestamp(self.epoch(), UTC)


def small_issuer(time: Time, base_url: str = "http://127.0.0.1:9", **options: Any) -> SmallIssuer:
    return SmallIssuer(base_url, algorithm=options.pop("algorithm", "ES256"), clock=time.utc, **options)


def settings_for(small: SmallIssuer, **settings: Any) -> IssuerSettings:
    return IssuerSettings.model_validate({"issuer": small.address, "audience": GATEWAY, **settings})


class ByHost(httpx2.AsyncBaseTransport):
    """Each issuer answers at its own address; other addresses do not."""

    def __init__(self, issuers: Sequence[SmallIssuer]) -> None:
        # httpx2 and Starlette type ASGI applications differently.
        apps: list[tuple[str, Any]] = [(small.base_url, small) for small in issuers]
        self._transports = {base_url: httpx2.ASGITransport(app=app) for base_url, app in apps}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        if origin not in self._transports:
            raise httpx2.ConnectError("refused", request=request)
        return await self._transports[origin].handle_async_request(request)


def issuer_of(small: SmallIssuer, time: Time, client: httpx2.AsyncClient, **settings: Any) -> Issuer:
    configured = settings_for(small, **settings)
    return Issuer(configured, Provider(configured, client), monotonic=time.monotonic)


@asynccontextmanager
async def signing_in(
    *issuers: tuple[SmallIssuer, dict[str, Any]],
    time: Time,
    people: People | None = None,
    **auth: Any,
) -> AsyncIterator[OidcSignIn]:
    """A sign-in with these issuers, each with its settings. Keys are read when they are needed."""
    async with provider_client(ByHost([small for small, _ in issuers])) as client:
        opened = [issuer_of(small, time, client, **settings) for small, settings in issuers]
        section = OidcAuth(mode="oidc", issuers=tuple(each.settings for each in opened), **auth)
        try:
            yield OidcSignIn(section, people or BookOfPeople(), opened, now=time.epoch)
        finally:
            for each in opened:
                await each.aclose()


async def settled() -> None:
    """Lets tasks that wait for each other go on."""
    for _ in range(20):
        await asyncio.sleep(0)
