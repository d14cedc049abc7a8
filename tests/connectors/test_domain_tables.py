"""Every row of the design's tables of states, values and forms, compared with the connectors.

Each vendor's folder of tests has its checks in `domain.py`. A new row, a changed row and a changed mapping fail here.
Rows of a vendor that is not registered are skipped.
"""

import importlib
import re
from functools import cache
from itertools import pairwise

import pytest

from connectors.sdk.forms import judge_fields
from connectors.sdk.model import FormField, FormFieldType
from connectors.sdk.registry import connector_types
from tests.connectors.domain import PAGE, DomainChecks, section, seen, table, vendor_of

if not PAGE.is_file():
    pytest.skip("the design texts are not beside this repository (../shared/design)", allow_module_level=True)

_FUTURE_TOO = "a synonym of PENDING, which a task of the future has too: whether its turn has come is looked at as well"
DEVIATIONS = {
    ("epilot", "UNASSIGNED (deprecated)", ""): ("CREATED", _FUTURE_TOO),
    ("epilot", "ASSIGNED (deprecated)", ""): ("CREATED", _FUTURE_TOO),
    ("littlehorse", "ASSIGNED", "no user in the record"): (
        "UNKNOWN",
        "the bridge lists such a task as ASSIGNED: as READY it would be missing in lists of READY tasks",
    ),
    ("littlehorse", "form", "fields d: name, label, type, required, options"): (
        "fields d: name, label, type, required",
        "the bridge's description of a field has no options",
    ),
}
"""Where a connector deliberately does not follow its row, and why."""

STATES, FIELDS = section("5."), section("7.")
STATE_ROWS = table(STATES, "source")
FLOW_HEAD, *FLOW_ROWS = table(STATES, "flow state")
VALUE_HEAD, *VALUE_ROWS = table(STATES, "value")
FIELD_HEAD, *FIELD_ROWS = table(FIELDS, "Task field")
ANY = "any"


def _state_rows() -> list[tuple[str, str, str, str, str]]:
    """Vendor, native state, condition, unified state, note. An empty first cell repeats the one above."""
    rows = []
    source = ""
    for first, native, condition, unified, note in STATE_ROWS[1:]:
        source = first or source
        rows.append((vendor_of(source), native, condition, unified, note))
    return rows


def _cells(head: list[str], rows: list[list[str]]) -> list[tuple[str, str, str]]:
    """Vendor, row and cell. The head names the vendor of each column."""
    return [(vendor_of(vendor), row[0], cell) for row in rows for vendor, cell in zip(head[1:], row[1:], strict=True)]


VENDOR_STATES = [row for row in _state_rows() if row[0] != ANY]
FLOW_CELLS = _cells(FLOW_HEAD, FLOW_ROWS)
VALUE_CELLS = _cells(VALUE_HEAD, VALUE_ROWS) + [each for each in _cells(FIELD_HEAD, FIELD_ROWS) if each[1] == "form"]
KIND_CELLS = [each for each in _cells(FIELD_HEAD, FIELD_ROWS) if each[1] == "kind"]
ON_PAGE = sorted({row[0] for row in VENDOR_STATES} | {cell[0] for cell in VALUE_CELLS})
REGISTERED = [vendor for vendor in ON_PAGE if vendor in connector_types()]
FORM_TYPES = re.findall(r"([A-Z_]+)(?: \((\w+)\))?", FIELDS.split("Form types: ", 1)[1].split(".", 1)[0])


@cache
def checks_of(vendor: str) -> DomainChecks:
    if vendor not in connector_types():
        pytest.skip(f"{vendor} is not registered")
    checks: DomainChecks = importlib.import_module(f"tests.connectors.{vendor}.domain").DOMAIN
    return checks


def native_names(cell: str) -> list[str]:
    """The native names in a cell such as "Unassigned / 0", "CLOSED (reason)" or "Pending, Running"; none in "-"."""
    plain = re.sub(r"\([^)]*\)|\*\([^)]*\)\*", "", cell)
    return re.findall(r"[A-Za-z_]{2,}", plain)


def test_the_page_has_rows_for_every_vendor() -> None:
    """These tests must not pass because the page has another format and no rows are found."""
    assert set(ON_PAGE) == {vendor_of(head) for head in VALUE_HEAD[1:]} == {vendor_of(head) for head in FIELD_HEAD[1:]}
    assert set(ON_PAGE) == {cell[0] for cell in FLOW_CELLS}
    assert len(REGISTERED) >= 4
    assert len(VENDOR_STATES) > 30
    assert ["source", "native", "condition", "unified", "rule / note"] == STATE_ROWS[0]


@pytest.mark.parametrize(
    ("vendor", "native", "condition", "unified", "note"),
    VENDOR_STATES,
    ids=[" ".join(row[:3]) for row in VENDOR_STATES],
)
def test_a_state_is_what_its_row_says(vendor: str, native: str, condition: str, unified: str, note: str) -> None:
    """State, pending transition and reason; also the rule, if the note names it. Unless the vendor never follows the row."""
    checks = checks_of(vendor)
    check = checks.states.get((native, condition))
    if check is None and (native, condition) in checks.deviating:
        return

    assert check is not None, f"no check in tests/connectors/{vendor}/domain.py"
    found = check()
    assert unified == found.words
    assert set(re.findall(r"`(\w+\.[\w.]+)`", note)) <= found.rules


@pytest.mark.parametrize("vendor", REGISTERED)
def test_a_native_state_in_no_row_is_unknown(vendor: str) -> None:
    """The last row of the table: anything else, for any vendor."""
    assert [(ANY, "anything else", "", "UNKNOWN")] == [row[:4] for row in _state_rows() if row[0] == ANY]
    assert "UNKNOWN" == seen(checks_of(vendor).unknown()).words


@pytest.mark.parametrize("vendor", REGISTERED)
def test_the_mapping_has_the_states_of_the_table_and_no_others(vendor: str) -> None:
    """A state that is added on one side only is found. Every check has its row."""
    checks = checks_of(vendor)
    rows = [row for row in VENDOR_STATES if row[0] == vendor]

    assert checks.statuses == {name for row in rows for name in native_names(row[1])}
    never_followed = checks.deviating.keys() & {row[1:3] for row in rows}
    assert {row[1:3] for row in rows} == checks.states.keys() | never_followed


def test_the_stronger_sign_of_a_state_wins() -> None:
    """Each step of the precedence, for every vendor that has both signs."""
    sentence = STATES.split("Precedence: ", 1)[1].split(".", 1)[0]
    signs = [sign.strip() for sign in sentence.split(">")]
    steps = list(pairwise(signs))
    found = {(vendor, step): check() for vendor in REGISTERED for step, check in checks_of(vendor).precedence.items()}

    assert set(steps) == {step for _, step in found}
    assert {key: wanted for key, (wanted, _) in found.items()} == {key: seen for key, (_, seen) in found.items()}


@pytest.mark.parametrize(("vendor", "state", "cell"), FLOW_CELLS, ids=[f"{v} {s}" for v, s, _ in FLOW_CELLS])
async def test_a_flows_state_is_what_its_row_says(vendor: str, state: str, cell: str) -> None:
    """Each native name in the cell, and everything else that the cell says."""
    checks = checks_of(vendor)
    words = checks.flow_words.get((state, cell))
    names = [name for name in native_names(cell) if name in checks.flow_states]

    assert words is not None or names == native_names(cell), f"no check in tests/connectors/{vendor}/domain.py"
    assert dict.fromkeys(names, state) == {name: checks.flow(name).state for name in names if checks.flow}
    if words is not None:
        wanted, found = await words()
        assert wanted == found


@pytest.mark.parametrize("vendor", REGISTERED)
def test_the_mapping_has_the_flow_states_of_the_table_and_no_others(vendor: str) -> None:
    """A native state in no cell is UNKNOWN."""
    checks = checks_of(vendor)
    cells = [(state, cell) for each, state, cell in FLOW_CELLS if each == vendor]
    names = {
        name for key in cells if key not in checks.flow_words or key[0] != "UNKNOWN" for name in native_names(key[1])
    }

    assert checks.flow_states == names
    assert checks.flow_words.keys() <= set(cells)
    assert checks.flow is None or checks.flow("HIBERNATING").state == "UNKNOWN"


def test_phases_are_what_the_line_says() -> None:
    """The native names and the unified ones, in the same order."""
    match = re.search(r"^Phases \((\w+)\): ([A-Z_, ]+) -> `PhaseState` ([A-Z_, ]+)\.$", STATES, re.MULTILINE)
    assert match is not None
    phase = checks_of(match[1]).phase
    assert phase is not None

    assert match[3].split(", ") == [phase(word) for word in match[2].split(", ")]
    assert phase("HIBERNATING") == "UNKNOWN"


@pytest.mark.parametrize(("vendor", "row", "cell"), VALUE_CELLS, ids=[f"{v} {r}" for v, r, _ in VALUE_CELLS])
def test_a_value_is_what_its_cell_says(vendor: str, row: str, cell: str) -> None:
    """Priority and its sort value, due, overdue, escalated, follow-up, and the source of the form."""
    check = checks_of(vendor).values.get((row, cell))

    assert check is not None, f"no check in tests/connectors/{vendor}/domain.py"
    wanted, found = check()
    assert wanted == found


@pytest.mark.parametrize("vendor", REGISTERED)
def test_every_check_of_a_value_has_its_cell(vendor: str) -> None:
    """No check of an older page is left."""
    assert set(checks_of(vendor).values) == {(row, cell) for each, row, cell in VALUE_CELLS if each == vendor}


@pytest.mark.parametrize(("vendor", "_row", "cell"), KIND_CELLS, ids=[each[0] for each in KIND_CELLS])
def test_kinds_are_those_of_the_cell(vendor: str, _row: str, cell: str) -> None:
    """Exactly these."""
    assert set(re.findall(r"[A-Z]{2,}", cell)) == {kind.value for kind in checks_of(vendor).kinds()}


def test_the_form_types_are_those_of_the_line() -> None:
    """In the same order. At least one vendor has each."""
    given = {each for vendor in REGISTERED for each in checks_of(vendor).form_types}

    assert [name for name, _ in FORM_TYPES] == [each.value for each in FormFieldType]
    assert set(FormFieldType) == given


@pytest.mark.parametrize("form_type", FormFieldType)
@pytest.mark.parametrize("vendor", REGISTERED)
def test_a_vendors_component_is_a_field_of_its_type(vendor: str, form_type: FormFieldType) -> None:
    """For every component in the vendor's row of this type."""
    checks = checks_of(vendor)
    natives = checks.form_types.get(form_type, ())

    assert [form_type for _ in natives] == [checks.form_type(native) for native in natives if checks.form_type]


@pytest.mark.parametrize("vendor", REGISTERED)
def test_no_component_of_the_mapping_is_left_out(vendor: str) -> None:
    """The test above has every component that the mapping knows."""
    checks = checks_of(vendor)
    known = (natives for kind, natives in checks.form_types.items() if kind is not FormFieldType.UNKNOWN)
    tried = {each["type"] if isinstance(each, dict) else each for natives in known for each in natives}

    assert checks.native_types == tried
    assert bool(checks.native_types) == (checks.form_type is not None)


@pytest.mark.parametrize(
    ("word", "good", "bad"), [("string", "1.5", 1.5), ("double", 1.5, "1.5")], ids=["string", "double"]
)
def test_a_value_has_the_type_that_the_line_names(word: str, good: object, bad: object) -> None:
    """For the types whose name does not say it."""
    named = {name: told for name, told in FORM_TYPES if told}
    types = [name for name, told in named.items() if told == word]

    assert {"TEXT": "string", "NUMBER": "double"} == named
    for name in types:
        fields = (FormField(key="value", type=FormFieldType(name), required=True),)

        assert not judge_fields(fields, {"value": good}).faults
        assert judge_fields(fields, {"value": bad}).faults


def test_a_file_is_refused() -> None:
    """The page says so for GEOtareas, the only vendor that would accept one as a value."""
    fields = (FormField(key="scan", type=FormFieldType.FILE, required=True),)

    assert "GEOtareas FILE fields: refuse to fill" in FIELDS
    assert judge_fields(fields, {"scan": "scan.pdf"}).faults


def test_deviations_are_listed_and_still_exist() -> None:
    """Each is as listed and differs from its row. A deviation that no longer exists must be removed."""
    rows = {row[:3]: row[3] for row in VENDOR_STATES} | {cell: cell[2] for cell in VALUE_CELLS}
    done = {(vendor, *key): check() for vendor in REGISTERED for key, check in checks_of(vendor).deviating.items()}

    assert {key: instead for key, (instead, _) in DEVIATIONS.items() if key[0] in REGISTERED} == done
    assert [] == [key for key, words in done.items() if words == rows[key]]
