"""PersonId, and the rows of lists of people and groups."""

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.model import Group, NativeRef, User


class PersonId(Struct, frozen=True):
    """A configured person by key, or an unlinked account by ref. Exactly one of both is set."""

    key: str | None = None
    ref: NativeRef | None = None


class PersonRow(Struct, frozen=True):
    """A configured person (`source` is then `@`), or an account that is linked to no person."""

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
