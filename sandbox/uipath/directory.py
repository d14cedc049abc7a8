"""Users, groups, robots and folders of the sample tenant, and the users of each folder."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from sandbox.people import ALL_PEOPLE, CAROL, GROUPS, members

ORGANIZATION = "acme"
TENANT = "DefaultTenant"
TENANT_ID = 118_204

_NAMESPACE = UUID("6f1d0f4e-52c1-4d0c-9d0b-0d2f6c0b7a10")

UserType = Literal[
    "User", "Robot", "DirectoryUser", "DirectoryGroup", "DirectoryRobot", "DirectoryExternalApplication"
]  # fmt: skip


def key_of(name: str) -> str:
    """Return a GUID that depends on the name only."""
    return str(uuid5(_NAMESPACE, name))


@dataclass(frozen=True, slots=True)
class User:
    """A possible assignee of a task: user, group, robot or application. `members` of a group are user ids."""

    id: int
    type: UserType
    user_name: str
    name: str
    surname: str
    email: str | None
    members: tuple[int, ...] = ()

    @property
    def display_name(self) -> str:
        return f"{self.name} {self.surname}".strip()

    @property
    def key(self) -> str:
        return key_of(f"user {self.id}")


@dataclass(frozen=True, slots=True)
class Folder:
    """`groups` are the directory groups whose members see and edit the folder's tasks."""

    id: int
    name: str
    groups: tuple[str, ...]

    @property
    def key(self) -> str:
        return key_of(f"folder {self.id}")

    @property
    def path(self) -> str:
        return f"Shared/{self.name}"


def _person(number: int, name: str, email: str) -> User:
    first, _, last = name.partition(" ")
    return User(595_421 + number, "DirectoryUser", email, first, last, email)


PEOPLE = {person.key: _person(number, person.name, person.email) for number, person in enumerate(ALL_PEOPLE)}
DIRECTORY_GROUPS = {
    key: User(
        596_100 + number, "DirectoryGroup", name, name, "", None, tuple(PEOPLE[each.key].id for each in members(key))
    )
    for number, (key, name) in enumerate(GROUPS.items())
}
ROBOTS = tuple(
    User(597_001 + number, "DirectoryRobot", f"unattended-{number + 1}", f"Unattended {number + 1}", "Robot", None)
    for number in range(2)
)
SERVICE = User(598_000, "DirectoryExternalApplication", "taskgate", "taskgate", "", None)

USERS = {user.id: user for user in (*PEOPLE.values(), *DIRECTORY_GROUPS.values(), *ROBOTS, SERVICE)}

FINANCE = Folder(828, "Finance", ("accounting", "procurement"))
CLAIMS = Folder(1204, "Claims", ("claims", "operations"))
COMMERCIAL = Folder(1377, "Commercial", ("sales", "legal"))
FOLDERS = {folder.id: folder for folder in (FINANCE, CLAIMS, COMMERCIAL)}


def folder_users(folder: Folder) -> tuple[User, ...]:
    """Return the users that may see and edit the folder's tasks, ordered by id."""
    people = {each.key for group in folder.groups for each in members(group)} | {CAROL.key}
    found = [PEOPLE[key] for key in people]
    return tuple(
        sorted((*found, *(DIRECTORY_GROUPS[group] for group in folder.groups), *ROBOTS, SERVICE), key=lambda u: u.id)
    )


def folders_of(user: User) -> frozenset[int]:
    return frozenset(folder.id for folder in FOLDERS.values() if user in folder_users(folder))


def process_key(package: str) -> str:
    """Return the key of a Maestro process."""
    return key_of(f"process {package}")


def people_of(id: int) -> tuple[int, ...]:
    """Return the id with the ids of a group's members."""
    return (id, *USERS[id].members)


def named(text: str) -> User | None:
    """Find a user by user name or e-mail address. The vendor compares them without case."""
    wanted = text.casefold()
    for user in USERS.values():
        if wanted in (user.user_name.casefold(), (user.email or "").casefold()):
            return user
    return None
