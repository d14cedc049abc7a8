"""Rows with one member that does not fit, for the tests of all vendors.

The rows of `../shared/cases/inputs/odd-rows.json`, where that file is, and the essential ones of each test.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases" / "inputs" / "odd-rows.json"
WHOLE_ROW = "whole row"
ABSENT = {"absent": True}


def changed(row: Mapping[str, Any], member: str, value: object) -> object:
    """The row with one member changed or left out; `value` in place of the row for `WHOLE_ROW`."""
    if member == WHOLE_ROW:
        return value
    rest = {name: each for name, each in row.items() if name != member}
    return rest if value == ABSENT else {**rest, member: value}


def odd_members(vendor: str, essential: Mapping[str, Sequence[object]]) -> pytest.MarkDecorator:
    """A mark with the parameters `member` and `value`."""
    cases = [(member, value) for member, values in essential.items() for value in values]
    if SHARED.exists():
        shared = msgspec.json.decode(SHARED.read_bytes())[vendor]["members"]
        cases += [(m, v) for m, values in shared.items() for v in values if (m, v) not in cases]
    return pytest.mark.parametrize(("member", "value"), cases, ids=[f"{m}={v!r}"[:60] for m, v in cases])
