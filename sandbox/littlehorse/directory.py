"""The identity provider's realm: people, groups and clients, with the provider's ids."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from sandbox.people import ALL_PEOPLE, GROUPS, Person

TENANT = "default"
ADMIN_ROLE = "lh-user-tasks-admin"
CLIENT_ID = "taskgate"
CLIENT_SECRET = "littlehorse-client-secret"  # noqa: S105 a planted one
DASHBOARD = "dashboard"
"""A client of another application. The bridge refuses its tokens; the realm exchanges them."""
BRIDGE_CLIENTS = frozenset({CLIENT_ID, "user-tasks-console"})

UserIdClaim = Literal["EMAIL", "PREFERRED_USERNAME", "SUB"]

_NAMESPACE = UUID("6d1b6c5e-3c8a-4b7e-8f3a-1c2d3e4f5a6b")


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    id: str
    email: str
    username: str
    first_name: str
    last_name: str
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def kernel_id(self, claim: UserIdClaim) -> str:
        """Return the user id that the bridge passes to the kernel."""
        return {"EMAIL": self.email, "PREFERRED_USERNAME": self.username, "SUB": self.id}[claim]


def _id(kind: str, name: str) -> str:
    return str(uuid5(_NAMESPACE, f"{kind}/{name}"))


def _user(person: Person) -> User:
    first, _, last = person.name.partition(" ")
    roles = (ADMIN_ROLE,) if "task_admin" in person.roles else ()
    return User(_id("user", person.key), person.email, person.key, first, last, person.groups, roles)


ACCOUNT = User(
    _id("user", "service-account-taskgate"),
    "taskgate@service.example.com",
    "service-account-taskgate",
    "",
    "",
    (),
    (ADMIN_ROLE,),
)
USERS = {user.id: user for user in (*map(_user, ALL_PEOPLE), ACCOUNT)}
REALM_GROUPS = {group.id: group for group in (Group(_id("group", name), name) for name in GROUPS)}


def user_called(username: str) -> User:
    return next(user for user in USERS.values() if user.username == username)


def user_of_kernel(kernel_id: str, claim: UserIdClaim) -> User | None:
    return next((user for user in USERS.values() if user.kernel_id(claim) == kernel_id), None)


def group_named(name: str) -> Group | None:
    return next((group for group in REALM_GROUPS.values() if group.name == name), None)
