"""People and groups: how one is named, and the rows of their lists."""

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.model import Group, NativeRef, User


class PersonId(Struct, frozen=True):
    """A person of the configuration by key, or an unlinked one by source and native id; exactly one is set."""

    key: str | None = None
    ref: NativeRef | None = None


class PersonRow(Struct, frozen=True):
    """A person of the configuration (`source` is a mark), or an account of one source that belongs to none of them."""

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
