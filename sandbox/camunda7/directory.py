"""Users and groups of the engine."""

from dataclasses import dataclass
from types import MappingProxyType

from sandbox.people import ALL_PEOPLE, GROUPS, Person

ADMIN = "demo"
ADMIN_PASSWORD = "demo-of-the-old-engine"  # noqa: S105 of the stand-in only


@dataclass(frozen=True, slots=True)
class Account:
    """`is_admin`: no authorization is asked for."""

    id: str
    is_admin: bool = False
    groups: tuple[str, ...] = ()


def password_of(person: Person) -> str:
    return f"{person.key}-pw-1234"


PASSWORDS = MappingProxyType({ADMIN: ADMIN_PASSWORD, **{person.key: password_of(person) for person in ALL_PEOPLE}})
ACCOUNTS = MappingProxyType(
    {ADMIN: Account(ADMIN, True), **{person.key: Account(person.key, groups=person.groups) for person in ALL_PEOPLE}}  # noqa: FBT003 a column
)
USERS = MappingProxyType(
    {
        ADMIN: {"id": ADMIN, "firstName": "Demo", "lastName": "Demo", "email": "demo@localhost"},
        **{
            person.key: {
                "id": person.key,
                "firstName": person.name.partition(" ")[0],
                "lastName": person.name.partition(" ")[2],
                "email": person.email,
            }
            for person in ALL_PEOPLE
        },
    }
)
GROUP_RECORDS = MappingProxyType({id: {"id": id, "name": name, "type": "WORKFLOW"} for id, name in GROUPS.items()})


def groups_of(user: str) -> tuple[str, ...]:
    account = ACCOUNTS.get(user)
    return () if account is None else account.groups
