"""Work on many rows lets others run, and ends when its answer is not wanted any more."""

import asyncio
from collections.abc import Sequence

import anyio
import pytest

from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import TaskState
from connectors.sdk.row_test import FoldedOnce, TextMatch, Words
from gateway.federation.lists.filter_compiler import FilterCompiler
from gateway.federation.lists.row_work import STRETCH, RowWork
from gateway.federation.traffic import CallContext, in_context
from schema.ports import SubjectMatch, TaskFilter
from tests.gateway.federation.memory_source import NOW, task


class Clock:
    """Each row takes a tenth of a stretch."""

    def __init__(self) -> None:
        self.now = 0.0

    def row(self, row: int) -> int:
        self.now += STRETCH / 10
        return row

    def __call__(self) -> float:
        return self.now


async def test_others_run_between_two_stretches() -> None:
    clock, turns = Clock(), 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    done = await RowWork(clock).each(range(2_000), clock.row)
    beside.cancel()

    assert list(range(2_000)) == done
    assert turns >= 2_000 // 64


@pytest.mark.parametrize("context", ["late", "gone"])
async def test_work_ends_with_the_deadline_and_with_the_client(context: str) -> None:
    clock = Clock()
    tested: list[int] = []
    call = (
        CallContext(deadline=anyio.current_time() - 1)
        if context == "late"
        else CallContext(has_left=lambda: len(tested) > 100)
    )

    with in_context(call), pytest.raises(UpstreamTimeoutError, match="narrow the filter"):
        await RowWork(clock).each(range(2_000), lambda row: tested.append(clock.row(row)))

    assert len(tested) < 300


def test_the_texts_of_a_row_are_folded_once() -> None:
    """However many conditions there are."""
    read = 0

    def texts(row: str) -> Sequence[str]:
        nonlocal read
        read += 1
        return (row, "ÄÖÜ")

    shown = FoldedOnce(texts)
    for row in ("a", "B", "a"):
        assert {shown(row) for _ in range(50)} == {f"{row.lower()}\naou"}

    assert read == 3


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (TaskFilter(text="muller order"), False),
        (TaskFilter(text="rechnung  MÜLLER"), True),
        (TaskFilter(any_of=tuple(TaskFilter(text=f"q{n}") for n in range(20))), False),
        (TaskFilter(any_of=(TaskFilter(text="q"), TaskFilter(title=TextMatch(contains="muller")))), True),
        (TaskFilter(title=TextMatch(starts_with="RECH", not_in=frozenset({"x"}))), True),
        (TaskFilter(title=TextMatch(starts_with="RECH", not_in=frozenset({"Rechnung Müller"}))), False),
        (TaskFilter(title=TextMatch(is_null=True)), False),
        (TaskFilter(none_of=TaskFilter(text="muller")), False),
        (TaskFilter(subject=SubjectMatch(label="x")), False),
        (TaskFilter(tag=TextMatch(is_null=True)), True),
    ],
)
def test_compiled_filters_share_what_is_folded(wanted: TaskFilter, *, matches: bool) -> None:
    compiled = FilterCompiler("here", "made-up", native_id=lambda _: None, now=NOW).compile(wanted)
    row = task("here", "1", title="Rechnung Müller", state=TaskState.READY)

    assert compiled.matches(row) is matches


def test_words_are_found_in_any_order() -> None:
    assert Words("müller  ANNA").are_in(["Anna", "Maria Muller"])
    assert not Words("annamaria").are_in(["Anna", "Maria"])
    assert Words("").are_in([])
