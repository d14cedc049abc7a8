"""Users and groups of the sample organisation."""

from msgspec import Struct
from msgspec.structs import replace

from sandbox import people

ORG = "739224"
FIRST_USER = 10_010_730
TIME_ZONE = "Europe/Berlin"


class User(Struct, frozen=True):
    """`status` is Active, Pending (invited, no name yet), Deactivated or Deleted."""

    id: str
    name: str | None
    email: str
    groups: tuple[str, ...]
    status: str = "Active"
    language: str = "en"


class Group(Struct, frozen=True):
    """`members` are user ids in the order in which the group assigns tasks."""

    id: str
    name: str
    members: tuple[str, ...]


def _group_id(number: int) -> str:
    return f"7c1e0b52-4a86-4d0f-9b35-0c52d7e6a1{number:02x}"


GROUP_IDS = {key: _group_id(number) for number, key in enumerate(people.GROUPS, start=1)}

_WORKING = tuple(
    User(
        str(FIRST_USER + number),
        person.name,
        person.email,
        tuple(GROUP_IDS[group] for group in person.groups),
        language=("en", "de")[number % 2],
    )
    for number, person in enumerate(people.ALL_PEOPLE)
)
_OTHERS = (
    User(str(FIRST_USER + 60), None, "new.colleague@example.com", (), "Pending"),
    User(str(FIRST_USER + 61), "Former Colleague", "former@example.com", (GROUP_IDS["sales"],), "Deactivated"),
)
USERS = {user.id: user for user in _WORKING + _OTHERS}
IDS_BY_KEY = {person.key: user.id for person, user in zip(people.ALL_PEOPLE, _WORKING, strict=True)}
ALICE, BOB, CAROL = (IDS_BY_KEY[person.key] for person in people.DEMO_PEOPLE)
WORKERS = tuple(user.id for user in _WORKING)

GROUPS = {
    GROUP_IDS[key]: Group(
        GROUP_IDS[key], name, tuple(user.id for user in USERS.values() if GROUP_IDS[key] in user.groups)
    )
    for key, name in people.GROUPS.items()
}
# A group without members: asking it for the next assignee is an error.
EMPTY_GROUP = replace(GROUPS[GROUP_IDS["sales"]], id=_group_id(99), name="Trainees", members=())
GROUPS[EMPTY_GROUP.id] = EMPTY_GROUP
