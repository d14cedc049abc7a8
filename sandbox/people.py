"""The people of the demo, the same in every stand-in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """`attributes` are what an identity provider keeps about the person besides: claims with their values."""

    key: str
    name: str
    email: str
    groups: tuple[str, ...]
    roles: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


ALICE = Person("alice", "Alice Moreno", "alice@example.com", ("accounting",))
BOB = Person("bob", "Bob Keller", "bob@example.com", ("accounting",))
CAROL = Person("carol", "Carol Singh", "carol@example.com", ("operations",), ("task_admin",))

DEMO_PEOPLE = (ALICE, BOB, CAROL)
"""People who may sign in to the demo's gateway."""

OTHER_PEOPLE = (
    Person("dmitri", "Dmitri Ivanov", "dmitri@example.com", ("accounting",)),
    Person("elena", "Elena Rossi", "elena@example.com", ("claims",)),
    Person("farid", "Farid Haddad", "farid@example.com", ("claims",)),
    Person("grace", "Grace Okafor", "grace@example.com", ("sales",)),
    Person("henrik", "Henrik Larsen", "henrik@example.com", ("legal",)),
    Person("ines", "Inês Carvalho", "ines@example.com", ("operations",)),
    Person("jonas", "Jonas Weber", "jonas@example.com", ("procurement",)),
    Person("kavya", "Kavya Nair", "kavya@example.com", ("sales", "operations")),
    Person("liam", "Liam O'Connor", "liam@example.com", ("procurement",)),
)
"""People who have tasks in the vendors' systems but cannot sign in to the demo's gateway."""

ALL_PEOPLE = DEMO_PEOPLE + OTHER_PEOPLE

GROUPS = {
    "accounting": "Accounting",
    "claims": "Insurance claims",
    "legal": "Legal",
    "operations": "Operations",
    "procurement": "Procurement",
    "sales": "Sales",
}


def members(group: str) -> list[Person]:
    return [person for person in ALL_PEOPLE if group in person.groups]
