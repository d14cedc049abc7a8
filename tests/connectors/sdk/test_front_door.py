"""What `connectors.sdk` offers to vendors, and what they import."""

import ast
from pathlib import Path

import pytest

import connectors.sdk
import connectors.sdk.form_js
import connectors.sdk.testing
from connectors.sdk import Assign, ConnectorInfo, Task, TaskState, utc_now

ROOT = Path(__file__).resolve().parents[3]
VENDORS = [
    *(
        folder
        for folder in (ROOT / "connectors").iterdir()
        if folder.is_dir() and folder.name not in {"sdk", "__pycache__"}
    ),
    ROOT / "tests" / "connectors" / "sixth_vendor" / "acme_taskgate",
]
DOORS = {
    "connectors.sdk": connectors.sdk,
    "connectors.sdk.form_js": connectors.sdk.form_js,
    "connectors.sdk.testing": connectors.sdk.testing,
}


def imports(folder: Path) -> list[tuple[str, str]]:
    """Module and name of everything that the files in `folder` import from the sdk."""
    return [
        (node.module, alias.name)
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[:2] == ["connectors", "sdk"]
        for alias in node.names
    ]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda folder: folder.name)
def test_a_vendor_imports_what_the_front_door_offers(vendor: Path) -> None:
    """No vendor imports a file of the sdk."""
    used = imports(vendor)

    assert used
    assert [] == [(module, name) for module, name in used if module not in DOORS or name not in DOORS[module].__all__]


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_the_front_door_lists_what_it_imports(door: object) -> None:
    """Every name exists, none is private, and every imported name is listed."""
    offered = vars(door)["__all__"]
    imported = {
        alias.asname or alias.name
        for node in ast.parse(Path(vars(door)["__file__"]).read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert len(offered) == len(set(offered))
    assert set(offered) == imported
    assert [] == [name for name in offered if not hasattr(door, name) or name.startswith("_")]


@pytest.mark.parametrize("given", [{}, {"user_id": "1", "group_id": "2"}])
def test_an_assignment_names_a_user_or_a_group(given: dict[str, str]) -> None:
    """Exactly one of them, so no vendor must check it."""
    task = Task(source="a", native_id="1", title="t", state=TaskState.READY, rule="r", fetched_at=utc_now())
    with pytest.raises(ValueError, match="exactly one of user_id and group_id"):
        Assign(task=task, **given)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("package", ["gateway", "schema"])
def test_the_facts_of_a_connector_are_read_from_its_info(package: str) -> None:
    """A connector around another one replaces `info`. The class attributes stay those of the inner vendor."""
    facts = {*ConnectorInfo.__struct_fields__, "cancel_strategies"}
    past_info = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in facts
        if (isinstance(node.value, ast.Name) and node.value.id == "connector")
        or (isinstance(node.value, ast.Attribute) and node.value.attr == "connector")
    ]

    assert [] == past_info
