"""The tree as the tests of its structure read it: rooms (folders of product code), files and imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gateway", "schema", "connectors", "sandbox")


def imported(source: str, package: str) -> Iterator[str]:
    """Every module that `source`, a module in `package`, names in an import statement or import call."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                within = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                origin = ".".join([*within, *([module] if module else [])])
                yield origin
                yield from (f"{origin}.{name.name}" for name in names)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield module
            case _:
                pass


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Every module that the file names in an import statement or import call."""
    return tuple(imported(path.read_text(encoding="utf-8"), ".".join(path.relative_to(ROOT).parent.parts)))


def imports(folder: str) -> list[tuple[str, str]]:
    """Pairs of file and imported module, for all modules in `folder`."""
    return [
        (str(path.relative_to(ROOT)), module)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for module in imports_of(path)
    ]


def is_within(module: str, *packages: str) -> bool:
    """Whether `module` is one of `packages` or below one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def rooms() -> list[str]:
    """Dotted names of all folders of product code, sorted."""
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    return sorted(".".join(folder.relative_to(ROOT).parts) for folder in folders)


def folder_of(room: str) -> Path:
    return ROOT.joinpath(*room.split("."))


@cache
def exports(room: str) -> list[str] | None:
    """`__all__` of a room's front door; None if it has none."""
    for node in ast.parse((folder_of(room) / "__init__.py").read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List() as names):
                found: list[str] = ast.literal_eval(names)
                return found
            case _:
                pass
    return None
