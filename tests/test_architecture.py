"""The structure of the tree: which imports are allowed, and which files a vendor has."""

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
# Files of every vendor.
VENDOR_FILES = {"__init__.py", "settings.py", "wire.py", "client.py", "mapping.py", "connector.py", "README.md"}
# Optional files. `formats` has readers and writers of formats: OData, BPMN, letter case.
FURTHER_VENDOR_FILES = {
    "errors.py",
    "ids.py",
    "search.py",
    "paging.py",
    "details.py",
    "forms.py",
    "start_forms.py",
    "people.py",
    "flows.py",
    "after_write.py",
    "assignment.py",
    "options.py",
    "steps.py",
    "traces.py",
    "notices.py",
    "writing.py",
    "extras.py",
    "formats",
}
NO_STAND_INS = {"issuer"}  # an identity provider: it plays no vendor
STAND_INS = sorted(
    path.parent.name for path in (ROOT / "sandbox").glob("*/__init__.py") if path.parent.name not in NO_STAND_INS
)
STAND_IN_NAMES = {
    "__init__": "lists the folder's files; names the class as `STAND_IN`",
    "stand_in": "the application that the sandbox serves",
    "routes": "the operation of each method and path",
    "auth": "who calls, and what the caller may do",
    "requests": "what is read from requests",
    "operations": "what each operation reads or changes",
    "errors": "the vendor's errors",
    "records": "the vendor's objects",
    "definitions": "what tasks and flows are created from",
    "store": "all records, with the lag of reads",
    "sample": "fresh data, by seed or scenario",
}
"""Every stand-in has these. A name is a file, or a folder of files where one file would be too long."""
OPTIONAL_STAND_IN_NAMES = {
    "answers": "records as the vendor's JSON, where that is more than encoding them",
    "directory": "users and groups, where the vendor has ids of its own for them",
    "engine": "what happens by itself: processes, automations, delays",
    "search": "filters, order and pages of lists",
    "formats": "formats within requests and answers: OData, BPMN, keys",
    "variants": "what differs between releases or installations",
}
MOST_LINES = 400
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
def test_imports_of_every_kind_are_found(source: str, expected: str) -> None:
    """Inside functions, relative, and by a call with a literal name."""
    assert expected in set(imported(source, "connectors.sdk"))


def test_there_are_vendors() -> None:
    """Otherwise the checks below would check nothing."""
    assert VENDORS


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["gateway", "schema", "connectors/sdk"])
def test_no_import_names_a_vendor(folder: str) -> None:
    """Vendors are found by the registry."""
    assert [] == [(path, module) for path, module in imports(folder) if _named_vendors(module)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_imports_no_other_vendor(vendor: str) -> None:
    """Code that two vendors need is in the sdk."""
    others = [(path, module) for path, module in imports(f"connectors/{vendor}") if _named_vendors(module) - {vendor}]

    assert [] == others


@pytest.mark.parametrize("vendor", VENDORS)
def test_of_this_project_a_vendor_imports_only_the_sdk(vendor: str) -> None:
    """Neither the gateway nor the graph, nor a stand-in, nor the contract suite."""
    allowed = (f"connectors.{vendor}", "connectors.sdk")
    wrong = [
        (path, module)
        for path, module in imports(f"connectors/{vendor}")
        if is_within(module, *PACKAGES) and not is_within(module, *allowed) and module != "connectors"
    ]

    assert [] == wrong


@pytest.mark.slow
def test_the_sandbox_shares_no_code_with_what_it_tests() -> None:
    """The same error on both sides would not be noticed."""
    assert [] == [
        (path, module) for path, module in imports("sandbox") if is_within(module, "gateway", "schema", "connectors")
    ]


def test_product_code_does_not_import_the_contract_suite() -> None:
    """The suite needs pytest, which is not installed with the product."""
    assert [] == [
        (path, module)
        for folder in PACKAGES
        for path, module in imports(folder)
        if not path.startswith("connectors/sdk/testing/")
        and is_within(module, "connectors.sdk.testing", "pytest", "hypothesis")
    ]


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_has_the_same_files(vendor: str) -> None:
    """The mandatory ones; others only with the names that all vendors use for the same purpose."""
    files = {path.name for path in (ROOT / "connectors" / vendor).iterdir() if path.name != "__pycache__"}

    assert set() == VENDOR_FILES - files
    assert set() == files - VENDOR_FILES - FURTHER_VENDOR_FILES


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_has_a_stand_in_and_tests(vendor: str) -> None:
    """The tests begin with the inherited contract."""
    assert (ROOT / "sandbox" / vendor / "__init__.py").is_file()

    contract = ROOT / "tests" / "connectors" / vendor / "test_contract.py"

    assert "(ConnectorContract)" in contract.read_text(encoding="utf-8")


def test_there_are_stand_ins() -> None:
    """Without stand-ins, the checks below would check nothing."""
    assert set(VENDORS) <= set(STAND_INS)


@pytest.mark.parametrize("vendor", STAND_INS)
def test_every_stand_in_has_the_same_names(vendor: str) -> None:
    """The mandatory names, and no name that is not on the list."""
    entries = [path for path in (ROOT / "sandbox" / vendor).iterdir() if path.name != "__pycache__"]
    names = {path.stem if path.suffix == ".py" else path.name for path in entries}

    assert (set(), set()) == (
        STAND_IN_NAMES.keys() - names,
        names - STAND_IN_NAMES.keys() - OPTIONAL_STAND_IN_NAMES.keys(),
    )


def test_files_of_stand_ins_are_short() -> None:
    """A file holds one subject."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "sandbox").rglob("*.py")}

    assert {} == {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MOST_LINES}


def test_modules_have_meaningful_names() -> None:
    """The names in this list say nothing about a module."""
    modules = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*") if path.suffix in {"", ".py"}]

    assert [] == [str(path.relative_to(ROOT)) for path in modules if path.stem in MEANINGLESS]


@pytest.mark.server
def test_the_import_contracts_hold() -> None:
    """Also over several modules, which single import statements do not show."""
    command = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == run.returncode, run.stdout + run.stderr
