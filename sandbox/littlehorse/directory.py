"""The identity provider's realm: people, groups and clients, with the provider's ids."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from sandbox.littlehorse.variants import BridgeVariant, UserIdClaim
from sandbox.people import ALL_PEOPLE, GROUPS, Person

TENANT = "default"
ADMIN_ROLE = "lh-user-tasks-admin"
CLIENT_ID = "taskgate"
CLIENT_SECRET = "littlehorse-client-secret"  # noqa: S105 a planted one
CONSOLE = "user-tasks-console"
DASHBOARD = "dashboard"
"""A client of another application. The bridge refuses its tokens; the realm exchanges them."""
BRIDGE_CLIENTS = (CONSOLE, CLIENT_ID)
ACCOUNT_EMAIL = "taskgate@service.example.com"
"""The address that the account of the demo has."""
SUBGROUP = "night-shift"
"""A group below "operations". A person's own groups include it, the groups that an admin lists do not."""
WITHOUT_VIEW_USERS = "liam"
"""The person without the role `view-users`: the provider refuses what the bridge asks for them."""

_NAMESPACE = UUID("6d1b6c5e-3c8a-4b7e-8f3a-1c2d3e4f5a6b")
_IN_SUBGROUP = frozenset({"bob", "ines"})


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A person, or the account of a client. `may_view_users`: the role of that name."""

    id: str
    email: str | None
    username: str
    first_name: str
    last_name: str
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    may_view_users: bool = True

    def kernel_id(self, claim: UserIdClaim) -> str | None:
        """Return the user id that the bridge passes to the kernel."""
        return {"EMAIL": self.email, "PREFERRED_USERNAME": self.username, "SUB": self.id}[claim]


def _id(kind: str, name: str) -> str:
    return str(uuid5(_NAMESPACE, f"{kind}/{name}"))


def _user(person: Person) -> User:
    first, _, last = person.name.partition(" ")
    return User(
        _id("user", person.key),
        person.email,
        person.key,
        first,
        last,
        (*person.groups, *((SUBGROUP,) if person.key in _IN_SUBGROUP else ())),
        (ADMIN_ROLE,) if "task_admin" in person.roles else (),
        may_view_users=person.key != WITHOUT_VIEW_USERS,
    )


PEOPLE = {user.id: user for user in map(_user, ALL_PEOPLE)}
TOP_GROUPS = {group.id: group for group in (Group(_id("group", name), name) for name in GROUPS)}
GROUPS_BY_ID = {**TOP_GROUPS, _id("group", SUBGROUP): Group(_id("group", SUBGROUP), SUBGROUP)}
_ACCOUNT = User(_id("user", "service-account-taskgate"), None, "service-account-taskgate", "", "", (), (ADMIN_ROLE,))


class Realm:
    """The realm of one stand-in."""

    def __init__(self, variant: BridgeVariant) -> None:
        self._variant = variant

    @property
    def account(self) -> User:
        """The account of the client: Keycloak makes it without an e-mail address."""
        return replace(_ACCOUNT, email=self._variant.account_email)

    def user(self, id: str) -> User | None:
        return self.account if id == _ACCOUNT.id else PEOPLE.get(id)

    def user_of_kernel(self, kernel_id: str) -> User | None:
        claim = self._variant.user_id_claim
        return next((user for user in self._all() if user.kernel_id(claim) == kernel_id), None)

    def search(self, filters: dict[str, str]) -> list[User]:
        """Return the users whose attributes contain the given parts. Without a filter accounts are left out."""
        return [
            user
            for user in (self._all() if filters else PEOPLE.values())
            if all(part.casefold() in str(getattr(user, name) or "").casefold() for name, part in filters.items())
        ]

    def _all(self) -> Iterator[User]:
        yield from PEOPLE.values()
        yield self.account


def user_called(username: str) -> User:
    return next(user for user in PEOPLE.values() if user.username == username)


def group_named(name: str) -> Group | None:
    """Return the group as the provider's search finds it: a group below another one is not found."""
    return next((group for group in TOP_GROUPS.values() if group.name == name), None)
