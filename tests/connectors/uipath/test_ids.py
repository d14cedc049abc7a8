"""Ids of tasks and flows."""

from collections.abc import Callable

import httpx2
import pytest

from connectors.sdk.errors import NotFoundError
from connectors.uipath import UiPathConnector
from connectors.uipath.ids import FlowId, TaskId

GUID = "0b9d7c1e-4a5f-4d7b-9e61-6a1f6b1d2c3d"
KEY = "7f1e0c52-9b1a-4c55-8a1e-0c6d1f2b3a4d"
MOST = (1 << 63) - 1


@pytest.mark.parametrize(
    ("native_id", "parsed"),
    [
        ("828-101", TaskId(828, 101)),
        (f"{MOST}-{MOST}", TaskId(MOST, MOST)),
        ("828-9223372036854775808", None),
        ("828-0", None),
        ("0828-1", None),
        ("-828-1", None),
        ("828--1", None),
        ("101", None),
        ("828-101 ", None),
        ("828-101\n", None),
        ("٨-١", None),
        ("", None),
    ],
)
async def test_a_task_id_is_a_folder_and_a_number(
    scripted: Callable[..., UiPathConnector], native_id: str, parsed: TaskId | None
) -> None:
    """Both are int64. A text of another form is an unknown task, without a call."""
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(404)

    connector = scripted(answer)

    assert parsed == TaskId.parse(native_id)
    assert connector.is_native_id(native_id) == (parsed is not None)
    assert {} == await connector.get_tasks([native_id])
    assert len(asked) == (parsed is not None)
    assert parsed is None or str(parsed) == native_id


@pytest.mark.parametrize(
    ("native_id", "parsed"),
    [
        (f"828-{GUID}", FlowId(828, GUID)),
        (f"{KEY}-{GUID}", FlowId(KEY, GUID)),
        ("", None),
        ("828", None),
        (GUID, None),
        (f"828-{GUID}x", None),
        ("828-../x", None),
        (f"{KEY}{GUID}", None),
        (f"0-{GUID}", None),
        (f"{MOST + 1}-{GUID}", None),
    ],
)
async def test_a_flow_id_is_a_folder_and_an_instance(
    scripted: Callable[..., UiPathConnector], native_id: str, parsed: FlowId | None
) -> None:
    """The folder is an id or a key. A text of another form is an unknown flow, without a call."""
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json={"value": []})

    assert parsed == FlowId.parse(native_id)
    assert parsed is None or str(parsed) == native_id
    if parsed is None:
        assert {} == await scripted(answer).get_flows([native_id])
        assert [] == asked


def test_an_id_that_is_required_must_have_its_form() -> None:
    """Otherwise there is no such task or flow."""
    assert TaskId(828, 101) == TaskId.require("828-101")
    assert FlowId(828, GUID) == FlowId.require(f"828-{GUID}")
    with pytest.raises(NotFoundError):
        TaskId.require("101")
    with pytest.raises(NotFoundError):
        FlowId.require(GUID)
