"""How many values of a form are judged, and where."""

import asyncio
import threading
import time
from datetime import date

import pytest

from connectors.sdk import FormField, FormFieldType, FormJudgement
from connectors.sdk.form_js import judge_form
from connectors.sdk.forms import LARGE, MOST_VALUES, judged, values_of
from connectors.uipath.formats.formio import judge

ROWS = FormField(key="order.lines", type=FormFieldType.JSON, required=False, is_nested=True)
NAME = FormField(key="name", type=FormFieldType.TEXT, required=False)


def test_the_bound() -> None:
    """20,000 values of fields, as docs/forms.md says; from 500 on in a thread."""
    assert (20_000, 500) == (MOST_VALUES, LARGE)


def test_values_of_fields_are_counted() -> None:
    """Those that were given and those of the task, under keys with dots too; data beside the form do not count."""
    data = {"name": "x", "order": {"lines": [{"a": 1, "b": [2, 3]}, {}]}, "beside": [1] * 50}

    assert 4 == values_of([NAME, ROWS], data)
    assert 6 == values_of([NAME, ROWS], data, {"order": {"note": None}, "order.lines": [7]})
    assert 0 == values_of([], data, None)
    assert MOST_VALUES + 1 == values_of([NAME], {"name": [1] * (MOST_VALUES * 3)})


async def test_a_large_form_is_judged_beside_the_event_loop() -> None:
    threads: list[int] = []

    def judge() -> FormJudgement:
        threads.append(threading.get_ident())
        time.sleep(0.05)
        return FormJudgement(data={"a": 1})

    ticks = 0

    async def others() -> None:
        nonlocal ticks
        for _ in range(10):
            await asyncio.sleep(0.002)
            ticks += 1

    large, _ = await asyncio.gather(judged(LARGE, judge), others())
    await judged(LARGE - 1, judge)

    assert {"a": 1} == large.data
    assert threads[0] != threading.get_ident() == threads[1]
    assert 10 == ticks


async def test_too_many_values_are_refused_without_judging() -> None:
    """One fault, about the data as a whole."""

    def judge() -> FormJudgement:
        raise AssertionError

    refused = await judged(MOST_VALUES + 1, judge)

    assert [()] == [fault.path for fault in refused.faults]
    assert refused.faults[0].message.startswith("data has more than 20000 values in the fields of the form")


@pytest.mark.slow
def test_the_time_grows_with_the_number_of_values() -> None:
    """Many rows with options, conditions and computed values cost milliseconds each, not squares of them."""
    options = [f"o{number}" for number in range(1000)]
    camunda = {
        "components": [
            {
                "type": "dynamiclist",
                "path": "lines",
                "components": [
                    {"type": "select", "key": "s", "valuesKey": "options"},
                    {"type": "number", "key": "p", "conditional": {"hide": '=this.s = "o1"'}},
                    {"type": "expression", "key": "t", "expression": "=this.p * 2"},
                ],
            }
        ]
    }
    formio = {
        "components": [
            {
                "type": "datagrid",
                "key": "lines",
                "input": True,
                "components": [
                    {
                        "type": "select",
                        "key": "s",
                        "input": True,
                        "data": {"values": [{"label": each, "value": each} for each in options]},
                        "validate": {"onlyAvailableItems": True},
                    },
                    {"type": "number", "key": "p", "input": True, "conditional": {"when": "lines.s", "eq": "o1"}},
                ],
            }
        ]
    }
    data = {"lines": [{"s": options[-1], "p": number} for number in range(700)]}
    started = time.process_time()
    first = judge_form(camunda, data, {"options": options}, is_draft=False, today=date(2026, 11, 30))
    second = judge(formio, data, {})

    assert ((), ()) == (first.faults, second.faults)
    assert time.process_time() - started < 2
