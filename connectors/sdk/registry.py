"""All vendors: the folders beside this one, and entry points `taskgate.connectors` of other distributions."""

import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import connectors
from connectors.sdk.connector import Connector

GROUP = "taskgate.connectors"


class ConnectorTypes(Mapping[str, type[Connector[Any]]]):
    """Connector classes by vendor. The folder of a vendor is imported when its class is first asked for."""

    def __init__(self, folders: Iterable[str], others: Mapping[str, type[Connector[Any]]]) -> None:
        """`others` are the classes of other distributions."""
        self._folders = frozenset(folders)
        self._others = others

    def __getitem__(self, vendor: str) -> type[Connector[Any]]:
        """Raises KeyError for an unknown vendor, and ValueError for one that is registered twice."""
        if vendor not in self._folders:
            return self._others[vendor]
        connector: type[Connector[Any]] = import_module(f"connectors.{vendor}").CONNECTOR
        return _only(vendor, connector, self._others.get(vendor, connector))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._folders | self._others.keys()))

    def __len__(self) -> int:
        return len(self._folders | self._others.keys())


@cache
def connector_types() -> ConnectorTypes:
    """Connector classes by vendor. A vendor registered twice is a ValueError, at the latest when its class is asked for."""
    folders = [
        module.name for module in pkgutil.iter_modules(connectors.__path__) if module.ispkg and module.name != "sdk"
    ]
    others: dict[str, type[Connector[Any]]] = {}
    for entry in entry_points(group=GROUP):
        connector: type[Connector[Any]] = entry.load()
        others[connector.vendor] = _only(connector.vendor, others.get(connector.vendor, connector), connector)
    return ConnectorTypes(folders, others)


def _only(vendor: str, connector: type[Connector[Any]], other: type[Connector[Any]]) -> type[Connector[Any]]:
    if connector is not other:
        raise ValueError(f"vendor {vendor!r} is registered twice: {connector}, {other}")
    return connector
