"""Authenticators for a configuration file, and request headers."""

from pathlib import Path

from gateway.auth import Authenticator, sign_in
from gateway.people.book import BookOfPeople
from gateway.settings import load
from tests.gateway.configuration import AUTH, write_configuration

Headers = list[tuple[bytes, bytes]]


def authenticator(folder: Path, auth: str = AUTH) -> Authenticator:
    """The authenticator for a configuration with this `[auth]`. Its people are alice, bob and carol."""
    settings = load(write_configuration(folder, auth=auth))
    return Authenticator(sign_in(settings.auth, BookOfPeople(person.caller() for person in settings.people)))


def sent(value: bytes) -> Headers:
    return [(b"host", b"localhost"), (b"authorization", value)]
