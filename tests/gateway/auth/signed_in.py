"""Authenticators for a configuration file, and request headers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.auth import Authenticator, open_authenticator
from gateway.people.book import BookOfPeople
from gateway.settings import load
from tests.gateway.configuration import AUTH, write_configuration

Headers = list[tuple[bytes, bytes]]


@asynccontextmanager
async def authenticator(folder: Path, auth: str = AUTH) -> AsyncIterator[Authenticator]:
    """The authenticator for a configuration with this `[auth]`. Its people are alice, bob and carol."""
    settings = load(write_configuration(folder, auth=auth))
    people = BookOfPeople(person.caller() for person in settings.people)
    async with open_authenticator(settings.auth, people, is_development=True) as opened:
        yield opened


def sent(value: bytes) -> Headers:
    return [(b"host", b"localhost"), (b"authorization", value)]
