"""Users and groups as a source's directory has them."""

from msgspec import Struct


class User(Struct, frozen=True, kw_only=True):
    """A user in the vendor's directory. `is_service`: known to be a technical account, no person."""

    native_id: str
    name: str | None = None
    username: str | None = None
    email: str | None = None
    is_active: bool | None = None
    is_service: bool = False


class Group(Struct, frozen=True, kw_only=True):
    native_id: str
    name: str
    aliases: tuple[str, ...] = ()
    member_count: int | None = None
