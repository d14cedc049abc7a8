"""Finds the stand-ins: every subpackage of `sandbox` with a class `STAND_IN`."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import sandbox
from sandbox.ports import PORT_OFFSETS
from sandbox.stand_in import StandIn


def stand_ins() -> Mapping[str, type[StandIn]]:
    """Return the stand-ins' classes by vendor, in the order of their ports."""
    found: list[type[StandIn]] = []
    for module in pkgutil.iter_modules(sandbox.__path__, prefix=f"{sandbox.__name__}."):
        if module.ispkg:
            stand_in = getattr(import_module(module.name), "STAND_IN", None)
            if stand_in is not None:
                found.append(stand_in)
    return MappingProxyType({each.vendor: each for each in sorted(found, key=lambda each: PORT_OFFSETS[each.vendor])})
