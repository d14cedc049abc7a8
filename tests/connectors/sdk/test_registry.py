"""Vendors are found by their folders and by entry points."""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

import connectors
from connectors.sdk import registry
from connectors.sdk.registry import connector_types
from tests.connectors.sdk.memory import MemoryConnector

MODULE = MemoryConnector.__module__
MEMORY = EntryPoint("memory", f"{MODULE}:MemoryConnector", registry.GROUP)
IMPOSTOR = EntryPoint("impostor", f"{__name__}:Impostor", registry.GROUP)


class Impostor(MemoryConnector):
    """Another class for the same vendor."""


class SecondCamunda(MemoryConnector):
    """A class of another distribution for a vendor that has a folder."""

    vendor = "camunda"


@pytest.fixture(autouse=True)
def fresh_registry() -> Iterator[None]:
    """Forgets what a test registers."""
    connector_types.cache_clear()
    yield
    connector_types.cache_clear()


def _install(monkeypatch: pytest.MonkeyPatch, *entries: EntryPoint) -> None:
    def entry_points(**wanted: Any) -> EntryPoints:
        return EntryPoints(entries).select(**wanted)

    monkeypatch.setattr(registry, "entry_points", entry_points)


def test_every_folder_next_to_the_sdk_is_a_vendor() -> None:
    """With the folder's name."""
    folders = {module.name for module in pkgutil.iter_modules(connectors.__path__) if module.ispkg} - {"sdk"}

    assert folders <= connector_types().keys()
    assert all(vendor == connector.vendor for vendor, connector in connector_types().items())


def test_an_entry_point_adds_a_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    """From another distribution. The same class twice is not an error."""
    _install(monkeypatch, MEMORY, MEMORY, EntryPoint("other", "nowhere:Nothing", "another.group"))

    assert MemoryConnector is connector_types()["memory"]


def test_a_vendor_registered_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class must not depend on the order of registration."""
    _install(monkeypatch, MEMORY, IMPOSTOR)

    with pytest.raises(ValueError, match="'memory' is registered twice"):
        connector_types()


def test_a_second_class_for_the_vendor_of_a_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the class is asked for: the folder is not imported before."""
    _install(monkeypatch, EntryPoint("camunda", f"{__name__}:SecondCamunda", registry.GROUP))

    with pytest.raises(ValueError, match="'camunda' is registered twice"):
        connector_types()["camunda"]


def test_a_folder_is_imported_when_its_class_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway of one vendor does not pay for the others. Their names are known without an import."""
    imported: list[str] = []

    def import_module(name: str) -> Any:
        imported.append(name)
        return importlib.import_module(name)

    monkeypatch.setattr(registry, "import_module", import_module)

    assert {"camunda", "uipath"} < set(connector_types())
    assert "camunda" == connector_types()["camunda"].vendor
    assert ["connectors.camunda"] == imported
    with pytest.raises(KeyError):
        connector_types()["sdk"]


def test_the_registry_cannot_be_changed() -> None:
    """It is a read-only view."""
    with pytest.raises(TypeError):
        connector_types()["memory"] = MemoryConnector  # type: ignore[index]
