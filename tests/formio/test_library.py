"""Forms against Form.io's own library (npm @formio/core): what it says is valid is sent, and as it would submit it."""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import msgspec
import pytest

from connectors.sdk import FormJudgement, encode_json_numbers
from connectors.uipath.formats.formio import fields_of, json_schema, judge
from tests.formio.forms import CASES, REASONS, Case, Filling
from tests.formio.generated import generated
from tests.tree import ROOT

HERE = Path(__file__).parent
GENERATED = 60
PAGE = ROOT / "docs" / "forms.md"


class Told(NamedTuple):
    """What library and gateway say of one filling."""

    case: Case
    filling: Filling
    library: Mapping[str, Any]
    gateway: FormJudgement

    @property
    def agree(self) -> bool:
        is_sent = not self.gateway.faults
        return is_sent == self.library["valid"] and (not is_sent or self.sent == self.library["submitted"])

    @property
    def sent(self) -> Any:
        return msgspec.json.decode(encode_json_numbers(self.gateway.data))

    def __str__(self) -> str:
        faults = [each.message for each in self.gateway.faults]
        return f"{self.case.name} {self.filling.given}: library {dict(self.library)}, gateway {faults} {self.sent}"


@cache
def all_told(node: str) -> list[Told]:
    """From one run of Node.js. Times without a zone are UTC."""
    fillings = [(case, filling) for case in (*CASES, *generated(GENERATED)) for filling in case.fillings]
    lines = [
        msgspec.json.encode({"schema": case.layout, "entry": {**case.held, **filling.given}})
        for case, filling in fillings
    ]
    done = subprocess.run(
        [node, "judged.mjs"],
        cwd=HERE,
        input=b"\n".join(lines) + b"\n",
        capture_output=True,
        check=False,
        env={**os.environ, "TZ": "UTC"},
        timeout=300,
    )
    assert 0 == done.returncode, done.stderr.decode()
    answers = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    return [
        Told(case, filling, answer, judge(case.layout, filling.given, case.held))
        for (case, filling), answer in zip(fillings, answers, strict=True)
    ]


@pytest.mark.server
def test_library_and_gateway_agree(node: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On validity and on the data, except where a filling says that they differ. Such a difference still exists."""
    told = all_told(node)
    wrong = [str(each) for each in told if each.agree == (each.filling.differs is not None)]
    reasons = Counter(each.filling.differs for each in told if each.filling.differs is not None)
    with capsys.disabled():
        forms = len(CASES) + GENERATED
        listed = ", ".join(f"{name} {count}" for name, count in sorted(reasons.items()))
        print(  # noqa: T201 the numbers are what this test is for
            f"\nForm.io: {forms} forms, {len(told)} fillings, {sum(each.agree for each in told)} judged alike, "
            f"{reasons.total()} listed differences ({listed}), {len(wrong)} others"
        )

    assert [] == wrong
    assert len(CASES) >= 75


def test_every_reason_is_documented() -> None:
    """In the table of docs/forms.md, which has no others."""
    section = PAGE.read_text(encoding="utf-8").split("\n## UiPath\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([a-z ]+)` \|", section, re.MULTILINE)
    used = {filling.differs for case in CASES for filling in case.fillings if filling.differs is not None}

    assert sorted(REASONS) == sorted(rows) == sorted(used)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_sent_fits_the_json_schema(case: Case) -> None:
    """Of the first filling of each form, which is a plausible one. The schema is one of its dialect."""
    schema = json_schema(case.layout, fields_of(case.layout, case.held), case.held)
    first = case.fillings[0]
    jsonschema.Draft202012Validator.check_schema(schema)

    judged = judge(case.layout, first.given, case.held)
    if not judged.faults and first.differs is None:
        assert [] == [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(judged.data)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_sent_can_be_read_and_sent_again(case: Case) -> None:
    """Once sent, the data of the task need nothing more, and are sent unchanged."""
    for filling in case.fillings:
        first = judge(case.layout, filling.given, case.held)
        if first.faults:
            continue
        untouched = judge(case.layout, {}, first.data)
        again = judge(case.layout, first.data, first.data)

        assert (first.data, ()) == (untouched.data, untouched.faults)
        assert (first.data, ()) == (again.data, again.faults)
