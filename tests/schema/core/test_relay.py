"""Global ids: each has one spelling, and a wrong one reveals nothing."""

from base64 import b64encode

import pytest

from schema.core.relay import GlobalId, decode, global_id
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FakeFederation, a_task


def _b64(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("found", "inside"),
    [
        (GlobalId("Task", ("c8", "225179981395")), "Task:c8:225179981395"),
        (GlobalId("Task", ("lh", "run/1:guid")), "Task:lh:run%2F1%3Aguid"),
        (GlobalId("User", ("c8", "a%b@ñ")), "User:c8:a%25b%40%C3%B1"),
        (GlobalId("User", ("@alice",)), "User:@alice"),
        (GlobalId("User", ("@@x:y",)), "User:@%40x%3Ay"),
        (GlobalId("Source", ("c8",)), "Source:c8"),
        (GlobalId("TaskDefinition", ("c8", "p-1")), "TaskDefinition:c8:p-1"),
    ],
)
def test_global_id_is_base64_of_its_parts(found: GlobalId, inside: str) -> None:
    """Parts are percent-encoded and decoded unchanged."""
    assert _b64(inside) == found.encode()
    assert found == decode(_b64(inside))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "Task:c8:1",
        _b64("Task"),
        _b64("Task:c8"),
        _b64("Task:c8:"),
        _b64("Task:c8:1:2"),
        _b64("Task:c8:%31"),
        _b64("Robot:c8:1"),
        _b64("User:alice"),
        _b64("Source:@c8"),
        _b64("User:@c8:x"),
        _b64("Task:c8:%FF"),
        _b64("Task:c8:1") + "\n",
        b64encode(b"Task:c8:\xff").decode(),
    ],
)
async def test_malformed_id_is_null(text: str, ask: Ask, federation: FakeFederation) -> None:
    """No call is made. It looks like an unknown id."""
    document = "query($id: ID!) { task(id: $id) { id } node(id: $id) { id } flow(id: $id) { id } user(id: $id) { id } }"
    result = await ask(document, id=text)

    assert decode(text) is None
    assert [] == result.errors
    assert result.data == {"task": None, "node": None, "flow": None, "user": None}
    assert {} == federation.calls


async def test_id_of_another_type_is_null(ask: Ask, federation: FakeFederation) -> None:
    """A task's id does not find a flow, nor a source's id a task."""
    federation.add(a_task())
    document = (
        "query($task: ID!, $source: ID!) { flow(id: $task) { id } user(id: $task) { id } task(id: $source) { id } }"
    )
    result = await ask(document, task=global_id("Task", "c8", "1"), source=global_id("Source", "c8"))

    assert result.data == {"flow": None, "user": None, "task": None}
