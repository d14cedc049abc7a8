"""PersonId, the accounts of a person, and the rows of lists of people and groups."""

from enum import StrEnum

from msgspec import Struct

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.model import Group, NativeRef, User


class PersonId(Struct, frozen=True):
    """A person by key, or an unlinked account by ref. Exactly one of both is set."""

    key: str | None = None
    ref: NativeRef | None = None


class LinkedBy(StrEnum):
    """The rule that linked an account to a person: the configuration, a claim of the token, a mail address."""

    CONFIG = "CONFIG"
    CLAIM = "CLAIM"
    EMAIL_MATCH = "EMAIL_MATCH"


class AccountLink(Struct, frozen=True, kw_only=True):
    """An account of a person. `verified` False: a candidate, which shows nothing and allows nothing."""

    source: str
    identity: Identity
    linked_by: LinkedBy
    verified: bool = True


class PersonRow(Struct, frozen=True):
    """A person of the book (`source` is then `@`), or an account that is linked to no person."""

    source: str
    native_id: str
    name: str
    person: Caller | None
    user: User | None


class GroupRow(Struct, frozen=True):
    """A group and the source that has it."""

    source: str
    group: Group

    @property
    def native_id(self) -> str:
        return self.group.native_id

    @property
    def name(self) -> str:
        return self.group.name
