"""All vendors: the folders beside this one, and entry points `taskgate.connectors` of other distributions."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

import connectors
from connectors.sdk.connector import Connector

GROUP = "taskgate.connectors"


@cache
def connector_types() -> Mapping[str, type[Connector[Any]]]:
    """Connector classes by vendor, read-only. A vendor registered twice is a ValueError."""
    found: dict[str, type[Connector[Any]]] = {}
    for module in pkgutil.iter_modules(connectors.__path__):
        if module.ispkg and module.name != "sdk":
            _add(found, importlib.import_module(f"connectors.{module.name}").CONNECTOR)
    for entry in entry_points(group=GROUP):
        _add(found, entry.load())
    return MappingProxyType(found)


def _add(found: dict[str, type[Connector[Any]]], connector: type[Connector[Any]]) -> None:
    if found.get(connector.vendor, connector) is not connector:
        raise ValueError(f"vendor {connector.vendor!r} is registered twice: {found[connector.vendor]}, {connector}")
    found[connector.vendor] = connector
