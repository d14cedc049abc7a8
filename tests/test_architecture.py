"""The shape of the tree: who may import whom, and which files a vendor has."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tree import PACKAGES, ROOT, imported, imports, is_within

VENDORS = sorted(
    folder.name
    for folder in (ROOT / "connectors").iterdir()
    if folder.is_dir() and folder.name not in {"sdk", "__pycache__"}
)
VENDOR_FILES = {
    "__init__.py",
    "settings.py",
    "wire.py",
    "client.py",
    "mapping.py",
    "connector.py",
    "README.md",
}
MEANINGLESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "handler", "misc"}


def _named_vendors(module: str) -> set[str]:
    return {vendor for vendor in VENDORS if is_within(module, f"connectors.{vendor}")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import connectors.camunda", "connectors.camunda"),
        ("from connectors import camunda", "connectors.camunda"),
        ("def f():\n    from connectors.camunda.wire import Task", "connectors.camunda.wire"),
        ("from ..camunda import wire", "connectors.camunda.wire"),
        ("from . import wire", "connectors.sdk.wire"),
        ("import importlib\nimportlib.import_module('connectors.camunda')", "connectors.camunda"),
    ],
)
def test_imports_are_seen_however_they_are_written(source: str, expected: str) -> None:
    """Inside functions, relative, and by a call with a literal name."""
    assert expected in set(imported(source, "connectors.sdk"))


def test_there_are_vendors() -> None:
    """Otherwise the checks below would check nothing."""
    assert VENDORS


@pytest.mark.parametrize("folder", ["gateway", "schema", "connectors/sdk"])
def test_no_import_names_a_vendor(folder: str) -> None:
    """Vendors are found by the registry."""
    assert [] == [(path, module) for path, module in imports(folder) if _named_vendors(module)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_imports_no_other_vendor(vendor: str) -> None:
    """What two of them need is in the sdk."""
    others = [(path, module) for path, module in imports(f"connectors/{vendor}") if _named_vendors(module) - {vendor}]

    assert [] == others


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_imports_of_this_project_the_sdk_alone(vendor: str) -> None:
    """Neither the gateway nor the graph, nor a stand-in, nor the suite that tests it."""
    allowed = (f"connectors.{vendor}", "connectors.sdk")
    wrong = [
        (path, module)
        for path, module in imports(f"connectors/{vendor}")
        if is_within(module, *PACKAGES) and not is_within(module, *allowed) and module != "connectors"
    ]

    assert [] == wrong


def test_the_sandbox_shares_no_code_with_what_it_tests() -> None:
    """A mistake in shared code would cancel itself out."""
    assert [] == [
        (path, module) for path, module in imports("sandbox") if is_within(module, "gateway", "schema", "connectors")
    ]


def test_nothing_that_runs_imports_the_contract_suite() -> None:
    """It needs pytest, which an installation does not have."""
    assert [] == [
        (path, module)
        for folder in PACKAGES
        for path, module in imports(folder)
        if not path.startswith("connectors/sdk/testing/")
        and is_within(module, "connectors.sdk.testing", "pytest", "hypothesis")
    ]


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_has_the_same_files(vendor: str) -> None:
    """Who knows one folder knows all; a vendor with more to say may have further files."""
    there_are = {path.name for path in (ROOT / "connectors" / vendor).iterdir()}

    assert set() == VENDOR_FILES - there_are


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_has_a_stand_in_and_tests(vendor: str) -> None:
    """The tests begin with the inherited contract."""
    assert (ROOT / "sandbox" / vendor / "__init__.py").is_file()

    contract = ROOT / "tests" / "connectors" / vendor / "test_contract.py"

    assert "(ConnectorContract)" in contract.read_text(encoding="utf-8")


def test_modules_are_named_by_what_they_hold() -> None:
    """These names say nothing."""
    modules = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*") if path.suffix in {"", ".py"}]

    assert [] == [str(path.relative_to(ROOT)) for path in modules if path.stem in MEANINGLESS]


@pytest.mark.server
def test_the_import_contracts_hold() -> None:
    """Also across several modules, which single import statements do not show."""
    command = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == run.returncode, run.stdout + run.stderr
