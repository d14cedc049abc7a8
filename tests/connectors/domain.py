"""The tables of the design's domain page, and what a vendor's tests say to each of their rows."""

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
"""What the row says, and what the connector does."""


class Seen(Struct, frozen=True):
    """Tasks in the words of the table of states, and the rules that decided."""

    words: str
    rules: frozenset[str]


class DomainChecks(Struct, frozen=True, kw_only=True):
    """One vendor's rows. Keys are the cells of the table as they stand there.

    `states` by native state and condition; `statuses` are those that the mapping has a row for. `flow` reads a flow in
    a native state, of which the mapping knows `flow_states`; `flow_words` are cells that name no native states alone,
    by state and cell. `values` by row and cell, of the table of values and of the form row. `form_type` reads one of
    `form_types`, the vendor's own components or type names; the mapping knows those named in `native_types`.
    `precedence` by the stronger and the weaker. `deviating` is what is done where a row is knowingly not followed.
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
    """ "READY / RESERVED + pending ASSIGN", "CANCELED, reason FLOW_CLOSED / FLOW_DONE"."""
    states = _joined(task.state for task in tasks)
    pending = _joined(task.pending_transition for task in tasks)
    reasons = _joined(task.state_reason for task in tasks)
    words = states + (f" + pending {pending}" if pending else "") + (f", reason {reasons}" if reasons else "")
    return Seen(words, frozenset(task.rule for task in tasks))


def cases_of(function: Callable[..., object]) -> frozenset[str]:
    """The texts that a function's `match` statement has a case for."""
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
    """From the heading that begins so to the next of its rank."""
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(f"\n## {title}")[2].partition("\n## ")[0]


def tables(text: str) -> list[list[Cells]]:
    """Every table with its head and its rows, without the line between them."""
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
    """Head and rows of the table whose first column is called so."""
    return next(each for each in tables(text) if each[0][0] == head)


def vendor_of(head: str) -> str:
    """ "Camunda 8", "epilot (kanban query (+) / v2 search)"."""
    return head.split(maxsplit=1)[0].lower()


def _joined(values: Iterable[object]) -> str:
    return " / ".join(dict.fromkeys(str(value) for value in values if value is not None))
