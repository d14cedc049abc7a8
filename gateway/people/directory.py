"""The accounts of one source, found by id, mail address, user name, and by words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import anyio.lowlevel

from connectors.sdk.model import Group, User
from gateway.people.name_index import NameIndex
from gateway.people.port import DirectoryRecord

# Accounts that are indexed before other work of the process goes on.
AT_ONCE = 500

_NO_GROUPS: Mapping[str, tuple[Group, ...]] = MappingProxyType({})


def address(email: str | None) -> str | None:
    """A mail address as addresses are compared: in lower case. None for one outside of ASCII, whose lower case may be that of
    another address."""
    return email.strip().lower() if email is not None and email.isascii() and email.strip() else None


def user_name(name: str | None) -> str | None:
    """A user name as user names are compared: in lower case; None outside of ASCII."""
    return address(name)


class Directory:
    """One read of a source's directory. Made by `indexed`; it does not change afterwards."""

    def __init__(self, *, is_whole: bool, read_at: float, now: Callable[[], float]) -> None:
        self.is_whole = is_whole
        self.read_at = read_at
        # Seconds that the read has taken.
        self.took = 0.0
        self._now = now
        self._by_id: dict[str, User] = {}
        self._by_address: dict[str, list[str]] = {}
        self._by_user_name: dict[str, list[str]] = {}
        self._groups: Mapping[str, tuple[Group, ...]] = _NO_GROUPS
        self._names = NameIndex()

    @classmethod
    async def indexed(cls, record: DirectoryRecord, *, read_at: float, now: Callable[[], float]) -> "Directory":
        """Other work goes on meanwhile."""
        made = cls(is_whole=record.is_whole, read_at=read_at, now=now)
        made._groups = record.groups
        for start in range(0, len(record.accounts), AT_ONCE):
            made._add(record.accounts[start : start + AT_ONCE])
            await anyio.lowlevel.checkpoint()
        made._names.sort()
        made.took = now() - read_at
        return made

    @property
    def age(self) -> float:
        """Seconds since it was read."""
        return self._now() - self.read_at

    def account(self, native_id: str) -> User | None:
        return self._by_id.get(native_id)

    def with_address(self, email: str) -> Sequence[str]:
        """Native ids of the accounts in use with that `address`."""
        return self._by_address.get(email, ())

    def with_user_name(self, name: str) -> Sequence[str]:
        """Native ids of the accounts in use with that `user_name`."""
        return self._by_user_name.get(name, ())

    def groups_of(self, native_id: str) -> tuple[Group, ...]:
        return self._groups.get(native_id, ())

    def find(self, search: str | None) -> Iterator[User]:
        """By name, the accounts that have each word of `search` in name, user name or mail address."""
        return (self._by_id[native_id] for native_id in self._names.find(search))

    def _add(self, accounts: Sequence[User]) -> None:
        found: list[tuple[str, list[str]]] = []
        for account in accounts:
            if account.native_id in self._by_id:
                continue
            self._by_id[account.native_id] = account
            found.append((account.native_id, [text for text in _texts(account) if text]))
            if account.is_active is False or account.is_service:
                continue
            _note(self._by_address, address(account.email), account.native_id)
            _note(self._by_user_name, user_name(account.username), account.native_id)
        self._names.extend(found)


def _texts(account: User) -> tuple[str | None, ...]:
    return (account.name, account.username, account.email)


def _note(index: dict[str, list[str]], key: str | None, native_id: str) -> None:
    if key is not None:
        index.setdefault(key, []).append(native_id)
