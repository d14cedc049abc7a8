"""Users and groups by id."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import Group, GroupRef, NativeRef, TaskRef, User
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task


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


async def test_a_group_without_a_directory_has_the_name_that_a_task_carried() -> None:
    """A directory that knows the group comes first."""
    named = (GroupRef(native_id="596100", name="Field work"), GroupRef(native_id="g1", name="Old name"))
    north = Directory("north")
    north.held["1"] = task("north", "1", candidate_groups=named)
    refs = [NativeRef("north", "596100"), NativeRef("north", "g1"), NativeRef("north", "x")]
    sources = federation(north)

    before = await sources.get_groups(refs)
    await sources.get_tasks(person("carol", "north", admin=True), [TaskRef("north", "1")])
    after = await sources.get_groups(refs)

    assert {refs[1]: "G1"} == {ref: group.name for ref, group in before.items()}
    assert {refs[0]: "Field work", refs[1]: "G1"} == {ref: group.name for ref, group in after.items()}
