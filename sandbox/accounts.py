"""The demo's people as a company's identity provider knows them: with their accounts at the vendors."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sandbox.people import ALL_PEOPLE, Person
from sandbox.stand_in import StandIn


def with_accounts(stand_ins: Iterable[StandIn]) -> Sequence[Person]:
    """Everyone, each with an attribute `<vendor>_user` for each of these vendors where they have an account in the demo."""
    accounts = {each.vendor: each.identities() for each in stand_ins}
    return [
        replace(
            person,
            attributes=tuple(
                (f"{vendor}_user", str(known[person.key]["id"]))
                for vendor, known in accounts.items()
                if person.key in known
            ),
        )
        for person in ALL_PEOPLE
    ]
