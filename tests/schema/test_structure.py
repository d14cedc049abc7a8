"""The structure of schema/: resolvers are mounted, rooms are imported by their front door. For layers see
pyproject.toml.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import schema
from schema.api import Mutation, Query

FOLDER = Path(schema.__file__).parent
ROOMS = sorted(path.parent for path in FOLDER.rglob("__init__.py"))
FILES = sorted(FOLDER.rglob("*.py"))
WITHOUT_FRONT_DOOR = {"schema", "schema.core"}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__")


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def _classes() -> Iterator[type]:
    """Every class in schema/."""
    for module in pkgutil.walk_packages(schema.__path__, "schema."):
        members = vars(importlib.import_module(module.name)).values()
        yield from (each for each in members if isinstance(each, type) and each.__module__ == module.name)


@pytest.mark.parametrize(("ending", "root"), [("Queries", Query), ("Mutations", Mutation)])
def test_every_class_of_root_fields_is_mounted(ending: str, root: type) -> None:
    """Clients cannot reach a class of resolvers that is not a base of the root type."""
    found = [each for each in _classes() if each.__name__.endswith(ending)]

    assert found
    assert [] == [each for each in found if not issubclass(root, each)]


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_imports_are_at_the_top_and_used(path: Path) -> None:
    """An import within a function hides a cycle, and an unused one a side effect."""
    tree = _tree(path)
    inside = [node.lineno for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) for node in _imports(each)]

    assert [] == inside
    assert "F401" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_other_rooms_are_imported_and_not_their_files(path: Path) -> None:
    """For example `from schema.people import User`. schema.core has no front door."""
    own = _name(path).split(".")[:2]
    modules = [node.module or "" for node in _imports(_tree(path)) if isinstance(node, ast.ImportFrom)]
    parts = [module.split(".") for module in modules if module.startswith("schema.")]

    assert [] == [each for each in parts if len(each) > 2 and each[:2] != own and each[1] != "core"]


@pytest.mark.parametrize("room", ROOMS, ids=_name)
def test_a_room_lists_its_files_and_exports(room: Path) -> None:
    """The docstring names every file and folder in it, and `__all__` every name that the front door imports."""
    tree = _tree(room / "__init__.py")
    described = ast.get_docstring(tree) or ""
    inside = [path for path in room.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    named = {f"{path.name}/" if path.is_dir() else path.name for path in inside} - {"__init__.py"}
    imported = {alias.name for node in _imports(tree) for alias in node.names}

    assert set() == {name for name in named if f"\n{name} " not in f"\n{described}"}
    assert imported == set(getattr(importlib.import_module(_name(room)), "__all__", ()))
    assert bool(imported) != (_name(room) in WITHOUT_FRONT_DOOR)
