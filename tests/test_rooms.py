"""Rooms: folders of product code that other rooms enter by their front door, `__init__.py`."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.tree import PACKAGES, ROOT, exports, folder_of, is_within, rooms

ROOMS = rooms()
WITHOUT_FRONT_DOOR = {
    "connectors": "its folders are found by the registry",
    "connectors.sdk": "a vendor's file names the few files that it needs",
    "gateway": "its folders are rooms, app, composition and inspection stand alone",
    "gateway.federation": "its folders are rooms, service and overlay stand alone",
    "sandbox": "its folders are found by the registry",
    "schema": "its folders are rooms, api, node and subgraph stand alone",
    "schema.core": "its files are about different things, and each is needed by nearly every noun",
}
"""Rooms whose files may be imported directly, and why."""

COMPOSED = ("gateway.people", "gateway.store", "gateway.shared")
"""Their front door is a port; the composition imports the files with the implementations."""


def crossings() -> Iterator[tuple[str, str]]:
    """Pairs of importing file and imported module, if the file is outside of the module's room."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            inside = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for module in imported_files(path.read_text(encoding="utf-8")):
                if module.partition(".")[0] in PACKAGES and not is_within(inside, module.rpartition(".")[0]):
                    yield inside, module


def imported_files(source: str) -> Iterator[str]:
    """The modules that import statements name. `from room import file` imports a file, unless the room exports it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for name in names:
                    is_file = module in ROOMS and name.name not in (exports(module) or ()) and is_module(module, name)
                    yield f"{module}.{name.name}" if is_file else module
            case _:
                pass


def is_module(room: str, name: ast.alias) -> bool:
    return name.name in files_of(room) or f"{room}.{name.name}" in ROOMS


@cache
def files_of(room: str) -> frozenset[str]:
    return frozenset(path.stem for path in folder_of(room).glob("*.py"))


def closed_around(module: str, importer: str) -> str | None:
    """The outermost room whose front door `importer` would bypass to reach `module`; None if there is none."""
    parts = module.split(".")
    for depth in range(1, len(parts)):
        room = ".".join(parts[:depth])
        if room in WITHOUT_FRONT_DOOR or is_within(importer, room):
            continue
        composing = {"gateway.composition", "gateway.engines", "gateway.generations", "gateway.inspection"}
        if room in COMPOSED and importer in composing:
            continue
        return room
    return None


@pytest.mark.slow
def test_rooms_are_entered_by_their_front_door() -> None:
    """So a file of a room can be moved without a change in other rooms."""

    assert [] == [(importer, module) for importer, module in crossings() if closed_around(module, importer)]


def test_every_room_without_front_door_exists() -> None:
    """The list above must not become outdated."""

    assert set() == set(WITHOUT_FRONT_DOOR) - set(ROOMS)


@pytest.mark.parametrize("room", sorted(set(ROOMS) - set(WITHOUT_FRONT_DOOR)))
def test_a_front_door_lists_what_it_exports(room: str) -> None:
    """`__all__` is complete and has no duplicates."""
    tree = ast.parse((folder_of(room) / "__init__.py").read_text(encoding="utf-8"))
    names: list[str] = []
    for node in tree.body:
        match node:
            case ast.ImportFrom(module=str(module), names=imported) if is_within(module, room):
                names += [name.asname or name.name for name in imported if not is_module(module, name)]
            case ast.Assign(targets=[ast.Name(id=name)]) if not name.startswith("_"):
                names.append(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if not name.startswith("_"):
                names.append(name)
            case _:
                pass

    assert sorted(names) == sorted(exports(room) or ())


def undescribed_files(room: str) -> set[str]:
    """The files and folders of a room that its docstring does not name."""
    folder = folder_of(room)
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    files = {path.stem for path in folder.glob("*.py") if path.name != "__init__.py"}
    folders = {other.rpartition(".")[2] for other in ROOMS if other.rpartition(".")[0] == room}
    return {name for name in files | folders if not re.search(rf"\b{re.escape(name)}\b", text)}


def test_every_room_says_what_its_files_are() -> None:
    """A docstring with one phrase a file."""

    assert {} == {room: files for room in ROOMS if (files := undescribed_files(room))}
