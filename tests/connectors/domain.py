"""The tables of the design's domain page, and the checks of a vendor's tests for each row."""

import ast
import inspect
import re
import textwrap
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import FunctionType

from msgspec import Struct

from connectors.sdk.model import Flow, FormFieldType, PhaseState, Task, TaskKind

PAGE = Path(__file__).resolve().parents[3] / "shared" / "design" / "domain.md"

_CELL_END = re.compile(r"(?<!\\)\|")

Cells = list[str]
Pair = tuple[object, object]
"""The value in the row, and the connector's value."""


class Seen(Struct, frozen=True):
    """The state of tasks in the words of the table of states, and the rules that decided it."""

    words: str
    rules: frozenset[str]


class DomainChecks(Struct, frozen=True, kw_only=True):
    """The checks of one vendor's rows. Keys are the cells of the table, unchanged.

    `states` by native state and condition; `statuses` are those for which the mapping has a row. `flow` reads a flow in
    a native state; the mapping knows `flow_states`. `flow_words`, by state and cell, are cells with more than names of
    native states. `values` by row and cell, for the table of values and the row "form". `form_type` reads one of
    `form_types`, the vendor's own components or type names; the mapping knows `native_types`. `precedence` by the
    stronger and the weaker sign. `deviating` is what the connector does if it deliberately does not follow a row.
    """

    states: Mapping[tuple[str, str], Callable[[], Seen]]
    statuses: frozenset[str]
    unknown: Callable[[], Task]
    kinds: Callable[[], frozenset[TaskKind]]
    flow: Callable[[str], Flow] | None = None
    flow_states: frozenset[str] = frozenset()
    flow_words: Mapping[tuple[str, str], Callable[[], Awaitable[Pair]]] = {}
    phase: Callable[[str], PhaseState] | None = None
    values: Mapping[tuple[str, str], Callable[[], Pair]]
    form_types: Mapping[FormFieldType, tuple[object, ...]] = {}
    form_type: Callable[[object], FormFieldType] | None = None
    native_types: frozenset[str] = frozenset()
    precedence: Mapping[tuple[str, str], Callable[[], Pair]] = {}
    deviating: Mapping[tuple[str, str], Callable[[], str]] = {}


def seen(*tasks: Task) -> Seen:
    """For example "READY / RESERVED + pending ASSIGN" or "CANCELED, reason FLOW_CLOSED / FLOW_DONE"."""
    states = _joined(task.state for task in tasks)
    pending = _joined(task.pending_transition for task in tasks)
    reasons = _joined(task.state_reason for task in tasks)
    words = states + (f" + pending {pending}" if pending else "") + (f", reason {reasons}" if reasons else "")
    return Seen(words, frozenset(task.rule for task in tasks))


def cases_of(function: Callable[..., object]) -> frozenset[str]:
    """The texts for which a function's `match` statement has a case."""
    assert isinstance(function, FunctionType)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return frozenset(
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.MatchValue)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def section(title: str) -> str:
    """The text from the heading that begins with `title` to the next heading of the same level."""
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(f"\n## {title}")[2].partition("\n## ")[0]


def tables(text: str) -> list[list[Cells]]:
    """Every table with its head and rows, without the separating line."""
    found: list[list[Cells]] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        if not inside:
            found.append([])
            inside = True
        cells = [cell.strip() for cell in _CELL_END.split(line)[1:-1]]
        if not all(set(cell) <= {"-", ":"} and cell for cell in cells):
            found[-1].append(cells)
    return found


def table(text: str, head: str) -> list[Cells]:
    """Head and rows of the table whose first column has this name."""
    return next(each for each in tables(text) if each[0][0] == head)


def vendor_of(head: str) -> str:
    """The vendor in a head such as "Camunda 8" or "epilot (kanban query (+) / v2 search)"."""
    return head.split(maxsplit=1)[0].lower()


def _joined(values: Iterable[object]) -> str:
    return " / ".join(dict.fromkeys(str(value) for value in values if value is not None))
