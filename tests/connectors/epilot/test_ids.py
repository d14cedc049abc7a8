"""Native ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.epilot.ids import FlowId, TaskId, flow_id, task_id
from connectors.epilot.settings import Generation
from connectors.sdk.errors import NotFoundError

PART = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(generation=st.sampled_from(Generation), execution=PART, task=PART)
def test_any_vendor_id_comes_back(generation: Generation, execution: str, task: str) -> None:
    """Slashes, percent signs, spaces and other alphabets too."""
    flow = FlowId(generation, execution)

    assert task_id(str(TaskId(flow, task))) == TaskId(flow, task)
    assert flow_id(str(flow)) == flow


@given(st.text(max_size=40))
def test_a_text_is_one_id_or_none(text: str) -> None:
    """A text that is read as an id is written in the same way, so no task has two ids."""
    try:
        found = task_id(text)
    except NotFoundError:
        return

    assert str(found) == text


def test_the_generations_differ() -> None:
    """The same vendor ids in both are two tasks."""
    assert task_id("v1/a/b") != task_id("v2/a/b")
    assert str(TaskId(FlowId(Generation.V2, "a/b c"), "d:e")) == "v2/a%2Fb%20c/d%3Ae"


@pytest.mark.parametrize(
    "text", ["", "a/b", "v3/a/b", "v2/a", "v2/a/b/c", "v2//b", "v2/a/", "v2/%61/b", "v2/a b/c", "v2/a/b\n", "v2/%/b"]
)
def test_other_texts_are_no_task(text: str) -> None:
    """Neither is a flow's id, or another spelling of a task's id."""
    with pytest.raises(NotFoundError):
        task_id(text)
