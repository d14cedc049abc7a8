"""Ranges in pyproject.toml, and the tested versions in constraints.txt."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.dependency_audit import judged
from tests.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def ranges() -> Sequence[Requirement]:
    listed = [
        *PROJECT["dependencies"],
        *(each for extra in PROJECT["optional-dependencies"].values() for each in extra),
    ]
    return [Requirement(each) for each in listed if not each.startswith("taskgate")]


def pins() -> Mapping[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in found}


def faults(needed: Sequence[Requirement], pinned: Mapping[str, str]) -> Iterator[str]:
    """What does not fit."""
    for each in needed:
        version = pinned.get(canonicalize_name(each.name))
        if version is None:
            yield f"{each.name} is not pinned"
        elif not each.specifier.contains(Version(version), prereleases=True):
            yield f"{each.name} {version} is not within {each.specifier}"


def test_each_dependency_is_pinned_within_its_range() -> None:
    """Those of the extras too. The pins are what the tests run with."""
    assert [] == list(faults(ranges(), pins()))


def test_a_pin_that_is_missing_or_out_of_range_is_found() -> None:
    """The test above can fail."""
    needed = [Requirement("a>=2,<3"), Requirement("b>=1"), Requirement("A_c>=1")]

    assert ["a 3.0 is not within <3,>=2", "b is not pinned"] == list(faults(needed, {"a": "3.0", "a-c": "1.5"}))


def test_ranges_leave_room_for_security_updates() -> None:
    """A lower bound, and no exact version: packages of connectors and pip users depend on the same packages."""
    bounds = {str(each): str(each.specifier) for each in ranges()}

    assert [] == [each for each, bound in bounds.items() if ">=" not in bound or "==" in bound]


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile", ".ci/run"])
def test_the_pins_are_what_is_installed(file: str) -> None:
    """Every installation from the tree names them."""
    lines = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    installing = [line for line in lines if "pip install" in line]

    assert installing
    assert [] == [line for line in installing if "--constraint constraints.txt" not in line]


SKIPPED = {"name": "a", "skip_reason": "Dependency not found"}
GOOD = {"name": "b", "version": "1", "vulns": []}


def bad(*fixed: str) -> dict[str, Any]:
    return {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": list(fixed)}]}


@pytest.mark.parametrize(
    ("found", "code", "last"),
    [
        (None, 0, "dependencies are not audited: pip-audit or its advisories cannot be had here"),
        ({"dependencies": [SKIPPED]}, 0, "dependencies are not audited: the registry here has no advisories"),
        ({"dependencies": [SKIPPED, GOOD]}, 0, "dependencies: 1 audited, 0 known vulnerabilities"),
        ({"dependencies": [GOOD, bad()]}, 0, "dependencies: 2 audited, 1 known vulnerabilities"),
        ({"dependencies": [GOOD, bad("3")]}, 1, "dependencies: 2 audited, 1 known vulnerabilities"),
    ],
)
def test_an_audit_fails_only_for_what_can_be_mended(found: Mapping[str, Any] | None, code: int, last: str) -> None:
    """Never because of the network."""
    exit_code, lines = judged(found)

    assert (code, last) == (exit_code, lines[-1])
    assert ("c 2: PYSEC-1, mended in 3" in lines) == (code == 1)
