"""The person of a request, and that person's identity in each source."""

from collections.abc import Mapping

from msgspec import Struct

from connectors.sdk.model import GroupRef
from connectors.sdk.names import name_key

TASK_ADMIN = "task_admin"


class Identity(Struct, frozen=True, kw_only=True):
    """A person's user id and groups in one source. `groups` are ids or names as the vendor has them; both are matched.

    `group_ids`: each group once, where `groups` has the names of groups beside their ids.
    """

    native_id: str
    username: str | None = None
    email: str | None = None
    groups: tuple[str, ...] = ()
    group_ids: tuple[str, ...] | None = None

    def belongs_to(self, group: GroupRef) -> bool:
        """By id exactly, or by name ignoring case: vendors name groups sometimes by id and sometimes by name."""
        if group.native_id in self.groups:
            return True
        return group.name is not None and name_key(group.name) in {name_key(name) for name in self.groups}


class Access(Struct, frozen=True):
    """Who has rights in a part of a source: users by id, and groups."""

    users: frozenset[str] = frozenset()
    groups: tuple[GroupRef, ...] = ()

    def holds(self, identity: Identity) -> bool:
        return identity.native_id in self.users or any(map(identity.belongs_to, self.groups))


class Caller(Struct, frozen=True, kw_only=True):
    """The person of a request. `key` is unique in the gateway; `identities` are by source key.

    `issuer` is the one of the person's token; None where they did not sign in with one.
    """

    key: str
    name: str
    email: str | None = None
    groups: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    identities: Mapping[str, Identity]
    issuer: str | None = None

    @property
    def is_task_admin(self) -> bool:
        return TASK_ADMIN in self.roles

    def identity(self, source: str) -> Identity | None:
        return self.identities.get(source)
