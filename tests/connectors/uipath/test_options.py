"""Options of commands."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.sdk.commands import AddComment, Assign, CancelFlow, CreateTask, Update
from connectors.sdk.errors import ValidationFailedError
from connectors.sdk.model import Flow, FlowState
from connectors.uipath import UiPathConnector
from tests.connectors.uipath.tenant import NOW
from tests.connectors.uipath.vendor import TASK, Vendor

Scripted = Callable[..., UiPathConnector]

FLOW = Flow(
    source="uipath",
    native_id="828-0b9d7c1e-4a5f-4d7b-9e61-6a1f6b1d2c3d",
    state=FlowState.ACTIVE,
    rule="uipath.instance.running",
    fetched_at=NOW,
)


async def test_the_only_folder_of_a_source_needs_no_option(scripted: Scripted) -> None:
    """The answer need not name it either."""
    vendor = Vendor(CreateTask=httpx2.Response(201, json={"id": 205, "title": "Check"}))
    outcome = await scripted(vendor, folders=[828]).perform(CreateTask(title="Check"))

    assert ("828-205", "828") == (outcome.task.native_id, vendor.sent[0][3])


@pytest.mark.parametrize("folder", ["828", 828])
async def test_a_folder_is_a_number_or_a_text(scripted: Scripted, folder: object) -> None:
    """JSON numbers and texts are the same id."""
    vendor = Vendor(CreateTask=httpx2.Response(201, json={"id": 205, "title": "Check"}))
    await scripted(vendor, folders=[828, 829]).perform(CreateTask(title="Check", options={"folderId": folder}))

    assert "828" == vendor.sent[0][3]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (CreateTask(title="Check"), "folderId"),
        (CreateTask(title="Check", options={"folderId": "x"}), "folderId"),
        (CreateTask(title="Check", options={"folderId": True}), "folderId"),
        (CreateTask(title="Check", options={"folderId": "830"}), "folderId"),
        (CreateTask(title="Check", options={"folderId": "828", "color": "red"}), "color"),
        (CreateTask(title="Check", options={"folderId": "828", "externalTag": 5}), "externalTag"),
        (CreateTask(title="Check", options={"folderId": "828", "externalTag": None}), "externalTag"),
        (CreateTask(title="Check", options={"folderId": "828", "taskCatalogName": "x" * 51}), "taskCatalogName"),
        (CreateTask(title="Check", options={"folderId": "828", "parentOperationId": " "}), "parentOperationId"),
        (Assign(task=TASK, user_id="7", options={"criteria": "AllUsers"}), "criteria"),
        (Assign(task=TASK, group_id="9", options={"criteria": "Hierarchy"}), "criteria"),
        (Assign(task=TASK, group_id="9", options={"color": "red"}), "color"),
        (Update(task=TASK, title="Other", options={"taskCatalogId": 5}), "taskCatalogId"),
        (Update(task=TASK, title="Other", options={"noteText": "x" * 513}), "noteText"),
    ],
)
async def test_a_refused_option_is_named(scripted: Scripted, command: Any, option: str) -> None:
    """Unknown options, values of another type, and texts outside the vendor's limits are refused without a call."""
    vendor = Vendor()
    with pytest.raises(ValidationFailedError) as caught:
        await scripted(vendor, folders=[828, 829]).perform(command)

    assert ("options", option) == caught.value.field
    assert [] == vendor.sent


async def test_a_comment_has_room_for_what_its_author_may_write(scripted: Scripted) -> None:
    """Of 512 characters the gateway uses some for the name."""
    vendor = Vendor()
    with pytest.raises(ValidationFailedError, match="text must have 1 to 505 characters"):
        await scripted(vendor).perform(AddComment(task=TASK, text="Alice: " + "x" * 506, added=7))
    with pytest.raises(ValidationFailedError, match="text must have 1 to 505 characters"):
        await scripted(vendor).perform(AddComment(task=TASK, text="Alice:  ", added=7))

    assert [] == vendor.sent


async def test_an_update_may_be_a_comment_alone(scripted: Scripted) -> None:
    vendor = Vendor()
    with pytest.raises(ValidationFailedError, match="changes nothing"):
        await scripted(vendor).perform(Update(task=TASK, options={}))
    assert [] == vendor.sent
    await scripted(vendor).perform(Update(task=TASK, options={"noteText": "called twice"}))

    assert 1 == len(vendor.sent)


async def test_a_cancel_of_a_flow_has_no_options(scripted: Scripted) -> None:
    """Any option is refused without a call."""
    vendor = Vendor()
    with pytest.raises(ValidationFailedError) as caught:
        await scripted(vendor).perform_on_flow(CancelFlow(flow=FLOW, options={"force": True}))

    assert ("options", "force") == caught.value.field
    assert [] == vendor.sent
