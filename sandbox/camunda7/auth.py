"""Basic credentials. A wrong password locks its user for three seconds: then the right one is refused too."""

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import datetime, timedelta

from sandbox.camunda7.directory import ACCOUNTS, PASSWORDS, Account
from sandbox.stand_in import Clock

LOCK = timedelta(seconds=3)


class UnauthenticatedError(Exception):
    pass


class Guard:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._locked: dict[str, datetime] = {}

    def account(self, header: str) -> Account:
        """Return the account of an `Authorization` header; UnauthenticatedError if there is none."""
        scheme, _, text = header.partition(" ")
        try:
            user, _, password = b64decode(text, validate=True).decode().partition(":")
        except (Base64Error, UnicodeDecodeError):
            raise UnauthenticatedError from None
        now = self._clock()
        if scheme.lower() != "basic" or user not in PASSWORDS or now < self._locked.get(user, now):
            raise UnauthenticatedError
        if password != PASSWORDS[user]:
            self._locked[user] = now + LOCK
            raise UnauthenticatedError
        return ACCOUNTS[user]
