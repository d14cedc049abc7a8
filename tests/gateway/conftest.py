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


def opener(folder: Path) -> OpenClient:
    @asynccontextmanager
    async def opened(**parts: str) -> AsyncIterator[httpx2.AsyncClient]:
        app = create_app(load(write_configuration(folder, **parts)))
        with pytest.MonkeyPatch.context() as patch:
            # The start would wait for attempts to reach the sources.
            patch.setattr("gateway.generations.FIRST_LOOK", 0.0)
            async with (
                app.router.lifespan_context(app),
                httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client,
            ):
                yield client

    return opened


@pytest.fixture
def open_client(tmp_path: Path) -> OpenClient:
    """A client of a gateway with that configuration; arguments are those of `write_configuration`."""
    return opener(tmp_path)


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    """One gateway for the tests of a file: they change nothing."""
    async with opener(tmp_path_factory.mktemp("gateway"))() as client:
        yield client
