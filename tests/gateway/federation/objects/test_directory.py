"""Users and groups by id."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import Group, NativeRef, User
from tests.gateway.federation.memory_source import MemoryConnector, federation


class Directory(MemoryConnector):
    """Knows the users u1 and u2 and the group g1. `asked` has the ids of each call."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.asked: list[Sequence[str]] = []

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        self._count()
        self.asked.append(ids)
        return {one: User(native_id=one, name=one.upper()) for one in ids if one in {"u1", "u2"}}

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        self._count()
        return {one: Group(native_id=one, name=one.upper()) for one in ids if one == "g1"}


async def test_users_of_a_source_are_one_batch() -> None:
    """Each id once, in a fixed order; unknown users and unknown sources are absent."""
    north = Directory("north")
    refs = [NativeRef(*ref) for ref in (("north", "u2"), ("north", "u1"), ("north", "u2"), ("north", "x"), ("?", "u1"))]

    found = await federation(north).get_users(refs)

    assert {refs[0]: "U2", refs[1]: "U1"} == {ref: user.name for ref, user in found.items()}
    assert [("u1", "u2", "x")] == north.asked


async def test_a_directory_that_fails_leaves_its_users_and_groups_out() -> None:
    """Rows show a stub instead. Other sources are not affected."""
    north, south = Directory("north"), Directory("south")
    south.fail = UnavailableError("is down")
    sources = federation(north, south)

    users = await sources.get_users([NativeRef("north", "u1"), NativeRef("south", "u1")])
    groups = await sources.get_groups([NativeRef("north", "g1"), NativeRef("south", "g1")])

    assert [NativeRef("north", "u1")] == list(users)
    assert [NativeRef("north", "g1")] == list(groups)
