"""Who asks: a person of the configuration, with native identities per source."""

from collections.abc import Mapping

from msgspec import Struct

from connectors.sdk.model import GroupRef

TASK_ADMIN = "task_admin"


class Identity(Struct, frozen=True, kw_only=True):
    """A person in one source. `groups` are the vendor's group ids or names; matching tries both."""

    native_id: str
    username: str | None = None
    email: str | None = None
    groups: tuple[str, ...] = ()

    def belongs_to(self, group: GroupRef) -> bool:
        """By id exactly, by name without case: vendors answer sometimes the one, sometimes the other."""
        if group.native_id in self.groups:
            return True
        return group.name is not None and group.name.casefold() in {name.casefold() for name in self.groups}


class Caller(Struct, frozen=True, kw_only=True):
    """The person behind a request. Resolved once per token; `key` is unique over the gateway."""

    key: str
    name: str
    email: str | None = None
    groups: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    identities: Mapping[str, Identity]

    @property
    def is_task_admin(self) -> bool:
        return TASK_ADMIN in self.roles

    def identity(self, source: str) -> Identity | None:
        return self.identities.get(source)
