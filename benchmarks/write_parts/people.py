"""Fifty people with an account at every vendor."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from sandbox import people
from sandbox.stand_in import StandIn

CROWD = 50
PEOPLE = ("alice", "bob", "carol")


def crowd() -> tuple[people.Person, ...]:
    """With two of the demo's people as many as claim at once."""
    names = range(CROWD - 2)
    return tuple(people.Person(f"p{n}", f"Person {n}", f"p{n}@example.com", ("accounting",)) for n in names)


def identities(stand_in: StandIn, of: Sequence[people.Person]) -> Mapping[str, Mapping[str, Any]]:
    """Of the crowd, as the stand-in has those of the demo's people."""
    package = type(stand_in).__module__.rpartition(".")[0]
    if stand_in.vendor == "geotareas":
        directory = import_module(f"{package}.directory")
        users = {
            one.key: directory.User(str(182736450918274000 + number), one.name, one.key, (directory.ACCOUNTING,))
            for number, one in enumerate(of)
        }
        directory.USERS.update({user.id: user for user in users.values()})
        return {key: {"id": user.id, "groups": list(user.groups)} for key, user in users.items()}
    holders = [module for module in (people, import_module(f"{package}.stand_in")) if hasattr(module, "DEMO_PEOPLE")]
    known = people.DEMO_PEOPLE
    for holder in holders:
        vars(holder)["DEMO_PEOPLE"] = of
    try:
        return stand_in.identities()
    finally:
        for holder in holders:
            vars(holder)["DEMO_PEOPLE"] = known
