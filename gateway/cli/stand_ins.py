"""The stand-ins of a command, with data."""

from typing import TYPE_CHECKING

from gateway.cli.failure import fail

if TYPE_CHECKING:
    from sandbox.stand_in import StandIn


def filled_stand_ins(vendors: list[str] | None, *, tasks: int, seed: int) -> "list[StandIn]":
    """The stand-ins of the named vendors, all of them without names; each is set up and holds `tasks` tasks."""
    from sandbox.registry import stand_ins

    known = stand_ins()
    for vendor in vendors or ():
        if vendor not in known:
            fail(f"there is no stand-in for {vendor!r}; there are {', '.join(known)}")
    chosen = [kind() for name, kind in known.items() if not vendors or name in vendors]
    for stand_in in chosen:
        stand_in.set_up()
        stand_in.reset(tasks=tasks, seed=seed, now=None, scenario=None)
    return chosen
