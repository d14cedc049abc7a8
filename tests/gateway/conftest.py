"""A gateway whose sources are never called, reached without a socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from gateway.app import create_app
from gateway.settings import load
from tests.gateway.configuration import write_configuration

OpenClient = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
def open_client(tmp_path: Path) -> OpenClient:
    """A client of a gateway with that configuration; arguments are those of `write_configuration`."""

    @asynccontextmanager
    async def opened(**parts: str) -> AsyncIterator[httpx2.AsyncClient]:
        app = create_app(load(write_configuration(tmp_path, **parts)))
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client,
        ):
            yield client

    return opened


@pytest.fixture
async def client(open_client: OpenClient) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_client() as client:
        yield client
